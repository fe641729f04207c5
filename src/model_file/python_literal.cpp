// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/python_literal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "model_file/utf8.h"

namespace modelhub::model_file {
namespace {

// Deeper and longer than any exporter's; bounds the recursion and the memory.
constexpr int k_max_depth = 32;
constexpr std::size_t k_most_values = 200'000;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

class LiteralParser {
 public:
  LiteralParser(std::string_view text, const std::string& what) : text_(text), what_(what) {}

  Result<PythonValue> parse() {
    PythonValue value;
    if (!is_utf8(text_)) {
      fail("it is not UTF-8");
    } else if (read_value(value, 0)) {
      skip_blanks();
      if (at_ != text_.size()) fail("something follows the value");
    }
    if (error_) return *std::move(error_);
    return value;
  }

 private:
  bool fail(const std::string& why) {
    if (!error_) {
      error_ = Error(
          ErrorCode::corrupt_data, Subject::model,
          what_ + " is not a Python literal: at character " + std::to_string(at_ + 1) + ": " + why);
    }
    return false;
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }

  // Each read_x() stands at the first character of x. False: it has failed.
  bool read_value(PythonValue& value, int depth) {
    skip_blanks();
    if (++values_ > k_most_values)
      return fail("more than " + std::to_string(k_most_values) + " values");
    if (depth > k_max_depth) return fail("more than " + std::to_string(k_max_depth) + " levels");
    if (at_ == text_.size()) return fail("it ends where a value should stand");
    const char c = peek();
    if (c == '[') return read_items(value, ']', depth);
    if (c == '(') return read_items(value, ')', depth);
    if (c == '{') return read_members(value, depth);
    if (c == '\'' || c == '"') return read_text(value);
    if (is_digit(c) || c == '-' || c == '+' || c == '.') return read_number(value);
    return is_letter(c) ? read_word(value) : fail("this begins no value");
  }

  bool read_items(PythonValue& value, char end, int depth) {
    value.kind = PythonValue::Kind::list;
    ++at_;
    bool has_comma = true;  // before the next item
    while (true) {
      skip_blanks();
      if (take(end)) break;
      if (!has_comma) return fail("expected a comma");
      if (!read_value(value.items.emplace_back(), depth + 1)) return false;
      skip_blanks();
      has_comma = take(',');
    }
    // (1) is the number, not a tuple; no exporter writes it.
    if (end == ')' && value.items.size() == 1 && !has_comma)
      return fail("a tuple of one has a comma");
    return true;
  }

  bool read_members(PythonValue& value, int depth) {
    value.kind = PythonValue::Kind::dict;
    ++at_;
    bool has_comma = true;
    while (true) {
      skip_blanks();
      if (take('}')) return true;
      if (!has_comma) return fail("expected a comma");
      PythonValue::Member& member = value.members.emplace_back();
      if (!read_value(member.key, depth + 1)) return false;
      if (member.key.kind == PythonValue::Kind::list || member.key.kind == PythonValue::Kind::dict)
        return fail("a list or dict cannot be a key");
      skip_blanks();
      if (!take(':')) return fail("expected a colon");
      if (!read_value(member.value, depth + 1)) return false;
      skip_blanks();
      has_comma = take(',');
    }
  }

  bool read_word(PythonValue& value) {
    std::size_t end = at_;
    while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    if (word != "None" && word != "True" && word != "False")
      return fail("'" + printable(word, 40) + "' is no literal");
    at_ = end;
    if (word == "None") return true;
    value.kind = PythonValue::Kind::boolean;
    value.flag = word == "True";
    return true;
  }

  bool read_number(PythonValue& value) {
    std::size_t end = at_;
    const auto is_part = [&](char c) {
      const bool is_sign =
          (c == '-' || c == '+') && (end == at_ || text_[end - 1] == 'e' || text_[end - 1] == 'E');
      return is_digit(c) || is_letter(c) || c == '.' || is_sign;
    };
    while (end < text_.size() && is_part(text_[end])) ++end;
    std::string_view number = text_.substr(at_, end - at_);
    if (number.starts_with('+')) number.remove_prefix(1);  // from_chars takes none
    const char* const last = number.data() + number.size();
    const auto [integer_end, no_integer] = std::from_chars(number.data(), last, value.integer);
    if (no_integer == std::errc() && integer_end == last) {
      value.kind = PythonValue::Kind::integer;
      value.real = static_cast<double>(value.integer);
      at_ = end;
      return true;
    }
    value.integer = 0;
    const auto [real_end, no_real] = std::from_chars(number.data(), last, value.real);
    const bool is_real = no_real == std::errc() && real_end == last && std::isfinite(value.real) &&
                         number.find_first_of(".eE") != std::string_view::npos;
    if (!is_real) return fail("'" + printable(number, 40) + "' is no number that can be kept");
    value.kind = PythonValue::Kind::real;
    at_ = end;
    return true;
  }

  bool read_text(PythonValue& value) {
    value.kind = PythonValue::Kind::text;
    const char quote = text_[at_++];
    while (true) {
      if (at_ == text_.size()) return fail("the text has no end");
      const char c = text_[at_];
      if (c == quote) break;
      if (c == '\n') return fail("a line ends inside of a text");
      if (c == '\\') {
        if (!read_escape(value.text)) return false;
      } else {
        value.text += c;
        ++at_;
      }
    }
    ++at_;
    return true;
  }

  bool read_escape(std::string& text) {
    constexpr std::string_view k_letters = "\\'\"abfnrtv";
    constexpr std::string_view k_meanings = "\\'\"\a\b\f\n\r\t\v";
    ++at_;
    const char c = peek();
    if (const std::size_t known = k_letters.find(c); c != '\0' && known != std::string_view::npos) {
      text += k_meanings[known];
      ++at_;
      return true;
    }
    if (c >= '0' && c <= '7') return read_code(text, 8, 1, 3);
    ++at_;
    if (c == 'x') return read_code(text, 16, 2, 2);
    if (c == 'u') return read_code(text, 16, 4, 4);
    if (c == 'U') return read_code(text, 16, 8, 8);
    return fail("an escape that no repr() writes");
  }

  // The digits of a code point.
  bool read_code(std::string& text, int base, std::size_t least, std::size_t most) {
    std::uint32_t code = 0;
    const std::size_t room = std::min(most, text_.size() - std::min(at_, text_.size()));
    const char* const first = text_.data() + at_;
    const auto [end, failed] = std::from_chars(first, first + room, code, base);
    const auto count = static_cast<std::size_t>(end - first);
    if (failed != std::errc() || count < least) return fail("an escape that is cut short");
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
      return fail("an escape that stands for no letter");
    append_utf8(text, code);
    at_ += count;
    return true;
  }

  const std::string_view text_;
  const std::string& what_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
  std::optional<Error> error_;
};

}  // namespace

const PythonValue* PythonValue::find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key.kind == Kind::text && member.key.text == key) return &member.value;
  }
  return nullptr;
}

Result<PythonValue> parse_python_literal(std::string_view text, const std::string& what) {
  return LiteralParser(text, what).parse();
}

}  // namespace modelhub::model_file
