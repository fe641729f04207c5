// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// How long dlib's network takes to describe a face, with the BLAS that the dynamic linker finds.
// bench/faces runs this with several.
//
//   describe_bench DESCRIPTOR THREADS FACES ROUNDS
//
// Prints one JSON object: the BLAS, and the median milliseconds for a face, after a first time that
// does not count.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "dlib/blas_threads.h"
#include "dlib/networks.h"

namespace {

using namespace modelhub::dlib_engine;
using Milliseconds = std::chrono::duration<double, std::milli>;

// Any picture costs the same.
Chips make_chips(int count) {
  Chips chips(static_cast<std::size_t>(count));
  unsigned value = 1;
  for (Picture& chip : chips) {
    chip.set_size(k_chip_size, k_chip_size);
    for (dlib::rgb_pixel& pixel : chip) {
      value = value * 1664525U + 1013904223U;
      pixel = dlib::rgb_pixel(static_cast<unsigned char>(value >> 24),
                              static_cast<unsigned char>(value >> 16),
                              static_cast<unsigned char>(value >> 8));
    }
  }
  return chips;
}

int run(const std::string& path, int threads, int faces, int rounds) {
  Descriptor descriptor({"descriptor", path, path});
  const Chips chips = make_chips(faces);
  const BlasThreads bound(threads);
  std::vector<double> times;
  double sum = 0;
  for (int i = 0; i <= rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    sum = 0;
    for (const float number : descriptor.describe(chips)) sum += number;
    if (i > 0) times.push_back(Milliseconds(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(times.begin(), times.end());
  std::cout << "{\"blas\": \"" << find_blas().path
            << "\", \"ms\": " << times[times.size() / 2] / faces << ", \"sum\": " << sum << "}\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 5) {
    std::cerr << "usage: describe_bench DESCRIPTOR THREADS FACES ROUNDS\n";
    return 2;
  }
  return run(argv[1], std::max(1, std::atoi(argv[2])), std::max(1, std::atoi(argv[3])),
             std::max(1, std::atoi(argv[4])));
} catch (const modelhub::engine_module::Failure& failure) {
  std::cerr << "describe_bench: " << failure.message() << '\n';
  return 1;
}
