// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>

#include "stand_ins/stand_ins.h"

// make_stand_ins SHARED FOLDER: writes every stand-in into FOLDER/<model>/, and prints the paths.
int main(int argc, char** argv) {
  using namespace modelhub::test;
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s SHARED FOLDER\n", argv[0]);
    return 2;
  }
  try {
    for (const std::string& model : names_of_stand_ins()) {
      const std::filesystem::path folder = std::filesystem::path(argv[2]) / model;
      std::filesystem::create_directories(folder);
      for (const StandInFile& file : files_of_stand_in(model, argv[1])) {
        std::ofstream out(folder / file.path, std::ios::binary);
        out << file.content;
        if (!out.flush()) throw std::runtime_error("cannot write " + (folder / file.path).string());
        std::printf("%s\n", (folder / file.path).c_str());
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
  return 0;
}
