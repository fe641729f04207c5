// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "support/faulty_file_system.h"

#include <cerrno>
#include <span>

namespace modelhub::test {

class FaultyFileSystem::FaultyWritableFile final : public base::WritableFile {
 public:
  FaultyWritableFile(FaultyFileSystem& files, std::unique_ptr<base::WritableFile> below,
                     std::string path)
      : files_(files), below_(std::move(below)), path_(std::move(path)) {}

  Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    Result<void> allowed = files_.before("write_at", path_, true);
    if (allowed) return below_->write_at(offset, bytes);
    // A disk that fills up takes what still fits.
    if (allowed.error().code == ErrorCode::no_space)
      (void)below_->write_at(offset, bytes.first(bytes.size() / 2));
    return allowed;
  }
  Result<void> truncate(std::uint64_t size) override {
    if (Result<void> allowed = files_.before("truncate", path_, true); !allowed) return allowed;
    return below_->truncate(size);
  }
  Result<void> sync() override {
    if (Result<void> allowed = files_.before("sync", path_, true); !allowed) return allowed;
    return below_->sync();
  }
  Result<void> close() override {
    if (Result<void> allowed = files_.before("close", path_, true); !allowed) return allowed;
    return below_->close();
  }

 private:
  FaultyFileSystem& files_;
  const std::unique_ptr<base::WritableFile> below_;
  const std::string path_;
};

class FaultyFileSystem::FaultyReadableFile final : public base::ReadableFile {
 public:
  FaultyReadableFile(FaultyFileSystem& files, std::unique_ptr<base::ReadableFile> below,
                     std::string path)
      : files_(files), below_(std::move(below)), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
    if (Result<void> allowed = files_.before("read_at", path_, false); !allowed)
      return std::move(allowed).error();
    return below_->read_at(offset, bytes);
  }
  Result<base::FileStat> stat() const override { return below_->stat(); }

 private:
  FaultyFileSystem& files_;
  const std::unique_ptr<base::ReadableFile> below_;
  const std::string path_;
};

void FaultyFileSystem::set_rule(Rule rule) {
  std::lock_guard lock(mutex_);
  rule_ = std::move(rule);
}

std::uint64_t FaultyFileSystem::mutations() const {
  std::lock_guard lock(mutex_);
  return mutations_;
}

FaultyFileSystem::Rule FaultyFileSystem::fail_once_at(std::uint64_t n, int error_number) {
  return
      [=](const Call& call) { return call.is_mutating && call.mutation == n ? error_number : 0; };
}

FaultyFileSystem::Rule FaultyFileSystem::fail_from(std::uint64_t n, int error_number) {
  return
      [=](const Call& call) { return call.is_mutating && call.mutation >= n ? error_number : 0; };
}

FaultyFileSystem::Rule FaultyFileSystem::dead_from(std::uint64_t n) {
  return [=](const Call& call) { return call.mutation >= n ? EIO : 0; };
}

FaultyFileSystem::Rule FaultyFileSystem::refuse(std::string name, int error_number) {
  return [=, name = std::move(name)](const Call& call) {
    return call.name == name ? error_number : 0;
  };
}

Result<void> FaultyFileSystem::before(std::string_view name, const std::string& path,
                                      bool is_mutating) {
  std::lock_guard lock(mutex_);
  if (is_mutating) ++mutations_;
  const int error_number = rule_ ? rule_({name, path, is_mutating, mutations_}) : 0;
  if (error_number != 0) return base::error_from_errno(error_number, name, path);
  return {};
}

Result<std::unique_ptr<base::WritableFile>> FaultyFileSystem::create(const std::string& path,
                                                                     base::CreateMode mode,
                                                                     std::uint32_t permissions) {
  if (Result<void> allowed = before("create", path, true); !allowed)
    return std::move(allowed).error();
  auto file = below_.create(path, mode, permissions);
  if (!file) return file;
  return std::unique_ptr<base::WritableFile>(
      std::make_unique<FaultyWritableFile>(*this, *std::move(file), path));
}

Result<std::unique_ptr<base::ReadableFile>> FaultyFileSystem::open(const std::string& path) {
  if (Result<void> allowed = before("open", path, false); !allowed)
    return std::move(allowed).error();
  auto file = below_.open(path);
  if (!file) return file;
  return std::unique_ptr<base::ReadableFile>(
      std::make_unique<FaultyReadableFile>(*this, *std::move(file), path));
}

Result<base::FileStat> FaultyFileSystem::stat(const std::string& path) {
  if (Result<void> allowed = before("stat", path, false); !allowed)
    return std::move(allowed).error();
  return below_.stat(path);
}

Result<std::vector<base::DirectoryEntry>> FaultyFileSystem::list(const std::string& directory) {
  if (Result<void> allowed = before("list", directory, false); !allowed)
    return std::move(allowed).error();
  return below_.list(directory);
}

Result<void> FaultyFileSystem::make_directories(const std::string& path) {
  if (Result<void> allowed = before("make_directories", path, true); !allowed) return allowed;
  return below_.make_directories(path);
}

Result<void> FaultyFileSystem::make_directory(const std::string& path) {
  if (Result<void> allowed = before("make_directory", path, true); !allowed) return allowed;
  return below_.make_directory(path);
}

Result<void> FaultyFileSystem::rename(const std::string& from, const std::string& to) {
  if (Result<void> allowed = before("rename", from, true); !allowed) return allowed;
  return below_.rename(from, to);
}

Result<void> FaultyFileSystem::rename_without_replacing(const std::string& from,
                                                        const std::string& to) {
  if (Result<void> allowed = before("rename_without_replacing", from, true); !allowed)
    return allowed;
  return below_.rename_without_replacing(from, to);
}

Result<void> FaultyFileSystem::link(const std::string& from, const std::string& to) {
  if (Result<void> allowed = before("link", from, true); !allowed) return allowed;
  return below_.link(from, to);
}

Result<void> FaultyFileSystem::remove_file(const std::string& path) {
  if (Result<void> allowed = before("remove_file", path, true); !allowed) return allowed;
  return below_.remove_file(path);
}

Result<void> FaultyFileSystem::remove_empty_directory(const std::string& path) {
  if (Result<void> allowed = before("remove_empty_directory", path, true); !allowed) return allowed;
  return below_.remove_empty_directory(path);
}

Result<void> FaultyFileSystem::sync_directory(const std::string& path) {
  if (Result<void> allowed = before("sync_directory", path, true); !allowed) return allowed;
  return below_.sync_directory(path);
}

Result<void> FaultyFileSystem::sync_file_system(const std::string& path) {
  if (Result<void> allowed = before("sync_file_system", path, true); !allowed) return allowed;
  return below_.sync_file_system(path);
}

Result<bool> FaultyFileSystem::is_open_for_writing(const std::string& path) {
  if (Result<void> allowed = before("is_open_for_writing", path, false); !allowed)
    return std::move(allowed).error();
  return below_.is_open_for_writing(path);
}

Result<void> FaultyFileSystem::set_permissions(const std::string& path, std::uint32_t permissions) {
  if (Result<void> allowed = before("set_permissions", path, true); !allowed) return allowed;
  return below_.set_permissions(path, permissions);
}

Result<void> FaultyFileSystem::set_modification_time(const std::string& path,
                                                     std::chrono::system_clock::time_point time) {
  if (Result<void> allowed = before("set_modification_time", path, true); !allowed) return allowed;
  return below_.set_modification_time(path, time);
}

Result<ByteCount> FaultyFileSystem::free_space(const std::string& path) {
  if (Result<void> allowed = before("free_space", path, false); !allowed)
    return std::move(allowed).error();
  return below_.free_space(path);
}

}  // namespace modelhub::test
