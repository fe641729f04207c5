// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/file_system.h"
#include "modelhub/options.h"
#include "modelhub/result.h"

namespace modelhub::hub {

// All tokens that the options give, the file's after the others, each with its origin in the form
// that transfer compares ("https://host:443"). The first for an origin counts.
//
// Errors: invalid_argument, subject usage (an origin that is none, a line without a token, a token
// over plain http to another machine, a file that others than its owner may read); not_found or
// io_error for the file. No message shows a token.
Result<std::vector<HostToken>> collect_tokens(base::FileSystem& files, const HubOptions& options);

}  // namespace modelhub::hub
