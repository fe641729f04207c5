// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/usage.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>
#include <utility>

#include "store/claim.h"
#include "store/leases.h"
#include "store/steady_listing.h"

namespace modelhub::store {
namespace {

using base::DirectoryEntry;
using base::FileKind;

constexpr std::string_view k_want = ".want";
constexpr std::string_view k_held = ".held";

// What one ticket has reserved, and what lies on disk under its name.
struct Share {
  ByteCount reserved;
  ByteCount written;
};

bool counts(const ReservationEntry& entry, const std::string_view* only_want_of) {
  return entry.is_held || only_want_of == nullptr || entry.ticket == *only_want_of;
}

std::unordered_map<std::string, Share> shares_of(const Usage& usage,
                                                 const std::string_view* only_want_of) {
  std::unordered_map<std::string, Share> shares;
  for (const ReservationEntry& entry : usage.reservations) {
    if (counts(entry, only_want_of)) shares[entry.ticket].reserved += entry.bytes;
  }
  for (const PartialFolder& partial : usage.partials)
    shares[partial.ticket].written += partial.bytes;
  return shares;
}

ByteCount total_of(const Usage& usage, const std::string_view* only_want_of) {
  ByteCount total = usage.view_copies + usage.local + usage.blobs->total;
  for (const auto& [ticket, share] : shares_of(usage, only_want_of))
    total += std::max(share.reserved, share.written);
  for (const LooseItem& item : usage.quarantine) total += item.bytes;
  for (const LooseItem& item : usage.derived) total += item.bytes;
  return total;
}

// "<x>.<owner>.<n>" -> ".<owner>.<n>" and the owner.
std::optional<std::pair<std::string, base::Owner>> split_ticket(std::string_view name) {
  Result<base::Owner> owner = base::Owner::parse_unique_suffix(name);
  if (!owner) return std::nullopt;
  const std::size_t number = name.rfind('.');
  const std::size_t start = name.rfind('.', number - 1);
  return std::pair(std::string(name.substr(start)), *std::move(owner));
}

}  // namespace

ByteCount round_to_blocks(ByteCount bytes) {
  return ByteCount((bytes.count() + k_block_bytes - 1) / k_block_bytes * k_block_bytes);
}

std::optional<ReservationEntry> ReservationEntry::parse(std::string_view file_name) {
  ReservationEntry entry;
  entry.file_name = file_name;
  entry.is_held = file_name.ends_with(k_held);
  if (!entry.is_held && !file_name.ends_with(k_want)) return std::nullopt;
  file_name.remove_suffix(k_want.size());
  std::uint64_t bytes = 0;
  const auto [end, error] =
      std::from_chars(file_name.data(), file_name.data() + file_name.size(), bytes);
  if (error != std::errc()) return std::nullopt;
  entry.bytes = ByteCount(bytes);
  auto split = split_ticket(file_name);
  if (!split || end != file_name.data() + (file_name.size() - split->first.size()))
    return std::nullopt;
  entry.ticket = std::move(split->first);
  entry.owner = std::move(split->second);
  return entry;
}

std::string ReservationEntry::name_of(ByteCount bytes, std::string_view ticket, bool is_held) {
  return std::to_string(bytes.count()) + std::string(ticket) +
         std::string(is_held ? k_held : k_want);
}

void BlobSizes::add(const Digest& digest, ByteCount size) {
  const auto [place, is_new] = places.emplace(digest, static_cast<std::uint32_t>(digests.size()));
  if (is_new) {
    digests.push_back(digest);
    bytes.emplace_back();
  }
  ByteCount& counted = bytes[place->second];
  if (size <= counted) return;
  total += ByteCount(size.count() - counted.count());
  counted = size;
}

ByteCount Usage::total() const { return total_of(*this, nullptr); }

ByteCount Usage::total_for(std::string_view ticket) const { return total_of(*this, &ticket); }

ByteCount Usage::unwritten_for(std::string_view ticket) const {
  ByteCount sum;
  for (const auto& [name, share] : shares_of(*this, &ticket)) {
    if (share.reserved > share.written)
      sum += ByteCount(share.reserved.count() - share.written.count());
  }
  return sum;
}

ByteCount Usage::reserved() const {
  ByteCount sum;
  for (const ReservationEntry& entry : reservations) {
    if (entry.is_held) sum += entry.bytes;
  }
  return sum;
}

ByteCount Usage::uncovered_partials() const {
  std::unordered_set<std::string> tickets;
  for (const ReservationEntry& entry : reservations) tickets.insert(entry.ticket);
  ByteCount sum;
  for (const PartialFolder& partial : partials) {
    if (tickets.count(partial.ticket) == 0) sum += partial.bytes;
  }
  return sum;
}

Result<Usage> UsageReader::read(DeadReservations dead) {
  std::lock_guard lock(mutex_);
  Usage usage;
  Result<std::vector<ReservationEntry>> reservations = read_reservations(dead);
  if (!reservations) return std::move(reservations).error();
  usage.reservations = *std::move(reservations);
  Result<std::shared_ptr<const BlobSizes>> blobs = read_blobs();
  if (!blobs) return std::move(blobs).error();
  usage.blobs = *std::move(blobs);
  Result<std::vector<PartialFolder>> partials = read_partials(*usage.blobs);
  if (!partials) return std::move(partials).error();
  usage.partials = *std::move(partials);
  if (Result<void> done = read_views(usage); !done) return std::move(done).error();
  if (Result<void> done = read_items(layout_.quarantine(), usage.quarantine, usage); !done)
    return std::move(done).error();
  if (Result<void> done = read_items(layout_.derived(), usage.derived, usage); !done)
    return std::move(done).error();
  Result<ByteCount> local = bytes_below(layout_.local());
  if (!local) return std::move(local).error();
  usage.local = *local;
  return usage;
}

Result<std::vector<ReservationEntry>> UsageReader::read_reservations(DeadReservations dead) {
  std::vector<ReservationEntry> found;
  std::unordered_set<std::string> seen;
  LivenessCache liveness;
  // Twice: a want that is renamed while the first listing runs has its last name at the second.
  for (int reading = 0; reading < 2; ++reading) {
    const Result<std::vector<DirectoryEntry>> entries = files_.list(layout_.reservations());
    if (!entries) {
      if (entries.error().code == ErrorCode::not_found) return found;
      return entries.error();
    }
    for (const DirectoryEntry& entry : *entries) {
      std::optional<ReservationEntry> parsed = ReservationEntry::parse(entry.name);
      if (!parsed) continue;
      // Under its two names it counts once.
      if (!seen.insert(entry.name.substr(0, entry.name.size() - k_want.size())).second) continue;
      if (liveness.of(parsed->owner) == base::Owner::Liveness::dead) {
        if (dead == DeadReservations::go)
          (void)files_.remove_file(base::join_path(layout_.reservations(), entry.name));
        continue;
      }
      found.push_back(*std::move(parsed));
    }
  }
  return found;
}

Result<std::shared_ptr<const BlobSizes>> UsageReader::read_blobs() {
  const Result<base::FileStat> folder = files_.stat(layout_.blobs());
  if (!folder) {
    if (folder.error().code == ErrorCode::not_found) return std::make_shared<const BlobSizes>();
    return folder.error();
  }
  if (all_blobs_ && blobs_folder_ == Stamp::of(*folder)) return all_blobs_;
  const bool is_kept = is_settled(clock_, folder->mtime_ns);
  constexpr int k_readings = 16;
  std::shared_ptr<const BlobSizes> blobs;
  for (int reading = 0; reading < k_readings && !blobs; ++reading) {
    Result<std::shared_ptr<const BlobSizes>> listed = list_blobs();
    if (!listed) return listed;
    blobs = *std::move(listed);
  }
  if (!blobs) {
    return Error(ErrorCode::busy, Subject::store, layout_.blobs() + " changes too fast to be read")
        .as_retryable();
  }
  all_blobs_ = blobs;
  blobs_folder_.reset();
  const Result<base::FileStat> after = files_.stat(layout_.blobs());
  if (is_kept && after && Stamp::of(*after) == Stamp::of(*folder))
    blobs_folder_ = Stamp::of(*folder);
  return blobs;
}

// Null when one has gone since it was listed: perhaps to the name of one that is being removed, or
// back from there, where the listing did not see it.
Result<std::shared_ptr<const BlobSizes>> UsageReader::list_blobs() {
  const Result<std::vector<DirectoryEntry>> entries = list_steadily(files_, layout_.blobs());
  if (!entries) return entries.error();
  auto blobs = std::make_shared<BlobSizes>();
  blobs->places.reserve(entries->size());
  for (const DirectoryEntry& entry : *entries) {
    // Also "<hex>.removing.<owner>.<n>": it is still on disk.
    const Result<Digest> digest =
        Digest::parse(std::string_view(entry.name).substr(0, 2 * Digest::k_bytes));
    if (!digest || entry.kind == FileKind::directory) continue;
    KnownBlob& known = known_blobs_[*digest];
    if (known.inode == 0 || known.inode != entry.inode) {
      const Result<base::FileStat> stat = files_.stat(base::join_path(layout_.blobs(), entry.name));
      if (!stat && stat.error().code == ErrorCode::not_found)
        return std::shared_ptr<const BlobSizes>();
      if (!stat) return stat.error();
      known = {entry.inode, round_to_blocks(stat->size)};
    }
    blobs->add(*digest, known.bytes);  // under two names while it is replaced or given back
  }
  return std::shared_ptr<const BlobSizes>(std::move(blobs));
}

Result<std::vector<PartialFolder>> UsageReader::read_partials(const BlobSizes& blobs) {
  std::vector<PartialFolder> partials;
  LivenessCache liveness;
  const Result<std::vector<DirectoryEntry>> digests = list_if_there(layout_.staging());
  if (!digests) return digests.error();
  for (const DirectoryEntry& digest_entry : *digests) {
    if (digest_entry.kind != FileKind::directory) continue;
    const std::string folder = base::join_path(layout_.staging(), digest_entry.name);
    if (const auto ticket = Layout::ticket_of_shared_folder(digest_entry.name)) {
      Result<void> read = read_shared_folder(folder, *ticket, blobs, liveness, partials);
      if (!read) return std::move(read).error();
      continue;
    }
    Result<std::vector<PartialFolder>> found =
        read_partials_of(folder, Digest::parse(digest_entry.name), blobs, liveness);
    if (!found) return found;
    for (PartialFolder& partial : *found) partials.push_back(std::move(partial));
  }
  return partials;
}

// One that is adopted is renamed, to the name of a ticket: where one has gone while it was looked
// into, its bytes may be in another that was looked into before, or was not there yet.
Result<std::vector<PartialFolder>> UsageReader::read_partials_of(const std::string& folder,
                                                                 const Result<Digest>& digest,
                                                                 const BlobSizes& blobs,
                                                                 LivenessCache& liveness) {
  constexpr int k_readings = 4;
  const bool counts_hold = digest && !blobs.contains(*digest);
  std::vector<PartialFolder> partials;
  bool is_steady = false;
  for (int reading = 0; reading < k_readings && !is_steady; ++reading) {
    const Result<std::vector<DirectoryEntry>> entries = list_steadily(files_, folder);
    if (!entries) return entries.error();
    partials.clear();
    is_steady = true;
    for (const DirectoryEntry& entry : *entries) {
      if (entry.kind != FileKind::directory) continue;
      PartialFolder partial;
      partial.path = base::join_path(folder, entry.name);
      if (digest) partial.digest = *digest;
      if (auto split = split_ticket("." + entry.name)) {
        partial.ticket = std::move(split->first);
        partial.owner = std::move(split->second);
      } else if (Result<base::Owner> owner = base::Owner::parse(entry.name)) {
        partial.owner = *std::move(owner);
      }
      // Also one that was left behind by its pull, whose process may live on.
      partial.is_dead =
          StagingName::parse(entry.name).kind == StagingName::Kind::left ||
          (partial.owner && liveness.of(*partial.owner) == base::Owner::Liveness::dead);
      Result<ByteCount> bytes = bytes_of_partial(partial.path, counts_hold);
      if (!bytes) return std::move(bytes).error();
      partial.bytes = *bytes;
      is_steady = is_steady && files_.stat(partial.path).has_value();
      partials.push_back(std::move(partial));
    }
  }
  return partials;
}

// "<owner>.<n>.files": one partial of what is written there, and one of each announcement.
Result<void> UsageReader::read_shared_folder(const std::string& folder, std::string_view ticket,
                                             const BlobSizes& blobs, LivenessCache& liveness,
                                             std::vector<PartialFolder>& partials) {
  PartialFolder all;
  all.path = folder;
  std::string suffix(".");
  suffix += ticket;
  if (auto split = split_ticket(suffix)) {
    all.ticket = std::move(split->first);
    all.owner = std::move(split->second);
    all.is_dead = liveness.of(*all.owner) == base::Owner::Liveness::dead;
  }
  const Result<std::vector<DirectoryEntry>> entries = list_if_there(folder);
  if (!entries) return entries.error();
  constexpr std::size_t k_digits = 2 * Digest::k_bytes;
  for (const DirectoryEntry& entry : *entries) {
    const std::string_view file = entry.name;
    const Result<Digest> digest = Digest::parse(file.substr(0, k_digits));
    if (!digest) continue;
    if (file.size() == k_digits && !all.is_dead) {
      PartialFolder announced = all;
      announced.path = base::join_path(folder, file);
      announced.digest = *digest;
      partials.push_back(std::move(announced));
    } else if (file.size() > k_digits && file.substr(k_digits) != ".journal") {
      const Result<base::FileStat> stat = files_.stat(base::join_path(folder, file));
      const bool counts_hold = !blobs.contains(*digest);
      if (stat && (stat->links == 1 || counts_hold)) all.bytes += round_to_blocks(stat->allocated);
    }
  }
  partials.push_back(std::move(all));
  return {};
}

// A second link to a blob is the blob's, unless that is being taken away or given back just now.
Result<ByteCount> UsageReader::bytes_of_partial(const std::string& folder, bool counts_hold) {
  const Result<std::vector<DirectoryEntry>> entries = list_if_there(folder);
  if (!entries) return entries.error();
  ByteCount sum;
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = base::join_path(folder, entry.name);
    if (entry.kind == FileKind::directory) {
      Result<ByteCount> below = bytes_below(path);
      if (!below) return below;
      sum += *below;
      continue;
    }
    // Small, and outside what was reserved.
    if (entry.name.starts_with("journal") || entry.name == "progress") continue;
    const Result<base::FileStat> stat = files_.stat(path);
    if (stat && (stat->links == 1 || counts_hold)) sum += round_to_blocks(stat->allocated);
  }
  return sum;
}

Result<void> UsageReader::read_views(Usage& usage) {
  const Result<std::vector<DirectoryEntry>> entries = list_if_there(layout_.views());
  if (!entries) return entries.error();
  for (const DirectoryEntry& entry : *entries) {
    if (entry.kind != FileKind::directory) continue;
    const std::string path = base::join_path(layout_.views(), entry.name);
    if (auto partial = read_temporary(path, entry.name)) {
      usage.partials.push_back(*std::move(partial));
      continue;
    }
    const Result<base::FileStat> stat = files_.stat(path);
    if (!stat) continue;
    const auto known = views_.find(entry.name);
    if (known != views_.end() && known->second.inode == stat->inode &&
        known->second.mtime_ns == stat->mtime_ns) {
      usage.view_copies += known->second.copies;
      continue;
    }
    const Result<ByteCount> copies = bytes_below(path);
    if (!copies) return copies.error();
    views_[entry.name] = {stat->inode, stat->mtime_ns, *copies};
    usage.view_copies += *copies;
  }
  return {};
}

// "<name>.tmp.<owner>.<n>" is being made: a partial.
std::optional<PartialFolder> UsageReader::read_temporary(const std::string& path,
                                                         const std::string& name) {
  if (name.find(".tmp.") == std::string::npos) return std::nullopt;
  auto split = split_ticket(name);
  if (!split) return std::nullopt;
  PartialFolder partial;
  partial.path = path;
  partial.is_dead = split->second.liveness() == base::Owner::Liveness::dead;
  partial.ticket = std::move(split->first);
  partial.owner = std::move(split->second);
  partial.bytes = bytes_below(path).value_or(ByteCount());
  return partial;
}

Result<void> UsageReader::read_items(const std::string& folder, std::vector<LooseItem>& items,
                                     Usage& usage) {
  const Result<std::vector<DirectoryEntry>> entries = list_if_there(folder);
  if (!entries) return entries.error();
  for (const DirectoryEntry& entry : *entries) {
    if (entry.name == Layout::k_cache_tag) continue;
    const std::string path = base::join_path(folder, entry.name);
    if (auto partial = read_temporary(path, entry.name)) {
      usage.partials.push_back(*std::move(partial));
      continue;
    }
    const Result<base::FileStat> stat = files_.stat(path);
    if (!stat) continue;
    LooseItem item{path, entry.kind, ByteCount(), stat->mtime_ns};
    if (entry.kind == FileKind::directory) {
      Result<ByteCount> below = bytes_below(path);
      if (!below) return below.error();
      item.bytes = *below;
    } else if (stat->links == 1) {
      item.bytes = round_to_blocks(stat->size);
    }
    items.push_back(std::move(item));
  }
  return {};
}

Result<ByteCount> UsageReader::bytes_below(const std::string& folder) {
  const Result<std::vector<DirectoryEntry>> entries = list_if_there(folder);
  if (!entries) return entries.error();
  ByteCount sum;
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = base::join_path(folder, entry.name);
    if (entry.kind == FileKind::directory) {
      Result<ByteCount> below = bytes_below(path);
      if (!below) return below;
      sum += *below;
    } else if (entry.kind == FileKind::regular) {
      const Result<base::FileStat> stat = files_.stat(path);
      if (stat && stat->links == 1) sum += round_to_blocks(stat->size);
    }
  }
  return sum;
}

Result<std::vector<DirectoryEntry>> UsageReader::list_if_there(const std::string& folder) {
  Result<std::vector<DirectoryEntry>> entries = files_.list(folder);
  if (!entries && entries.error().code == ErrorCode::not_found)
    return std::vector<DirectoryEntry>();
  return entries;
}

}  // namespace modelhub::store
