// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/tuner.h"

#include <algorithm>
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
  const TunedChoice choice{"plain",
                           Digest::of_empty(),
                           "two",
                           "cpu:0",
                           Precision::golden,
                           1,
                           "2026-11-23T05:01:40Z",
                           "5 ms, 0.50 of the default's 10 ms",
                           {{"plain", "one", "cpu:0", "10 ms, 2.00 of the chosen one's 5 ms"}}};
  ASSERT_TRUE(follow(choice, plan));
  EXPECT_EQ(plan.engine, "two");
  EXPECT_EQ(plan.candidates[1].verdict, DeviceVerdict::chosen);
  EXPECT_EQ(plan.candidates[0].verdict, DeviceVerdict::usable);
  EXPECT_EQ(plan.candidates[0].reason, "10 ms, 2.00 of the chosen one's 5 ms");
  EXPECT_EQ(plan.candidates[2].reason, "is not installed");
  EXPECT_EQ(plan.tuned,
            "on 2026-11-23: plain with two on cpu:0, golden, 1 thread; 5 ms, 0.50 of the default's "
            "10 ms");
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

  EXPECT_THAT(load(hub).plan.tuned, HasSubstr("plain with scripted on cpu:0, exact, 2 threads"));
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
  std::ofstream(tuned_file(), std::ios::trunc) << "modelhub-tuned 99\n" << whole;
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

// A variant of `toy`: what its file says, and whether the catalog knows its answer.
struct TestVariant {
  std::string id;
  std::string precision;
  std::string content;
  bool is_golden = false;
};

class VariantTunerTest : public TunerTest {
 protected:
  VariantTunerTest() { options_.threads = 1; }

  void serve_variants(const std::vector<TestVariant>& variants, const std::string& more = {}) {
    serve_golden(k_right);
    const std::string golden =
        R"(, "golden": { "image": { "path": "grey.png", "role": "picture", "bytes": )" +
        std::to_string(picture_bytes_.size()) + R"(, "sha256": ")" +
        base::sha256_of(picture_bytes_).hex() + R"(", "urls": [] }, )" + k_right + " }";
    std::string text;
    for (const TestVariant& variant : variants) {
      const std::string digest = base::sha256_of(variant.content).hex();
      server_.on("/sha256/" + digest, test::file_reply(variant.content));
      text +=
          (text.empty() ? "" : ",\n") + (R"({ "id": ")" + variant.id) +
          R"(", "format": "scripted", "precision": ")" + variant.precision +
          R"(", "engines": ["scripted"], "files": [ { "path": "toy.txt", "role": "graph", "bytes": )" +
          std::to_string(variant.content.size()) + R"(, "sha256": ")" + digest +
          R"(", "urls": [] } ], "recipe": { "inputs": [ { "name": "x", "size": [4, 4] } ],
                 "outputs": [ { "name": "y", "role": "scores" } ],
                 "decode": { "kind": "probabilities" }, "labels": ["ant", "bee", "cow"] })" +
          (variant.is_golden ? golden : "") + " }";
    }
    options_.catalogs = {scratch_.write(
        "layer.json", R"({ "schema": 1, "models": [ { "name": "toy", "task": "classify",
           "title": "A toy", "license": "MIT", "default_version": "1", "versions": [
           { "version": "1", )" +
                          more + R"("variants": [ )" + text + " ] } ] } ] }")};
  }
  static const TuneCandidate* find(const TuneReport& report, const std::string& variant) {
    for (const TuneCandidate& candidate : report.candidates) {
      if (candidate.variant == variant) return &candidate;
    }
    return nullptr;
  }
  std::ptrdiff_t requests_for(const std::string& path) const {
    const std::vector<test::HttpRequest> all = server_.requests();
    return std::count_if(all.begin(), all.end(),
                         [&](const test::HttpRequest& request) { return request.target == path; });
  }
  static std::string variant_of(const Hub& hub, const std::string& reference,
                                const LoadOptions& options = {}) {
    const Result<Model> model = hub.ensure_ready(reference, options).get();
    return model ? model->variant() : model.error().to_string();
  }
};

const std::string k_slow = k_model + "run_takes 12\n";
const std::string k_quick = k_model + "run_takes 3\n";
const std::string k_quickest = k_model + "run_takes 1\n";

TEST_F(VariantTunerTest, APlainNameMeansTheVariantThatWon) {
  serve_variants({{"plain", "float32", k_slow, true}, {"other", "float32", k_quick}});
  const Hub hub = open();
  ASSERT_TRUE(hub.pull("toy:other").get());
  const TuneReport report = tune(hub);
  EXPECT_EQ(report.model, "toy@1:plain");
  ASSERT_TRUE(report.chosen);
  EXPECT_EQ(report.candidates[*report.chosen].variant, "other");
  EXPECT_EQ(report.chosen_model, "toy@1:other");
  EXPECT_TRUE(report.candidates[0].is_default);
  EXPECT_EQ(report.candidates[0].variant, "plain");
  for (std::size_t i = 1; i < report.candidates.size(); ++i)
    EXPECT_FALSE(report.candidates[i].is_default);
  EXPECT_THAT(report.reason, HasSubstr("of the default's"));

  const Hub another = open();
  for (const Hub* const one : {&hub, &another}) {
    EXPECT_EQ(variant_of(*one, "toy"), "other");
    EXPECT_THAT(load(*one).plan.tuned, HasSubstr("other with scripted on cpu:0"));
    EXPECT_EQ(variant_of(*one, "toy:plain"), "plain") << "who names a variant is obeyed";
  }
  const PullPlan plan = hub.plan_pull("toy", PullPurpose::run).value();
  EXPECT_EQ(plan.reference, "toy@1:other");
  EXPECT_THAT(plan.candidates[0].reason, HasSubstr("of the chosen one's"));
  EXPECT_EQ(plan.candidates[1].reason, "chosen by tuning");
  EXPECT_EQ(hub.plan_pull("toy", PullPurpose::install).value().reference, "toy@1:plain");
  LoadOptions named;
  named.engine = "scripted";
  EXPECT_EQ(variant_of(hub, "toy", named), "plain");
}

TEST_F(VariantTunerTest, AVariantThatHasGoneOrChangedIsNotFollowed) {
  serve_variants({{"plain", "float32", k_slow, true}, {"other", "float32", k_quick}});
  ASSERT_TRUE(open().pull("toy:other").get());
  ASSERT_EQ(tune(open()).chosen_model, "toy@1:other");
  serve_variants({{"plain", "float32", k_slow, true}, {"other", "float32", k_quickest}});
  ASSERT_TRUE(open().pull("toy:other").get());
  EXPECT_EQ(variant_of(open(), "toy"), "plain") << "these files were not tuned";
  serve_variants({{"plain", "float32", k_slow, true}, {"other", "float32", k_quick}});
  EXPECT_EQ(variant_of(open(), "toy"), "plain") << "it is not installed as it was";
  ASSERT_TRUE(open().pull("toy:other").get());
  EXPECT_EQ(variant_of(open(), "toy"), "other");
  ASSERT_TRUE(open().remove("toy:other"));
  EXPECT_EQ(variant_of(open(), "toy"), "plain");
}

TEST_F(VariantTunerTest, OnlyWhatIsInstalledIsComparedUnlessAllIsAsked) {
  serve_variants({{"plain", "float32", k_slow, true}, {"other", "float32", k_quick}});
  const Hub hub = open();
  const std::string file = "/sha256/" + base::sha256_of(k_quick).hex();
  TuneReport report = tune(hub);
  EXPECT_EQ(report.chosen_model, "toy@1:plain");
  const TuneCandidate* other = find(report, "other");
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(other->verdict, TuneVerdict::skipped);
  EXPECT_THAT(other->remark, HasSubstr("modelhub pull toy@1:other, or --variants all"));
  EXPECT_EQ(requests_for(file), 0);
  TuneOptions options;
  options.variants = TuneVariants::all;
  report = tune(hub, options);
  EXPECT_EQ(report.chosen_model, "toy@1:other");
  EXPECT_EQ(requests_for(file), 1);
  EXPECT_EQ(variant_of(hub, "toy"), "other");
}

// What is installed is compared all the same.
TEST_F(VariantTunerTest, AVariantThatMayNotBePulledOrFindsNoRoomLoses) {
  serve_variants({{"plain", "float32", k_slow, true}, {"other", "float32", k_quick}});
  ASSERT_TRUE(open().self_test({"toy"}).get());  // brings the model and its picture
  TuneOptions options;
  options.variants = TuneVariants::all;
  const auto expect_other_lost = [&](const Hub& hub, TuneVerdict verdict, ErrorCode code) {
    const TuneReport report = tune(hub, options);
    EXPECT_EQ(report.chosen_model, "toy@1:plain");
    const TuneCandidate* other = find(report, "other");
    ASSERT_NE(other, nullptr);
    EXPECT_EQ(other->verdict, verdict);
    ASSERT_TRUE(other->error);
    EXPECT_EQ(other->error->code, code) << other->error->to_string();
    EXPECT_FALSE(other->remark.empty());
  };
  options_.licenses = {"Apache-2.0"};
  expect_other_lost(open(), TuneVerdict::refused, ErrorCode::invalid_argument);
  options_.licenses.clear();
  const Hub hub = open();
  ASSERT_TRUE(hub.set_budget(ByteCount(4096)));
  expect_other_lost(hub, TuneVerdict::failed, ErrorCode::no_space);
  EXPECT_EQ(requests_for("/sha256/" + base::sha256_of(k_quick).hex()), 0);
}

TEST_F(VariantTunerTest, AReferenceWithAVariantMeansThatOneAlone) {
  options_.threads = 4;
  serve_variants({{"plain", "float32", k_best_with_two, true}, {"other", "float32", k_quick}});
  const Hub hub = open();
  ASSERT_TRUE(hub.pull("toy:other").get());
  TuneOptions options;
  options.variants = TuneVariants::all;
  const Result<TuneReport> report = hub.tune("toy:plain", options).get();
  ASSERT_TRUE(report);
  EXPECT_EQ(find(*report, "other"), nullptr);
  EXPECT_EQ(report->chosen_model, "toy@1:plain");
  EXPECT_EQ(variant_of(hub, "toy"), "plain");
  EXPECT_THAT(load(hub).plan.tuned, HasSubstr("2 threads"));
  // What the user made the default leaves no choice either.
  ASSERT_TRUE(hub.set_default("toy@1:plain"));
  EXPECT_EQ(find(tune(hub), "other"), nullptr);
}

TEST_F(VariantTunerTest, FewerBitsAreOnlyTakenWhenAskedFor) {
  serve_variants({{"plain", "float32", k_slow, true}, {"small", "int8", k_quick}});
  const Hub hub = open();
  ASSERT_TRUE(hub.pull("toy:small").get());
  TuneOptions options;
  options.variants = TuneVariants::all;
  TuneReport report = tune(hub, options);
  EXPECT_EQ(report.chosen_model, "toy@1:plain");
  ASSERT_NE(find(report, "small"), nullptr);
  EXPECT_EQ(find(report, "small")->verdict, TuneVerdict::skipped);
  EXPECT_THAT(find(report, "small")->remark, HasSubstr("int8: --precision golden"));
  EXPECT_EQ(variant_of(hub, "toy"), "plain");
  // Why it was not tried is no finding that later plans should repeat.
  EXPECT_EQ(hub.plan_pull("toy", PullPurpose::run).value().candidates[1].reason, "");

  options.precision = Precision::golden;
  report = tune(hub, options);
  EXPECT_EQ(report.chosen_model, "toy@1:small");
  EXPECT_EQ(variant_of(hub, "toy"), "small");
  LoadOptions asked;
  asked.precision = Precision::exact;
  EXPECT_EQ(variant_of(hub, "toy", asked), "plain");
  asked.precision = Precision::golden;
  EXPECT_EQ(variant_of(hub, "toy", asked), "small");
}

TEST_F(VariantTunerTest, ADefaultWithFewerBitsTakesPart) {
  serve_variants({{"plain", "float32", k_slow}, {"small", "int8", k_quick, true}},
                 R"("default_variant": "small", )");
  const Hub hub = open();
  ASSERT_TRUE(hub.pull("toy:plain").get());
  const TuneReport report = tune(hub);
  EXPECT_EQ(report.chosen_model, "toy@1:small");
  ASSERT_NE(find(report, "plain"), nullptr);
  EXPECT_THAT(find(report, "plain")->remark, HasSubstr("left out after the first runs"));
}

TEST_F(VariantTunerTest, WhatIsWrongOrCannotBePulledLoses) {
  const std::string wrong =
      "scripted 1\ninput x float32 1 3 4 4\noutput y float32 1 3 = constant 0.9 0.05 0.05\n";
  serve_variants({{"plain", "float32", k_slow},
                  {"wrong", "float32", wrong},
                  {"away", "float32", k_quickest},
                  {"knows", "float64", k_quick, true}});
  server_.on("/sha256/" + base::sha256_of(k_quickest).hex(), test::status_reply(404));
  TuneOptions options;
  options.variants = TuneVariants::all;
  const TuneReport report = tune(open(), options);
  // The golden answer is another variant's: the default has none.
  EXPECT_EQ(report.picture, "grey.png");
  EXPECT_EQ(report.chosen_model, "toy@1:knows");
  ASSERT_NE(find(report, "wrong"), nullptr);
  EXPECT_EQ(find(report, "wrong")->verdict, TuneVerdict::wrong);
  ASSERT_NE(find(report, "away"), nullptr);
  EXPECT_EQ(find(report, "away")->verdict, TuneVerdict::failed);
  ASSERT_TRUE(find(report, "away")->error);
  EXPECT_EQ(find(report, "away")->error->code, ErrorCode::not_found);
}

TEST_F(VariantTunerTest, WhatCannotBeLoadedHereIsRefused) {
  serve_variants({{"plain", "float32", k_slow, true}, {"other", "float32", k_quick}});
  std::string text = test::content_of(options_.catalogs.front());
  text.replace(text.rfind("[\"scripted\"]"), 12, "[\"nothing\"]");
  options_.catalogs = {scratch_.write("layer.json", text)};
  const TuneReport report = tune(open());
  ASSERT_NE(find(report, "other"), nullptr);
  EXPECT_EQ(find(report, "other")->verdict, TuneVerdict::refused);
  EXPECT_THAT(find(report, "other")->remark, HasSubstr("nothing"));
  ASSERT_TRUE(find(report, "other")->error);
  EXPECT_EQ(find(report, "other")->error->code, ErrorCode::unsupported);
}

TEST(TuneVariantsTest, AreInstalledOrAll) {
  EXPECT_EQ(parse_tune_variants("installed").value(), TuneVariants::installed);
  EXPECT_EQ(parse_tune_variants("all").value(), TuneVariants::all);
  EXPECT_EQ(parse_tune_variants("some").error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace modelhub
