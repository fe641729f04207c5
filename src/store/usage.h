// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/owner.h"
#include "modelhub/byte_count.h"
#include "modelhub/digest.h"
#include "store/chunk_record.h"
#include "store/layout.h"

namespace modelhub::store {

// Every file takes whole blocks of this size, as far as the budget is concerned. A file system's
// own count (st_blocks) may come late or be smaller than what a copy elsewhere would take.
inline constexpr std::uint64_t k_block_bytes = 4096;
ByteCount round_to_blocks(ByteCount bytes);

// One file of reserve/: "<bytes>.<owner>.<n>.want" or ".held".
struct ReservationEntry {
  std::string file_name;
  ByteCount bytes;
  std::string ticket;  // ".<owner>.<n>"
  base::Owner owner;
  bool is_held = false;  // else only wanted: it will be held or withdrawn at once

  // Nothing when the name is no reservation's.
  static std::optional<ReservationEntry> parse(std::string_view file_name);
  static std::string name_of(ByteCount bytes, std::string_view ticket, bool is_held);
};

// A folder in which somebody writes, or has written: staging/<hex>/<owner>.<n>/ and the like. Or
// what a pull has announced in its shared folder: a file, whose bytes count with the folder.
struct PartialFolder {
  std::string path;
  std::optional<Digest> digest;
  std::string ticket;  // ".<owner>.<n>", or empty when the name is no ticket's
  std::optional<base::Owner> owner;
  ByteCount bytes;  // on disk
  bool is_dead = false;
};

// Something that is neither a blob nor a partial.
struct LooseItem {
  std::string path;
  base::FileKind kind = base::FileKind::regular;
  ByteCount bytes;
  std::int64_t mtime_ns = 0;
};

class LivenessCache;

// The blobs of a home, also those that are being removed, numbered by their place.
struct BlobSizes {
  std::vector<Digest> digests;
  std::vector<ByteCount> bytes;
  std::unordered_map<Digest, std::uint32_t> places;
  ByteCount total;

  bool contains(const Digest& digest) const { return places.find(digest) != places.end(); }
  // One that is there already, under another name: the larger counts.
  void add(const Digest& digest, ByteCount size);
};

// What a home takes on disk, and what is promised.
struct Usage {
  std::vector<ReservationEntry> reservations;  // of processes that are not provably dead
  std::shared_ptr<const BlobSizes> blobs = std::make_shared<const BlobSizes>();
  std::vector<PartialFolder> partials;
  std::vector<LooseItem> quarantine;
  std::vector<LooseItem> derived;
  ByteCount view_copies;
  ByteCount local;

  // All of it, with every want. Files under a ticket's name are covered by its reservation: of the
  // two, the larger counts.
  ByteCount total() const;
  // The same, but of the wants only that of `ticket`.
  ByteCount total_for(std::string_view ticket) const;
  // What reservations may still write beyond what is on disk already, of the wants only that of
  // `ticket`.
  ByteCount unwritten_for(std::string_view ticket) const;
  ByteCount reserved() const;
  // On disk in folders that no reservation covers.
  ByteCount uncovered_partials() const;
};

// Adds up what a home takes.
//
// Invariants:    what is on disk or held at the moment when read() begins, and is still there when
//                it returns, is counted, at least once, whatever other processes do in between:
//                reservations are listed first (twice: a want that becomes a held one is renamed
//                once), then blobs, then what may hold a second link to them.
// Thread safety: all methods from any thread.
// Errors:        io_error: then nobody knows; busy.
class UsageReader {
 public:
  UsageReader(const Layout& layout, base::FileSystem& files, const base::Clock& clock)
      : layout_(layout), files_(files), clock_(clock) {}

  // The reservations of dead processes count for nothing, and may be removed on the way.
  enum class DeadReservations { stay, go };
  Result<Usage> read(DeadReservations dead);

 private:
  Result<std::vector<ReservationEntry>> read_reservations(DeadReservations dead);
  Result<std::shared_ptr<const BlobSizes>> read_blobs();
  Result<std::shared_ptr<const BlobSizes>> list_blobs();
  Result<std::vector<PartialFolder>> read_partials(const BlobSizes& blobs);
  Result<void> read_views(Usage& usage);
  Result<void> read_items(const std::string& folder, std::vector<LooseItem>& items, Usage& usage);
  std::optional<PartialFolder> read_temporary(const std::string& path, const std::string& name);
  Result<std::vector<PartialFolder>> read_partials_of(const std::string& folder,
                                                      const Result<Digest>& digest,
                                                      const BlobSizes& blobs,
                                                      LivenessCache& liveness);
  Result<void> read_shared_folder(const std::string& folder, std::string_view ticket,
                                  const BlobSizes& blobs, LivenessCache& liveness,
                                  std::vector<PartialFolder>& partials);
  Result<ByteCount> bytes_of_partial(const std::string& folder, bool counts_hold);
  // Of all files below that have no second name elsewhere.
  Result<ByteCount> bytes_below(const std::string& folder);
  // Empty when there is no such folder.
  Result<std::vector<base::DirectoryEntry>> list_if_there(const std::string& folder);

  const Layout& layout_;
  base::FileSystem& files_;
  const base::Clock& clock_;
  std::mutex mutex_;
  struct KnownBlob {
    std::uint64_t inode = 0;
    ByteCount bytes;
  };
  // A blob is never written to: a repair puts another file in its place. Guarded by mutex_.
  std::unordered_map<Digest, KnownBlob> known_blobs_;
  // All of them as of the folder's time, when that was settled. Guarded by mutex_.
  std::shared_ptr<const BlobSizes> all_blobs_;
  std::optional<Stamp> blobs_folder_;
  struct KnownView {
    std::uint64_t inode = 0;
    std::int64_t mtime_ns = 0;
    ByteCount copies;
  };
  // A view is never changed once it has its name. Guarded by mutex_.
  std::unordered_map<std::string, KnownView> views_;
};

}  // namespace modelhub::store
