// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "shared/byte_source.h"

namespace modelhub::engine_shared {

// The fields of one message of the protobuf encoding (protobuf.dev/programming-guides/encoding),
// one after the other. Skips what nobody asks for, so that a model's weights are never read. Throws
// Malformed when the bytes are no such message.
class ProtobufMessage {
 public:
  ProtobufMessage(ByteSource& source, std::uint64_t begin, std::uint64_t end)
      : source_(source), next_(begin), end_(end) {}

  // Goes to the next field; false at the end.
  bool advance();

  bool is(std::uint64_t field) const { return field_ == field; }
  bool is_bytes() const { return is_bytes_; }
  std::uint64_t byte_count() const { return is_bytes_ ? next_ - begin_of_bytes_ : 0; }
  // Where the field stands in the source; that of a field of bytes ends with them.
  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return next_; }
  // 0 when the field is no number.
  std::int64_t number() const { return static_cast<std::int64_t>(value_); }
  ProtobufMessage message() const;
  // At most 4096 bytes: names of operators and files are short, what is longer is no name.
  std::string text() const;
  float real() const { return real_; }  // 0 when the field is no float

  // For a list of numbers that lie one after the other, in place of advance().
  bool has_more() const { return next_ != end_; }
  std::int64_t next_number() { return static_cast<std::int64_t>(varint()); }

 private:
  std::uint64_t varint();
  void take(std::uint64_t length);

  ByteSource& source_;
  std::uint64_t next_;
  std::uint64_t end_;
  std::uint64_t begin_ = 0;
  std::uint64_t field_ = 0;
  std::uint64_t value_ = 0;
  std::uint64_t begin_of_bytes_ = 0;
  float real_ = 0;
  bool is_bytes_ = false;
};

}  // namespace modelhub::engine_shared
