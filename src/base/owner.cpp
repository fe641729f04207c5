// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/owner.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <mutex>
#include <optional>
#include <random>
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

std::string short_id_of(const char* path) {
  return sha256_of(read_kernel_text(path).value_or("none")).hex().substr(0, k_id_digits);
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> start_time_of(std::uint64_t pid) {
  const std::optional<std::string> stat = read_kernel_text("/proc/" + std::to_string(pid) + "/stat");
  if (!stat) return std::nullopt;
  // The second field is the command in brackets and may hold anything: count from the last bracket.
  std::size_t at = stat->rfind(')');
  if (at == std::string::npos) return std::nullopt;
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = stat->find(' ', at + 1);
  if (at == std::string::npos) return std::nullopt;
  return parse_number(std::string_view(*stat).substr(at + 1, stat->find(' ', at + 1) - at - 1));
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
  owner.machine = short_id_of("/etc/machine-id");
  owner.boot = short_id_of("/proc/sys/kernel/random/boot_id");
  owner.pid_namespace = pid_namespace_of_self();
  owner.pid = static_cast<std::uint64_t>(::getpid());
  owner.start_time = start_time_of(owner.pid).value_or(0);
  owner.nonce = random_hex();
  return owner;
}

}  // namespace

Owner Owner::current() {
  static std::mutex mutex;
  static std::optional<Owner> owner;  // guarded by mutex
  static std::uint64_t generation = 0;
  std::lock_guard lock(mutex);
  if (!owner || generation != fork_generation()) {
    generation = fork_generation();
    owner = make_current();
  }
  return *owner;
}

Result<Owner> Owner::parse(std::string_view text) {
  std::vector<std::string_view> parts;
  std::string_view rest = text;
  for (std::size_t dash = rest.find('-'); dash != std::string_view::npos; dash = rest.find('-')) {
    parts.push_back(rest.substr(0, dash));
    rest.remove_prefix(dash + 1);
  }
  parts.push_back(rest);
  const Error bad(ErrorCode::invalid_argument, Subject::store, "'" + std::string(text.substr(0, 80)) + "' names no owner");
  if (parts.size() != 6) return bad;
  const std::optional<std::uint64_t> pid_namespace = parse_number(parts[2]);
  const std::optional<std::uint64_t> pid = parse_number(parts[3]);
  const std::optional<std::uint64_t> start = parse_number(parts[4]);
  if (!pid_namespace || !pid || !start) return bad;
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}, std::size_t{5}}) {
    if (parts[i].size() != k_id_digits || parts[i].find_first_not_of("0123456789abcdef") != std::string_view::npos) {
      return bad;
    }
  }
  return Owner{std::string(parts[0]), std::string(parts[1]), *pid_namespace, *pid, *start, std::string(parts[5])};
}

std::string Owner::to_string() const {
  return machine + "-" + boot + "-" + std::to_string(pid_namespace) + "-" + std::to_string(pid) + "-" +
         std::to_string(start_time) + "-" + nonce;
}

std::string Owner::unique_suffix() const {
  static std::atomic<std::uint64_t> counter{0};
  return "." + to_string() + "." + std::to_string(counter.fetch_add(1));
}

Result<Owner> Owner::parse_unique_suffix(std::string_view file_name) {
  const std::size_t number = file_name.rfind('.');
  if (number == std::string_view::npos || !parse_number(file_name.substr(number + 1))) return parse("");
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
