// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/chunk_record.h"

#include <nlohmann/json.hpp>

#include "base/hasher.h"
#include "store/home.h"

namespace modelhub::store {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned k_record_schema = 1;
// 70 bytes for each chunk: enough for a blob of 1 TB.
constexpr ByteCount k_max_record(20'000'000);

std::string seal_of(const Digest& digest, ByteCount bytes, const std::vector<Digest>& chunks) {
  std::string text = "modelhub-chunks 1\n" + digest.hex() + "\n" + std::to_string(bytes.count()) +
                     "\n" + std::to_string(k_chunk_bytes) + "\n";
  for (const Digest& chunk : chunks) text += chunk.hex() + "\n";
  return base::sha256_of(text).hex();
}

std::optional<std::vector<Digest>> chunks_from(const Json& json, const Digest& blob,
                                               ByteCount bytes) {
  std::vector<Digest> chunks;
  for (const Json& entry : json.at("chunks")) {
    Result<Digest> digest = Digest::parse(entry.get<std::string>());
    if (!digest) return std::nullopt;
    chunks.push_back(*digest);
  }
  const std::uint64_t expected = (bytes.count() + k_chunk_bytes - 1) / k_chunk_bytes;
  if (!chunks.empty() && chunks.size() != expected) return std::nullopt;
  // A flipped bit in the record must not make a good blob look damaged.
  if (json.value("seal", "") != seal_of(blob, bytes, chunks)) chunks.clear();
  return chunks;
}

std::optional<ChunkRecord> record_from(const Json& json, const Digest& digest, ByteCount bytes) {
  if (json.at("schema") != k_record_schema || json.at("bytes") != bytes.count() ||
      json.at("chunk_bytes") != k_chunk_bytes) {
    return std::nullopt;
  }
  std::optional<std::vector<Digest>> chunks = chunks_from(json, digest, bytes);
  if (!chunks) return std::nullopt;
  ChunkRecord record;
  record.chunks = *std::move(chunks);
  if (const Json& stamp = json.at("stamp"); !stamp.is_null()) {
    const Json &inode = stamp.at("inode"), &size = stamp.at("bytes"), &mtime = stamp.at("mtime_ns");
    // Converting 1e30 would be undefined.
    if (!inode.is_number_unsigned() || !size.is_number_unsigned() || !mtime.is_number_integer())
      return std::nullopt;
    record.stamp = Stamp{inode.get<std::uint64_t>(), ByteCount(size.get<std::uint64_t>()),
                         mtime.get<std::int64_t>()};
  }
  return record;
}

std::string text_of(const Digest& digest, ByteCount bytes, const ChunkRecord& record) {
  Json json;
  json["schema"] = k_record_schema;
  json["bytes"] = bytes.count();
  json["chunk_bytes"] = k_chunk_bytes;
  json["chunks"] = Json::array();
  for (const Digest& chunk : record.chunks) json["chunks"].push_back(chunk.hex());
  json["seal"] = seal_of(digest, bytes, record.chunks);
  json["stamp"] = nullptr;
  if (record.stamp) {
    json["stamp"] = {{"inode", record.stamp->inode},
                     {"bytes", record.stamp->bytes.count()},
                     {"mtime_ns", record.stamp->mtime_ns}};
  }
  return json.dump() + "\n";
}

Result<void> create(base::FileSystem& files, const std::string& path, const std::string& text) {
  Result<void> done = write_new_file(files, path, text);
  if (!done && done.error().code != ErrorCode::busy) (void)files.remove_file(path);
  return done;
}

}  // namespace

std::optional<ChunkRecord> load_chunk_record(base::FileSystem& files, const Layout& layout,
                                             const Digest& digest, ByteCount bytes) {
  const Result<std::string> text =
      base::read_whole_file(files, layout.chunk_record(digest), k_max_record);
  if (!text) return std::nullopt;
  try {
    return record_from(Json::parse(*text), digest, bytes);
  } catch (const Json::exception&) {  // torn or of another kind: as good as none
    return std::nullopt;
  }
}

Result<void> create_chunk_record(base::FileSystem& files, const Layout& layout,
                                 const Digest& digest, ByteCount bytes, const ChunkRecord& record) {
  return create(files, layout.chunk_record(digest), text_of(digest, bytes, record));
}

Result<void> save_chunk_record(base::FileSystem& files, const Layout& layout, const Digest& digest,
                               ByteCount bytes, const ChunkRecord& record) {
  const std::string path = layout.chunk_record(digest);
  const std::string text = text_of(digest, bytes, record);
  Result<void> done = create(files, path, text);
  if (!done && done.error().code == ErrorCode::busy)
    return write_rebuildable_file(files, path, text);
  return done;
}

}  // namespace modelhub::store
