// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/picture_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <new>
#include <string_view>
#include <system_error>

#include "base/file_system.h"
#include "modelhub/byte_count.h"
#include "vision/picture_format.h"

namespace modelhub::vision {
namespace {

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) {
    do {
      fd_ = ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY);
    } while (fd_ < 0 && errno == EINTR);
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

// The table of errno values is base's; the subject and the next step are a picture's.
Error input_error(int error_number, std::string_view action, const std::string& path) {
  Error error = base::error_from_errno(error_number, action, path);
  error.subject = Subject::input;
  error.hint.clear();
  if (error_number == ENOENT)
    error.hint = "check the name; a relative one starts at the current directory";
  if (error_number == EACCES) error.hint = "make it readable for this user: chmod +r";
  return error;
}

Error output_error(Error error) {
  error.subject = Subject::other;
  switch (error.code) {
    case ErrorCode::not_found: error.hint = "make the folder first: mkdir -p"; break;
    case ErrorCode::no_space:
      error.hint = "free some space on that file system, or write elsewhere";
      break;
    default: error.hint = "choose another place for the picture"; break;
  }
  return error;
}

// Appends up to `count` bytes; fewer only at the end of the file.
Result<void> read_more(const Descriptor& file, const std::string& path, std::size_t count,
                       std::vector<std::byte>& bytes) {
  std::size_t filled = bytes.size();
  bytes.resize(filled + count);
  while (filled < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return input_error(errno, "read", path);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return {};
}

Error too_long(const std::string& path, std::uint64_t limit_bytes) {
  return {ErrorCode::unsupported, Subject::input,
          path + " is longer than " + ByteCount(limit_bytes).to_string() +
              ", more than a picture of the largest allowed size needs",
          "make the picture smaller or cut it into pieces"};
}

Result<std::vector<std::byte>> read_all(const Descriptor& file, const std::string& path,
                                        std::uint64_t expected_bytes, std::uint64_t limit_bytes) {
  std::vector<std::byte> bytes;
  if (Result<void> done = read_more(file, path, k_signature_bytes, bytes); !done)
    return std::move(done).error();
  if (bytes.empty()) {
    return Error(ErrorCode::io_error, Subject::input, path + " is empty",
                 "name a file with a picture in it");
  }
  if (picture_format_of(bytes) == PictureFormat::unknown)
    return explain_unknown_format(bytes, path);
  if (expected_bytes > limit_bytes) return too_long(path, limit_bytes);
  bytes.reserve(expected_bytes + 1);
  // The size of a file is known; a pipe is read in pieces that double, so that both cost few calls.
  // One byte more than expected finds the end at once.
  for (;;) {
    const std::size_t before = bytes.size();
    const std::size_t wanted = before < expected_bytes + 1
                                   ? static_cast<std::size_t>(expected_bytes + 1 - before)
                                   : std::max<std::size_t>(before, 64U << 10);
    if (Result<void> done = read_more(file, path, wanted, bytes); !done)
      return std::move(done).error();
    if (bytes.size() > limit_bytes) return too_long(path, limit_bytes);
    if (bytes.size() < before + wanted) return bytes;
  }
}

Result<void> write_to_device(const std::string& path, const std::vector<std::byte>& bytes) {
  const Descriptor file(path, O_WRONLY);
  if (file.get() < 0) return output_error(base::error_from_errno(errno, "open", path));
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t written = ::write(file.get(), bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return output_error(base::error_from_errno(errno, "write", path));
    done += static_cast<std::size_t>(written);
  }
  return {};
}

}  // namespace

Result<std::vector<std::byte>> read_picture_file(const std::string& path,
                                                 std::uint64_t limit_bytes) {
  if (path.find('\0') != std::string::npos) {
    return Error(ErrorCode::invalid_argument, Subject::input,
                 "a file name may not contain a NUL byte");
  }
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0) return input_error(errno, "open", path);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return input_error(errno, "look at", path);
  if (S_ISDIR(status.st_mode)) {
    return Error(ErrorCode::io_error, Subject::input, path + " is a directory, not a picture",
                 "name the pictures in it: " + base::join_path(path, "*.jpg"));
  }
  const std::uint64_t expected =
      S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  try {
    return read_all(file, path, expected, limit_bytes);
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::out_of_memory, Subject::input, path + ": no memory to read the file",
                 "use a smaller picture");
  }
}

Result<void> write_picture_file(const std::string& path, const std::vector<std::byte>& bytes) {
  base::FileSystem& files = base::FileSystem::real();
  std::string target = path;
  if (const Result<base::FileStat> there = files.stat(path)) {
    // Renaming a file over /dev/stdout, or over a link, would replace what the user wrote through.
    if (there->kind == base::FileKind::other) return write_to_device(path, bytes);
    if (there->kind == base::FileKind::directory) {
      return Error(ErrorCode::io_error, Subject::other, path + " is a directory",
                   "add a file name");
    }
    std::error_code failure;
    const std::filesystem::path real = std::filesystem::canonical(path, failure);
    if (!failure) target = real.string();
  }
  const std::string_view content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return base::write_file_atomically(files, target, content, 0666).transform_error(output_error);
}

}  // namespace modelhub::vision
