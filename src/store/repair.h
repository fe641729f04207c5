// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "modelhub/byte_count.h"
#include "modelhub/digest.h"
#include "modelhub/rel_path.h"
#include "modelhub/store.h"

namespace modelhub::store {

// One blob that has to be made whole.
struct RepairBlob {
  RelPath path;  // of the first file that has it, for people
  Digest digest;
  ByteCount bytes;
  std::string location;
  FileVerdict verdict = FileVerdict::missing;
  // The SHA-256 of each 4 MiB of the right content; empty while unknown: then all is fetched.
  std::vector<Digest> chunks;
  std::vector<std::uint32_t> bad_chunks;  // indexes; all of them when nothing can be reused
  ByteCount to_fetch;
};

// What repairs a model: each blob is staged, fetched with StagedFile::seeds(), which has the
// damaged blob where parts of it can be reused, and put in its place by Store::put_blobs(). The
// manifest stays as it is, and so do the models that share the blob: they are whole again with it.
struct RepairPlan {
  InstalledModel model;
  std::vector<RepairBlob> blobs;  // each once; empty when the model is whole
  ByteCount to_fetch;
};

}  // namespace modelhub::store
