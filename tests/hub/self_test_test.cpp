// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/self_test.h"

#include <optional>

#include <gmock/gmock.h>

#include "hub/hub_fixture.h"

namespace modelhub {
namespace {

using ::testing::HasSubstr;

class SelfTestTest : public GoldenHubTest {
 protected:
  std::vector<SelfTestResult> self_test(const Hub& hub, std::vector<std::string> models = {"toy"}) {
    Result<std::vector<SelfTestResult>> results = hub.self_test(models).get();
    EXPECT_TRUE(results) << results.error().to_string();
    return results ? *results : std::vector<SelfTestResult>();
  }
};

TEST_F(SelfTestTest, SaysThatAnEngineAnswersRight) {
  serve_golden(k_right);
  const Hub hub = open();
  const std::vector<SelfTestResult> results = self_test(hub);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].model, "toy@1:plain");
  EXPECT_EQ(results[0].engine, "scripted");
  EXPECT_EQ(results[0].device, "cpu:0");
  EXPECT_EQ(results[0].verdict, SelfTestVerdict::right) << results[0].remark;
  EXPECT_GT(results[0].run.count(), 0);
  EXPECT_GT(results[0].load.count(), 0);
}

TEST_F(SelfTestTest, SaysWhatIsWrongWithAnAnswer) {
  serve_golden(k_wrong);
  const std::vector<SelfTestResult> results = self_test(open());
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].verdict, SelfTestVerdict::wrong);
  EXPECT_THAT(results[0].remark, HasSubstr("first is bee 0.700, expected cow"));
}

TEST_F(SelfTestTest, ThePictureIsFetchedOnceAndNotCountedAsAModel) {
  serve_golden(k_right);
  const Hub hub = open();
  (void)self_test(hub);
  const std::size_t requests = server_.request_count();
  (void)self_test(hub);
  EXPECT_EQ(server_.request_count(), requests);
  EXPECT_EQ(hub.installed().value().size(), 1U);
}

TEST_F(SelfTestTest, WithoutNamesEverythingInstalledIsTested) {
  serve_golden(k_right);
  const Hub hub = open();
  EXPECT_TRUE(self_test(hub, {}).empty());
  ASSERT_TRUE(hub.pull("toy").get());
  EXPECT_EQ(self_test(hub, {}).size(), 1U);
}

TEST_F(SelfTestTest, AVariantWithoutAGoldenAnswerOnlyRuns) {
  const std::vector<SelfTestResult> results = self_test(open());
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].verdict, SelfTestVerdict::unchecked);
  EXPECT_GT(results[0].run.count(), 0);
}

TEST_F(SelfTestTest, AMistypedNameEndsItBeforeAnythingIsFetched) {
  const Result<std::vector<SelfTestResult>> results = open().self_test({"toy", "toyy"}).get();
  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().code, ErrorCode::not_found);
  EXPECT_EQ(server_.request_count(), 0U);
}

TEST_F(SelfTestTest, AModelThatNothingHereRunsIsRefused) {
  serve_golden(k_right, k_model, "another_engine");
  const std::vector<SelfTestResult> results = self_test(open());
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].verdict, SelfTestVerdict::refused);
  EXPECT_THAT(results[0].remark, HasSubstr("another_engine"));
  ASSERT_TRUE(results[0].error);
  EXPECT_EQ(exit_code_of(*results[0].error), 7);
}

TEST_F(SelfTestTest, ALoadThatFailsIsOneResult) {
  serve_golden(k_right, "scripted 1\nthis is no script\n");
  const std::vector<SelfTestResult> results = self_test(open());
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].verdict, SelfTestVerdict::failed);
  ASSERT_TRUE(results[0].error);
  EXPECT_EQ(results[0].error->code, ErrorCode::corrupt_data);
}

TEST_F(SelfTestTest, OfflineWithoutThePictureSaysSo) {
  serve_golden(k_right);
  ASSERT_TRUE(open().pull("toy").get());
  options_.network = Network::offline;
  const std::vector<SelfTestResult> results = self_test(open());
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].verdict, SelfTestVerdict::failed);
  ASSERT_TRUE(results[0].error);
  EXPECT_EQ(results[0].error->code, ErrorCode::offline);
  EXPECT_THAT(results[0].remark, HasSubstr("grey.png"));
}

TEST_F(SelfTestTest, APictureThatIsNotTheCataloguedOneFails) {
  serve_golden(k_right);
  server_.on(picture_path(), test::file_reply(test::flipped(picture_bytes_, 20)));
  const std::vector<SelfTestResult> results = self_test(open());
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].verdict, SelfTestVerdict::failed);
  EXPECT_EQ(results[0].error->code, ErrorCode::checksum_mismatch);
}

TEST_F(SelfTestTest, UnloadsWhatItLoaded) {
  const std::string record = scratch_.path("record");
  serve_golden(k_right, k_model + "record " + record + "\n");
  const Hub hub = open();
  (void)self_test(hub);
  EXPECT_THAT(test::content_of(record), HasSubstr("unload"));
}

TEST_F(SelfTestTest, CanBeCancelledAndTheHubMayGoInTheMiddle) {
  serve_golden(k_right);
  server_.on(picture_path(), test::HttpReply().ending_before_head(test::HttpReply::Ending::stall));
  std::optional<Job<std::vector<SelfTestResult>>> job;
  {
    const Hub hub = open();
    ASSERT_TRUE(hub.pull("toy").get());
    job = hub.self_test({"toy"});
    ASSERT_TRUE(server_.wait_for_requests(2));
    job->cancel();
    EXPECT_EQ(job->get().error().code, ErrorCode::cancelled);
    job = hub.self_test({"toy"});
    ASSERT_TRUE(server_.wait_for_requests(3));
  }
  EXPECT_FALSE(job->get());
}

}  // namespace
}  // namespace modelhub
