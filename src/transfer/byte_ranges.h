// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

namespace modelhub::transfer {

// From the first byte to the one before `to`.
struct ByteRange {
  std::uint64_t from = 0;
  std::uint64_t to = 0;

  std::uint64_t size() const { return to - from; }
  bool is_empty() const { return from >= to; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// A set of bytes of a file, as few ranges as describe it.
//
// Invariants:    the ranges are not empty and neither touch nor overlap.
// Thread safety: a value.
class ByteRanges {
 public:
  void add(ByteRange range);
  void remove(ByteRange range);
  void remove(const ByteRanges& others);
  void clear();

  bool contains(ByteRange range) const;
  // All bytes of the set together.
  std::uint64_t total() const { return total_; }
  bool is_empty() const { return ranges_.empty(); }
  // Where the run of bytes that begins at `from` ends; `from` itself when it is not in the set.
  std::uint64_t end_of_run(std::uint64_t from) const;
  // The first run of bytes that are not in the set, within `whole`; empty when there is none.
  ByteRange first_gap(ByteRange whole) const;

  // from -> to
  const std::map<std::uint64_t, std::uint64_t>& ranges() const { return ranges_; }
  friend bool operator==(const ByteRanges&, const ByteRanges&) = default;

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;
  std::uint64_t total_ = 0;
};

}  // namespace modelhub::transfer
