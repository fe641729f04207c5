// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "modelhub/result.h"
#include "transfer/failure.h"
#include "transfer/http_exchange.h"
#include "transfer/transfer.h"

namespace modelhub::transfer {

// What becomes of the file behind a URL. Told on the thread of the request.
class FileTaker {
 public:
  enum class More { no, yes };

  virtual ~FileTaker() = default;
  // The head of the file itself, redirects followed; again at each attempt, which begins anew. Sets
  // `failure` where the answer is of no use; More::no hangs up.
  virtual More on_head(const Url& url, const HttpHead& head, std::optional<Failure>& failure) = 0;
  virtual More on_body(std::span<const std::byte> bytes, std::optional<Failure>& failure) = 0;
};

// One question to a server, on a thread and a CURLM of its own.
struct LoneRequest {
  std::string url;
  std::string purpose;  // for people: "fetching", goes before the URL
  const TransferOptions& options;
  std::atomic<std::uint64_t>& requests;   // counts
  std::chrono::milliseconds deadline{0};  // over all attempts; 0: none
};

// Follows redirects and tries again as a fetch does. Blocks; cancelled soon after `stop`.
// Errors: as Transfer::look_at(), and what the taker says; timed_out.
Result<void> ask(const LoneRequest& request, FileTaker& taker, const std::stop_token& stop);

}  // namespace modelhub::transfer
