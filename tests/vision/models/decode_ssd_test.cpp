// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <gtest/gtest.h>

#include "outputs.h"

namespace modelhub::vision {
namespace {

const std::vector<std::string> k_ssd_labels = {"person", "bicycle"};

Recipe ssd7() {
  Recipe recipe;
  recipe.outputs = {{"detection_out", OutputRole::predictions, 0}};
  recipe.decode.kind = DecodeKind::ssd7;
  recipe.post.conf = 0.5f;
  return recipe;
}

Recipe tf_od4() {
  Recipe recipe;
  recipe.outputs = {{"n", OutputRole::count, 0},
                    {"b", OutputRole::boxes, 0},
                    {"s", OutputRole::scores, 0},
                    {"c", OutputRole::labels, 0}};
  recipe.decode.kind = DecodeKind::tf_od4;
  recipe.decode.first_class = 1;
  recipe.post.conf = 0.5f;
  return recipe;
}

// A picture of 200 x 100 stretched to 300 x 300.
Placement stretched() {
  Placement p = same_size(300, 300);
  p.source_width = 200;
  p.source_height = 100;
  return p;
}

TEST(Ssd7Test, SharesOfTheFrameBecomePixelsOfThePicture) {
  const auto outputs = one(output_of("detection_out", {1, 1, 2, 7},
                                     {0, 0, 0.6f, 0.1f, 0.2f, 0.5f, 0.8f,  //
                                      0, 1, 0.9f, 0.5f, 0.5f, 1.5f, 1.0f}));
  const Detections found =
      decode_detections(ssd7(), k_ssd_labels, outputs, stretched(), {}).value();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].label, "bicycle");
  expect_box(found[0].box, 100, 50, 200, 100);
  EXPECT_EQ(found[1].label, "person");
  expect_box(found[1].box, 20, 20, 100, 80);
}

TEST(Ssd7Test, StopsAtTheMarkAndKeepsWhatTheModelsOwnNmsLeft) {
  const std::vector<float> row = {0, 0, 0.9f, 0.1f, 0.1f, 0.5f, 0.5f};
  std::vector<float> rows = row;
  rows.insert(rows.end(), row.begin(), row.end());
  rows.insert(rows.end(), {-1, 0, 0.9f, 0, 0, 1, 1});
  rows.insert(rows.end(), row.begin(), row.end());
  const auto outputs = one(output_of("detection_out", {1, 1, 4, 7}, rows));
  EXPECT_EQ(decode_detections(ssd7(), k_ssd_labels, outputs, stretched(), {}).value().size(), 2u);
  AnswerOptions options;
  options.max_det = 1;
  EXPECT_EQ(decode_detections(ssd7(), k_ssd_labels, outputs, stretched(), options).value().size(),
            1u);
}

TEST(Ssd7Test, RowsOfZerosAreNothingNotEvenNearly) {
  const auto outputs = one(output_of("detection_out", {1, 1, 2, 7}, std::vector<float>(14)));
  const Detections found =
      decode_detections(ssd7(), k_ssd_labels, outputs, stretched(), {}).value();
  EXPECT_TRUE(found.empty());
  EXPECT_FALSE(found.near_miss);
}

TEST(Ssd7Test, AClassBeyondTheLabelsIsItsNumber) {
  const auto outputs = one(output_of("detection_out", {1, 1, 1, 7}, {0, 9, 0.9f, 0, 0, 1, 1}));
  const Detections found =
      decode_detections(ssd7(), k_ssd_labels, outputs, stretched(), {}).value();
  EXPECT_EQ(found[0].label, "9");
}

TEST(Ssd7Test, TheShapeMustFit) {
  expect_error(decode_detections(ssd7(), k_ssd_labels,
                                 one(output_of("detection_out", {1, 1, 1, 6}, {0, 0, 0, 0, 0, 0})),
                                 stretched(), {}),
               ErrorCode::corrupt_data, Subject::model, "[1, 1, candidates, 7]");
}

std::vector<NamedTensor> four(float count, std::vector<float> boxes, std::vector<float> scores,
                              std::vector<float> classes) {
  const auto n = static_cast<std::int64_t>(scores.size());
  std::vector<NamedTensor> outputs;
  outputs.push_back(output_of("b", {1, n, 4}, boxes));
  outputs.push_back(output_of("c", {1, n}, classes));
  outputs.push_back(output_of("s", {1, n}, scores));
  outputs.push_back(output_of("n", {1}, {count}));
  return outputs;
}

TEST(TfOd4Test, BoxesAreTopLeftBottomRightAndClassesBeginAtOne) {
  const auto outputs = four(1, {0.2f, 0.1f, 0.8f, 0.5f, 0, 0, 1, 1}, {0.9f, 0.9f}, {2, 1});
  const Detections found =
      decode_detections(tf_od4(), k_ssd_labels, outputs, stretched(), {}).value();
  ASSERT_EQ(found.size(), 1u);  // the second is beyond the count
  EXPECT_EQ(found[0].label, "bicycle");
  EXPECT_EQ(found[0].class_id, 2);
  expect_box(found[0].box, 20, 20, 100, 80);
}

TEST(TfOd4Test, ACountThatCannotBeIsNotBelieved) {
  const std::vector<float> box = {0, 0, 1, 1};
  const auto size_for = [&](float count) {
    return decode_detections(tf_od4(), k_ssd_labels, four(count, box, {0.9f}, {1}), stretched(), {})
        .value()
        .size();
  };
  EXPECT_EQ(size_for(1e30f), 1u);
  EXPECT_EQ(size_for(-4), 0u);
  EXPECT_EQ(size_for(std::numeric_limits<float>::quiet_NaN()), 0u);
}

TEST(TfOd4Test, ClassNumbersThatAreNoneAreKeptHarmless) {
  const auto outputs = four(1, {0, 0, 1, 1}, {0.9f}, {std::numeric_limits<float>::infinity()});
  EXPECT_EQ(decode_detections(tf_od4(), k_ssd_labels, outputs, stretched(), {}).value()[0].class_id,
            -1);
}

TEST(TfOd4Test, ShapesMustFitEachOther) {
  auto outputs = four(1, {0, 0, 1, 1}, {0.9f}, {1});
  outputs[2] = output_of("s", {1, 2}, {0.9f, 0.9f});
  expect_error(decode_detections(tf_od4(), k_ssd_labels, outputs, stretched(), {}),
               ErrorCode::corrupt_data, Subject::model, "b [1,1,4] does not fit");
  outputs[0] = output_of("b", {1, 1, 5}, {0, 0, 0, 0, 0});
  expect_error(decode_detections(tf_od4(), k_ssd_labels, outputs, stretched(), {}),
               ErrorCode::corrupt_data, Subject::model, "[1, candidates, 4]");
  auto empty_count = four(1, {0, 0, 1, 1}, {0.9f}, {1});
  empty_count[3] = output_of("n", {0}, {});
  expect_error(decode_detections(tf_od4(), k_ssd_labels, empty_count, stretched(), {}),
               ErrorCode::corrupt_data, Subject::model, "n [0] does not fit");
}

Recipe yolo_end2end() {
  Recipe recipe;
  recipe.outputs = {{"output0", OutputRole::predictions, 0}};
  recipe.decode.kind = DecodeKind::yolo_end2end;
  return recipe;
}

TEST(YoloEnd2EndTest, RowsAreCornersScoreAndClassInPixelsOfTheInput) {
  const auto outputs = one(output_of("output0", {1, 3, 6},
                                     {10, 20, 50, 80, 0.6f, 0,  //
                                      5, 5, 300, 30, 0.9f, 1,   //
                                      0, 0, 0, 0, 0, 0}));
  const Detections found =
      decode_detections(yolo_end2end(), k_ssd_labels, outputs, same_size(100, 100), {}).value();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].label, "bicycle");
  EXPECT_FLOAT_EQ(found[0].score, 0.9f);
  expect_box(found[0].box, 5, 5, 100, 30);
  EXPECT_EQ(found[1].label, "person");
  expect_box(found[1].box, 10, 20, 50, 80);
}

TEST(YoloEnd2EndTest, TheLetterboxIsTakenOff) {
  // 200 x 100 in a square of 100: half as large, 25 rows of padding above.
  Placement p = same_size(100, 100);
  p.source_width = 200;
  p.source_height = 100;
  p.scaled_width = 100;
  p.scaled_height = 50;
  p.top = 25;
  const auto outputs = one(output_of("output0", {1, 1, 6}, {10, 30, 50, 60, 0.6f, 0}));
  const Detections found = decode_detections(yolo_end2end(), k_ssd_labels, outputs, p, {}).value();
  ASSERT_EQ(found.size(), 1u);
  expect_box(found[0].box, 20, 10, 100, 70);
}

TEST(YoloEnd2EndTest, NothingIsSuppressedASecondTime) {
  const std::vector<float> row = {10, 10, 50, 50, 0.9f, 0};
  std::vector<float> rows = row;
  rows.insert(rows.end(), row.begin(), row.end());
  const auto outputs = one(output_of("output0", {1, 2, 6}, rows));
  EXPECT_EQ(decode_detections(yolo_end2end(), k_ssd_labels, outputs, same_size(99, 99), {})->size(),
            2u);
}

TEST(YoloEnd2EndTest, ThresholdClassesAndNearMissAreThoseOfEveryDetector) {
  const auto outputs = one(output_of("output0", {1, 3, 6},
                                     {10, 10, 50, 50, 0.2f, 1,  //
                                      10, 10, 60, 60, 0.1f, 0,  //
                                      0, 0, 0, 0, 0, 0}));
  const Detections none =
      decode_detections(yolo_end2end(), k_ssd_labels, outputs, same_size(99, 99), {}).value();
  EXPECT_TRUE(none.empty());
  ASSERT_TRUE(none.near_miss);
  EXPECT_EQ(none.near_miss->label, "bicycle");
  AnswerOptions options;
  options.conf = 0.05f;
  options.classes = {0};
  const Detections one_class =
      decode_detections(yolo_end2end(), k_ssd_labels, outputs, same_size(99, 99), options).value();
  ASSERT_EQ(one_class.size(), 1u);
  EXPECT_EQ(one_class[0].class_id, 0);
  options = {};
  options.conf = 0;
  EXPECT_EQ(
      decode_detections(yolo_end2end(), k_ssd_labels, outputs, same_size(99, 99), options)->size(),
      2u)
      << "rows that are left over are none";
}

TEST(YoloEnd2EndTest, NumbersThatAreNoneArePassedOver) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  const auto outputs = one(output_of("output0", {1, 5, 6}, {10,  10, 50,  50, nan,  0,    //
                                                            nan, 10, 50,  50, 0.9f, 0,    //
                                                            10,  10, inf, 50, 0.9f, 0,    //
                                                            10,  10, 50,  50, 0.9f, nan,  //
                                                            10,  10, 50,  50, 0.9f, -3}));
  EXPECT_TRUE(
      decode_detections(yolo_end2end(), k_ssd_labels, outputs, same_size(99, 99), {})->empty());
}

TEST(YoloEnd2EndTest, ShapesThatItCannotBeAreRefused) {
  const std::vector<std::string> eighty(80, "x");
  for (const Shape& shape : {Shape{1, 300, 84}, Shape{1, 300, 38}, Shape{2, 300, 6}, Shape{300, 6},
                             Shape{1, 84, 8400}, Shape{1, 1, 300, 6}}) {
    const OutputShape output{"output0", shape};
    expect_error(check_outputs(yolo_end2end(), eighty, std::span(&output, 1)),
                 ErrorCode::corrupt_data, Subject::model, "decode 'yolo_end2end'");
  }
  const OutputShape open{"output0", {-1, -1, 6}};
  EXPECT_TRUE(check_outputs(yolo_end2end(), eighty, std::span(&open, 1)));
  EXPECT_EQ(*parse_decode("yolo_end2end"), DecodeKind::yolo_end2end);
}

}  // namespace
}  // namespace modelhub::vision
