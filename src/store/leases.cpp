// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/leases.h"

#include <utility>

#include "base/fork_generation.h"

namespace modelhub::store {
namespace {

std::optional<base::Owner> owner_of_lease(const std::string& name) {
  Result<base::Owner> owner = base::Owner::parse_unique_suffix("." + name);
  if (!owner) return std::nullopt;
  return *std::move(owner);
}

}  // namespace

base::Owner::Liveness LivenessCache::of(const base::Owner& owner) {
  const std::string text = owner.to_string();
  const auto known = known_.find(text);
  if (known != known_.end()) return known->second;
  return known_.emplace(text, owner.liveness()).first->second;
}

std::string describe_holder(const std::optional<base::Owner>& owner) {
  if (!owner) return "an unknown process";
  std::string text = "process " + std::to_string(owner->pid);
  const base::Owner self = base::Owner::current();
  if (owner->machine != self.machine) return text + " on another machine";
  if (owner->pid_namespace != self.pid_namespace) return text + " in another container";
  if (owner->pid == self.pid) return text + " (this one)";
  return text;
}

StoreLease::StoreLease(base::FileSystem& files, std::string path)
    : files_(&files), path_(std::move(path)), fork_generation_(base::fork_generation()) {}

StoreLease::StoreLease(StoreLease&& other) noexcept
    : files_(other.files_),
      path_(std::exchange(other.path_, {})),
      fork_generation_(other.fork_generation_) {}

StoreLease& StoreLease::operator=(StoreLease&& other) noexcept {
  if (this == &other) return *this;
  release();
  files_ = other.files_;
  path_ = std::exchange(other.path_, {});
  fork_generation_ = other.fork_generation_;
  return *this;
}

StoreLease::~StoreLease() { release(); }

void StoreLease::release() {
  const std::string path = std::exchange(path_, {});
  if (path.empty() || fork_generation_ != base::fork_generation()) return;
  (void)files_->remove_file(path);  // what stays is swept when this process has ended
  // The folder goes with the last holder; it is not empty while there is another.
  (void)files_->remove_empty_directory(base::parent_path(path));
}

Result<StoreLease> Leases::create(const Digest& key) const {
  const std::string folder = layout_.leases(key);
  const std::string path =
      base::join_path(folder, base::Owner::current().unique_suffix().substr(1));
  // The folder goes with whoever leaves it last, perhaps between its making and our file.
  constexpr int k_attempts = 16;
  Result<void> made;
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    made = files_.make_directories(folder);
    if (made) {
      Result<std::unique_ptr<base::WritableFile>> file =
          files_.create(path, base::CreateMode::exclusive, 0666);
      if (file) return StoreLease(files_, path);
      made = std::move(file).error();
    }
    if (made.error().code != ErrorCode::not_found) break;
  }
  return std::move(made).error();
}

Result<std::vector<std::optional<base::Owner>>> Leases::holders(const Digest& key) const {
  std::vector<std::optional<base::Owner>> holders;
  const Result<std::vector<base::DirectoryEntry>> entries = files_.list(layout_.leases(key));
  if (!entries) {
    if (entries.error().code == ErrorCode::not_found) return holders;
    return entries.error();
  }
  LivenessCache liveness;
  for (const base::DirectoryEntry& entry : *entries) {
    std::optional<base::Owner> owner = owner_of_lease(entry.name);
    if (owner && liveness.of(*owner) == base::Owner::Liveness::dead) continue;
    holders.push_back(std::move(owner));
  }
  return holders;
}

std::unordered_map<Digest, std::vector<std::optional<base::Owner>>> Leases::all() const {
  std::unordered_map<Digest, std::vector<std::optional<base::Owner>>> held;
  const Result<std::vector<base::DirectoryEntry>> entries = files_.list(layout_.leases());
  if (!entries) return held;
  for (const base::DirectoryEntry& entry : *entries) {
    const Result<Digest> key = Digest::parse(entry.name);
    if (!key) continue;
    Result<std::vector<std::optional<base::Owner>>> who = holders(*key);
    if (!who) {
      held[*key] = {std::nullopt};
    } else if (!who->empty()) {
      held[*key] = *std::move(who);
    }
  }
  return held;
}

std::uint64_t Leases::remove_dead() const {
  std::uint64_t removed = 0;
  const Result<std::vector<base::DirectoryEntry>> keys = files_.list(layout_.leases());
  if (!keys) return 0;
  LivenessCache liveness;
  for (const base::DirectoryEntry& key : *keys) {
    if (key.kind != base::FileKind::directory || !Digest::parse(key.name)) continue;
    const std::string folder = base::join_path(layout_.leases(), key.name);
    const Result<std::vector<base::DirectoryEntry>> entries = files_.list(folder);
    if (!entries) continue;
    for (const base::DirectoryEntry& entry : *entries) {
      const std::optional<base::Owner> owner = owner_of_lease(entry.name);
      if (!owner || liveness.of(*owner) != base::Owner::Liveness::dead) continue;
      if (files_.remove_file(base::join_path(folder, entry.name))) ++removed;
    }
    (void)files_.remove_empty_directory(folder);  // fails while there is a holder
  }
  return removed;
}

}  // namespace modelhub::store
