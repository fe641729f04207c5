// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modelhub/byte_count.h"
#include "modelhub/digest.h"
#include "modelhub/export.h"
#include "modelhub/rel_path.h"

namespace modelhub MODELHUB_API {

// One file of an installed model.
//
// Thread safety: a value, as everything in this header.
struct InstalledFile {
  RelPath path;      // its name inside the model
  std::string role;  // "graph", "weights", "config", "labels", "dictionary"; may be empty
  ByteCount bytes;
  Digest sha256;
  // absolute path of the immutable blob that holds the bytes; not named like the file
  std::string location;
};

// A model variant whose files all lie in the store. Its blobs matched their digests when they were
// published.
struct InstalledModel {
  std::string name;
  std::string version;
  std::string variant;
  std::string task;
  std::string license;
  std::string format;  // "onnx", ...
  Digest key;  // of name, version, variant and files: the same wherever this model is installed
  std::vector<InstalledFile> files;  // in the order of the catalog
  ByteCount bytes;                   // of all files; content that two files share counts once
  std::vector<std::string> sources;  // URLs that the bytes came from, without credentials
  std::chrono::system_clock::time_point installed_at;
  std::chrono::system_clock::time_point last_used;  // installed_at until the first use
};

enum class VerifyMode {
  // a file whose inode, size and time are those of its last check is believed; others are read
  // again. Does not notice bits that rotted on the disk
  stamps,
  full,  // every byte is read and hashed again
};

enum class FileVerdict {
  ok,
  missing,
  wrong_size,
  digest_differs,
  unreadable,  // the file system refused, or what lies there is not a file
};

// Stable names for logs and JSON: "digest_differs".
std::string_view name_of(FileVerdict verdict);

// What verification found about one file.
struct VerifiedFile {
  RelPath path;
  std::string location;
  FileVerdict verdict = FileVerdict::ok;
  Digest expected;
  ByteCount expected_bytes;
  std::optional<Digest> found;           // where the content was hashed
  std::optional<ByteCount> found_bytes;  // where there is a file
  std::string detail;  // a sentence that names the file and what is wrong; empty when ok
  // which 4 MiB of the file differ, counted from 0; empty also when that is not known
  std::vector<std::uint32_t> bad_chunks;
};

// What verification found about a model.
struct VerifyReport {
  InstalledModel model;
  VerifyMode mode = VerifyMode::stamps;
  std::vector<VerifiedFile> files;  // all of them, in the model's order
  ByteCount hashed;                 // read again; 0 when the stamps were enough

  bool is_whole() const {
    return std::all_of(files.begin(), files.end(),
                       [](const VerifiedFile& file) { return file.verdict == FileVerdict::ok; });
  }
};

// What a home takes on disk. Sizes are rounded up to whole blocks of 4096 bytes, as the budget
// counts them.
struct StoreStatistics {
  ByteCount budget;
  ByteCount used;      // all that follows but `reserved`; content that models share counts once
  ByteCount reserved;  // promised to running pulls, what they have written already included
  ByteCount free_on_disk;

  std::uint64_t models = 0;
  std::uint64_t broken_manifests = 0;  // damaged or of a newer version: their files are kept
  ByteCount blobs;
  ByteCount saved_by_sharing;  // what the blobs would take more if no two models shared one
  ByteCount pinned;
  ByteCount leased;      // in use by a process now; may be pinned as well
  ByteCount evictable;   // would go if room were needed: models, and all of the next four
  ByteCount quarantine;  // failed verification
  ByteCount derived;     // compiled by engines, can be made again
  ByteCount abandoned;   // partial downloads that nobody goes on with now
  ByteCount unnamed;     // blobs that no model names and no pull wants
  ByteCount partials;    // of running or interrupted pulls, `abandoned` included
  ByteCount view_copies;
  ByteCount local;  // the only copy of something

  // Of the models that are installed now: how often one was used that was there already, and the
  // bytes that did not have to be fetched then. Lost counts of simultaneous uses are possible.
  std::uint64_t hits = 0;
  ByteCount bytes_saved;
};

enum class PrunedKind {
  quarantine,  // failed verification
  derived,     // can be made again
  partial,     // of a pull that was given up, or whose process has ended
  unnamed,     // a blob that no model names
  model,       // least recently used
};

// Stable names for logs and JSON: "quarantine".
std::string_view name_of(PrunedKind kind);

// One thing that was removed to make room, or would be.
struct PrunedItem {
  PrunedKind kind = PrunedKind::quarantine;
  std::string what;  // "yolox_s@0.1.1:onnx-fp32", or a path
  ByteCount bytes;   // on disk; content that another model needs is not counted
  std::optional<std::chrono::system_clock::time_point> last_used;  // of a model
};

struct PruneReport {
  std::vector<PrunedItem> items;  // in the order in which they went
  ByteCount freed;
  ByteCount used;  // afterwards
};

// What a repair did to one model.
struct RepairReport {
  std::string reference;           // "yolov8n@8.4.0:onnx-fp32"
  std::vector<std::string> files;  // those that were damaged, by their names in the model
  ByteCount checked;               // read and hashed
  ByteCount received;              // fetched: the bad chunks
  ByteCount reused;                // taken from the damaged files

  bool was_damaged() const { return !files.empty(); }
};

}  // namespace MODELHUB_API
