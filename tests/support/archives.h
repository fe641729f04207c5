// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

namespace modelhub::test {

struct Packed {
  std::string name;
  std::string content;
  mode_t kind = S_IFREG;
  std::string symlink = {};   // where it leads
  std::string hardlink = {};  // the member that it is
};

// Archives made by libarchive.
std::string tar_gz_of(const std::vector<Packed>& members);
std::string gz_of(std::string_view content);
std::string bz2_of(std::string_view content);

}  // namespace modelhub::test
