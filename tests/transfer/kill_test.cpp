// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "base/hasher.h"
#include "support/sanitized.h"
#include "transfer/fetch_process.h"
#include "transfer/ranged_fixture.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using test::RangedFile;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class KillTest : public RangedFixture {
 protected:
  // What one kill may cost of a file, and what was on its way in sockets: the server counts what it
  // gave to the kernel, which keeps megabytes where the reader is slow.
  static constexpr std::uint64_t k_lost_at_most = 16 * k_mib;
  static constexpr std::uint64_t k_in_flight = 4 * k_mib;
};

TEST_F(KillTest, EachKillOfAFetchCostsAtMostSixteenMebibytes) {
  const RangedFile file(64 * k_mib);
  file.twist(test::paced(64 * 1024, milliseconds(4)));
  const std::vector<std::string> command = fetch_command(folder(), file.content(), {serve(file)});
  constexpr std::uint64_t k_kills = 2;
  for (std::uint64_t kill = 1; kill <= k_kills; ++kill) {
    const std::uint64_t before = server_.body_bytes_sent();
    FetchProcess process(command);
    // More than a kill may cost, and not so much that the file is complete.
    ASSERT_TRUE(server_.wait_for_body_bytes(before + 26 * k_mib));
    process.kill();
  }
  const test::ProcessResult last = run_fetch(command, {{"no_proxy", "127.0.0.1"}});
  ASSERT_EQ(last.exit_code, 0) << last.out << last.err;
  EXPECT_TRUE(test::content_of(data()) == *file.content());
  EXPECT_LE(server_.body_bytes_sent(), file.size() + k_kills * (k_lost_at_most + k_in_flight));
  EXPECT_GE(number_of(last.out, "reused"), k_kills * (26 * k_mib - k_lost_at_most - k_in_flight))
      << last.out;
}

TEST_F(KillTest, ManyKillsInQuickSuccessionDoNoHarm) {
  const RangedFile file(32 * k_mib);
  file.twist(test::paced(64 * 1024, milliseconds(4)));
  const std::vector<std::string> command = fetch_command(folder(), file.content(), {serve(file)});
  for (std::uint64_t kill = 1; kill <= 10; ++kill) {
    const std::size_t before = server_.request_count();
    FetchProcess process(command);
    ASSERT_TRUE(server_.wait_for_requests(before + 1));
    // at another moment each time: 0, 0.3, 0.6, ... MiB later
    server_.wait_for_body_bytes(server_.body_bytes_sent() + kill * 300'000);
    process.kill();
  }
  const test::ProcessResult last = run_fetch(command, {{"no_proxy", "127.0.0.1"}});
  ASSERT_EQ(last.exit_code, 0) << last.out << last.err;
  EXPECT_TRUE(test::content_of(data()) == *file.content());
}

// ---- memory ----

class MemoryTest : public RangedFixture {
 protected:
  static void expect_bounded(const test::ProcessResult& result) {
    // A sanitizer has memory of its own.
    const std::uint64_t limit = test::k_is_sanitized ? 1024U * 1024 : 64U * 1024;
    EXPECT_LT(number_of(result.out, "peak_kib"), limit) << result.out;
  }
};

TEST_F(MemoryTest, OfAFetchOverManyConnectionsIsBounded) {
  const RangedFile file(64 * k_mib);
  file.twist(test::paced(128 * 1024, milliseconds(4)));
  const test::ProcessResult result =
      run_fetch(fetch_command(folder(), file.content(), {serve(file)}), {{"no_proxy", "*"}});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  expect_bounded(result);
}

TEST_F(MemoryTest, OfAFetchFromAServerWithEndlessBodiesIsBounded) {
  const RangedFile file(16 * k_mib);
  const RangedFile endless(16 * k_mib);
  endless.twist([](const test::AskedPart&, test::HttpReply honest) {
    return std::move(honest)
        .with_framing(test::HttpReply::Framing::until_close)
        .with_endless_body();
  });
  server_.on("/missing", test::status_reply(404, std::string(100'000, 'x')).with_endless_body());
  const test::ProcessResult result =
      run_fetch(fetch_command(folder(), file.content(),
                              {server_.url("/missing"), serve(endless, "/endless"), serve(file)}),
                {{"no_proxy", "*"}});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  expect_bounded(result);
}

}  // namespace
}  // namespace modelhub::transfer
