// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "outputs.h"

namespace modelhub::vision {
namespace {

constexpr float k_nan = std::numeric_limits<float>::quiet_NaN();
constexpr float k_infinity = std::numeric_limits<float>::infinity();
const std::vector<std::string> k_yolo_labels = {"cat", "dog"};

Recipe recipe_of(DecodeKind kind) {
  Recipe recipe;
  recipe.outputs = {{"output0", OutputRole::predictions, 0}};
  recipe.decode.kind = kind;
  return recipe;
}

// [1, 4 + classes, columns], filled column by column.
class Yolo8Output {
 public:
  explicit Yolo8Output(std::size_t columns, std::size_t classes = 2)
      : columns_(columns), rows_(4 + classes), values_(columns * rows_) {}

  void set(std::size_t column, const std::vector<float>& numbers) {
    for (std::size_t row = 0; row < numbers.size(); ++row) {
      values_[row * columns_ + column] = numbers[row];
    }
  }
  std::vector<NamedTensor> outputs() const {
    return one(output_of("output0",
                         {1, static_cast<std::int64_t>(rows_), static_cast<std::int64_t>(columns_)},
                         values_));
  }

 private:
  std::size_t columns_;
  std::size_t rows_;
  std::vector<float> values_;
};

Result<Detections> decode8(const Yolo8Output& output, const AnswerOptions& options = {},
                           const Placement& placement = same_size(100, 100)) {
  return decode_detections(recipe_of(DecodeKind::yolo8), k_yolo_labels, output.outputs(), placement,
                           options);
}

TEST(Yolo8Test, TurnsCentreAndSizeIntoCornersOfTheBestClass) {
  Yolo8Output output(3);
  output.set(1, {50, 40, 20, 10, 0.3f, 0.8f});
  const Detections found = decode8(output).value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, "dog");
  EXPECT_EQ(found[0].class_id, 1);
  EXPECT_FLOAT_EQ(found[0].score, 0.8f);
  expect_box(found[0].box, 40, 35, 60, 45);
  EXPECT_FALSE(found.near_miss);
}

TEST(Yolo8Test, FindsCandidatesInEveryBlockOfColumns) {
  Yolo8Output output(1300);
  const std::size_t places[] = {0, 511, 512, 1023, 1024, 1299};
  float x = 5;
  for (const std::size_t place : places) {
    output.set(place, {x, 50, 8, 8, 0.9f, 0.1f});
    x += 15;
  }
  EXPECT_EQ(decode8(output).value().size(), std::size(places));
}

TEST(Yolo8Test, AScoreOfExactlyTheThresholdIsNotAnAnswer) {
  Yolo8Output output(1);
  output.set(0, {50, 50, 20, 20, 0.25f, 0});
  const Detections found = decode8(output).value();
  EXPECT_TRUE(found.empty());
  ASSERT_TRUE(found.near_miss);
  EXPECT_EQ(found.near_miss->label, "cat");
  EXPECT_FLOAT_EQ(found.near_miss->score, 0.25f);
}

TEST(Yolo8Test, SuppressesWithinAClassOnly) {
  Yolo8Output output(3);
  output.set(0, {50, 50, 20, 20, 0.9f, 0});
  output.set(1, {51, 50, 20, 20, 0.8f, 0});
  output.set(2, {50, 50, 20, 20, 0, 0.7f});
  const Detections found = decode8(output).value();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].label, "cat");
  EXPECT_EQ(found[1].label, "dog");
}

TEST(Yolo8Test, OptionsOfTheCallWinOverTheRecipe) {
  Yolo8Output output(3);
  output.set(0, {20, 50, 20, 20, 0.9f, 0});
  output.set(1, {50, 50, 20, 20, 0.8f, 0});
  output.set(2, {80, 50, 20, 20, 0, 0.1f});
  AnswerOptions options;
  options.conf = 0.05f;
  EXPECT_EQ(decode8(output, options).value().size(), 3u);
  options.max_det = 1;
  ASSERT_EQ(decode8(output, options).value().size(), 1u);
  EXPECT_FLOAT_EQ(decode8(output, options).value()[0].score, 0.9f);
  options.max_det.reset();
  options.classes = {1};
  ASSERT_EQ(decode8(output, options).value().size(), 1u);
  EXPECT_EQ(decode8(output, options).value()[0].label, "dog");
  options.conf = 0.5f;
  const Detections none = decode8(output, options).value();
  ASSERT_TRUE(none.near_miss);
  EXPECT_EQ(none.near_miss->label, "dog");
  EXPECT_FLOAT_EQ(none.near_miss->score, 0.1f);

  Yolo8Output pair(2);
  pair.set(0, {50, 50, 20, 20, 0.9f, 0});
  pair.set(1, {55, 50, 20, 20, 0.8f, 0});  // IoU 0.6
  AnswerOptions strict;
  strict.iou = 0.5f;
  EXPECT_EQ(decode8(pair).value().size(), 2u);
  EXPECT_EQ(decode8(pair, strict).value().size(), 1u);
}

TEST(Yolo8Test, OptionsOutOfRangeAreRefused) {
  const Yolo8Output output(1);
  AnswerOptions options;
  options.conf = 1.5f;
  expect_error(decode8(output, options), ErrorCode::invalid_argument, Subject::usage, "conf");
  options = {};
  options.iou = k_nan;
  expect_error(decode8(output, options), ErrorCode::invalid_argument, Subject::usage, "iou");
  options = {};
  options.max_det = 0;
  expect_error(decode8(output, options), ErrorCode::invalid_argument, Subject::usage, "max_det");
  options = {};
  options.top_k = -1;
  expect_error(decode8(output, options), ErrorCode::invalid_argument, Subject::usage, "top_k");
}

TEST(Yolo8Test, BoxesComeBackInPixelsOfThePicture) {
  InputSpec input;
  input.width = input.height = 640;
  const Placement placement = place(810, 1080, input).value();
  Yolo8Output output(2);
  output.set(0, {320, 320, 240, 320, 0.9f, 0});
  output.set(1, {40, 320, 60, 100, 0, 0.9f});  // in the padding at the left only
  const Detections found = decode8(output, {}, placement).value();
  ASSERT_EQ(found.size(), 1u);
  expect_box(found[0].box, 202.5f, 270, 607.5f, 810);
}

TEST(Yolo8Test, NumbersThatAreNotFiniteArePassedOver) {
  Yolo8Output output(6);
  output.set(0, {50, 50, 20, 20, k_nan, k_nan});
  output.set(1, {50, 50, 20, 20, k_infinity, 0});
  output.set(2, {k_nan, 50, 20, 20, 0.9f, 0});
  output.set(3, {50, 50, k_infinity, 20, 0.9f, 0});
  output.set(4, {50, 50, 20, 20, k_nan, 0.6f});
  output.set(5, {50, 50, 20, 20, -k_infinity, k_nan});
  const Detections found = decode8(output).value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, "dog");
  EXPECT_FLOAT_EQ(found[0].score, 0.6f);
}

TEST(Yolo8Test, NoCandidateAtAllIsAnEmptyAnswer) {
  Yolo8Output nothing(2);
  nothing.set(0, {k_nan, k_nan, k_nan, k_nan, k_nan, k_nan});
  nothing.set(1, {k_nan, k_nan, k_nan, k_nan, k_nan, k_nan});
  const Detections found = decode8(nothing).value();
  EXPECT_TRUE(found.empty());
  EXPECT_FALSE(found.near_miss);
  EXPECT_TRUE(decode8(Yolo8Output(0)).value().empty());
}

TEST(Yolo8Test, WithoutLabelsTheNumberIsTheLabel) {
  Yolo8Output output(10);
  output.set(0, {50, 50, 20, 20, 0, 0.8f});
  const Detections found =
      decode_detections(recipe_of(DecodeKind::yolo8), {}, output.outputs(), same_size(100, 100), {})
          .value();
  EXPECT_EQ(found[0].label, "1");
}

TEST(Yolo8Test, AnotherNumberOfClassesThanLabelsIsAnErrorThatNamesBoth) {
  const std::vector<std::string> eighty(80, "x");
  const auto refused = decode_detections(recipe_of(DecodeKind::yolo8), eighty,
                                         Yolo8Output(8400).outputs(), same_size(640, 640), {});
  expect_error(refused, ErrorCode::corrupt_data, Subject::model,
               "output0 [1,6,8400] has 2 classes, the labels 80");
  EXPECT_NE(refused.error().hint.find("--labels FILE"), std::string::npos);
}

// FIELD_NOTES: v5 and v8 heads confused.
TEST(Yolo8Test, AHeadThatLiesTheOtherWayRoundIsNamed) {
  const std::vector<std::string> eighty(80, "x");
  const OutputShape v5{"output0", {1, 25200, 85}};
  expect_error(check_outputs(recipe_of(DecodeKind::yolo8), eighty, std::span(&v5, 1)),
               ErrorCode::corrupt_data, Subject::model,
               "output0 [1,25200,85] does not fit decode 'yolo8'");
  expect_error(check_outputs(recipe_of(DecodeKind::yolo8), {}, std::span(&v5, 1)),
               ErrorCode::corrupt_data, Subject::model, "does not fit");
  for (const Shape& shape : {Shape{1, 4, 8400}, Shape{84, 8400}, Shape{2, 84, 8400}, Shape{}}) {
    const OutputShape wrong{"output0", shape};
    expect_error(check_outputs(recipe_of(DecodeKind::yolo8), eighty, std::span(&wrong, 1)),
                 ErrorCode::corrupt_data, Subject::model, "does not fit");
  }
}

TEST(Yolo8Test, OpenSidesPassTheCheckAfterTheLoad) {
  for (const Shape& shape : {Shape{-1, -1, -1}, Shape{1, 6, -1}, Shape{1, -1, 8400}}) {
    const OutputShape open{"output0", shape};
    EXPECT_TRUE(check_outputs(recipe_of(DecodeKind::yolo8), k_yolo_labels, std::span(&open, 1)));
  }
}

TEST(DecodeTest, AMissingOutputIsNamedWithThoseThatAreThere) {
  const OutputShape other{"boxes", {1, 6, 10}};
  expect_error(check_outputs(recipe_of(DecodeKind::yolo8), k_yolo_labels, std::span(&other, 1)),
               ErrorCode::corrupt_data, Subject::model, "no output 'output0'");
  expect_error(
      decode_detections(recipe_of(DecodeKind::yolo8), k_yolo_labels, {}, same_size(9, 9), {}),
      ErrorCode::corrupt_data, Subject::model, "it has none");
  Recipe without = recipe_of(DecodeKind::yolo8);
  without.outputs[0].role = OutputRole::boxes;
  expect_error(
      decode_detections(without, k_yolo_labels, Yolo8Output(1).outputs(), same_size(9, 9), {}),
      ErrorCode::corrupt_data, Subject::model, "role 'predictions'");
}

TEST(DecodeTest, AnOnlyOutputNeedsNoName) {
  Recipe recipe = recipe_of(DecodeKind::yolo8);
  recipe.outputs[0].name.clear();
  EXPECT_TRUE(
      decode_detections(recipe, k_yolo_labels, Yolo8Output(9).outputs(), same_size(9, 9), {}));
  const OutputShape two[] = {{"a", {1, 6, 9}}, {"b", {1, 6, 9}}};
  expect_error(check_outputs(recipe, k_yolo_labels, two), ErrorCode::corrupt_data, Subject::model,
               "it has 'a', 'b'");
}

TEST(DecodeTest, AnotherTypeThanFloatIsUnsupported) {
  const auto outputs = one({"output0", Tensor::allocate(DType::float16, {1, 6, 10}).value()});
  expect_error(
      decode_detections(recipe_of(DecodeKind::yolo8), k_yolo_labels, outputs, same_size(9, 9), {}),
      ErrorCode::unsupported, Subject::model, "float16");
}

TEST(DecodeTest, AnotherKindOfAnswerThanTheModelsIsRefused) {
  expect_error(
      decode_classes(recipe_of(DecodeKind::yolo8), k_yolo_labels, Yolo8Output(1).outputs(), {}),
      ErrorCode::invalid_argument, Subject::usage, "boxes, not with classes");
  expect_error(decode_faces(recipe_of(DecodeKind::logits), {}, same_size(9, 9), {}),
               ErrorCode::invalid_argument, Subject::usage, "classes, not with faces");
}

// [1, rows, 5 + 2 classes].
NamedTensor yolo5_output(const std::vector<std::vector<float>>& rows) {
  std::vector<float> values;
  for (const std::vector<float>& row : rows) values.insert(values.end(), row.begin(), row.end());
  return output_of("output0", {1, static_cast<std::int64_t>(rows.size()), 7}, values);
}

Result<Detections> decode5(const std::vector<std::vector<float>>& rows) {
  return decode_detections(recipe_of(DecodeKind::yolo5), k_yolo_labels, one(yolo5_output(rows)),
                           same_size(100, 100), {});
}

TEST(Yolo5Test, AScoreIsThatOfTheObjectTimesThatOfTheClass) {
  const Detections found = decode5({{10, 10, 8, 8, 0, 1, 1},
                                    {50, 40, 20, 10, 0.9f, 0.3f, 0.8f},
                                    {80, 40, 20, 10, 0.5f, 0.4f, 0.1f}})
                               .value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, "dog");
  EXPECT_FLOAT_EQ(found[0].score, 0.72f);
  expect_box(found[0].box, 40, 35, 60, 45);
}

TEST(Yolo5Test, SaysHowNearItWas) {
  const Detections sure_of_an_object = decode5({{50, 40, 20, 10, 0.9f, 0.2f, 0.1f}}).value();
  EXPECT_TRUE(sure_of_an_object.empty());
  ASSERT_TRUE(sure_of_an_object.near_miss);
  EXPECT_FLOAT_EQ(sure_of_an_object.near_miss->score, 0.18f);
  const Detections sure_of_a_class =
      decode5({{1, 2, 2, 2, 0.01f, 0, 0.5f}, {50, 40, 20, 10, 0.2f, 0.9f, 0.1f}}).value();
  EXPECT_TRUE(sure_of_a_class.empty());
  ASSERT_TRUE(sure_of_a_class.near_miss);
  EXPECT_EQ(sure_of_a_class.near_miss->label, "cat");
  EXPECT_FLOAT_EQ(sure_of_a_class.near_miss->score, 0.18f);
}

TEST(Yolo5Test, NumbersThatAreNotFiniteArePassedOver) {
  const Detections found = decode5({{50, 50, 20, 20, k_nan, 0.9f, 0.9f},
                                    {50, 50, 20, 20, 0.9f, k_nan, k_nan},
                                    {k_nan, 50, 20, 20, 0.9f, 0.9f, 0},
                                    {50, 50, k_infinity, 20, 0.9f, 0.9f, 0},
                                    {50, 50, 20, 20, 0.9f, k_nan, 0.9f}})
                               .value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, "dog");
}

// FIELD_NOTES: v5 and v8 heads confused.
TEST(Yolo5Test, AHeadThatLiesTheOtherWayRoundIsNamed) {
  const std::vector<std::string> eighty(80, "x");
  const OutputShape v8{"output0", {1, 84, 8400}};
  expect_error(check_outputs(recipe_of(DecodeKind::yolo5), eighty, std::span(&v8, 1)),
               ErrorCode::corrupt_data, Subject::model,
               "output0 [1,84,8400] does not fit decode 'yolo5'");
  for (const Shape& shape : {Shape{1, 25200, 5}, Shape{25200, 85}, Shape{2, 25200, 85}, Shape{}}) {
    const OutputShape wrong{"output0", shape};
    expect_error(check_outputs(recipe_of(DecodeKind::yolo5), eighty, std::span(&wrong, 1)),
                 ErrorCode::corrupt_data, Subject::model, "does not fit");
  }
  const OutputShape right{"output0", {1, 25200, 85}};
  EXPECT_TRUE(check_outputs(recipe_of(DecodeKind::yolo5), eighty, std::span(&right, 1)));
}

// YOLOX on a canvas of 64 x 32: 8 x 4 cells of stride 8, 4 x 2 of 16, 2 x 1 of 32.
constexpr std::size_t k_cells = 32 + 8 + 2;

Recipe yolox_recipe() {
  Recipe recipe = recipe_of(DecodeKind::yolox);
  recipe.post.conf = 0.3f;
  recipe.post.iou = 0.45f;
  recipe.post.class_agnostic = true;
  return recipe;
}

NamedTensor yolox_output(const std::vector<std::pair<std::size_t, std::vector<float>>>& cells,
                         std::size_t count = k_cells) {
  std::vector<float> values(count * 7);
  for (const auto& [cell, numbers] : cells) {
    std::copy(numbers.begin(), numbers.end(), values.begin() + static_cast<long>(cell * 7));
  }
  return output_of("output0", {1, static_cast<std::int64_t>(count), 7}, values);
}

TEST(YoloxTest, AddsTheGridAndMultipliesByTheStride) {
  // Cell (column 3, line 2) of stride 8, cell (1, 1) of stride 16, cell (1, 0) of stride 32.
  const auto outputs = one(yolox_output({
      {2 * 8 + 3, {0.5f, 0.25f, 0, std::log(2.0f), 0.9f, 0.9f, 0.1f}},
      {32 + 4 + 1, {0, 0, 0, 0, 0.5f, 0.1f, 0.8f}},
      {32 + 8 + 1, {0.5f, 0.5f, std::log(0.5f), 0, 0.8f, 0.7f, 0}},
  }));
  const Detections found =
      decode_detections(yolox_recipe(), k_yolo_labels, outputs, same_size(64, 32), {}).value();
  ASSERT_EQ(found.size(), 3u);
  EXPECT_FLOAT_EQ(found[0].score, 0.81f);  // objectness times class
  EXPECT_EQ(found[0].label, "cat");
  expect_box(found[0].box, 28 - 4, 18 - 8, 28 + 4, 18 + 8);
  EXPECT_FLOAT_EQ(found[1].score, 0.56f);
  expect_box(found[1].box, 48 - 8, 0, 48 + 8, 32);
  EXPECT_FLOAT_EQ(found[2].score, 0.4f);
  EXPECT_EQ(found[2].label, "dog");
  expect_box(found[2].box, 8, 8, 24, 24);
}

TEST(YoloxTest, ClassesSuppressEachOther) {
  const auto outputs = one(yolox_output({
      {0, {1, 1, 1, 1, 0.9f, 0.9f, 0}},
      {1, {0, 1, 1, 1, 0.9f, 0, 0.8f}},  // the same box, seen from the next cell
  }));
  const Detections found =
      decode_detections(yolox_recipe(), k_yolo_labels, outputs, same_size(64, 32), {}).value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, "cat");
}

TEST(YoloxTest, SaysHowNearItWas) {
  const auto outputs = one(yolox_output({{5, {0, 0, 0, 0, 0.5f, 0.2f, 0.4f}}}));
  const Detections found =
      decode_detections(yolox_recipe(), k_yolo_labels, outputs, same_size(64, 32), {}).value();
  ASSERT_TRUE(found.near_miss);
  EXPECT_EQ(found.near_miss->label, "dog");
  EXPECT_FLOAT_EQ(found.near_miss->score, 0.2f);
}

TEST(YoloxTest, AnExplodingSizeIsPassedOver) {
  const auto outputs = one(yolox_output({{5, {0, 0, 1000, 0, 0.9f, 0.9f, 0}}}));
  EXPECT_TRUE(decode_detections(yolox_recipe(), k_yolo_labels, outputs, same_size(64, 32), {})
                  .value()
                  .empty());
}

TEST(YoloxTest, CellsAndClassesMustFit) {
  expect_error(decode_detections(yolox_recipe(), k_yolo_labels, one(yolox_output({}, k_cells + 1)),
                                 same_size(64, 32), {}),
               ErrorCode::corrupt_data, Subject::model, "output0 [1,43,7] does not fit");
  const std::vector<std::string> eighty(80, "x");
  expect_error(
      decode_detections(yolox_recipe(), eighty, one(yolox_output({})), same_size(64, 32), {}),
      ErrorCode::corrupt_data, Subject::model, "has 2 classes, the labels 80");
  const OutputShape flat{"output0", {1, 42, 5}};
  expect_error(check_outputs(yolox_recipe(), k_yolo_labels, std::span(&flat, 1)),
               ErrorCode::corrupt_data, Subject::model, "[1, cells, 5 + classes]");
}

}  // namespace
}  // namespace modelhub::vision
