// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "store/blobs.h"
#include "store/layout.h"
#include "store/manifest.h"
#include "store/staging.h"

namespace modelhub::store {

// One run of the steps that make files, and then a model, visible, in the only order in which a
// crash cannot lie: the bytes durable, then under their names, then those names durable, then the
// manifest; only then the announcements go.
//
// Thread safety: one thread, once.
// Errors:        no_space, io_error, unsupported (a newer manifest is there), corrupt_data,
//                invalid_argument, busy.
class Publication {
 public:
  Publication(StagingArea& area, std::chrono::system_clock::time_point now)
      : area_(area), files_(area.files), layout_(area.layout), blobs_(area.blobs), now_(now) {}

  // Puts what is complete() under the names of its blobs; from then on it is present. What is
  // neither complete() nor present stays as it is. REQUIRES: the home is prepared for writing.
  Result<void> put_blobs(std::vector<StagedFile>& staged);

  // REQUIRES: `staged` has every digest of the record, and the home is prepared for writing.
  Result<Manifest> run(const ModelRecord& record, std::vector<StagedFile> staged);

 private:
  Result<void> move_in(std::vector<StagedFile>& staged);
  Result<void> check_data(StagedFile& staged) const;
  Result<void> replace_by_copy(const StagedFile& staged) const;
  Result<void> make_durable(const std::vector<StagedFile*>& complete);
  Result<void> sync_file(const std::string& data) const;
  Result<void> make_read_only(const StagedFile& staged);
  Result<bool> put(const StagedFile& staged) const;
  Result<void> put_back(const StagedFile& staged) const;
  void quarantine(const StagedFile& staged) const;
  Result<void> write_manifest_file(const Manifest& manifest);
  Result<void> look_again(const ModelId& id, const std::vector<StagedFile>& staged) const;
  void remove_what_nobody_names(const ModelRecord& record) const;

  StagingArea& area_;
  base::FileSystem& files_;
  const Layout& layout_;
  const Blobs& blobs_;
  const std::chrono::system_clock::time_point now_;
  std::string previous_;                      // the text of the manifest that was there
  std::optional<std::uint32_t> folder_mode_;  // of the folders that this process makes
};

}  // namespace modelhub::store
