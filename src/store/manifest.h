// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/file_system.h"
#include "modelhub/store.h"
#include "store/layout.h"
#include "store/model_id.h"

namespace modelhub::store {

struct RecordedFile {
  RelPath path;
  std::string role;
  ByteCount bytes;
  Digest sha256;
};

// What a manifest says about a model besides when it was installed.
struct ModelRecord {
  ModelId id;
  std::string task;
  std::string license;
  std::string format;
  std::vector<RecordedFile> files;
  std::vector<std::string> sources;  // URLs; REQUIRES: no credentials in them

  // At least one file, no path twice or inside another's, one size for each digest, text that is
  // UTF-8. Errors: invalid_argument, Subject::model.
  Result<void> check() const;
  Digest key() const;
  // Each digest once, in the order of the files.
  std::vector<RecordedFile> distinct_blobs() const;
};

struct Manifest {
  ModelRecord record;
  std::chrono::system_clock::time_point installed_at;
  std::optional<Digest> key = {};  // as it was read, and then found to be record.key()
};

// The manifest's text. `previous` is the text that it replaces, or empty: fields of it that this
// version does not know are kept. Errors: invalid_argument.
Result<std::string> write_manifest(const Manifest& manifest, std::string_view previous);

// Errors: corrupt_data or unsupported (a newer schema), Subject::store; the message names `path`
// and the field.
Result<Manifest> parse_manifest(std::string_view text, const std::string& path);
// Reads models/<id>.json and checks that it speaks about `id`. Errors: as parse_manifest;
// not_found, io_error.
Result<Manifest> read_manifest(base::FileSystem& files, const Layout& layout, const ModelId& id);

// Every digest that any manifest in the home names, also those that this version cannot read:
// whatever looks like a digest in their text. So nothing is removed that a newer version's
// manifest, or a damaged one, still needs. Errors: io_error when a manifest cannot be read: then
// nobody knows.
Result<std::unordered_set<Digest>> digests_named_by_manifests(base::FileSystem& files,
                                                              const Layout& layout);
// Appends what looks like a digest in `text`: runs of exactly 64 hexadecimal digits.
void collect_digests(std::string_view text, std::unordered_set<Digest>& digests);

// No manifest is larger: a model of 10,000 files needs 3 MB.
inline constexpr ByteCount k_max_manifest(16'000'000);

}  // namespace modelhub::store
