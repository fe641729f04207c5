// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "catalog/documents.h"

namespace modelhub::catalog {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;

Json pt_json() {
  Json variant = variant_json("pt");
  variant["format"] = "pt";
  variant["engines"] = Json::array();
  variant.erase("recipe");
  variant["export"] = "yolo export model=m.pt format=onnx opset=17";
  return variant;
}

ResolveOptions to_run(Capabilities machine = with_onnxruntime()) {
  ResolveOptions options;
  options.capabilities = std::move(machine);
  return options;
}
ResolveOptions to_pull(Capabilities machine = {}) {
  ResolveOptions options = to_run(std::move(machine));
  options.purpose = Purpose::pull;
  return options;
}
ResolveOptions licensed(ResolveOptions options, const std::string& list) {
  options.licenses = LicensePolicy::parse(list).value();
  return options;
}

Catalog catalog_of(std::vector<Json> models) {
  return load_texts({text_of(document_json(std::move(models)))}).value();
}
Result<Resolved> resolve(const Catalog& catalog, const std::string& text,
                         const ResolveOptions& options) {
  return catalog.resolve(Reference::parse(text).value(), options);
}
std::string chosen(const Catalog& catalog, const std::string& text, const ResolveOptions& options) {
  const Result<Resolved> resolved = resolve(catalog, text, options);
  return resolved ? resolved->to_string() : resolved.error().to_string();
}

TEST(ResolveTest, TakesTheDefaultVersionAndExactPrecision) {
  const Catalog catalog = catalog_of({model_json(
      "m", {version_json("1"),
            version_json("2", {variant_json("i8", "int8"), variant_json("f16", "float16"),
                               variant_json("f32", "float32")})})});
  EXPECT_EQ(chosen(catalog, "m", to_run()), "m@2:f32");
  EXPECT_EQ(chosen(catalog, "m@1", to_run()), "m@1:onnx-fp32");
  EXPECT_EQ(chosen(catalog, "M@2.0:I8", to_run()), "m@2:i8");
  const Resolved resolved = resolve(catalog, "m", to_run()).value();
  ASSERT_EQ(resolved.candidates.size(), 3U);
  EXPECT_EQ(resolved.candidates[1].variant->id, "f16");
  EXPECT_EQ(resolved.candidates[2].variant->id, "i8");
  EXPECT_EQ(resolved.engines(), std::vector<std::string>{"onnxruntime"});
}

TEST(ResolveTest, TakesReducedPrecisionWhenItIsTheOnlyOneOrTheDefault) {
  Json version = version_json("1", {variant_json("f32"), variant_json("i8", "int8")});
  version["default_variant"] = "i8";
  EXPECT_EQ(chosen(catalog_of({model_json("m", {version})}), "m", to_run()), "m@1:i8");
  Json exact = variant_json("f32");
  exact["engines"] = {"openvino"};
  EXPECT_EQ(chosen(catalog_of(
                       {model_json("m", {version_json("1", {exact, variant_json("i8", "int8")})})}),
                   "m", to_run()),
            "m@1:i8");
}

TEST(ResolveTest, SaysOfEveryVariantWhyItCannotRun) {
  Json newer = variant_json("newer");
  newer["engines"] = {"onnxruntime>=1.22"};
  Json gpu = variant_json("gpu");
  gpu["devices"] = {"gpu"};
  Json other = variant_json("other");
  other["format"] = "openvino_ir";
  Json absent = variant_json("absent");
  absent["engines"] = {"openvino>=2022.1"};
  Json unfed = variant_json("unfed");
  unfed.erase("recipe");
  const Catalog catalog = catalog_of({model_json(
      "m",
      {version_json("1", {newer, gpu, other, absent, unfed, pt_json(), variant_json("good")})})});
  const Resolved resolved = resolve(catalog, "m", to_run()).value();
  EXPECT_EQ(resolved.variant->id, "good");
  std::map<std::string, std::string> reasons;
  for (const VariantCandidate& one : resolved.candidates) {
    reasons[one.variant->id] = one.reason;
    EXPECT_EQ(one.is_usable, one.variant->id == "good");
  }
  EXPECT_EQ(reasons["good"], "");
  EXPECT_EQ(reasons["newer"], "onnxruntime 1.20.0 is older than 1.22");
  EXPECT_EQ(reasons["gpu"], "onnxruntime 1.20.0 has no usable device (gpu)");
  EXPECT_EQ(reasons["other"], "onnxruntime 1.20.0 does not read openvino_ir");
  EXPECT_EQ(reasons["absent"], "openvino>=2022.1 is not here");
  EXPECT_EQ(reasons["unfed"], "the catalog has no recipe for it");
  EXPECT_THAT(reasons["pt"], HasSubstr("can execute code"));
  EXPECT_EQ(resolved.candidates.back().variant->id, "pt");
}

TEST(ResolveTest, EveryDeviceThatIsNoCpuIsAGpu) {
  Json gpu = variant_json();
  gpu["devices"] = {"gpu"};
  const Catalog catalog = catalog_of({model_json("m", {version_json("1", {gpu})})});
  EXPECT_TRUE(
      resolve(catalog, "m", to_run({{{"onnxruntime", "1.20", {"onnx"}, {"cpu:0", "cuda:0"}}}})));
  EXPECT_FALSE(resolve(catalog, "m", to_run()));
}

TEST(ResolveTest, AVariantWithoutEnginesRunsOnAnyThatReadsIt) {
  Json any = variant_json();
  any["engines"] = Json::array();
  const Catalog catalog = catalog_of({model_json("m", {version_json("1", {any})})});
  EXPECT_EQ(resolve(catalog, "m", to_run({{{"mine", "1", {"onnx"}, {"cpu:0"}}}})).value().engines(),
            std::vector<std::string>{"mine"});
}

TEST(ResolveTest, PullingNeedsNoEngineAndStillPrefersWhatCanBeLoaded) {
  const Catalog catalog = catalog_of({model_json(
      "m", {version_json("1", {pt_json(), variant_json("i8", "int8"), variant_json()})})});
  EXPECT_EQ(chosen(catalog, "m", to_pull()), "m@1:onnx-fp32");
  EXPECT_EQ(chosen(catalog, "m:pt", to_pull()), "m@1:pt");
  EXPECT_EQ(chosen(catalog_of({model_json("m", {version_json("1", {pt_json()})})}), "m", to_pull()),
            "m@1:pt");
}

TEST(ResolveTest, WithoutAnEngineRunIsUnsupportedAndPointsToDoctor) {
  const Catalog catalog = catalog_of({model_json()});
  const Result<Resolved> resolved = resolve(catalog, "m", to_run({}));
  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error().code, ErrorCode::unsupported);
  EXPECT_EQ(resolved.error().subject, Subject::engine);
  EXPECT_EQ(exit_code_of(resolved.error()), 7);
  EXPECT_EQ(resolved.error().message,
            "m@1:onnx-fp32 cannot run here: onnxruntime>=1.16 is not here");
  EXPECT_THAT(resolved.error().hint, HasSubstr("modelhub doctor"));
}

TEST(ResolveTest, AnEngineThatWasAskedForAndIsNoneForItIsToldWithoutALieAboutTheOthers) {
  const Catalog catalog = catalog_of({model_json()});
  catalog::ResolveOptions options = to_run({{{"mine", "1", {"mine"}, {"cpu:0"}}}});
  options.engine = "mine";
  const Result<Resolved> resolved = resolve(catalog, "m", options);
  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error().code, ErrorCode::unsupported);
  EXPECT_EQ(resolved.error().subject, Subject::engine);
  EXPECT_EQ(resolved.error().message,
            "m@1:onnx-fp32 cannot run here: it runs on onnxruntime>=1.16, not on mine");
  EXPECT_EQ(resolved.error().hint,
            "leave out --engine, or name another: modelhub doctor lists them");
}

TEST(ResolveTest, AnEngineThatWasAskedForAndDoesNotReadTheFormatIsTold) {
  Json variant = variant_json();
  variant["engines"] = Json::array();
  const Catalog catalog = catalog_of({model_json("m", {version_json("1", {variant})})});
  catalog::ResolveOptions options = to_run({{{"mine", "1", {"mine"}, {"cpu:0"}}}});
  options.engine = "mine";
  const Result<Resolved> resolved = resolve(catalog, "m", options);
  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error().code, ErrorCode::unsupported);
  EXPECT_EQ(resolved.error().message, "m@1:onnx-fp32 cannot run here: mine does not read onnx");
}

TEST(ResolveTest, AnExecutableFormatNamesTheVersionThatCanBeLoadedAndTheExport) {
  Json model = model_json("m", {version_json("2", {pt_json()}), version_json("1")});
  const Catalog catalog = catalog_of({model});
  const Result<Resolved> resolved = resolve(catalog, "m@2", to_run());
  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error().code, ErrorCode::unsupported);
  EXPECT_EQ(resolved.error().subject, Subject::model);
  EXPECT_THAT(resolved.error().message,
              HasSubstr("m@2:pt cannot run here: a .pt file can execute code"));
  EXPECT_EQ(resolved.error().hint,
            "modelhub run m@1:onnx-fp32 can; or make a file that can be loaded: yolo export "
            "model=m.pt format=onnx opset=17");
}

TEST(ResolveTest, AnExecutableFormatAloneGivesTheExportCommandOrAnotherModel) {
  Json mute = pt_json();
  mute.erase("export");
  const Catalog catalog =
      catalog_of({model_json("m", {version_json("1", {pt_json()})}),
                  model_json("mute", {version_json("1", {mute})}), model_json("good")});
  EXPECT_EQ(resolve(catalog, "m", to_run()).error().hint,
            "make a file that can be loaded: yolo export model=m.pt format=onnx opset=17");
  EXPECT_EQ(resolve(catalog, "mute", to_run()).error().hint,
            "good serves the same purpose and can be loaded: modelhub run good");
}

TEST(ResolveTest, AVariantThatCannotRunNamesItsSibling) {
  Json absent = variant_json("absent");
  absent["engines"] = {"openvino"};
  const Catalog catalog =
      catalog_of({model_json("m", {version_json("1", {absent, variant_json()})})});
  const Result<Resolved> resolved = resolve(catalog, "m:absent", to_run());
  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error().subject, Subject::engine);
  EXPECT_EQ(resolved.error().hint, "modelhub run m@1:onnx-fp32 can");
}

TEST(ResolveTest, AnUnknownModelIsNotFoundAndSuggestsOne) {
  const Catalog catalog = catalog_of({model_json("yolov8n"), model_json("resnet50")});
  const Result<Resolved> resolved = resolve(catalog, "yolo8n", to_run());
  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error().code, ErrorCode::not_found);
  EXPECT_EQ(resolved.error().subject, Subject::model);
  EXPECT_EQ(exit_code_of(resolved.error()), 3);
  EXPECT_EQ(resolved.error().message, "there is no model named 'yolo8n'");
  EXPECT_EQ(resolved.error().hint, "did you mean 'yolov8n'?");
  EXPECT_EQ(resolve(catalog, "qqqqqq", to_run()).error().hint, "modelhub list shows all models");
}

TEST(ResolveTest, AnUnknownVersionOrVariantListsThoseThatExist) {
  const Catalog catalog =
      catalog_of({model_json("m", {version_json("8.4.0"), version_json("8.3.0")})});
  const Error version = resolve(catalog, "m@9", to_run()).error();
  EXPECT_EQ(version.code, ErrorCode::not_found);
  EXPECT_EQ(version.subject, Subject::model);
  EXPECT_EQ(version.message, "m has no version '9'; it has 8.4.0, 8.3.0");
  const Error variant = resolve(catalog, "m:onnx-fp23", to_run()).error();
  EXPECT_EQ(variant.code, ErrorCode::not_found);
  EXPECT_EQ(variant.message, "m@8.4.0 has no variant 'onnx-fp23'; it has onnx-fp32");
  EXPECT_EQ(variant.hint, "did you mean 'onnx-fp32'?");
}

TEST(ResolveTest, ALicenceThatIsNotAllowedIsRefusedWithAnAlternative) {
  Json strict = model_json("strict");
  strict["license"] = "AGPL-3.0";
  const Catalog catalog = catalog_of({strict, model_json("free")});
  const Result<Resolved> resolved =
      resolve(catalog, "strict", licensed(to_run(), "Apache-2.0,MIT"));
  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(resolved.error().subject, Subject::model);
  EXPECT_EQ(exit_code_of(resolved.error()), 1);
  EXPECT_EQ(resolved.error().message,
            "strict is AGPL-3.0, which the allowed licences (Apache-2.0, MIT) do not include; free "
            "is MIT");
  EXPECT_EQ(resolved.error().hint, "modelhub search --task classify --license MIT");
  EXPECT_EQ(resolve(catalog, "strict", licensed(to_pull(), "Apache-2.0")).error().message,
            "strict is AGPL-3.0, which the allowed licences (Apache-2.0) do not include");
  EXPECT_EQ(chosen(catalog, "strict", licensed(to_run(), "agpl-3.0")), "strict@1:onnx-fp32");
}

TEST(ResolveTest, VariantsOfOtherLicencesArePassedOver) {
  Json strict = variant_json("strict");
  strict["license"] = "AGPL-3.0";
  const Catalog catalog =
      catalog_of({model_json("m", {version_json("1", {strict, variant_json("i8", "int8")})})});
  EXPECT_EQ(chosen(catalog, "m", to_run()), "m@1:strict");
  EXPECT_EQ(chosen(catalog, "m", licensed(to_run(), "MIT")), "m@1:i8");
  const Resolved resolved = resolve(catalog, "m", licensed(to_run(), "MIT")).value();
  EXPECT_EQ(resolved.license(), "MIT");
  EXPECT_EQ(resolved.candidates.back().reason,
            "its licence AGPL-3.0 is not among the allowed ones");
  EXPECT_EQ(resolve(catalog, "m:strict", licensed(to_run(), "MIT")).error().code,
            ErrorCode::invalid_argument);
}

TEST(ResolveTest, TheEntrysOwnAlternativeComesBeforeTheSmallest) {
  Json first = model_json("first");
  first["alternatives"] = {"gone", "large"};
  Json large = model_json("large");
  large["versions"][0]["variants"][0]["files"][0]["bytes"] = 1000;
  const Catalog catalog = catalog_of({first, large, model_json("small")});
  EXPECT_EQ(catalog.find_alternative(*catalog.find("first").value(), to_run())->name, "large");
  EXPECT_EQ(catalog.find_alternative(*catalog.find("large").value(), to_run())->name, "first");
  EXPECT_EQ(catalog.find_alternative(*catalog.find("first").value(), to_run({})), nullptr);
}

TEST(ResolveTest, WhatWasResolvedOutlivesTheCatalog) {
  Result<Resolved> resolved = Error();
  {
    const Catalog catalog = catalog_of({model_json()});
    resolved = resolve(catalog, "m", to_run());
  }
  EXPECT_EQ(resolved->to_string(), "m@1:onnx-fp32");
  EXPECT_EQ(resolved->variant->files[0].path.string(), "onnx-fp32.onnx");
  EXPECT_EQ(resolved->candidates[0].variant->id, "onnx-fp32");
}

TEST(FindTest, SpellingsAndAliasesLeadToTheModel) {
  Json model = model_json("mobilenet_v2");
  model["aliases"] = {"mobile-net"};
  const Catalog catalog = catalog_of({model});
  for (const char* name :
       {"mobilenet_v2", "MobileNet-v2", "mobilenetv2", "mobilenet.v2", "MobileNet", "mobile_net"}) {
    EXPECT_TRUE(catalog.find(name)) << name;
  }
}

TEST(SearchTest, FindsByWordsTaskAndLicence) {
  Json detector = model_json("yolox_s");
  detector["task"] = "detect";
  detector["title"] = "YOLOX small";
  detector["license"] = "Apache-2.0";
  const Catalog catalog = catalog_of({detector, model_json("resnet50")});
  const auto names = [&](const std::string& text, const std::string& task,
                         const std::string& license) {
    SearchOptions options;
    options.text = text;
    options.task = task;
    options.license = license;
    std::string found;
    for (const auto& entry : catalog.search(options)) found += entry->name + " ";
    return found;
  };
  EXPECT_EQ(names("", "", ""), "resnet50 yolox_s ");
  EXPECT_EQ(names("SMALL yolox", "", ""), "yolox_s ");
  EXPECT_EQ(names("small resnet", "", ""), "");
  EXPECT_EQ(names("res-net", "", ""), "resnet50 ");
  EXPECT_EQ(names("", "detect", "apache-2.0"), "yolox_s ");
  EXPECT_EQ(names("", "detect", "MIT"), "");
  EXPECT_EQ(names("", "classify", ""), "resnet50 ");
}

}  // namespace
}  // namespace modelhub::catalog
