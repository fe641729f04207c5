// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// The shortest program: name a model, get boxes.
//
//     modelhub_example_blocking MODEL PICTURE

#include <iostream>

#include <modelhub/modelhub.h>

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::cerr << "usage: " << argv[0] << " MODEL PICTURE\n";
    return 2;
  }
  // from_environment() is what makes MODELHUB_HOME and its kin count; plain Hub::open() ignores
  // them.
  auto hub = modelhub::Hub::open(modelhub::HubOptions::from_environment()).value();
  auto detector =
      hub.detector(argv[1]).get().value();  // resolve, pull if missing, verify, plan, load
  auto image = modelhub::Image::load(argv[2]).value();

  for (const auto& d : detector.detect(image, modelhub::DetectOptions().conf(0.3F)).value()) {
    std::cout << d.label << ' ' << d.score << ' ' << d.box << '\n';
  }
  return 0;
} catch (const modelhub::Exception& e) {
  std::cerr << e.what() << '\n';
  return modelhub::exit_code_of(e.error());
}
