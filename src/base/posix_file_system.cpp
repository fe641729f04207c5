// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "base/file_system.h"

namespace modelhub::base {
namespace {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

int open_retrying(const std::string& path, int flags, mode_t mode = 0) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::regular;
  if (S_ISDIR(mode)) return FileKind::directory;
  if (S_ISLNK(mode)) return FileKind::symlink;
  return FileKind::other;
}

// The kind of an entry, looked up where the file system does not put it into the listing
// (DT_UNKNOWN).
FileKind kind_of(DIR* stream, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return kind_of(DTTOIF(entry.d_type));
  struct stat raw {};
  if (::fstatat(::dirfd(stream), entry.d_name, &raw, AT_SYMLINK_NOFOLLOW) != 0)
    return FileKind::other;
  return kind_of(raw.st_mode);
}

FileStat to_file_stat(const struct stat& raw) {
  FileStat stat;
  stat.kind = kind_of(raw.st_mode);
  stat.size = ByteCount(static_cast<std::uint64_t>(raw.st_size));
  stat.allocated = ByteCount(static_cast<std::uint64_t>(raw.st_blocks) * 512);
  stat.device = raw.st_dev;
  stat.inode = raw.st_ino;
  stat.links = raw.st_nlink;
  stat.mtime_ns =
      static_cast<std::int64_t>(raw.st_mtim.tv_sec) * 1'000'000'000 + raw.st_mtim.tv_nsec;
  stat.mode = raw.st_mode & 07777U;
  return stat;
}

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(int fd, std::string path) : descriptor_(fd), path_(std::move(path)) {}

  Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t written =
          ::pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return error_from_errno(errno, "write", path_);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      offset += static_cast<std::uint64_t>(written);
    }
    return {};
  }

  Result<void> truncate(std::uint64_t size) override {
    if (::ftruncate(descriptor_.get(), static_cast<off_t>(size)) != 0) {
      return error_from_errno(errno, "truncate", path_);
    }
    return {};
  }

  Result<void> sync() override {
    if (::fsync(descriptor_.get()) != 0) return error_from_errno(errno, "sync", path_);
    return {};
  }

  Result<void> close() override {
    if (::close(descriptor_.release()) != 0 && errno != EINTR)
      return error_from_errno(errno, "close", path_);
    return {};
  }

 private:
  Descriptor descriptor_;
  const std::string path_;
};

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(int fd, std::string path) : descriptor_(fd), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t count = ::pread(descriptor_.get(), bytes.data() + done, bytes.size() - done,
                                    static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return error_from_errno(errno, "read", path_);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  Result<FileStat> stat() const override {
    struct stat raw {};
    if (::fstat(descriptor_.get(), &raw) != 0) return error_from_errno(errno, "look at", path_);
    return to_file_stat(raw);
  }

 private:
  Descriptor descriptor_;
  const std::string path_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<WritableFile>> create(const std::string& path, CreateMode mode,
                                               std::uint32_t permissions) override {
    int flags = O_WRONLY | O_CREAT;
    if (mode == CreateMode::exclusive) flags |= O_EXCL;
    if (mode == CreateMode::truncate) flags |= O_TRUNC;
    const int fd = open_retrying(path, flags, permissions);
    if (fd < 0) return error_from_errno(errno, "create", path);
    return std::unique_ptr<WritableFile>(std::make_unique<PosixWritableFile>(fd, path));
  }

  Result<std::unique_ptr<ReadableFile>> open(const std::string& path) override {
    const int fd = open_retrying(path, O_RDONLY);
    if (fd < 0) return error_from_errno(errno, "open", path);
    return std::unique_ptr<ReadableFile>(std::make_unique<PosixReadableFile>(fd, path));
  }

  Result<FileStat> stat(const std::string& path) override {
    struct stat raw {};
    if (::stat(path.c_str(), &raw) != 0) return error_from_errno(errno, "look at", path);
    return to_file_stat(raw);
  }

  Result<std::vector<DirectoryEntry>> list(const std::string& directory) override {
    DIR* const stream = ::opendir(directory.c_str());
    if (stream == nullptr) return error_from_errno(errno, "list", directory);
    std::vector<DirectoryEntry> entries;
    errno = 0;
    while (const dirent* raw = ::readdir(stream)) {
      const std::string name = raw->d_name;
      if (name != "." && name != "..") entries.push_back({name, kind_of(stream, *raw), raw->d_ino});
      errno = 0;
    }
    const int error_number = errno;
    ::closedir(stream);
    if (error_number != 0) return error_from_errno(error_number, "list", directory);
    return entries;
  }

  Result<void> make_directories(const std::string& path) override {
    if (::mkdir(path.c_str(), 0777) == 0) return {};
    if (errno == ENOENT && !path.empty() && parent_path(path) != path) {
      if (Result<void> parent = make_directories(parent_path(path)); !parent) return parent;
      if (::mkdir(path.c_str(), 0777) == 0) return {};
    }
    const int error_number = errno;
    struct stat raw {};
    if (error_number != EEXIST) return error_from_errno(error_number, "make the folder", path);
    // It was there, and may be gone again by now: not_found then, so that the caller can try once
    // more.
    if (::stat(path.c_str(), &raw) != 0) return error_from_errno(errno, "make the folder", path);
    if (!S_ISDIR(raw.st_mode)) return error_from_errno(ENOTDIR, "make the folder", path);
    return {};
  }

  Result<void> make_directory(const std::string& path) override {
    if (::mkdir(path.c_str(), 0777) != 0) return error_from_errno(errno, "make the folder", path);
    return {};
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0)
      return error_from_errno(errno, "rename " + from + " to", to);
    return {};
  }

  Result<void> rename_without_replacing(const std::string& from, const std::string& to) override {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (errno != EINVAL && errno != ENOSYS)
      return error_from_errno(errno, "rename " + from + " to", to);
    // File systems without the flag (NFS): a hard link is as atomic, for files.
    if (Result<void> linked = link(from, to); !linked) return linked;
    return remove_file(from);
  }

  Result<void> link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) != 0)
      return error_from_errno(errno, "link " + from + " as", to);
    return {};
  }

  Result<void> remove_file(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return error_from_errno(errno, "remove", path);
    return {};
  }

  Result<void> remove_empty_directory(const std::string& path) override {
    if (::rmdir(path.c_str()) != 0) return error_from_errno(errno, "remove the folder", path);
    return {};
  }

  Result<void> sync_directory(const std::string& path) override {
    const Descriptor descriptor(open_retrying(path, O_RDONLY | O_DIRECTORY));
    if (descriptor.get() < 0) return error_from_errno(errno, "open the folder", path);
    // Some file systems cannot sync a folder and say EINVAL: there the rename itself is all one can
    // have.
    if (::fsync(descriptor.get()) != 0 && errno != EINVAL)
      return error_from_errno(errno, "sync the folder", path);
    return {};
  }

  Result<void> sync_file_system(const std::string& path) override {
    const Descriptor descriptor(open_retrying(path, O_RDONLY));
    if (descriptor.get() < 0) return error_from_errno(errno, "open", path);
    if (::syncfs(descriptor.get()) != 0)
      return error_from_errno(errno, "sync the file system of", path);
    return {};
  }

  // The kernel grants a read lease only on a file that nobody has open for writing.
  Result<bool> is_open_for_writing(const std::string& path) override {
    const Descriptor descriptor(open_retrying(path, O_RDONLY | O_NONBLOCK));
    if (descriptor.get() < 0) return error_from_errno(errno, "open", path);
    // Whoever opens it for writing while the lease is held breaks it, which is told by a signal;
    // SIGIO, the default, would end the process, SIGURG is ignored.
    if (::fcntl(descriptor.get(), F_SETSIG, SIGURG) != 0) return false;
    if (::fcntl(descriptor.get(), F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
    (void)::fcntl(descriptor.get(), F_SETLEASE, F_UNLCK);
    return false;
  }

  Result<void> set_permissions(const std::string& path, std::uint32_t permissions) override {
    if (::chmod(path.c_str(), permissions) != 0)
      return error_from_errno(errno, "set the permissions of", path);
    return {};
  }

  Result<void> set_modification_time(const std::string& path,
                                     std::chrono::system_clock::time_point time) override {
    const auto since_epoch =
        std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
    timespec stamp{};
    stamp.tv_sec = since_epoch / 1'000'000'000;
    stamp.tv_nsec = since_epoch % 1'000'000'000;
    const timespec times[2] = {{0, UTIME_OMIT}, stamp};
    if (::utimensat(AT_FDCWD, path.c_str(), times, 0) != 0)
      return error_from_errno(errno, "stamp", path);
    return {};
  }

  Result<ByteCount> free_space(const std::string& path) override {
    struct statvfs raw {};
    if (::statvfs(path.c_str(), &raw) != 0)
      return error_from_errno(errno, "look at the file system of", path);
    return ByteCount(static_cast<std::uint64_t>(raw.f_bavail) * raw.f_frsize);
  }

  std::string boot() override {
    std::string id;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
    return id;
  }
};

}  // namespace

FileSystem& FileSystem::real() {
  static PosixFileSystem files;
  return files;
}

}  // namespace modelhub::base
