// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "modelhub/error.h"
#include "transfer/byte_ranges.h"
#include "transfer/landing.h"

namespace modelhub::transfer {

// Reads a local source in slices, on a worker: a network drive may make one wait.
//
// Thread safety: one thread; the loop's. What the worker does is inside.
class LocalCopy : public std::enable_shared_from_this<LocalCopy> {
 public:
  static constexpr std::uint64_t k_slice_bytes = 1024 * 1024;

  LocalCopy(base::FileSystem& files, const Workers& workers, std::string path)
      : files_(files), workers_(workers), path_(std::move(path)) {}

  // Opens the source first, when this is the first slice. REQUIRES: not is_busy().
  void read(ByteRange slice);
  bool is_busy() const { return is_busy_.load(std::memory_order_acquire); }

  // What the last read() found. REQUIRES: not is_busy().
  struct Slice {
    ByteRange range;
    std::span<const std::byte> bytes;  // shorter than the range at the end of the source
    std::optional<Error> error;
    base::FileStat stat;  // of the source, as it was when it was opened
  };
  // Nothing when it was taken already, or nothing was read.
  std::optional<Slice> take();

 private:
  void run(ByteRange slice);

  base::FileSystem& files_;
  const Workers& workers_;
  const std::string path_;

  std::atomic<bool> is_busy_{false};
  std::unique_ptr<base::ReadableFile> file_;
  std::vector<std::byte> buffer_;
  base::FileStat stat_;
  std::optional<Slice> slice_;
};

}  // namespace modelhub::transfer
