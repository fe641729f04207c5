// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/tuner.h"

#include <filesystem>
#include <fstream>
#include <optional>

#include <gmock/gmock.h>

#include "hub/hub_fixture.h"
#include "hub/tuned_choice.h"

namespace modelhub {
namespace {

using hub::decide_tuning;
using hub::follow;
using hub::TimedWay;
using hub::TunedChoice;
using hub::TuneDecision;
using ::testing::HasSubstr;

constexpr ByteCount k_memory(100'000'000);

TEST(DecideTuningTest, TheFastestIsChosenAndItIsSaidByHowMuch) {
  const TuneDecision decision = decide_tuning(
      {{{100, 101, 99}, k_memory}, {{50, 51, 49}, k_memory}, {{70, 70, 70}, k_memory}}, 0);
  EXPECT_EQ(decision.chosen, 1U);
  EXPECT_EQ(decision.reason, "50.0 ms, 0.50 of the default's 100.0 ms, faster in 3 of 3 rounds");
}

TEST(DecideTuningTest, NoiseDoesNotBeatTheDefault) {
  EXPECT_EQ(decide_tuning({{{100, 101, 99}, k_memory}, {{98, 99, 99}, k_memory}}, 0).chosen, 0U);
  // Faster by the medians, but in three of five rounds only.
  const TuneDecision decision =
      decide_tuning({{{100, 100, 100, 80, 80}, k_memory}, {{90, 90, 90, 120, 120}, k_memory}}, 0);
  EXPECT_EQ(decision.chosen, 0U);
  EXPECT_THAT(decision.reason, HasSubstr("by more than noise: the nearest was, in 3 of 5 rounds"));
}

TEST(DecideTuningTest, OfEqualsTheSmallerOneIsChosen) {
  const TuneDecision decision =
      decide_tuning({{{100, 100, 100}, k_memory}, {{101, 101, 101}, ByteCount(50'000'000)}}, 0);
  EXPECT_EQ(decision.chosen, 1U);
  EXPECT_THAT(decision.reason, HasSubstr("with less memory"));
  EXPECT_EQ(
      decide_tuning(
          {{{50, 50}, k_memory}, {{100, 100}, k_memory}, {{51, 51}, ByteCount(10'000'000)}}, 1)
          .chosen,
      2U);
}

TEST(DecideTuningTest, AloneTheDefaultStays) {
  const TuneDecision decision = decide_tuning({{{7}, k_memory}}, 0);
  EXPECT_EQ(decision.chosen, 0U);
  EXPECT_EQ(decision.reason, "nothing is faster than the default (7.00 ms)");
}

DevicePlan plan_of_two() {
  DevicePlan plan;
  plan.requested = "auto";
  plan.chosen = "cpu:0";
  plan.engine = "one";
  plan.candidates = {{"cpu:0", "one", "1", DeviceVerdict::chosen, ""},
                     {"cpu:0", "two", "2", DeviceVerdict::usable, "comes after the chosen one"},
                     {"cpu:0", "three", "", DeviceVerdict::rejected, "is not installed"}};
  return plan;
}

TEST(TunedChoiceTest, APlanFollowsItAndSaysWhy) {
  DevicePlan plan = plan_of_two();
  const TunedChoice choice{"two",
                           "cpu:0",
                           Precision::golden,
                           1,
                           "2026-11-23T05:01:40Z",
                           "5 ms, 0.50 of the default's 10 ms",
                           {{"one", "cpu:0", "10 ms, 2.00 of the chosen one's 5 ms"}}};
  ASSERT_TRUE(follow(choice, plan));
  EXPECT_EQ(plan.engine, "two");
  EXPECT_EQ(plan.candidates[1].verdict, DeviceVerdict::chosen);
  EXPECT_EQ(plan.candidates[0].verdict, DeviceVerdict::usable);
  EXPECT_EQ(plan.candidates[0].reason, "10 ms, 2.00 of the chosen one's 5 ms");
  EXPECT_EQ(plan.candidates[2].reason, "is not installed");
  EXPECT_EQ(plan.tuned,
            "on 2026-11-23: two on cpu:0, golden, 1 thread; 5 ms, 0.50 of the default's 10 ms");
}

TEST(TunedChoiceTest, WhatCannotBeHadIsNotFollowed) {
  TunedChoice choice;
  choice.device = "cpu:0";
  choice.threads = 2;
  for (const char* const engine : {"three", "four"}) {
    choice.engine = engine;
    DevicePlan plan = plan_of_two();
    EXPECT_FALSE(follow(choice, plan));
    EXPECT_EQ(plan.engine, "one");
    EXPECT_TRUE(plan.tuned.empty());
  }
}

// Two threads take 4 ms, any other number 40.
const std::string k_best_with_two = k_model + "run_takes 40\nrun_takes 4 2\n";

class TunerTest : public GoldenHubTest {
 protected:
  TunerTest() { options_.threads = 4; }

  static TuneReport tune(const Hub& hub, const TuneOptions& options = {}) {
    Result<TuneReport> report = hub.tune("toy", options).get();
    EXPECT_TRUE(report) << report.error().to_string();
    return report ? *report : TuneReport();
  }
  static LoadReport load(const Hub& hub, const LoadOptions& options = {}) {
    return hub.ensure_ready("toy", options).get().value().lease().value().report();
  }
  std::string record() const { return scratch_.path("record"); }
  std::string last_load() const {
    const std::string all = test::content_of(record());
    const std::size_t at = all.rfind("load ");
    return all.substr(at, all.find('\n', at) - at);
  }
  std::string tuned_file() const {
    for (const auto& item :
         std::filesystem::recursive_directory_iterator(options_.home + "/derived")) {
      if (item.path().filename() == "tuned") return item.path().string();
    }
    return {};
  }
};

TEST_F(TunerTest, FindsTheFastestWayAndLoadsFollowIt) {
  serve_golden(k_right, k_best_with_two + "record " + record() + "\n");
  const Hub hub = open();
  const TuneReport report = tune(hub);
  EXPECT_EQ(report.model, "toy@1:plain");
  EXPECT_EQ(report.picture, "grey.png");
  EXPECT_GE(report.rounds, 5);
  ASSERT_EQ(report.candidates.size(), 3U);
  EXPECT_TRUE(report.candidates[0].is_default);
  EXPECT_EQ(report.candidates[0].threads, 4);
  EXPECT_EQ(report.candidates[0].verdict, TuneVerdict::slower);
  EXPECT_THAT(report.candidates[0].remark, HasSubstr("of the chosen one's"));
  EXPECT_THAT(report.candidates[2].remark, HasSubstr("left out after the first runs"));
  ASSERT_EQ(report.chosen, 1U);
  EXPECT_EQ(report.candidates[1].threads, 2);
  EXPECT_EQ(report.candidates[1].verdict, TuneVerdict::chosen);
  EXPECT_GT(report.candidates[1].load.count(), 0);
  EXPECT_LT(report.candidates[1].run, report.candidates[0].run);
  EXPECT_THAT(report.reason, HasSubstr("of the default's"));
  EXPECT_FALSE(report.not_kept);

  EXPECT_THAT(load(hub).plan.tuned, HasSubstr("scripted on cpu:0, exact, 2 threads"));
  EXPECT_THAT(last_load(), HasSubstr("load cpu:0 2 "));
  // Another process finds it too.
  EXPECT_FALSE(load(open()).plan.tuned.empty());
}

TEST_F(TunerTest, WhoNamesAnEngineADeviceOrThreadsIsObeyed) {
  serve_golden(k_right, k_best_with_two);
  const Hub hub = open();
  (void)tune(hub);
  LoadOptions options;
  options.engine = "scripted";
  EXPECT_EQ(load(hub, options).plan.tuned, "");
  options.engine.clear();
  options.device = "cpu";
  EXPECT_EQ(load(hub, options).plan.tuned, "");
  options.device = "auto";
  options.threads = 3;
  EXPECT_EQ(load(hub, options).plan.tuned, "");
  options.threads = 0;
  options.precision = Precision::golden;
  EXPECT_EQ(load(hub, options).plan.tuned, "") << "it was tuned for exact answers";
  options.precision = Precision::exact;
  EXPECT_NE(load(hub, options).plan.tuned, "");
}

TEST_F(TunerTest, AnotherMachineOrADamagedNoteMeansTheDefault) {
  serve_golden(k_right, k_best_with_two);
  (void)tune(open());
  options_.threads = 3;
  EXPECT_EQ(load(open()).plan.tuned, "") << "with other threads it may be otherwise";
  options_.threads = 4;
  ASSERT_NE(load(open()).plan.tuned, "");
  const std::string whole = test::content_of(tuned_file());
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    std::ofstream(tuned_file(), std::ios::trunc) << whole.substr(0, length);
    EXPECT_TRUE(open().ensure_ready("toy").get()) << length;
  }
  std::ofstream(tuned_file(), std::ios::trunc) << "modelhub-tuned 2\n" << whole;
  EXPECT_EQ(load(open()).plan.tuned, "");
  // Tuned again it is found again.
  (void)tune(open());
  EXPECT_NE(load(open()).plan.tuned, "");
}

TEST_F(TunerTest, WithoutARightAnswerNothingIsChosen) {
  serve_golden(k_wrong, k_best_with_two);
  const Hub hub = open();
  const TuneReport report = tune(hub);
  EXPECT_FALSE(report.chosen);
  EXPECT_EQ(report.candidates[0].verdict, TuneVerdict::wrong);
  EXPECT_THAT(report.candidates[0].remark, HasSubstr("expected cow"));
  EXPECT_EQ(report.reason, "nothing answers right");
  EXPECT_EQ(load(hub).plan.tuned, "");
}

TEST_F(TunerTest, ARefusalIsACandidatesVerdict) {
  serve_golden(k_right, k_model + "load_fails unsupported no such operator\n");
  const TuneReport report = tune(open());
  EXPECT_FALSE(report.chosen);
  EXPECT_EQ(report.candidates[0].verdict, TuneVerdict::refused);
  ASSERT_TRUE(report.candidates[0].error);
  EXPECT_EQ(report.candidates[0].error->code, ErrorCode::unsupported);
  EXPECT_THAT(report.candidates[0].remark, HasSubstr("no such operator"));
}

TEST_F(TunerTest, AModelWithoutAGoldenPictureNeedsOne) {
  serve(k_best_with_two);
  const Hub hub = open();
  const Result<TuneReport> without = hub.tune("toy").get();
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(without.error().hint, HasSubstr("--picture FILE"));
  TuneOptions options;
  options.picture = scratch_.path("nowhere.png");
  EXPECT_EQ(hub.tune("toy", options).get().error().code, ErrorCode::not_found);
  options.picture = scratch_.path("mine.png");
  ASSERT_TRUE(picture().save(options.picture));
  const TuneReport report = tune(hub, options);
  EXPECT_EQ(report.picture, options.picture);
  EXPECT_EQ(report.chosen, 1U);
}

TEST_F(TunerTest, AHomeWithoutRoomIsSaid) {
  serve_golden(k_right, k_best_with_two);
  const Hub hub = open();
  ASSERT_TRUE(hub.pull("toy").get());
  ASSERT_TRUE(hub.self_test({"toy"}).get());  // brings the picture
  ASSERT_TRUE(hub.set_budget(ByteCount(4096)));
  const TuneReport report = tune(hub);
  EXPECT_TRUE(report.chosen);
  ASSERT_TRUE(report.not_kept);
  EXPECT_EQ(report.not_kept->code, ErrorCode::no_space);
}

TEST_F(TunerTest, CancellingEndsItSoon) {
  serve_golden(k_right, k_model + "run_takes 100\n");
  const Hub hub = open();
  ASSERT_TRUE(hub.pull("toy").get());
  const Job<TuneReport> job = hub.tune("toy");
  ASSERT_FALSE(job.wait_for(std::chrono::milliseconds(300)));
  job.cancel();
  const Result<TuneReport> report = job.get();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::cancelled);
}

TEST_F(TunerTest, UnknownModelsAreTold) {
  const Result<TuneReport> report = open().tune("toi").get();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace modelhub
