// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "modelhub/digest.h"
#include "store/chunk_record.h"
#include "store/layout.h"
#include "store/manifest.h"
#include "store/model_id.h"

namespace modelhub::store {

// What can be told about a file in models/ without reading it as JSON.
struct ManifestOutline {
  std::string file_name;
  Stamp stamp;  // of the file that was read
  // Both are there when this is a manifest that this version can evict; a damaged or newer one, a
  // temporary file and one on its way out only name digests.
  std::optional<ModelId> id;
  std::optional<Digest> key;
  std::vector<Digest> digests;  // whatever looks like one, each once; the key is among them
};

// The manifests of a home, kept in memory so that a question asked again costs no reading.
//
// Invariants:    an answer is what the file says: a kept one is used only while the file (for
//                outlines(): the folder) has the inode, size and time that it had when it was read,
//                and when that time was old enough then for the next change to give another one.
// Thread safety: all methods from any thread.
// Errors:        as read_manifest(); outlines(): io_error.
class ManifestIndex {
 public:
  ManifestIndex(const Layout& layout, base::FileSystem& files, const base::Clock& clock)
      : layout_(layout), files_(files), clock_(clock) {}

  Result<std::shared_ptr<const Manifest>> find(const ModelId& id);
  // One for each file in models/. Only good for a plan: who removes something looks again.
  using Outlines = std::vector<std::shared_ptr<const ManifestOutline>>;
  Result<std::shared_ptr<const Outlines>> outlines();

 private:
  struct Parsed {
    Stamp stamp;
    std::shared_ptr<const Manifest> manifest;
  };
  Result<std::shared_ptr<const ManifestOutline>> read_outline(const std::string& file_name);

  const Layout& layout_;
  base::FileSystem& files_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, Parsed> parsed_;  // by file name; guarded by mutex_
  // Guarded by mutex_: what was read, by file name, and all of it as of `folder_`.
  std::unordered_map<std::string, std::shared_ptr<const ManifestOutline>> known_;
  std::shared_ptr<const Outlines> all_;
  std::optional<Stamp> folder_;
};

// Exported for its tests: the outline of a manifest's text.
ManifestOutline outline_of(const std::string& file_name, const std::string& text,
                           const Stamp& stamp);

}  // namespace modelhub::store
