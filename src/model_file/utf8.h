// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace modelhub::model_file {

// Whether the bytes are UTF-8 as RFC 3629 has it: nothing overlong, no surrogates, up to U+10FFFF.
bool is_utf8(std::string_view text);

// REQUIRES: a code point that is no surrogate, up to U+10FFFF.
void append_utf8(std::string& text, std::uint32_t code_point);

// For messages: at most `longest` bytes, cut between letters; control characters as '?'.
std::string printable(std::string_view text, std::size_t longest = 80);

}  // namespace modelhub::model_file
