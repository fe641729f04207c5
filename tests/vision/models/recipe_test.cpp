// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/recipe.h"

#include <limits>

#include <gtest/gtest.h>

namespace modelhub::vision {
namespace {

Recipe good() {
  Recipe recipe;
  InputSpec input;
  input.name = "images";
  input.width = input.height = 640;
  recipe.inputs = {input};
  recipe.outputs = {{"output0", OutputRole::predictions, 0}};
  return recipe;
}

void expect_wrong(const Recipe& recipe, const std::string& word) {
  const auto checked = check_recipe(recipe);
  ASSERT_FALSE(checked) << word;
  EXPECT_EQ(checked.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(checked.error().subject, Subject::catalog);
  EXPECT_NE(checked.error().message.find(word), std::string::npos) << checked.error().message;
}

TEST(RecipeTest, KnowsTheWordsOfTheCatalog) {
  EXPECT_EQ(*parse_resize("shorter_side_crop"), ResizeKind::shorter_side_crop);
  EXPECT_EQ(*parse_filter("pil_bilinear"), Filter::pil_bilinear);
  EXPECT_EQ(*parse_color("bgr"), ColorOrder::bgr);
  EXPECT_EQ(*parse_layout("nhwc"), Layout::nhwc);
  EXPECT_EQ(*parse_anchor("top_left"), Anchor::top_left);
  EXPECT_EQ(*parse_rounding("floor"), Rounding::floor);
  EXPECT_EQ(*parse_input_dtype("uint8"), DType::uint8);
  EXPECT_EQ(*parse_input_source("image"), InputSource::image);
  EXPECT_EQ(*parse_input_source("aligned_face"), InputSource::aligned_face);
  EXPECT_EQ(*parse_decode("tf_od4"), DecodeKind::tf_od4);
  EXPECT_EQ(*parse_align("five_points_112"), FaceTemplate::five_points_112);
  EXPECT_EQ(*parse_metric("cosine"), FaceMetric::cosine);
  EXPECT_TRUE(*parse_normalize("l2"));
  EXPECT_FALSE(*parse_normalize("none"));
  EXPECT_EQ(name_of(DecodeKind::ultraface), "ultraface");
}

template <class T>
void expect_newer(const Result<T>& parsed, const std::string& message) {
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::unsupported);
  EXPECT_EQ(parsed.error().subject, Subject::model);
  EXPECT_EQ(parsed.error().message, message);
  EXPECT_FALSE(parsed.error().hint.empty());
}

TEST(RecipeTest, AnUnknownWordNeedsANewerModelhub) {
  expect_newer(parse_decode("rtdetr"), "needs decode 'rtdetr' (a newer modelhub)");
  expect_newer(parse_filter("area"), "needs filter 'area' (a newer modelhub)");
  expect_newer(parse_filter("pil_bicubic"), "needs filter 'pil_bicubic' (a newer modelhub)");
  expect_newer(parse_resize("longer_side"), "needs resize 'longer_side' (a newer modelhub)");
  expect_newer(parse_layout("chwn"), "needs layout 'chwn' (a newer modelhub)");
  expect_newer(parse_color("lab"), "needs color 'lab' (a newer modelhub)");
  expect_newer(parse_anchor("bottom"), "needs anchor 'bottom' (a newer modelhub)");
  expect_newer(parse_rounding("ceil"), "needs round 'ceil' (a newer modelhub)");
  expect_newer(parse_input_dtype("float16"), "needs input dtype 'float16' (a newer modelhub)");
  expect_newer(parse_input_source("tokens"), "needs input from 'tokens' (a newer modelhub)");
  expect_newer(parse_align("five_points_128"), "needs align 'five_points_128' (a newer modelhub)");
  expect_newer(parse_metric("hamming"), "needs metric 'hamming' (a newer modelhub)");
  expect_newer(parse_normalize("l1"), "needs normalize 'l1' (a newer modelhub)");
  expect_newer(parse_output("x", "prototypes"),
               "needs output role 'prototypes' (a newer modelhub)");
}

TEST(RecipeTest, ReadsTheStrideFromRoleOrName) {
  EXPECT_EQ(parse_output("a", "cls_8")->stride, 8);
  EXPECT_EQ(parse_output("a", "cls_8")->role, OutputRole::cls);
  EXPECT_EQ(parse_output("kps_32", "kps")->stride, 32);
  EXPECT_EQ(parse_output("output_0", "predictions")->stride, 0);
  const auto without = parse_output("a", "obj");
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(without.error().subject, Subject::catalog);
  expect_newer(parse_output("a", "boxes_8"), "needs output role 'boxes_8' (a newer modelhub)");
  EXPECT_FALSE(parse_output("a", "cls_0"));
  EXPECT_FALSE(parse_output("a", "cls_x"));
}

TEST(RecipeTest, PassesAGoodRecipe) { EXPECT_TRUE(check_recipe(good())); }

TEST(RecipeTest, RefusesValuesThatCannotWork) {
  Recipe recipe = good();
  recipe.inputs[0].width = 0;
  expect_wrong(recipe, "size");
  recipe = good();
  recipe.inputs[0].height = 1 << 21;
  expect_wrong(recipe, "size");
  recipe = good();
  recipe.inputs[0].std[1] = 0;
  expect_wrong(recipe, "std");
  recipe = good();
  recipe.inputs[0].scale = std::numeric_limits<double>::quiet_NaN();
  expect_wrong(recipe, "scale");
  recipe = good();
  recipe.inputs[0].resize = ResizeKind::shorter_side_crop;
  expect_wrong(recipe, "shorter_side");
  recipe = good();
  recipe.inputs[0].resize = ResizeKind::stretch;
  recipe.inputs[0].is_dynamic = true;
  expect_wrong(recipe, "dynamic");
  recipe = good();
  recipe.inputs[0].multiple_of = 0;
  expect_wrong(recipe, "multiple_of");
  recipe = good();
  recipe.inputs[0].dtype = DType::uint8;
  recipe.inputs[0].scale = 0.5;
  expect_wrong(recipe, "uint8");
  recipe = good();
  recipe.post.iou = 1.5f;
  expect_wrong(recipe, "iou");
  recipe = good();
  recipe.post.conf = std::numeric_limits<float>::quiet_NaN();
  expect_wrong(recipe, "conf");
  recipe = good();
  recipe.decode.strides = {8, 0};
  expect_wrong(recipe, "strides");
}

Recipe aligned() {
  Recipe recipe = good();
  recipe.inputs[0].from = InputSource::aligned_face;
  recipe.inputs[0].width = recipe.inputs[0].height = 112;
  recipe.inputs[0].resize = ResizeKind::none;
  recipe.decode.kind = DecodeKind::embedding;
  recipe.post.measure = FaceMeasure(FaceMetric::cosine, 0.6f);
  return recipe;
}

TEST(RecipeTest, ModelsOfFacesNeedAMeasure) {
  EXPECT_TRUE(check_recipe(aligned()));
  Recipe recipe = aligned();
  recipe.post.measure.reset();
  expect_wrong(recipe, "metric");
  recipe = good();
  recipe.decode.kind = DecodeKind::dlib_faces;
  expect_wrong(recipe, "threshold");
  recipe.post.measure = FaceMeasure(FaceMetric::euclidean, 0.6f);
  EXPECT_TRUE(check_recipe(recipe));
  recipe.decode.length = -1;
  expect_wrong(recipe, "length");
}

TEST(RecipeTest, AlignedFacesHaveTheSizeOfTheirTemplate) {
  Recipe recipe = aligned();
  recipe.inputs[0].height = 128;
  expect_wrong(recipe, "112x112");
  recipe = aligned();
  recipe.inputs[0].resize = ResizeKind::stretch;
  expect_wrong(recipe, "resize none");
}

TEST(RecipeTest, EmbeddingsAreOfAlignedFacesAndOfNothingElse) {
  Recipe recipe = aligned();
  recipe.inputs[0].from = InputSource::image;
  expect_newer(check_recipe(recipe),
               "needs a whole picture for decode 'embedding' (a newer modelhub)");
  recipe = aligned();
  recipe.decode.kind = DecodeKind::yunet;
  expect_newer(check_recipe(recipe), "needs an aligned face for decode 'yunet' (a newer modelhub)");
}

TEST(RecipeTest, SeveralInputsNeedANewerModelhub) {
  Recipe recipe = good();
  recipe.inputs.push_back(recipe.inputs[0]);
  const auto checked = check_recipe(recipe);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::unsupported);
  recipe = good();
  recipe.inputs[0].dtype = DType::float16;
  EXPECT_EQ(check_recipe(recipe).error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace modelhub::vision
