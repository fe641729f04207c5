// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/eviction.h"

#include <algorithm>

namespace modelhub::store {
namespace {

using Model = EvictionSnapshot::Model;

bool can_go(const Model& model) { return !model.is_pinned && !model.is_leased; }

// How many models still name each blob, and what the chosen ones free.
class Books {
 public:
  explicit Books(const EvictionSnapshot& snapshot)
      : snapshot_(snapshot), names_(snapshot.blobs.size(), 0) {
    for (const Model& model : snapshot.models) {
      for (const std::uint32_t blob : model.blobs) ++names_[blob];
    }
  }

  void take(const Model& model) {
    for (const std::uint32_t blob : model.blobs) {
      if (--names_[blob] == 0 && !snapshot_.blobs[blob].is_wanted)
        freed_ += snapshot_.blobs[blob].bytes.count();
    }
  }

  void give_back(const Model& model) {
    for (const std::uint32_t blob : model.blobs) {
      if (names_[blob]++ == 0 && !snapshot_.blobs[blob].is_wanted)
        freed_ -= snapshot_.blobs[blob].bytes.count();
    }
  }

  std::uint64_t freed() const { return freed_; }

 private:
  const EvictionSnapshot& snapshot_;
  std::vector<std::uint32_t> names_;
  std::uint64_t freed_ = 0;
};

std::vector<std::size_t> oldest_first(const EvictionSnapshot& snapshot) {
  std::vector<std::size_t> order;
  order.reserve(snapshot.models.size());
  for (std::size_t i = 0; i < snapshot.models.size(); ++i) {
    if (can_go(snapshot.models[i])) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return snapshot.models[a].last_used_ns < snapshot.models[b].last_used_ns;
  });
  return order;
}

void spare_what_is_not_needed(const EvictionSnapshot& snapshot, std::uint64_t need, Books& books,
                              std::vector<std::size_t>& chosen) {
  std::vector<std::size_t> needed;
  // NOLINTNEXTLINE(modernize-loop-convert): it means <ranges>
  for (auto i = chosen.rbegin(); i != chosen.rend(); ++i) {
    books.give_back(snapshot.models[*i]);
    if (books.freed() >= need) continue;
    books.take(snapshot.models[*i]);
    needed.push_back(*i);
  }
  chosen.assign(needed.rbegin(), needed.rend());
}

}  // namespace

EvictionPlan plan_eviction(const EvictionSnapshot& snapshot, ByteCount need) {
  EvictionPlan plan;
  std::uint64_t loose = 0;
  for (std::size_t i = 0; i < snapshot.loose.size() && loose < need.count(); ++i) {
    if (snapshot.loose[i].count() == 0) continue;
    loose += snapshot.loose[i].count();
    plan.loose.push_back(i);
  }
  Books books(snapshot);
  if (loose < need.count()) {
    for (const std::size_t i : oldest_first(snapshot)) {
      books.take(snapshot.models[i]);
      plan.models.push_back(i);
      if (loose + books.freed() >= need.count()) break;
    }
  }
  plan.suffices = loose + books.freed() >= need.count();
  if (plan.suffices)
    spare_what_is_not_needed(snapshot, need.count() - std::min(loose, need.count()), books,
                             plan.models);
  plan.freed = ByteCount(loose + books.freed());
  if (!plan.suffices) {
    plan.loose.clear();
    plan.models.clear();
  }
  return plan;
}

HeldBytes held_bytes(const EvictionSnapshot& snapshot) {
  std::vector<bool> pinned(snapshot.blobs.size());
  std::vector<bool> leased(snapshot.blobs.size());
  for (const Model& model : snapshot.models) {
    for (const std::uint32_t blob : model.blobs) {
      if (model.is_pinned) pinned[blob] = true;
      if (model.is_leased) leased[blob] = true;
    }
  }
  HeldBytes held;
  for (std::size_t i = 0; i < snapshot.blobs.size(); ++i) {
    if (pinned[i]) held.pinned += snapshot.blobs[i].bytes;
    if (leased[i]) held.leased += snapshot.blobs[i].bytes;
    if (pinned[i] || leased[i]) held.either += snapshot.blobs[i].bytes;
  }
  return held;
}

}  // namespace modelhub::store
