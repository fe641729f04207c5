// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/host_gates.h"

#include <algorithm>

namespace modelhub::transfer {

bool HostGates::try_enter(const std::string& origin, TimePoint now) {
  if (!has_room(origin, now)) return false;
  ++gates_[origin].inside;
  return true;
}

void HostGates::leave(const std::string& origin) {
  --gates_[origin].inside;
  ++changes_;
}

void HostGates::close_until(const std::string& origin, TimePoint until) {
  Gate& gate = gates_[origin];
  gate.opens = std::max(gate.opens, until);
}

}  // namespace modelhub::transfer
