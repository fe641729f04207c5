// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "support/archives.h"

#include <memory>
#include <stdexcept>

#include <archive.h>
#include <archive_entry.h>

namespace modelhub::test {
namespace {

la_ssize_t append(archive* /*handle*/, void* text, const void* bytes, std::size_t size) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

void require(archive* handle, la_ssize_t code) {
  if (code < ARCHIVE_OK) throw std::runtime_error(archive_error_string(handle));
}

void add(archive* handle, const Packed& member) {
  const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                            &archive_entry_free);
  archive_entry_copy_pathname(entry.get(), member.name.c_str());
  archive_entry_set_filetype(entry.get(), member.kind);
  archive_entry_set_perm(entry.get(), 0644);
  if (!member.symlink.empty()) archive_entry_copy_symlink(entry.get(), member.symlink.c_str());
  if (!member.hardlink.empty()) archive_entry_copy_hardlink(entry.get(), member.hardlink.c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(member.content.size()));
  require(handle, archive_write_header(handle, entry.get()));
  if (!member.content.empty()) {
    require(handle, archive_write_data(handle, member.content.data(), member.content.size()));
  }
}

std::string pack(int format, int filter, const std::vector<Packed>& members) {
  std::string text;
  const std::unique_ptr<archive, decltype(&archive_write_free)> handle(archive_write_new(),
                                                                       &archive_write_free);
  require(handle.get(), archive_write_set_format(handle.get(), format));
  require(handle.get(), archive_write_add_filter(handle.get(), filter));
  require(handle.get(), archive_write_set_bytes_in_last_block(handle.get(), 1));
  require(handle.get(), archive_write_open(handle.get(), &text, nullptr, &append, nullptr));
  for (const Packed& member : members) add(handle.get(), member);
  require(handle.get(), archive_write_close(handle.get()));
  return text;
}

}  // namespace

std::string tar_gz_of(const std::vector<Packed>& members) {
  return pack(ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_GZIP, members);
}

std::string gz_of(std::string_view content) {
  return pack(ARCHIVE_FORMAT_RAW, ARCHIVE_FILTER_GZIP, {{"data", std::string(content)}});
}

std::string bz2_of(std::string_view content) {
  return pack(ARCHIVE_FORMAT_RAW, ARCHIVE_FILTER_BZIP2, {{"data", std::string(content)}});
}

}  // namespace modelhub::test
