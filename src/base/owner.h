// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "modelhub/result.h"

namespace modelhub::base {

// Names one running process so exactly that another process can tell whether it still lives:
// machine, boot, pid namespace, pid, start time, and a nonce that sets two libraries in one process
// apart. Its text is safe as a file name.
//
// Format: "<machine>-<boot>-<pidns>-<pid>-<start>-<nonce>": the first two are the first 8 digits of
// the SHA-256 of the
//         kernel's ids, the others decimal, the nonce 8 hexadecimal digits.
// Thread safety: a value.
struct Owner {
  enum class Liveness { alive, dead, unknown };

  std::string machine;
  std::string boot;
  std::uint64_t pid_namespace = 0;
  std::uint64_t pid = 0;
  std::uint64_t start_time = 0;  // clock ticks after boot, field 22 of /proc/<pid>/stat
  std::string nonce;

  // This process. Read anew after a fork.
  static Owner current();
  // Errors: invalid_argument.
  static Result<Owner> parse(std::string_view text);

  std::string to_string() const;
  // ".<owner>.<number>", another value at each call: for the names of temporary files, so that
  // whoever finds one later can tell whether its writer still lives.
  std::string unique_suffix() const;
  // The owner in a file name that ends in a unique_suffix(). Errors: invalid_argument.
  static Result<Owner> parse_unique_suffix(std::string_view file_name);

  // dead: provably gone (same machine: another boot, or no such process, or the pid has a new
  // owner). unknown: another machine or another pid namespace; treat it as alive.
  Liveness liveness() const;

  friend bool operator==(const Owner&, const Owner&) = default;
};

}  // namespace modelhub::base
