// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace modelhub::engine_shared {

// Where the library behind an engine may lie, the best place first: beside the module that this is
// a part of, then where the dynamic linker would look for a library that the module needs, which is
// LD_LIBRARY_PATH, the module's run path and the system's folders. Absolute paths; not all exist.
//
// For libraries that are opened by their path. dlopen() with a bare name looks there too, but not
// under a sanitizer, whose own dlopen() stands between, and it must know the whole name.
std::vector<std::string> library_folders();

// The file that a function or variable came from; empty when nobody knows.
std::string library_of(const void* symbol);

}  // namespace modelhub::engine_shared
