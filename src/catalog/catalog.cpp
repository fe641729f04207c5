// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "catalog/catalog.h"

#include <algorithm>

#include "catalog/builtin.h"
#include "catalog/layers.h"
#include "catalog/spelling.h"
#include "modelhub/closest_match.h"

namespace modelhub::catalog {
namespace {

// A thousand models take about 2 MB.
constexpr ByteCount k_max_document(std::uint64_t{16} << 20);

Error unreadable(Error error, const std::string& path) {
  error.subject = Subject::catalog;
  if (error.code == ErrorCode::not_found) {
    return {ErrorCode::not_found, Subject::catalog,
            "there is no catalog document or folder '" + path + "'",
            "check the path that was given for the catalog"};
  }
  return std::move(error).with_context("read the catalog layer " + path);
}

Result<void> add_document(LayerMerger& merger, std::string_view text, const std::string& origin) {
  Result<std::vector<ModelPatch>> models = read_document(text, origin);
  if (!models) return std::move(models).error();
  for (ModelPatch& model : *models) {
    if (Result<void> added = merger.add(std::move(model)); !added) return added;
  }
  return {};
}

Result<void> add_file(LayerMerger& merger, base::FileSystem& files, const std::string& path) {
  const Result<std::string> text = base::read_whole_file(files, path, k_max_document);
  if (!text) return unreadable(text.error(), path);
  return add_document(merger, *text, path);
}

// Hidden files and other endings are left alone: editors and package managers leave such behind.
bool is_document(const base::DirectoryEntry& entry) {
  constexpr std::string_view k_ending = ".json";
  return entry.kind != base::FileKind::directory && entry.name.size() > k_ending.size() &&
         entry.name.front() != '.' &&
         std::string_view(entry.name).substr(entry.name.size() - k_ending.size()) == k_ending;
}

Result<void> add_directory(LayerMerger& merger, base::FileSystem& files, const std::string& path) {
  const Result<std::vector<base::DirectoryEntry>> entries = files.list(path);
  if (!entries) return unreadable(entries.error(), path);
  std::vector<std::string> names;
  for (const base::DirectoryEntry& entry : *entries) {
    if (is_document(entry)) names.push_back(entry.name);
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (Result<void> added = add_file(merger, files, base::join_path(path, name)); !added)
      return added;
  }
  return {};
}

Result<void> add_path(LayerMerger& merger, base::FileSystem& files, const Layer& layer) {
  const Result<base::FileStat> stat = files.stat(layer.origin);
  if (!stat && stat.error().code == ErrorCode::not_found && layer.kind == Layer::Kind::directory)
    return {};
  if (!stat) return unreadable(stat.error(), layer.origin);
  return stat->kind == base::FileKind::directory ? add_directory(merger, files, layer.origin)
                                                 : add_file(merger, files, layer.origin);
}

Result<void> add_built_in(LayerMerger& merger) {
  for (const EmbeddedText& document : built_in_documents()) {
    const std::string origin = "built in: " + std::string(document.name);
    if (Result<void> added = add_document(merger, document.text, origin); !added) return added;
  }
  return {};
}

Result<void> add_layer(LayerMerger& merger, base::FileSystem& files, const Layer& layer) {
  switch (layer.kind) {
    case Layer::Kind::built_in: return add_built_in(merger);
    case Layer::Kind::text: return add_document(merger, layer.text, layer.origin);
    case Layer::Kind::path:
    case Layer::Kind::directory: return add_path(merger, files, layer);
  }
  return {};
}

bool contains_ignoring_case(std::string_view text, std::string_view word) {
  return std::search(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) {
           return equal_ignoring_case({&a, 1}, {&b, 1});
         }) != text.end();
}

bool mentions(const ModelEntry& entry, std::string_view word) {
  if (!fold(word).empty() && contains_ignoring_case(fold(entry.name), fold(word))) return true;
  for (const std::string* field : {&entry.name, &entry.title, &entry.task, &entry.license}) {
    if (contains_ignoring_case(*field, word)) return true;
  }
  return std::any_of(entry.aliases.begin(), entry.aliases.end(),
                     [&](const std::string& alias) { return contains_ignoring_case(alias, word); });
}

bool mentions_all_words(const ModelEntry& entry, std::string_view words) {
  while (!words.empty()) {
    const std::size_t blank = words.find(' ');
    const std::string_view word = words.substr(0, blank);
    if (!word.empty() && !mentions(entry, word)) return false;
    words.remove_prefix(blank == std::string_view::npos ? words.size() : blank + 1);
  }
  return true;
}

bool has_license(const ModelEntry& entry, std::string_view license) {
  for (const ModelVersion& version : entry.versions) {
    for (const Variant& variant : version.variants) {
      if (equal_ignoring_case(license_of(entry, version, variant), license)) return true;
    }
  }
  return false;
}

}  // namespace

Result<Catalog> Catalog::load(base::FileSystem& files, const std::vector<Layer>& layers) {
  LayerMerger merger;
  for (const Layer& layer : layers) {
    if (Result<void> added = add_layer(merger, files, layer); !added)
      return std::move(added).error();
  }
  Result<std::vector<ModelEntry>> entries = merger.finish();
  if (!entries) return std::move(entries).error();
  Catalog catalog;
  for (ModelEntry& entry : *entries) {
    const std::size_t index = catalog.models_.size();
    catalog.by_spelling_.emplace(fold(entry.name), index);
    for (const std::string& alias : entry.aliases) catalog.by_spelling_.emplace(fold(alias), index);
    catalog.models_.push_back(std::make_shared<const ModelEntry>(std::move(entry)));
  }
  return catalog;
}

Result<std::shared_ptr<const ModelEntry>> Catalog::find(std::string_view name) const {
  if (const auto found = by_spelling_.find(fold(name)); found != by_spelling_.end()) {
    return models_[found->second];
  }
  std::vector<std::string> known;
  for (const auto& entry : models_) {
    known.push_back(entry->name);
    known.insert(known.end(), entry->aliases.begin(), entry->aliases.end());
  }
  const std::string hint = did_you_mean(closest_matches(name, known, k_most_suggestions));
  return Error(ErrorCode::not_found, Subject::model,
               "there is no model named '" + std::string(name.substr(0, k_max_token)) + "'",
               hint.empty() ? "modelhub list shows all models" : hint);
}

std::vector<std::shared_ptr<const ModelEntry>> Catalog::search(const SearchOptions& options) const {
  std::vector<std::shared_ptr<const ModelEntry>> found;
  for (const auto& entry : models_) {
    if (!options.task.empty() && !equal_ignoring_case(entry->task, options.task)) continue;
    if (!options.license.empty() && !has_license(*entry, options.license)) continue;
    if (mentions_all_words(*entry, options.text)) found.push_back(entry);
  }
  return found;
}

}  // namespace modelhub::catalog
