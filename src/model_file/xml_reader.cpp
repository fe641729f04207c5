// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/xml_reader.h"

#include <charconv>
#include <cstdint>
#include <system_error>

#include "model_file/utf8.h"

namespace modelhub::model_file {
namespace {

constexpr std::size_t k_max_xml_depth = 64;
constexpr std::size_t k_most_attributes = 256;

bool is_xml_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool ends_name(char c) { return is_xml_blank(c) || c == '=' || c == '>' || c == '/' || c == '<'; }

// The code point of "#65" or "#x41"; 0 when it is none.
std::uint32_t code_point_of(std::string_view reference) {
  reference.remove_prefix(1);
  const bool is_hex = reference.starts_with('x');
  if (is_hex) reference.remove_prefix(1);
  std::uint32_t code = 0;
  const char* const end = reference.data() + reference.size();
  const auto [stop, failed] = std::from_chars(reference.data(), end, code, is_hex ? 16 : 10);
  const bool is_letter = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
  return failed == std::errc() && stop == end && is_letter ? code : 0;
}

}  // namespace

XmlReader::XmlReader(std::string_view text) : rest_(text) {
  if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  if (!is_utf8(rest_)) fail("it is not UTF-8");
}

bool XmlReader::fail(const char* problem) {
  if (problem_ == nullptr) problem_ = problem;
  return false;
}

std::string XmlReader::attribute(std::string_view name) const {
  for (const auto& [key, value] : attributes_) {
    if (key == name) return value;
  }
  return {};
}

bool XmlReader::advance() {
  if (problem_ != nullptr) return false;
  if (pops_) path_.pop_back();
  pops_ = false;
  if (is_end_due_) {
    is_end_due_ = false;
    pops_ = true;
    text_.clear();
    tag_ = Tag::end;
    return true;
  }
  while (true) {
    if (!read_text()) return false;
    if (rest_.empty()) return path_.empty() && has_root_ ? false : fail("it ends in the middle");
    if (rest_.starts_with("<!--")) {
      if (!skip_to("-->")) return false;
    } else if (rest_.starts_with("<?")) {
      if (!skip_to("?>")) return false;
    } else if (rest_.starts_with("<!")) {
      return fail("it has a document type or another declaration");
    } else if (rest_.starts_with("</")) {
      return read_end();
    } else {
      return read_begin();
    }
  }
}

bool XmlReader::skip_to(std::string_view end) {
  const std::size_t at = rest_.find(end);
  if (at == std::string_view::npos) return fail("it ends in the middle");
  rest_.remove_prefix(at + end.size());
  return true;
}

void XmlReader::skip_blanks() {
  while (!rest_.empty() && is_xml_blank(rest_.front())) rest_.remove_prefix(1);
}

std::string_view XmlReader::read_name() {
  std::size_t length = 0;
  while (length < rest_.size() && !ends_name(rest_[length])) ++length;
  const std::string_view name = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return name;
}

bool XmlReader::read_text() {
  const std::string_view raw = rest_.substr(0, rest_.find('<'));
  rest_.remove_prefix(raw.size());
  text_.clear();
  if (!path_.empty()) return append_decoded(text_, raw);
  for (const char c : raw) {
    if (!is_xml_blank(c)) return fail("text stands outside of its elements");
  }
  return true;
}

bool XmlReader::read_begin() {
  if (path_.empty() && has_root_) return fail("it has more than one root");
  rest_.remove_prefix(1);
  const std::string_view name = read_name();
  if (name.empty()) return fail("a tag has no name");
  if (path_.size() == k_max_xml_depth) return fail("it is nested more than 64 deep");
  has_root_ = true;
  path_.emplace_back(name);
  attributes_.clear();
  tag_ = Tag::begin;
  while (true) {
    skip_blanks();
    if (rest_.starts_with("/>")) {
      rest_.remove_prefix(2);
      is_end_due_ = true;
      return true;
    }
    if (rest_.starts_with('>')) {
      rest_.remove_prefix(1);
      return true;
    }
    if (!read_attribute()) return false;
  }
}

bool XmlReader::read_attribute() {
  if (attributes_.size() == k_most_attributes) return fail("a tag has more than 256 attributes");
  const std::string_view name = read_name();
  skip_blanks();
  if (name.empty() || !rest_.starts_with('=')) return fail("a tag is not well formed");
  rest_.remove_prefix(1);
  skip_blanks();
  const char quote = rest_.empty() ? '\0' : rest_.front();
  if (quote != '"' && quote != '\'') return fail("an attribute has no quotes");
  rest_.remove_prefix(1);
  const std::size_t end = rest_.find(quote);
  if (end == std::string_view::npos) return fail("it ends in the middle");
  auto& [key, value] = attributes_.emplace_back(std::string(name), std::string());
  if (!append_decoded(value, rest_.substr(0, end))) return false;
  rest_.remove_prefix(end + 1);
  return true;
}

bool XmlReader::read_end() {
  rest_.remove_prefix(2);
  const std::string_view name = read_name();
  skip_blanks();
  if (path_.empty() || name != path_.back() || !rest_.starts_with('>'))
    return fail("an element does not end as it began");
  rest_.remove_prefix(1);
  tag_ = Tag::end;
  pops_ = true;
  return true;
}

bool XmlReader::append_decoded(std::string& to, std::string_view raw) {
  constexpr std::pair<std::string_view, char> k_entities[] = {
      {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
  while (!raw.empty()) {
    const std::size_t mark = raw.find('&');
    to += raw.substr(0, mark);
    if (mark == std::string_view::npos) break;
    raw.remove_prefix(mark + 1);
    const std::size_t end = raw.find(';');
    if (end > std::size_t{10}) return fail("an '&' begins no entity");  // npos is larger, too
    const std::string_view name = raw.substr(0, end);
    raw.remove_prefix(end + 1);
    if (name.starts_with('#')) {
      const std::uint32_t code = code_point_of(name);
      if (code == 0) return fail("a number stands for no letter");
      append_utf8(to, code);
      continue;
    }
    const auto* entity = std::begin(k_entities);
    while (entity != std::end(k_entities) && entity->first != name) ++entity;
    if (entity == std::end(k_entities)) return fail("it has an entity that is not XML's own");
    to += entity->second;
  }
  return true;
}

}  // namespace modelhub::model_file
