// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "modelhub/engine_module.h"

namespace modelhub::engine_shared {

inline constexpr const char* k_pull_again = "verify the model's files, or pull it again";

// Thrown while a file is read: what is wrong with it, to be said of the file by read_model_file().
struct Malformed {
  std::string what;  // "it ends in the middle"
  std::string hint = k_pull_again;
};

// A file as a sequence of bytes with a small window, so that skipping costs nothing.
class ByteSource {
 public:
  // Throws Failure, MH_IO_ERROR, when the file cannot be read or is no regular file.
  explicit ByteSource(const engine_module::File& file);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  std::uint64_t size() const { return size_; }
  // Throws Malformed behind the end.
  unsigned char byte_at(std::uint64_t position) {
    if (position < start_ || position >= start_ + length_) read_window(position);
    return window_[position - start_];
  }
  // The bytes from `begin` to before `end`. Throws Malformed when there are not so many.
  std::string read(std::uint64_t begin, std::uint64_t end);

 private:
  // As many bytes of `count` as a read at `position` gives; throws Malformed behind the end.
  std::uint64_t read_at(std::uint64_t position, void* bytes, std::uint64_t count) const;
  void read_window(std::uint64_t position);

  int descriptor_;
  std::uint64_t size_ = 0;
  std::uint64_t start_ = 0;
  std::uint64_t length_ = 0;
  std::array<unsigned char, 512> window_{};
};

// Throws Malformed when the file is empty, or by its first bytes something that people take for a
// model: an archive, a pickle, a pointer, a web page.
void refuse_lookalikes(ByteSource& source);

// Calls `read` with the bytes of a file. What it throws as Malformed becomes a Failure that names
// the file, MH_CORRUPT_DATA.
template <class Read>
auto read_model_file(const engine_module::File& file, const Read& read) {
  ByteSource source(file);
  try {
    return read(source);
  } catch (const Malformed& malformed) {
    throw engine_module::Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL,
                                 "cannot load " + file.name + ": " + malformed.what,
                                 malformed.hint);
  }
}

}  // namespace modelhub::engine_shared
