// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// What hubs of one home see of each other, and what a repair fetches.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "hub/hub_fixture.h"
#include "support/ranged_file.h"

namespace modelhub {
namespace {

using test::HttpReply;
using ::testing::HasSubstr;

class SharedHomeTest : public HubTest {
 protected:
  std::string blob() const {
    return options_.home + "/blobs/sha256/" + base::sha256_of(model_).hex();
  }
};

TEST_F(SharedHomeTest, WhoWaitsSeesHowFarTheOtherIs) {
  serve(std::string(1'000'000, 'x'));
  server_.on(path(), test::file_reply(model_).ending_with(HttpReply::Ending::stall, 600'000));
  std::atomic<std::uint64_t> seen{0};
  Hub owner = open();
  Hub waiter = open();
  const Job<InstalledModel> fetching = owner.pull("toy");
  ASSERT_TRUE(server_.wait_for_requests(1));
  const Job<InstalledModel> waiting = waiter.pull("toy");
  waiting.on_progress([&](const Progress& progress) { seen = progress.bytes_done; });
  EXPECT_TRUE(test::eventually([&] { return seen >= 500'000; }));
  EXPECT_EQ(server_.request_count(), 1U);
  server_.on(path(), test::file_reply(model_));
  fetching.cancel();
  EXPECT_EQ(fetching.get().error().code, ErrorCode::cancelled);
  const Result<InstalledModel> pulled = waiting.get();
  EXPECT_TRUE(pulled) << pulled.error().to_string();
}

TEST_F(SharedHomeTest, WhatAnotherHubHasLoadedStays) {
  Hub user = open();
  Hub other = open();
  const Model model = user.ensure_ready("toy").get().value();
  {
    const ModelLease lease = model.lease().value();
    const Error refused = other.remove("toy").error();
    EXPECT_EQ(refused.code, ErrorCode::busy);
    EXPECT_THAT(refused.to_string(), HasSubstr(std::to_string(::getpid())));
    EXPECT_GT(other.cache()->leased, ByteCount(0));
  }
  ASSERT_TRUE(other.ensure_ready("toy").get());
  EXPECT_GE(other.cache()->hits, 1U);
}

#ifndef __SANITIZE_THREAD__  // which cannot start threads in the fork of a process with threads
TEST_F(SharedHomeTest, AnotherProcessIsToldWhoHasItLoaded) {
  Hub user = open();
  const Model model = user.ensure_ready("toy").get().value();
  const ModelLease lease = model.lease().value();
  const pid_t child = ::fork();
  if (child == 0) {
    Hub other = open();
    const Error refused = other.remove("toy").error();
    const std::string holder = "process " + std::to_string(::getppid());
    const bool is_told = refused.to_string().find(holder) != std::string::npos;
    ::_exit(refused.code != ErrorCode::busy ? 1 : is_told ? 0 : 2);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}
#endif

TEST_F(SharedHomeTest, ARepairFetchesTheBadChunkAndNoMore) {
  constexpr std::uint64_t k_chunk = 4 * 1024 * 1024;
  const test::RangedFile file(3 * k_chunk);
  serve(*file.content());
  server_.on(path(), file.handler());
  Hub hub = open();
  ASSERT_TRUE(hub.pull("toy").get());
  std::filesystem::permissions(blob(), std::filesystem::perms::owner_write,
                               std::filesystem::perm_options::add);
  {
    std::fstream bytes(blob(), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(k_chunk + 5);
    bytes.put(static_cast<char>(model_[k_chunk + 5] ^ 1));
  }
  const std::uint64_t before = server_.body_bytes_sent();
  const Result<std::vector<RepairReport>> reports = hub.repair("toy").get();
  ASSERT_TRUE(reports) << reports.error().to_string();
  EXPECT_TRUE(reports->at(0).was_damaged());
  EXPECT_EQ(reports->at(0).received, ByteCount(k_chunk));
  EXPECT_EQ(server_.body_bytes_sent() - before, k_chunk);
  EXPECT_TRUE(test::content_of(blob()) == model_);
}

}  // namespace
}  // namespace modelhub
