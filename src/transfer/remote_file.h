// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <string>

#include "modelhub/result.h"
#include "transfer/transfer.h"

namespace modelhub::transfer {

// Transfer::look_at(), on a thread and a CURLM of its own: follows redirects and tries again as a
// fetch does, and hangs up as soon as it knows. `requests` counts. Blocks.
Result<RemoteFile> ask_for_size(const std::string& url, const TransferOptions& options,
                                std::atomic<std::uint64_t>& requests, const std::stop_token& stop);

}  // namespace modelhub::transfer
