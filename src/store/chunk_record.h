// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "modelhub/digest.h"
#include "store/layout.h"

namespace modelhub::store {

// A blob is hashed in chunks of this size, so that damage can be found and mended without fetching
// all of it.
inline constexpr std::uint64_t k_chunk_bytes = 4 * 1024 * 1024;

// What a file looked like when its content was known to be right.
struct Stamp {
  std::uint64_t inode = 0;
  ByteCount bytes;
  std::int64_t mtime_ns = 0;

  static Stamp of(const base::FileStat& stat) { return {stat.inode, stat.size, stat.mtime_ns}; }
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

// chunks/<hex>.json: what is known about a blob besides its digest. Only saves work: it may be
// missing or stale, and is written again at the next verification.
struct ChunkRecord {
  // In order; empty while unknown. A record carries a seal, a digest over them and the blob's own:
  // without it they are not believed, with it a blob of these chunks is right.
  std::vector<Digest> chunks;
  std::optional<Stamp> stamp;  // none: the blob must be hashed before it is believed
};

// Nothing when there is no record, or none that makes sense for a blob of `bytes`.
std::optional<ChunkRecord> load_chunk_record(base::FileSystem& files, const Layout& layout,
                                             const Digest& digest, ByteCount bytes);
// The first of a blob; whoever reads a half written one takes it for none. Errors: busy when there
// is one.
Result<void> create_chunk_record(base::FileSystem& files, const Layout& layout,
                                 const Digest& digest, ByteCount bytes, const ChunkRecord& record);
// Readers see the old record or the new one; after a power cut perhaps a torn one, which load takes
// for none.
Result<void> save_chunk_record(base::FileSystem& files, const Layout& layout, const Digest& digest,
                               ByteCount bytes, const ChunkRecord& record);

}  // namespace modelhub::store
