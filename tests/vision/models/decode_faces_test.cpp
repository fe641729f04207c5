// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>

#include "outputs.h"

namespace modelhub::vision {
namespace {

constexpr int k_width = 64;
constexpr int k_height = 32;

Recipe yunet() {
  Recipe recipe;
  for (const int stride : {8, 16, 32}) {
    for (const char* part : {"cls", "obj", "bbox", "kps"}) {
      const std::string name = part + ("_" + std::to_string(stride));
      recipe.outputs.push_back(parse_output(name, name).value());
    }
  }
  recipe.decode.kind = DecodeKind::yunet;
  recipe.post.conf = 0.9f;
  recipe.post.iou = 0.3f;
  return recipe;
}

// The twelve outputs for 64 x 32, all nought, to be filled.
struct YunetOutputs {
  std::vector<NamedTensor> outputs;

  YunetOutputs() {
    for (const int stride : {8, 16, 32}) {
      const std::int64_t cells = (k_width / stride) * (k_height / stride);
      add("cls", stride, cells, 1);
      add("obj", stride, cells, 1);
      add("bbox", stride, cells, 4);
      add("kps", stride, cells, 10);
    }
  }
  void add(const std::string& part, int stride, std::int64_t cells, std::int64_t width) {
    outputs.push_back(output_of(part + "_" + std::to_string(stride), {1, cells, width},
                                std::vector<float>(static_cast<std::size_t>(cells * width))));
  }
  float& at(const std::string& name, std::size_t i) {
    for (NamedTensor& output : outputs) {
      if (output.name == name) return output.tensor.as<float>()[i];
    }
    throw std::out_of_range(name);
  }
  // Column 1, line 2 of stride 8: centre (12, 18), 16 x 8, landmarks in a row.
  void put_face(float cls = 1, float obj = 1) {
    const std::size_t cell = 2 * 8 + 1;
    at("cls_8", cell) = cls;
    at("obj_8", cell) = obj;
    const float box[] = {0.5f, 0.25f, std::log(2.0f), 0};
    for (std::size_t i = 0; i < 4; ++i) at("bbox_8", cell * 4 + i) = box[i];
    for (std::size_t i = 0; i < 5; ++i) at("kps_8", cell * 10 + 2 * i) = 0.1f * i;
  }
};

TEST(YunetTest, DecodesBoxAndLandmarksOfACell) {
  YunetOutputs model;
  model.put_face();
  const Faces found =
      decode_faces(yunet(), model.outputs, same_size(k_width, k_height), {}).value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FLOAT_EQ(found[0].score, 1);
  expect_box(found[0].box, 4, 14, 20, 22);
  ASSERT_EQ(found[0].landmarks.size(), 5u);
  EXPECT_FLOAT_EQ(found[0].landmarks[0].x, 8);
  EXPECT_FLOAT_EQ(found[0].landmarks[4].x, 8 * 1.4f);
  EXPECT_FLOAT_EQ(found[0].landmarks[4].y, 16);
}

TEST(YunetTest, EachStrideHasItsOwnGrid) {
  YunetOutputs model;
  model.at("cls_32", 1) = model.at("obj_32", 1) = 1;  // column 1, line 0: centre (32, 0), 32 x 32
  model.at("cls_16", 4) = model.at("obj_16", 4) = 0.99f;  // column 0, line 1: (0, 16), 16 x 16
  const Faces found =
      decode_faces(yunet(), model.outputs, same_size(k_width, k_height), {}).value();
  ASSERT_EQ(found.size(), 2u);
  expect_box(found[0].box, 16, 0, 48, 16);
  expect_box(found[1].box, 0, 8, 8, 24);
}

TEST(YunetTest, TheScoreIsTheGeometricMeanOfTwoClampedOnes) {
  YunetOutputs model;
  model.put_face(4.0f, 0.64f);
  AnswerOptions options;
  options.conf = 0.5f;
  const Placement placement = same_size(k_width, k_height);
  EXPECT_FLOAT_EQ(decode_faces(yunet(), model.outputs, placement, options).value()[0].score, 0.8f);
  const Faces none = decode_faces(yunet(), model.outputs, placement, {}).value();
  EXPECT_TRUE(none.empty());
  ASSERT_TRUE(none.near_miss);
  EXPECT_EQ(none.near_miss->label, "face");
  EXPECT_FLOAT_EQ(none.near_miss->score, 0.8f);
}

TEST(YunetTest, NumbersThatAreNotFiniteArePassedOver) {
  YunetOutputs model;
  model.put_face();
  model.at("cls_16", 0) = std::numeric_limits<float>::quiet_NaN();
  model.at("obj_16", 0) = 1;
  model.at("cls_16", 1) = model.at("obj_16", 1) = 1;
  model.at("bbox_16", 4 + 2) = 1e9f;  // exp overflows
  EXPECT_EQ(decode_faces(yunet(), model.outputs, same_size(k_width, k_height), {}).value().size(),
            1u);
}

TEST(YunetTest, FacesGoBackToThePicture) {
  YunetOutputs model;
  model.put_face();
  // a picture of 112 x 64 beside 8 columns of padding
  Placement half = same_size(k_width, k_height);
  half.source_width = 112;
  half.source_height = 64;
  half.scaled_width = 56;
  half.left = 8;
  const Faces found = decode_faces(yunet(), model.outputs, half, {}).value();
  expect_box(found[0].box, 0, 28, 24, 44);
  EXPECT_FLOAT_EQ(found[0].landmarks[0].x, 0);
  EXPECT_FLOAT_EQ(found[0].landmarks[0].y, 32);
}

TEST(YunetTest, EveryOutputMustBeThereAndFit) {
  const Placement placement = same_size(k_width, k_height);
  expect_error(decode_faces(yunet(), YunetOutputs().outputs, same_size(64, 64), {}),
               ErrorCode::corrupt_data, Subject::model, "cls_8 [1,32,1] does not fit");
  YunetOutputs model;
  model.outputs[3] = output_of("kps_8", {1, 32, 1}, std::vector<float>(32));
  expect_error(decode_faces(yunet(), model.outputs, placement, {}), ErrorCode::corrupt_data,
               Subject::model, "kps_8 [1,32,1] does not fit decode 'yunet'");
  model.outputs.erase(model.outputs.begin() + 5);
  expect_error(decode_faces(yunet(), model.outputs, placement, {}), ErrorCode::corrupt_data,
               Subject::model, "no output 'obj_16'");
  Recipe short_recipe = yunet();
  short_recipe.outputs.pop_back();
  expect_error(decode_faces(short_recipe, YunetOutputs().outputs, placement, {}),
               ErrorCode::corrupt_data, Subject::model, "role 'kps_32'");
}

Recipe ultraface() {
  Recipe recipe;
  recipe.outputs = {{"scores", OutputRole::scores, 0}, {"boxes", OutputRole::boxes, 0}};
  recipe.decode.kind = DecodeKind::ultraface;
  recipe.post.conf = 0.7f;
  recipe.post.iou = 0.3f;
  return recipe;
}

TEST(UltrafaceTest, TakesTheSecondScoreAndSharesOfTheFrame) {
  std::vector<NamedTensor> outputs;
  outputs.push_back(output_of("boxes", {1, 3, 4},
                              {0.25f, 0.5f, 0.5f, 1, 0.26f, 0.5f, 0.5f, 1, 0, 0, 0.1f, 0.1f}));
  outputs.push_back(output_of("scores", {1, 3, 2}, {0.1f, 0.9f, 0.2f, 0.8f, 0.9f, 0.1f}));
  Placement placement = same_size(320, 240);
  placement.source_width = 640;
  placement.source_height = 480;
  const Faces found = decode_faces(ultraface(), outputs, placement, {}).value();
  ASSERT_EQ(found.size(), 1u);  // the second covers the first, the third is background
  EXPECT_FLOAT_EQ(found[0].score, 0.9f);
  expect_box(found[0].box, 160, 240, 320, 480);
  EXPECT_TRUE(found[0].landmarks.empty());
}

TEST(UltrafaceTest, ShapesMustFitEachOther) {
  std::vector<NamedTensor> outputs;
  outputs.push_back(output_of("boxes", {1, 1, 4}, {0, 0, 1, 1}));
  outputs.push_back(output_of("scores", {1, 2, 2}, {0, 1, 0, 1}));
  expect_error(decode_faces(ultraface(), outputs, same_size(320, 240), {}), ErrorCode::corrupt_data,
               Subject::model, "boxes [1,1,4] does not fit");
  outputs[1] = output_of("scores", {1, 1, 3}, {0, 1, 0});
  expect_error(decode_faces(ultraface(), outputs, same_size(320, 240), {}), ErrorCode::corrupt_data,
               Subject::model, "[1, candidates, 2]");
}

Recipe dlib_faces() {
  Recipe recipe;
  recipe.outputs = {{"boxes", OutputRole::boxes, 0},
                    {"scores", OutputRole::scores, 0},
                    {"landmarks", OutputRole::landmarks, 0},
                    {"embeddings", OutputRole::embedding, 0}};
  recipe.decode.kind = DecodeKind::dlib_faces;
  recipe.decode.landmarks = 2;
  recipe.decode.length = 3;
  return recipe;
}

// Two faces that overlap, the better one last.
std::vector<NamedTensor> two_faces() {
  std::vector<NamedTensor> outputs;
  outputs.push_back(output_of("boxes", {2, 4}, {10, 10, 30, 30, -4, 8, 28, 31}));
  outputs.push_back(output_of("scores", {2}, {0, 2}));
  outputs.push_back(output_of("landmarks", {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 80}));
  outputs.push_back(output_of("embeddings", {2, 3}, {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f}));
  return outputs;
}

TEST(DlibFacesTest, EachFaceKeepsItsLandmarksAndEmbedding) {
  const Faces found = decode_faces(dlib_faces(), two_faces(), same_size(64, 64), {}).value();
  ASSERT_EQ(found.size(), 2u);  // what dlib found is not suppressed a second time
  expect_box(found[0].box, 0, 8, 28, 31);
  ASSERT_EQ(found[0].landmarks.size(), 2u);
  EXPECT_FLOAT_EQ(found[0].landmarks[1].x, 7);
  EXPECT_FLOAT_EQ(found[0].landmarks[1].y, 80);
  EXPECT_EQ(found[0].embedding, (std::vector<float>{0.4f, 0.5f, 0.6f}));
  expect_box(found[1].box, 10, 10, 30, 30);
  EXPECT_EQ(found[1].embedding, (std::vector<float>{0.1f, 0.2f, 0.3f}));
}

TEST(DlibFacesTest, MarginsBecomeScoresFromAHalfToOne) {
  const Faces found = decode_faces(dlib_faces(), two_faces(), same_size(64, 64), {}).value();
  EXPECT_FLOAT_EQ(found[1].score, 0.5f);
  EXPECT_NEAR(found[0].score, 0.8808, 1e-4);
  AnswerOptions options;
  options.conf = 0.9f;
  const Faces none = decode_faces(dlib_faces(), two_faces(), same_size(64, 64), options).value();
  EXPECT_TRUE(none.empty());
  EXPECT_NEAR(none.near_miss.value().score, 0.8808, 1e-4);
}

TEST(DlibFacesTest, NoFaceIsAnAnswer) {
  std::vector<NamedTensor> outputs;
  outputs.push_back(output_of("boxes", {0, 4}, {}));
  outputs.push_back(output_of("scores", {0}, {}));
  outputs.push_back(output_of("landmarks", {0, 2, 2}, {}));
  outputs.push_back(output_of("embeddings", {0, 3}, {}));
  const Faces found = decode_faces(dlib_faces(), outputs, same_size(64, 64), {}).value();
  EXPECT_TRUE(found.empty());
  EXPECT_FALSE(found.near_miss);
}

TEST(DlibFacesTest, AFaceWithoutFiniteNumbersIsPassedOver) {
  std::vector<NamedTensor> outputs = two_faces();
  outputs[3].tensor.as<float>()[4] = std::numeric_limits<float>::quiet_NaN();
  const Faces found = decode_faces(dlib_faces(), outputs, same_size(64, 64), {}).value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].embedding.size(), 3u);
}

TEST(DlibFacesTest, ShapesMustFitTheRecipeAndEachOther) {
  const Placement placement = same_size(64, 64);
  Recipe recipe = dlib_faces();
  recipe.decode.landmarks = 5;
  expect_error(decode_faces(recipe, two_faces(), placement, {}), ErrorCode::corrupt_data,
               Subject::model,
               "landmarks [2,2,2] does not fit decode 'dlib_faces', which wants "
               "[faces, 5, 2]");
  recipe = dlib_faces();
  recipe.decode.length = 128;
  expect_error(decode_faces(recipe, two_faces(), placement, {}), ErrorCode::corrupt_data,
               Subject::model, "embeddings [2,3] does not fit");
  recipe.decode.length = recipe.decode.landmarks = 0;  // as many as there are
  EXPECT_EQ(decode_faces(recipe, two_faces(), placement, {}).value().size(), 2u);
  std::vector<NamedTensor> outputs = two_faces();
  outputs[1] = output_of("scores", {1}, {2});
  expect_error(decode_faces(dlib_faces(), outputs, placement, {}), ErrorCode::corrupt_data,
               Subject::model,
               "scores [1] does not fit decode 'dlib_faces', which wants as many "
               "faces as boxes [2,4]");
  outputs[0] = output_of("boxes", {2, 5}, std::vector<float>(10));
  expect_error(decode_faces(dlib_faces(), outputs, placement, {}), ErrorCode::corrupt_data,
               Subject::model, "boxes [2,5] does not fit");
}

Recipe embedding() {
  Recipe recipe;
  recipe.outputs = {{"", OutputRole::embedding, 0}};
  recipe.decode.kind = DecodeKind::embedding;
  recipe.decode.length = 2;
  return recipe;
}

TEST(EmbeddingTest, IsBroughtToLengthOneWhereTheRecipeSaysSo) {
  const auto outputs = one(output_of("fc1", {1, 2}, {3, -4}));
  Recipe recipe = embedding();
  EXPECT_EQ(decode_embedding(recipe, outputs).value(), (std::vector<float>{3, -4}));
  recipe.decode.is_normalized = true;
  EXPECT_EQ(decode_embedding(recipe, outputs).value(), (std::vector<float>{0.6f, -0.8f}));
  const auto noughts = one(output_of("fc1", {1, 2}, {0, 0}));
  EXPECT_EQ(decode_embedding(recipe, noughts).value(), (std::vector<float>{0, 0}));
}

TEST(EmbeddingTest, WhatIsNoEmbeddingIsAnError) {
  const Recipe recipe = embedding();
  expect_error(decode_embedding(recipe, one(output_of("fc1", {1, 3}, {1, 2, 3}))),
               ErrorCode::corrupt_data, Subject::model,
               "fc1 [1,3] does not fit decode 'embedding', which wants [1, 2]");
  expect_error(decode_embedding(recipe, one(output_of("fc1", {2}, {1, 2}))),
               ErrorCode::corrupt_data, Subject::model, "fc1 [2] does not fit");
  expect_error(
      decode_embedding(recipe,
                       one(output_of("fc1", {1, 2}, {1, std::numeric_limits<float>::infinity()}))),
      ErrorCode::corrupt_data, Subject::model, "not finite");
  expect_error(decode_faces(recipe, one(output_of("fc1", {1, 2}, {1, 2})), same_size(1, 1), {}),
               ErrorCode::invalid_argument, Subject::usage, "the embedding of one face, not");
  expect_error(decode_embedding(dlib_faces(), two_faces()), ErrorCode::invalid_argument,
               Subject::usage, "faces, not with the embedding");
}

}  // namespace
}  // namespace modelhub::vision
