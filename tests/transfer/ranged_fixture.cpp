// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/ranged_fixture.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "base/hasher.h"

namespace modelhub::transfer {

std::vector<Digest> digests_of_segments(const std::string& content) {
  std::vector<Digest> digests;
  for (std::size_t at = 0; at < content.size(); at += k_segment)
    digests.push_back(base::sha256_of(std::string_view(content).substr(at, k_segment)));
  return digests;
}

std::string RangedFixture::serve(const test::RangedFile& file, const std::string& path) {
  server_.on(path, file.handler());
  return server_.url(path);
}

FetchRequest RangedFixture::request_for(const test::Content& content,
                                        std::vector<std::string> urls) const {
  return TransferFixture::request_for(*content, std::move(urls));
}

Result<Fetched> RangedFixture::result_of(const Job<Fetched>& job,
                                         std::chrono::seconds patience) const {
  if (job.wait_for(patience)) return job.get();
  const std::uint64_t done = job.progress().bytes_done;
  job.cancel();
  return Error(ErrorCode::internal, Subject::other,
               "the test's patience ended at " + std::to_string(done) + " bytes");
}

void RangedFixture::leave_partial(const test::RangedFile& file, std::uint64_t bytes,
                                  int connections, std::chrono::milliseconds linger) {
  auto budget = std::make_shared<std::atomic<std::uint64_t>>(bytes);
  test::RangedFile limited = file;
  limited.twist(test::stalling_when_spent(budget));
  const std::uint64_t before = server_.body_bytes_sent();
  transfer_.reset();
  const int usual = std::exchange(options_.connections_per_file, connections);
  const Job<Fetched> job = start(request_for(file.content(), {serve(file)}));
  // What was sent into a connection that was given up has arrived nowhere.
  const std::uint64_t bytes_given_up = connections > 1 ? bytes / 4 : 0;
  EXPECT_TRUE(server_.wait_for_body_bytes(before + bytes)) << "sent too little";
  EXPECT_TRUE(test::eventually([&] { return job.progress().bytes_done >= bytes - bytes_given_up; }))
      << "received " << job.progress().bytes_done;
  std::this_thread::sleep_for(linger);
  job.cancel();
  transfer_.reset();  // waits until nothing is written any more
  options_.connections_per_file = usual;
  *budget = UINT64_MAX;
  bytes_sent_since();
}

::testing::AssertionResult RangedFixture::arrived(const Result<Fetched>& fetched,
                                                  const test::Content& content) const {
  if (!fetched) return ::testing::AssertionFailure() << fetched.error().to_string();
  const std::string there = test::content_of(data());
  if (there != *content) {
    const auto differs =
        std::mismatch(there.begin(), there.end(), content->begin(), content->end());
    return ::testing::AssertionFailure()
           << there.size() << " of " << content->size() << " bytes, which differ at "
           << differs.first - there.begin();
  }
  const std::vector<Digest> digests = digests_of_segments(*content);
  if (fetched->digest != base::sha256_of(*content))
    return ::testing::AssertionFailure() << "reports the digest " << fetched->digest.hex();
  if (digests.size() > 1 && fetched->chunks != digests)
    return ::testing::AssertionFailure()
           << "reports other digests of its " << fetched->chunks.size() << " segments";
  return ::testing::AssertionSuccess();
}

std::uint64_t RangedFixture::bytes_sent_since() {
  const std::uint64_t sent = server_.body_bytes_sent();
  return sent - std::exchange(sent_before_, sent);
}

std::size_t connections_of(const test::RangedFile& file) {
  std::set<std::uint64_t> connections;
  for (const test::AskedPart& part : file.asked()) connections.insert(part.connection);
  return connections.size();
}

}  // namespace modelhub::transfer
