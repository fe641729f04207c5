// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <cctype>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>

#include "cli_fixture.h"
#include "support/http_server.h"
#include "support/ranged_file.h"

namespace modelhub::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* k_ultraface =
    "34cd7e60aeff28744c657de7a3dc64e872d506741de66987f3426f2b79f88017";
constexpr const char* k_yunet = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4";

class StoreCommandsTest : public CliTest {
 protected:
  std::string blob(const std::string& digest) const { return home_ + "/blobs/sha256/" + digest; }
  // Nothing that a reader could take for a model or for a part of one.
  void expect_nothing_visible() const {
    for (const std::string& path : files_below(home_)) {
      EXPECT_EQ(path.find("/blobs/"), std::string::npos) << path;
      EXPECT_EQ(path.find("/models/"), std::string::npos) << path;
    }
  }
  void use_mirror(const HttpServer& server) {
    options_.environment["MODELHUB_MIRRORS"] = server.url("");
  }
};

TEST_F(StoreCommandsTest, PullInstallsAndListShowsIt) {
  const ProcessResult pull = run({"pull", "ultraface", "--json"});
  ASSERT_EQ(pull.exit_code, 0) << pull.err;
  EXPECT_EQ(json_of(pull.out)["models"][0]["files"][0]["sha256"], k_ultraface);
  const Json models = json_of(run({"list", "--installed", "--json"}).out)["models"];
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0]["name"], "ultraface");
  EXPECT_EQ(models[0]["installed"].size(), 1U);
  struct stat stat {};
  ASSERT_EQ(::stat(blob(k_ultraface).c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0222U, 0U) << "blobs are read-only";
}

TEST_F(StoreCommandsTest, TheFirstPullTellsTheLicenseTheSecondDoesNothing) {
  EXPECT_THAT(run({"pull", "ultraface"}).err, HasSubstr("MIT"));
  HttpServer server;
  use_mirror(server);
  const ProcessResult again = run({"pull", "ultraface"});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.out, HasSubstr("already"));
  EXPECT_EQ(server.request_count(), 0U);
}

TEST_F(StoreCommandsTest, AFlippedByteEndsWith5NamesBothDigestsAndShowsNothing) {
  HttpServer server;
  std::string body = read(shared(std::string("mirror/sha256/") + k_ultraface));
  server.on(std::string("/sha256/") + k_ultraface, file_reply(flipped(body, body.size() / 2)));
  // A layer without other sources: what counts is what this server sends.
  use_mirror(server);
  options_.environment["MODELHUB_CATALOG"] =
      write("layer.json", R"({ "schema": 1, "models": [ { "name": "mine",
      "task": "find_faces", "title": "Mine", "license": "MIT", "default_version": "1", "versions": [ { "version": "1",
      "variants": [ { "id": "onnx", "format": "onnx", "precision": "float32", "files": [ { "path": "a.onnx",
      "bytes": 1270727, "sha256": ")" +
                              std::string(k_ultraface) + R"(", "urls": [] } ] } ] } ] } ] })");
  const ProcessResult result = run({"pull", "mine"});
  EXPECT_EQ(result.exit_code, 5) << result.err;
  EXPECT_THAT(result.err, HasSubstr(k_ultraface));
  // Another run of 64 hexadecimal digits: the digest of what came.
  std::size_t digits = 0;
  std::size_t runs = 0;
  for (const char c : result.err) {
    digits = std::isxdigit(static_cast<unsigned char>(c)) != 0 ? digits + 1 : 0;
    if (digits == 64) ++runs;
  }
  EXPECT_GE(runs, 2U) << result.err;
  expect_nothing_visible();
}

TEST_F(StoreCommandsTest, OtherBytesOfTheSameSizeAreRefused) {
  // super-resolution-10.onnx: the mirror has an earlier revision, of the same size as the
  // catalogued one.
  const std::string wrong = "8b9b1068d8f3138f3a559a74ed31aa781312ac93968db1a097be20eba22f8ee1";
  const std::string wanted(64, 'b');
  HttpServer server;
  server.on("/sha256/" + wanted, file_reply(read(shared("mirror/sha256/" + wrong))));
  use_mirror(server);
  options_.environment["MODELHUB_CATALOG"] = write("layer.json",
                                                   R"({ "schema": 1, "models": [ { "name": "mine",
      "task": "upscale", "title": "Mine", "license": "MIT", "default_version": "1", "versions": [ { "version": "1",
      "variants": [ { "id": "onnx", "format": "onnx", "precision": "float32", "files": [ { "path": "a.onnx",
      "bytes": 240078, "sha256": ")" + wanted + R"(", "urls": [] } ] } ] } ] } ] })");
  const ProcessResult result = run({"pull", "mine"});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, HasSubstr(wrong));
  EXPECT_THAT(result.err, HasSubstr(wanted));
  expect_nothing_visible();
}

TEST_F(StoreCommandsTest, OfflineAndNotInstalledEndsWith8) {
  const ProcessResult result = run({"--offline", "pull", "ultraface"});
  EXPECT_EQ(result.exit_code, 8) << result.err;
  EXPECT_THAT(result.err, HasSubstr("ultraface"));
  const ProcessResult ran = run({"--offline", "run", "ultraface", shared("images/bus.jpg")});
  EXPECT_EQ(ran.exit_code, 8) << ran.err;
  options_.environment["MODELHUB_OFFLINE"] = "1";
  EXPECT_EQ(run({"pull", "ultraface"}).exit_code, 8);
}

TEST_F(StoreCommandsTest, AServerThatIsGoneEndsWith4AndAHint) {
  HttpServer server;
  const std::string url = server.url("");
  server.stop();
  options_.environment["MODELHUB_MIRRORS"] = url;
  options_.environment["MODELHUB_CATALOG"] =
      write("layer.json", R"({ "schema": 1, "models": [ { "name": "mine",
      "task": "detect", "title": "Mine", "license": "MIT", "default_version": "1", "versions": [ { "version": "1",
      "variants": [ { "id": "onnx", "format": "onnx", "precision": "float32", "files": [ { "path": "a.onnx",
      "bytes": 5, "sha256": ")" +
                              std::string(64, 'b') + R"(", "urls": [] } ] } ] } ] } ] })");
  const ProcessResult result = run({"pull", "mine"});
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(result.err, HasSubstr("hint: "));
}

TEST_F(StoreCommandsTest, VerifyFindsAFlippedByteAndEndsWith5) {
  ASSERT_EQ(run({"pull", "yunet"}).exit_code, 0);
  EXPECT_EQ(run({"verify"}).exit_code, 0);
  EXPECT_EQ(run({"verify", "--full"}).exit_code, 0);
  std::string body = read(blob(k_yunet));
  std::filesystem::permissions(blob(k_yunet), std::filesystem::perms::owner_write,
                               std::filesystem::perm_options::add);
  write(std::string("home/blobs/sha256/") + k_yunet, flipped(body, 1000));
  const ProcessResult result = run({"verify", "--full", "--json"});
  EXPECT_EQ(result.exit_code, 5);
  const Json file = json_of(result.out)["models"][0]["files"][0];
  EXPECT_EQ(file["verdict"], "digest_differs");
  EXPECT_EQ(file["expected_sha256"], k_yunet);
  EXPECT_NE(file["found_sha256"], k_yunet);
  EXPECT_EQ(run({"verify", "yunet", "--full"}).exit_code, 5);
  EXPECT_EQ(run({"verify", "ultraface"}).exit_code, 3) << "not installed";
}

TEST_F(StoreCommandsTest, RmRemovesAndSaysWhatItFreed) {
  ASSERT_EQ(run({"pull", "yunet", "ultraface"}).exit_code, 0);
  EXPECT_THAT(run({"rm", "--dry-run", "yunet"}).out, HasSubstr("would remove yunet@"));
  const ProcessResult result = run({"rm", "yunet"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("removed yunet@"));
  EXPECT_NE(::access(blob(k_yunet).c_str(), F_OK), 0);
  EXPECT_EQ(::access(blob(k_ultraface).c_str(), F_OK), 0);
  EXPECT_EQ(run({"rm", "yunet"}).exit_code, 3) << "no longer installed";
}

TEST_F(StoreCommandsTest, TwoProcessesAtOnceLeaveOneWholeModel) {
  ProcessResult first;
  std::thread other([&] { first = run({"pull", "yunet"}); });
  const ProcessResult second = run({"pull", "yunet"});
  other.join();
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(run({"verify", "--full"}).exit_code, 0);
}

TEST_F(StoreCommandsTest, DryRunFetchesNothing) {
  const ProcessResult result = run({"pull", "--dry-run", "ultraface"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("1.27 MB to fetch"));
  expect_nothing_visible();
}

TEST_F(StoreCommandsTest, SigintCancelsAPullAndLeavesNothingVisible) {
  HttpServer server;
  const std::string body = read(shared(std::string("mirror/sha256/") + k_ultraface));
  server.on(std::string("/sha256/") + k_ultraface,
            file_reply(body).ending_with(HttpReply::Ending::stall, body.size() / 2));
  use_mirror(server);
  options_.interrupt_after = "pulling";
  const ProcessResult result = run({"pull", "ultraface"});
  EXPECT_EQ(result.exit_code, 130) << result.err;
  expect_nothing_visible();
}

TEST_F(StoreCommandsTest, WhatHasArrivedBeforeCtrlCIsKeptAndNotFetchedAgain) {
  HttpServer server;
  const RangedFile file(std::make_shared<const std::string>(
      read(shared(std::string("mirror/sha256/") + k_ultraface))));
  const auto allowance = std::make_shared<std::atomic<std::uint64_t>>(file.size() / 2);
  file.twist(stalling_when_spent(allowance));
  server.on(std::string("/sha256/") + k_ultraface, file.handler());
  use_mirror(server);
  options_.interrupt_after = " kB of 1.27 MB";
  const ProcessResult result = run_terminal(100, {"pull", "ultraface"});
  EXPECT_EQ(result.exit_code, 130) << result.err;
  EXPECT_THAT(result.err, HasSubstr("are kept: modelhub pull ultraface"));
  expect_nothing_visible();

  *allowance = UINT64_MAX;
  options_.interrupt_after.clear();
  const std::uint64_t before = server.body_bytes_sent();
  EXPECT_EQ(run({"pull", "ultraface"}).exit_code, 0);
  EXPECT_LT(server.body_bytes_sent() - before, file.size());
  EXPECT_EQ(run({"verify", "--full"}).exit_code, 0);
}

// A small file has no part that is worth keeping; once it is whole it is a blob, though no model
// names it yet.
TEST_F(StoreCommandsTest, WhatIsWholeBeforeCtrlCIsKeptAsABlobAndNotFetchedAgain) {
  const std::string graph = "6a393e1a58607cf65ff58b437b0aeb0bf6c46a18926e1c5718374c804c419faa";
  const std::string weights = "cebd5b36edce228fd7a519b372d824f220466c4c7a0d75bfe22fbb6c5aca4fcd";
  HttpServer server;
  std::atomic<int> graph_requests{0};
  const HttpReply whole = file_reply(read(shared("mirror/sha256/" + graph)));
  server.on("/sha256/" + graph, [&](const auto&) {
    ++graph_requests;
    return whole;
  });
  const RangedFile file(
      std::make_shared<const std::string>(read(shared("mirror/sha256/" + weights))));
  const auto allowance = std::make_shared<std::atomic<std::uint64_t>>(file.size() / 2);
  file.twist(stalling_when_spent(allowance));
  server.on("/sha256/" + weights, file.handler());
  use_mirror(server);
  options_.interrupt_after = "2.07 MB of 3.89 MB";  // the graph, and half of the weights
  const ProcessResult result = run_terminal(100, {"pull", "person_detection_0200"});
  EXPECT_EQ(result.exit_code, 130) << result.err;
  EXPECT_THAT(result.err, HasSubstr("2.07 MB have arrived and are kept"));
  EXPECT_EQ(read(blob(graph)).size(), 254619U);
  EXPECT_EQ(run({"list", "--installed", "--json"}).out.find("person"), std::string::npos);

  *allowance = UINT64_MAX;
  options_.interrupt_after.clear();
  EXPECT_EQ(run({"pull", "person_detection_0200"}).exit_code, 0);
  EXPECT_EQ(graph_requests, 1);
  EXPECT_EQ(run({"verify", "--full"}).exit_code, 0);
}

}  // namespace
}  // namespace modelhub::test
