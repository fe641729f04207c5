// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Fetches one file with src/transfer alone: no catalog, no store, nothing published. Built twice:
// fetch_bench verifies, fetch_bench_unhashed has a hasher that does nothing (idle_hasher.cpp). The
// difference between the two is what verifying costs.
//
//   fetch_bench URL SHA256 BYTES FOLDER CONNECTIONS
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "base/executor.h"
#include "modelhub/digest.h"
#include "transfer/transfer.h"

#ifdef FETCH_UNHASHED
#include "idle_hasher.h"
#endif

namespace {

using namespace modelhub;

// Templates, so that this builds with a request that names a file and with one that names a folder.
template <class Request>
std::string place_in(const std::string& folder) {
  if constexpr (requires(Request request) { request.folder; }) {
    return folder;
  } else {
    return folder + "/data";
  }
}

template <class Options>
void set_connections(Options& options, int connections) {
  options.connections_per_host = connections;
  if constexpr (requires { options.connections_per_file; }) {
    options.connections_per_file = connections;
  }
}

int fetch(const transfer::TransferOptions& options, transfer::FetchRequest request) {
  const auto executor =
      std::make_shared<base::Executor>("callbacks", 1, base::Executor::Role::callbacks);
  transfer::Transfer transfer(options, executor);
  const Result<transfer::Fetched> fetched = transfer.fetch(std::move(request)).get();
  if (!fetched) {
    std::cerr << "fetch_bench: " << fetched.error().message << '\n';
    return 1;
  }
  std::cout << fetched->duration.count() << " ms, " << transfer.network_requests() << " requests\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Result<Digest> digest = Digest::parse(argc > 2 ? argv[2] : "");
  if (argc != 6 || !digest) {
    std::cerr << "usage: fetch_bench URL SHA256 BYTES FOLDER CONNECTIONS\n";
    return 2;
  }
#ifdef FETCH_UNHASHED
  bench::set_answer(*digest);
#endif
  transfer::FetchRequest request{"the file",
                                 *digest,
                                 ByteCount(std::strtoull(argv[3], nullptr, 10)),
                                 {argv[1]},
                                 place_in<transfer::FetchRequest>(argv[4])};
  transfer::TransferOptions options;
  set_connections(options, std::atoi(argv[5]));
  return fetch(options, std::move(request));
}
