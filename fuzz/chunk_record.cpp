// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/chunk_record.h"

#include <nlohmann/json.hpp>

#include "base/hasher.h"
#include "support/memory_file_system.h"
#include "target.h"

// A record is believed whole or not at all, and written as it was read.
MODELHUB_FUZZ_TARGET(chunk_record) {
  using namespace modelhub;
  static test::MemoryFileSystem files;
  static const store::Layout layout("/home");
  static const Digest digest = base::sha256_of("a blob of three chunks");
  constexpr ByteCount k_blob_bytes(3 * store::k_chunk_bytes - 1);
  (void)files.make_directories(layout.chunks());
  MODELHUB_FUZZ_REQUIRE(
      base::write_file_atomically(files, layout.chunk_record(digest), input, 0644).has_value());
  const auto record = store::load_chunk_record(files, layout, digest, k_blob_bytes);
  if (!record) return;
  MODELHUB_FUZZ_REQUIRE(record->chunks.empty() || record->chunks.size() == 3);
  if (record->stamp) {
    const auto stamp = nlohmann::json::parse(input).at("stamp");
    for (const char* const name : {"inode", "bytes", "mtime_ns"})
      MODELHUB_FUZZ_REQUIRE(stamp.at(name).is_number_integer());
  }
  MODELHUB_FUZZ_REQUIRE(
      store::save_chunk_record(files, layout, digest, k_blob_bytes, *record).has_value());
  const auto again = store::load_chunk_record(files, layout, digest, k_blob_bytes);
  MODELHUB_FUZZ_REQUIRE(again && again->chunks == record->chunks && again->stamp == record->stamp);
}
