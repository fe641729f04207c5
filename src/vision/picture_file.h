// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "modelhub/result.h"

namespace modelhub::vision {

// The bytes of a picture file. A pipe or a device is read to its end. What is no picture is found
// out from the first bytes and not read further, so that a wrong name never costs more than a page.
// Errors: not_found, io_error (a directory, an empty file, the system's refusal), corrupt_data and
//         unsupported (no picture; more than `limit_bytes`), out_of_memory; Subject::input.
Result<std::vector<std::byte>> read_picture_file(const std::string& path,
                                                 std::uint64_t limit_bytes);

// Writes an encoded picture: a file whole or not at all, a pipe or device as it is.
// Errors: not_found (no such folder), no_space, io_error.
Result<void> write_picture_file(const std::string& path, const std::vector<std::byte>& bytes);

}  // namespace modelhub::vision
