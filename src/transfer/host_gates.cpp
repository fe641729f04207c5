// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/host_gates.h"

#include <algorithm>

namespace modelhub::transfer {

bool HostGates::try_enter(const std::string& origin, TimePoint now) {
  Gate& gate = gates_[origin];
  if (now < gate.opens || gate.inside >= connections_per_host_) return false;
  ++gate.inside;
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
