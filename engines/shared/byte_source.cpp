// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "shared/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace modelhub::engine_shared {
namespace {

// What people take for a model, by its first bytes.
struct Lookalike {
  std::string_view start;
  const char* what;
  const char* hint;
};
constexpr Lookalike k_lookalikes[] = {
    {"PK\x03\x04", "it is a zip archive, such as PyTorch writes", "export the model to ONNX"},
    {"\x80\x02", "it is a Python pickle", "export the model to ONNX"},
    {"version https://git-lfs", "it is a Git LFS pointer, not the model itself", k_pull_again},
    {"<", "it is a web page or XML", k_pull_again},
};

}  // namespace

ByteSource::ByteSource(const engine_module::File& file)
    : descriptor_(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  const auto fail = [&](const char* reason) {
    if (descriptor_ >= 0) ::close(descriptor_);
    throw engine_module::Failure(MH_IO_ERROR, MH_ABOUT_MODEL,
                                 "cannot read " + file.name + " (" + file.path + "): " + reason);
  };
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) fail(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) fail("not a regular file");
  size_ = static_cast<std::uint64_t>(status.st_size);
}

ByteSource::~ByteSource() { ::close(descriptor_); }

std::uint64_t ByteSource::read_at(std::uint64_t position, void* bytes, std::uint64_t count) const {
  const ssize_t got = ::pread(descriptor_, bytes, count, static_cast<off_t>(position));
  if (got <= 0) throw Malformed{"it ends in the middle"};
  return static_cast<std::uint64_t>(got);
}

void ByteSource::read_window(std::uint64_t position) {
  length_ = read_at(position, window_.data(), window_.size());
  start_ = position;
}

std::string ByteSource::read(std::uint64_t begin, std::uint64_t end) {
  std::string bytes(end - begin, '\0');
  for (std::uint64_t done = 0; done < bytes.size();)
    done += read_at(begin + done, bytes.data() + done, bytes.size() - done);
  return bytes;
}

void refuse_lookalikes(ByteSource& source) {
  if (source.size() == 0) throw Malformed{"it is empty"};
  for (const Lookalike& lookalike : k_lookalikes) {
    if (source.size() < lookalike.start.size()) continue;
    bool is_same = true;
    for (std::size_t i = 0; i < lookalike.start.size(); ++i) {
      is_same = is_same && source.byte_at(i) == static_cast<unsigned char>(lookalike.start[i]);
    }
    if (is_same) throw Malformed{lookalike.what, lookalike.hint};
  }
}

}  // namespace modelhub::engine_shared
