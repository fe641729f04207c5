// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "modelhub/engine_module.h"

namespace modelhub::tesseract_engine {

// Reads numbers in little-endian order and never beyond the end.
//
// Thread safety: one thread.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  // False when there are not so many bytes left; then nothing more can be read.
  template <class T>
  bool read(T& value) {
    std::string_view bytes;
    if (!take(sizeof value, bytes)) return false;
    __builtin_memcpy(&value, bytes.data(), sizeof value);
    return true;
  }
  bool take(std::uint64_t count, std::string_view& bytes) {
    if (count > rest_.size()) {
      rest_ = {};
      return false;
    }
    bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return true;
  }
  bool skip(std::uint64_t count) {
    std::string_view ignored;
    return take(count, ignored);
  }
  std::size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
};

// The parts of a traineddata file that its recogniser of lines is made of. Borrows the file's
// bytes.
struct TrainedData {
  std::string_view network;
  std::string_view characters;
  std::string_view recoder;
  std::string_view dictionaries[3];  // of punctuation, words and numbers; empty where there is none
};

// The bytes of the model's file. Throws Failure.
std::string read_file(const engine_module::File& file);

// Tesseract's Init gives no reason for what it refuses, and ends the process when the recogniser
// cannot be read: so the file is gone through before. Throws Failure that says what is wrong with
// it.
TrainedData open_traineddata(std::string_view bytes, const std::string& name);

engine_module::Failure damaged(const std::string& name, const std::string& what);

}  // namespace modelhub::tesseract_engine
