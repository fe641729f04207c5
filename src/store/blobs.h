// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "modelhub/store.h"
#include "store/chunk_record.h"
#include "store/layout.h"

namespace modelhub::store {

// Called with the bytes hashed since the last call.
using HashProgress = std::function<void(ByteCount)>;

// What was found where a blob should be.
struct BlobCheck {
  FileVerdict verdict = FileVerdict::ok;
  std::optional<Digest> found;
  std::optional<ByteCount> found_bytes;
  ByteCount hashed;
  std::string detail;          // why it is unreadable
  std::optional<Stamp> stamp;  // of what was looked at
  // Indexes of the 4 MiB chunks that differ, where the digests of the chunks are known.
  std::vector<std::uint32_t> bad_chunks;
};

struct BlobQuery {
  Digest digest;
  ByteCount bytes;
};

struct CheckOptions;

// What remove_unnamed() did.
struct BlobRemoval {
  std::vector<Digest> removed;
  ByteCount freed;
  std::vector<Error> failures;  // these stay where they were, for the next one who looks
};

// The immutable files of a home, each named by its SHA-256.
//
// Invariants:    a visible blob was complete and matched its digest when it was published; a blob
//                that a manifest or a running pull names is not removed by anybody. The pulls
//                announce themselves with a folder in staging before they look which blobs are
//                there; a removal takes the blob away, looks once more who names it, and gives it
//                back if somebody does. No lock is needed for either.
// Thread safety: all methods from any thread, and from several processes in one home.
// Errors:        io_error, no_space, cancelled.
class Blobs {
 public:
  Blobs(const Layout& layout, base::FileSystem& files) : layout_(layout), files_(files) {}

  // A file of that size lies there. Says nothing about its content.
  Result<bool> has(const Digest& digest, ByteCount bytes) const;

  // Compares with the stamp, or hashes and writes a new stamp where that is possible. A blob that a
  // removal has taken aside counts as missing. Errors: cancelled only; whatever is wrong with the
  // blob is the answer.
  enum class WriteStamps { no, yes };
  Result<BlobCheck> check(const Digest& digest, ByteCount bytes, VerifyMode mode,
                          WriteStamps stamps, const HashProgress& progress,
                          const std::stop_token& stop) const;
  // The same for many, in their order; what has to be hashed is hashed on several threads. Calls of
  // `progress` come from any of them, one at a time.
  Result<std::vector<BlobCheck>> check_all(const std::vector<BlobQuery>& queries,
                                           const CheckOptions& options,
                                           const HashProgress& progress,
                                           const std::stop_token& stop) const;
  // It has the stamp of its last check: one look, nothing is read.
  bool is_stamped(const Digest& digest, ByteCount bytes) const;

  // Moves a complete and synced file in. A blob of the right size that is there already stays,
  // unless `replace`: false then.
  enum class Replace { no, yes };
  Result<bool> put(const std::string& file, const Digest& digest, ByteCount bytes,
                   Replace replace) const;
  // Makes what was put durable.
  Result<void> sync() const { return files_.sync_directory(layout_.blobs()); }
  // Believes the blob as it is now: REQUIRES that its content was hashed by whoever wrote it.
  Result<void> save_stamp(const Digest& digest, ByteCount bytes, std::vector<Digest> chunks) const;

  // Gives back a blob that a removal has taken away. REQUIRES: a manifest or an announcement names
  // it. Errors: not_found when there is nothing to give back.
  Result<void> restore(const Digest& digest) const;

  // Removes those that no manifest and no running pull names.
  BlobRemoval remove_unnamed(const std::vector<Digest>& candidates) const;
  // A manifest or a running pull names it; also when nobody can tell.
  bool is_named(const Digest& digest) const;

 private:
  // Those of pulls whose process is not provably dead. Errors: io_error, then nobody can tell.
  Result<std::vector<std::string>> shared_folders() const;
  // A pull whose process is not provably dead wants this blob; `shared` are shared_folders().
  bool is_announced(const Digest& digest, const std::vector<std::string>& shared) const;
  std::vector<Digest> without_named(std::vector<Digest> candidates) const;

  const Layout& layout_;
  base::FileSystem& files_;
};

struct CheckOptions {
  CheckOptions() {}

  VerifyMode mode = VerifyMode::stamps;
  Blobs::WriteStamps stamps = Blobs::WriteStamps::yes;
  // Looks for a missing blob among those that a removal has taken aside, which takes a listing.
  bool restores = true;
  unsigned threads = 1;
};

}  // namespace modelhub::store
