// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "modelhub/catalog.h"
#include "modelhub/log.h"
#include "modelhub/progress.h"
#include "modelhub/result.h"
#include "store/store.h"
#include "transfer/transfer.h"

namespace modelhub::hub {

// What brings files in. All borrowed.
struct IntakeTools {
  store::Store& store;
  transfer::Transfer& transfer;
  const LogSink& log;
  // What goes on with what a failure has left; empty: to pull the model.
  std::string again = {};
};

// The files of one model, in staging and right; published next. The space for them is reserved
// until this goes.
struct Intake {
  std::vector<store::StagedFile> staged;  // each complete or present
  std::vector<store::Reservation> reservations;
  std::vector<std::string> sources;  // URLs that served something, without credentials
  ByteCount received;                // over the network or from a mirror's folder
  ByteCount reused;                  // taken from partials and damaged copies, after hashing
};

// Brings every file, each content once, into the store's staging: reserves the space for what this
// process fetches, and waits for what another one fetches already, with that one's progress; should
// that one die, its work is taken over. Blocks; cancelled soon after `stop`.
//
// The first failure stops the others. What has arrived by then stays for the next pull if that may
// go better: whole files under the names of their blobs, where nothing names them yet, and of those
// with a folder of their own in staging also parts. The error says how much that is; after a cancel
// the log says it too.
Result<Intake> bring(const std::string& subject, std::vector<ModelFile> files,
                     const IntakeTools& tools, const std::stop_token& stop,
                     const std::function<void(Progress)>& report);

}  // namespace modelhub::hub
