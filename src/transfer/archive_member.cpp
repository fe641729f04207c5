// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/archive_member.h"

#include <algorithm>
#include <cerrno>
#include <new>

namespace modelhub::transfer {
namespace {

// gzip makes at most 1032 bytes of one, so a piece is at most 4 MB of tar headers. Larger pieces
// are no faster: unpacking takes all the time.
constexpr std::size_t k_piece_bytes = 4 * 1024;
// libarchive keeps what it was given until it has read it; the name in a gzip header may have no
// end. A bzip2 block is below 900 kB, and consumed as it is read.
constexpr std::uint64_t k_max_unread_bytes = 2 * 1024 * 1024;
// Of one member, measured between pieces. libarchive refuses extended headers above 1 MiB, but
// keeps the map of a sparse file in memory, whatever its length, in about five times the bytes.
constexpr std::uint64_t k_max_head_bytes = 4 * 1024 * 1024;

constexpr std::size_t k_max_shown_names = 5;
constexpr std::size_t k_max_shown_bytes = 80;

// A name from an archive, fit for a terminal.
std::string printable(std::string_view name) {
  std::string shown(name.substr(0, k_max_shown_bytes));
  for (char& c : shown) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return name.size() > k_max_shown_bytes ? shown + "..." : shown;
}

// libarchive knows a name as bytes or as UTF-8; not every name can be had in both ways in every
// locale.
std::string name_of(const Libarchive& library, archive_entry* entry) {
  if (const char* name = library.entry_pathname(entry)) return name;
  if (const char* name = library.entry_pathname_utf8(entry)) return name;
  return {};
}

}  // namespace

std::optional<std::string> comparable_member(std::string_view name) {
  while (name.starts_with("./")) name.remove_prefix(2);
  if (name.empty() || name.front() == '/') return std::nullopt;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    if (name.substr(begin, end - begin) == "..") return std::nullopt;
    begin = end + 1;
  }
  return std::string(name);
}

void ArchiveMember::Free::operator()(archive* handle) const { read_free(handle); }

ArchiveMember::ArchiveMember(ArchiveSource& source, UnpackKind kind, std::string_view member,
                             std::string called)
    : source_(source),
      kind_(kind),
      member_(comparable_member(member).value_or("")),
      archive_(std::move(called)),
      piece_(k_piece_bytes) {}

ArchiveMember::~ArchiveMember() = default;

std::uint64_t ArchiveMember::consumed() const {
  const la_int64_t bytes = library_.filter_bytes(handle_.get(), -1);
  return static_cast<std::uint64_t>(std::max<la_int64_t>(bytes, 0));
}

std::uint64_t ArchiveMember::unpacked() const {
  const la_int64_t bytes = library_.filter_bytes(handle_.get(), 0);
  return static_cast<std::uint64_t>(std::max<la_int64_t>(bytes, 0));
}

Result<std::optional<ByteCount>> ArchiveMember::open() {
  Result<Libarchive> library = Libarchive::open();
  if (!library) return std::move(library).error().with_context("unpack " + archive_);
  library_ = *library;
  handle_ = std::unique_ptr<archive, Free>(library_.read_new(), Free{library_.read_free});
  if (!handle_) throw std::bad_alloc();
  archive* const handle = handle_.get();
  // Named and not guessed: libarchive would unpack what is packed twice, or not packed at all.
  const bool is_bz2 = kind_ == UnpackKind::bz2;
  const int set_up[] = {
      is_bz2 ? library_.read_support_format_raw(handle) : library_.read_support_format_tar(handle),
      library_.read_append_filter(handle, is_bz2 ? ARCHIVE_FILTER_BZIP2 : ARCHIVE_FILTER_GZIP)};
  for (const int code : set_up) {
    if (code != ARCHIVE_OK) return failure();
  }
  if (library_.read_open(handle, this, nullptr, &on_read, nullptr) != ARCHIVE_OK) return failure();
  if (Result<void> found = find_member(); !found) return std::move(found).error();
  phase_ = Phase::in_body;
  return size_;
}

Result<void> ArchiveMember::find_member() {
  for (;;) {
    archive_entry* entry = nullptr;
    phase_ = Phase::in_head;
    head_begin_ = unpacked();
    const int code = library_.read_next_header(handle_.get(), &entry);
    if (code == ARCHIVE_EOF) return not_there();
    // A warning is about an owner or a name in a foreign character set.
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return failure();
    if (kind_ == UnpackKind::bz2) return {};
    if (is_wanted(entry)) {
      if (library_.entry_size_is_set(entry) != 0) {
        size_ = ByteCount(
            static_cast<std::uint64_t>(std::max<la_int64_t>(library_.entry_size(entry), 0)));
      }
      return {};
    }
    phase_ = Phase::in_body;
    if (library_.read_data_skip(handle_.get()) < ARCHIVE_WARN) return failure();
  }
}

bool ArchiveMember::is_wanted(archive_entry* entry) {
  const std::string name = name_of(library_, entry);
  ++seen_;
  if (seen_names_.size() < k_max_shown_names) seen_names_.push_back(printable(name));
  if (member_.empty() || comparable_member(name) != member_) return false;
  const bool is_file = library_.entry_filetype(entry) == AE_IFREG &&
                       library_.entry_hardlink(entry) == nullptr &&
                       library_.entry_symlink(entry) == nullptr;
  is_other_kind_ = is_other_kind_ || !is_file;
  return is_file;
}

Result<std::size_t> ArchiveMember::read(std::span<std::byte> bytes) {
  const la_ssize_t count = library_.read_data(handle_.get(), bytes.data(), bytes.size());
  if (count < 0) return failure();
  const std::size_t done = static_cast<std::size_t>(count);
  if (done < bytes.size() && kind_ == UnpackKind::bz2) {
    if (Result<void> end = check_end(); !end) return std::move(end).error();
  }
  return done;
}

// libarchive takes whatever follows a bzip2 stream for the end of the file.
Result<void> ArchiveMember::check_end() {
  const std::uint64_t consumed = this->consumed();
  std::uint64_t rest = delivered_ - std::min(consumed, delivered_);
  if (rest == 0) {
    Result<std::size_t> more = next_piece();
    if (!more) return std::move(more).error();
    rest = *more;
  }
  if (rest == 0) return {};
  return corrupt("bytes that are no bzip2 follow its end, at byte " + std::to_string(consumed));
}

std::ptrdiff_t ArchiveMember::on_read(archive* /*handle*/, void* self, const void** bytes) {
  ArchiveMember& member = *static_cast<ArchiveMember*>(self);
  try {
    if (member.delivered_ - member.consumed() > k_max_unread_bytes) {
      member.refusal_ = member.corrupt("its header has no end");
    } else if (member.phase_ == Phase::in_head &&
               member.unpacked() - member.head_begin_ > k_max_head_bytes) {
      member.refusal_ = member.corrupt("a header in it has no end");
    } else {
      Result<std::size_t> count = member.next_piece();
      *bytes = member.piece_.data();
      if (count) return static_cast<std::ptrdiff_t>(*count);
      member.refusal_ = std::move(count).error();
    }
  } catch (const std::bad_alloc&) {
    member.refusal_ = Error(ErrorCode::out_of_memory, Subject::model, "no memory");
  }
  return ARCHIVE_FATAL;
}

Result<std::size_t> ArchiveMember::next_piece() {
  Result<std::size_t> count = source_.read(piece_);
  if (count) delivered_ += *count;
  return count;
}

Error ArchiveMember::not_there() const {
  if (is_other_kind_) return corrupt("'" + printable(member_) + "' in it is not a regular file");
  std::string names;
  for (const std::string& name : seen_names_) names += (names.empty() ? "'" : ", '") + name + "'";
  if (seen_ > seen_names_.size())
    names += " and " + std::to_string(seen_ - seen_names_.size()) + " more";
  return corrupt("it has no file '" + printable(member_) + "'; it has " +
                 (names.empty() ? "nothing" : names));
}

Error ArchiveMember::corrupt(const std::string& why) const {
  return {ErrorCode::corrupt_data, Subject::model, "cannot unpack " + archive_ + ": " + why,
          "the archive is not the catalogued one, or the catalog is wrong about what is in it"};
}

Error ArchiveMember::failure() const {
  if (refusal_) return *refusal_;
  const char* const text = library_.error_string(handle_.get());
  if (library_.error_number(handle_.get()) == ENOMEM) {
    return {ErrorCode::out_of_memory, Subject::model,
            "cannot unpack " + archive_ + ": there is not enough memory"};
  }
  if (consumed() == 0)
    return corrupt(kind_ == UnpackKind::bz2 ? "it is not a bzip2 file" : "it is not a gzip file");
  return corrupt(text != nullptr ? printable(text) : "libarchive does not say why");
}

}  // namespace modelhub::transfer
