// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "modelhub/byte_count.h"
#include "modelhub/error.h"
#include "store/evictor.h"
#include "store/layout.h"

namespace modelhub::store {

// What somebody wants who cannot have it.
struct SpaceRequest {
  ByteCount bytes;
  ByteCount budget;
  ByteCount free;            // on the disk
  ByteCount unwritten;       // of `bytes`, what is not on the disk yet
  ByteCount evictable;       // what could go at most
  bool is_for_disk = false;  // the disk is what is short, not the budget
  std::string ticket;        // whose own reservation and files hold nothing up
};

// "5 GB are pinned (a@1:v), 2 GB are in use (b@1:v by process 4711), 1 GB is reserved by running
// pulls (process 4712)".
std::string who_holds_space(const Situation& situation, std::string_view ticket);

// no_space, Subject::store: names the home, what is wanted, what holds the space, and what to do.
Error no_room_error(const Layout& layout, const Situation& situation, const SpaceRequest& request);

// Changes whenever somebody makes progress who holds space.
std::string fingerprint_of(const Situation& situation, std::string_view ticket);

}  // namespace modelhub::store
