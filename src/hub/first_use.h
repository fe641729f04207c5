// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "hub/intake.h"
#include "modelhub/digest.h"
#include "modelhub/progress.h"
#include "modelhub/result.h"

namespace modelhub::hub {

// A file that came from a URL of which only the URL was known.
struct FirstUse {
  Intake intake;  // the one file, staged under the digest that it turned out to have
  Digest sha256;
  ByteCount bytes;
};

// Fetches a URL whose digest nobody knows into the store's staging: asks for its size, reserves
// that, fetches it in one piece, and stages it under the digest that it has. `name` is for people.
// Blocks; cancelled soon after `stop`.
// Errors: those of Transfer and Store; busy (subject model) when another process fetches the same
//         URL for the same purpose.
Result<FirstUse> fetch_first(const std::string& url, const std::string& name,
                             const IntakeTools& tools, const std::stop_token& stop,
                             const std::function<void(Progress)>& report);

}  // namespace modelhub::hub
