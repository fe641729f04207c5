// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "modelhub/result.h"

namespace modelhub::bench {

// What the programs of bench/infer have in common: each loads what it measures, and then works
// whenever its standard input asks for it, so that bench/infer can let several of them take turns.
//
//     it says  {"about": {...}, "answer": ...}      when all is loaded
//     it hears KIND N
//     it says  [{"total": 12.5, "pre": 1.5}, ...]   milliseconds of N calls of that kind, after one
//                                                   that does not count
//
// It ends with its input.

// Milliseconds of one call by step; "total" is the whole of it.
using Times = std::map<std::string, double>;
// One call each, by the word that asks for it.
using Works = std::map<std::string, std::function<Times()>>;

// Milliseconds since it was made, or since the last lap().
class StopWatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double, std::milli>(now - std::exchange(last_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// Of a call that has no steps.
template <class Work>
Times time_of(const Work& work) {
  StopWatch watch;
  work();
  return {{"total", watch.lap()}};
}

// The value, or the end of the program with the reason.
template <class T>
T require(Result<T> result) {
  if (!result) {
    std::cerr << result.error().message << '\n';
    if (!result.error().hint.empty()) std::cerr << "  next: " << result.error().hint << '\n';
    std::exit(1);
  }
  return *std::move(result);
}

// What main() returns.
inline int talk(const nlohmann::json& ready, const Works& works) {
  std::cout << ready.dump() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string kind;
    int count = 0;
    words >> kind >> count;
    const auto work = works.find(kind);
    if (work == works.end() || count < 1) {
      std::cerr << "cannot do \"" << line << "\"\n";
      return 2;
    }
    work->second();
    nlohmann::json calls = nlohmann::json::array();
    for (int i = 0; i < count; ++i) calls.push_back(work->second());
    std::cout << calls.dump() << std::endl;
  }
  return 0;
}

}  // namespace modelhub::bench
