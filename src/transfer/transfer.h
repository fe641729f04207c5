// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "modelhub/byte_count.h"
#include "modelhub/digest.h"
#include "modelhub/job.h"
#include "modelhub/log.h"

namespace modelhub::base {
class Executor;
}

namespace modelhub::transfer {

class Loop;

// One file to bring here.
struct FetchRequest {
  std::string what;               // for people: "yolov8n.onnx"
  Digest digest;                  // what the catalog says; nothing else is accepted
  ByteCount bytes;                // exactly
  std::vector<std::string> urls;  // https, http or file; tried in this order, after the mirrors
  // A file inside a folder that exists and that nobody else writes to. It is replaced; after any
  // failure it is gone.
  std::string destination;
};

// A file that is here: complete, of the right digest, and synced to disk.
struct Fetched {
  Digest digest;
  ByteCount bytes;
  std::string url;   // the source that served it, without credentials
  int attempts = 0;  // over all sources; 1 when all went well
  std::chrono::milliseconds duration{0};
};

enum class Network {
  allowed,
  off,  // only file:// sources are read; what needs more ends with `offline`
};

struct TransferOptions {
  TransferOptions();

  // Bases that hold files as <base>/sha256/<hex>: URLs, or absolute folders of this machine. They
  // are tried first. Nobody has to trust a mirror: the digest comes from the catalog. Default:
  // none.
  std::vector<std::string> mirrors;
  Network network = Network::allowed;

  // For name resolution, TCP, a proxy and TLS together. Shorter: slow links fail that would have
  // worked.
  std::chrono::milliseconds connect_timeout{15'000};
  // Without one byte for so long a connection counts as dead. Twice as long is given for a whole
  // answer's head.
  std::chrono::milliseconds stall_limit{30'000};

  // How often one source is tried when its failure may pass. Every attempt starts from the first
  // byte.
  int attempts_per_source = 5;
  // The wait doubles from the first to the second, with a random part of up to a half.
  std::chrono::milliseconds initial_back_off{500};
  std::chrono::milliseconds maximal_back_off{30'000};
  // A server that asks (Retry-After) for a longer pause has failed for now.
  std::chrono::milliseconds longest_retry_after{120'000};

  // More would be impolite to the host; files beyond it wait their turn.
  int connections_per_host = 16;
  std::string user_agent;  // default: modelhub/<version>
  // A PEM file of the certificate authorities to trust. Empty: the ones that libcurl was built to
  // use.
  std::string ca_file;

  base::FileSystem* files = &base::FileSystem::real();  // borrowed
  const base::Clock* clock = &base::Clock::real();      // borrowed
  LogSink log;  // told of retries and of each move to the next source; may be empty
};

// Brings bytes from URLs into files that match a digest.
//
// Invariants:    a job succeeds only when the file at the destination has the catalogued size and
//                SHA-256 and was synced; no byte beyond the catalogued size is written; after a
//                failure the destination is gone.
// Ownership:     destroying cancels what still runs, waits until nothing is written any more, and
//                removes the unfinished destinations. The threads and libcurl start with the first
//                fetch().
// Thread safety: all methods from any thread.
// Errors:        checksum_mismatch (wrong size or digest; the message names both) and corrupt_data
//                (an HTML page or a Git LFS pointer instead of the file), about the model;
//                unauthorized, not_found, unavailable, timed_out, unsupported, about the network;
//                offline; no_space, io_error, about the store; invalid_argument; cancelled. When
//                all sources failed: the most telling code, and a message that goes through all of
//                them.
// Proxies:       libcurl itself reads http_proxy, https_proxy, all_proxy and no_proxy, as
//                everywhere on the machine.
class Transfer {
 public:
  Transfer(TransferOptions options, std::shared_ptr<base::Executor> callbacks);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Starts now. Cancelling the job ends the work and removes the destination soon after. Two
  // running fetches must not share a destination.
  Job<Fetched> fetch(FetchRequest request);

  // HTTP requests sent so far, redirects and retries included: 0 shows that nothing went to the
  // network.
  std::uint64_t network_requests() const;

 private:
  const TransferOptions options_;
  const std::shared_ptr<base::Executor> callbacks_;
  const std::uint64_t fork_generation_;
  mutable std::mutex mutex_;
  std::unique_ptr<Loop> loop_;  // guarded by mutex_; made by the first fetch
};

}  // namespace modelhub::transfer
