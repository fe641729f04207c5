// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// The main job with real weights, against the answers of the reference implementations.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <gmock/gmock.h>

#include "cli_fixture.h"

namespace modelhub::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RealModelsTest : public CliTest {
 protected:
  // A file of the mirror under a name of its own.
  std::string own(const std::string& digest, const std::string& name) const {
    const std::string path = in_work(name);
    std::filesystem::copy_file(shared("mirror/sha256/" + digest), path);
    return path;
  }
  Json run_model(const std::string& model, const std::string& picture,
                 std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"run", model, shared("images/" + picture), "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult result = run(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return json_of(result.out);
  }
};

double corner_distance(const Json& a, const Json& b) {
  double largest = 0;
  for (std::size_t i = 0; i < 4; ++i)
    largest = std::max(largest, std::abs(a[i].get<double>() - b[i].get<double>()));
  return largest;
}

class YoloReferenceTest : public RealModelsTest,
                          public ::testing::WithParamInterface<const char*> {};

TEST_P(YoloReferenceTest, DetectionsAreThoseOfUltralytics) {
  const Json reference = json_of(read(shared("reference/yolov8n_ultralytics.json")));
  const Json expected = reference["images"][GetParam()]["detections"];
  ASSERT_FALSE(expected.empty());
  const Json document = run_model("yolov8n", GetParam());
  const Json found = document["results"][0]["detections"];

  // Each reference detection has a partner of its own: same label, corners within 3 px, score
  // within 0.02.
  std::vector<bool> taken(found.size(), false);
  for (const Json& wanted : expected) {
    bool is_found = false;
    for (std::size_t i = 0; i < found.size() && !is_found; ++i) {
      is_found = !taken[i] && found[i]["label"] == wanted["label"] &&
                 corner_distance(found[i]["box"], wanted["box"]) <= 3 &&
                 std::abs(found[i]["score"].get<double>() - wanted["score"].get<double>()) <= 0.02;
      if (is_found) taken[i] = true;
    }
    EXPECT_TRUE(is_found || wanted["score"].get<double>() < 0.3) << wanted;
  }
  // None extra; below 0.3 a detection may be on either side of the threshold.
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_TRUE(taken[i] || found[i]["score"].get<double>() < 0.3)
        << "not in the reference: " << found[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Pictures, YoloReferenceTest,
                         ::testing::Values("bus.jpg", "coco_demo.jpg", "dog.jpg"));

TEST_F(RealModelsTest, RunJsonHasTheDocumentedShape) {
  const Json document = run_model("yolov8n", "bus.jpg");
  for (const char* field : {"schema_version", "model", "version", "variant", "engine", "device",
                            "load_ms", "results"}) {
    EXPECT_TRUE(document.contains(field)) << field;
  }
  EXPECT_EQ(document["device"], "cpu:0");
  EXPECT_THAT(document["engine"].get<std::string>(), HasSubstr("onnxruntime "));
  const Json result = document["results"][0];
  for (const char* field :
       {"input", "width", "height", "decode_ms", "pre_ms", "infer_ms", "post_ms", "detections"}) {
    EXPECT_TRUE(result.contains(field)) << field;
  }
  EXPECT_EQ(result["width"], 810);
  EXPECT_EQ(result["height"], 1080);
}

TEST_F(RealModelsTest, OptionsOfACallNarrowTheAnswer) {
  const auto detections = [&](std::vector<std::string> more) {
    return run_model("yolov8n", "bus.jpg", std::move(more))["results"][0]["detections"];
  };
  const Json people = detections({"--classes", "person", "--conf", "0.6"});
  EXPECT_EQ(people.size(), 3U);
  for (const Json& detection : people) EXPECT_EQ(detection["label"], "person");
  EXPECT_EQ(detections({"--max-det", "1"}).size(), 1U);
  EXPECT_EQ(detections({"--classes", "5"})[0]["label"], "bus");
  const ProcessResult unknown =
      run({"run", "yolov8n", shared("images/bus.jpg"), "--classes", "persn"});
  EXPECT_EQ(unknown.exit_code, 2) << unknown.err;
  EXPECT_THAT(unknown.err, HasSubstr("person"));
}

TEST_F(RealModelsTest, NothingFoundSaysHowNearItWas) {
  const ProcessResult result = run({"run", "yolov8n", shared("images/bus.jpg"), "--conf", "0.99"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("try --conf 0."));
}

TEST_F(RealModelsTest, ClassifierKnowsTheCatAndTheDog) {
  EXPECT_EQ(run_model("mobilenet_v2", "cat.jpg")["results"][0]["classes"][0]["class_id"], 281);
  const Json dog = run_model("mobilenet_v2", "dog.jpg");
  EXPECT_EQ(dog["results"][0]["classes"][0]["class_id"], 258);
  EXPECT_THAT(dog["results"][0]["classes"][0]["label"].get<std::string>(), HasSubstr("Samoyed"));
}

TEST_F(RealModelsTest, FaceFindersFindTheFaces) {
  EXPECT_GE(run_model("yunet", "bald_guys.jpg")["results"][0]["faces"].size(), 18U);
  const std::size_t faces = run_model("ultraface", "bald_guys.jpg")["results"][0]["faces"].size();
  EXPECT_GE(faces, 23U);
  EXPECT_LE(faces, 25U);
}

TEST_F(RealModelsTest, OutWritesAnAnnotatedPictureOfTheSameSize) {
  const ProcessResult result =
      run({"run", "yolov8n", shared("images/bus.jpg"), "--out", "annotated.png"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::string png = read(in_work("annotated.png"));
  ASSERT_GT(png.size(), 100'000U);
  EXPECT_EQ(png.substr(1, 3), "PNG");
  // The header's width and height, big-endian at byte 16.
  EXPECT_EQ(static_cast<unsigned char>(png[18]) * 256 + static_cast<unsigned char>(png[19]), 810);
  EXPECT_EQ(static_cast<unsigned char>(png[22]) * 256 + static_cast<unsigned char>(png[23]), 1080);
}

TEST_F(RealModelsTest, SeveralPicturesGoOnAfterOneThatFails) {
  const ProcessResult result = run({"run", "yolov8n", shared("images/bus.jpg"), "absent.jpg",
                                    shared("images/dog.jpg"), "--json"});
  EXPECT_EQ(result.exit_code, 1);
  const Json results = json_of(result.out)["results"];
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[1]["error"]["code"], "not_found");
  EXPECT_FALSE(results[2]["detections"].empty());
}

TEST_F(RealModelsTest, ExplainSaysWhyThisVariantAndDevice) {
  const ProcessResult result =
      run({"run", "yolov8n", shared("images/bus.jpg"), "--explain", "--no-picture"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("cpu:0"));
  EXPECT_THAT(result.err, HasSubstr("onnxruntime"));
}

TEST_F(RealModelsTest, ADeviceThatIsNotThereEndsWith7AndAReason) {
  const ProcessResult result =
      run({"run", "yolov8n", shared("images/bus.jpg"), "--device", "cuda:7"});
  EXPECT_EQ(result.exit_code, 7) << result.err;
  EXPECT_THAT(result.err, HasSubstr("cuda:7"));
}

TEST_F(RealModelsTest, AskingForAGpuFallsBackWithAWarningThatSaysWhy) {
  const ProcessResult result =
      run({"run", "yolov8n", shared("images/bus.jpg"), "--device", "gpu", "--no-picture"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("warning: "));
  EXPECT_EQ(
      run({"run", "yolov8n", shared("images/bus.jpg"), "--device", "gpu", "--fallback", "never"})
          .exit_code,
      7);
}

TEST_F(RealModelsTest, StrictIsNotToFallBack) {
  const ProcessResult strict =
      run({"run", "yolov8n", shared("images/bus.jpg"), "--device", "gpu", "--strict"});
  EXPECT_EQ(strict.exit_code, 7) << strict.err;
  EXPECT_THAT(strict.err, HasSubstr("the device 'gpu' cannot be used: "));
  EXPECT_EQ(run({"run", "yolov8n", shared("images/bus.jpg"), "--strict", "--no-picture"}).exit_code,
            0)
      << "auto, and nothing better is here";
  EXPECT_EQ(
      run({"run", "yolov8n", shared("images/bus.jpg"), "--strict", "--fallback", "any"}).exit_code,
      2);
}

// A driver alone is no GPU that an engine can use.
TEST_F(RealModelsTest, AGpuThatTheEngineCannotUseIsToldWithTheReason) {
  options_.environment["LD_LIBRARY_PATH"] = std::string(MODELHUB_FAKE_DRIVERS) + "/nvml";
  const ProcessResult named =
      run({"run", "yolov8n", shared("images/bus.jpg"), "--device", "cuda:0"});
  EXPECT_EQ(named.exit_code, 7) << named.err;
  EXPECT_THAT(named.err, HasSubstr("cuda:0 found, but onnxruntime"));
  const ProcessResult lost =
      run({"run", "yolov8n", shared("images/bus.jpg"), "--device", "cuda:1"});
  EXPECT_EQ(lost.exit_code, 7) << lost.err;
  EXPECT_THAT(lost.err, HasSubstr("GPU is lost"));
  const ProcessResult any =
      run({"run", "yolov8n", shared("images/bus.jpg"), "--no-picture", "--explain"});
  EXPECT_EQ(any.exit_code, 0) << any.err;
  EXPECT_THAT(any.err, HasSubstr("warning: running on cpu:0: cuda:0 found, but onnxruntime"));
}

TEST_F(RealModelsTest, APickleIsPulledButNeverLoaded) {
  const ProcessResult result = run({"run", "yolov8n@8.4.0:pt", shared("images/bus.jpg")});
  EXPECT_EQ(result.exit_code, 7) << result.err;
  EXPECT_THAT(result.err, HasSubstr("export"));
}

// The width is at 16 of a PNG file, the height at 20; the most significant byte comes first.
unsigned png_side(const std::string& png, std::size_t at) {
  unsigned side = 0;
  for (std::size_t i = at; i < at + 4; ++i)
    side = side << 8 | static_cast<unsigned char>(png.at(i));
  return side;
}

TEST_F(RealModelsTest, AFolderStandsForItsPicturesInOrder) {
  namespace fs = std::filesystem;
  const std::string folder = in_work("pictures");
  fs::create_directories(folder + "/below");
  for (int i = 0; i < 9; ++i) {
    const std::string name = folder + "/" + std::to_string(i) + (i % 2 == 0 ? ".jpg" : ".JPEG");
    fs::copy_file(shared(i == 4 ? "images/phototest.gold.txt" : "images/cat.jpg"), name);
  }
  fs::copy_file(shared("images/cat.jpg"), folder + "/below/not_looked_into.jpg");
  write("pictures/notes.txt", "no picture");
  const ProcessResult result = run({"run", "mobilenet_v2", folder, "--json"});
  EXPECT_EQ(result.exit_code, 1);  // of the text that is named as a picture
  const Json results = json_of(result.out)["results"];
  ASSERT_EQ(results.size(), 9U);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_EQ(results[i]["input"].get<std::string>().rfind(folder + "/" + std::to_string(i), 0),
              0U);
    EXPECT_EQ(results[i].contains("error"), i == 4) << results[i];
    if (i == 4) continue;
    EXPECT_EQ(results[i]["classes"][0]["class_id"], 281);
  }
}

TEST_F(RealModelsTest, AFolderWithoutPicturesIsNamed) {
  std::filesystem::create_directories(in_work("empty"));
  const ProcessResult result = run({"run", "yolov8n", in_work("empty")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr(in_work("empty") + " holds no picture"));
  EXPECT_THAT(result.err, Not(HasSubstr("pulling")));
}

TEST_F(RealModelsTest, WhatWasFoundIsCutOut) {
  const std::string bus = shared("images/bus.jpg");
  // Twice the same name: neither overwrites the other's files.
  const ProcessResult result = run(
      {"run", "yolov8n", bus, bus, "--json", "--save-crops", in_work("crops"), "--classes", "bus"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json results = json_of(result.out)["results"];
  ASSERT_EQ(results.size(), 2U);
  EXPECT_NE(results[0]["crops"], results[1]["crops"]);
  for (const Json& one : results) {
    ASSERT_EQ(one["crops"].size(), 1U);
    const std::string png = read(one["crops"][0].get<std::string>());
    const Json box = one["detections"][0]["box"];
    EXPECT_EQ(png_side(png, 16),
              std::ceil(box[2].get<double>()) - std::floor(box[0].get<double>()));
    EXPECT_EQ(png_side(png, 20),
              std::ceil(box[3].get<double>()) - std::floor(box[1].get<double>()));
  }
}

TEST_F(RealModelsTest, SelfTestFindsTheGoldenAnswers) {
  const ProcessResult text = run({"selftest", "yolov8n", "mobilenet_v2", "ultraface"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("ANSWER"));
  const Json document = json_of(run({"selftest", "--json", "--offline"}).out);
  std::set<std::string> right;
  for (const Json& result : document["results"]) {
    if (result["verdict"] == "right") right.insert(result["model"].get<std::string>());
    EXPECT_NE(result["verdict"], "wrong") << result;
    EXPECT_NE(result["verdict"], "failed") << result;
  }
  EXPECT_EQ(right.size(), 3U) << document;
}

// How fast which engine is differs between machines: what is chosen is right, and followed.
TEST_F(RealModelsTest, TuningChoosesARightWayThatRunsFollow) {
  const Json report = json_of(run({"tune", "ultraface", "--json"}).out)["tuning"];
  ASSERT_TRUE(report["chosen"].is_number()) << report;
  EXPECT_TRUE(report["kept"]);
  EXPECT_GE(report["rounds"].get<int>(), 5);
  const Json chosen = report["candidates"][report["chosen"].get<std::size_t>()];
  EXPECT_EQ(chosen["verdict"], "chosen");
  EXPECT_GT(chosen["run_ms"].get<double>(), 0);
  EXPECT_EQ(report["candidates"][0]["default"], true);
  for (const Json& candidate : report["candidates"]) {
    EXPECT_NE(candidate["verdict"], "wrong");
    // Nobody asked for the others, nor for fewer bits.
    if (candidate["variant"] != "rfb-320") {
      EXPECT_EQ(candidate["verdict"], "skipped") << candidate;
    }
  }
  EXPECT_EQ(report["chosen_model"], "ultraface@1:rfb-320");

  const std::string picture = shared("images/bus.jpg");
  const Json plan = json_of(run({"run", "ultraface", picture, "--json", "--explain"}).out)["plan"];
  EXPECT_THAT(plan["tuned"].get<std::string>(), HasSubstr(chosen["engine"].get<std::string>()));
  EXPECT_EQ(plan["engine"], chosen["engine"]);
  const ProcessResult text = run({"run", "ultraface", picture, "--explain", "--no-picture"});
  EXPECT_THAT(text.err, HasSubstr("tuned on 20"));
  const Json own = json_of(
      run({"run", "ultraface", picture, "--json", "--explain", "--engine", "onnxruntime"}).out);
  EXPECT_FALSE(own["plan"].contains("tuned"));
}

TEST_F(RealModelsTest, TuningShowsATable) {
  const ProcessResult result = run({"tune", "ultraface"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("VERDICT"));
  EXPECT_THAT(result.out, HasSubstr("the default"));
  EXPECT_THAT(result.err, HasSubstr(" runs with "));
}

TEST_F(RealModelsTest, TuningWithAPrecisionThatIsNoneIsAUsageError) {
  EXPECT_EQ(run({"tune", "ultraface", "--precision", "half"}).exit_code, 2);
  EXPECT_EQ(run({"tune", "ultraface", "--variants", "some"}).exit_code, 2);
  EXPECT_EQ(run({"tune", "ultraface", "--picture", "/no/picture.png"}).exit_code, 1);
}

TEST_F(RealModelsTest, SelfTestOfNothingSaysHowToBegin) {
  const ProcessResult result = run({"selftest"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("modelhub selftest NAME"));
}

TEST_F(RealModelsTest, TheOptimisedGraphIsKeptInTheHomeAndMadeAnewWhenItIsDamaged) {
  const auto answers = [&] {
    return run_model("mobilenet_v2", "cat.jpg")["results"][0]["classes"];
  };
  const Json first = answers();
  const std::vector<std::string> kept = files_below(home_ + "/derived");
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_THAT(kept[0], HasSubstr("/derived/onnxruntime-"));
  const auto size = std::filesystem::file_size(kept[0]);
  EXPECT_EQ(answers(), first);
  EXPECT_EQ(files_below(home_ + "/derived"), kept);

  std::filesystem::resize_file(kept[0], size / 2);
  EXPECT_EQ(answers(), first);
  EXPECT_GT(std::filesystem::file_size(kept[0]), size / 2);
  ASSERT_EQ(run({"prune"}).exit_code, 0);
  EXPECT_TRUE(files_below(home_ + "/derived").empty());
  EXPECT_EQ(answers(), first);
}

TEST_F(RealModelsTest, WithoutRoomForTheOptimisedGraphTheModelRunsAllTheSame) {
  const Json first = run_model("mobilenet_v2", "cat.jpg")["results"][0]["classes"];
  ASSERT_EQ(run({"prune"}).exit_code, 0);
  ASSERT_EQ(run({"cache", "budget", "4MB"}).exit_code, 0);
  EXPECT_EQ(run_model("mobilenet_v2", "cat.jpg")["results"][0]["classes"], first);
  EXPECT_TRUE(files_below(home_ + "/derived").empty());
}

TEST_F(RealModelsTest, AnEngineThatIsNotHereIsNamed) {
  const ProcessResult result =
      run({"run", "yolov8n", shared("images/bus.jpg"), "--engine", "onnxruntim"});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("did you mean 'onnxruntime'?"));
}

// ---- models of the user ----

class OwnModelsTest : public RealModelsTest {
 protected:
  std::string own_yolo() const {
    return own("79e76a60125f08fcf99a5201aeab871a61565a380e3ae4a4fed6b4e3de15efd6", "mine.onnx");
  }
};

TEST_F(OwnModelsTest, ARegisteredYoloGivesTheBoxesOfTheBuiltInOne) {
  ASSERT_EQ(run({"register", own_yolo()}).exit_code, 0);
  const Json built_in = run_model("yolov8n", "bus.jpg")["results"][0]["detections"];
  ASSERT_GE(built_in.size(), 4U);
  EXPECT_EQ(run_model("mine", "bus.jpg")["results"][0]["detections"], built_in);
  EXPECT_EQ(run_model("./mine.onnx", "bus.jpg")["results"][0]["detections"], built_in);
  EXPECT_EQ(run_model("mine.onnx", "bus.jpg")["results"][0]["detections"], built_in);
}

TEST_F(OwnModelsTest, AFileIsRunWithoutAHome) {
  const ProcessResult result = run({"run", own_yolo(), shared("images/bus.jpg"), "--no-picture"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("bus"));
  EXPECT_THAT(result.err, HasSubstr("mine.onnx, used where it lies:"));
  EXPECT_THAT(result.err, HasSubstr("it declares the task 'detect'"));
  EXPECT_THAT(result.err, HasSubstr("80 labels: person, bicycle, car, ..."));
  EXPECT_FALSE(std::filesystem::exists(home_));
}

TEST_F(OwnModelsTest, LabelsCanBeToldForOneRun) {
  std::string labels;
  for (int i = 0; i < 80; ++i) labels += "thing " + std::to_string(i) + "\n";
  const Json found = run_model(own_yolo(), "bus.jpg",
                               {"--labels", write("labels.txt", labels), "--classes",
                                "thing 5"})["results"][0]["detections"];
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["label"], "thing 5");
}

TEST_F(OwnModelsTest, AClassifierThatSaysNothingIsToldItsRecipe) {
  const std::string file =
      own("cc028fe6cae7bc11a4ff53cfc9b79c920e8be65ce33a904ec3e2a8f66d77f95f", "m.onnx");
  EXPECT_EQ(run({"run", file, shared("images/cat.jpg")}).exit_code, 2);
  const std::vector<std::string> told = {"--recipe", "classify-torchvision", "--labels",
                                         "imagenet1k"};
  EXPECT_EQ(run_model(file, "cat.jpg", told)["results"][0]["classes"],
            run_model("mobilenet_v2", "cat.jpg")["results"][0]["classes"]);
}

TEST_F(OwnModelsTest, FaceFindersAreKindsToo) {
  const std::string yunet =
      own("8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4", "y.onnx");
  EXPECT_EQ(run_model(yunet, "bald_guys.jpg", {"--recipe", "yunet"})["results"][0]["faces"],
            run_model("yunet", "bald_guys.jpg")["results"][0]["faces"]);
  const std::string rfb =
      own("34cd7e60aeff28744c657de7a3dc64e872d506741de66987f3426f2b79f88017", "rfb.onnx");
  ASSERT_EQ(run({"register", rfb, "--recipe", "ultraface", "--license", "MIT"}).exit_code, 0);
  EXPECT_EQ(run_model("rfb", "bald_guys.jpg")["results"][0]["faces"],
            run_model("ultraface", "bald_guys.jpg")["results"][0]["faces"]);
}

TEST_F(OwnModelsTest, AWrongRecipeIsToldBeforeAnythingRuns) {
  const std::string yunet =
      own("8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4", "y.onnx");
  const ProcessResult result = run({"run", yunet, shared("images/bus.jpg"), "--recipe", "yolov8"});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, HasSubstr("gives 12 outputs"));
  const std::string text =
      own("30a86f5731181461d08021402766601e4302a9b9b9666be8aff402696339cdff", "det.onnx");
  EXPECT_EQ(run({"run", text, shared("images/bus.jpg")}).exit_code, 2);
}

// Without the library of OpenVINO, which a machine need not have, there is nothing to see here.
class OpenVinoModelsTest : public RealModelsTest {
 protected:
  void SetUp() override {
    const Json report = json_of(run({"devices", "--json"}).out);
    bool is_there = false;
    for (const Json& engine : report["engines"])
      is_there |= engine["name"] == "openvino" && engine["devices"][0]["usable"] == true;
    if (is_there) return;
    ASSERT_EQ(std::string(MODELHUB_OPENVINO_LIBRARY_DIR), "") << report["engines"];
    GTEST_SKIP() << "no OpenVINO on this machine";
  }

  // From now on these documents say that OpenVINO alone runs their models.
  void use_openvino_for(const std::vector<std::string>& documents) {
    std::string layers;
    for (const std::string& document : documents) {
      Json changed = json_of(read(source(document)));
      for (Json& model : changed["models"]) {
        for (Json& version : model["versions"]) {
          for (Json& variant : version["variants"]) {
            if (!variant["engines"].empty()) variant["engines"] = Json::array({"openvino"});
          }
        }
      }
      const std::string name = std::to_string(layers.size()) + ".json";
      layers += (layers.empty() ? "" : ":") + write(name, changed.dump());
    }
    options_.environment["MODELHUB_CATALOG"] = layers;
  }
};

TEST_F(OpenVinoModelsTest, PersonDetectionFindsTheTwoPersonsOfTheContract) {
  const Json document = run_model("person_detection_0200", "bus.jpg");
  EXPECT_THAT(document["engine"].get<std::string>(), HasSubstr("openvino 20"));
  const Json found = document["results"][0]["detections"];
  ASSERT_EQ(found.size(), 2U);
  const std::pair<Json, double> expected[] = {{Json::array({45, 393, 237, 907}), 0.997},
                                              {Json::array({220, 408, 339, 855}), 0.967}};
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(found[i]["label"], "person");
    EXPECT_LE(corner_distance(found[i]["box"], expected[i].first), 1.5) << found[i];
    EXPECT_NEAR(found[i]["score"].get<double>(), expected[i].second, 0.002);
  }
}
// The same answers, one by one: corners within a pixel, scores within 0.005.
void expect_same_answers(const Json& expected, const Json& found) {
  ASSERT_FALSE(expected.empty());
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_LE(corner_distance(expected[i]["box"], found[i]["box"]), 1) << found[i];
    EXPECT_NEAR(expected[i]["score"].get<double>(), found[i]["score"].get<double>(), 0.005);
  }
}

TEST_F(OpenVinoModelsTest, AnswersAreThoseOfOnnxRuntime) {
  struct Row {
    const char* model;
    const char* picture;
    const char* answers;
  };
  const Row rows[] = {{"yolov8n", "bus.jpg", "detections"},
                      {"ultraface", "bald_guys.jpg", "faces"},
                      {"yunet@2023mar", "bald_guys.jpg", "faces"}};
  std::vector<Json> expected;
  for (const Row& row : rows) {
    const Json document = run_model(row.model, row.picture);
    EXPECT_THAT(document["engine"].get<std::string>(), HasSubstr("onnxruntime "));
    expected.push_back(document["results"][0][row.answers]);
  }
  use_openvino_for({"tests/catalog/offline.json", "catalog/ultraface.json", "catalog/yunet.json"});
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    for (const char* precision : {"exact", "golden"}) {
      const Json document = run_model(rows[i].model, rows[i].picture, {"--precision", precision});
      EXPECT_THAT(document["engine"].get<std::string>(), HasSubstr("openvino "));
      SCOPED_TRACE(std::string(rows[i].model) + " " + precision);
      if (std::string(precision) == "exact")
        expect_same_answers(expected[i], document["results"][0][rows[i].answers]);
    }
  }
}

TEST_F(OpenVinoModelsTest, WhatWasCompiledIsKeptInTheHomeAndMadeAnewWhenItIsDamaged) {
  const auto answers = [&] {
    return run_model("person_detection_0200", "bus.jpg")["results"][0]["detections"];
  };
  const Json first = answers();
  const std::vector<std::string> kept = files_below(home_ + "/derived");
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_THAT(kept[0], HasSubstr("/derived/openvino-"));
  const std::string content = read(kept[0]);
  EXPECT_EQ(answers(), first);
  EXPECT_EQ(files_below(home_ + "/derived"), kept);
  const Json report = json_of(run({"cache", "--json"}).out);
  EXPECT_GE(report["cache"]["derived"].get<std::size_t>(), content.size());

  std::ofstream(kept[0], std::ios::binary) << content.substr(0, content.size() / 2);
  EXPECT_EQ(answers(), first);
  EXPECT_EQ(read(kept[0]).size(), content.size());
  ASSERT_EQ(run({"prune"}).exit_code, 0);
  EXPECT_TRUE(files_below(home_ + "/derived").empty());
  EXPECT_EQ(answers(), first);
}

TEST_F(OpenVinoModelsTest, AnIrOfTheUsersGivesTheAnswersOfTheBuiltInOne) {
  const std::string graph =
      own("6a393e1a58607cf65ff58b437b0aeb0bf6c46a18926e1c5718374c804c419faa", "people.xml");
  own("cebd5b36edce228fd7a519b372d824f220466c4c7a0d75bfe22fbb6c5aca4fcd", "people.bin");
  const Json built_in = run_model("person_detection_0200", "bus.jpg")["results"][0]["detections"];
  ASSERT_EQ(built_in.size(), 2U);
  const std::string labels = write("labels.txt", "person\n");
  const std::vector<std::string> told = {"--recipe", "person_detection_0200", "--labels", labels};
  EXPECT_EQ(run_model(graph, "bus.jpg", told)["results"][0]["detections"], built_in);
  ASSERT_EQ(
      run({"register", graph, "--recipe", "person_detection_0200", "--labels", labels}).exit_code,
      0);
  EXPECT_EQ(run_model("people", "bus.jpg")["results"][0]["detections"], built_in);
}

TEST_F(OpenVinoModelsTest, DoctorShowsIt) {
  EXPECT_THAT(run({"doctor"}).out, HasSubstr("openvino 20"));
}

// An archive of Intel's keeps TBB where only its own script lets the system find it. This one holds
// a library that needs such a TBB, and says that it is an old OpenVINO.
TEST_F(RealModelsTest, TheTbbOfAnOpenVinoArchiveIsOpenedFirst) {
  options_.environment["OPENVINO_ROOT"] = MODELHUB_FAKE_OPENVINO "/archive";
  const std::string text = run({"doctor"}).out;
  EXPECT_THAT(text, HasSubstr("OpenVINO 2022.3.0 ("));
  EXPECT_THAT(text, HasSubstr("is too old"));
}

TEST_F(OpenVinoModelsTest, AQuantisedModelThatItCannotReadIsRefusedWithTheReason) {
  use_openvino_for({"tests/catalog/offline.json", "catalog/mobilenet_v2.json"});
  const ProcessResult result = run({"run", "mobilenet_v2@12:onnx-int8", shared("images/cat.jpg")});
  EXPECT_EQ(result.exit_code, 7) << result.out;
  EXPECT_THAT(result.err, HasSubstr("com.microsoft.QLinearGlobalAveragePool"));
}

TEST_F(RealModelsTest, APrecisionThatIsNoneIsAUsageError) {
  const ProcessResult result =
      run({"run", "yolov8n", shared("images/bus.jpg"), "--precision", "silver"});
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_THAT(result.err, HasSubstr("use exact or golden"));
}

}  // namespace
}  // namespace modelhub::test
