// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "shared/external_data.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

namespace modelhub::engine_shared {
namespace {

namespace fs = std::filesystem;
using engine_module::Failure;
using engine_module::File;

// ONNX Runtime takes a "file" of this name for an address in its own memory.
constexpr std::string_view k_memory_address = "*/_ORT_MEM_ADDR_/*";

// "w.bin", "data/w.bin": nothing that a library could understand in another way than we do.
bool is_plain(std::string_view location) {
  if (location.empty() || location == k_memory_address) return false;
  if (location.find_first_of(std::string_view("\\\0", 2)) != std::string_view::npos) return false;
  for (std::size_t begin = 0; begin <= location.size();) {
    const std::size_t end = std::min(location.find('/', begin), location.size());
    const std::string_view part = location.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

// The path of `location` beside a file.
std::string beside(const std::string& file, const std::string& location) {
  return (fs::path(file).parent_path() / location).string();
}

bool is_inside(const fs::path& folder, const fs::path& path) {
  const auto [end_of_folder, in_path] =
      std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end_of_folder == folder.end() && in_path != path.end();
}

class Check {
 public:
  Check(const File& graph, const OnnxFile::ExternalFile& external)
      : graph_(graph), external_(external), path_(beside(graph.path, external.location)) {}

  void run(const std::vector<File>& files) const {
    if (!is_plain(external_.location)) refuse("which is no place inside of the model's folder");
    const std::string name = beside(graph_.name, external_.location);
    const auto file = std::find_if(files.begin(), files.end(),
                                   [&](const File& candidate) { return candidate.name == name; });
    if (file == files.end()) refuse("which is not among the files of the model");
    const struct stat found = look_at(path_);
    const struct stat meant = look_at(file->path);
    std::error_code error;
    const fs::path folder = fs::canonical(fs::path(graph_.path).parent_path(), error);
    const fs::path real = fs::canonical(path_, error);
    if (error || !is_inside(folder, real)) refuse("which leads out of the model's folder");
    if (found.st_ino != meant.st_ino || found.st_dev != meant.st_dev)
      refuse("which leads to another file than the model's own of that name");
    if (!S_ISREG(found.st_mode)) refuse("which is no regular file");
    if (static_cast<std::uint64_t>(found.st_size) < external_.end) {
      throw Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL,
                    "cannot load " + graph_.name + ": its file of weights '" + external_.location +
                        "' ends at byte " + std::to_string(found.st_size) + ", weights lie up to " +
                        std::to_string(external_.end),
                    "verify the model's files, or pull it again");
    }
  }

 private:
  [[noreturn]] void refuse(const char* why) const {
    throw Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                  graph_.name + " keeps weights in '" + external_.location + "', " + why,
                  "put the file of weights beside " + graph_.name +
                      " and list it as a file of the model, or save it as one file: "
                      "onnx.save(onnx.load(\"" +
                      fs::path(graph_.name).filename().string() + "\"), \"one_file.onnx\")");
  }

  struct stat look_at(const std::string& path) const {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
      throw Failure(MH_IO_ERROR, MH_ABOUT_MODEL,
                    "cannot read the weights '" + external_.location + "' of " + graph_.name +
                        " (" + path + "): " + std::strerror(errno));
    }
    return status;
  }

  const File& graph_;
  const OnnxFile::ExternalFile& external_;
  const std::string path_;
};

}  // namespace

void check_external_files(const OnnxFile& model, const File& graph,
                          const std::vector<File>& files) {
  for (const OnnxFile::ExternalFile& external : model.external_files)
    Check(graph, external).run(files);
}

}  // namespace modelhub::engine_shared
