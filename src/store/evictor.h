// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/file_system.h"
#include "base/owner.h"
#include "modelhub/digest.h"
#include "modelhub/log.h"
#include "modelhub/store.h"
#include "store/blobs.h"
#include "store/eviction.h"
#include "store/layout.h"
#include "store/leases.h"
#include "store/manifest_index.h"
#include "store/model_removal.h"
#include "store/pins.h"
#include "store/usage.h"

namespace modelhub::store {

// What a home holds besides models.
struct LooseThing {
  PrunedKind kind = PrunedKind::quarantine;
  std::string path;
  base::FileKind file_kind = base::FileKind::regular;
  std::optional<Digest> blob;  // of an unnamed one: it goes by the steps of a removal
  ByteCount bytes;
};

// What a home holds, who holds it, and what could go.
struct Situation {
  Usage usage;
  EvictionSnapshot snapshot;
  // What the snapshot's numbers mean.
  std::vector<LooseThing> loose;
  std::vector<std::shared_ptr<const ManifestOutline>> models;
  std::unordered_map<Digest, std::vector<std::optional<base::Owner>>> leases;  // by key
  std::uint64_t broken_manifests = 0;
  bool has_removals = false;  // somebody is taking a model away, or died while doing so
};

// Makes room in a home.
//
// Thread safety: all methods from any thread.
// Errors:        io_error, when nobody can tell what is there; busy.
class Evictor {
 public:
  // All borrowed; they must outlive this.
  struct Parts {
    const Layout& layout;
    base::FileSystem& files;
    const Blobs& blobs;
    const Leases& leases;
    const Pins& pins;
    ManifestIndex& index;
    const ModelRemoval& removal;
  };
  Evictor(const Parts& parts, LogSink log) : parts_(parts), log_(std::move(log)) {}

  Result<Situation> look(Usage usage);
  // The policy, with use stamps that are as of now for every model that it chose.
  EvictionPlan plan(Situation& situation, ByteCount need);
  // Does what was planned, as far as nobody has come in between; `why` ends the line in the log.
  // Returns what was removed.
  std::vector<PrunedItem> execute(const Situation& situation, const EvictionPlan& plan,
                                  const std::string& why);
  // What execute() would remove.
  static std::vector<PrunedItem> describe(const Situation& situation, const EvictionPlan& plan);

 private:
  void add_loose(Situation& situation) const;
  void add_models(Situation& situation, const ManifestIndex::Outlines& outlines);
  std::int64_t last_use(const ManifestOutline& outline);
  bool refresh_last_uses(Situation& situation, const EvictionPlan& plan);
  Result<void> remove_loose(const LooseThing& thing) const;
  void log(const PrunedItem& item, const std::string& why) const;

  const Parts parts_;
  const LogSink log_;
  std::mutex mutex_;
  // By key, when it was last looked at: a stamp only grows. Guarded by mutex_.
  std::unordered_map<Digest, std::int64_t> last_uses_;
};

}  // namespace modelhub::store
