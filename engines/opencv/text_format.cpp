// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "text_format.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "shared/byte_source.h"

namespace modelhub::opencv_engine {
namespace {

constexpr int k_deepest = 100;                              // as protobuf itself allows
constexpr std::uint64_t k_longest_text = 64 * 1024 * 1024;  // the longest known have 2 MB

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c != '\0' && std::strchr(" \t\r\n\v\f", c) != nullptr; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) { skip_blanks(); }

  TextMessage parse() { return parse_fields('\0', 0); }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    const auto line = std::count(text_.begin(), text_.begin() + static_cast<long>(next_), '\n') + 1;
    throw engine_shared::Malformed{"line " + std::to_string(line) + ": " + what};
  }

  // '\0' at the end.
  char peek() const { return next_ < text_.size() ? text_[next_] : '\0'; }

  bool take(char wanted) {
    if (peek() != wanted) return false;
    ++next_;
    skip_blanks();
    return true;
  }

  void skip_blanks() {
    while (next_ < text_.size()) {
      if (text_[next_] == '#') {
        next_ = std::min(text_.find('\n', next_), text_.size());
      } else if (is_blank(text_[next_])) {
        ++next_;
      } else {
        return;
      }
    }
  }

  // The fields up to `end`, which is taken too; '\0' is the end of the text.
  TextMessage parse_fields(char end, int depth) {
    if (depth > k_deepest) fail("messages are nested too deep");
    TextMessage message;
    while (next_ < text_.size() && peek() != end) {
      const std::string name = parse_name();
      parse_values(name, message, depth);
      if (!take(',')) take(';');
    }
    if (end == '\0') {
      if (next_ < text_.size()) fail("there is a NUL");
    } else if (!take(end)) {
      fail(std::string("it ends before a '") + end + "'");
    }
    return message;
  }

  std::string parse_name() {
    const std::size_t begin = next_;
    if (peek() == '[') {  // of an extension
      next_ = text_.find(']', next_);
      if (next_ == std::string_view::npos) {
        next_ = begin;
        fail("a ']' is missing");
      }
      ++next_;
    } else {
      if (!is_letter(peek())) fail("there should be the name of a field");
      while (is_letter(peek()) || is_digit(peek())) ++next_;
    }
    std::string name(text_.substr(begin, next_ - begin));
    skip_blanks();
    return name;
  }

  // One value, or a list of some.
  void parse_values(const std::string& name, TextMessage& message, int depth) {
    const bool has_colon = take(':');
    if (!take('[')) return parse_value(name, has_colon, message, depth);
    if (take(']')) return;
    do {
      parse_value(name, has_colon, message, depth);
    } while (take(','));
    if (!take(']')) fail("a ']' is missing");
  }

  void parse_value(const std::string& name, bool has_colon, TextMessage& message, int depth) {
    TextMessage::Field field;
    field.name = name;
    const char end = peek() == '{' ? '}' : '>';
    if (take('{') || take('<')) {
      field.is_message = true;
      field.message = parse_fields(end, depth + 1);
    } else {
      if (!has_colon) fail("'" + name + "' has no value");
      field.value = parse_scalar(name);
    }
    message.fields.push_back(std::move(field));
  }

  std::string parse_scalar(const std::string& name) {
    if (peek() == '"' || peek() == '\'') return parse_strings();
    std::string value;
    if (take('-')) value = '-';
    const std::size_t begin = next_;
    while (is_letter(peek()) || is_digit(peek()) || is_inside_number(begin)) ++next_;
    if (next_ == begin) fail("'" + name + "' has no value");
    value += text_.substr(begin, next_ - begin);
    skip_blanks();
    return value;
  }

  // "1.5", "1e-3"
  bool is_inside_number(std::size_t begin) const {
    if (peek() == '.') return true;
    if (peek() != '+' && peek() != '-') return false;
    return next_ > begin && (text_[next_ - 1] == 'e' || text_[next_ - 1] == 'E');
  }

  // Strings that follow each other are one.
  std::string parse_strings() {
    std::string all;
    while (peek() == '"' || peek() == '\'') {
      const char quote = text_[next_++];
      while (peek() != quote) {
        if (next_ >= text_.size() || peek() == '\n') fail("a text has no end");
        // What an escape stands for does not matter here; that it may be a quote does.
        if (peek() == '\\' && next_ + 1 < text_.size()) all += text_[next_++];
        all += text_[next_++];
      }
      ++next_;
      skip_blanks();
    }
    return all;
  }

  const std::string_view text_;
  std::size_t next_ = 0;
};

}  // namespace

const TextMessage::Field* TextMessage::find(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

std::vector<std::int64_t> TextMessage::numbers(std::string_view name) const {
  std::vector<std::int64_t> numbers;
  for (const Field& field : fields) {
    if (field.name != name) continue;
    std::int64_t number = -1;
    const char* const end = field.value.data() + field.value.size();
    const auto [stop, error] = std::from_chars(field.value.data(), end, number);
    numbers.push_back(error == std::errc() && stop == end ? number : -1);
  }
  return numbers;
}

TextMessage parse_text_format(std::string_view text) { return Parser(text).parse(); }

TextMessage read_text_file(const engine_module::File& file) {
  return engine_shared::read_model_file(file, [](engine_shared::ByteSource& source) {
    engine_shared::refuse_lookalikes(source);
    if (source.size() > k_longest_text)
      throw engine_shared::Malformed{"it is too large for a description of a network"};
    std::string text(static_cast<std::size_t>(source.size()), '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(source.byte_at(i));
    return parse_text_format(text);
  });
}

}  // namespace modelhub::opencv_engine
