// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "store/blobs.h"
#include "store/layout.h"
#include "store/manifest.h"
#include "store/staging.h"

namespace modelhub::store {

// One run of the steps that make a model visible, in the only order in which a crash cannot lie:
// the bytes durable, then under their names, then those names durable, then the manifest; only then
// the announcements go.
//
// Thread safety: one thread, once.
// Errors:        no_space, io_error, unsupported (a newer manifest is there), corrupt_data,
// invalid_argument, busy.
class Publication {
 public:
  Publication(base::FileSystem& files, const Layout& layout, const Blobs& blobs,
              const ModelRecord& record, std::chrono::system_clock::time_point now)
      : files_(files), layout_(layout), blobs_(blobs), manifest_{record, now} {}

  // REQUIRES: `staged` has every digest of the record, and the home is prepared for writing.
  Result<Manifest> run(std::vector<StagedFile> staged);

 private:
  Result<void> make_durable(const StagedFile& staged) const;
  Result<void> put(const StagedFile& staged) const;
  Result<void> write_manifest_file();
  Result<void> look_again(const std::vector<StagedFile>& staged) const;
  void remove_what_nobody_names() const;

  base::FileSystem& files_;
  const Layout& layout_;
  const Blobs& blobs_;
  Manifest manifest_;
  std::string previous_;  // the text of the manifest that was there
};

}  // namespace modelhub::store
