// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/file_system.h"
#include "modelhub/result.h"

namespace modelhub::hub {

// The catalog documents that registering writes: one for each version of a model, so that two
// processes never change the same file. A layer of the catalog like any other document of the home.
//
// Invariants:    a document is there whole or not at all, also after a power cut, and is never
//                replaced: of two that register different files under one name and version, one
//                succeeds.
// Thread safety: all methods from any thread, and from several processes.
// Errors:        io_error, no_space.
class RegisteredDocuments {
 public:
  // `folder`: <home>/catalog.d; need not exist.
  RegisteredDocuments(base::FileSystem& files, std::string folder)
      : files_(files), folder_(std::move(folder)) {}

  // REQUIRES (all): names as the catalog has them: they become parts of a file's name.
  std::string path_of(std::string_view name, std::string_view version) const;
  // Whether a version of the catalog comes from such a document: by ModelVersion::origin.
  bool has_written(std::string_view origin) const;

  // Errors: busy when there is one already.
  Result<void> add(std::string_view name, std::string_view version, std::string_view text) const;
  // No error when there is none.
  Result<void> remove(std::string_view name, std::string_view version) const;

 private:
  base::FileSystem& files_;
  const std::string folder_;
};

}  // namespace modelhub::hub
