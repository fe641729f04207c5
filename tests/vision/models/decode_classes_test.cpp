// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "outputs.h"

namespace modelhub::vision {
namespace {

const std::vector<std::string> k_three_labels = {"a", "b", "c"};

Recipe recipe_of(DecodeKind kind, bool softmax) {
  Recipe recipe;
  recipe.outputs = {{"output", OutputRole::scores, 0}};
  recipe.decode.kind = kind;
  recipe.post.softmax = softmax;
  return recipe;
}

TEST(ClassesTest, LogitsBecomeSharesThatAddUpToOne) {
  const auto outputs = one(output_of("output", {1, 3}, {1, 3, 2}));
  const Classifications found =
      decode_classes(recipe_of(DecodeKind::logits, true), k_three_labels, outputs, {}).value();
  ASSERT_EQ(found.size(), 3u);
  const double sum = std::exp(1.0) + std::exp(2.0) + std::exp(3.0);
  EXPECT_EQ(found[0].label, "b");
  EXPECT_EQ(found[0].class_id, 1);
  EXPECT_NEAR(found[0].score, std::exp(3.0) / sum, 1e-6);
  EXPECT_NEAR(found[1].score, std::exp(2.0) / sum, 1e-6);
  EXPECT_NEAR(found[2].score, std::exp(1.0) / sum, 1e-6);
}

TEST(ClassesTest, LargeLogitsDoNotOverflow) {
  const auto outputs = one(output_of("output", {1, 3}, {1e30f, 1e30f, -1e30f}));
  const Classifications found =
      decode_classes(recipe_of(DecodeKind::logits, true), k_three_labels, outputs, {}).value();
  EXPECT_FLOAT_EQ(found[0].score, 0.5f);
  EXPECT_FLOAT_EQ(found[2].score, 0.0f);
}

TEST(ClassesTest, ProbabilitiesStayAsTheyAre) {
  const auto outputs = one(output_of("output", {1, 3, 1, 1}, {0.2f, 0.3f, 0.5f}));
  const Classifications found =
      decode_classes(recipe_of(DecodeKind::probabilities, true), k_three_labels, outputs, {})
          .value();
  EXPECT_EQ(found[0].label, "c");
  EXPECT_FLOAT_EQ(found[0].score, 0.5f);
}

TEST(ClassesTest, OptionsCutTheList) {
  const auto outputs = one(output_of("output", {1, 3}, {0.2f, 0.3f, 0.5f}));
  const Recipe recipe = recipe_of(DecodeKind::probabilities, false);
  AnswerOptions options;
  options.top_k = 2;
  EXPECT_EQ(decode_classes(recipe, k_three_labels, outputs, options).value().size(), 2u);
  options.conf = 0.4f;
  EXPECT_EQ(decode_classes(recipe, k_three_labels, outputs, options).value().size(), 1u);
  options.conf.reset();
  options.classes = {0};
  EXPECT_EQ(decode_classes(recipe, k_three_labels, outputs, options).value()[0].label, "a");
}

TEST(ClassesTest, NumbersThatAreNotFiniteArePassedOver) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const auto outputs = one(output_of("output", {1, 3}, {nan, 1, infinity}));
  const Classifications found =
      decode_classes(recipe_of(DecodeKind::logits, true), k_three_labels, outputs, {}).value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, "b");
  EXPECT_FLOAT_EQ(found[0].score, 1.0f);
  const auto none = one(output_of("output", {1, 3}, {nan, nan, nan}));
  EXPECT_TRUE(decode_classes(recipe_of(DecodeKind::logits, true), k_three_labels, none, {})
                  .value()
                  .empty());
}

TEST(ClassesTest, ShapeAndNumberOfClassesMustFit) {
  const Recipe recipe = recipe_of(DecodeKind::logits, true);
  expect_error(
      decode_classes(recipe, k_three_labels, one(output_of("output", {1, 4}, {0, 0, 0, 0})), {}),
      ErrorCode::corrupt_data, Subject::model, "output [1,4] has 4 classes, the labels 3");
  expect_error(
      decode_classes(recipe, k_three_labels, one(output_of("output", {1, 2, 2}, {0, 0, 0, 0})), {}),
      ErrorCode::corrupt_data, Subject::model, "does not fit decode 'logits'");
  expect_error(decode_classes(recipe, k_three_labels, one(output_of("output", {3}, {0, 0, 0})), {}),
               ErrorCode::corrupt_data, Subject::model, "[1, classes]");
  expect_error(decode_classes(recipe, {}, one(output_of("output", {1, 0}, {})), {}),
               ErrorCode::corrupt_data, Subject::model, "[1, classes]");
}

}  // namespace
}  // namespace modelhub::vision
