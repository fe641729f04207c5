// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "modelhub/byte_count.h"
#include "modelhub/result.h"
#include "transfer/libarchive.h"

namespace modelhub::transfer {

// The archives that a catalog may name.
enum class UnpackKind {
  bz2,     // one compressed file; it has no name inside
  tar_gz,  // one member of several
};

// Where an archive's bytes come from, from the first to the last.
class ArchiveSource {
 public:
  virtual ~ArchiveSource() = default;
  // Fills at least the first of `bytes`; 0 only at the end of the archive. May block.
  virtual Result<std::size_t> read(std::span<std::byte> bytes) = 0;
};

// Reads one member of an archive, front to back, while the archive arrives.
//
// Invariants:    a name from the archive is compared, never used. Only a regular file matches: no
//                link, folder or device, and no name that is absolute or has a ".." part. Of two
//                members with one name the first is meant. Whatever an archive says, memory is
//                bounded (some tens of MB), and time is in proportion to the archive's size.
// Thread safety: one thread.
// Errors:        those of the source; corrupt_data (not an archive of that kind, cut short, bytes
//                after its end, the member is missing or not a file), out_of_memory;
//                Subject::model; messages name the archive.
class ArchiveMember {
 public:
  // Borrows the source. `member`: only for tar_gz; a leading "./" on either side does not matter.
  // `called`: what the archive is called in messages.
  ArchiveMember(ArchiveSource& source, UnpackKind kind, std::string_view member,
                std::string called);
  ~ArchiveMember();
  ArchiveMember(const ArchiveMember&) = delete;
  ArchiveMember& operator=(const ArchiveMember&) = delete;

  // Looks for the member. Its size, where the archive tells before the bytes come.
  Result<std::optional<ByteCount>> open();

  // Fills `bytes`; fewer only at the end of the member. REQUIRES: open() succeeded. A bz2 is read
  // to its end, which must be that of the source as well. What follows the member in a tar.gz is
  // not looked at: whoever fetches the archive has its digest for that.
  Result<std::size_t> read(std::span<std::byte> bytes);

 private:
  enum class Phase { in_head, in_body };

  struct Free {
    decltype(&archive_read_free) read_free;
    void operator()(archive* handle) const;
  };

  // Bytes of the archive that libarchive has used, and what it made of them.
  std::uint64_t consumed() const;
  std::uint64_t unpacked() const;
  static std::ptrdiff_t on_read(archive* handle, void* self, const void** bytes);
  Result<std::size_t> next_piece();
  Result<void> find_member();
  Result<void> check_end();
  bool is_wanted(archive_entry* entry);
  Error not_there() const;
  Error corrupt(const std::string& why) const;
  // What libarchive or the source found wrong.
  Error failure() const;

  ArchiveSource& source_;
  const UnpackKind kind_;
  const std::string member_;   // without a leading "./"
  const std::string archive_;  // for messages
  std::vector<std::byte> piece_;
  Libarchive library_{};  // since open(), as the next
  std::unique_ptr<archive, Free> handle_;
  Phase phase_ = Phase::in_head;
  std::uint64_t delivered_ = 0;   // bytes of the archive that libarchive was given
  std::uint64_t head_begin_ = 0;  // in the unpacked bytes
  std::optional<Error> refusal_;  // why on_read() gave nothing more
  std::optional<ByteCount> size_;
  std::vector<std::string> seen_names_;  // the first few members, fit to be shown
  std::uint64_t seen_ = 0;               // members
  bool is_other_kind_ = false;           // the name is there, but it is no regular file
};

// The name as it is compared; nothing when it can never match: empty, absolute, or with a ".."
// part.
std::optional<std::string> comparable_member(std::string_view name);

}  // namespace modelhub::transfer
