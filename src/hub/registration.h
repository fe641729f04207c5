// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "hub/intake.h"
#include "hub/own_model.h"
#include "hub/registered_documents.h"
#include "modelhub/own_model.h"
#include "modelhub/progress.h"
#include "modelhub/result.h"

namespace modelhub::hub {

// What registering works with. All borrowed.
struct RegistrationTools {
  IntakeTools intake;
  base::FileSystem& files;
  FileDigests& digests;
  const RegisteredDocuments& documents;
  // The catalog as the documents say now, which other processes may have changed, with more layers
  // on top.
  std::function<Result<catalog::Catalog>(std::vector<catalog::Layer>)> load_catalog;
};

// Makes a model of the user's file or URL: looks at it, brings it into the store, writes its
// document. Blocks; cancelled soon after `stop`.
//
// Order: the bytes are staged and right; then the document is made, which decides between two that
// register one name; then the model is published, pinned when nobody could fetch it again. A crash
// before the document leaves a partial; one after it a model that is known and not installed, which
// registering or pulling it again completes.
//
// Errors: those of look_at(), intake and Store; invalid_argument (subject usage) for names that are
//         taken, with the way out; checksum_mismatch (subject model) when it is not the file that
//         RegisterOptions::sha256 says.
Result<RegisterReport> register_model(const std::string& source, const RegisterOptions& options,
                                      const RegistrationTools& tools, const std::stop_token& stop,
                                      const std::function<void(Progress)>& report);

// Whether a text is a URL that has to be fetched; a file:// URL is the path that it stands for.
bool is_remote(const std::string& source);

// Of a model that is about to be removed: whether anybody could fetch it again. Registered files
// that do not lie any more where they were registered are nowhere else.
Result<void> check_recoverable(const InstalledModel& model, const catalog::Catalog& catalog,
                               const RegisteredDocuments& documents, base::FileSystem& files);

}  // namespace modelhub::hub
