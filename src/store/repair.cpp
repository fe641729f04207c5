// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/repair.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "store/store.h"

namespace modelhub::store {
namespace {

ByteCount bytes_of_chunk(ByteCount blob, std::uint32_t chunk) {
  const std::uint64_t begin = chunk * k_chunk_bytes;
  return ByteCount(std::min<std::uint64_t>(k_chunk_bytes, blob.count() - begin));
}

// Chunks that are known and were compared can be kept, but for the bad ones.
bool can_reuse(const VerifiedFile& file) {
  return file.verdict != FileVerdict::missing && !file.bad_chunks.empty();
}

}  // namespace

RepairPlan Store::plan_repair(const VerifyReport& report) const {
  RepairPlan plan{report.model, {}, ByteCount()};
  for (const VerifiedFile& file : report.files) {
    const auto is_same = [&file](const RepairBlob& blob) { return blob.digest == file.expected; };
    if (file.verdict == FileVerdict::ok ||
        std::any_of(plan.blobs.begin(), plan.blobs.end(), is_same)) {
      continue;
    }
    RepairBlob blob{file.path, file.expected, file.expected_bytes, file.location, file.verdict, {},
                    {},        ByteCount()};
    const std::optional<ChunkRecord> record =
        load_chunk_record(files_, layout_, blob.digest, blob.bytes);
    if (record) blob.chunks = record->chunks;
    if (!blob.chunks.empty() && can_reuse(file)) {
      blob.bad_chunks = file.bad_chunks;
    } else {
      blob.bad_chunks.resize((blob.bytes.count() + k_chunk_bytes - 1) / k_chunk_bytes);
      std::iota(blob.bad_chunks.begin(), blob.bad_chunks.end(), 0U);
    }
    for (const std::uint32_t chunk : blob.bad_chunks)
      blob.to_fetch += bytes_of_chunk(blob.bytes, chunk);
    plan.to_fetch += blob.to_fetch;
    plan.blobs.push_back(std::move(blob));
  }
  return plan;
}

Result<RepairPlan> Store::plan_repair(const ModelId& id, const VerifyProgress& progress,
                                      const std::stop_token& stop) {
  const Result<VerifyReport> report = verify(id, VerifyMode::full, progress, stop);
  if (!report) return report.error();
  return plan_repair(*report);
}

}  // namespace modelhub::store
