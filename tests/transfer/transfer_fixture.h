// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "support/http_server.h"
#include "support/manual_clock.h"
#include "support/scratch.h"
#include "transfer/transfer.h"

namespace modelhub::transfer {

// A server that misbehaves, a scratch folder, and options that do not make tests wait.
class TransferFixture : public ::testing::Test {
 protected:
  TransferFixture();

  // Bytes that look like a model's.
  static std::string model_bytes(std::size_t size);

  FetchRequest request_for(const std::string& body, std::vector<std::string> urls) const;
  // Fetches `body` as if the catalog knew it.
  Result<Fetched> fetch(const std::string& body, std::vector<std::string> urls);
  Job<Fetched> start(FetchRequest request);

  std::string folder() const { return scratch_.path("staging"); }
  std::string destination() const { return folder() + "/data"; }
  std::string journal() const { return folder() + "/journal"; }
  bool has_destination() const;
  std::vector<std::string> log() const;

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
};

// `wanted` bytes came over the network. Where the machine is slow, a connection takes over the end
// of another's part, and of each so relieved at most what it was just sent comes twice.
void expect_received(ByteCount received, std::uint64_t wanted);

// A URL of this machine at which nobody listens.
std::string dead_url(const std::string& path);

}  // namespace modelhub::transfer
