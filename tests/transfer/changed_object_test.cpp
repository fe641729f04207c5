// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "base/hasher.h"
#include "transfer/ranged_fixture.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using test::RangedFile;
using ::testing::HasSubstr;

// What the server says of yesterday's and of today's object.
struct Validators {
  std::string name;
  std::string yesterday;
  std::string today;
  std::string last_modified;
};

class ChangedObjectTest : public RangedFixture, public ::testing::WithParamInterface<Validators> {
 protected:
  const test::Content yesterday_ = test::generated_content(14 * k_mib, 1);
  const test::Content today_ = test::generated_content(14 * k_mib, 2);
};

// The catalog knows today's object all along; the server had yesterday's when the partial was made.
TEST_P(ChangedObjectTest, APartialOfYesterdaysIsNeverJoinedToTodays) {
  const RangedFile file(yesterday_);
  file.set_etag(GetParam().yesterday);
  file.set_last_modified(GetParam().last_modified);
  const auto budget = std::make_shared<std::atomic<std::uint64_t>>(9 * k_mib);
  file.twist(test::stalling_when_spent(budget));
  const Job<Fetched> job = start(request_for(today_, {serve(file)}));
  // Not all of the bytes that are sent count on a slow machine: what came on a connection that was
  // given up is lost.
  ASSERT_TRUE(test::eventually([&] { return job.progress().bytes_done >= 5 * k_mib; }));
  job.cancel();
  transfer_.reset();
  *budget = UINT64_MAX;
  file.replace_from(file.asked().size(), today_, GetParam().today);

  ASSERT_TRUE(arrived(fetch(file, {server_.url("/m.onnx")}), today_));
  EXPECT_LE(server_.body_bytes_sent(), 9 * k_mib + 2 * file.size());
}

TEST_P(ChangedObjectTest, ThatChangesBetweenTwoPartsOfOneFetchIsNeverJoined) {
  const RangedFile file(yesterday_);
  file.set_etag(GetParam().yesterday);
  file.set_last_modified(GetParam().last_modified);
  file.twist(test::resetting_every(5 * k_mib));
  file.replace_from(1, today_, GetParam().today);
  const Result<Fetched> fetched = fetch(request_for(today_, {serve(file)}));
  if (fetched) {
    EXPECT_TRUE(arrived(fetched, today_));
  } else {
    EXPECT_EQ(fetched.error().code, ErrorCode::checksum_mismatch);
    EXPECT_NE(test::content_of(data()).size(), today_->size());
  }
}

INSTANTIATE_TEST_SUITE_P(With, ChangedObjectTest,
                         ::testing::Values(Validators{"AnotherStrongEtag", "\"v1\"", "\"v2\"", ""},
                                           Validators{"TheSameStrongEtag", "\"v1\"", "\"v1\"", ""},
                                           Validators{"AWeakEtag", "W/\"v1\"", "W/\"v1\"", ""},
                                           Validators{"ADateOnly", "", "",
                                                      "Thu, 01 Jan 2026 00:00:00 GMT"},
                                           Validators{"NoValidator", "", "", ""}),
                         [](const auto& validators) { return validators.param.name; });

class EtagTest : public RangedFixture {};

TEST_F(EtagTest, AChangedObjectInTheMiddleStartsAgainWithoutOldBytes) {
  const test::Content old = test::generated_content(20 * k_mib, 1);
  const RangedFile file(old);
  file.twist(test::resetting_every(6 * k_mib));
  const test::Content today = test::generated_content(20 * k_mib, 2);
  file.replace_from(1, today, "\"v2\"");
  ASSERT_TRUE(arrived(fetch(request_for(today, {serve(file)})), today));
}

TEST_F(EtagTest, AnObjectThatIsNoLongerTheCataloguedOneIsToldAsSuch) {
  const RangedFile file(20 * k_mib, 1);
  const test::Content catalogued = file.content();
  file.twist(test::resetting_every(6 * k_mib));
  file.replace_from(1, test::generated_content(20 * k_mib, 2), "\"v2\"");
  const Error error = fetch(request_for(catalogued, {serve(file)})).error();
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_THAT(error.hint, HasSubstr("the server's file is not the catalogued one"));
  EXPECT_LE(server_.body_bytes_sent(), 4 * file.size());
}

TEST_F(EtagTest, AnotherSizeInTheMiddleIsToldAsSuch) {
  const RangedFile file(20 * k_mib, 1);
  const test::Content catalogued = file.content();
  file.twist(test::resetting_every(6 * k_mib));
  file.replace_from(1, test::generated_content(21 * k_mib, 1), "\"v2\"");
  const Error error = fetch(request_for(catalogued, {serve(file)})).error();
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_THAT(error.message, HasSubstr("22020096"));
}

TEST_F(EtagTest, AWebPageInPlaceOfTheRestIsNamedAsSuch) {
  const RangedFile file(12 * k_mib);
  leave_partial(file, 5 * k_mib);
  const std::string page = "<!DOCTYPE html><html><title>Sign in to this hotel</title></html>";
  file.twist(test::answering(test::file_reply(page).with_header("Content-Type", "text/html")));
  const Error error = fetch(file, {serve(file)}).error();
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_THAT(error.message, HasSubstr("sent an HTML page in place of the file"));
}

TEST_F(EtagTest, AGitLfsPointerInPlaceOfAPartIsNamedAsSuch) {
  const RangedFile file(12 * k_mib);
  leave_partial(file, 5 * k_mib);
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\n";
  file.twist(test::answering(test::file_reply(pointer)));
  const Error error = fetch(file, {serve(file)}).error();
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_THAT(error.message, HasSubstr("Git LFS pointer"));
}

// Servers behind a balancer may each have their own.
TEST_F(EtagTest, ThatIsAnotherInEachAnswerDoesNotHinderTheRightBytes) {
  const RangedFile file(20 * k_mib);
  file.twist(test::paced(128 * 1024, milliseconds(5)));
  file.twist(test::with_another_etag_each_time());
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  EXPECT_LE(server_.body_bytes_sent(), 4 * file.size());
}

}  // namespace
}  // namespace modelhub::transfer
