// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "modelhub/byte_count.h"

namespace modelhub::store {

// What a home holds, as the policy sees it. Blobs and models are numbered by their place.
//
// Thread safety: values.
struct EvictionSnapshot {
  struct Blob {
    ByteCount bytes;
    // A running pull, or a manifest that cannot be evicted, needs it: it stays.
    bool is_wanted = false;
  };
  struct Model {
    std::vector<std::uint32_t> blobs;  // each once
    std::int64_t last_used_ns = 0;     // since the epoch
    bool is_pinned = false;
    bool is_leased = false;
  };

  // What goes before any model, in this order: quarantine, derived files, abandoned partials,
  // blobs that nobody names.
  std::vector<ByteCount> loose;
  std::vector<Blob> blobs;
  std::vector<Model> models;
};

struct EvictionPlan {
  // Else nothing is to be evicted: it would be lost for nothing.
  bool suffices = false;
  std::vector<std::size_t> loose;   // by their place in the snapshot
  std::vector<std::size_t> models;  // least recently used first
  // What the plan frees; when it cannot suffice, what could be freed at most.
  ByteCount freed;
};

// Frees `need` bytes or more.
//
// Guarantees: a pinned or leased model is never chosen; loose things before models; models from the
// least recently used on; content that a model shares with one that stays counts for nothing. Of
// what was chosen, a model that turns out not to be needed (a larger one had to go as well) is
// spared, the most recently used first, and so is one whose files all stay anyway.
//   For example, 100 bytes are needed and three models lie there: a (30, oldest), b (10), c (90,
//   newest). a and b give 40, so c goes too, and b is then spared: a + c = 120.
EvictionPlan plan_eviction(const EvictionSnapshot& snapshot, ByteCount need);

// What the models take that can never go: each blob once.
struct HeldBytes {
  ByteCount pinned;
  ByteCount leased;
  ByteCount either;  // at most the sum of both
};
HeldBytes held_bytes(const EvictionSnapshot& snapshot);

}  // namespace modelhub::store
