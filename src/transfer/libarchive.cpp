// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/libarchive.h"

#include <dlfcn.h>

#include <string>

namespace modelhub::transfer {
namespace {

Error no_libarchive() {
  const char* const why = dlerror();
  return {ErrorCode::unsupported, Subject::input,
          std::string("an archive cannot be unpacked without libarchive: ") +
              (why != nullptr ? why : "the loader does not say why"),
          "install libarchive (Debian: libarchive13)"};
}

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

Result<Libarchive> Libarchive::open(const char* name) {
  void* const library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return no_libarchive();
  Libarchive it{};
  const bool has_all =
      find(library, "archive_read_new", it.read_new) &&
      find(library, "archive_read_free", it.read_free) &&
      find(library, "archive_read_support_format_raw", it.read_support_format_raw) &&
      find(library, "archive_read_support_format_tar", it.read_support_format_tar) &&
      find(library, "archive_read_append_filter", it.read_append_filter) &&
      find(library, "archive_read_open", it.read_open) &&
      find(library, "archive_read_next_header", it.read_next_header) &&
      find(library, "archive_read_data", it.read_data) &&
      find(library, "archive_read_data_skip", it.read_data_skip) &&
      find(library, "archive_filter_bytes", it.filter_bytes) &&
      find(library, "archive_error_string", it.error_string) &&
      find(library, "archive_errno", it.error_number) &&
      find(library, "archive_entry_pathname", it.entry_pathname) &&
      find(library, "archive_entry_pathname_utf8", it.entry_pathname_utf8) &&
      find(library, "archive_entry_size_is_set", it.entry_size_is_set) &&
      find(library, "archive_entry_size", it.entry_size) &&
      find(library, "archive_entry_filetype", it.entry_filetype) &&
      find(library, "archive_entry_hardlink", it.entry_hardlink) &&
      find(library, "archive_entry_symlink", it.entry_symlink);
  if (has_all) return it;
  Error error = no_libarchive();  // before dlclose() has something else to say
  dlclose(library);
  return error;
}

}  // namespace modelhub::transfer
