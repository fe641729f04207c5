// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "modelhub/error.h"

namespace modelhub::transfer {

// What helps against a failure.
enum class Remedy {
  retry,        // it may pass
  next_source,  // this source will not do better
  give_up,      // no source can help: the disk is full
};

// Why one attempt at one source failed.
//
// Thread safety: a value.
struct Failure {
  ErrorCode code = ErrorCode::internal;
  Subject subject = Subject::network;
  std::string reason;  // goes on after the URL: "answered 404 (not found)"
  std::string hint;
  Remedy remedy = Remedy::next_source;
  bool is_host_unreachable = false;  // not one byte of an answer: name, route, port or handshake
  bool is_host_busy = false;         // every request to the host should pause, not only this one
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;  // the server's wish
};

}  // namespace modelhub::transfer
