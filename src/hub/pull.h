// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>

#include "catalog/catalog.h"
#include "hub/intake.h"
#include "modelhub/catalog.h"
#include "modelhub/progress.h"
#include "modelhub/result.h"
#include "modelhub/store.h"
#include "store/store.h"

namespace modelhub::hub {

// The catalog's variant in the words of the store.
store::ModelRecord record_of(const Resolved& resolved);

// Fetches what is missing of a model and publishes it. Blocks; cancelled soon after `stop`.
//
// Order: every file is announced in staging before anything is fetched, all are fetched at once
// (transfer keeps within its limits), and the model becomes visible when the last one matched.
Result<InstalledModel> pull_model(const Resolved& resolved, const IntakeTools& tools,
                                  const std::stop_token& stop,
                                  const std::function<void(Progress)>& report);

// Reads every byte of an installed model, fetches the chunks that are damaged and puts whole files
// in the place of the damaged ones. Blocks.
Result<RepairReport> repair_model(const InstalledModel& model, const catalog::Catalog& catalog,
                                  const IntakeTools& tools, const std::stop_token& stop,
                                  const std::function<void(Progress)>& report);

}  // namespace modelhub::hub
