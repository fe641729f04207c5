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

}  // namespace
}  // namespace modelhub::vision
