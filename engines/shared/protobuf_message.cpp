// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "shared/protobuf_message.h"

#include <cstring>

namespace modelhub::engine_shared {
namespace {

constexpr std::uint64_t k_longest_text = 4096;

Malformed damaged() { return Malformed{"it is damaged"}; }
Malformed cut_off() { return Malformed{"it ends in the middle"}; }

}  // namespace

bool ProtobufMessage::advance() {
  if (next_ == end_) return false;
  begin_ = next_;
  const std::uint64_t tag = varint();
  field_ = tag >> 3;
  if (field_ == 0) throw damaged();
  value_ = 0;
  real_ = 0;
  is_bytes_ = false;
  switch (tag & 7) {
    case 0: value_ = varint(); break;
    case 1: take(8); break;
    case 2:
      take(varint());
      is_bytes_ = true;
      break;
    case 5: {
      take(4);
      std::uint32_t bits = 0;
      for (unsigned i = 0; i < 4; ++i)
        bits |= static_cast<std::uint32_t>(source_.byte_at(begin_of_bytes_ + i)) << (8 * i);
      std::memcpy(&real_, &bits, sizeof real_);
      break;
    }
    default: throw damaged();
  }
  return true;
}

ProtobufMessage ProtobufMessage::message() const {
  if (!is_bytes_) throw damaged();
  return {source_, begin_of_bytes_, next_};
}

std::string ProtobufMessage::text() const {
  if (!is_bytes_ || next_ - begin_of_bytes_ > k_longest_text) throw damaged();
  std::string text;
  for (std::uint64_t i = begin_of_bytes_; i < next_; ++i)
    text += static_cast<char>(source_.byte_at(i));
  return text;
}

std::uint64_t ProtobufMessage::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (next_ == end_) throw cut_off();
    const std::uint64_t byte = source_.byte_at(next_++);
    value |= (byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  throw damaged();
}

void ProtobufMessage::take(std::uint64_t length) {
  if (length > end_ - next_) throw cut_off();
  begin_of_bytes_ = next_;
  next_ += length;
}

}  // namespace modelhub::engine_shared
