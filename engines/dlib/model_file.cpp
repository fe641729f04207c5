// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

namespace modelhub::dlib_engine {
namespace {

using engine_module::Failure;
using engine_module::File;

// dlib publishes its files packed, and some copies are not unpacked before use.
constexpr std::string_view k_bzip2 = "BZh";

Failure unreadable(const File& file, const std::string& reason) {
  return Failure(MH_IO_ERROR, MH_ABOUT_MODEL,
                 "cannot read " + file.name + " (" + file.path + "): " + reason);
}

bool is_packed(std::ifstream& in) {
  std::array<char, k_bzip2.size()> start{};
  in.read(start.data(), start.size());
  const bool is_same = in && std::string_view(start.data(), start.size()) == k_bzip2;
  in.clear();
  in.seekg(0);
  return is_same;
}

}  // namespace

void read_model_file(const File& file, const std::string& what,
                     const std::function<void(std::istream&)>& read) {
  std::error_code error;
  const bool is_regular = std::filesystem::is_regular_file(file.path, error);
  if (error) throw unreadable(file, error.message());
  if (!is_regular) throw unreadable(file, "not a regular file");
  std::ifstream in(file.path, std::ios::binary);
  if (!in) throw unreadable(file, std::strerror(errno));
  if (is_packed(in)) {
    throw Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL,
                  "cannot load " + file.name + ": it is packed by bzip2",
                  "unpack it: bunzip2 FILE; in a catalog, say \"unpack\"");
  }
  try {
    read(in);
  } catch (const Failure&) {
    throw;
  } catch (const std::exception& exception) {
    // Also std::bad_alloc: what claims to be larger than memory is no size that was ever written.
    throw Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL,
                  "cannot load " + file.name + ": it is not " + what + ", or damaged (" +
                      exception.what() + ")",
                  "verify the model's files, or pull it again");
  }
}

}  // namespace modelhub::dlib_engine
