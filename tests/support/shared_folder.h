// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <string>

namespace modelhub::test {

// Below the folder with mirror/, images/ and reference/. ctest says where that is; a test that is
// run by hand from the project's folder finds it beside that.
inline std::string shared_path(const std::string& name) {
  const char* const folder = std::getenv("MODELHUB_TEST_SHARED");
  return std::string(folder == nullptr ? "../shared" : folder) + "/" + name;
}

}  // namespace modelhub::test
