// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "modelhub/byte_count.h"
#include "modelhub/digest.h"
#include "modelhub/job.h"
#include "modelhub/log.h"
#include "transfer/unpack.h"

namespace modelhub::base {
class Executor;
}

namespace modelhub::transfer {

class Loop;

// A file of this machine that may hold parts of the wanted one. Only read, and never trusted: what
// is taken from it hashed right.
struct Seed {
  std::string data;     // its path
  std::string journal;  // beside it, says what of it should be right; may be empty
  // SHA-256 of each 4 MiB of the *wanted* file, where they are known (repair); else empty.
  std::vector<Digest> chunks = {};
};

// One file to bring here.
struct FetchRequest {
  std::string what;  // for people: "yolov8n.onnx"
  // What the catalog says; nothing else is accepted. Nothing: whatever comes in one piece is taken,
  // and Fetched says what it was. That is for the first use of a URL of which nobody knows more;
  // mirrors are not asked then, and what breaks off begins anew.
  std::optional<Digest> digest;
  ByteCount bytes;                // exactly
  std::vector<std::string> urls;  // https, http or file; tried in this order, after the mirrors
  // A folder that exists. The file comes to be `data` in it, with its journals beside it while it
  // is partial; what an earlier fetch of the same digest left there is gone on with.
  std::string folder;
  // Comes before these names, so that several fetches may share a folder: under one prefix nobody
  // but this fetch writes.
  std::string prefix = {};
  std::string path_of(std::string_view name) const;
  std::vector<Seed> seeds = {};
  // The file is an archive: it comes to be `archive` in the folder, and what it holds `data`.
  // `digest` and `bytes` above are the archive's.
  std::optional<UnpackRequest> unpack = std::nullopt;
};

// A file that is here: complete and of the right digest. Not yet synced to disk.
struct Fetched {
  Digest digest;  // of `data`
  ByteCount bytes;
  std::string url;   // the source that served the last bytes, without credentials; may be empty
  int attempts = 0;  // over all sources; 1 when all went well
  std::chrono::milliseconds duration{0};
  // SHA-256 of each 4 MiB of `data`; empty when it is not longer than that.
  std::vector<Digest> chunks = {};
  ByteCount received = ByteCount();  // over the network, in all attempts
  ByteCount reused = ByteCount();    // taken from the journal and the seeds
};

// What a server says of a file before it sends it.
struct RemoteFile {
  ByteCount bytes;
  std::string shown;  // the URL that has it, redirects followed, without credentials and query
};

// How much Transfer::read() takes, and how long.
struct ReadLimits {
  ByteCount bytes;                        // a file that is larger is refused
  std::chrono::milliseconds deadline{0};  // over all attempts; 0: none
};

// A secret of the user, sent as `Authorization: Bearer` to exactly this scheme, host and port,
// whether a source or a redirect leads there, and to no other.
struct HostToken {
  std::string origin;  // "https://host" or "https://host:8443"
  std::string token;
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

  // How often one source is tried when its failure may pass. An attempt goes on where the last one
  // ended; one that brought something on is not counted.
  int attempts_per_source = 5;
  // The wait doubles from the first to the second, with a random part of up to a half.
  std::chrono::milliseconds initial_back_off{500};
  std::chrono::milliseconds maximal_back_off{30'000};
  // A server that asks (Retry-After) for a longer pause has failed for now.
  std::chrono::milliseconds longest_retry_after{120'000};

  // A fetch that takes longer than this ends with timed_out. 0: no such limit.
  std::chrono::milliseconds deadline{0};

  // More would be impolite to the host; files beyond it wait their turn.
  int connections_per_host = 16;
  // A large file gets more than one connection when the rate of each is what limits.
  int connections_per_file = 8;
  // Bytes per second over the network, all fetches together. 0: no limit.
  ByteCount limit_rate;
  std::vector<HostToken> tokens;
  std::string user_agent;  // default: modelhub/<version>
  // A PEM file of the certificate authorities to trust, or a folder as `openssl rehash` makes it.
  // Empty: the ones that libcurl was built to use.
  std::string ca_file;

  base::FileSystem* files = &base::FileSystem::real();  // borrowed
  const base::Clock* clock = &base::Clock::real();      // borrowed
  LogSink log;  // told of retries and of each move to the next source; may be empty
};

// Brings bytes from URLs into files that match a digest.
//
// Invariants:    a job succeeds only when `data` in the folder has the catalogued size and SHA-256;
//                no byte beyond the catalogued size is written. After a cancel, a failure that may
//                pass, or a kill, what is there stays and a later fetch goes on with it; after a
//                mismatch of a file that came from one source it is gone.
// Ownership:     destroying cancels what still runs and waits until nothing is written any more;
//                partial files keep a journal. The threads and libcurl start with the first
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
// Format:        docs/formats/journal.md, version 1.
class Transfer {
 public:
  Transfer(TransferOptions options, std::shared_ptr<base::Executor> callbacks);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Starts now. Cancelling the job ends the work soon after. Of two fetches into one folder the
  // second begins when the first has left it.
  Job<Fetched> fetch(FetchRequest request);

  // Asks how large the file behind a URL (https or http) is, and reads none of it. Blocks;
  // cancelled soon after `stop`. Errors: as fetch(); unsupported (subject network) when the server
  // does not say; corrupt_data (subject model) when it would send a web page.
  Result<RemoteFile> look_at(const std::string& url, const std::stop_token& stop);

  // Reads the file behind a URL (https or http) into memory: whatever comes, nobody knows its
  // digest. Nothing is written to any disk. Redirects, tokens, proxies, certificates and attempts
  // are those of a fetch; what breaks off begins anew. Under TransferOptions::limit_rate one is
  // read after the other, each at that rate. Blocks; cancelled soon after `stop`. `report` is
  // called on another thread. Errors: as fetch(); unsupported (subject input) when it is larger
  // than the limit; timed_out at the deadline.
  Result<std::vector<std::byte>> read(const std::string& url, const ReadLimits& limits,
                                      const std::function<void(Progress)>& report,
                                      const std::stop_token& stop);

  // Waits until no fetch writes into this folder, under this prefix, any more. After a job was
  // cancelled, before the place is given to somebody else.
  void wait_until_left(const std::string& folder, const std::string& prefix = {});

  // HTTP requests begun so far; what is installed needs none.
  std::uint64_t network_requests() const;

 private:
  const TransferOptions options_;
  const std::shared_ptr<base::Executor> callbacks_;
  const std::uint64_t fork_generation_;
  std::atomic<std::uint64_t> lone_requests_{0};  // of look_at() and read()
  std::mutex limited_;                           // held while a file is read under a limited rate
  mutable std::mutex mutex_;
  std::unique_ptr<Loop> loop_;  // guarded by mutex_; made by the first fetch
};

}  // namespace modelhub::transfer
