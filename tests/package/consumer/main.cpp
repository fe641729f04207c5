// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include <modelhub/coroutine.h>
#include <modelhub/modelhub.h>

// Exits with 0 when the library that was found can be used: its catalog is there, and an error of
// it is understood.
int main(int, char** argv) {
  modelhub::HubOptions options;
  options.home = std::string(argv[0]) + ".home";
  auto hub = modelhub::Hub::open(options);
  if (!hub) {
    std::cerr << hub.error().to_string() << '\n';
    return 1;
  }
  const auto models = hub->list();
  const auto unknown = hub->pull("no_such_model").get();
  std::cout << MODELHUB_VERSION << ": " << models.value().models.size() << " models\n";
  return models.value().models.size() > 10 && !unknown &&
                 unknown.error().code == modelhub::ErrorCode::not_found
             ? 0
             : 1;
}
