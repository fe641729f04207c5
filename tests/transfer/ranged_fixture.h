// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/ranged_file.h"
#include "support/sanitized.h"
#include "transfer/transfer_fixture.h"

namespace modelhub::transfer {

constexpr std::uint64_t k_mib = 1024 * 1024;
// What a fetch cuts files into.
constexpr std::uint64_t k_segment = 4 * k_mib;
// What a server may have sent into connections that were given up. A slow reader gives up more.
constexpr std::uint64_t k_sent_ahead = test::k_is_sanitized ? 8 * k_mib : 2 * k_mib;

// SHA-256 of each segment.
std::vector<Digest> digests_of_segments(const std::string& content);

// Large files that are served by ranges.
class RangedFixture : public TransferFixture {
 protected:
  // Serves `file` and returns its URL.
  std::string serve(const test::RangedFile& file, const std::string& path = "/m.onnx");
  // What the catalog says of `content`, to be fetched into folder().
  FetchRequest request_for(const test::Content& content, std::vector<std::string> urls) const;
  // The job's result. A job that does not end in time is cancelled, and its error says so.
  Result<Fetched> result_of(const Job<Fetched>& job,
                            std::chrono::seconds patience = std::chrono::seconds(40)) const;
  Result<Fetched> fetch(FetchRequest request) { return result_of(start(std::move(request))); }
  Result<Fetched> fetch(const test::RangedFile& file, std::vector<std::string> urls) {
    return fetch(request_for(file.content(), std::move(urls)));
  }

  // Fetches until the server has sent so many bytes, falls silent and is left: data and journal
  // stay in folder(). Later answers of `file` are whole. With more than one connection somewhat
  // less may be there: a server has sent bytes into connections that were given up. How much of it
  // was hashed by then is left to chance, unless it lingers before it leaves.
  void leave_partial(const test::RangedFile& file, std::uint64_t bytes, int connections = 1,
                     std::chrono::milliseconds linger = {});

  // Passes when the fetch succeeded and what it left is `content`, with its segments' digests.
  ::testing::AssertionResult arrived(const Result<Fetched>& fetched,
                                     const test::Content& content) const;

  std::string data() const { return destination(); }
  // What the server sent since this was asked for the last time.
  std::uint64_t bytes_sent_since();

 private:
  std::uint64_t sent_before_ = 0;
};

// How many connections the parts of `file` went over.
std::size_t connections_of(const test::RangedFile& file);

}  // namespace modelhub::transfer
