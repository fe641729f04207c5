// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace modelhub::catalog {

// The longest name, version or variant: three of them and two separators make a file name (255
// bytes at most).
inline constexpr std::size_t k_max_token = 80;

// What all spellings of a name have in common: "YOLO-v8n", "yolo_v8n" and "yolov8n" are "yolov8n".
std::string fold(std::string_view name);
bool equal_ignoring_case(std::string_view a, std::string_view b);

// More names than these are no help.
inline constexpr std::size_t k_most_suggestions = 3;

// "did you mean 'a' or 'b'?"; empty for none.
std::string did_you_mean(const std::vector<std::string>& names);

}  // namespace modelhub::catalog
