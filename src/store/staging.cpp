// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/staging.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <utility>

#include "base/fork_generation.h"
#include "base/owner.h"
#include "store/home.h"

namespace modelhub::store {
namespace {

// Two threads may fetch the same blob for two models: each writer has a folder, and so an owner's
// name, of its own.
base::Owner unique_owner() {
  static std::atomic<std::uint32_t> counter{0};
  base::Owner owner = base::Owner::current();
  const auto nonce =
      static_cast<std::uint32_t>(std::stoul(owner.nonce, nullptr, 16)) + counter.fetch_add(1);
  std::array<char, 9> text{};
  (void)std::snprintf(text.data(), text.size(), "%08x", nonce);
  owner.nonce = text.data();
  return owner;
}

}  // namespace

Result<StagedFile> StagedFile::announce(base::FileSystem& files, const Layout& layout,
                                        const Digest& digest, ByteCount bytes) {
  const std::string folder = layout.staging(digest, unique_owner());
  // The folder above goes with whoever leaves it last, perhaps between its making and ours.
  constexpr int k_attempts = 16;
  Result<void> made;
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    made = files.make_directories(folder);
    if (made) return StagedFile(files, digest, bytes, folder);
    if (made.error().code != ErrorCode::not_found) break;
  }
  return as_write_error(std::move(made).error());
}

void StagedFile::mark_present(const std::string& blob) {
  state_ = State::present;
  (void)files_->link(
      blob, hold_path());  // where there are no hard links, the announcement alone has to do
}

StagedFile::StagedFile(base::FileSystem& files, const Digest& digest, ByteCount bytes,
                       std::string folder)
    : files_(&files),
      digest_(digest),
      bytes_(bytes),
      folder_(std::move(folder)),
      fork_generation_(base::fork_generation()) {}

StagedFile::StagedFile(StagedFile&& other) noexcept
    : files_(other.files_),
      digest_(other.digest_),
      bytes_(other.bytes_),
      folder_(std::exchange(other.folder_, {})),
      state_(other.state_),
      replaces_damaged_(other.replaces_damaged_),
      chunks_(std::move(other.chunks_)),
      fork_generation_(other.fork_generation_) {}

StagedFile& StagedFile::operator=(StagedFile&& other) noexcept {
  if (this == &other) return *this;
  drop();
  files_ = other.files_;
  digest_ = other.digest_;
  bytes_ = other.bytes_;
  folder_ = std::exchange(other.folder_, {});
  state_ = other.state_;
  replaces_damaged_ = other.replaces_damaged_;
  chunks_ = std::move(other.chunks_);
  fork_generation_ = other.fork_generation_;
  return *this;
}

StagedFile::~StagedFile() { drop(); }

void StagedFile::drop() {
  if (folder_.empty() || fork_generation_ != base::fork_generation()) return;
  const std::string folder = std::exchange(folder_, {});
  (void)base::remove_tree(*files_, folder);  // what stays is swept later
  // The folder of the digest goes with the last writer; it is not empty while there is another.
  (void)files_->remove_empty_directory(base::parent_path(folder));
}

Result<void> StagedFile::complete(const Digest& found, ByteCount found_bytes,
                                  std::vector<Digest> chunks) {
  if (found_bytes != bytes_) {
    return Error(ErrorCode::corrupt_data, Subject::model,
                 data_path() + " has " + std::to_string(found_bytes.count()) + " bytes, expected " +
                     std::to_string(bytes_.count()),
                 "pull again; if it happens again the source does not serve the catalogued file");
  }
  if (found != digest_) {
    return Error(ErrorCode::checksum_mismatch, Subject::model,
                 data_path() + " has the SHA-256 " + found.hex() + ", expected " + digest_.hex(),
                 "pull again; if it happens again the source does not serve the catalogued file");
  }
  state_ = State::complete;
  chunks_ = std::move(chunks);
  return {};
}

}  // namespace modelhub::store
