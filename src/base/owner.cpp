// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/owner.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <vector>

#include "base/file_system.h"
#include "base/fork_generation.h"
#include "base/hasher.h"

namespace modelhub::base {
namespace {

constexpr std::size_t k_id_digits = 8;

// /proc files have no size, so read_whole_file cannot read them.
std::optional<std::string> read_kernel_text(const std::string& path) {
  Result<std::unique_ptr<ReadableFile>> file = FileSystem::real().open(path);
  if (!file) return std::nullopt;
  std::array<std::byte, 4096> buffer{};
  Result<std::size_t> count = (*file)->read_at(0, buffer);
  if (!count) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(buffer.data()), *count);
}

std::string short_id_of(std::string_view id) { return sha256_of(id).hex().substr(0, k_id_digits); }

std::string boot_id() {
  const std::string id = FileSystem::real().boot();
  return id.empty() ? "none" : id;
}

// Containers often have no machine id, and all that have none would look like one machine; the boot
// id then says at least which machine it is until that restarts.
std::string machine_id() {
  const std::string id = read_kernel_text("/etc/machine-id").value_or("");
  return id.size() >= 32 ? id : boot_id();
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// When the process began; nothing when it has ended, also while its parent has not yet noticed (a
// zombie).
std::optional<std::uint64_t> start_time_of(std::uint64_t pid) {
  constexpr std::size_t k_state = 0;  // field 3 of proc(5)'s list, the first after the command
  constexpr std::size_t k_threads = 17;
  constexpr std::size_t k_start = 19;
  const std::optional<std::string> stat =
      read_kernel_text("/proc/" + std::to_string(pid) + "/stat");
  if (!stat) return std::nullopt;
  // The second field is the command in brackets and may hold anything: count from the last bracket.
  const std::size_t bracket = stat->rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  std::istringstream rest(stat->substr(bracket + 1));
  std::vector<std::string> fields;
  for (std::string field; fields.size() <= k_start && rest >> field;) fields.push_back(field);
  if (fields.size() <= k_start) return std::nullopt;
  // A first thread that ended before the others shows as a zombie too, but with more than one
  // thread.
  if ((fields[k_state] == "Z" || fields[k_state] == "X") && parse_number(fields[k_threads]) <= 1)
    return std::nullopt;
  return parse_number(fields[k_start]);
}

std::uint64_t pid_namespace_of_self() {
  struct stat raw {};
  return ::stat("/proc/self/ns/pid", &raw) == 0 ? raw.st_ino : 0;
}

std::string random_hex() {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::random_device random;
  std::string text;
  for (std::size_t i = 0; i < k_id_digits; ++i) text += k_digits[random() & 15U];
  return text;
}

Owner make_current() {
  Owner owner;
  owner.machine = short_id_of(machine_id());
  owner.boot = short_id_of(boot_id());
  owner.pid_namespace = pid_namespace_of_self();
  owner.pid = static_cast<std::uint64_t>(::getpid());
  owner.start_time = start_time_of(owner.pid).value_or(0);
  owner.nonce = random_hex();
  return owner;
}

}  // namespace

Owner Owner::current() {
  struct Known {
    std::uint64_t generation;
    Owner owner;
    // one for each fork between here and the first process: kept, somebody may be reading it
    const Known* before;
  };
  // Without a lock: another thread could hold it at the moment of a fork, and the child would wait
  // for ever.
  static std::atomic<const Known*> newest{nullptr};
  const std::uint64_t generation = fork_generation();
  const Known* known = newest.load(std::memory_order_acquire);
  while (known == nullptr || known->generation != generation) {
    auto fresh = std::make_unique<const Known>(Known{generation, make_current(), known});
    if (newest.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel))
      known = fresh.release();
  }
  return known->owner;
}

Result<Owner> Owner::parse(std::string_view text) {
  std::vector<std::string_view> parts;
  std::string_view rest = text;
  for (std::size_t dash = rest.find('-'); dash != std::string_view::npos; dash = rest.find('-')) {
    parts.push_back(rest.substr(0, dash));
    rest.remove_prefix(dash + 1);
  }
  parts.push_back(rest);
  const Error bad(ErrorCode::invalid_argument, Subject::store,
                  "'" + std::string(text.substr(0, 80)) + "' names no owner");
  if (parts.size() != 6) return bad;
  const std::optional<std::uint64_t> pid_namespace = parse_number(parts[2]);
  const std::optional<std::uint64_t> pid = parse_number(parts[3]);
  const std::optional<std::uint64_t> start = parse_number(parts[4]);
  if (!pid_namespace || !pid || !start) return bad;
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}, std::size_t{5}}) {
    if (parts[i].size() != k_id_digits ||
        parts[i].find_first_not_of("0123456789abcdef") != std::string_view::npos) {
      return bad;
    }
  }
  return Owner{std::string(parts[0]), std::string(parts[1]), *pid_namespace, *pid, *start,
               std::string(parts[5])};
}

std::string Owner::to_string() const {
  return machine + "-" + boot + "-" + std::to_string(pid_namespace) + "-" + std::to_string(pid) +
         "-" + std::to_string(start_time) + "-" + nonce;
}

std::string Owner::unique_suffix() const {
  static std::atomic<std::uint64_t> counter{0};
  return "." + to_string() + "." + std::to_string(counter.fetch_add(1));
}

Result<Owner> Owner::parse_unique_suffix(std::string_view file_name) {
  const std::size_t number = file_name.rfind('.');
  if (number == std::string_view::npos || !parse_number(file_name.substr(number + 1)))
    return parse("");
  const std::string_view head = file_name.substr(0, number);
  return parse(head.substr(head.rfind('.') + 1));
}

Owner::Liveness Owner::liveness() const {
  const Owner self = current();
  if (machine != self.machine) return Liveness::unknown;
  if (boot != self.boot) return Liveness::dead;
  if (pid_namespace != self.pid_namespace || pid_namespace == 0) return Liveness::unknown;
  const std::optional<std::uint64_t> start = start_time_of(pid);
  return start && *start == start_time ? Liveness::alive : Liveness::dead;
}

}  // namespace modelhub::base
