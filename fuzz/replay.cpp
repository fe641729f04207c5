// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "target.h"

namespace modelhub::fuzz {
namespace {

std::map<std::string, Target>& targets() {
  static std::map<std::string, Target> table;
  return table;
}

int replay(Target target, const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(file), {}};
    // Before the run: after a crash the last line names the input.
    std::printf("%s, %zu bytes\n", path.c_str(), input.size());
    std::fflush(stdout);
    target(input);
  }
  std::printf("%zu inputs\n", paths.size());
  return paths.empty() ? 1 : 0;
}

}  // namespace

Registration::Registration(const char* name, Target target) { targets()[name] = target; }

}  // namespace modelhub::fuzz

// replay TARGET FOLDER: gives each file of the folder to the target, in the order of names.
int main(int argc, char** argv) {
  using namespace modelhub::fuzz;
  const auto found = argc == 3 ? targets().find(argv[1]) : targets().end();
  if (found == targets().end()) {
    std::fprintf(stderr, "usage: %s TARGET FOLDER\n", argv[0]);
    for (const auto& [name, target] : targets()) std::fprintf(stderr, "  %s\n", name.c_str());
    return 2;
  }
  return replay(found->second, argv[2]);
}
