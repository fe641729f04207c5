// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

namespace modelhub::runtime {

// How many threads all engines together may keep busy. Several pools that each take every core slow
// each other down, so every session asks here.
//
// Thread safety: constant after construction.
class ThreadBudget {
 public:
  explicit ThreadBudget(int threads) : threads_(std::max(1, threads)) {}

  int total() const { return threads_; }
  // What a session gets that wants this many; 0 wants as many as there are.
  int grant(int wanted) const { return wanted <= 0 ? threads_ : std::min(wanted, threads_); }

 private:
  const int threads_;
};

}  // namespace modelhub::runtime
