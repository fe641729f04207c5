// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/closest_match.h"

#include <algorithm>
#include <utility>

namespace modelhub {
namespace {

// beyond this nobody mistypes a name; it also bounds the quadratic work
// Beyond this nobody mistypes a name; it also bounds the quadratic work.
constexpr std::size_t k_longest = 80;
constexpr std::size_t k_min_prefix = 3;  // shorter beginnings fit too many names
constexpr std::size_t k_too_far = static_cast<std::size_t>(-1);

std::string folded(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, k_longest)) {
    if (c == '-' || c == '_' || c == '.' || c == ' ') continue;
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

// Optimal string alignment: Levenshtein's distance with swaps of neighbours, three rows of the
// table at a time.
std::size_t distance_of(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

bool begins_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

// The smaller the nearer. "yolo" is near to "yolov8n", and "resnet50v2" to "resnet50".
std::size_t farness_of(const std::string& typed, const std::string& known) {
  const std::size_t limit = std::max<std::size_t>(1, typed.size() / 3);
  const std::size_t distance = distance_of(typed, known);
  if (distance <= limit) return distance;
  const bool shares_beginning = std::min(typed.size(), known.size()) >= k_min_prefix &&
                                (begins_with(known, typed) || begins_with(typed, known));
  return shares_beginning ? limit + 1 : k_too_far;
}

}  // namespace

std::vector<std::string> closest_matches(std::string_view typed,
                                         const std::vector<std::string>& known, std::size_t most) {
  const std::string wanted = folded(typed);
  if (wanted.empty()) return {};
  std::vector<std::pair<std::size_t, const std::string*>> near;
  for (const std::string& name : known) {
    const std::size_t farness = farness_of(wanted, folded(name));
    if (farness != k_too_far) near.emplace_back(farness, &name);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first, a.second->size()) < std::pair(b.first, b.second->size());
  });
  std::vector<std::string> names;
  for (const auto& [farness, name] : near) {
    if (names.size() == most) break;
    names.push_back(*name);
  }
  return names;
}

std::optional<std::string> closest_match(std::string_view typed,
                                         const std::vector<std::string>& known) {
  std::vector<std::string> names = closest_matches(typed, known, 1);
  if (names.empty()) return std::nullopt;
  return std::move(names.front());
}

}  // namespace modelhub
