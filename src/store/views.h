// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/file_system.h"
#include "modelhub/store.h"
#include "store/blobs.h"
#include "store/layout.h"
#include "store/ticket.h"

namespace modelhub::store {

// Folders in which a model's files have their own names.
//
// Invariants:    a visible view was complete when it appeared: it is built aside and renamed.
// Thread safety: all methods from any thread, and from several processes.
// Errors:        io_error, no_space; corrupt_data or checksum_mismatch with Subject::model when a
// blob is missing or damaged.
class Views {
 public:
  Views(const Layout& layout, base::FileSystem& files, const Blobs& blobs)
      : layout_(layout), files_(files), blobs_(blobs) {}

  // Every file of the view is the blob itself, or a copy with its size and time.
  bool is_current(const InstalledModel& model) const;
  // Puts a new view in the place of whatever is there. It is built under a name that ends in the
  // ticket's, so that it counts as part of what that ticket reserves: `make_room` is called before
  // something is copied, as often as that. REQUIRES: the home is prepared for writing.
  using MakeRoom = std::function<Result<void>()>;
  Result<void> build(const InstalledModel& model, const Ticket& ticket,
                     const MakeRoom& make_room) const;

 private:
  Result<void> fill(const InstalledModel& model, const std::string& folder,
                    const MakeRoom& make_room) const;
  Result<void> add(const InstalledFile& file, const std::string& path,
                   const MakeRoom& make_room) const;
  Result<void> copy(const InstalledFile& file, const std::string& path) const;
  Result<void> put_in_place(const InstalledModel& model, const std::string& folder) const;

  const Layout& layout_;
  base::FileSystem& files_;
  const Blobs& blobs_;
};

}  // namespace modelhub::store
