// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/json_tree.h"
#include "modelhub/error.h"

namespace modelhub::catalog {

// The first thing that is wrong with a document. Reading goes on after it with harmless values and
// is thrown away.
struct Complaint {
  std::string origin;
  std::optional<Error> error;
};

// A place in a JSON document that is being read. It knows its path and line, and complains when
// something else stands there than is wanted: "file.json:41: models[0].versions[1].files[0].bytes:
// expected a whole number, found a string".
//
// Ownership:     borrows the node, its parent cursor and the complaint: live on the reader's stack.
// Thread safety: one thread.
class Cursor {
 public:
  Cursor(const JsonNode& root, Complaint& complaint) : node_(&root), complaint_(&complaint) {}

  // Records the first error of the document.
  void fail(const std::string& what, ErrorCode code = ErrorCode::corrupt_data,
            const std::string& hint = {}) const;
  // The error that fail() would record.
  Error error(const std::string& what, ErrorCode code = ErrorCode::corrupt_data,
              const std::string& hint = {}) const;
  bool has_failed() const { return complaint_->error.has_value(); }

  int line() const { return node_->line; }
  std::string path() const;
  bool is(JsonNode::Kind kind) const { return node_->kind == kind; }
  bool has(std::string_view key) const { return node_->find(key) != nullptr; }

  // This place, as a value of a type; complains when it is another.
  std::string text() const;
  double number() const;
  int whole_number(int at_least) const;
  std::uint64_t byte_count() const;
  bool flag() const;
  std::vector<std::string> texts() const;  // an array of strings
  std::vector<double> numbers() const;     // an array of numbers, or one number

  // Calls read(Cursor) for the member when it is there.
  template <class F>
  void with(const char* key, F&& read) const {
    if (const JsonNode* child = member(key)) read(Cursor(*this, *child, key, k_no_index));
  }
  // As with(), and complains when it is not there.
  template <class F>
  void require(const char* key, F&& read) const {
    const JsonNode* child = member(key);
    if (child != nullptr) return read(Cursor(*this, *child, key, k_no_index));
    if (is(JsonNode::Kind::object))
      fail("the mandatory field \"" + std::string(key) + "\" is missing");
  }
  // Calls read(Cursor) for each item of this array.
  template <class F>
  void each(F&& read) const {
    if (!expect(JsonNode::Kind::array)) return;
    for (std::size_t i = 0; i < node_->items.size(); ++i) {
      read(Cursor(*this, node_->items[i], nullptr, i));
    }
  }
  // Calls read(name, Cursor) for each member of this object.
  template <class F>
  void each_member(F&& read) const {
    if (!expect(JsonNode::Kind::object)) return;
    for (const auto& [name, value] : node_->members) {
      read(name, Cursor(*this, value, name.c_str(), k_no_index));
    }
  }

  // Optional members with a fallback; required ones without.
  std::string text_or(const char* key, std::string fallback = {}) const;
  double number_or(const char* key, double fallback) const;
  int whole_number_or(const char* key, int at_least, int fallback) const;
  bool flag_or(const char* key, bool fallback) const;
  std::vector<std::string> texts_or_none(const char* key) const;
  std::vector<double> numbers_or_none(const char* key) const;
  std::string required_text(const char* key) const;

 private:
  static constexpr std::size_t k_no_index = static_cast<std::size_t>(-1);

  Cursor(const Cursor& parent, const JsonNode& node, const char* key, std::size_t index)
      : node_(&node), complaint_(parent.complaint_), parent_(&parent), key_(key), index_(index) {}

  const JsonNode* member(const char* key) const;
  bool expect(JsonNode::Kind kind) const;

  const JsonNode* node_;
  Complaint* complaint_;
  const Cursor* parent_ = nullptr;
  const char* key_ = nullptr;
  std::size_t index_ = k_no_index;
};

}  // namespace modelhub::catalog
