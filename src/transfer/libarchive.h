// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include "modelhub/result.h"

namespace modelhub::transfer {

// The functions of libarchive that are used, opened when an archive comes. It brings six further
// libraries along: linked, each start of any program would wait for them.
//
// Ownership:     what was opened stays open until the process ends; opening it again costs some
//                microseconds.
// Thread safety: all of it.
struct Libarchive {
  decltype(&archive_read_new) read_new;
  decltype(&archive_read_free) read_free;
  decltype(&archive_read_support_format_raw) read_support_format_raw;
  decltype(&archive_read_support_format_tar) read_support_format_tar;
  decltype(&archive_read_append_filter) read_append_filter;
  decltype(&archive_read_open) read_open;
  decltype(&archive_read_next_header) read_next_header;
  decltype(&archive_read_data) read_data;
  decltype(&archive_read_data_skip) read_data_skip;
  decltype(&archive_filter_bytes) filter_bytes;
  decltype(&archive_error_string) error_string;
  decltype(&archive_errno) error_number;
  decltype(&archive_entry_pathname) entry_pathname;
  decltype(&archive_entry_pathname_utf8) entry_pathname_utf8;
  decltype(&archive_entry_size_is_set) entry_size_is_set;
  decltype(&archive_entry_size) entry_size;
  decltype(&archive_entry_filetype) entry_filetype;
  decltype(&archive_entry_hardlink) entry_hardlink;
  decltype(&archive_entry_symlink) entry_symlink;

  // Errors: unsupported (it is not on this machine, or too old; the message says what the loader
  // said).
  static Result<Libarchive> open(const char* name = "libarchive.so.13");
};

}  // namespace modelhub::transfer
