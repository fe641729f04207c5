// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/model_removal.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/owner.h"
#include "store/home.h"
#include "store/manifest.h"
#include "store/manifest_index.h"

namespace modelhub::store {
namespace {

Error not_installed_any_more(const ModelId& id, const Layout& layout) {
  return {ErrorCode::not_found, Subject::model,
          id.to_string() + " is not installed in " + layout.home(),
          "'modelhub list' shows what is installed"};
}

Error in_use(const ModelId& id, const std::vector<std::optional<base::Owner>>& holders) {
  std::string who;
  for (const std::optional<base::Owner>& holder : holders) {
    const std::string one = describe_holder(holder);
    if (who.find(one) != std::string::npos) continue;  // one process with several leases
    if (!who.empty()) who += ", ";
    who += one;
  }
  return Error(ErrorCode::busy, Subject::model, id.to_string() + " is in use by " + who,
               "unload it there, or end that process, then try again")
      .as_retryable();
}

// Of a damaged manifest one cannot know which digest is the key.
std::vector<Digest> possible_keys(const ModelId& id, const std::string& text) {
  ManifestOutline outline = outline_of(id.manifest_name(), text, Stamp());
  if (outline.id) return {*outline.key};
  return std::move(outline.digests);
}

}  // namespace

Result<TakenModel> ModelRemoval::take(const ModelId& id, PinnedModels pinned) const {
  const std::string path = layout_.manifest(id);
  Result<std::string> text = base::read_whole_file(files_, path, k_max_manifest);
  if (!text && text.error().code == ErrorCode::not_found)
    return not_installed_any_more(id, layout_);
  if (text) {
    // What a newer modelhub has put into its manifest may need more than this to be removed.
    const Result<Manifest> manifest = parse_manifest(*text, path);
    if (!manifest && manifest.error().code == ErrorCode::unsupported) return manifest.error();
    // Seen before, so that a model in use does not vanish even for the moment of a second look.
    if (Result<void> done = check_free(id, possible_keys(id, *text), pinned); !done)
      return std::move(done).error();
  }
  Result<std::string> aside = move_aside(id, text.value_or(""));
  if (!aside) return std::move(aside).error();
  // It may have been published anew between the reading and the moving.
  if (Result<std::string> moved = base::read_whole_file(files_, *aside, k_max_manifest))
    text = moved;
  std::vector<Digest> keys = possible_keys(id, text.value_or(""));
  if (Result<void> done = check_free(id, keys, pinned); !done) {
    if (Result<void> back = put_back(*aside, path); !back) return std::move(back).error();
    return std::move(done).error();
  }
  std::unordered_set<Digest> digests;
  if (text) collect_digests(*text, digests);
  return TakenModel{id, std::move(keys), {digests.begin(), digests.end()}, *std::move(aside)};
}

Result<std::string> ModelRemoval::move_aside(const ModelId& id, const std::string& text) const {
  const std::string path = layout_.manifest(id);
  const std::string aside =
      path + std::string(Layout::k_evicting) + base::Owner::current().unique_suffix();
  Result<void> done = files_.rename(path, aside);
  if (!done && done.error().code == ErrorCode::no_space) {
    // On a disk that is quite full a longer name may not find room in its folder. What can be
    // made again makes some.
    std::unordered_set<Digest> digests;
    collect_digests(text, digests);
    for (const Digest& digest : digests) (void)files_.remove_file(layout_.chunk_record(digest));
    done = files_.rename(path, aside);
  }
  if (done) return aside;
  if (done.error().code == ErrorCode::not_found) return not_installed_any_more(id, layout_);
  return as_write_error(std::move(done).error());
}

Result<void> ModelRemoval::check_free(const ModelId& id, const std::vector<Digest>& keys,
                                      PinnedModels pinned) const {
  for (const Digest& key : keys) {
    const Result<std::vector<std::optional<base::Owner>>> holders = leases_.holders(key);
    if (!holders) return holders.error();
    if (!holders->empty()) return in_use(id, *holders);
    if (pinned == PinnedModels::go) continue;
    const Result<bool> is_pinned = pins_.has(key);
    if (!is_pinned) return is_pinned.error();
    if (*is_pinned) {
      return Error(ErrorCode::busy, Subject::model, id.to_string() + " is pinned",
                   "'modelhub unpin " + id.to_string() + "'");
    }
  }
  return {};
}

Result<void> ModelRemoval::put_back(const std::string& aside, const std::string& path) const {
  Result<void> done = files_.rename_without_replacing(aside, path);
  if (done || done.error().code == ErrorCode::not_found) return {};  // somebody else did
  if (done.error().code != ErrorCode::busy) return done;
  // It was published again meanwhile: the new one counts.
  return files_.remove_file(aside);
}

FinishedRemoval ModelRemoval::finish(const std::vector<TakenModel>& models,
                                     const std::vector<Digest>& unnamed_blobs) const {
  FinishedRemoval result;
  std::unordered_set<Digest> digests;
  std::vector<const TakenModel*> removed;
  for (const TakenModel& model : models) {
    if (Result<void> done = files_.remove_file(model.aside); !done) {
      if (done.error().code == ErrorCode::not_found) continue;  // given back
      result.leftovers.push_back(std::move(done).error());
      // Where it lies nobody sees it, and its blobs are named as long as our process lives.
      (void)put_back(model.aside, layout_.manifest(model.id));
      continue;
    }
    removed.push_back(&model);
    result.removed.push_back(model.id);
    digests.insert(model.digests.begin(), model.digests.end());
  }
  if (result.removed.empty() && unnamed_blobs.empty()) return result;
  // Durable before the blobs go: a power cut must not bring back a manifest without them.
  if (Result<void> done = files_.sync_directory(layout_.models()); !done) {
    result.leftovers.push_back(std::move(done).error());
    return result;
  }
  for (const TakenModel* model : removed) remove_what_belongs_to(*model, result.leftovers);
  std::erase_if(digests,
                [this](const Digest& digest) { return !files_.stat(layout_.blob(digest)); });
  result.named_blobs = digests.size();
  digests.insert(unnamed_blobs.begin(), unnamed_blobs.end());
  result.blobs = blobs_.remove_unnamed({digests.begin(), digests.end()});
  return result;
}

void ModelRemoval::remove_what_belongs_to(const TakenModel& model,
                                          std::vector<Error>& leftovers) const {
  if (files_.stat(layout_.manifest(model.id))) return;  // given back, or published again
  const auto keep = [&leftovers](Result<void> done) {
    if (!done && done.error().code != ErrorCode::not_found)
      leftovers.push_back(std::move(done).error());
  };
  for (const Digest& key : model.keys) {
    if (files_.stat(layout_.view(key))) keep(base::remove_tree(files_, layout_.view(key)));
    keep(files_.remove_file(layout_.use(key)));
  }
}

bool ModelRemoval::give_back(const ModelId& id) const {
  const std::string path = layout_.manifest(id);
  const std::string prefix = id.manifest_name() + std::string(Layout::k_evicting) + ".";
  const Result<std::vector<base::DirectoryEntry>> entries = files_.list(layout_.models());
  if (!entries) return false;
  return std::any_of(entries->begin(), entries->end(), [&](const base::DirectoryEntry& entry) {
    return entry.name.starts_with(prefix) &&
           files_.rename_without_replacing(base::join_path(layout_.models(), entry.name), path)
               .has_value();
  });
}

std::uint64_t ModelRemoval::recover() const {
  std::uint64_t recovered = 0;
  const Result<std::vector<base::DirectoryEntry>> entries = files_.list(layout_.models());
  if (!entries) return 0;
  for (const base::DirectoryEntry& entry : *entries) {
    const std::size_t at = entry.name.find(std::string(Layout::k_evicting) + ".");
    if (at == std::string::npos) continue;
    const Result<base::Owner> owner = base::Owner::parse_unique_suffix(entry.name);
    if (!owner || owner->liveness() != base::Owner::Liveness::dead) continue;
    if (put_back(base::join_path(layout_.models(), entry.name),
                 base::join_path(layout_.models(), entry.name.substr(0, at)))) {
      ++recovered;
    }
  }
  return recovered;
}

}  // namespace modelhub::store
