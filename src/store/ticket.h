// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/owner.h"

namespace modelhub::store {

// One pull's right to write: the name under which it reserves space and announces what it fetches.
// What carries a ticket's name in the home counts as part of that ticket's reservation.
//
// Invariants:    no two tickets have the same name, also in different processes; making one touches
//                no disk.
// Thread safety: a value.
class Ticket {
 public:
  Ticket() : suffix_(base::Owner::current().unique_suffix()) {}

  // ".<owner>.<n>": the tail of a file's name, which Owner::parse_unique_suffix() reads.
  const std::string& suffix() const { return suffix_; }
  // "<owner>.<n>": the name of a folder.
  std::string name() const { return suffix_.substr(1); }

  friend bool operator==(const Ticket&, const Ticket&) = default;

 private:
  std::string suffix_;
};

}  // namespace modelhub::store
