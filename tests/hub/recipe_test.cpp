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
  recipe.decode_params.values["first_class"] = 1.0;
  EXPECT_TRUE(load_settings(recipe).empty()) << "what modelhub decodes itself concerns no engine";
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

// Every recipe that the built-in catalog says an engine of today can run must be one that vision
// executes.
TEST(RecipeTest, EveryBuiltInOnnxRecipeOfAKnownTaskIsExecutable) {
  Result<catalog::Catalog> catalog =
      catalog::Catalog::load(base::FileSystem::real(), {catalog::Layer::built_in()});
  ASSERT_TRUE(catalog) << catalog.error().to_string();
  int executable = 0;
  for (const auto& entry : catalog->models()) {
    if (entry->task != "detect" && entry->task != "classify" && entry->task != "find_faces")
      continue;
    for (const ModelVersion& version : entry->versions) {
      for (const Variant& variant : version.variants) {
        if (variant.format != "onnx" || !variant.recipe) continue;
        const Result<vision::Recipe> result = to_executable(*variant.recipe);
        EXPECT_TRUE(result) << entry->name << "@" << version.version << ":" << variant.id;
        executable += result ? 1 : 0;
      }
    }
  }
  EXPECT_GE(executable, 15);
}

}  // namespace
}  // namespace modelhub::hub
