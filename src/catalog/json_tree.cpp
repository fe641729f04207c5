// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "catalog/json_tree.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>

#include <nlohmann/json.hpp>

namespace modelhub::catalog {
namespace {

// Deeper than any recipe needs; bounds the recursion of whoever walks or destroys the tree.
constexpr std::size_t k_max_depth = 64;

// Reads the text for nlohmann's parser and counts the lines that it has consumed.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** consumed) : at_(at), consumed_(consumed) {}

  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    *consumed_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator old = *this;
    ++*this;
    return old;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return !(a == b); }

 private:
  const char* at_;
  const char** consumed_;
};

// Builds the tree from the events of nlohmann's SAX parser.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  TreeBuilder(std::string_view text, std::string origin)
      : text_(text), origin_(std::move(origin)), consumed_(text.data()), counted_(text.data()) {}

  const char** consumed() { return &consumed_; }
  JsonNode take_root() { return std::move(root_); }
  const std::optional<Error>& error() const { return error_; }

  bool null() override { return add(JsonNode::Kind::null) != nullptr; }
  bool boolean(bool value) override {
    JsonNode* node = add(JsonNode::Kind::boolean);
    if (node != nullptr) node->flag = value;
    return node != nullptr;
  }
  bool number_integer(number_integer_t value) override {
    return add_number(static_cast<double>(value), 0, false);
  }
  bool number_unsigned(number_unsigned_t value) override {
    return add_number(static_cast<double>(value), value, true);
  }
  bool number_float(number_float_t value, const string_t&) override {
    return add_number(value, 0, false);
  }
  bool string(string_t& value) override {
    JsonNode* node = add(JsonNode::Kind::text);
    if (node != nullptr) node->text = std::move(value);
    return node != nullptr;
  }
  bool binary(binary_t&) override { return false; }  // not in JSON text
  bool start_object(std::size_t) override { return open(JsonNode::Kind::object); }
  bool start_array(std::size_t) override { return open(JsonNode::Kind::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (open_.back()->find(name) != nullptr)
      return fail("the key \"" + name + "\" stands here twice");
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& exception) override {
    // The parser stands behind the offending token; a message about a newline belongs to the line
    // that it ends.
    consumed_ = text_.data() + std::min(position > 0 ? position - 1 : 0, text_.size());
    return fail(reason_of(exception.what()));
  }

 private:
  // "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while …" →
  // "syntax error while …"
  static std::string reason_of(std::string_view what) {
    for (const std::string_view mark : {std::string_view("] "), std::string_view(": ")}) {
      if (const std::size_t at = what.find(mark); at != std::string_view::npos) {
        what.remove_prefix(at + mark.size());
      }
    }
    return "not valid JSON: " + std::string(what);
  }

  // Numbers end where something else begins: the parser has looked one character ahead.
  bool add_number(double value, std::uint64_t integer, bool is_integer) {
    if (consumed_ > counted_) --consumed_;
    JsonNode* node = add(JsonNode::Kind::number);
    if (node == nullptr) return false;
    node->number = value;
    node->integer = integer;
    node->is_integer = is_integer;
    return true;
  }

  JsonNode* add(JsonNode::Kind kind) {
    JsonNode* node = &root_;
    if (!open_.empty() && open_.back()->kind == JsonNode::Kind::object) {
      node = &open_.back()->members.emplace_back(JsonNode::Member{std::move(key_), {}}).value;
    } else if (!open_.empty()) {
      node = &open_.back()->items.emplace_back();
    }
    node->kind = kind;
    node->line = line();
    return node;
  }

  bool open(JsonNode::Kind kind) {
    if (open_.size() >= k_max_depth) {
      return fail("nested more than " + std::to_string(k_max_depth) + " deep");
    }
    open_.push_back(add(kind));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  int line() {
    if (consumed_ > counted_) {
      line_ += static_cast<int>(std::count(counted_, consumed_, '\n'));
      counted_ = consumed_;
    }
    return line_;
  }

  bool fail(const std::string& what) {
    error_ = Error(ErrorCode::corrupt_data, Subject::catalog,
                   origin_ + ":" + std::to_string(line()) + ": " + what,
                   "correct the document, or take it away; a JSON checker shows the place too");
    return false;
  }

  const std::string_view text_;
  const std::string origin_;
  const char* consumed_;  // how far the parser has read; moved by the iterators
  const char* counted_;   // up to where line_ counts
  int line_ = 1;
  JsonNode root_;
  // Pointers stay good: a container grows only while its newest element is the one that is open.
  std::vector<JsonNode*> open_;
  std::string key_;
  std::optional<Error> error_;
};

}  // namespace

const JsonNode* JsonNode::find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string_view name_of(JsonNode::Kind kind) {
  switch (kind) {
    case JsonNode::Kind::null: return "null";
    case JsonNode::Kind::boolean: return "true or false";
    case JsonNode::Kind::number: return "a number";
    case JsonNode::Kind::text: return "a string";
    case JsonNode::Kind::array: return "an array";
    case JsonNode::Kind::object: return "an object";
  }
  return "something";
}

Result<JsonNode> parse_json(std::string_view text, const std::string& origin) {
  TreeBuilder builder(text, origin);
  const char* end = text.data() + text.size();
  const bool is_good =
      nlohmann::json::sax_parse(CountingIterator(text.data(), builder.consumed()),
                                CountingIterator(end, builder.consumed()), &builder);
  if (builder.error()) return *builder.error();
  if (!is_good)
    return Error(ErrorCode::corrupt_data, Subject::catalog, origin + ": not valid JSON");
  return builder.take_root();
}

}  // namespace modelhub::catalog
