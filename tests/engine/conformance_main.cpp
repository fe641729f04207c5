// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// Runs the conformance suite on any engine, also one that this project has never seen.

#include <iostream>
#include <sstream>
#include <string_view>

#include "engine/conformance.h"

namespace modelhub::engine {
namespace {

constexpr std::string_view k_usage =
    "usage: engine_conformance --module modelhub_engine_<name>.so --format FORMAT --model FILE\n"
    "                          [--role graph] [--file ROLE=FILE]... [--device cpu:0]\n"
    "                          [--open-side 1] [--shape INPUT=1,480,640,3]...\n"
    "                          [--setting KEY=VALUE]... [GoogleTest options]\n";

// Filled by main before GoogleTest asks for it.
std::vector<ConformanceCase>& cases() {
  static std::vector<ConformanceCase> all;
  return all;
}

INSTANTIATE_TEST_SUITE_P(CommandLine, EngineConformance, testing::ValuesIn(cases()), name_of_case);

struct Pair {
  std::string key;
  std::string value;
};

Pair split(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return {text, ""};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

Shape parse_shape(const std::string& text) {
  Shape shape;
  std::istringstream sides(text);
  for (std::string side; std::getline(sides, side, ',');) shape.push_back(std::stoll(side));
  return shape;
}

bool parse(int argc, char** argv, ConformanceCase& out) {
  std::string role = "graph";
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    const std::string value = argv[i + 1];
    if (option == "--module") {
      out.module = value;
    } else if (option == "--format") {
      out.format = value;
    } else if (option == "--model") {
      out.files.insert(out.files.begin(), {"", value, value});
    } else if (option == "--role") {
      role = value;
    } else if (option == "--file") {
      const Pair file = split(value);
      out.files.push_back({file.key, file.value, file.value});
    } else if (option == "--device") {
      out.device = value;
    } else if (option == "--open-side") {
      out.open_side = std::stoll(value);
    } else if (option == "--shape") {
      const Pair shape = split(value);
      out.shapes[shape.key] = parse_shape(shape.value);
    } else if (option == "--setting") {
      const Pair setting = split(value);
      out.settings.push_back({"", setting.key, setting.value});
    } else {
      return false;
    }
  }
  if (argc % 2 == 0 || out.module.empty() || out.format.empty() || out.files.empty()) return false;
  if (out.files[0].role.empty()) out.files[0].role = role;
  return true;
}

// GoogleTest's own options begin with --gtest_; ours come as pairs of words.
std::vector<char*> without_gtest_options(int argc, char** argv) {
  std::vector<char*> rest;
  for (int i = 0; i < argc; ++i) {
    if (std::string_view(argv[i]).substr(0, 8) != "--gtest_") rest.push_back(argv[i]);
  }
  return rest;
}

}  // namespace
}  // namespace modelhub::engine

int main(int argc, char** argv) {
  using namespace modelhub::engine;
  std::vector<char*> ours = without_gtest_options(argc, argv);
  ConformanceCase conformance_case;
  if (!parse(static_cast<int>(ours.size()), ours.data(), conformance_case)) {
    std::cerr << k_usage;
    return 2;
  }
  cases().push_back(std::move(conformance_case));
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
