// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/byte_count.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace modelhub {
namespace {

struct Unit {
  std::string_view name;  // lower case
  std::uint64_t bytes;
};

constexpr std::array k_units = {
    Unit{"", 1},
    Unit{"b", 1},
    Unit{"k", 1'000},
    Unit{"kb", 1'000},
    Unit{"m", 1'000'000},
    Unit{"mb", 1'000'000},
    Unit{"g", 1'000'000'000},
    Unit{"gb", 1'000'000'000},
    Unit{"t", 1'000'000'000'000},
    Unit{"tb", 1'000'000'000'000},
    Unit{"kib", 1ULL << 10},
    Unit{"mib", 1ULL << 20},
    Unit{"gib", 1ULL << 30},
    Unit{"tib", 1ULL << 40},
};

// More than any disk; leaves room to add sizes up.
constexpr std::uint64_t k_largest = 9'000'000'000'000'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// `number` times `unit`; nothing when it is no number or too large. The C library's functions would
// read "1.5" by the rules of the program's locale; std::from_chars does not.
std::optional<std::uint64_t> multiply(std::string_view number, std::uint64_t unit) {
  const char* const end = number.data() + number.size();
  std::uint64_t whole = 0;
  if (const auto read = std::from_chars(number.data(), end, whole); read.ptr == end) {
    if (read.ec != std::errc() || whole > k_largest / unit) return std::nullopt;
    return whole * unit;
  }
  double value = 0;
  const auto read = std::from_chars(number.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  value *= static_cast<double>(unit);
  if (!(value <= static_cast<double>(k_largest))) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(value));
}

}  // namespace

Result<ByteCount> ByteCount::parse(std::string_view text) {
  const auto bad = [&] {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 "'" + std::string(text.substr(0, 40)) + "' is not a size",
                 "write it like 500MB, 20GB or 1.5GiB");
  };
  std::string number;
  std::size_t at = 0;
  while (at < text.size() && (is_digit(text[at]) || text[at] == '.')) number += text[at++];
  while (at < text.size() && text[at] == ' ') ++at;
  std::string unit;
  for (; at < text.size(); ++at) {
    unit += text[at] >= 'A' && text[at] <= 'Z' ? static_cast<char>(text[at] - 'A' + 'a') : text[at];
  }
  if (number.empty() || !is_digit(number.front()) || number.find('.') != number.rfind('.'))
    return bad();
  for (const Unit& known : k_units) {
    if (unit != known.name) continue;
    const std::optional<std::uint64_t> bytes = multiply(number, known.bytes);
    if (!bytes) return bad();
    return ByteCount(*bytes);
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
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value,
                                     std::chars_format::fixed, decimals);
  return std::string(text.data(), written.ptr) + " " + k_names[unit];
}

}  // namespace modelhub
