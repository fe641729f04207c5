// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "catalog/layers.h"

#include <algorithm>
#include <utility>

#include "catalog/spelling.h"

namespace modelhub::catalog {
namespace {

Error misfit(const std::string& place, const std::string& what) {
  return {ErrorCode::corrupt_data, Subject::catalog, place + ": " + what,
          "correct the document, or take it away; docs/formats/catalog.md has every field"};
}

void override_with(std::string& value, std::optional<std::string>& patch) {
  if (patch) value = *std::move(patch);
}

void put_version(ModelEntry& entry, ModelVersion version) {
  for (ModelVersion& known : entry.versions) {
    if (equal_ignoring_case(known.version, version.version)) {
      known = std::move(version);
      return;
    }
  }
  entry.versions.push_back(std::move(version));
}

// A model that no earlier layer knows must say what it is.
Result<void> check_complete(const ModelPatch& patch) {
  const std::pair<const char*, bool> k_mandatory[] = {{"task", patch.task.has_value()},
                                                      {"title", patch.title.has_value()},
                                                      {"license", patch.license.has_value()},
                                                      {"versions", !patch.versions.empty()}};
  for (const auto& [field, is_there] : k_mandatory) {
    if (is_there) continue;
    return misfit(patch.place, "the mandatory field \"" + std::string(field) +
                                   "\" is missing; no earlier layer knows the model '" +
                                   patch.name + "'");
  }
  return {};
}

Result<void> settle_versions(ModelEntry& entry, const std::string& default_place) {
  std::stable_sort(entry.versions.begin(), entry.versions.end(),
                   [](const ModelVersion& a, const ModelVersion& b) {
                     return compare_versions(a.version, b.version) > 0;
                   });
  if (entry.default_version.empty()) entry.default_version = entry.versions.front().version;
  for (const ModelVersion& version : entry.versions) {
    if (equal_ignoring_case(version.version, entry.default_version)) {
      entry.default_version = version.version;
      return {};
    }
  }
  return misfit(default_place, "default_version: " + entry.name + " has no version '" +
                                   entry.default_version + "'");
}

}  // namespace

Result<void> LayerMerger::add(ModelPatch patch) {
  if (Result<void> checked = check_name(patch); !checked) return checked;
  const bool is_new = slots_.find(patch.name) == slots_.end();
  if (is_new) {
    if (Result<void> checked = check_complete(patch); !checked) return checked;
    take_alias_away(fold(patch.name));
    names_.emplace(fold(patch.name), patch.name);
  }
  Slot& slot = slots_[patch.name];
  if (Result<void> added = add_aliases(slot, patch); !added) return added;
  ModelEntry& entry = slot.entry;
  entry.name = patch.name;
  if (patch.default_version) slot.default_place = patch.place;
  override_with(entry.task, patch.task);
  override_with(entry.title, patch.title);
  override_with(entry.license, patch.license);
  override_with(entry.homepage, patch.homepage);
  override_with(entry.commercial_use, patch.commercial_use);
  override_with(entry.note, patch.note);
  override_with(entry.default_version, patch.default_version);
  if (!patch.alternatives.empty()) entry.alternatives = std::move(patch.alternatives);
  for (ModelVersion& version : patch.versions) put_version(entry, std::move(version));
  return {};
}

Result<void> LayerMerger::check_name(const ModelPatch& patch) const {
  const auto same = names_.find(fold(patch.name));
  if (same == names_.end() || same->second == patch.name) return {};
  return misfit(patch.place, "'" + patch.name + "' is only another spelling of '" + same->second +
                                 "', which an earlier layer has");
}

Result<void> LayerMerger::add_aliases(Slot& slot, const ModelPatch& patch) {
  for (const std::string& alias : patch.aliases) {
    const std::string folded = fold(alias);
    if (const auto taken = names_.find(folded); taken != names_.end()) {
      return misfit(patch.place,
                    "the alias '" + alias + "' is the name of the model '" + taken->second + "'");
    }
    take_alias_away(folded);  // the later layer wins
    owners_.emplace(folded, patch.name);
    slot.entry.aliases.push_back(alias);
  }
  return {};
}

void LayerMerger::take_alias_away(std::string_view folded) {
  const auto owner = owners_.find(folded);
  if (owner == owners_.end()) return;
  std::vector<std::string>& aliases = slots_[owner->second].entry.aliases;
  aliases.erase(std::remove_if(aliases.begin(), aliases.end(),
                               [&](const std::string& alias) { return fold(alias) == folded; }),
                aliases.end());
  owners_.erase(owner);
}

Result<std::vector<ModelEntry>> LayerMerger::finish() {
  std::vector<ModelEntry> entries;
  for (auto& [name, slot] : slots_) {
    if (Result<void> settled = settle_versions(slot.entry, slot.default_place); !settled) {
      return std::move(settled).error();
    }
    entries.push_back(std::move(slot.entry));
  }
  *this = LayerMerger();
  return entries;
}

}  // namespace modelhub::catalog
