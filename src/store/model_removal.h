// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "modelhub/digest.h"
#include "store/blobs.h"
#include "store/layout.h"
#include "store/leases.h"
#include "store/model_id.h"
#include "store/pins.h"

namespace modelhub::store {

// A model whose manifest was moved aside, so that nobody finds it.
struct TakenModel {
  ModelId id;
  std::vector<Digest> keys;     // its key; of a damaged manifest, whatever may be the key
  std::vector<Digest> digests;  // all that its manifest names: its key, its blobs
  std::string aside;            // where the manifest is now
};

// What became of models that were taken.
struct FinishedRemoval {
  // The others are there as before: somebody who needs them gave them back, or the disk refused.
  std::vector<ModelId> removed;
  BlobRemoval blobs;
  std::uint64_t named_blobs = 0;  // blobs that the removed manifests named and that were there
  std::vector<Error> leftovers;
};

// Takes models out of a home, in the order in which nobody who uses one can lose it: the manifest
// is moved aside, *then* one looks who holds the model. Whoever wants to hold it makes a lease (or
// a pin) and *then* looks whether the manifest is there; of the two at least one sees the other.
//
// Invariants:    the unlinking of the manifest that was moved aside decides: until then anybody may
//                move it back, and then nothing of the model is removed; while it is there its
//                blobs are named. A process that dies before it decided has removed nothing.
// Thread safety: all methods from any thread, and from several processes.
class ModelRemoval {
 public:
  ModelRemoval(const Layout& layout, base::FileSystem& files, const Blobs& blobs,
               const Leases& leases, const Pins& pins)
      : layout_(layout), files_(files), blobs_(blobs), leases_(leases), pins_(pins) {}

  enum class PinnedModels { stay, go };
  // REQUIRES: the home is prepared for writing. Errors: not_found; busy, Subject::model, when
  // somebody holds the model, with the process ids; unsupported (a newer manifest); io_error,
  // no_space.
  Result<TakenModel> take(const ModelId& id, PinnedModels pinned) const;
  // Removes what take() moved aside, and what nobody else names then. Leaves pins alone: who
  // evicts has seen that there is none, and one that was set since is somebody else's.
  FinishedRemoval finish(const std::vector<TakenModel>& models,
                         const std::vector<Digest>& unnamed_blobs = {}) const;

  // Moves a manifest back that somebody is taking away; false when there is none.
  bool give_back(const ModelId& id) const;
  // Gives back what processes had taken that died before they decided. Returns how many.
  std::uint64_t recover() const;

 private:
  Result<std::string> move_aside(const ModelId& id, const std::string& text) const;
  Result<void> check_free(const ModelId& id, const std::vector<Digest>& keys,
                          PinnedModels pinned) const;
  void remove_what_belongs_to(const TakenModel& model, std::vector<Error>& leftovers) const;
  Result<void> put_back(const std::string& aside, const std::string& path) const;

  const Layout& layout_;
  base::FileSystem& files_;
  const Blobs& blobs_;
  const Leases& leases_;
  const Pins& pins_;
};

}  // namespace modelhub::store
