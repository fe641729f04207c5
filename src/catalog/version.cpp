// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>

#include "modelhub/catalog.h"

namespace modelhub {
namespace {

// A piece of a version: a number (digits without leading zeros), or a word in lower case.
struct Piece {
  // In rising order: "1.0rc" < "1.0" < "1.0x" < "1.0.1".
  enum class Kind { before_release, end, word, number };
  Kind kind = Kind::end;
  std::string text;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

// Dates are written "2023mar" by some publishers: the month counts as a number.
Piece piece_of_word(std::string word, bool follows_number) {
  constexpr std::array<std::string_view, 12> k_months = {"jan", "feb", "mar", "apr", "may", "jun",
                                                         "jul", "aug", "sep", "oct", "nov", "dec"};
  constexpr std::array<std::string_view, 7> k_before_release = {"a",   "alpha", "b",      "beta",
                                                                "dev", "pre",   "preview"};
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto* month = std::find(k_months.begin(), k_months.end(), word);
  if (follows_number && month != k_months.end()) {
    return {Piece::Kind::number, std::to_string(month - k_months.begin() + 1)};
  }
  const bool is_early = word == "rc" || std::find(k_before_release.begin(), k_before_release.end(),
                                                  word) != k_before_release.end();
  return {is_early ? Piece::Kind::before_release : Piece::Kind::word, std::move(word)};
}

// Zeros behind a number say nothing when no number follows: "8.4" is "8.4.0", "1.0rc1" is "1rc1".
// With them gone, pieces can be compared one by one.
void drop_idle_zeros(std::vector<Piece>& pieces) {
  const auto is_number = [](const Piece& piece) { return piece.kind == Piece::Kind::number; };
  while (pieces.size() > 1 && is_number(pieces.back()) && pieces.back().text == "0" &&
         is_number(pieces[pieces.size() - 2])) {
    pieces.pop_back();
  }
}

std::vector<Piece> pieces_of(std::string_view version) {
  if (version.size() > 1 && (version[0] == 'v' || version[0] == 'V') && is_digit(version[1])) {
    version.remove_prefix(1);
  }
  std::vector<Piece> pieces;
  for (std::size_t at = 0; at < version.size();) {
    std::size_t end = at;
    if (is_digit(version[at])) {
      while (end < version.size() && is_digit(version[end])) ++end;
      std::string_view digits = version.substr(at, end - at);
      while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
      pieces.push_back({Piece::Kind::number, std::string(digits)});
    } else if (is_letter(version[at])) {
      while (end < version.size() && is_letter(version[end])) ++end;
      const bool follows_number = !pieces.empty() && pieces.back().kind == Piece::Kind::number;
      Piece word = piece_of_word(std::string(version.substr(at, end - at)), follows_number);
      if (word.kind != Piece::Kind::number) drop_idle_zeros(pieces);
      pieces.push_back(std::move(word));
    } else {
      end = at + 1;  // separators only separate
    }
    at = end;
  }
  drop_idle_zeros(pieces);
  return pieces;
}

}  // namespace

std::weak_ordering compare_versions(std::string_view a, std::string_view b) {
  const std::vector<Piece> left = pieces_of(a);
  const std::vector<Piece> right = pieces_of(b);
  const Piece end;
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const Piece& x = i < left.size() ? left[i] : end;
    const Piece& y = i < right.size() ? right[i] : end;
    if (x.kind != y.kind) return x.kind <=> y.kind;
    // Numbers of any length: the longer one is greater, since leading zeros are gone.
    if (x.kind == Piece::Kind::number && x.text.size() != y.text.size()) {
      return x.text.size() <=> y.text.size();
    }
    if (const int order = x.text.compare(y.text); order != 0) return order <=> 0;
  }
  return std::weak_ordering::equivalent;
}

}  // namespace modelhub
