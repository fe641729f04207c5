// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/byte_count.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

namespace modelhub {
namespace {

struct Unit {
  std::string_view name;  // lower case
  double bytes;
};

constexpr std::array k_units = {
    Unit{"", 1.0},       Unit{"b", 1.0},        Unit{"k", 1e3},           Unit{"kb", 1e3},
    Unit{"m", 1e6},      Unit{"mb", 1e6},       Unit{"g", 1e9},           Unit{"gb", 1e9},
    Unit{"t", 1e12},     Unit{"tb", 1e12},      Unit{"kib", 1024.0},      Unit{"mib", 1048576.0},
    Unit{"gib", 1073741824.0}, Unit{"tib", 1099511627776.0},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<ByteCount> ByteCount::parse(std::string_view text) {
  const auto bad = [&] {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 "'" + std::string(text.substr(0, 40)) + "' is not a size", "write it like 500MB, 20GB or 1.5GiB");
  };
  std::string number;
  std::size_t at = 0;
  while (at < text.size() && (is_digit(text[at]) || text[at] == '.')) number += text[at++];
  while (at < text.size() && text[at] == ' ') ++at;
  std::string unit;
  for (; at < text.size(); ++at) {
    unit += text[at] >= 'A' && text[at] <= 'Z' ? static_cast<char>(text[at] - 'A' + 'a') : text[at];
  }
  if (number.empty() || !is_digit(number.front()) || number.find('.') != number.rfind('.')) return bad();
  for (const Unit& known : k_units) {
    if (unit != known.name) continue;
    const double bytes = std::stod(number) * known.bytes;
    if (!(bytes < 9e18)) return bad();
    return ByteCount(static_cast<std::uint64_t>(std::llround(bytes)));
  }
  return bad();
}

std::string ByteCount::to_string() const {
  constexpr std::array<const char*, 5> k_names = {"kB", "MB", "GB", "TB", "PB"};
  if (bytes_ < 1000) return std::to_string(bytes_) + " B";
  double value = static_cast<double>(bytes_) / 1000.0;
  std::size_t unit = 0;
  // 999.5 would print as 1000: step to the next unit before rounding shows.
  while (value >= 999.5 && unit + 1 < k_names.size()) {
    value /= 1000.0;
    ++unit;
  }
  std::array<char, 32> text{};
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  std::snprintf(text.data(), text.size(), "%.*f %s", decimals, value, k_names[unit]);
  return text.data();
}

}  // namespace modelhub
