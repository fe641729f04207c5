// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "support/http_server.h"
#include "support/manual_clock.h"
#include "support/ranged_file.h"
#include "support/sanitized.h"
#include "support/scratch.h"
#include "transfer/transfer.h"

namespace modelhub::transfer {

constexpr std::uint64_t k_mib = 1024 * 1024;
// What a fetch cuts files into.
constexpr std::uint64_t k_segment = 4 * k_mib;
// What a server may have sent into connections that were given up. A slow reader gives up more.
constexpr std::uint64_t k_sent_ahead = test::k_is_sanitized ? 8 * k_mib : k_mib;

// SHA-256 of each segment.
std::vector<Digest> digests_of_segments(const std::string& content);

// Large files that are served by ranges, a folder for what arrives, and options that do not make
// tests wait.
class RangedFixture : public ::testing::Test {
 protected:
  RangedFixture();

  // Serves `file` and returns its URL.
  std::string serve(const test::RangedFile& file, const std::string& path = "/m.onnx");
  // What the catalog says of `content`, to be fetched into folder().
  FetchRequest request_for(const test::Content& content, std::vector<std::string> urls) const;
  Job<Fetched> start(FetchRequest request);
  // The job's result. A job that does not end in time is cancelled, and its error says so.
  Result<Fetched> result_of(const Job<Fetched>& job,
                            std::chrono::seconds patience = std::chrono::seconds(40)) const;
  Result<Fetched> fetch(FetchRequest request) { return result_of(start(std::move(request))); }
  Result<Fetched> fetch(const test::RangedFile& file, std::vector<std::string> urls) {
    return fetch(request_for(file.content(), std::move(urls)));
  }

  // Fetches until the server has sent so many bytes, falls silent and is left: data and journal
  // stay in folder(). Later answers of `file` are whole. With more than one connection somewhat
  // less may be there: a server has sent bytes into connections that were given up.
  void leave_partial(const test::RangedFile& file, std::uint64_t bytes, int connections = 1);

  // Passes when the fetch succeeded and what it left is `content`, with its segments' digests.
  ::testing::AssertionResult arrived(const Result<Fetched>& fetched,
                                     const test::Content& content) const;

  std::string folder() const { return scratch_.path("staging"); }
  std::string data() const { return folder() + "/data"; }
  std::string journal() const { return folder() + "/journal"; }
  std::vector<std::string> log() const;
  // What the server sent since this was asked for the last time.
  std::uint64_t bytes_sent_since();

  test::ScratchFolder scratch_;
  test::HttpServer server_;
  std::shared_ptr<base::Executor> callbacks_;
  test::ManualClock clock_;  // for options_.clock
  TransferOptions options_;
  std::unique_ptr<Transfer> transfer_;  // made by the first start(), from options_

 private:
  struct Log {
    std::mutex mutex;
    std::vector<std::string> lines;  // guarded by mutex
  };
  std::shared_ptr<Log> log_ = std::make_shared<Log>();
  std::uint64_t sent_before_ = 0;
};

// How many connections the parts of `file` went over.
std::size_t connections_of(const test::RangedFile& file);

}  // namespace modelhub::transfer
