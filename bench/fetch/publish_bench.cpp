// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Pulls one model of one file into a home, to where it is published. Built twice: publish_bench
// verifies, publish_bench_unhashed has a hasher that does nothing (idle_hasher.cpp). The difference
// between the two is what a verified model costs over one that is only there.
//
//   publish_bench HOME CATALOG MODEL SHA256 CONNECTIONS
#include <cstdlib>
#include <iostream>

#include "modelhub/digest.h"
#include "modelhub/hub.h"

#ifdef FETCH_UNHASHED
#include "idle_hasher.h"
#endif

namespace {

using namespace modelhub;

int fail(const Error& error) {
  std::cerr << "publish_bench: " << error.message << '\n';
  return 1;
}

int pull(const HubOptions& options, const std::string& model) {
  Result<Hub> hub = Hub::open(options);
  if (!hub) return fail(hub.error());
  const Result<InstalledModel> installed = hub->pull(model).get();
  return installed ? 0 : fail(installed.error());
}

}  // namespace

int main(int argc, char** argv) {
  const Result<Digest> digest = Digest::parse(argc > 4 ? argv[4] : "");
  if (argc != 6 || !digest) {
    std::cerr << "usage: publish_bench HOME CATALOG MODEL SHA256 CONNECTIONS\n";
    return 2;
  }
#ifdef FETCH_UNHASHED
  bench::set_answer(*digest);
#endif
  HubOptions options;
  options.home = argv[1];
  options.catalogs = {argv[2]};
  options.connections = std::atoi(argv[5]);
  return pull(options, argv[3]);
}
