// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "support/memory_file_system.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <span>

namespace modelhub::test {

using base::CreateMode;
using base::error_from_errno;
using base::FileKind;

struct MemoryFileSystem::Node {
  FileKind kind = FileKind::regular;
  std::uint64_t inode = 0;
  std::uint64_t links = 0;
  std::uint32_t mode = 0;
  std::int64_t mtime_ns = 0;
  std::uint64_t writers = 0;  // that have it open
  std::string content;
  std::string durable_content;
  Entries entries;
  Entries durable_entries;

  // Of what was written since the last sync the first half has arrived.
  std::string half_written() const {
    std::string torn = content.substr(0, content.size() / 2);
    if (torn.size() < durable_content.size()) torn += durable_content.substr(torn.size());
    return torn;
  }
  // Of what was written since the last sync there is the place only.
  std::string changes_blank() const {
    std::string blank = content;
    for (std::size_t i = 0; i < blank.size(); ++i) {
      if (i >= durable_content.size() || blank[i] != durable_content[i]) blank[i] = '\0';
    }
    return blank;
  }
};

class MemoryFileSystem::OpenFile final : public base::WritableFile, public base::ReadableFile {
 public:
  enum class For { reading, writing };

  // REQUIRES: the file system's mutex is held.
  OpenFile(MemoryFileSystem& files, NodePtr node, For purpose)
      : files_(files), node_(std::move(node)), is_writer_(purpose == For::writing) {
    if (is_writer_) ++node_->writers;
  }
  ~OpenFile() override { leave(); }

  Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    std::lock_guard lock(files_.mutex_);
    if (node_->content.size() < offset + bytes.size()) node_->content.resize(offset + bytes.size());
    std::memcpy(node_->content.data() + offset, bytes.data(), bytes.size());
    node_->mtime_ns = ++files_.now_ns_;
    return {};
  }
  Result<void> truncate(std::uint64_t size) override {
    std::lock_guard lock(files_.mutex_);
    node_->content.resize(size);
    node_->mtime_ns = ++files_.now_ns_;
    return {};
  }
  Result<void> sync() override {
    std::lock_guard lock(files_.mutex_);
    node_->durable_content = node_->content;
    return {};
  }
  Result<void> close() override {
    leave();
    return {};
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
    std::lock_guard lock(files_.mutex_);
    if (offset >= node_->content.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(bytes.size(), node_->content.size() - offset);
    std::memcpy(bytes.data(), node_->content.data() + offset, count);
    return count;
  }
  Result<base::FileStat> stat() const override {
    std::lock_guard lock(files_.mutex_);
    return files_.stat_of(*node_);
  }

 private:
  void leave() {
    std::lock_guard lock(files_.mutex_);
    if (std::exchange(is_writer_, false)) --node_->writers;
  }

  MemoryFileSystem& files_;
  const NodePtr node_;
  bool is_writer_;  // and not closed yet; guarded by the file system's mutex
};

MemoryFileSystem::MemoryFileSystem()
    : now_ns_(std::chrono::duration_cast<std::chrono::nanoseconds>(
                  std::chrono::system_clock::now().time_since_epoch())
                  .count()) {
  root_ = new_node(FileKind::directory, 0755);
}

MemoryFileSystem::~MemoryFileSystem() = default;

MemoryFileSystem::NodePtr MemoryFileSystem::new_node(FileKind kind, std::uint32_t mode) {
  auto node = std::make_shared<Node>();
  node->kind = kind;
  node->inode = next_inode_++;
  node->mode = mode;
  node->mtime_ns = ++now_ns_;
  return node;
}

MemoryFileSystem::NodePtr MemoryFileSystem::find(const std::string& path) const {
  NodePtr node = root_;
  for (std::size_t at = 0; node && at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (end > at) {
      const auto found = node->entries.find(path.substr(at, end - at));
      node = found == node->entries.end() ? nullptr : found->second;
    }
    at = end + 1;
  }
  return node;
}

std::pair<MemoryFileSystem::NodePtr, std::string> MemoryFileSystem::find_parent(
    const std::string& path) const {
  NodePtr parent = find(base::parent_path(path));
  if (parent && parent->kind != FileKind::directory) parent = nullptr;
  return {parent, path.substr(path.rfind('/') + 1)};
}

base::FileStat MemoryFileSystem::stat_of(const Node& node) const {
  base::FileStat stat;
  stat.kind = node.kind;
  stat.size = ByteCount(node.content.size());
  stat.allocated = stat.size;
  stat.device = 1;
  stat.inode = node.inode;
  stat.links = node.links;
  stat.mtime_ns = node.mtime_ns;
  stat.mode = node.mode;
  return stat;
}

Result<std::unique_ptr<base::WritableFile>> MemoryFileSystem::create(const std::string& path,
                                                                     CreateMode mode,
                                                                     std::uint32_t permissions) {
  std::lock_guard lock(mutex_);
  const auto [parent, name] = find_parent(path);
  if (!parent) return error_from_errno(ENOENT, "create", path);
  NodePtr& node = parent->entries[name];
  if (node && mode == CreateMode::exclusive) return error_from_errno(EEXIST, "create", path);
  if (node && node->kind == FileKind::directory) return error_from_errno(EISDIR, "create", path);
  if (!node) {
    node = new_node(FileKind::regular, permissions & ~022U);
    node->links = 1;
    parent->mtime_ns = ++now_ns_;
  }
  if (mode == CreateMode::truncate) node->content.clear();
  return std::unique_ptr<base::WritableFile>(
      std::make_unique<OpenFile>(*this, node, OpenFile::For::writing));
}

Result<std::unique_ptr<base::ReadableFile>> MemoryFileSystem::open(const std::string& path) {
  std::lock_guard lock(mutex_);
  NodePtr node = find(path);
  if (!node) return error_from_errno(ENOENT, "open", path);
  return std::unique_ptr<base::ReadableFile>(
      std::make_unique<OpenFile>(*this, std::move(node), OpenFile::For::reading));
}

Result<base::FileStat> MemoryFileSystem::stat(const std::string& path) {
  std::lock_guard lock(mutex_);
  const NodePtr node = find(path);
  if (!node) return error_from_errno(ENOENT, "look at", path);
  return stat_of(*node);
}

Result<std::vector<base::DirectoryEntry>> MemoryFileSystem::list(const std::string& directory) {
  std::lock_guard lock(mutex_);
  const NodePtr node = find(directory);
  if (!node) return error_from_errno(ENOENT, "list", directory);
  if (node->kind != FileKind::directory) return error_from_errno(ENOTDIR, "list", directory);
  std::vector<base::DirectoryEntry> entries;
  for (const auto& [name, child] : node->entries)
    entries.push_back({name, child->kind, child->inode});
  return entries;
}

Result<void> MemoryFileSystem::make_directories(const std::string& path) {
  std::lock_guard lock(mutex_);
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const auto [parent, name] = find_parent(path.substr(0, slash));
    if (!parent) return error_from_errno(ENOTDIR, "make the folder", path);
    NodePtr& node = parent->entries[name];
    if (!node) {
      node = new_node(FileKind::directory, 0755);
      parent->mtime_ns = ++now_ns_;
    }
    if (node->kind != FileKind::directory)
      return error_from_errno(ENOTDIR, "make the folder", path);
    if (slash == std::string::npos) return {};
  }
}

Result<void> MemoryFileSystem::make_directory(const std::string& path) {
  std::lock_guard lock(mutex_);
  const auto [parent, name] = find_parent(path);
  if (!parent) return error_from_errno(ENOENT, "make the folder", path);
  NodePtr& node = parent->entries[name];
  if (node) return error_from_errno(EEXIST, "make the folder", path);
  node = new_node(FileKind::directory, 0755);
  parent->mtime_ns = ++now_ns_;
  return {};
}

Result<void> MemoryFileSystem::move(const std::string& from, const std::string& to) {
  const auto [from_parent, from_name] = find_parent(from);
  const auto [to_parent, to_name] = find_parent(to);
  if (!from_parent || !to_parent || from_parent->entries.count(from_name) == 0) {
    return error_from_errno(ENOENT, "rename " + from + " to", to);
  }
  const NodePtr node = from_parent->entries[from_name];
  if (const auto there = to_parent->entries.find(to_name); there != to_parent->entries.end()) {
    if (there->second == node) return {};
    if (there->second->kind != node->kind)
      return error_from_errno(EISDIR, "rename " + from + " to", to);
    if (!there->second->entries.empty())
      return error_from_errno(ENOTEMPTY, "rename " + from + " to", to);
    if (node->kind == FileKind::regular) --there->second->links;
  }
  to_parent->entries[to_name] = node;
  from_parent->entries.erase(from_name);
  from_parent->mtime_ns = ++now_ns_;
  to_parent->mtime_ns = ++now_ns_;
  return {};
}

Result<void> MemoryFileSystem::rename(const std::string& from, const std::string& to) {
  std::lock_guard lock(mutex_);
  return move(from, to);
}

Result<void> MemoryFileSystem::rename_without_replacing(const std::string& from,
                                                        const std::string& to) {
  std::lock_guard lock(mutex_);
  if (find(to) && find(from)) return error_from_errno(EEXIST, "rename " + from + " to", to);
  return move(from, to);
}

Result<void> MemoryFileSystem::link(const std::string& from, const std::string& to) {
  std::lock_guard lock(mutex_);
  const NodePtr node = find(from);
  const auto [parent, name] = find_parent(to);
  if (!node || !parent) return error_from_errno(ENOENT, "link " + from + " as", to);
  if (!parent->entries.emplace(name, node).second)
    return error_from_errno(EEXIST, "link " + from + " as", to);
  ++node->links;
  parent->mtime_ns = ++now_ns_;
  return {};
}

Result<void> MemoryFileSystem::remove_file(const std::string& path) {
  std::lock_guard lock(mutex_);
  const auto [parent, name] = find_parent(path);
  const NodePtr node = find(path);
  if (!parent || !node) return error_from_errno(ENOENT, "remove", path);
  if (node->kind == FileKind::directory) return error_from_errno(EISDIR, "remove", path);
  --node->links;
  parent->entries.erase(name);
  parent->mtime_ns = ++now_ns_;
  return {};
}

Result<void> MemoryFileSystem::remove_empty_directory(const std::string& path) {
  std::lock_guard lock(mutex_);
  const auto [parent, name] = find_parent(path);
  const NodePtr node = find(path);
  if (!parent || !node) return error_from_errno(ENOENT, "remove the folder", path);
  if (node->kind != FileKind::directory)
    return error_from_errno(ENOTDIR, "remove the folder", path);
  if (!node->entries.empty()) return error_from_errno(ENOTEMPTY, "remove the folder", path);
  parent->entries.erase(name);
  parent->mtime_ns = ++now_ns_;
  return {};
}

Result<void> MemoryFileSystem::sync_directory(const std::string& path) {
  std::lock_guard lock(mutex_);
  const NodePtr node = find(path);
  if (!node) return error_from_errno(ENOENT, "sync the folder", path);
  node->durable_entries = node->entries;
  return {};
}

Result<void> MemoryFileSystem::sync_file_system(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (!find(path)) return error_from_errno(ENOENT, "open", path);
  make_durable(root_);
  return {};
}

void MemoryFileSystem::make_durable(const NodePtr& node) {
  node->durable_content = node->content;
  node->durable_entries = node->entries;
  for (const auto& [name, child] : node->entries) make_durable(child);
}

Result<bool> MemoryFileSystem::is_open_for_writing(const std::string& path) {
  std::lock_guard lock(mutex_);
  const NodePtr node = find(path);
  if (!node) return error_from_errno(ENOENT, "open", path);
  return node->writers != 0;
}

Result<void> MemoryFileSystem::set_permissions(const std::string& path, std::uint32_t permissions) {
  std::lock_guard lock(mutex_);
  const NodePtr node = find(path);
  if (!node) return error_from_errno(ENOENT, "set the permissions of", path);
  node->mode = permissions;
  return {};
}

Result<void> MemoryFileSystem::set_modification_time(const std::string& path,
                                                     std::chrono::system_clock::time_point time) {
  std::lock_guard lock(mutex_);
  const NodePtr node = find(path);
  if (!node) return error_from_errno(ENOENT, "stamp", path);
  node->mtime_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  return {};
}

Result<ByteCount> MemoryFileSystem::free_space(const std::string&) {
  return ByteCount(1'000'000'000);
}

std::string MemoryFileSystem::boot() {
  std::lock_guard lock(mutex_);
  return "boot-" + std::to_string(boots_);
}

void MemoryFileSystem::power_cut(Loss loss, std::uint32_t seed) {
  std::lock_guard lock(mutex_);
  if (loss != Loss::nothing) ++boots_;
  std::mt19937 random(seed);
  std::set<Node*> settled;
  settle(root_, loss, random, settled);
  count_links(root_);
}

void MemoryFileSystem::settle(const NodePtr& node, Loss loss, std::mt19937& random,
                              std::set<Node*>& settled) {
  if (!settled.insert(node.get()).second) return;  // another name of the same file
  node->links = 0;
  if (node->kind == FileKind::regular) {
    switch (loss) {
      case Loss::nothing: break;
      case Loss::all:
      case Loss::bytes: node->content = node->durable_content; break;
      case Loss::random:
        if (node->content == node->durable_content) break;
        switch (random() % 4) {
          case 0: break;
          case 1: node->content = node->durable_content; break;
          case 2: node->content = node->half_written(); break;
          default: node->content = node->changes_blank(); break;
        }
        break;
    }
    node->durable_content = node->content;
    return;
  }
  Entries kept;
  Entries all = node->entries;
  all.insert(node->durable_entries.begin(), node->durable_entries.end());
  for (const auto& [name, ignored] : all) {
    const bool is_new =
        loss == Loss::nothing || loss == Loss::bytes || (loss == Loss::random && random() % 2 == 0);
    const Entries& source = is_new ? node->entries : node->durable_entries;
    if (const auto found = source.find(name); found != source.end()) kept.insert(*found);
  }
  node->entries = kept;
  node->durable_entries = kept;
  for (const auto& [name, child] : kept) settle(child, loss, random, settled);
}

void MemoryFileSystem::count_links(const NodePtr& node) {
  for (const auto& [name, child] : node->entries) {
    if (child->kind == FileKind::regular) ++child->links;
    if (child->kind == FileKind::directory) count_links(child);
  }
}

}  // namespace modelhub::test
