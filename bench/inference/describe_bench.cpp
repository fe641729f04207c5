// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// dlib's network describing faces, with the BLAS that the dynamic linker finds. See talk.h.
//
//   describe_bench DESCRIPTOR THREADS FACES
//
// A call describes FACES faces; what it says is for one of them.
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "dlib/blas_threads.h"
#include "dlib/networks.h"
#include "talk.h"

namespace {

using namespace modelhub;
using namespace modelhub::dlib_engine;

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

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::cerr << "usage: describe_bench DESCRIPTOR THREADS FACES\n";
    return 2;
  }
  const int faces = std::max(1, std::atoi(argv[3]));
  Descriptor descriptor({"descriptor", argv[1], argv[1]});
  const Chips chips = make_chips(faces);
  const BlasThreads bound(std::max(1, std::atoi(argv[2])));
  std::vector<float> numbers = descriptor.describe(chips);
  numbers.resize(static_cast<std::size_t>(descriptor.length()));  // of the first face
  const auto describe = [&] {
    bench::StopWatch watch;
    (void)descriptor.describe(chips);
    return bench::Times{{"total", watch.lap() / faces}};
  };
  return bench::talk({{"about", {{"engine", find_blas().path}}}, {"answer", numbers}},
                     {{"describe", describe}});
} catch (const modelhub::engine_module::Failure& failure) {
  std::cerr << "describe_bench: " << failure.message() << '\n';
  return 1;
}
