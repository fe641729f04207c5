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
// There are two of them for a file. The one that lasts tells of bytes that were synced before, and
// holds after a power cut too. The passing one need not wait for the disk: it tells of bytes that
// were written, and holds until the machine restarts, so that a kill costs little however slow the
// disk is.
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
  std::string boot = {};  // the run of the machine for which it holds; empty: it lasts

  std::uint64_t claimed() const;  // bytes

  std::string to_text() const;
  // Errors: corrupt_data (torn, or not a journal), unsupported (a newer version).
  static Result<Journal> parse(std::string_view text);
};

// Of the journals at `path`, which names the one that lasts, the one that claims most of what still
// holds. Errors: not_found, io_error, and those of parse(), of the one that lasts.
Result<Journal> load_journal(base::FileSystem& files, const std::string& path);
bool has_journal(base::FileSystem& files, const std::string& path);
// Readers see the old journal or the new one. `files` must be that of the data, which is synced
// before.
Result<void> save_journal(base::FileSystem& files, const std::string& path, const Journal& journal);
// `turn` counts from 0: every other one goes into the same place, so that one that is torn by a
// kill leaves the one before. REQUIRES: `journal.boot` is not empty.
Result<void> save_passing_journal(base::FileSystem& files, const std::string& path,
                                  const Journal& journal, std::uint64_t turn);
void remove_journals(base::FileSystem& files, const std::string& path);

}  // namespace modelhub::transfer
