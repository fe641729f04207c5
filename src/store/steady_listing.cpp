// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/steady_listing.h"

#include <unordered_set>
#include <utility>

namespace modelhub::store {

using base::DirectoryEntry;

Result<std::vector<DirectoryEntry>> list_steadily(base::FileSystem& files,
                                                  const std::string& folder) {
  constexpr int k_readings = 4;
  std::vector<DirectoryEntry> all;
  std::unordered_set<std::string> seen;
  for (int reading = 0; reading < k_readings; ++reading) {
    const Result<base::FileStat> before = files.stat(folder);
    Result<std::vector<DirectoryEntry>> entries = files.list(folder);
    if (!entries) {
      if (entries.error().code == ErrorCode::not_found) return all;
      return entries;
    }
    const Result<base::FileStat> after = files.stat(folder);
    const bool is_steady = before && after && before->mtime_ns == after->mtime_ns;
    if (is_steady && reading == 0) return entries;
    for (DirectoryEntry& entry : *entries) {
      if (seen.insert(entry.name).second) all.push_back(std::move(entry));
    }
    if (is_steady) break;
  }
  return all;
}

bool is_settled(const base::Clock& clock, std::int64_t mtime_ns) {
  constexpr std::chrono::seconds k_coarsest(2);  // of FAT
  return clock.system_now().time_since_epoch() - std::chrono::nanoseconds(mtime_ns) > k_coarsest;
}

}  // namespace modelhub::store
