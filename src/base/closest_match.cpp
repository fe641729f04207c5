// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/closest_match.h"

#include <algorithm>

namespace modelhub {
namespace {

// beyond this nobody mistypes a name; it also bounds the quadratic work
constexpr std::size_t k_longest = 64;
constexpr std::size_t k_min_prefix = 3;  // shorter beginnings fit too many names

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

}  // namespace

std::optional<std::string> closest_match(std::string_view typed,
                                         const std::vector<std::string>& candidates) {
  const std::string wanted = folded(typed);
  if (wanted.empty()) return std::nullopt;
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  const std::string* beginning = nullptr;
  for (const std::string& candidate : candidates) {
    const std::string name = folded(candidate);
    const std::size_t distance = distance_of(wanted, name);
    if (distance < best_distance) {
      best = &candidate;
      best_distance = distance;
    }
    const bool begins =
        wanted.size() >= k_min_prefix && name.compare(0, wanted.size(), wanted) == 0;
    if (begins && (beginning == nullptr || candidate.size() < beginning->size()))
      beginning = &candidate;
  }
  if (best != nullptr) return *best;
  if (beginning != nullptr) return *beginning;
  return std::nullopt;
}

}  // namespace modelhub
