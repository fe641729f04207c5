// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "store/store.h"

namespace modelhub::store {
namespace {

constexpr ByteCount k_everything(std::numeric_limits<std::uint64_t>::max());

ByteCount sum_of(const std::vector<LooseThing>& things, PrunedKind kind) {
  ByteCount sum;
  for (const LooseThing& thing : things) {
    if (thing.kind == kind) sum += thing.bytes;
  }
  return sum;
}

ByteCount bytes_of(const EvictionSnapshot& snapshot, const EvictionSnapshot::Model& model) {
  ByteCount sum;
  for (const std::uint32_t blob : model.blobs) sum += snapshot.blobs[blob].bytes;
  return sum;
}

void add_models(const Situation& situation, base::FileSystem& files, const Layout& layout,
                StoreStatistics& statistics) {
  const EvictionSnapshot& snapshot = situation.snapshot;
  std::vector<bool> is_named(snapshot.blobs.size(), false);
  ByteCount with_sharing;
  ByteCount without_sharing;
  for (std::size_t i = 0; i < snapshot.models.size(); ++i) {
    const ByteCount bytes = bytes_of(snapshot, snapshot.models[i]);
    without_sharing += bytes;
    for (const std::uint32_t blob : snapshot.models[i].blobs) {
      if (!is_named[blob]) with_sharing += snapshot.blobs[blob].bytes;
      is_named[blob] = true;
    }
    const Result<base::FileStat> use = files.stat(layout.use(*situation.models[i]->key));
    if (!use || use->size.count() < 2) continue;  // the first was the pull
    const std::uint64_t hits = use->size.count() - 1;
    statistics.hits += hits;
    statistics.bytes_saved += ByteCount(hits * bytes.count());
  }
  statistics.models = snapshot.models.size();
  statistics.saved_by_sharing = ByteCount(without_sharing.count() - with_sharing.count());
}

// A home that is not there yet will lie where its folder does.
ByteCount free_space_for(base::FileSystem& files, std::string folder) {
  Result<ByteCount> free = files.free_space(folder);
  while (!free && free.error().code == ErrorCode::not_found) {
    std::string parent = base::parent_path(folder);
    if (parent == folder) break;
    folder = std::move(parent);
    free = files.free_space(folder);
  }
  return free.value_or(ByteCount());
}

}  // namespace

Result<StoreStatistics> Store::statistics() {
  StoreStatistics statistics;
  const Result<ByteCount> budget = read_budget(files_, layout_);
  if (!budget) return budget.error();
  statistics.budget = *budget;
  statistics.free_on_disk = free_space_for(files_, layout_.home());
  Result<Usage> usage = usage_.read(UsageReader::DeadReservations::stay);
  if (!usage) return std::move(usage).error();
  Result<Situation> looked = evictor_.look(*std::move(usage));
  if (!looked) return std::move(looked).error();
  const Situation& situation = *looked;
  add_models(situation, files_, layout_, statistics);
  statistics.broken_manifests = situation.broken_manifests;
  for (const EvictionSnapshot::Blob& blob : situation.snapshot.blobs)
    statistics.blobs += blob.bytes;
  const HeldBytes held = held_bytes(situation.snapshot);
  statistics.pinned = held.pinned;
  statistics.leased = held.leased;
  statistics.evictable = plan_eviction(situation.snapshot, k_everything).freed;
  statistics.quarantine = sum_of(situation.loose, PrunedKind::quarantine);
  statistics.derived = sum_of(situation.loose, PrunedKind::derived);
  statistics.abandoned = sum_of(situation.loose, PrunedKind::partial);
  statistics.unnamed = sum_of(situation.loose, PrunedKind::unnamed);
  for (const PartialFolder& partial : situation.usage.partials)
    statistics.partials += partial.bytes;
  statistics.view_copies = situation.usage.view_copies;
  statistics.local = situation.usage.local;
  statistics.reserved = situation.usage.reserved();
  statistics.used = statistics.blobs + statistics.quarantine + statistics.derived +
                    statistics.partials + statistics.view_copies + statistics.local;
  return statistics;
}

Result<PruneReport> Store::prune(const PruneOptions& options) {
  if (!options.is_dry_run) {
    if (Result<void> done = home_.prepare_for_writing(); !done) return std::move(done).error();
  }
  Result<Usage> usage = usage_.read(UsageReader::DeadReservations::stay);
  if (!usage) return std::move(usage).error();
  PruneReport report;
  report.used = usage->total();
  Result<Situation> situation = evictor_.look(*std::move(usage));
  if (!situation) return std::move(situation).error();
  // What a dead process was taking away is a model again, and can be chosen.
  if (!options.is_dry_run && situation->has_removals && removal_.recover() != 0)
    return prune(options);
  EvictionPlan plan;
  if (options.to) {
    // As much as is asked for, or all that may go.
    const ByteCount loose = std::accumulate(situation->snapshot.loose.begin(),
                                            situation->snapshot.loose.end(), ByteCount());
    const std::uint64_t over =
        report.used > *options.to ? report.used.count() - options.to->count() : 0;
    const ByteCount need = std::max(loose, ByteCount(over));
    plan = evictor_.plan(*situation, need);
    if (!plan.suffices) plan = evictor_.plan(*situation, plan.freed);
  }
  plan.loose.resize(situation->loose.size());
  std::iota(plan.loose.begin(), plan.loose.end(), std::size_t{0});
  report.items = options.is_dry_run
                     ? Evictor::describe(*situation, plan)
                     : evictor_.execute(*situation, plan, "because it was asked for");
  for (const PrunedItem& item : report.items) report.freed += item.bytes;
  report.used = ByteCount(report.used.count() - std::min(report.used, report.freed).count());
  return report;
}

}  // namespace modelhub::store

namespace modelhub {

std::string_view name_of(PrunedKind kind) {
  switch (kind) {
    case PrunedKind::quarantine: return "quarantine";
    case PrunedKind::derived: return "derived";
    case PrunedKind::partial: return "partial";
    case PrunedKind::unnamed: return "unnamed";
    case PrunedKind::model: return "model";
  }
  return "model";
}

}  // namespace modelhub
