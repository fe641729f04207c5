// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/file_system.h"

namespace modelhub::store {

// The names in a folder. When it changes while it is read, a file that is renamed may be missed
// under both of its names: then it is read again, and the names of all readings are returned.
// Empty when there is no such folder.
Result<std::vector<base::DirectoryEntry>> list_steadily(base::FileSystem& files,
                                                        const std::string& folder);

}  // namespace modelhub::store
