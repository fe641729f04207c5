// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "modelhub/progress.h"
#include "modelhub/result.h"
#include "transfer/lone_request.h"
#include "transfer/transfer.h"

namespace modelhub::transfer {

// Transfer::look_at(): hangs up as soon as it knows. Blocks.
Result<RemoteFile> ask_for_size(const LoneRequest& request, const std::stop_token& stop);

// Transfer::read(). Blocks.
Result<std::vector<std::byte>> read_remote_file(const LoneRequest& request, ByteCount most,
                                                const std::function<void(Progress)>& report,
                                                const std::stop_token& stop);

}  // namespace modelhub::transfer
