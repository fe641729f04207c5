// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/own_model.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <span>
#include <system_error>
#include <utility>

#include "base/hasher.h"
#include "catalog/catalog.h"
#include "model_file/formats.h"
#include "model_file/utf8.h"
#include "store/model_id.h"

namespace modelhub::hub {
namespace {

constexpr std::size_t k_hash_step = 1024 * 1024;
constexpr std::size_t k_most_known = 256;  // digests; a program that runs more files hashes again

Error about_file(Error error, const std::string& path) {
  error.subject = Subject::model;
  error.hint.clear();
  if (error.code == ErrorCode::not_found) error.message = "there is no file " + path;
  return error;
}

Result<Digest> digest_of(const base::ReadableFile& file, const std::string& path,
                         const std::stop_token& stop) {
  base::Hasher hasher;
  std::vector<std::byte> buffer(k_hash_step);
  for (std::uint64_t at = 0;;) {
    if (stop.stop_requested())
      return Error(ErrorCode::cancelled, Subject::other, "reading " + path + " was cancelled");
    const Result<std::size_t> got = file.read_at(at, buffer);
    if (!got) return about_file(got.error(), path);
    if (*got == 0) return hasher.finish();
    hasher.update(std::span<const std::byte>(buffer).first(*got));
    at += *got;
  }
}

// The folder of the user's file may move with the working directory; the model does not.
std::string absolute(const std::string& path) {
  std::error_code failure;
  const std::filesystem::path whole = std::filesystem::absolute(path, failure);
  return failure ? path : whole.lexically_normal().string();
}

Result<OwnFile> look_at_file(RelPath path, std::string role, const std::string& location,
                             base::FileSystem& files, FileDigests& digests,
                             const std::stop_token& stop) {
  Result<FileDigests::Hashed> hashed = digests.hash(files, location, stop);
  if (!hashed) return std::move(hashed).error();
  if (hashed->stat.size == ByteCount())
    return Error(ErrorCode::corrupt_data, Subject::model, location + " is empty");
  return OwnFile{std::move(path), std::move(role), location, hashed->stat, hashed->sha256};
}

std::string variant_id(const model_file::ModelFacts& facts) {
  std::string precision = facts.precision;
  if (precision == "float32") precision = "fp32";
  if (precision == "float16") precision = "fp16";
  if (precision == "bfloat16") precision = "bf16";
  return (facts.format == "onnx" ? "onnx-" : "ir-") + precision;
}

}  // namespace

bool is_same_file(const base::FileStat& one, const base::FileStat& other) {
  return one.device == other.device && one.inode == other.inode && one.size == other.size &&
         one.mtime_ns == other.mtime_ns;
}

Result<FileDigests::Hashed> FileDigests::hash(base::FileSystem& files, const std::string& path,
                                              const std::stop_token& stop) {
  // Looked at before it is opened: opening a pipe would wait for whoever writes into it.
  const Result<base::FileStat> there = files.stat(path);
  if (!there) return about_file(there.error(), path);
  if (there->kind != base::FileKind::regular)
    return Error(ErrorCode::io_error, Subject::model, path + " is not a regular file");
  {
    std::lock_guard lock(mutex_);
    const auto known = known_.find(path);
    if (known != known_.end() && is_same_file(known->second.stat, *there)) return known->second;
  }
  Result<std::unique_ptr<base::ReadableFile>> file = files.open(path);
  if (!file) return about_file(std::move(file).error(), path);
  const Result<base::FileStat> before = (*file)->stat();
  if (!before) return about_file(before.error(), path);
  Result<Digest> digest = digest_of(**file, path, stop);
  if (!digest) return std::move(digest).error();
  const Result<base::FileStat> after = (*file)->stat();
  if (!after || !is_same_file(*before, *after)) {
    return Error(ErrorCode::busy, Subject::model, path + " was changed while it was read",
                 "try again when it is complete")
        .as_retryable();
  }
  std::lock_guard lock(mutex_);
  if (known_.size() >= k_most_known) known_.clear();
  return known_.insert_or_assign(path, Hashed{*before, *digest}).first->second;
}

ByteCount OwnModel::bytes() const {
  ByteCount sum;
  for (const OwnFile& file : files) sum += file.stat.size;
  return sum;
}

bool means_file(const std::string& text, const catalog::Catalog& catalog) {
  if (text.find('/') != std::string::npos) return true;
  return model_file::has_model_ending(text) && !catalog.find(text);
}

RelPath graph_path(const std::string& name, const std::string& format) {
  const std::string file = name.substr(name.rfind('/') + 1);
  Result<RelPath> path = RelPath::parse(file);
  // Documents are UTF-8; names of files may be anything.
  if (path && model_file::is_utf8(file)) return *std::move(path);
  return RelPath::parse(format == "onnx" ? "model.onnx" : "model.xml").value();
}

Result<OwnModel> read_headers(const OwnModelRequest& request, base::FileSystem& files) {
  Result<model_file::ModelFacts> facts =
      model_file::read_model_file(files, request.path, request.name);
  if (!facts) return std::move(facts).error();
  OwnModel model{*std::move(facts), {}, {}};
  Result<OwnRecipe> recipe = fill_recipe(model.facts, request.options, request.name, files);
  if (!recipe) return std::move(recipe).error();
  model.recipe = *std::move(recipe);
  return model;
}

Result<OwnModel> look_at(const OwnModelRequest& request, base::FileSystem& files,
                         FileDigests& digests, const std::stop_token& stop) {
  // What cannot be run is told before gigabytes are hashed.
  Result<OwnModel> model = read_headers(request, files);
  if (!model) return model;
  const std::string path = absolute(request.path);
  const RelPath graph = graph_path(request.name, model->facts.format);
  Result<OwnFile> first = look_at_file(graph, "graph", path, files, digests, stop);
  if (!first) return std::move(first).error();
  model->files.push_back(*std::move(first));
  for (const RelPath& other : model->facts.other_files) {
    const std::string location = base::join_path(base::parent_path(path), other.string());
    if (other == graph || !files.stat(location)) {
      return Error(ErrorCode::not_found, Subject::model,
                   "the weights of " + request.name + " are missing: there is no " + location,
                   "they belong beside it, under that name");
    }
    Result<OwnFile> weights = look_at_file(other, "weights", location, files, digests, stop);
    if (!weights) return std::move(weights).error();
    model->files.push_back(*std::move(weights));
  }
  return model;
}

std::string name_from_file(std::string_view file) {
  file = file.substr(file.rfind('/') + 1);
  file = file.substr(0, file.rfind('.'));
  std::string name;
  for (const char c : file) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool is_good = is_upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (is_good) {
      name += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
    if (name.size() == store::ModelId::k_max_part) break;
  }
  while (name.ends_with('_')) name.pop_back();
  return name;
}

ModelEntry entry_of(const OwnModel& model, const OwnEntryNames& names) {
  Variant variant;
  variant.id = variant_id(model.facts);
  variant.format = model.facts.format;
  variant.precision = model.facts.precision;
  for (const OwnFile& file : model.files)
    variant.files.push_back({file.path, file.role, file.stat.size, file.sha256, {}, {}, {}, {}});
  variant.recipe = model.recipe.recipe;

  ModelVersion version;
  version.version = names.version;
  version.variants.push_back(std::move(variant));

  ModelEntry entry;
  entry.name = names.name;
  entry.task = model.recipe.task;
  entry.title = model.recipe.title.empty() ? "registered from " + model_file::printable(names.file)
                                           : model.recipe.title;
  entry.license = names.license.empty() ? model.recipe.license : names.license;
  if (entry.license.empty()) entry.license = "NOASSERTION";
  entry.versions.push_back(std::move(version));
  return entry;
}

}  // namespace modelhub::hub
