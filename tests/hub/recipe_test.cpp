// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/recipe.h"

#include <gmock/gmock.h>

#include "catalog/catalog.h"

namespace modelhub::hub {
namespace {

using ::testing::HasSubstr;

Recipe yolo_recipe() {
  Recipe recipe;
  RecipeInput input;
  input.name = "images";
  input.width = 640;
  input.height = 640;
  input.resize = "letterbox";
  input.pad_value = 114;
  input.scale = 1.0 / 255;
  recipe.inputs.push_back(input);
  recipe.outputs.push_back({"output0", "predictions"});
  recipe.decode = "yolo8";
  recipe.post.values["conf"] = 0.25;
  recipe.post.values["max_det"] = 300.0;
  return recipe;
}

TEST(RecipeTest, NumbersAndWordsCrossTheBorder) {
  const Result<vision::Recipe> executable = to_executable(yolo_recipe());
  ASSERT_TRUE(executable) << executable.error().to_string();
  EXPECT_EQ(executable->decode.kind, vision::DecodeKind::yolo8);
  EXPECT_EQ(executable->inputs[0].resize, vision::ResizeKind::letterbox);
  EXPECT_EQ(executable->inputs[0].pad_value, 114);
  EXPECT_FLOAT_EQ(executable->post.conf, 0.25F);
  EXPECT_EQ(executable->post.max_det, 300);
}

TEST(RecipeTest, AListOfOneNumberStandsForAllChannels) {
  Recipe recipe = yolo_recipe();
  recipe.inputs[0].mean = {127};
  recipe.inputs[0].std = {2, 3, 4};
  const Result<vision::Recipe> executable = to_executable(recipe);
  ASSERT_TRUE(executable);
  EXPECT_EQ(executable->inputs[0].mean, (std::array<double, 3>{127, 127, 127}));
  EXPECT_EQ(executable->inputs[0].std, (std::array<double, 3>{2, 3, 4}));
}

TEST(RecipeTest, AnUnknownDecodeNeedsANewerModelhub) {
  Recipe recipe = yolo_recipe();
  recipe.decode = "yolo99";
  const Result<vision::Recipe> executable = to_executable(recipe);
  ASSERT_FALSE(executable);
  EXPECT_EQ(executable.error().code, ErrorCode::unsupported);
  EXPECT_EQ(executable.error().subject, Subject::model);
  EXPECT_THAT(executable.error().message, HasSubstr("yolo99"));
  EXPECT_THAT(executable.error().message, HasSubstr("newer modelhub"));
}

TEST(RecipeTest, AnUnknownFilterNeedsANewerModelhub) {
  Recipe recipe = yolo_recipe();
  recipe.inputs[0].filter = "lanczos";
  const Result<vision::Recipe> executable = to_executable(recipe);
  ASSERT_FALSE(executable);
  EXPECT_EQ(executable.error().code, ErrorCode::unsupported);
}

TEST(RecipeTest, ModesOfAReaderAreSettingsOfItsLoad) {
  Recipe recipe = yolo_recipe();
  recipe.decode = "tesseract";
  recipe.decode_params.values.clear();
  recipe.decode_params.values["language"] = std::string("eng");
  recipe.decode_params.values["page_mode"] = 3.0;
  recipe.decode_params.values["share"] = 0.5;
  const auto settings = load_settings(recipe);
  EXPECT_THAT(settings, ::testing::ElementsAre(::testing::Pair("language", "eng"),
                                               ::testing::Pair("page_mode", "3"),
                                               ::testing::Pair("share", "0.5")));
}

TEST(RecipeTest, TheReaderOfTheCatalogIsExecutable) {
  Result<catalog::Catalog> catalog =
      catalog::Catalog::load(base::FileSystem::real(), {catalog::Layer::built_in()});
  ASSERT_TRUE(catalog) << catalog.error().to_string();
  const auto entry = catalog->find("tesseract_eng");
  ASSERT_TRUE(entry);
  for (const Variant& variant : (*entry)->versions[0].variants) {
    const Result<vision::Recipe> recipe = to_executable(*variant.recipe);
    ASSERT_TRUE(recipe) << variant.id << ": " << recipe.error().to_string();
    EXPECT_EQ(recipe->decode.kind, vision::DecodeKind::tesseract);
    EXPECT_EQ(recipe->inputs[1].from, vision::InputSource::resolution);
    EXPECT_THAT(load_settings(*variant.recipe),
                ::testing::Contains(::testing::Pair("engine_mode", "lstm_only")));
  }
}

Recipe face_recipe() {
  Recipe recipe;
  RecipeInput input;
  input.layout = "nhwc";
  input.dtype = "uint8";
  input.is_dynamic = true;
  input.resize = "none";
  recipe.inputs.push_back(input);
  recipe.outputs.push_back({"e", "embedding"});
  recipe.decode = "dlib_faces";
  recipe.decode_params.values["landmarks"] = 5.0;
  recipe.decode_params.values["length"] = 128.0;
  recipe.post.values["metric"] = std::string("euclidean");
  recipe.post.values["threshold"] = 0.6;
  return recipe;
}

TEST(RecipeTest, MetricAndThresholdOfFacesCrossTheBorder) {
  const Result<vision::Recipe> executable = to_executable(face_recipe());
  ASSERT_TRUE(executable) << executable.error().to_string();
  EXPECT_EQ(executable->decode.landmarks, 5);
  EXPECT_EQ(executable->decode.length, 128);
  EXPECT_EQ(executable->post.measure->metric(), FaceMetric::euclidean);
  EXPECT_FLOAT_EQ(executable->post.measure->threshold(), 0.6F);
}

TEST(RecipeTest, ACosineOfTheCatalogIsASimilarity) {
  Recipe recipe = face_recipe();
  recipe.post.values["metric"] = std::string("cosine");
  recipe.post.values["threshold"] = 0.363;
  const Result<vision::Recipe> executable = to_executable(recipe);
  ASSERT_TRUE(executable) << executable.error().to_string();
  EXPECT_EQ(executable->post.measure->metric(), FaceMetric::cosine);
  EXPECT_FLOAT_EQ(executable->post.measure->threshold(), 0.637F);
}

TEST(RecipeTest, FacesThatCannotBeComparedAreRefused) {
  Recipe recipe = face_recipe();
  recipe.post.values["metric"] = std::string("hamming");
  EXPECT_EQ(to_executable(recipe).error().code, ErrorCode::unsupported);
  recipe.post.values.erase("metric");
  const Result<vision::Recipe> without = to_executable(recipe);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(without.error().subject, Subject::catalog);
  EXPECT_THAT(without.error().message, HasSubstr("metric"));
}

TEST(RecipeTest, UnknownWordsOfADecodeNeedANewerModelhub) {
  for (const char* name : {"normalize", "align"}) {
    Recipe recipe = face_recipe();
    recipe.decode_params.values[name] = std::string("sideways");
    const Result<vision::Recipe> executable = to_executable(recipe);
    ASSERT_FALSE(executable) << name;
    EXPECT_EQ(executable.error().code, ErrorCode::unsupported);
    EXPECT_THAT(executable.error().message, HasSubstr("sideways"));
  }
}

TEST(RecipeTest, DecodeParametersReachTheEngineAsText) {
  Recipe recipe;
  recipe.decode_params.values["detector"] = std::string("hog");
  recipe.decode_params.values["upsample"] = 1.0;
  recipe.decode_params.values["chip_padding"] = 0.25;
  recipe.decode_params.values["mirror"] = true;
  recipe.decode_params.values["strides"] = std::vector<double>{8, 16, 32};
  recipe.decode_params.values["words"] = std::vector<std::string>{"a", "b"};
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(load_settings(recipe), (Pairs{{"chip_padding", "0.25"},
                                          {"detector", "hog"},
                                          {"mirror", "true"},
                                          {"strides", "8,16,32"},
                                          {"upsample", "1"},
                                          {"words", "a,b"}}));
}

// Every recipe that the built-in catalog says an engine of today can run must be one that vision
// executes.
TEST(RecipeTest, EveryBuiltInRecipeOfAKnownTaskIsExecutable) {
  Result<catalog::Catalog> catalog =
      catalog::Catalog::load(base::FileSystem::real(), {catalog::Layer::built_in()});
  ASSERT_TRUE(catalog) << catalog.error().to_string();
  int executable = 0;
  for (const auto& entry : catalog->models()) {
    if (entry->task != "detect" && entry->task != "classify" && entry->task != "find_faces" &&
        entry->task != "recognize_faces") {
      continue;
    }
    for (const ModelVersion& version : entry->versions) {
      for (const Variant& variant : version.variants) {
        if ((variant.format != "onnx" && variant.format != "dlib") || !variant.recipe) continue;
        const Result<vision::Recipe> result = to_executable(*variant.recipe);
        EXPECT_TRUE(result) << entry->name << "@" << version.version << ":" << variant.id;
        executable += result ? 1 : 0;
      }
    }
  }
  EXPECT_GE(executable, 19);
}

}  // namespace
}  // namespace modelhub::hub
