// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/pins.h"

#include <string>

namespace modelhub::store {

Result<void> Pins::add(const Digest& key, std::string_view note) const {
  return base::write_file_atomically(files_, layout_.pin(key), std::string(note) + "\n", 0666);
}

Result<void> Pins::remove(const Digest& key) const {
  Result<void> done = files_.remove_file(layout_.pin(key));
  if (!done && done.error().code == ErrorCode::not_found) return {};
  return done;
}

Result<bool> Pins::has(const Digest& key) const {
  const Result<base::FileStat> stat = files_.stat(layout_.pin(key));
  if (stat) return true;
  if (stat.error().code == ErrorCode::not_found) return false;
  return stat.error();
}

Result<std::unordered_set<Digest>> Pins::all() const {
  std::unordered_set<Digest> keys;
  const Result<std::vector<base::DirectoryEntry>> entries = files_.list(layout_.pins());
  if (!entries) {
    if (entries.error().code == ErrorCode::not_found) return keys;
    return entries.error();
  }
  for (const base::DirectoryEntry& entry : *entries) {
    if (const Result<Digest> key = Digest::parse(entry.name)) keys.insert(*key);
  }
  return keys;
}

}  // namespace modelhub::store
