// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/transfer_fixture.h"

#include <cstdlib>
#include <filesystem>

#include "base/hasher.h"
#include "support/ranged_file.h"

namespace modelhub::transfer {
namespace {

// The machine that runs the tests may have a proxy for everything else.
class NoProxyForLoopback : public ::testing::Environment {
 public:
  void SetUp() override { ::setenv("no_proxy", "127.0.0.1", 1); }
};
const ::testing::Environment* const k_no_proxy =
    ::testing::AddGlobalTestEnvironment(new NoProxyForLoopback);

}  // namespace

TransferFixture::TransferFixture()
    : callbacks_(
          std::make_shared<base::Executor>("callbacks", 1, base::Executor::Role::callbacks)) {
  std::filesystem::create_directories(scratch_.path("staging"));
  options_.initial_back_off = std::chrono::milliseconds(2);
  options_.maximal_back_off = std::chrono::milliseconds(10);
  options_.log = [log = log_](LogLevel, std::string_view line) {
    std::lock_guard lock(log->mutex);
    log->lines.emplace_back(line);
  };
}

std::string TransferFixture::model_bytes(std::size_t size) {
  return *test::generated_content(size);
}

FetchRequest TransferFixture::request_for(const std::string& body,
                                          std::vector<std::string> urls) const {
  return {"model.onnx", base::sha256_of(body), ByteCount(body.size()), std::move(urls), folder()};
}

Result<Fetched> TransferFixture::fetch(const std::string& body, std::vector<std::string> urls) {
  return start(request_for(body, std::move(urls))).get();
}

Job<Fetched> TransferFixture::start(FetchRequest request) {
  if (!transfer_) transfer_ = std::make_unique<Transfer>(options_, callbacks_);
  return transfer_->fetch(std::move(request));
}

bool TransferFixture::has_destination() const { return std::filesystem::exists(destination()); }

std::vector<std::string> TransferFixture::log() const {
  std::lock_guard lock(log_->mutex);
  return log_->lines;
}

void expect_received(ByteCount received, std::uint64_t wanted) {
  constexpr std::uint64_t k_twice = 256 * 1024;  // of 16 connections, 16 KiB each
  EXPECT_GE(received.count(), wanted);
  EXPECT_LE(received.count(), wanted + k_twice);
}

std::string dead_url(const std::string& path) {
  test::HttpServer server;
  const std::string url = server.url(path);
  server.stop();
  return url;
}

}  // namespace modelhub::transfer
