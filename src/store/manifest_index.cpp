// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/manifest_index.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "store/steady_listing.h"

namespace modelhub::store {
namespace {

// A manifest in memory has about 2 KB.
constexpr std::size_t k_max_parsed = 4096;

// The key as write_manifest() writes it: the field of the outermost object, which alone stands two
// spaces from the margin. Nothing when the text was written otherwise.
std::optional<Digest> find_key(const std::string& text) {
  constexpr std::string_view k_field = "\n  \"key\": \"";
  const std::size_t at = text.find(k_field);
  if (at == std::string::npos) return std::nullopt;
  const Result<Digest> key =
      Digest::parse(std::string_view(text).substr(at + k_field.size(), 2 * Digest::k_bytes));
  if (!key) return std::nullopt;
  return *key;
}

bool is_of_this_schema(const std::string& text) {
  return text.find("\n  \"schema\": 1,\n") != std::string::npos ||
         text.starts_with("{\n  \"schema\": 1,\n");
}

}  // namespace

ManifestOutline outline_of(const std::string& file_name, const std::string& text,
                           const Stamp& stamp) {
  ManifestOutline outline;
  outline.file_name = file_name;
  outline.stamp = stamp;
  std::unordered_set<Digest> digests;
  collect_digests(text, digests);
  outline.digests.assign(digests.begin(), digests.end());
  Result<ModelId> id = ModelId::parse_manifest_name(file_name);
  if (!id) return outline;
  if (const std::optional<Digest> key = find_key(text); key && is_of_this_schema(text)) {
    outline.id = *std::move(id);
    outline.key = *key;
  } else if (const Result<Manifest> manifest = parse_manifest(text, file_name)) {
    outline.id = *std::move(id);
    outline.key = *manifest->key;
  }
  return outline;
}

Result<std::shared_ptr<const Manifest>> ManifestIndex::find(const ModelId& id) {
  const std::string path = layout_.manifest(id);
  const Result<base::FileStat> stat = files_.stat(path);
  if (!stat) return stat.error();
  const Stamp stamp = Stamp::of(*stat);
  const std::string name = id.manifest_name();
  {
    std::lock_guard lock(mutex_);
    const auto known = parsed_.find(name);
    if (known != parsed_.end() && known->second.stamp == stamp) return known->second.manifest;
  }
  const bool is_kept = is_settled(clock_, stamp.mtime_ns);
  Result<Manifest> manifest = read_manifest(files_, layout_, id);
  if (!manifest) return std::move(manifest).error();
  auto shared = std::make_shared<const Manifest>(*std::move(manifest));
  // What was read is what was looked at, if it has not changed in between.
  const Result<base::FileStat> after = files_.stat(path);
  if (is_kept && after && Stamp::of(*after) == stamp) {
    std::lock_guard lock(mutex_);
    if (parsed_.size() >= k_max_parsed) parsed_.clear();
    parsed_[name] = {stamp, shared};
  }
  return shared;
}

Result<std::shared_ptr<const ManifestIndex::Outlines>> ManifestIndex::outlines() {
  std::lock_guard lock(mutex_);
  const Result<base::FileStat> folder = files_.stat(layout_.models());
  if (!folder) {
    if (folder.error().code == ErrorCode::not_found) return std::make_shared<const Outlines>();
    return folder.error();
  }
  if (all_ && folder_ == Stamp::of(*folder)) return all_;
  const bool is_kept = is_settled(clock_, folder->mtime_ns);
  const Result<std::vector<base::DirectoryEntry>> entries = files_.list(layout_.models());
  if (!entries) return entries.error();
  auto all = std::make_shared<Outlines>();
  all->reserve(entries->size());
  std::unordered_map<std::string, std::shared_ptr<const ManifestOutline>> known;
  for (const base::DirectoryEntry& entry : *entries) {
    if (entry.kind == base::FileKind::directory) continue;
    Result<std::shared_ptr<const ManifestOutline>> outline = read_outline(entry.name);
    if (!outline && outline.error().code == ErrorCode::not_found) continue;  // gone since then
    if (!outline) return std::move(outline).error();
    all->push_back(*outline);
    if (is_settled(clock_, (*outline)->stamp.mtime_ns))
      known.emplace(entry.name, *std::move(outline));
  }
  known_ = std::move(known);
  all_ = all;
  const Result<base::FileStat> after = files_.stat(layout_.models());
  folder_.reset();
  if (is_kept && after && Stamp::of(*after) == Stamp::of(*folder)) folder_ = Stamp::of(*after);
  return std::shared_ptr<const Outlines>(std::move(all));
}

Result<std::shared_ptr<const ManifestOutline>> ManifestIndex::read_outline(
    const std::string& file_name) {
  const std::string path = base::join_path(layout_.models(), file_name);
  const auto known = known_.find(file_name);
  if (known != known_.end()) {
    const Result<base::FileStat> stat = files_.stat(path);
    if (!stat) return stat.error();
    if (Stamp::of(*stat) == known->second->stamp) return known->second;
  }
  const Result<std::unique_ptr<base::ReadableFile>> file = files_.open(path);
  if (!file) return file.error();
  const Result<base::FileStat> stat = (*file)->stat();
  if (!stat) return stat.error();
  if (stat->size > k_max_manifest) {
    return Error(ErrorCode::corrupt_data, Subject::store,
                 path + " has " + stat->size.to_string() + ", too much for a manifest",
                 "remove that file if it is not yours to keep");
  }
  std::string text(stat->size.count(), '\0');
  const Result<std::size_t> count =
      (*file)->read_at(0, std::as_writable_bytes(std::span(text.data(), text.size())));
  if (!count) return count.error();
  text.resize(*count);
  return std::make_shared<const ManifestOutline>(outline_of(file_name, text, Stamp::of(*stat)));
}

}  // namespace modelhub::store
