// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"

namespace modelhub::store {

// The names in a folder. When it changes while it is read, a file that is renamed may be missed
// under both of its names: then it is read again, and the names of all readings are returned.
// Empty when there is no such folder.
Result<std::vector<base::DirectoryEntry>> list_steadily(base::FileSystem& files,
                                                        const std::string& folder);

// What was changed at `mtime_ns` cannot change again from now on and keep that time: it lies
// further back than the coarsest time stamps in use are apart. So what is read now may be kept as
// long as the time is the same.
bool is_settled(const base::Clock& clock, std::int64_t mtime_ns);

}  // namespace modelhub::store
