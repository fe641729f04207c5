// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "transfer/ranged_fixture.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using test::RangedFile;

class InterruptedFetchTest : public RangedFixture {
 protected:
  static constexpr std::uint64_t k_size = 24 * k_mib + 77;
  static constexpr std::uint64_t k_partial = 14 * k_mib;
  const RangedFile file_{k_size};
};

TEST_F(InterruptedFetchTest, ACancelledFetchLeavesWhatItHasAndTheNextOneSendsForTheRest) {
  leave_partial(file_, k_partial);
  EXPECT_TRUE(std::filesystem::exists(data()));
  EXPECT_TRUE(std::filesystem::exists(journal()));
  const Result<Fetched> fetched = fetch(file_, {serve(file_)});
  ASSERT_TRUE(arrived(fetched, file_.content()));
  EXPECT_LE(bytes_sent_since(), k_size - k_partial + k_sent_ahead);
  expect_received(fetched->reused + fetched->received, k_size);
  EXPECT_GE(fetched->reused.count(), k_partial - k_mib);
}

TEST_F(InterruptedFetchTest, AFetchOverSeveralConnectionsLeavesThePartsOfAll) {
  file_.twist(test::between(0, 100, test::paced(64 * 1024, milliseconds(5))));
  leave_partial(file_, k_partial, 8);
  const std::uint64_t connections = connections_of(file_);
  ASSERT_GE(connections, 2U);
  ASSERT_TRUE(arrived(fetch(file_, {serve(file_)}), file_.content()));
  EXPECT_LE(bytes_sent_since(), k_size - k_partial + connections * k_sent_ahead);
}

TEST_F(InterruptedFetchTest, AFailureThatMayPassLeavesWhatItHas) {
  options_.attempts_per_source = 2;
  options_.stall_limit = milliseconds(200);
  const auto budget = std::make_shared<std::atomic<std::uint64_t>>(k_partial);
  file_.twist(test::stalling_when_spent(budget));
  const Error error = fetch(file_, {serve(file_)}).error();
  EXPECT_EQ(error.code, ErrorCode::timed_out);
  *budget = UINT64_MAX;
  bytes_sent_since();
  ASSERT_TRUE(arrived(fetch(file_, {serve(file_)}), file_.content()));
  EXPECT_LE(bytes_sent_since(), k_size - k_partial + k_sent_ahead);
}

TEST_F(InterruptedFetchTest, AFolderThatAnotherOwnerAdoptedGoesOn) {
  leave_partial(file_, k_partial);
  FetchRequest request = request_for(file_.content(), {serve(file_)});
  request.folder = scratch_.path("adopted");
  std::filesystem::rename(folder(), request.folder);
  ASSERT_TRUE(fetch(request));
  EXPECT_TRUE(test::content_of(request.folder + "/data") == *file_.content());
  EXPECT_LE(bytes_sent_since(), k_size - k_partial + k_sent_ahead);
}

TEST_F(InterruptedFetchTest, AnotherSourceOfTheSameDigestGoesOnWhereTheFirstWasLeft) {
  leave_partial(file_, k_partial);
  const RangedFile mirrored(k_size);
  mirrored.set_etag("\"of-the-mirror\"");
  ASSERT_TRUE(arrived(fetch(mirrored, {serve(mirrored, "/mirror")}), file_.content()));
  EXPECT_LE(bytes_sent_since(), 2 * k_size);
}

TEST_F(InterruptedFetchTest, AMismatchOfAFileThatCameWholeLeavesNothing) {
  file_.twist(test::flipping(20 * k_mib));
  const Error error = fetch(file_, {serve(file_)}).error();
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_FALSE(std::filesystem::exists(data()));
  EXPECT_FALSE(std::filesystem::exists(journal()));
}

TEST_F(InterruptedFetchTest, APartialOfAnotherFileIsNotBelieved) {
  leave_partial(file_, k_partial);
  const RangedFile other(k_size, 5);
  ASSERT_TRUE(arrived(fetch(other, {serve(other)}), other.content()));
  EXPECT_LE(bytes_sent_since(), k_size + k_sent_ahead);
}

TEST_F(InterruptedFetchTest, ACorruptPartialOfALyingServerDoesNotSpoilTheNextSource) {
  const RangedFile liar(k_size);
  liar.twist(test::flipping(k_mib));
  leave_partial(liar, k_partial);
  ASSERT_TRUE(arrived(fetch(file_, {serve(file_)}), file_.content()));
  EXPECT_LE(bytes_sent_since(), 2 * k_size);
}

}  // namespace
}  // namespace modelhub::transfer
