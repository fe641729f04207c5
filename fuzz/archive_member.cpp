// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/archive_member.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "target.h"

namespace {

using namespace modelhub;
using namespace modelhub::transfer;

class TextSource final : public ArchiveSource {
 public:
  explicit TextSource(std::string_view text) : rest_(text) {}

  Result<std::size_t> read(std::span<std::byte> bytes) override {
    // In pieces of changing size, as a network has them.
    step_ = step_ % 700 + 97;
    const std::size_t count = std::min({rest_.size(), bytes.size(), step_});
    std::memcpy(bytes.data(), rest_.data(), count);
    rest_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view rest_;
  std::size_t step_ = 0;
};

// gzip without compression, so that a fuzzer's changes reach the tar inside.
std::string stored_gz(std::string_view content) {
  std::string gz("\x1F\x8B\x08\0\0\0\0\0\0\x03", 10);
  do {
    const std::size_t size = std::min<std::size_t>(content.size(), 0xFFFF);
    const std::array<unsigned, 5> head = {
        size == content.size() ? 1U : 0U, static_cast<unsigned>(size & 0xFF),
        static_cast<unsigned>(size >> 8), static_cast<unsigned>(~size & 0xFF),
        static_cast<unsigned>((~size >> 8) & 0xFF)};
    for (const unsigned byte : head) gz += static_cast<char>(byte);
    gz += content.substr(0, size);
    content.remove_prefix(size);
  } while (!content.empty());
  return gz + std::string(8, '\0');
}

void read_all(std::string_view archive, UnpackKind kind) {
  constexpr std::size_t k_most = 1 << 20;
  TextSource source(archive);
  ArchiveMember member(source, kind, "graph", "fuzz");
  const Result<std::optional<ByteCount>> size = member.open();
  if (!size) {
    MODELHUB_FUZZ_REQUIRE(size.error().code == ErrorCode::corrupt_data);
    const std::string& message = size.error().message;
    MODELHUB_FUZZ_REQUIRE(
        std::all_of(message.begin(), message.end(), [](char c) { return c >= 0x20 && c <= 0x7e; }));
    return;
  }
  std::array<std::byte, 4096> bytes;
  for (std::size_t total = 0; total < k_most;) {
    const Result<std::size_t> count = member.read(bytes);
    if (!count) {
      MODELHUB_FUZZ_REQUIRE(count.error().code == ErrorCode::corrupt_data);
      return;
    }
    MODELHUB_FUZZ_REQUIRE(*count <= bytes.size());
    total += *count;
    if (*count < bytes.size()) return;
  }
}

}  // namespace

// A bz2, a tar.gz, or else the tar inside of one.
MODELHUB_FUZZ_TARGET(archive_member) {
  if (input.starts_with("BZh")) return read_all(input, UnpackKind::bz2);
  if (input.starts_with("\x1F\x8B")) return read_all(input, UnpackKind::tar_gz);
  read_all(stored_gz(input), UnpackKind::tar_gz);
}
