// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "store/chunk_record.h"
#include "store/layout.h"

namespace modelhub::store {

enum class Access {
  read_write_if_possible,  // every write is tried; where the file system refuses, it is an error
  read_only,               // no write is tried
};

// A home's right to be read and written: its format file and its folders.
//
// Thread safety: all methods from any thread; several processes may share one home.
// Errors:        unsupported (a newer layout), corrupt_data (a format file that is none), io_error,
// no_space; all with
//                Subject::store and the path.
class Home {
 public:
  Home(const Layout& layout, base::FileSystem& files, Access access)
      : layout_(layout), files_(files), access_(access) {}

  // That the home can be read and is not newer than this code. No error when there is none yet.
  Result<void> check_readable();
  // The same, then makes what is missing; before each write, since a newer modelhub may have come
  // in between.
  Result<void> prepare_for_writing();

 private:
  Result<bool> check_format();
  Result<void> make_folders();
  Result<void> make_durable();

  const Layout& layout_;
  base::FileSystem& files_;
  const Access access_;
  std::mutex mutex_;
  std::optional<Stamp> checked_;  // guarded by mutex_; of the format file when it was last read
  // The names of the folders were synced by this object. Another process may have made them a
  // moment ago and lose them in a power cut, and with them what is about to be published.
  std::atomic<bool> is_durable_ = false;
};

// Not durable; what a failure leaves is the caller's to remove. Errors: busy when it is there.
Result<void> write_new_file(base::FileSystem& files, const std::string& path,
                            std::string_view content);

// For what can be made again: readers see the old content or the new one, but a power cut may tear
// it.
Result<void> write_rebuildable_file(base::FileSystem& files, const std::string& path,
                                    std::string_view content);

// A failed write seen from above: a folder that vanished or a name that is taken is an io_error
// there, since nothing that the caller named was missing.
Error as_write_error(Error error);

}  // namespace modelhub::store
