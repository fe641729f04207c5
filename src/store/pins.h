// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <unordered_set>

#include "base/file_system.h"
#include "modelhub/digest.h"
#include "store/layout.h"

namespace modelhub::store {

// Models that are never evicted, however long they were not used: pins/<key>.
//
// Thread safety: all methods from any thread, and from several processes.
// Errors:        io_error, no_space.
class Pins {
 public:
  Pins(const Layout& layout, base::FileSystem& files) : layout_(layout), files_(files) {}

  // `note` is for people who look into the file. Durable when it returns; the caller looks again
  // afterwards whether the model is still there.
  Result<void> add(const Digest& key, std::string_view note) const;
  // No error when there is none.
  Result<void> remove(const Digest& key) const;
  Result<bool> has(const Digest& key) const;
  Result<std::unordered_set<Digest>> all() const;

 private:
  const Layout& layout_;
  base::FileSystem& files_;
};

}  // namespace modelhub::store
