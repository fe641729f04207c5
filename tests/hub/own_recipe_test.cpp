// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// How a user's own file is fed and read, from what it declares and what the user tells.
#include "hub/own_recipe.h"

#include <gmock/gmock.h>

#include "catalog/catalog.h"
#include "hub/own_model.h"
#include "hub/recipe_kinds.h"
#include "model_file/onnx_writer.h"
#include "support/scratch.h"

namespace modelhub::hub {
namespace {

using test::OnnxWriter;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OwnRecipeTest : public ::testing::Test {
 protected:
  Result<OwnRecipe> fill(const OnnxWriter& model) const {
    const std::string path = scratch_.write("best.onnx", model.encode());
    Result<OwnModel> own = read_headers({path, "best.onnx", options_}, base::FileSystem::real());
    if (!own) return std::move(own).error();
    return std::move(own->recipe);
  }
  void expect_refused(const OnnxWriter& model, ErrorCode code, const std::string& words,
                      const std::string& hint = "") const {
    const Result<OwnRecipe> own = fill(model);
    ASSERT_FALSE(own) << words;
    EXPECT_EQ(own.error().code, code) << own.error().to_string();
    EXPECT_THAT(own.error().message, HasSubstr("best.onnx"));
    EXPECT_THAT(own.error().message, HasSubstr(words));
    EXPECT_THAT(own.error().hint, HasSubstr(hint));
    EXPECT_FALSE(own.error().hint.empty());
  }
  static void set(OnnxWriter& model, const std::string& key, const std::string& value) {
    for (auto& [known, old] : model.metadata) {
      if (known == key) {
        old = value;
        return;
      }
    }
    model.metadata.emplace_back(key, value);
  }

  test::ScratchFolder scratch_;
  ModelFileOptions options_;
};

OnnxWriter plain(OnnxWriter model, std::vector<std::int64_t> input,
                 std::vector<std::int64_t> output) {
  model.metadata.clear();
  model.inputs = {{"x", std::move(input)}};
  model.outputs = {{"y", std::move(output)}};
  return model;
}

// ---- exports of Ultralytics ----

TEST_F(OwnRecipeTest, ADetectorOfUltralyticsNeedsNothingTold) {
  OnnxWriter model = test::ultralytics_detector({"box", "bag"});
  model.inputs[0].shape = {1, 3, 480, 640};
  set(model, "imgsz", "[480, 640]");
  const OwnRecipe own = fill(model).value();
  EXPECT_EQ(own.task, "detect");
  EXPECT_EQ(own.title, "Ultralytics YOLOv8n model trained on parcels.yaml");
  EXPECT_EQ(own.license, "AGPL-3.0");
  const Recipe& recipe = own.recipe;
  EXPECT_EQ(recipe.decode, "yolo8");
  ASSERT_EQ(recipe.inputs.size(), 1U);
  const RecipeInput& input = recipe.inputs[0];
  EXPECT_EQ(input.name, "images");
  EXPECT_EQ(input.width, 640);
  EXPECT_EQ(input.height, 480);
  EXPECT_EQ(input.resize, "letterbox");
  EXPECT_EQ(input.color, "rgb");
  EXPECT_EQ(input.pad_value, 114);
  EXPECT_DOUBLE_EQ(input.scale, 1.0 / 255);
  EXPECT_FALSE(input.is_dynamic);
  EXPECT_THAT(recipe.label_names, ElementsAre("box", "bag"));
  EXPECT_TRUE(recipe.labels.empty()) << "coco80 is not what it was trained on";
  EXPECT_EQ(recipe.post.find_number("conf"), 0.25);
  EXPECT_EQ(recipe.post.find_number("iou"), 0.7);
  EXPECT_THAT(own.assumptions,
              Contains(HasSubstr("declares the task 'detect' (Ultralytics 8.3.0)")));
  EXPECT_THAT(own.assumptions, Contains(HasSubstr("letterboxed to 640 x 480, levels 0 to 1")));
  EXPECT_THAT(own.assumptions, Contains("2 labels: box, bag"));
}

TEST_F(OwnRecipeTest, ADynamicExportIsPaddedToMultiplesOfItsStride) {
  OnnxWriter model = test::ultralytics_detector({"box"});
  model.inputs[0].shape = {-1, 3, -1, -1};
  model.outputs[0].shape = {-1, 5, -1};
  set(model, "stride", "64");
  const OwnRecipe own = fill(model).value();
  EXPECT_TRUE(own.recipe.inputs[0].is_dynamic);
  EXPECT_EQ(own.recipe.inputs[0].multiple_of, 64);
  EXPECT_EQ(own.recipe.inputs[0].width, 640);
  options_.width = 320;
  options_.height = 256;
  EXPECT_EQ(fill(model)->recipe.inputs[0].height, 256) << "what is told wins";
}

TEST_F(OwnRecipeTest, HeadsWithoutSuppressionAreReadEndToEnd) {
  for (const auto& [key, value] :
       {std::pair("end2end", "True"), std::pair("args", "{'nms': True}")}) {
    OnnxWriter model = test::ultralytics_detector({"box", "bag"});
    model.outputs[0].shape = {1, 300, 6};
    set(model, key, value);
    const OwnRecipe own = fill(model).value();
    EXPECT_EQ(own.recipe.decode, "yolo_end2end") << key;
    EXPECT_FALSE(own.recipe.post.has("iou"));
    EXPECT_EQ(own.recipe.post.find_number("conf"), 0.25);
  }
}

TEST_F(OwnRecipeTest, TheShapeIsCheckedAndDecidesNothing) {
  OnnxWriter model = test::ultralytics_detector({"box", "bag"});
  model.outputs[0].shape = {1, 300, 6};  // as of v10, and nobody says so
  expect_refused(model, ErrorCode::corrupt_data, "output0 [1,300,6] does not fit decode 'yolo8'",
                 "end2end");
  options_.recipe = "end2end";
  EXPECT_EQ(fill(model)->recipe.decode, "yolo_end2end");
  model.outputs[0].shape = {1, 300, 84};
  expect_refused(model, ErrorCode::corrupt_data, "does not fit decode 'yolo_end2end'");
}

TEST_F(OwnRecipeTest, AnotherNumberOfClassesThanNamesIsTold) {
  OnnxWriter model = test::ultralytics_detector({"box", "bag", "bin"});
  model.outputs[0].shape = {1, 6, 8400};
  expect_refused(model, ErrorCode::corrupt_data, "has 2 classes, the labels 3", "--labels FILE");
  options_.labels = scratch_.write("two.txt", "box\nbag\n");
  EXPECT_THAT(fill(model)->recipe.label_names, ElementsAre("box", "bag"));
}

TEST_F(OwnRecipeTest, AClassifierOfUltralyticsIsCroppedAndNotNormalised) {
  OnnxWriter model = test::ultralytics_detector({"cat", "dog"});
  set(model, "task", "classify");
  set(model, "imgsz", "[224, 224]");
  model.inputs[0].shape = {1, 3, 224, 224};
  model.outputs[0].shape = {1, 2};
  const OwnRecipe own = fill(model).value();
  EXPECT_EQ(own.task, "classify");
  EXPECT_EQ(own.recipe.decode, "probabilities");
  const RecipeInput& input = own.recipe.inputs[0];
  EXPECT_EQ(input.resize, "shorter_side_crop");
  EXPECT_EQ(input.shorter_side, 224);
  EXPECT_EQ(input.filter, "pil_bilinear");
  EXPECT_TRUE(input.mean.empty());
  EXPECT_TRUE(input.std.empty());
}

TEST_F(OwnRecipeTest, TasksWithoutADecodeAreRefusedByName) {
  for (const char* task : {"pose", "segment", "obb"}) {
    OnnxWriter model = test::ultralytics_detector({"box"});
    set(model, "task", task);
    expect_refused(model, ErrorCode::unsupported,
                   "needs decode '" + std::string(task) + "' (a newer modelhub)");
  }
  OnnxWriter model = test::ultralytics_detector({"box"});
  set(model, "task", "fly");
  expect_refused(model, ErrorCode::unsupported, "the task 'fly'", "--recipe KIND");
}

TEST_F(OwnRecipeTest, HeadsThatAreReadInAnotherWayAreRefusedByName) {
  OnnxWriter model = test::ultralytics_detector({"box"});
  set(model, "head", "RTDETRDecoder");
  expect_refused(model, ErrorCode::unsupported, "needs decode 'rtdetr'");
  set(model, "head", "MyOwnHead");
  expect_refused(model, ErrorCode::unsupported, "the head 'MyOwnHead'", "--recipe yolov8");
  set(model, "head", "v10Detect");
  EXPECT_TRUE(fill(model));
}

TEST_F(OwnRecipeTest, MetadataThatCannotBeReadIsAnErrorUnlessItIsNotNeeded) {
  OnnxWriter model = test::ultralytics_detector({"box"});
  set(model, "names", "__import__('os')");
  const Result<OwnRecipe> refused = fill(model);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt_data);
  EXPECT_THAT(refused.error().message, HasSubstr("metadata 'names'"));
  EXPECT_THAT(refused.error().hint, HasSubstr("--recipe"));
  options_.recipe = "yolov8";
  const OwnRecipe own = fill(model).value();
  EXPECT_THAT(own.assumptions, Contains(HasSubstr("not used: ")));
  EXPECT_TRUE(own.recipe.label_names.empty());
}

TEST_F(OwnRecipeTest, ANameThatATerminalWouldObeyIsNoLabel) {
  OnnxWriter model = test::ultralytics_detector({"box"});
  set(model, "names", R"({0: 'a\x1b[2J'})");
  expect_refused(model, ErrorCode::corrupt_data, "the name of class 0", "--labels FILE");
}

TEST_F(OwnRecipeTest, SizesThatContradictEachOtherAreTold) {
  OnnxWriter model = test::ultralytics_detector({"box"});
  set(model, "imgsz", "[320, 320]");
  expect_refused(model, ErrorCode::corrupt_data, "declares imgsz 320 x 320");
  set(model, "imgsz", "[640, 640]");
  options_.width = options_.height = 320;
  expect_refused(model, ErrorCode::invalid_argument, "takes images [1,3,640,640]", "leave it out");
}

// ---- inputs ----

TEST_F(OwnRecipeTest, InputsThatAreNoPictureAreRefused) {
  const OnnxWriter good = test::ultralytics_detector({"box"});
  OnnxWriter model = good;
  model.inputs.push_back({"orig_target_sizes", {1, 2}, 7});
  expect_refused(model, ErrorCode::unsupported, "takes 2 inputs", "only input");
  model = good;
  model.inputs[0].shape = {8, 3, 640, 640};
  expect_refused(model, ErrorCode::unsupported, "8 pictures at once", "batch=1");
  model.inputs[0].shape = {1, 4, 640, 640};
  expect_refused(model, ErrorCode::unsupported, "has 4 channels");
  model.inputs[0].shape = {1, 640};
  expect_refused(model, ErrorCode::unsupported, "it has 2 sides");
  model = good;
  model.inputs[0].type = 10;
  expect_refused(model, ErrorCode::unsupported, "not as float16", "half=False");
  model.inputs.clear();
  expect_refused(model, ErrorCode::unsupported, "takes 0 inputs");
}

TEST_F(OwnRecipeTest, AGreyModelGetsGreyPictures) {
  OnnxWriter model = test::ultralytics_detector({"box"});
  model.inputs[0].shape = {1, 1, 640, 640};
  EXPECT_EQ(fill(model)->recipe.inputs[0].color, "gray");
  options_.color = "rgb";
  expect_refused(model, ErrorCode::invalid_argument, "takes images [1,1,640,640]", "gray");
}

TEST_F(OwnRecipeTest, ASizeThatNobodySaysIsAskedFor) {
  options_.recipe = "yolov8";
  const OnnxWriter model = plain({}, {1, 3, -1, -1}, {1, 6, -1});
  expect_refused(model, ErrorCode::invalid_argument, "takes pictures of any size",
                 "--size WIDTHxHEIGHT");
  options_.width = options_.height = 416;
  const RecipeInput input = fill(model)->recipe.inputs[0];
  EXPECT_EQ(input.width, 416);
  EXPECT_EQ(input.multiple_of, 32);
}

// ---- what is told ----

TEST_F(OwnRecipeTest, WithoutADeclarationItIsAskedForWithWhatThereIs) {
  const OnnxWriter model = plain({}, {1, 3, 640, 640}, {1, 84, 8400});
  expect_refused(model, ErrorCode::invalid_argument,
                 "it takes x [1,3,640,640] float32 and gives y [1,84,8400] float32",
                 "--recipe KIND tells it: yolov8, yolov5, end2end, ");
}

TEST_F(OwnRecipeTest, AKindThatNobodyKnowsGetsASuggestion) {
  options_.recipe = "classify-torchvison";
  const Result<OwnRecipe> own = fill(plain({}, {1, 3, 640, 640}, {1, 84, 8400}));
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(own.error().subject, Subject::usage);
  EXPECT_THAT(own.error().message, HasSubstr("classify-torchvision"));
  EXPECT_THAT(own.error().hint, HasSubstr("did you mean 'classify-torchvision'"));
}

TEST_F(OwnRecipeTest, FamiliesThatShareAHeadShareAKind) {
  const OnnxWriter model = plain({}, {1, 3, 640, 640}, {1, 84, 8400});
  for (const char* name : {"yolov5u", "yolov9", "yolo11", "yolo12"}) {
    options_.recipe = name;
    EXPECT_EQ(fill(model)->recipe.decode, "yolo8") << name;
  }
  options_.recipe = "yolov10";
  EXPECT_EQ(fill(plain({}, {1, 3, 640, 640}, {1, 300, 6}))->recipe.decode, "yolo_end2end");
  options_.recipe = "yolov5";
  EXPECT_EQ(fill(plain({}, {1, 3, 640, 640}, {1, 25200, 85}))->recipe.decode, "yolo5");
  options_.recipe = "yolov8";
  const Result<OwnRecipe> wrong = fill(plain({}, {1, 3, 640, 640}, {1, 25200, 85}));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::corrupt_data);
}

TEST_F(OwnRecipeTest, YoloxIsFedBgrFromTheTopLeft) {
  options_.recipe = "yolox";
  const OwnRecipe own = fill(plain({}, {1, 3, 416, 416}, {1, 3549, 7})).value();
  const RecipeInput& input = own.recipe.inputs[0];
  EXPECT_EQ(own.recipe.decode, "yolox");
  EXPECT_EQ(input.color, "bgr");
  EXPECT_EQ(input.anchor, "top_left");
  EXPECT_EQ(input.scale, 1);
  EXPECT_EQ(input.width, 416);
  EXPECT_TRUE(own.recipe.label_names.empty());
  EXPECT_THAT(own.assumptions, Contains(HasSubstr("shown by number; --labels FILE")));
}

TEST_F(OwnRecipeTest, AClassifierOfTorchvisionKeepsTheShareOfItsMargin) {
  options_.recipe = "classify-torchvision";
  options_.labels = "imagenet1k";
  const OwnRecipe own = fill(plain({}, {-1, 3, 384, 384}, {-1, 1000})).value();
  EXPECT_EQ(own.recipe.inputs[0].shorter_side, 439);  // 256 / 224 of 384
  EXPECT_EQ(own.recipe.decode, "logits");
  EXPECT_EQ(own.recipe.post.find_flag("softmax"), true);
  EXPECT_EQ(own.recipe.labels, "imagenet1k");
  OnnxWriter model = plain({}, {1, 3, 224, 224}, {1, 1000});
  model.operators = {"Softmax"};
  const OwnRecipe soft = fill(model).value();
  EXPECT_EQ(soft.recipe.decode, "probabilities") << "the graph ends in a softmax";
  EXPECT_FALSE(soft.recipe.post.has("softmax"));
}

TEST_F(OwnRecipeTest, ScalingAndColoursCanBeTold) {
  options_.recipe = "classify-torchvision";
  options_.color = "bgr";
  options_.scale = 1;
  options_.mean = {127};
  options_.std = {128};
  const OwnRecipe own = fill(plain({}, {1, 224, 224, 3}, {1, 1000})).value();
  const RecipeInput& input = own.recipe.inputs[0];
  EXPECT_EQ(input.layout, "nhwc");
  EXPECT_EQ(input.color, "bgr");
  EXPECT_THAT(input.mean, ElementsAre(127));
  EXPECT_THAT(own.assumptions, Contains(HasSubstr("levels 0 to 255, minus 127, divided by 128")));
  options_.mean = {1, 2};
  expect_refused(plain({}, {1, 224, 224, 3}, {1, 1000}), ErrorCode::invalid_argument, "best.onnx",
                 "one for each channel");
}

TEST_F(OwnRecipeTest, AnSsdMustSayItsColoursAndScaling) {
  options_.recipe = "ssd7";
  const OnnxWriter model = plain({}, {1, 3, 300, 300}, {1, 1, -1, 7});
  expect_refused(model, ErrorCode::invalid_argument, "differ in their colours and scaling",
                 "--color");
  options_.color = "rgb";
  expect_refused(model, ErrorCode::invalid_argument, "differ in their colours", "--scale");
  options_.scale = 1;
  const OwnRecipe own = fill(model).value();
  EXPECT_EQ(own.recipe.inputs[0].resize, "stretch");
  EXPECT_EQ(own.recipe.inputs[0].color, "rgb");
}

TEST_F(OwnRecipeTest, TheFourOutputsOfTensorFlowAreFoundByName) {
  options_.recipe = "tf-detect";
  OnnxWriter model;
  model.inputs = {{"image_tensor:0", {-1, -1, -1, 3}, 2}};
  model.outputs = {{"num_detections:0", {-1}},
                   {"detection_boxes:0", {-1, -1, 4}},
                   {"detection_scores:0", {-1, -1}},
                   {"detection_classes:0", {-1, -1}}};
  const OwnRecipe own = fill(model).value();
  EXPECT_EQ(own.recipe.inputs[0].dtype, "uint8");
  EXPECT_EQ(own.recipe.inputs[0].resize, "none");
  std::vector<std::string> names;
  for (const RecipeOutput& output : own.recipe.outputs) names.push_back(output.name);
  EXPECT_THAT(names, Contains("detection_boxes:0"));
  model.outputs.pop_back();
  expect_refused(model, ErrorCode::corrupt_data, "no output 'detection_classes'");
  model.outputs.emplace_back(test::OnnxTensor{"detection_classes:0", {-1, -1}});
  options_.scale = 0.5;
  expect_refused(model, ErrorCode::invalid_argument, "as they are", "leave --scale");
}

TEST_F(OwnRecipeTest, AModelOfTheCatalogIsAKindToo) {
  options_.recipe = "yolox_nano";
  const OwnRecipe own = fill(plain({}, {1, 3, 416, 416}, {1, 3549, 6})).value();
  EXPECT_EQ(own.recipe.decode, "yolox");
  options_.recipe = "tesseract_eng";
  const Result<OwnRecipe> text = fill(plain({}, {1, 3, 416, 416}, {1, 3549, 6}));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::unsupported);
  options_.recipe = "yolox_nano@77";
  EXPECT_EQ(fill(plain({}, {1, 3, 416, 416}, {1, 3549, 6})).error().code, ErrorCode::not_found);
}

TEST_F(OwnRecipeTest, EveryKindStandsForARecipeThatCanBeExecuted) {
  for (const std::string& name : recipe_kinds()) {
    const Result<RecipeKind> kind = find_recipe_kind(name);
    ASSERT_TRUE(kind) << name << ": " << kind.error().to_string();
    EXPECT_EQ(kind->name, name);
    EXPECT_FALSE(kind->task.empty());
    EXPECT_EQ(kind->recipe.inputs.size(), 1U) << name;
  }
}

TEST_F(OwnRecipeTest, LabelsThatCannotBeReadAreNamed) {
  const OnnxWriter model = test::ultralytics_detector({"box"});
  options_.labels = scratch_.path("none.txt");
  Result<OwnRecipe> own = fill(model);
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().code, ErrorCode::not_found);
  EXPECT_EQ(exit_code_of(own.error()), 1);
  EXPECT_THAT(own.error().hint, HasSubstr("coco80"));
  options_.labels = scratch_.write("hostile.txt", "bo\x1bx\n");
  own = fill(model);
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().code, ErrorCode::corrupt_data);
  EXPECT_THAT(own.error().message, HasSubstr("control character"));
  options_.labels = scratch_.write("empty.txt", "");
  EXPECT_EQ(fill(model).error().code, ErrorCode::corrupt_data);
}

// ---- names and files ----

TEST(OwnModelTest, NamesAreMadeOfFiles) {
  EXPECT_EQ(name_from_file("/a/Best Model (1).onnx"), "best_model_1");
  EXPECT_EQ(name_from_file("yolov8n-parcels.v2.onnx"), "yolov8n_parcels_v2");
  EXPECT_EQ(name_from_file("---.onnx"), "");
  EXPECT_EQ(name_from_file("\xE7\x8C\xAB.onnx"), "");
  EXPECT_EQ(name_from_file(std::string(100, 'a') + ".onnx"), std::string(48, 'a'));
}

TEST(OwnModelTest, APathIsKnownByItsSlashOrItsEnding) {
  const catalog::Catalog catalog =
      catalog::Catalog::load(base::FileSystem::real(), {catalog::Layer::built_in()}).value();
  for (const char* file : {"./best", "/abs/best.onnx", "best.onnx", "best.pt", "graph.XML"})
    EXPECT_TRUE(means_file(file, catalog)) << file;
  for (const char* model : {"yolov8n", "yolov8n@8.4", "mobilenet_v2:onnx-int8", "best"})
    EXPECT_FALSE(means_file(model, catalog)) << model;
}

TEST(OwnModelTest, ADigestIsBelievedUntilTheFileChanges) {
  const test::ScratchFolder scratch;
  const std::string path = scratch.write("a", "one");
  FileDigests digests;
  const Digest one = digests.hash(base::FileSystem::real(), path, {})->sha256;
  EXPECT_EQ(digests.hash(base::FileSystem::real(), path, {})->sha256, one);
  scratch.write("a", "other");
  EXPECT_NE(digests.hash(base::FileSystem::real(), path, {})->sha256, one);
  std::stop_source stop;
  stop.request_stop();
  scratch.write("a", "a third");
  EXPECT_EQ(digests.hash(base::FileSystem::real(), path, stop.get_token()).error().code,
            ErrorCode::cancelled);
}

TEST(OwnModelTest, WeightsThatAreMissingBesideTheGraphAreNamed) {
  const test::ScratchFolder scratch;
  OnnxWriter model = test::ultralytics_detector({"box"});
  model.weights = {{"w", 1, "best.data"}};
  const std::string path = scratch.write("best.onnx", model.encode());
  FileDigests digests;
  const auto look = [&] {
    return look_at({path, path, {}}, base::FileSystem::real(), digests, {});
  };
  const Result<OwnModel> missing = look();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr("there is no " + scratch.path("best.data")));
  scratch.write("best.data", "weights");
  const OwnModel own = look().value();
  ASSERT_EQ(own.files.size(), 2U);
  EXPECT_EQ(own.files[0].role, "graph");
  EXPECT_EQ(own.files[1].path.string(), "best.data");
  EXPECT_EQ(own.files[1].role, "weights");
}

}  // namespace
}  // namespace modelhub::hub
