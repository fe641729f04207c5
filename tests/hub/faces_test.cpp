// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Models of faces that are made of two: a detector, and a network that describes one aligned face.
// Both are scripted, so that every thread can be watched. Real weights: tests/cli/faces_test.cpp.
#include <algorithm>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "modelhub/hub.h"
#include "support/http_server.h"
#include "support/scratch.h"

namespace modelhub {
namespace {

using test::HttpServer;
using ::testing::HasSubstr;

// Two faces in a picture of 16 x 16, each a quarter of it: at the top left and, less sure, at the
// bottom right. The landmarks are those of the template, so that a quarter becomes the aligned
// face.
const std::string k_finder =
    "scripted 1\n"
    "input x float32 1 3 16 16\n"
    "output cls_8 float32 1 4 1 = constant 1 0 0 0.9\n"
    "output obj_8 float32 1 4 1 = constant 1 0 0 1\n"
    "output bbox_8 float32 1 4 4 = constant 0.5 0.5 0 0\n"
    "output kps_8 float32 1 4 10 = constant 0.34192 0.46158 0.65653 0.45983 0.50022 0.64051 "
    "0.37098 0.82469 0.63152 0.82325\n";
// One number for a face: the mean of its levels.
const std::string k_describer =
    "scripted 1\n"
    "input face float32 1 3 112 112\n"
    "output e float32 1 1 = sum face\n";

const std::string k_finder_recipe =
    R"("inputs": [ { "size": [16, 16] } ],
       "outputs": [ { "name": "cls_8", "role": "cls_8" }, { "name": "obj_8", "role": "obj_8" },
                    { "name": "bbox_8", "role": "bbox_8" }, { "name": "kps_8", "role": "kps_8" } ],
       "decode": { "kind": "yunet", "strides": [8] }, "post": { "conf": 0.5 })";
const std::string k_describer_recipe =
    R"("inputs": [ { "from": "aligned_face", "size": [112, 112], "resize": "none",
                     "scale": 0.000026573129251700683 } ],
       "outputs": [ { "role": "embedding" } ],
       "decode": { "kind": "embedding", "length": 1, "align": "five_points_112" },
       "post": { "metric": "euclidean", "threshold": 20 })";

struct ScriptedModel {
  std::string name;
  std::string task;
  std::string content;
  std::string recipe;
  std::string stages;  // JSON, or empty
};

std::string entry_of(const ScriptedModel& model) {
  return R"({ "name": ")" + model.name + R"(", "task": ")" + model.task +
         R"(", "title": "T", "license": "MIT", "default_version": "1", "versions": [ { "version": "1",
        "variants": [ { "id": "plain", "format": "scripted", "precision": "float32",
        "engines": ["scripted"], "files": [ { "path": ")" +
         model.name + R"(.txt", "role": "graph", "bytes": )" +
         std::to_string(model.content.size()) + R"(, "sha256": ")" +
         base::sha256_of(model.content).hex() + R"(", "urls": [] } ], "recipe": { )" +
         model.recipe + " }" + (model.stages.empty() ? "" : ", \"stages\": " + model.stages) +
         " } ] } ] }";
}

class FaceModelsTest : public ::testing::Test {
 protected:
  FaceModelsTest() {
    options_.home = scratch_.path("home");
    options_.system_catalog.clear();
    options_.mirrors = {server_.url("")};
    options_.engine_path = {MODELHUB_SCRIPTED_ENGINE_DIR};
    record_ = scratch_.path("record");
  }

  static ScriptedModel finder() { return {"finder", "find_faces", k_finder, k_finder_recipe, ""}; }
  static ScriptedModel describer(const std::string& detector = "finder@1") {
    return {"describer", "recognize_faces", k_describer, k_describer_recipe,
            R"([ { "role": "detector", "ref": ")" + detector + R"(" } ])"};
  }

  Hub open(const std::vector<ScriptedModel>& models = {finder(), describer()}) {
    std::string entries;
    for (const ScriptedModel& model : models) {
      server_.on("/sha256/" + base::sha256_of(model.content).hex(),
                 test::file_reply(model.content));
      entries += (entries.empty() ? "" : ", ") + entry_of(model);
    }
    options_.catalogs = {
        scratch_.write("layer.json", R"({ "schema": 1, "models": [ )" + entries + " ] }")};
    return Hub::open(options_).value();
  }

  // The left half is of one level, the right one of another.
  static Image halves(std::uint8_t left, std::uint8_t right) {
    Image image = Image::create(16, 16, PixelFormat::rgb8).value();
    for (int y = 0; y < 16; ++y) {
      std::fill_n(image.row(y), 3 * 8, left);
      std::fill_n(image.row(y) + 3 * 8, 3 * 8, right);
    }
    return image;
  }

  Error error_of(const Hub& hub, const std::string& reference = "describer") {
    const Result<FaceRecognizer> recognizer = hub.face_recognizer(reference).get();
    EXPECT_FALSE(recognizer);
    return recognizer ? Error(ErrorCode::internal, Subject::other, "it was loaded")
                      : recognizer.error();
  }

  test::ScratchFolder scratch_;
  HttpServer server_;
  HubOptions options_;
  std::string record_;
};

TEST_F(FaceModelsTest, EachFaceIsTurnedUprightAndDescribed) {
  Hub hub = open();
  const Result<FaceRecognizer> recognizer = hub.face_recognizer("describer").get();
  ASSERT_TRUE(recognizer) << recognizer.error().to_string();
  const Result<Faces> faces = recognizer->recognize(halves(100, 200));
  ASSERT_TRUE(faces) << faces.error().to_string();
  ASSERT_EQ(faces->size(), 2U);
  EXPECT_FLOAT_EQ((*faces)[0].score, 1);
  EXPECT_NEAR((*faces)[0].box.x2, 8, 1e-3);
  EXPECT_EQ((*faces)[0].landmarks.size(), 5U);
  // Between the halves, and behind the last row and column, lie pixels of other levels.
  ASSERT_EQ((*faces)[0].embedding.size(), 1U);
  EXPECT_NEAR((*faces)[0].embedding[0], 100, 12);
  EXPECT_NEAR((*faces)[1].embedding[0], 178, 5);
  EXPECT_GT(faces->times.infer.count(), 0);
  EXPECT_GT(faces->times.pre.count(), 0);
}

TEST_F(FaceModelsTest, FacesAreComparedByTheRecipesMeasure) {
  Hub hub = open();
  const FaceRecognizer recognizer = hub.face_recognizer("describer").get().value();
  const Faces faces = recognizer.recognize(halves(100, 200)).value();
  const Faces later = recognizer.recognize(halves(105, 160)).value();
  const FaceMeasure measure = recognizer.measure().value();
  EXPECT_EQ(measure.metric(), FaceMetric::euclidean);
  EXPECT_FLOAT_EQ(measure.threshold(), 20);
  EXPECT_TRUE(measure.is_same_person(recognizer.distance(faces[0], later[0]).value()));
  EXPECT_FALSE(measure.is_same_person(recognizer.distance(faces[1], later[1]).value()));
  const std::vector<KnownFace> gallery = {{"ann", faces[0].embedding}, {"bob", faces[1].embedding}};
  const FaceMatch match = recognizer.match(later[0], gallery).value();
  EXPECT_EQ(match.index, 0U);
  EXPECT_TRUE(match.is_same_person);
  EXPECT_GT(match.margin.value(), 50);
  EXPECT_EQ(recognizer.match(Face(), gallery).error().code, ErrorCode::invalid_argument);
}

TEST_F(FaceModelsTest, OptionsOfACallAreTheDetectors) {
  Hub hub = open();
  const FaceRecognizer recognizer = hub.face_recognizer("describer").get().value();
  EXPECT_EQ(recognizer.recognize(halves(1, 2), FaceOptions().max_det(1)).value().size(), 1U);
  EXPECT_EQ(recognizer.recognize(halves(1, 2), FaceOptions().conf(0.97F)).value().size(), 1U);
  const Result<Faces> wrong = recognizer.recognize(halves(1, 2), FaceOptions().conf(7));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::invalid_argument);
  const Result<Faces> empty = recognizer.recognize(ImageView());
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().subject, Subject::input);
}

TEST_F(FaceModelsTest, SeveralThreadsGetTheSameFaces) {
  Hub hub = open();
  const FaceRecognizer recognizer = hub.face_recognizer("describer").get().value();
  const std::vector<float> right = recognizer.recognize(halves(100, 200)).value()[1].embedding;
  std::atomic<int> equal = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const Result<Faces> faces = recognizer.recognize(halves(100, 200));
      if (faces && faces->size() == 2 && (*faces)[1].embedding == right) ++equal;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(equal.load(), 8);
}

TEST_F(FaceModelsTest, APullBringsTheDetectorToo) {
  Hub hub = open();
  const PullPlan plan = hub.plan_pull("describer").value();
  ASSERT_EQ(plan.stages.size(), 1U);
  EXPECT_EQ(plan.stages[0].reference, "finder@1:plain");
  EXPECT_EQ(plan.stages[0].bytes_to_fetch, ByteCount(k_finder.size()));
  EXPECT_EQ(plan.bytes_to_fetch, ByteCount(k_describer.size()));
  const Result<InstalledModel> pulled = hub.pull("describer").get();
  ASSERT_TRUE(pulled) << pulled.error().to_string();
  EXPECT_EQ(pulled->name, "describer");
  EXPECT_EQ(hub.installed().value().size(), 2U);
  server_.stop();
  EXPECT_TRUE(hub.pull("describer").get());
  EXPECT_TRUE(hub.face_recognizer("describer").get());
}

TEST_F(FaceModelsTest, OfflineEitherPartThatIsMissingIsNamed) {
  ASSERT_TRUE(open().pull("describer").get());
  options_.network = Network::offline;
  {
    Hub hub = open();
    ASSERT_TRUE(hub.remove("finder"));
    const Error error = error_of(hub);
    EXPECT_EQ(error.code, ErrorCode::offline);
    EXPECT_THAT(error.message, HasSubstr("finder@1:plain"));
    EXPECT_THAT(error.context, HasSubstr("the detector of describer@1:plain"));
    EXPECT_EQ(hub.pull("describer").get().error().code, ErrorCode::offline);
  }
}

TEST_F(FaceModelsTest, AStageThatDoesNotExistIsToldBeforeAnythingIsFetched) {
  Hub hub = open({finder(), describer("findr")});
  const Error error = error_of(hub);
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_THAT(error.to_string(), HasSubstr("finder"));
  EXPECT_EQ(hub.pull("describer").get().error().code, ErrorCode::not_found);
  EXPECT_EQ(hub.plan_pull("describer").error().code, ErrorCode::not_found);
  EXPECT_EQ(server_.request_count(), 0U);
}

TEST_F(FaceModelsTest, WithoutADetectorAmongTheStagesItCannotRun) {
  ScriptedModel alone = describer();
  alone.stages.clear();
  const Error error = error_of(open({finder(), alone}));
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_EQ(error.subject, Subject::catalog);
  EXPECT_THAT(error.message, HasSubstr("no stage finds them"));
}

TEST_F(FaceModelsTest, ADetectorMustFindFacesByItself) {
  const Error own = error_of(open({finder(), describer("describer@1")}));
  EXPECT_EQ(own.code, ErrorCode::invalid_argument);
  EXPECT_THAT(own.message, HasSubstr("cannot find any for another"));
  ScriptedModel things = finder();
  things.task = "detect";
  const Error other = error_of(open({things, describer()}));
  EXPECT_EQ(other.code, ErrorCode::invalid_argument);
  EXPECT_EQ(other.subject, Subject::catalog);
  EXPECT_THAT(other.message, HasSubstr("'detect', not 'find_faces'"));
}

TEST_F(FaceModelsTest, ADetectorWithoutLandmarksIsOfNoUse) {
  const ScriptedModel boxes = {
      "finder", "find_faces",
      "scripted 1\ninput x float32 1 3 16 16\noutput s float32 1 1 2 = constant 0 1\n"
      "output b float32 1 1 4 = constant 0 0 1 1\n",
      R"("inputs": [ { "size": [16, 16] } ],
         "outputs": [ { "name": "s", "role": "scores" }, { "name": "b", "role": "boxes" } ],
         "decode": { "kind": "ultraface" }, "post": { "conf": 0.5 })",
      ""};
  Hub hub = open({boxes, describer()});
  const FaceRecognizer recognizer = hub.face_recognizer("describer").get().value();
  const Result<Faces> faces = recognizer.recognize(halves(1, 2));
  ASSERT_FALSE(faces);
  EXPECT_EQ(faces.error().code, ErrorCode::unsupported);
  EXPECT_EQ(faces.error().subject, Subject::model);
  EXPECT_THAT(faces.error().message, HasSubstr("0 landmarks"));
}

TEST_F(FaceModelsTest, ADescriberThatFailsGivesTheEnginesSentence) {
  ScriptedModel broken = describer();
  broken.content += "run_fails out_of_memory too many freckles\n";
  Hub hub = open({finder(), broken});
  const FaceRecognizer recognizer = hub.face_recognizer("describer").get().value();
  const Result<Faces> faces = recognizer.recognize(halves(1, 2));
  ASSERT_FALSE(faces);
  EXPECT_EQ(faces.error().code, ErrorCode::out_of_memory);
  EXPECT_THAT(faces.error().message, HasSubstr("freckles"));
  EXPECT_EQ(recognizer.model().warmup().error().code, ErrorCode::out_of_memory);
}

TEST_F(FaceModelsTest, AnEmbeddingOfAnotherLengthIsToldAtTheLoad) {
  ScriptedModel longer = describer();
  longer.content = "scripted 1\ninput face float32 1 3 112 112\noutput e float32 1 2 = sum face\n";
  const Error error = error_of(open({finder(), longer}));
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_THAT(error.message, HasSubstr("e [1,2] does not fit decode 'embedding'"));
}

TEST_F(FaceModelsTest, LeaseWarmupAndUnloadAreOfBothParts) {
  ScriptedModel first = finder();
  ScriptedModel second = describer();
  first.content += "record " + record_ + "\n";
  second.content += "record " + record_ + "\n";
  Hub hub = open({first, second});
  const FaceRecognizer recognizer = hub.face_recognizer("describer").get().value();
  ASSERT_TRUE(recognizer.warmup());
  const auto count_of = [&](const std::string& event) {
    const std::string lines = "\n" + test::content_of(record_);
    std::size_t count = 0;
    for (std::size_t at = lines.find("\n" + event); at != std::string::npos;
         at = lines.find("\n" + event, at + 1)) {
      ++count;
    }
    return count;
  };
  EXPECT_EQ(count_of("load"), 2U);
  EXPECT_GE(count_of("run"), 2U);
  const Model detector = hub.ensure_ready("finder").get().value();
  {
    const ModelLease lease = recognizer.model().lease().value();
    EXPECT_EQ(detector.unload().error().code, ErrorCode::busy);
    EXPECT_EQ(recognizer.model().unload().error().code, ErrorCode::busy);
  }
  {
    // In use by somebody else: it stays, and that is no failure.
    const ModelLease lease = detector.lease().value();
    EXPECT_TRUE(recognizer.model().unload());
    EXPECT_EQ(count_of("unload"), 1U);
  }
  ASSERT_TRUE(recognizer.recognize(halves(1, 2)));
  EXPECT_TRUE(recognizer.model().unload());
  EXPECT_EQ(count_of("unload"), 3U);
}

TEST_F(FaceModelsTest, TheEngineIsToldTheRecipesDecodeParameters) {
  ScriptedModel recorded = finder();
  recorded.content += "record " + record_ + "\n";
  Hub hub = open({recorded});
  ASSERT_TRUE(hub.ensure_ready("finder").get());
  EXPECT_THAT(test::content_of(record_), HasSubstr(" strides=8 "));
}

TEST_F(FaceModelsTest, AModelWithoutAMetricCannotCompare) {
  ScriptedModel mislabelled = finder();
  mislabelled.task = "recognize_faces";
  Hub hub = open({mislabelled});
  const FaceRecognizer recognizer = hub.face_recognizer("finder").get().value();
  EXPECT_EQ(recognizer.measure().error().code, ErrorCode::unsupported);
  EXPECT_EQ(recognizer.distance(Face(), Face()).error().code, ErrorCode::unsupported);
  EXPECT_EQ(recognizer.match(Face(), {}).error().code, ErrorCode::unsupported);
  EXPECT_EQ(hub.face_finder("finder").get().error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace modelhub
