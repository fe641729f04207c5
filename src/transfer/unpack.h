// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/file_system.h"
#include "modelhub/byte_count.h"
#include "modelhub/digest.h"
#include "modelhub/result.h"
#include "transfer/archive_member.h"

namespace modelhub::transfer {

// What an archive shall give. Digest and size are of the result.
struct UnpackRequest {
  UnpackKind kind;
  std::string member;  // only tar_gz: a name inside the archive, compared and never used as a path
  Digest digest;
  ByteCount bytes;
};

struct Unpacked {
  Digest digest;
  ByteCount bytes;
  std::vector<Digest> chunks;  // SHA-256 of each 4 MiB; empty when it is at most one chunk
};

// Unpacks one archive member while the archive still arrives, on a thread of its own.
//
// Invariants:    the only file written is data_path, and never more than the requested bytes of it.
//                After anything but a successful finish() there is no data_path. The result is not
//                synced. What follows the member in a tar.gz is not read; all of a bz2 is.
// Ownership:     borrows the FileSystem. The destructor waits for the thread, which takes at most
//                the unpacking of one block.
// Thread safety: advance(), abandon() and is_done() from any thread; finish() from one.
// Errors:        as ArchiveMember (the archive); checksum_mismatch (another size or digest, both
//                named) with Subject::model; cancelled (abandoned); no_space, io_error, not_found
//                with Subject::store. None is retryable: the same archive gives the same result.
class Unpacker {
 public:
  // `archive_path` is looked at when the first bytes are said to be there; `archive_bytes` is its
  // whole size. Errors: invalid_argument (a member that no archive may have: absolute or with
  // ".."), out_of_memory (no thread).
  static Result<std::unique_ptr<Unpacker>> start(base::FileSystem& files, UnpackRequest request,
                                                 std::string archive_path, std::string data_path,
                                                 ByteCount archive_bytes);
  ~Unpacker();
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  // So many bytes from the start of the archive are on disk and right so far. Never goes back.
  void advance(std::uint64_t prefix);
  // Does not wait for the thread. data_path is gone and will not come back: another Unpacker may
  // use it at once. No effect after a successful finish().
  void abandon();
  // finish() will not block: the result is there, or an error that more bytes do not mend.
  bool is_done() const;
  // Blocks until all is unpacked, for which advance() must reach the end of the archive, or
  // until abandon(). REQUIRES: called once.
  Result<Unpacked> finish();

 private:
  class Prefix;

  Unpacker(base::FileSystem& files, UnpackRequest request, std::string archive_path,
           std::string data_path, ByteCount archive_bytes);

  void run();
  Result<Unpacked> unpack();
  Result<Unpacked> write_result(ArchiveMember& member);
  // Errors: cancelled.
  Result<std::unique_ptr<base::WritableFile>> create_data();
  Error mismatch(const std::string& found, const std::string& catalogued) const;
  // The prefix, once it is longer than `position` or complete. Errors: cancelled.
  Result<std::uint64_t> wait_for_more(std::uint64_t position);
  bool is_abandoned() const;

  base::FileSystem& files_;
  const UnpackRequest request_;
  const std::string archive_path_;
  const std::string data_path_;
  const std::uint64_t archive_bytes_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t prefix_ = 0;                 // guarded by mutex_
  bool is_abandoned_ = false;                // guarded by mutex_
  bool is_delivered_ = false;                // guarded by mutex_; data_path is the caller's
  std::optional<Result<Unpacked>> outcome_;  // guarded by mutex_; set when the thread is done
  std::thread thread_;
};

}  // namespace modelhub::transfer
