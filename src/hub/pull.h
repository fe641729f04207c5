// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>

#include "modelhub/catalog.h"
#include "modelhub/progress.h"
#include "modelhub/result.h"
#include "modelhub/store.h"
#include "store/store.h"
#include "transfer/transfer.h"

namespace modelhub::hub {

// The catalog's variant in the words of the store. Errors: unsupported (subject model) for files
// that have to be unpacked.
Result<store::ModelRecord> record_of(const Resolved& resolved);

// Fetches what is missing of a model and publishes it. Blocks; cancelled soon after `stop`.
//
// Order: every file is announced in staging before anything is fetched, all are fetched at once
// (transfer keeps within its limits), and the model becomes visible when the last one matched. The
// first failure stops the others.
Result<InstalledModel> pull_model(const Resolved& resolved, store::Store& store,
                                  transfer::Transfer& transfer, const std::stop_token& stop,
                                  const std::function<void(Progress)>& report);

}  // namespace modelhub::hub
