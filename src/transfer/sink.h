// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/hasher.h"
#include "modelhub/digest.h"
#include "modelhub/result.h"

namespace modelhub::transfer {

// The destination of a fetch: hashes bytes as they come and writes them.
//
// Thread safety: one thread at a time; sync_and_close() may run on another one than the rest.
// Errors:        no_space, io_error, not_found (the folder is missing); Subject::store.
class Sink {
 public:
  Sink(base::FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  // An empty file at the destination; what an earlier attempt wrote is gone.
  Result<void> start();
  // REQUIRES: start() succeeded.
  Result<void> append(std::span<const std::byte> bytes);
  // Writes out what is buffered and tells the digest of everything since start().
  Result<Digest> finish();
  Result<void> sync_and_close();
  // Removes the destination, whatever is there: also what lay there before the fetch.
  void discard();

  std::uint64_t size() const { return size_; }

 private:
  Result<void> flush();

  base::FileSystem& files_;
  const std::string path_;
  std::unique_ptr<base::WritableFile> file_;
  base::Hasher hasher_;
  std::vector<std::byte> buffer_;
  std::uint64_t written_ = 0;
  std::uint64_t size_ = 0;  // written and buffered
};

}  // namespace modelhub::transfer
