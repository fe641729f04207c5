// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "catalog/spelling.h"

#include <algorithm>
#include <cctype>

namespace modelhub::catalog {
namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// The smaller the nearer; none when it is too far to be meant.
constexpr std::size_t k_too_far = static_cast<std::size_t>(-1);

std::size_t farness(std::string_view typed, std::string_view known) {
  // "yolo" for "yolov8n", "resnet50v2" for "resnet50": a common beginning of three letters or more.
  const bool is_prefix = std::min(typed.size(), known.size()) >= 3 &&
                         (starts_with(known, typed) || starts_with(typed, known));
  const std::size_t distance = edit_distance(typed, known);
  // A third of the letters may be wrong; one in a short name.
  const std::size_t limit = std::max<std::size_t>(1, typed.size() / 3);
  if (distance <= limit) return distance;
  return is_prefix ? limit + 1 : k_too_far;
}

}  // namespace

std::string fold(std::string_view name) {
  std::string folded;
  for (const char c : name) {
    if (c != '-' && c != '_' && c != '.' && c != ' ') folded += lower(c);
  }
  return folded;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Optimal string alignment: three rows of the usual table, the third for swaps.
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::vector<std::string> suggestions(std::string_view typed,
                                     const std::vector<std::string>& known) {
  struct Near {
    std::size_t farness;
    std::string name;
  };
  constexpr std::size_t k_most = 3;
  const std::string folded = fold(typed).substr(0, k_max_token);
  std::vector<Near> near;
  for (const std::string& name : known) {
    const std::size_t far = farness(folded, fold(name));
    if (far != k_too_far) near.push_back({far, name});
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const Near& a, const Near& b) { return a.farness < b.farness; });
  std::vector<std::string> names;
  for (Near& one : near) {
    if (names.size() < k_most && std::find(names.begin(), names.end(), one.name) == names.end()) {
      names.push_back(std::move(one.name));
    }
  }
  return names;
}

std::string did_you_mean(const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::string text = "did you mean '" + names.front() + "'";
  for (std::size_t i = 1; i < names.size(); ++i) {
    text += (i + 1 == names.size() ? " or '" : ", '") + names[i] + "'";
  }
  return text + "?";
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

}  // namespace modelhub::catalog
