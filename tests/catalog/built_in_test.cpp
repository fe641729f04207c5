// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>

#include "catalog/builtin.h"
#include "catalog/document.h"
#include "catalog/documents.h"

namespace modelhub::catalog {
namespace {

Catalog built_in() { return Catalog::load(base::FileSystem::real(), {Layer::built_in()}).value(); }

Catalog with_offline_layer() {
  return Catalog::load(base::FileSystem::real(),
                       {Layer::built_in(), Layer::of_path(MODELHUB_TEST_SOURCE "/offline.json")})
      .value();
}

ResolveOptions run_options() {
  ResolveOptions options;
  options.capabilities = {{{"onnxruntime", "1.20.0", {"onnx"}, {"cpu:0"}}}};
  return options;
}

std::string chosen(const Catalog& catalog, const std::string& name) {
  return catalog.resolve(Reference::parse(name).value(), run_options()).value().to_string();
}

template <class F>
void for_each_variant(const Catalog& catalog, F&& visit) {
  for (const auto& entry : catalog.models()) {
    for (const ModelVersion& version : entry->versions) {
      for (const Variant& variant : version.variants) visit(*entry, version, variant);
    }
  }
}

TEST(BuiltInTest, HasAllModelsThatItPromises) {
  const Catalog catalog = built_in();
  for (const char* name :
       {"yolov8n", "yolov8s", "ssd_mobilenet_v2", "resnet50", "mobilenet_v2", "tesseract_eng",
        "face_recognition", "yunet", "ultraface", "yolox_nano", "yolox_tiny", "yolox_s",
        "squeezenet", "efficientnet_lite4", "sface", "person_detection_0200", "ssd_mobilenet_v1"}) {
    const auto entry = catalog.find(name);
    ASSERT_TRUE(entry) << name;
    EXPECT_EQ((*entry)->name, name);
    EXPECT_FALSE((*entry)->license.empty()) << name;
  }
}

TEST(BuiltInTest, NoTwoDocumentsSpeakOfOneModel) {
  std::size_t models = 0;
  for (const EmbeddedText& document : built_in_documents()) {
    models += read_document(document.text, std::string(document.name)).value().size();
  }
  EXPECT_EQ(models, built_in().models().size());
}

TEST(BuiltInTest, WhatIsCompiledInIsWhatLiesInTheFiles) {
  ASSERT_FALSE(built_in_documents().empty());
  for (const EmbeddedText& document : built_in_documents()) {
    std::ifstream file(MODELHUB_TEST_SOURCE "/../../catalog/" + std::string(document.name));
    const std::string text(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(nlohmann::json::parse(document.text), nlohmann::json::parse(text)) << document.name;
    EXPECT_EQ(std::count(document.text.begin(), document.text.end(), '\n'),
              std::count(text.begin(), text.end(), '\n'))
        << document.name;
  }
}

TEST(BuiltInTest, DefaultsAreThoseThatTheDocumentationNames) {
  const Catalog catalog = built_in();
  EXPECT_EQ(chosen(catalog, "yolov8n"), "yolov8n@0.0.0:onnx-fp32");
  EXPECT_EQ(chosen(catalog, "yolox_s"), "yolox_s@0.1.1rc0:onnx-fp32");
  EXPECT_EQ(chosen(catalog, "MobileNet-v2"), "mobilenet_v2@12:onnx-int8");
  EXPECT_EQ(chosen(catalog, "resnet50"), "resnet50@v1-12:onnx-fp32");
  EXPECT_EQ(chosen(catalog, "yunet"), "yunet@2023mar:onnx-fp32");
  EXPECT_EQ(chosen(catalog, "ultraface"), "ultraface@1:rfb-320");
}

TEST(BuiltInTest, MobileNetByDefaultIsTheOfficialInt8File) {
  const Resolved resolved =
      built_in().resolve(Reference::parse("mobilenet_v2").value(), run_options()).value();
  EXPECT_EQ(resolved.variant->files[0].sha256.hex(),
            "cc028fe6cae7bc11a4ff53cfc9b79c920e8be65ce33a904ec3e2a8f66d77f95f");
  EXPECT_EQ(resolved.variant->files[0].bytes.count(), 3655033U);
}

TEST(BuiltInTest, AnOfficialPtIsPulledAndNeverRun) {
  const Catalog catalog = built_in();
  ResolveOptions pull;
  pull.purpose = Purpose::pull;
  EXPECT_EQ(
      catalog.resolve(Reference::parse("yolov8n@8.4.0").value(), pull).value().variant->format,
      "pt");
  const Error error =
      catalog.resolve(Reference::parse("yolov8n@8.4.0").value(), run_options()).error();
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_THAT(error.hint, ::testing::HasSubstr("yolov8n@0.0.0:onnx-fp32"));
  EXPECT_THAT(error.hint,
              ::testing::HasSubstr("yolo export model=yolov8n.pt format=onnx opset=17"));
}

TEST(BuiltInTest, TheArchiveOfSsdMobileNetV2PointsToAModelThatRuns) {
  const Error error =
      built_in()
          .resolve(Reference::parse("ssd_mobilenet_v2:tf-archive").value(), run_options())
          .error();
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_THAT(error.hint, ::testing::HasSubstr("modelhub run ssd_mobilenet_v1"));
}

TEST(BuiltInTest, ARefusedYoloNamesTheFreeDetector) {
  ResolveOptions options = run_options();
  options.licenses = LicensePolicy::parse("Apache-2.0,MIT").value();
  const Error error = built_in().resolve(Reference::parse("yolov8n").value(), options).error();
  EXPECT_EQ(error.message,
            "yolov8n is AGPL-3.0, which the allowed licences (Apache-2.0, MIT) do not include; "
            "yolox_s is Apache-2.0");
  EXPECT_EQ(error.hint, "modelhub search --task detect --license Apache-2.0");
}

TEST(BuiltInTest, RecipesCarryTheNumbersOfTheContracts) {
  const Catalog catalog = built_in();
  const Recipe yolo =
      *catalog.resolve(Reference::parse("yolov8n").value(), run_options()).value().variant->recipe;
  EXPECT_EQ(yolo.decode, "yolo8");
  EXPECT_EQ(yolo.inputs[0].color, "rgb");
  EXPECT_EQ(yolo.inputs[0].rounding, "half_even");
  EXPECT_EQ(yolo.inputs[0].anchor, "center");
  EXPECT_EQ(yolo.inputs[0].pad_value, 114);
  EXPECT_DOUBLE_EQ(yolo.inputs[0].scale, 1.0 / 255);
  EXPECT_EQ(yolo.post.find_number("conf"), 0.25);
  EXPECT_EQ(yolo.post.find_number("iou"), 0.7);
  EXPECT_EQ(yolo.post.find_number("max_det"), 300);
  EXPECT_EQ(yolo.post.find_flag("class_agnostic"), false);
  const Recipe yolox = *catalog.resolve(Reference::parse("yolox_nano").value(), run_options())
                            .value()
                            .variant->recipe;
  EXPECT_EQ(yolox.inputs[0].width, 416);
  EXPECT_EQ(yolox.inputs[0].color, "bgr");
  EXPECT_EQ(yolox.inputs[0].anchor, "top_left");
  EXPECT_EQ(yolox.inputs[0].rounding, "floor");
  EXPECT_EQ(yolox.decode_params.numbers_of("strides"), (std::vector<double>{8, 16, 32}));
  EXPECT_EQ(yolox.post.find_flag("class_agnostic"), true);
  const Recipe mobilenet = *catalog.resolve(Reference::parse("mobilenet_v2").value(), run_options())
                                .value()
                                .variant->recipe;
  EXPECT_EQ(mobilenet.inputs[0].filter, "pil_bilinear");
  EXPECT_EQ(mobilenet.inputs[0].shorter_side, 256);
  EXPECT_EQ(mobilenet.inputs[0].std, (std::vector<double>{0.229, 0.224, 0.225}));
  const Recipe ultraface = *catalog.resolve(Reference::parse("ultraface").value(), run_options())
                                .value()
                                .variant->recipe;
  EXPECT_EQ(ultraface.inputs[0].width, 320);
  EXPECT_EQ(ultraface.inputs[0].height, 240);
  EXPECT_EQ(ultraface.inputs[0].mean, std::vector<double>{127});
  const Recipe ssd = *catalog.resolve(Reference::parse("ssd_mobilenet_v1").value(), run_options())
                          .value()
                          .variant->recipe;
  EXPECT_EQ(ssd.decode_params.find_number("first_class"), 1);
  EXPECT_EQ(ssd.labels, "coco90");
}

TEST(BuiltInTest, EveryRecipeHasItsLabels) {
  for_each_variant(
      built_in(), [](const ModelEntry& entry, const ModelVersion&, const Variant& variant) {
        if (!variant.recipe) return;
        EXPECT_TRUE(Catalog::labels_of(*variant.recipe)) << entry.name << " " << variant.id;
      });
}

TEST(OfflineLayerTest, MakesTheMirrorsFileTheDefaultOfYolov8n) {
  const Resolved resolved =
      with_offline_layer().resolve(Reference::parse("yolov8n").value(), run_options()).value();
  EXPECT_EQ(resolved.version->version, "8.4.115-dequantised");
  EXPECT_EQ(resolved.variant->files[0].sha256.hex(),
            "79e76a60125f08fcf99a5201aeab871a61565a380e3ae4a4fed6b4e3de15efd6");
  EXPECT_TRUE(resolved.variant->files[0].urls.empty());
  EXPECT_EQ(resolved.license(), "AGPL-3.0");
  EXPECT_EQ(resolved.variant->golden->expect.size(), 5U);
}

// What the catalog says about bytes that lie in the shared folder is true.
TEST(BuiltInTest, TheMirrorsFilesHaveTheCataloguedSizes) {
  const char* shared = std::getenv("MODELHUB_TEST_SHARED");
  const std::filesystem::path mirror =
      std::filesystem::path(shared == nullptr ? "" : shared) / "mirror" / "sha256";
  if (!std::filesystem::exists(mirror)) GTEST_SKIP() << "no mirror beside the project";
  std::size_t seen = 0;
  for_each_variant(with_offline_layer(), [&](const ModelEntry&, const ModelVersion&,
                                             const Variant& variant) {
    for (const ModelFile& file : variant.files) {
      for (const auto& [digest, bytes] :
           {std::pair(file.sha256, file.bytes),
            std::pair(file.installed_digest(), file.installed_bytes())}) {
        if (!std::filesystem::exists(mirror / digest.hex())) continue;
        EXPECT_EQ(std::filesystem::file_size(mirror / digest.hex()), bytes.count()) << digest.hex();
        ++seen;
      }
    }
  });
  EXPECT_GE(seen, 9U);
}

}  // namespace
}  // namespace modelhub::catalog
