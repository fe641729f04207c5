// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "catalog/cursor.h"

#include <limits>

namespace modelhub::catalog {

Error Cursor::error(const std::string& what, ErrorCode code, const std::string& hint) const {
  const std::string where = path();
  return {code, Subject::catalog,
          complaint_->origin + ":" + std::to_string(line()) + ": " + where +
              (where.empty() ? "" : ": ") + what,
          hint.empty()
              ? "correct the document, or take it away; docs/formats/catalog.md has every field"
              : hint};
}

void Cursor::fail(const std::string& what, ErrorCode code, const std::string& hint) const {
  if (!complaint_->error) complaint_->error = error(what, code, hint);
}

std::string Cursor::path() const {
  if (parent_ == nullptr) return {};
  const std::string before = parent_->path();
  if (index_ != k_no_index) return before + "[" + std::to_string(index_) + "]";
  return before.empty() ? key_ : before + "." + key_;
}

bool Cursor::expect(JsonNode::Kind kind) const {
  if (is(kind)) return true;
  fail("expected " + std::string(name_of(kind)) + ", found " + std::string(name_of(node_->kind)));
  return false;
}

const JsonNode* Cursor::member(const char* key) const {
  return expect(JsonNode::Kind::object) ? node_->find(key) : nullptr;
}

std::string Cursor::text() const {
  if (!expect(JsonNode::Kind::text)) return {};
  for (const char c : node_->text) {
    // They end up on terminals: a document must not be able to move the cursor there.
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) {
      fail("has a control character");
      return {};
    }
  }
  return node_->text;
}

double Cursor::number() const { return expect(JsonNode::Kind::number) ? node_->number : 0; }

int Cursor::whole_number(int at_least) const {
  if (!expect(JsonNode::Kind::number)) return at_least;
  if (!node_->is_integer || node_->number < at_least ||
      node_->number > std::numeric_limits<int>::max()) {
    fail("expected a whole number of at least " + std::to_string(at_least));
    return at_least;
  }
  return static_cast<int>(node_->integer);
}

std::uint64_t Cursor::byte_count() const {
  // Far above any file; sums of them cannot overflow.
  constexpr std::uint64_t k_max_bytes = std::uint64_t{1} << 50;
  if (!expect(JsonNode::Kind::number)) return 1;
  if (!node_->is_integer) {
    fail("expected a whole number of bytes");
  } else if (node_->integer == 0) {
    fail("a file of 0 bytes is never a model");
  } else if (node_->integer > k_max_bytes) {
    fail(std::to_string(node_->integer) + " bytes are more than any file has");
  }
  return node_->integer;
}

bool Cursor::flag() const { return expect(JsonNode::Kind::boolean) && node_->flag; }

std::vector<std::string> Cursor::texts() const {
  std::vector<std::string> list;
  each([&](const Cursor& item) { list.push_back(item.text()); });
  return list;
}

std::vector<double> Cursor::numbers() const {
  if (is(JsonNode::Kind::number)) return {node_->number};
  std::vector<double> list;
  each([&](const Cursor& item) { list.push_back(item.number()); });
  return list;
}

std::string Cursor::text_or(const char* key, std::string fallback) const {
  with(key, [&](const Cursor& child) { fallback = child.text(); });
  return fallback;
}

double Cursor::number_or(const char* key, double fallback) const {
  with(key, [&](const Cursor& child) { fallback = child.number(); });
  return fallback;
}

int Cursor::whole_number_or(const char* key, int at_least, int fallback) const {
  with(key, [&](const Cursor& child) { fallback = child.whole_number(at_least); });
  return fallback;
}

bool Cursor::flag_or(const char* key, bool fallback) const {
  with(key, [&](const Cursor& child) { fallback = child.flag(); });
  return fallback;
}

std::vector<std::string> Cursor::texts_or_none(const char* key) const {
  std::vector<std::string> list;
  with(key, [&](const Cursor& child) { list = child.texts(); });
  return list;
}

std::vector<double> Cursor::numbers_or_none(const char* key) const {
  std::vector<double> list;
  with(key, [&](const Cursor& child) { list = child.numbers(); });
  return list;
}

std::string Cursor::required_text(const char* key) const {
  std::string value;
  require(key, [&](const Cursor& child) {
    value = child.text();
    if (value.empty()) child.fail("is empty");
  });
  return value;
}

}  // namespace modelhub::catalog
