// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace modelhub::transfer {

// Politeness to each host (scheme, name and port): at most so many exchanges at once, and none
// while it asked for a pause.
//
// Thread safety: one thread; the curl loop's.
class HostGates {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit HostGates(int connections_per_host) : connections_per_host_(connections_per_host) {}

  // True: an exchange may begin, and leave() must follow.
  bool try_enter(const std::string& origin, TimePoint now);
  // As many as may be at this host are.
  bool is_full(const std::string& origin) { return gates_[origin].inside >= connections_per_host_; }
  // What try_enter() would answer.
  bool has_room(const std::string& origin, TimePoint now) {
    return !is_full(origin) && now >= gates_[origin].opens;
  }
  // How many exchanges have begun and ended: while this stays the same, so does a refusal, but for
  // the pauses that run out.
  std::uint64_t changes() const { return changes_; }
  void leave(const std::string& origin);
  // No exchange begins before; a later pause wins over an earlier one.
  void close_until(const std::string& origin, TimePoint until);

 private:
  struct Gate {
    int inside = 0;
    TimePoint opens{};
  };

  const int connections_per_host_;
  std::map<std::string, Gate> gates_;
  std::uint64_t changes_ = 0;
};

}  // namespace modelhub::transfer
