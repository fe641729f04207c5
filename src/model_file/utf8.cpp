// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/utf8.h"

#include <cstddef>

namespace modelhub::model_file {
namespace {

// How many bytes the letter has that begins with this one; 0: none begins so.
std::size_t length_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

bool is_whole_letter(std::string_view bytes) {
  std::uint32_t value = static_cast<unsigned char>(bytes[0]);
  if (bytes.size() > 1) value &= 0x7FU >> bytes.size();
  for (const char c : bytes.substr(1)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80U) return false;
    value = value << 6U | (byte & 0x3FU);
  }
  if (bytes.size() == 3) return value >= 0x800 && (value < 0xD800 || value > 0xDFFF);
  return bytes.size() < 4 || (value >= 0x10000 && value <= 0x10FFFF);
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = length_of(static_cast<unsigned char>(text[0]));
    if (length == 0 || length > text.size() || !is_whole_letter(text.substr(0, length)))
      return false;
    text.remove_prefix(length);
  }
  return true;
}

void append_utf8(std::string& text, std::uint32_t code_point) {
  const auto add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code_point < 0x80) return add(code_point);
  if (code_point < 0x800) {
    add(0xC0U | code_point >> 6U);
  } else if (code_point < 0x10000) {
    add(0xE0U | code_point >> 12U);
    add(0x80U | (code_point >> 6U & 0x3FU));
  } else {
    add(0xF0U | code_point >> 18U);
    add(0x80U | (code_point >> 12U & 0x3FU));
    add(0x80U | (code_point >> 6U & 0x3FU));
  }
  add(0x80U | (code_point & 0x3FU));
}

std::string printable(std::string_view text, std::size_t longest) {
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = length_of(static_cast<unsigned char>(text[at]));
    const bool is_whole =
        length > 0 && at + length <= text.size() && is_whole_letter(text.substr(at, length));
    const std::string_view letter = text.substr(at, is_whole ? length : 1);
    if (shown.size() + letter.size() > longest) return shown + "...";
    const auto first = static_cast<unsigned char>(letter[0]);
    // U+0080 to U+009F are controls too; a terminal may obey them.
    const bool is_control =
        first < 0x20 || first == 0x7F ||
        (length == 2 && first == 0xC2 && static_cast<unsigned char>(letter.back()) < 0xA0);
    if (is_whole && !is_control) {
      shown += letter;
    } else {
      shown += '?';
    }
    at += letter.size();
  }
  return shown;
}

}  // namespace modelhub::model_file
