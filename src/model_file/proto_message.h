// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/file_system.h"

namespace modelhub::model_file {

// A file in protobuf's encoding, read through a small window so that skipping costs nothing. The
// first thing that is wrong with it is remembered; after that nothing more is found in it, so that
// readers end by themselves.
//
// Ownership:     borrows the file.
// Thread safety: one thread.
class ProtoSource {
 public:
  ProtoSource(const base::ReadableFile& file, std::uint64_t size) : file_(file), size_(size) {}
  ProtoSource(const ProtoSource&) = delete;
  ProtoSource& operator=(const ProtoSource&) = delete;

  std::uint64_t size() const { return size_; }
  bool has_failed() const { return problem_ != nullptr; }
  // "it ends in the middle"; null when all is well.
  const char* problem() const { return problem_; }
  void fail(const char* problem) {
    if (problem_ == nullptr) problem_ = problem;
  }

  // 0 after a failure.
  unsigned char byte_at(std::uint64_t position);
  // Empty after a failure.
  std::string bytes(std::uint64_t begin, std::uint64_t end);
  // What a reader keeps of the file is counted, so that no file makes it keep more than a model has
  // to say.
  void spend(std::size_t bytes);

 private:
  const base::ReadableFile& file_;
  const std::uint64_t size_;
  const char* problem_ = nullptr;
  std::size_t spent_ = 0;
  std::uint64_t start_ = 0;
  std::uint64_t length_ = 0;
  std::array<std::byte, 1024> window_{};
};

// The fields of one message, one after the other (protobuf.dev/programming-guides/encoding).
class ProtoMessage {
 public:
  // All of the file.
  explicit ProtoMessage(ProtoSource& source) : ProtoMessage(source, 0, source.size()) {}

  // Goes to the next field; false at the end, and after a failure.
  bool advance();

  bool is(std::uint64_t field) const { return field_ == field; }
  // The field's value. One of another kind is a failure of the source.
  std::int64_t number();
  ProtoMessage message();
  // UTF-8, as protobuf's strings are. REQUIRES for what is kept: text_to_keep().
  std::string text(std::size_t longest);
  std::string text_to_keep(std::size_t longest);

 private:
  ProtoMessage(ProtoSource& source, std::uint64_t begin, std::uint64_t end)
      : source_(&source), next_(begin), end_(end) {}

  std::uint64_t varint();
  void take(std::uint64_t length);

  ProtoSource* source_;
  std::uint64_t next_;
  std::uint64_t end_;
  std::uint64_t field_ = 0;
  std::uint64_t value_ = 0;
  std::uint64_t begin_of_bytes_ = 0;
  unsigned wire_type_ = 0;
};

inline constexpr const char* k_not_protobuf = "it is no ONNX model";
inline constexpr const char* k_cut_off = "it ends in the middle";

}  // namespace modelhub::model_file
