// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "modelhub/byte_count.h"
#include "modelhub/digest.h"
#include "modelhub/result.h"
#include "transfer/byte_ranges.h"

namespace modelhub::transfer {

// What a partial file is said to hold. Only a hint: whoever goes on hashes what it claims.
//
// Format:        docs/formats/journal.md, version 1.
// Thread safety: a value.
struct Journal {
  Digest digest;  // of the whole file
  ByteCount bytes;
  std::string source;     // where the bytes came from, without credentials and query; may be empty
  std::string validator;  // the source's, for If-Range; empty when it gave none
  std::map<std::size_t, Digest> chunks;  // those that are complete, by index
  ByteRanges unproved;                   // what else is there: proved by the whole digest only

  std::string to_text() const;
  // Errors: corrupt_data (torn, or not a journal), unsupported (a newer version).
  static Result<Journal> parse(std::string_view text);
};

// Errors: not_found, io_error, and those of parse().
Result<Journal> load_journal(base::FileSystem& files, const std::string& path);
// Readers see the old journal or the new one. `files` must be that of the data, which is synced
// before.
Result<void> save_journal(base::FileSystem& files, const std::string& path,
                          const std::string& text);

}  // namespace modelhub::transfer
