// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/byte_ranges.h"

#include <algorithm>
#include <iterator>

namespace modelhub::transfer {

void ByteRanges::add(ByteRange range) {
  if (range.is_empty()) return;
  auto next = ranges_.upper_bound(range.from);
  if (next != ranges_.begin()) {
    const auto before = std::prev(next);
    if (before->second >= range.to) return;
    if (before->second >= range.from) {
      range.from = before->first;
      next = before;
    }
  }
  while (next != ranges_.end() && next->first <= range.to) {
    range.to = std::max(range.to, next->second);
    total_ -= next->second - next->first;
    next = ranges_.erase(next);
  }
  ranges_.emplace_hint(next, range.from, range.to);
  total_ += range.size();
}

void ByteRanges::remove(ByteRange range) {
  if (range.is_empty()) return;
  auto at = ranges_.upper_bound(range.from);
  if (at != ranges_.begin()) --at;
  while (at != ranges_.end() && at->first < range.to) {
    const ByteRange old{at->first, at->second};
    if (old.to <= range.from) {
      ++at;
      continue;
    }
    at = ranges_.erase(at);
    total_ -= old.size();
    const ByteRange head{old.from, std::max(old.from, range.from)};
    const ByteRange tail{std::min(old.to, range.to), old.to};
    for (const ByteRange& rest : {head, tail}) {
      if (rest.is_empty()) continue;
      ranges_.emplace(rest.from, rest.to);
      total_ += rest.size();
    }
  }
}

void ByteRanges::remove(const ByteRanges& others) {
  for (const auto& [from, to] : others.ranges_) remove({from, to});
}

void ByteRanges::clear() {
  ranges_.clear();
  total_ = 0;
}

bool ByteRanges::contains(ByteRange range) const {
  return range.is_empty() || end_of_run(range.from) >= range.to;
}

std::uint64_t ByteRanges::end_of_run(std::uint64_t from) const {
  const auto next = ranges_.upper_bound(from);
  if (next == ranges_.begin()) return from;
  return std::max(from, std::prev(next)->second);
}

ByteRange ByteRanges::first_gap(ByteRange whole) const {
  const std::uint64_t from = std::min(end_of_run(whole.from), whole.to);
  const auto next = ranges_.upper_bound(from);
  const std::uint64_t to = next == ranges_.end() ? whole.to : std::min(next->first, whole.to);
  return {from, std::max(from, to)};
}

}  // namespace modelhub::transfer
