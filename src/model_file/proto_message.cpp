// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/proto_message.h"

#include "model_file/utf8.h"

namespace modelhub::model_file {
namespace {

// Thousands of names of classes and tensors have room in it.
constexpr std::size_t k_most_kept = std::size_t{16} << 20;
// What a kept text costs beside its bytes.
constexpr std::size_t k_cost_of_one = 64;

constexpr unsigned k_varint = 0;
constexpr unsigned k_eight_bytes = 1;
constexpr unsigned k_bytes = 2;
constexpr unsigned k_four_bytes = 5;

}  // namespace

unsigned char ProtoSource::byte_at(std::uint64_t position) {
  if (has_failed()) return 0;
  if (position < start_ || position >= start_ + length_) {
    const Result<std::size_t> got = file_.read_at(position, window_);
    start_ = position;
    length_ = got ? *got : 0;
    if (!got) fail("it cannot be read");
    if (length_ == 0) fail(k_cut_off);
    if (has_failed()) return 0;
  }
  return std::to_integer<unsigned char>(window_[position - start_]);
}

std::string ProtoSource::bytes(std::uint64_t begin, std::uint64_t end) {
  if (has_failed()) return {};
  std::string text(end - begin, '\0');
  const auto room = std::as_writable_bytes(std::span(text.data(), text.size()));
  const Result<std::size_t> got = file_.read_at(begin, room);
  if (!got) fail("it cannot be read");
  if (got && *got != text.size()) fail(k_cut_off);
  return has_failed() ? std::string() : text;
}

void ProtoSource::spend(std::size_t bytes) {
  spent_ += bytes + k_cost_of_one;
  if (spent_ > k_most_kept) fail("it has more names and metadata than a model can have");
}

bool ProtoMessage::advance() {
  if (source_->has_failed() || next_ == end_) return false;
  const std::uint64_t tag = varint();
  field_ = tag >> 3U;
  wire_type_ = static_cast<unsigned>(tag & 7U);
  if (field_ == 0) source_->fail(k_not_protobuf);
  switch (wire_type_) {
    case k_varint: value_ = varint(); break;
    case k_eight_bytes: take(8); break;
    case k_bytes: take(varint()); break;
    case k_four_bytes: take(4); break;
    default: source_->fail(k_not_protobuf);
  }
  return !source_->has_failed();
}

std::int64_t ProtoMessage::number() {
  if (wire_type_ != k_varint) source_->fail(k_not_protobuf);
  return source_->has_failed() ? 0 : static_cast<std::int64_t>(value_);
}

ProtoMessage ProtoMessage::message() {
  if (wire_type_ != k_bytes) source_->fail(k_not_protobuf);
  return {*source_, begin_of_bytes_, next_};
}

std::string ProtoMessage::text(std::size_t longest) {
  if (wire_type_ != k_bytes) source_->fail(k_not_protobuf);
  if (!source_->has_failed() && next_ - begin_of_bytes_ > longest)
    source_->fail("it has a name or text that is longer than any model's");
  std::string text = source_->bytes(begin_of_bytes_, next_);
  if (!is_utf8(text)) source_->fail("it has a text that is not UTF-8");
  return source_->has_failed() ? std::string() : text;
}

std::string ProtoMessage::text_to_keep(std::size_t longest) {
  std::string text = this->text(longest);
  source_->spend(text.size());
  return text;
}

std::uint64_t ProtoMessage::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (next_ == end_) source_->fail(k_cut_off);
    const std::uint64_t byte = source_->byte_at(next_);
    if (source_->has_failed()) return 0;
    ++next_;
    value |= (byte & 0x7FU) << shift;
    if (byte < 0x80) return value;
  }
  source_->fail(k_not_protobuf);
  return 0;
}

void ProtoMessage::take(std::uint64_t length) {
  if (source_->has_failed()) return;
  if (length > end_ - next_) return source_->fail(k_cut_off);
  begin_of_bytes_ = next_;
  next_ += length;
}

}  // namespace modelhub::model_file
