// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "modelhub/byte_count.h"
#include "modelhub/digest.h"
#include "modelhub/result.h"
#include "store/layout.h"

namespace modelhub::store {

// A folder of its own for one file that is being fetched, and at the same time the announcement
// that its blob is wanted: while it exists nobody removes that blob. Made by Store::stage(), used
// up by Store::publish().
//
// Ownership:     the folder and what is in it; dropped without publication, it is removed. In a
//                forked child it belongs to the parent and is left alone. REQUIRES: the file system
//                that the store was opened with lives on.
// Thread safety: one thread at a time.
class StagedFile {
 public:
  // Errors: io_error, no_space.
  static Result<StagedFile> announce(base::FileSystem& files, const Layout& layout,
                                     const Digest& digest, ByteCount bytes);
  StagedFile(StagedFile&& other) noexcept;
  StagedFile& operator=(StagedFile&& other) noexcept;
  ~StagedFile();

  const Digest& digest() const { return digest_; }
  ByteCount bytes() const { return bytes_; }
  // The store has this blob, whole: there is nothing to fetch, and complete() need not be called.
  bool is_present() const { return state_ == State::present; }
  // The folder, for what a transfer keeps beside the data.
  const std::string& folder() const { return folder_; }
  // Where the bytes go. Only this object's owner writes there.
  std::string data_path() const { return base::join_path(folder_, "data"); }

  // Whoever wrote data_path() says what it hashed while writing: the store does not read the bytes
  // again. `chunks` are the digests of each 4 MiB if they are known, else empty. Errors:
  // checksum_mismatch, Subject::model, with both digests; corrupt_data when the size differs.
  Result<void> complete(const Digest& found, ByteCount found_bytes,
                        std::vector<Digest> chunks = {});

 private:
  friend class Store;
  friend class Publication;
  enum class State {
    wanted,
    complete,  // data_path() holds the bytes
    present,
  };

  StagedFile(base::FileSystem& files, const Digest& digest, ByteCount bytes, std::string folder);
  // A second name of the present blob, which keeps its bytes within reach whatever happens to the
  // first.
  std::string hold_path() const { return base::join_path(folder_, "blob"); }
  // Remembers that the blob is there, and holds on to its bytes.
  void mark_present(const std::string& blob);
  void drop();

  base::FileSystem* files_;
  Digest digest_;
  ByteCount bytes_;
  std::string folder_;  // empty: nothing to drop
  State state_ = State::wanted;
  bool replaces_damaged_ = false;  // a blob that does not match lies in the place
  std::vector<Digest> chunks_;
  std::uint64_t fork_generation_;
};

}  // namespace modelhub::store
