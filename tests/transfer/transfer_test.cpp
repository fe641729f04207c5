// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/transfer.h"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "support/no_more_threads.h"
#include "transfer/journal.h"
#include "transfer/transfer_fixture.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using test::file_reply;
using test::HttpReply;
using ::testing::HasSubstr;

class TransferTest : public TransferFixture {};

TEST_F(TransferTest, BringsAFileWhoseSizeAndDigestAreTheCataloguedOnes) {
  const std::string body = model_bytes(1'000'000);
  server_.on("/m.onnx", file_reply(body));
  const Result<Fetched> fetched = fetch(body, {server_.url("/m.onnx")});
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(fetched->digest, base::sha256_of(body));
  EXPECT_EQ(fetched->bytes.count(), body.size());
  EXPECT_EQ(fetched->url, server_.url("/m.onnx"));
  EXPECT_EQ(fetched->attempts, 1);
  EXPECT_EQ(test::content_of(destination()), body);
  EXPECT_EQ(transfer_->network_requests(), 1U);
}

TEST_F(TransferTest, AsksForUnalteredBytesInTheNameOfModelhub) {
  const std::string body = model_bytes(10);
  server_.on("/m.onnx", file_reply(body));
  ASSERT_TRUE(fetch(body, {server_.url("/m.onnx")}));
  const test::HttpRequest request = server_.requests().at(0);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.headers.at("accept-encoding"), "identity");
  EXPECT_THAT(request.headers.at("user-agent"),
              ::testing::MatchesRegex("modelhub/[0-9]+\\.[0-9]+\\.[0-9]+"));
  EXPECT_EQ(request.headers.count("authorization"), 0U);
}

TEST_F(TransferTest, ReplacesWhatLayAtTheDestination) {
  const std::string body = model_bytes(100);
  scratch_.write("staging/data", std::string(5000, 'x'));
  server_.on("/m.onnx", file_reply(body));
  ASSERT_TRUE(fetch(body, {server_.url("/m.onnx")}));
  EXPECT_EQ(test::content_of(destination()), body);
}

TEST_F(TransferTest, LeavesNothingAtTheDestinationAfterAFailure) {
  scratch_.write("staging/data", "an older file that must not be taken for the new one");
  EXPECT_FALSE(fetch("wanted", {server_.url("/missing")}));
  EXPECT_FALSE(has_destination());
}

TEST_F(TransferTest, WithoutThreadsTheFetchEndsWithAnError) {
  FetchRequest request = request_for("x", {dead_url("/m")});
  const test::NoMoreThreads none;
  const Result<Fetched> result = start(std::move(request)).get();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::out_of_memory);
}

TEST_F(TransferTest, TakesChunkedAnswers) {
  const std::string body = model_bytes(300'000);
  server_.on("/m.onnx", file_reply(body).with_framing(HttpReply::Framing::chunked));
  ASSERT_TRUE(fetch(body, {server_.url("/m.onnx")}));
  EXPECT_EQ(test::content_of(destination()), body);
}

TEST_F(TransferTest, ALengthBesideChunksMeansNothing) {
  const std::string body = model_bytes(1000);
  server_.on("/m.onnx", file_reply(body)
                            .with_framing(HttpReply::Framing::chunked)
                            .with_header("Content-Length", "77"));
  ASSERT_TRUE(fetch(body, {server_.url("/m.onnx")}));
}

TEST_F(TransferTest, TakesHttp10AnswersThatEndWithTheConnection) {
  const std::string body = model_bytes(300'000);
  server_.on(
      "/m.onnx",
      file_reply(body).with_version("HTTP/1.0").with_framing(HttpReply::Framing::until_close));
  ASSERT_TRUE(fetch(body, {server_.url("/m.onnx")}));
  EXPECT_EQ(test::content_of(destination()), body);
}

TEST_F(TransferTest, TwentyFetchesAtOnceKeepToTheConnectionsOfAHost) {
  options_.connections_per_host = 4;
  std::vector<std::string> bodies;
  std::vector<Job<Fetched>> jobs;
  for (int i = 0; i < 20; ++i) {
    bodies.push_back(model_bytes(50'000 + static_cast<std::size_t>(i)));
    const std::string path = "/m" + std::to_string(i);
    server_.on(path, file_reply(bodies.back()));
    FetchRequest request = request_for(bodies.back(), {server_.url(path)});
    request.folder += std::to_string(i);
    std::filesystem::create_directories(request.folder);
    jobs.push_back(start(std::move(request)));
  }
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const Result<Fetched> fetched = jobs[i].get();
    ASSERT_TRUE(fetched) << fetched.error().to_string();
    EXPECT_EQ(test::content_of(folder() + std::to_string(i) + "/data"), bodies[i]);
  }
  EXPECT_LE(server_.peak_connections(), 4U);
  EXPECT_EQ(transfer_->network_requests(), 20U);
}

TEST_F(TransferTest, TellsProgressThatOnlyGrowsAndEndsAtTheWhole) {
  const std::string body = model_bytes(400'000);
  server_.on("/m.onnx", file_reply(body).dripping(20'000, milliseconds(15)));
  std::mutex mutex;
  std::vector<Progress> seen;
  const Job<Fetched> job = start(request_for(body, {server_.url("/m.onnx")}));
  job.on_progress([&](const Progress& progress) {
    std::lock_guard lock(mutex);
    seen.push_back(progress);
  });
  ASSERT_TRUE(job.get());
  EXPECT_EQ(job.progress().bytes_done, body.size());
  callbacks_->stop();  // every observer has run now
  std::lock_guard lock(mutex);
  ASSERT_GE(seen.size(), 2U);
  std::uint64_t before = 0;
  bool has_rate = false;
  for (const Progress& progress : seen) {
    EXPECT_EQ(progress.phase, Phase::downloading);
    EXPECT_EQ(progress.subject, "model.onnx");
    EXPECT_EQ(progress.bytes_total, body.size());
    EXPECT_GE(progress.bytes_done, before);
    before = progress.bytes_done;
    has_rate = has_rate || (progress.bytes_per_second > 0 && progress.eta.has_value());
  }
  EXPECT_TRUE(has_rate);
}

TEST_F(TransferTest, FetchesWithPrefixesShareAFolderAtTheSameTime) {
  const std::string body = model_bytes(500'000);
  const std::string other = model_bytes(400'000);
  server_.on("/m.onnx", file_reply(body).ending_with(HttpReply::Ending::stall, 300'000));
  server_.on("/n.onnx", file_reply(other));
  FetchRequest stalled = request_for(body, {server_.url("/m.onnx")});
  stalled.prefix = "m.";
  FetchRequest quick = request_for(other, {server_.url("/n.onnx")});
  quick.prefix = "n.";
  const Job<Fetched> first = start(stalled);
  const std::string partial = folder() + "/m.data";
  ASSERT_TRUE(test::eventually([&] { return std::filesystem::exists(partial); }));
  ASSERT_TRUE(start(quick).get());
  EXPECT_EQ(test::content_of(folder() + "/n.data"), other);
  transfer_->wait_until_left(folder(), quick.prefix);  // and not for the one that stalls
  first.cancel();
  EXPECT_EQ(first.get().error().code, ErrorCode::cancelled);
  transfer_->wait_until_left(folder(), stalled.prefix);
  EXPECT_TRUE(std::filesystem::exists(folder() + "/m.journal"));
  EXPECT_FALSE(std::filesystem::exists(journal()));
}

TEST_F(TransferTest, CancellingInTheMiddleEndsTheRequestAndLeavesAPartialWithAJournal) {
  const std::string body = model_bytes(500'000);
  server_.on("/m.onnx", file_reply(body).ending_with(HttpReply::Ending::stall, 300'000));
  const Job<Fetched> job = start(request_for(body, {server_.url("/m.onnx")}));
  ASSERT_TRUE(test::eventually([&] { return has_destination() && job.progress().bytes_done > 0; }));
  job.cancel();
  EXPECT_EQ(job.get().error().code, ErrorCode::cancelled);
  transfer_->wait_until_left(folder());
  EXPECT_TRUE(has_destination());
  EXPECT_TRUE(load_journal(base::FileSystem::real(), journal()));
}

TEST_F(TransferTest, CancellingWhileWaitingToRetryIsAtOnce) {
  options_.initial_back_off = options_.maximal_back_off = std::chrono::hours(1);
  server_.on("/m.onnx", test::status_reply(500));
  const Job<Fetched> job = start(request_for("body", {server_.url("/m.onnx")}));
  ASSERT_TRUE(test::eventually([&] { return !log().empty(); }));
  job.cancel();
  EXPECT_EQ(job.get().error().code, ErrorCode::cancelled);
}

TEST_F(TransferTest, DestroyingItCancelsWhatRunsAndLeavesAPartialWithAJournal) {
  const std::string body = model_bytes(500'000);
  server_.on("/m.onnx", file_reply(body).ending_with(HttpReply::Ending::stall, 300'000));
  const Job<Fetched> job = start(request_for(body, {server_.url("/m.onnx")}));
  ASSERT_TRUE(test::eventually([&] { return has_destination(); }));
  transfer_.reset();
  EXPECT_EQ(job.get().error().code, ErrorCode::cancelled);
  EXPECT_TRUE(has_destination());
  EXPECT_TRUE(load_journal(base::FileSystem::real(), journal()));
}

TEST_F(TransferTest, MayBeDestroyedInACallbackOfItsOwnJob) {
  const std::string body = model_bytes(1000);
  server_.on("/m.onnx", file_reply(body));
  const Job<Fetched> job = start(request_for(body, {server_.url("/m.onnx")}));
  std::atomic<bool> is_gone = false;
  job.then([&](const Result<Fetched>&) {
    transfer_.reset();
    is_gone = true;
  });
  EXPECT_TRUE(test::eventually([&] { return is_gone.load(); }));
  EXPECT_EQ(test::content_of(destination()), body);
}

TEST_F(TransferTest, AFullDiskEndsItAtOnceWithoutARetry) {
  const std::string body = model_bytes(1'000'000);
  server_.on("/m.onnx", file_reply(body));
  // The device that is always full, behind a link: removing the destination removes the link.
  std::filesystem::create_symlink("/dev/full", destination());
  const Error error = fetch(body, {server_.url("/m.onnx"), server_.url("/other")}).error();
  EXPECT_EQ(error.code, ErrorCode::no_space);
  EXPECT_EQ(exit_code_of(error), 6);
  EXPECT_FALSE(error.hint.empty());
  EXPECT_EQ(server_.request_count(), 1U);
  EXPECT_FALSE(has_destination());
}

TEST_F(TransferTest, AFullDiskIsToldForALocalSourceToo) {
  const std::string body = model_bytes(1'000'000);
  std::filesystem::create_symlink("/dev/full", destination());
  EXPECT_EQ(fetch(body, {"file://" + scratch_.write("m.onnx", body)}).error().code,
            ErrorCode::no_space);
}

TEST_F(TransferTest, AMissingFolderIsTheStoresTrouble) {
  server_.on("/m.onnx", file_reply("body"));
  FetchRequest request = request_for("body", {server_.url("/m.onnx")});
  request.folder = scratch_.path("no/such/folder");
  const Error error = start(std::move(request)).get().error();
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_EQ(error.subject, Subject::store);
  EXPECT_THAT(error.message, HasSubstr("no/such/folder"));
}

TEST_F(TransferTest, RefusesRequestsThatCanNeverWork) {
  FetchRequest empty = request_for("", {server_.url("/m.onnx")});
  EXPECT_EQ(start(empty).get().error().code, ErrorCode::invalid_argument);
  FetchRequest nowhere = request_for("body", {server_.url("/m.onnx")});
  nowhere.folder.clear();
  EXPECT_EQ(start(nowhere).get().error().code, ErrorCode::invalid_argument);
}

TEST_F(TransferTest, AFileWithoutAnySourceIsNotFound) {
  const Error error = fetch("body", {}).error();
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_THAT(error.message, HasSubstr("model.onnx"));
  EXPECT_THAT(error.hint, HasSubstr(base::sha256_of("body").hex()));
}

TEST_F(TransferTest, OfflineSendsNothingAndSaysSo) {
  options_.network = Network::off;
  const Error error = fetch("body", {server_.url("/m.onnx")}).error();
  EXPECT_EQ(error.code, ErrorCode::offline);
  EXPECT_EQ(exit_code_of(error), 8);
  EXPECT_THAT(error.message, HasSubstr(server_.url("/m.onnx")));
  EXPECT_THAT(error.hint, HasSubstr("--offline"));
  EXPECT_EQ(transfer_->network_requests(), 0U);
  EXPECT_EQ(server_.request_count(), 0U);
}

TEST_F(TransferTest, OfflineStillReadsLocalFiles) {
  options_.network = Network::off;
  const std::string body = model_bytes(3'000'000);
  const std::string file = scratch_.write("m.onnx", body);
  const Result<Fetched> fetched = fetch(body, {server_.url("/m.onnx"), "file://" + file});
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(fetched->url, "file://" + file);
  EXPECT_EQ(test::content_of(destination()), body);
  EXPECT_EQ(transfer_->network_requests(), 0U);
}

TEST_F(TransferTest, AnswersUnsupportedInAForkedChild) {
  const std::string body = model_bytes(1000);
  server_.on("/m.onnx", file_reply(body));
  ASSERT_TRUE(fetch(body, {server_.url("/m.onnx")}));
  const pid_t child = ::fork();
  if (child == 0) {
    const bool says_so =
        transfer_->fetch(request_for(body, {})).is_done() && transfer_->network_requests() == 0;
    transfer_.reset();  // touches no thread and no lock
    ::_exit(says_so ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace modelhub::transfer
