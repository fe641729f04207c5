// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/labels.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "modelhub/closest_match.h"

namespace modelhub::vision {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view k_blank = " \t\r";
  const std::size_t begin = text.find_first_not_of(k_blank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(k_blank) - begin + 1);
}

std::string lowered(std::string_view text) {
  std::string result(trimmed(text));
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

// "n02123045 tabby" -> "tabby".
std::string_view without_synset(std::string_view line) {
  constexpr std::size_t k_digits = 8;
  if (line.size() < k_digits + 3 || line[0] != 'n' || line[k_digits + 1] != ' ') return line;
  const std::string_view digits = line.substr(1, k_digits);
  return std::all_of(digits.begin(), digits.end(), is_digit) ? trimmed(line.substr(k_digits + 2))
                                                             : line;
}

bool matches(const std::string& label, const std::string& wanted) {
  std::string_view rest = label;
  if (lowered(rest) == wanted) return true;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    if (lowered(rest.substr(0, comma)) == wanted) return true;
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  return false;
}

Error unknown(const std::string& name, Labels labels, int first_class) {
  Error error(ErrorCode::invalid_argument, Subject::usage,
              "the model knows no class '" + name + "'");
  if (labels.empty()) {
    error.hint = "this model has no labels: name classes by number";
    return error;
  }
  if (const std::optional<std::string> nearest =
          closest_match(name, std::vector<std::string>(labels.begin(), labels.end()))) {
    error.hint = "did you mean '" + *nearest + "'?";
  } else {
    error.hint = "its classes are " + std::to_string(first_class) + " (" + labels.front() +
                 ") to " + std::to_string(first_class + static_cast<int>(labels.size()) - 1) +
                 " (" + labels.back() + ")";
  }
  return error;
}

std::optional<int> find_number(std::string_view text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (text.empty() || failure != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace

Result<std::vector<std::string>> parse_labels(std::string_view text, const std::string& name) {
  const auto wrong = [&](const std::string& what) {
    return Error(ErrorCode::corrupt_data, Subject::input, "labels " + name + ": " + what,
                 "a labels file is text with one label a line");
  };
  if (text.find('\0') != std::string_view::npos) return wrong("this is not text");
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);  // byte order mark
  std::vector<std::string> labels;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    labels.emplace_back(without_synset(trimmed(text.substr(0, end))));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  while (!labels.empty() && labels.back().empty()) labels.pop_back();
  if (labels.empty()) return wrong("it is empty");
  const auto blank = std::find(labels.begin(), labels.end(), std::string());
  if (blank != labels.end()) {
    return wrong("line " + std::to_string(blank - labels.begin() + 1) + " is blank");
  }
  return labels;
}

std::string label_of(Labels labels, int class_id, int first_class) {
  const std::int64_t position = std::int64_t{class_id} - first_class;
  if (position < 0 || position >= static_cast<std::int64_t>(labels.size())) {
    return std::to_string(class_id);
  }
  return labels[static_cast<std::size_t>(position)];
}

Result<std::vector<int>> resolve_classes(std::span<const std::string> names, Labels labels,
                                         int first_class) {
  std::vector<int> ids;
  for (const std::string& name : names) {
    const std::string wanted = lowered(name);
    const std::size_t before = ids.size();
    if (const std::optional<int> number = find_number(wanted)) {
      const std::int64_t position = std::int64_t{*number} - first_class;
      if (position >= 0 &&
          (labels.empty() || position < static_cast<std::int64_t>(labels.size()))) {
        ids.push_back(*number);
      }
    } else {
      // All that match: ImageNet has two "crane" and two "maillot".
      for (std::size_t i = 0; i < labels.size(); ++i) {
        if (matches(labels[i], wanted)) ids.push_back(first_class + static_cast<int>(i));
      }
    }
    if (ids.size() == before) return unknown(name, labels, first_class);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace modelhub::vision
