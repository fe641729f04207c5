// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/evictor.h"

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

namespace modelhub::store {
namespace {

std::chrono::system_clock::time_point time_of(std::int64_t ns_since_epoch) {
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::nanoseconds(ns_since_epoch)));
}

// What each of these models frees when they go in this order.
std::vector<ByteCount> freed_by_each(const EvictionSnapshot& snapshot,
                                     const std::vector<std::size_t>& models) {
  std::vector<std::uint32_t> names(snapshot.blobs.size(), 0);
  for (const EvictionSnapshot::Model& model : snapshot.models) {
    for (const std::uint32_t blob : model.blobs) ++names[blob];
  }
  std::vector<ByteCount> freed;
  for (const std::size_t i : models) {
    ByteCount sum;
    for (const std::uint32_t blob : snapshot.models[i].blobs) {
      if (--names[blob] == 0 && !snapshot.blobs[blob].is_wanted) sum += snapshot.blobs[blob].bytes;
    }
    freed.push_back(sum);
  }
  return freed;
}

PrunedItem item_of(const LooseThing& thing) {
  return {thing.kind, thing.path, thing.bytes, std::nullopt};
}

PrunedItem item_of(const Situation& situation, std::size_t model, ByteCount freed) {
  return {PrunedKind::model, situation.models[model]->id->to_string(), freed,
          time_of(situation.snapshot.models[model].last_used_ns)};
}

}  // namespace

Result<Situation> Evictor::look(Usage usage) {
  Situation situation;
  situation.usage = std::move(usage);
  // Leases before manifests, as everywhere: the execution looks again anyway.
  situation.leases = parts_.leases.all();
  const Result<std::unordered_set<Digest>> pinned = parts_.pins.all();
  if (!pinned) return pinned.error();
  Result<std::shared_ptr<const ManifestIndex::Outlines>> outlines = parts_.index.outlines();
  if (!outlines) return std::move(outlines).error();
  add_models(situation, **outlines);
  for (std::size_t i = 0; i < situation.models.size(); ++i) {
    EvictionSnapshot::Model& model = situation.snapshot.models[i];
    model.is_pinned = pinned->count(*situation.models[i]->key) != 0;
    model.is_leased = situation.leases.count(*situation.models[i]->key) != 0;
  }
  add_loose(situation);
  return situation;
}

void Evictor::add_models(Situation& situation, const ManifestIndex::Outlines& outlines) {
  EvictionSnapshot& snapshot = situation.snapshot;
  const BlobSizes& blobs = *situation.usage.blobs;
  snapshot.blobs.reserve(blobs.bytes.size());
  for (const ByteCount bytes : blobs.bytes) snapshot.blobs.push_back({bytes, false});
  for (const PartialFolder& partial : situation.usage.partials) {
    if (partial.is_dead || !partial.digest) continue;
    const auto place = blobs.places.find(*partial.digest);
    if (place != blobs.places.end()) snapshot.blobs[place->second].is_wanted = true;
  }
  std::vector<bool> is_named(blobs.digests.size(), false);
  situation.models.reserve(outlines.size());
  snapshot.models.reserve(outlines.size());
  for (const std::shared_ptr<const ManifestOutline>& outline : outlines) {
    EvictionSnapshot::Model model;
    model.blobs.reserve(outline->digests.size());
    for (const Digest& digest : outline->digests) {
      const auto place = blobs.places.find(digest);
      if (place == blobs.places.end()) continue;
      is_named[place->second] = true;
      model.blobs.push_back(place->second);
      if (!outline->id) snapshot.blobs[place->second].is_wanted = true;
    }
    if (!outline->id) {
      if (outline->file_name.ends_with(".json")) ++situation.broken_manifests;
      if (outline->file_name.find(Layout::k_evicting) != std::string::npos)
        situation.has_removals = true;
      continue;
    }
    model.last_used_ns = last_use(*outline);
    situation.models.push_back(outline);
    snapshot.models.push_back(std::move(model));
  }
  for (std::size_t i = 0; i < blobs.digests.size(); ++i) {
    if (is_named[i] || snapshot.blobs[i].is_wanted) continue;
    situation.loose.push_back({PrunedKind::unnamed, parts_.layout.blob(blobs.digests[i]),
                               base::FileKind::regular, blobs.digests[i], snapshot.blobs[i].bytes});
  }
}

void Evictor::add_loose(Situation& situation) const {
  std::vector<LooseThing> unnamed = std::exchange(situation.loose, {});
  const auto add = [&situation](PrunedKind kind, std::vector<LooseItem> items) {
    std::sort(items.begin(), items.end(),
              [](const LooseItem& a, const LooseItem& b) { return a.mtime_ns < b.mtime_ns; });
    for (const LooseItem& item : items)
      situation.loose.push_back({kind, item.path, item.kind, std::nullopt, item.bytes});
  };
  add(PrunedKind::quarantine, situation.usage.quarantine);
  add(PrunedKind::derived, situation.usage.derived);
  for (const PartialFolder& partial : situation.usage.partials) {
    if (partial.is_dead) {
      situation.loose.push_back({PrunedKind::partial, partial.path, base::FileKind::directory,
                                 std::nullopt, partial.bytes});
    }
  }
  situation.loose.insert(situation.loose.end(), unnamed.begin(), unnamed.end());
  for (const LooseThing& thing : situation.loose) situation.snapshot.loose.push_back(thing.bytes);
}

std::int64_t Evictor::last_use(const ManifestOutline& outline) {
  std::lock_guard lock(mutex_);
  const auto known = last_uses_.find(*outline.key);
  if (known != last_uses_.end()) return known->second;
  const Result<base::FileStat> stat = parts_.files.stat(parts_.layout.use(*outline.key));
  const std::int64_t last = stat ? stat->mtime_ns : outline.stamp.mtime_ns;
  last_uses_.emplace(*outline.key, last);
  return last;
}

// True when a model that was chosen has been used since it was last looked at.
bool Evictor::refresh_last_uses(Situation& situation, const EvictionPlan& plan) {
  bool is_changed = false;
  std::lock_guard lock(mutex_);
  for (const std::size_t i : plan.models) {
    const ManifestOutline& outline = *situation.models[i];
    const Result<base::FileStat> stat = parts_.files.stat(parts_.layout.use(*outline.key));
    const std::int64_t last = stat ? stat->mtime_ns : outline.stamp.mtime_ns;
    last_uses_[*outline.key] = last;
    if (std::exchange(situation.snapshot.models[i].last_used_ns, last) != last) is_changed = true;
  }
  return is_changed;
}

EvictionPlan Evictor::plan(Situation& situation, ByteCount need) {
  // Each turn brings the stamps of all that were chosen up to date, so few are needed; a model that
  // is used all the time must not keep us here.
  constexpr int k_turns = 16;
  EvictionPlan plan = plan_eviction(situation.snapshot, need);
  for (int turn = 0; turn < k_turns && refresh_last_uses(situation, plan); ++turn)
    plan = plan_eviction(situation.snapshot, need);
  return plan;
}

Result<void> Evictor::remove_loose(const LooseThing& thing) const {
  if (thing.file_kind != base::FileKind::directory) return parts_.files.remove_file(thing.path);
  if (Result<void> done = base::remove_tree(parts_.files, thing.path); !done) return done;
  if (thing.kind == PrunedKind::partial && base::parent_path(thing.path) != parts_.layout.staging())
    (void)parts_.files.remove_empty_directory(base::parent_path(thing.path));
  return {};
}

std::vector<PrunedItem> Evictor::execute(const Situation& situation, const EvictionPlan& plan,
                                         const std::string& why) {
  std::vector<PrunedItem> items;
  std::vector<Digest> unnamed;
  for (const std::size_t i : plan.loose) {
    const LooseThing& thing = situation.loose[i];
    if (thing.blob) {
      unnamed.push_back(*thing.blob);
    } else if (remove_loose(thing)) {
      items.push_back(item_of(thing));
      log(items.back(), why);
    }
  }
  const std::vector<ByteCount> freed = freed_by_each(situation.snapshot, plan.models);
  std::vector<TakenModel> taken;
  std::vector<PrunedItem> candidates;  // of each that was taken
  for (std::size_t i = 0; i < plan.models.size(); ++i) {
    // An error: somebody has begun to use it, or it is gone. Whoever needs the room looks again.
    Result<TakenModel> one = parts_.removal.take(*situation.models[plan.models[i]]->id,
                                                 ModelRemoval::PinnedModels::stay);
    if (!one) continue;
    taken.push_back(*std::move(one));
    candidates.push_back(item_of(situation, plan.models[i], freed[i]));
  }
  const FinishedRemoval finished = parts_.removal.finish(taken, unnamed);
  const std::unordered_set<Digest> blobs(finished.blobs.removed.begin(),
                                         finished.blobs.removed.end());
  for (const std::size_t i : plan.loose) {
    const LooseThing& thing = situation.loose[i];
    if (!thing.blob || blobs.count(*thing.blob) == 0) continue;
    items.push_back(item_of(thing));
    log(items.back(), why);
  }
  const std::set<ModelId> models(finished.removed.begin(), finished.removed.end());
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (models.count(taken[i].id) == 0) continue;
    log(candidates[i], why);
    items.push_back(std::move(candidates[i]));
  }
  return items;
}

std::vector<PrunedItem> Evictor::describe(const Situation& situation, const EvictionPlan& plan) {
  std::vector<PrunedItem> items;
  for (const std::size_t i : plan.loose) items.push_back(item_of(situation.loose[i]));
  const std::vector<ByteCount> freed = freed_by_each(situation.snapshot, plan.models);
  for (std::size_t i = 0; i < plan.models.size(); ++i)
    items.push_back(item_of(situation, plan.models[i], freed[i]));
  return items;
}

void Evictor::log(const PrunedItem& item, const std::string& why) const {
  if (!log_) return;
  std::string line = "evicted ";
  if (item.kind != PrunedKind::model) line += std::string(name_of(item.kind)) + " ";
  line += item.what + " (" + item.bytes.to_string();
  if (item.last_used) line += ", last used " + base::to_rfc3339(*item.last_used);
  log_(LogLevel::info, line + ") " + why);
}

}  // namespace modelhub::store
