// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Models whose weights cannot be had here: graphs that stand in for them (tests/stand_ins),
// installed and run as the catalog's own models are, with the recipes of the built-in catalog. What
// other people's programs answer with the same files: tests/reference/stand_ins.py.
#include "stand_ins/stand_ins.h"

#include <cmath>
#include <filesystem>
#include <optional>
#include <utility>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "base/hasher.h"
#include "modelhub/hub.h"
#include "modelhub/image.h"
#include "support/archives.h"
#include "support/scratch.h"
#include "support/shared_folder.h"

#if defined(__SANITIZE_ADDRESS__)
// OpenCV's threads may still be ending when LeakSanitizer looks at them, which it does not survive.
extern "C" __attribute__((visibility("default"))) const char* __asan_default_options() {
  return "detect_leaks=0";
}
#endif

namespace modelhub::test {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Other processors and versions of a library round otherwise.
constexpr double k_score_tolerance = 0.002;
constexpr double k_pixel_tolerance = 1;
// What difference() begins with when there is an answer.
const std::string k_wrong_answer = "wrong answer: ";

// A change to a recipe that makes its answers wrong.
struct Mistake {
  const char* what;
  const char* where;            // a JSON pointer into the recipe
  Json value;                   // an object is merged with what is there
  const char* error = nullptr;  // what is said where it does not get as far as an answer
};

struct Model {
  const char* name;
  std::vector<Mistake> mistakes;
};

void PrintTo(const Model& model, std::ostream* out) { *out << model.name; }

std::vector<Mistake> mistakes_of_the_zoo() {
  const Json halves = {0.5, 0.5, 0.5};
  return {{"colours", "/inputs/0/color", "bgr"},
          {"mean", "/inputs/0/mean", halves},
          {"std", "/inputs/0/std", halves},
          {"scale", "/inputs/0/scale", 1},
          {"crop", "/inputs/0/shorter_side", 224},
          {"filter", "/inputs/0/filter", "cv_linear"},
          {"resize", "/inputs/0/resize", "stretch"},
          {"layout", "/inputs/0/layout", "nhwc", "not float32 [1,224,224,3]"},
          {"first class", "/decode/first_class", 1},
          {"softmax", "/post/softmax", false}};
}

std::vector<Mistake> mistakes_of_yolox() {
  return {{"colours", "/inputs/0/color", "rgb"},
          {"anchor", "/inputs/0/anchor", "center"},
          {"scale", "/inputs/0/scale", 1.0 / 255},
          {"padding", "/inputs/0/pad_value", 0},
          {"resize", "/inputs/0/resize", "stretch"},
          {"strides", "/decode/strides", {32, 16, 8}},
          {"first class", "/decode/first_class", 1},
          {"decode", "/decode/kind", "yolo8", "does not fit decode 'yolo8'"},
          {"overlap", "/post/iou", 0.7}};
}

std::vector<Mistake> mistakes_of_ssd7(const char* wrong_color) {
  return {{"colours", "/inputs/0/color", wrong_color},
          {"scale", "/inputs/0/scale", 0.5},
          {"mean", "/inputs/0/mean", 64},
          {"resize", "/inputs/0/resize", "letterbox"},
          {"first class", "/decode/first_class", 0}};
}

std::vector<Model> make_models() {
  std::vector<Model> models = {
      {"resnet50", mistakes_of_the_zoo()},
      {"squeezenet", mistakes_of_the_zoo()},
      {"efficientnet_lite4",
       {{"colours", "/inputs/0/color", "bgr"},
        {"mean", "/inputs/0/mean", 127.5},
        {"std", "/inputs/0/std", 127},
        {"crop", "/inputs/0/shorter_side", 224},
        {"rounding of the crop", "/inputs/0/round", "half_even"},
        {"filter", "/inputs/0/filter", "pil_bilinear"},
        {"layout", "/inputs/0/layout", "nchw", "not float32 [1,3,224,224]"},
        {"first class", "/decode/first_class", 1},
        {"softmax", "", {{"decode", {{"kind", "logits"}}}, {"post", {{"softmax", true}}}}}}},
      {"yolox_s", mistakes_of_yolox()},
      {"yolox_tiny", mistakes_of_yolox()},
      {"yolov8s",
       {{"colours", "/inputs/0/color", "bgr"},
        {"anchor", "/inputs/0/anchor", "top_left"},
        {"rounding", "/inputs/0/round", "floor"},
        {"scale", "/inputs/0/scale", 1},
        {"padding", "/inputs/0/pad_value", 0},
        {"resize", "/inputs/0/resize", "stretch"},
        {"first class", "/decode/first_class", 1},
        {"decode", "/decode/kind", "yolox", "does not fit decode 'yolox'"},
        {"overlap", "/post/iou", 0.3}}},
      {"ssd_mobilenet_v1",
       {{"colours", "/inputs/0/color", "bgr"},
        {"layout", "/inputs/0/layout", "nchw", "not uint8 [1,3,1080,810]"},
        {"type", "/inputs/0/dtype", "float32", "not float32 [1,1080,810,3]"},
        {"first class", "/decode/first_class", 0},
        {"boxes", "/outputs/0/name", "detection_scores", "does not fit decode 'tf_od4'"}}}};
  models[3].mistakes.push_back({"overlap of classes", "/post/class_agnostic", false});
#ifdef MODELHUB_HAS_OPENCV
  models.push_back({"ssd_mobilenet_v2", mistakes_of_ssd7("bgr")});
  models.push_back({"mobilenet_ssd", mistakes_of_ssd7("rgb")});
#endif
  return models;
}

// ---- recipes ----

// In no catalog, since nobody says what the digests of its files are: these numbers are those of
// OpenCV's own models.yml.
Json variant_of_mobilenet_ssd() {
  const Json input = {{"layout", "nchw"},    {"dtype", "float32"},    {"size", {300, 300}},
                      {"resize", "stretch"}, {"filter", "cv_linear"}, {"color", "bgr"},
                      {"scale", 1},          {"mean", 127.5},         {"std", 127.5}};
  const Json labels = {"aeroplane",   "bicycle", "bird",  "boat",      "bottle",
                       "bus",         "car",     "cat",   "chair",     "cow",
                       "diningtable", "dog",     "horse", "motorbike", "person",
                       "pottedplant", "sheep",   "sofa",  "train",     "tvmonitor"};
  return {{"id", "caffe"},
          {"format", "caffe"},
          {"precision", "float32"},
          {"engines", {"opencv>=4.6"}},
          {"recipe",
           {{"inputs", {input}},
            {"outputs", {{{"name", "detection_out"}, {"role", "predictions"}}}},
            {"decode", {{"kind", "ssd7"}, {"first_class", 1}}},
            {"post", {{"conf", 0.5}}},
            {"labels", labels}}}};
}

Json json_of(const std::string& path) {
  Json document = Json::parse(content_of(path), nullptr, false);
  EXPECT_FALSE(document.is_discarded()) << path;
  return document;
}

const std::string k_source = MODELHUB_SOURCE_DIR;

Json without_names(Json recipe) {
  for (Json& input : recipe["inputs"]) input.erase("name");
  for (Json& output : recipe["outputs"]) output.erase("name");
  return recipe;
}

// The first variant with a recipe. The others are the same network with other numbers: what is
// tried with the first holds for them as far as they are fed and read alike.
Json first_runnable(const Json& variants) {
  Json first;
  for (const Json& variant : variants) {
    if (!variant.contains("recipe")) continue;
    if (first.is_null()) first = variant;
    EXPECT_EQ(without_names(variant["recipe"]), without_names(first["recipe"])) << variant["id"];
  }
  return first;
}

// Of the model's default version.
Json variant_in_the_catalog(const std::string& name) {
  for (const auto& entry : std::filesystem::directory_iterator(k_source + "/catalog")) {
    if (entry.path().extension() != ".json") continue;
    const Json document = json_of(entry.path().string());
    for (const Json& model : document.value("models", Json::array())) {
      if (model["name"] != name) continue;
      for (const Json& version : model["versions"]) {
        if (version["version"] == model["default_version"])
          return first_runnable(version["variants"]);
      }
    }
  }
  ADD_FAILURE() << "the catalog has no " << name;
  return {};
}

Json variant_of(const std::string& name) {
  return name == "mobilenet_ssd" ? variant_of_mobilenet_ssd() : variant_in_the_catalog(name);
}

// ---- answers ----

Json json_of(const Answer& answer) {
  Json items = Json::array();
  if (const auto* classes = std::get_if<Classifications>(&answer)) {
    for (const Classification& one : *classes)
      items.push_back({{"class_id", one.class_id}, {"label", one.label}, {"score", one.score}});
  }
  if (const auto* detections = std::get_if<Detections>(&answer)) {
    for (const Detection& one : *detections) {
      items.push_back({{"class_id", one.class_id},
                       {"label", one.label},
                       {"score", one.score},
                       {"box", one.box.xyxy()}});
    }
  }
  return items;
}

double distance(const Json& a, const Json& b) {
  return std::abs(a.get<double>() - b.get<double>());
}

bool is_same_class(const Json& a, const Json& b) {
  return a["class_id"] == b["class_id"] && a["label"] == b["label"];
}

std::optional<std::string> difference_of_classes(const Json& wanted, const Json& found) {
  if (found.size() != wanted.size()) return "there are " + std::to_string(found.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    // Scores fall: each is near the one in its place ...
    bool is_same = distance(found[i]["score"], wanted[i]["score"]) <= k_score_tolerance;
    // ... and of the same class, where the neighbours are too far away to have changed places. What
    // comes behind the last is not known.
    bool is_alone = i + 1 < wanted.size();
    for (std::size_t j = 0; j < wanted.size(); ++j) {
      is_alone = is_alone && (j == i || distance(wanted[i]["score"], wanted[j]["score"]) >
                                            2 * k_score_tolerance);
    }
    if (is_alone) is_same = is_same && is_same_class(found[i], wanted[i]);
    if (!is_same) return found[i].dump() + " in place of " + wanted[i].dump();
  }
  return std::nullopt;
}

bool is_same_detection(const Json& a, const Json& b) {
  if (!is_same_class(a, b)) return false;
  for (std::size_t i = 0; i < 4; ++i) {
    if (distance(a["box"][i], b["box"][i]) > k_pixel_tolerance) return false;
  }
  return distance(a["score"], b["score"]) <= k_score_tolerance;
}

// Each has a partner of its own; what is not above `sure` may be missing.
std::optional<std::string> difference_of_detections(const Json& wanted, const Json& found,
                                                    double sure) {
  std::vector<bool> taken(found.size(), false);
  for (const Json& detection : wanted) {
    bool is_found = false;
    for (std::size_t i = 0; i < found.size() && !is_found; ++i) {
      is_found = !taken[i] && is_same_detection(found[i], detection);
      if (is_found) taken[i] = true;
    }
    if (!is_found && detection["score"].get<double>() > sure) return "missing: " + detection.dump();
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!taken[i] && found[i]["score"].get<double>() > sure)
      return "not in the reference: " + found[i].dump();
  }
  return std::nullopt;
}

class StandInTest : public ::testing::TestWithParam<Model> {
 protected:
  StandInTest() : name_(GetParam().name) {
    options_.home = scratch_.path("home");
    options_.system_catalog.clear();
  }

  void SetUp() override {
    if (!std::filesystem::exists(shared_path("mirror/sha256"))) GTEST_SKIP() << "no mirror";
    reference_ = json_of(k_source + "/tests/reference/stand_ins.json")["models"][name_];
    variant_ = variant_of(name_);
    variant_.erase("golden");
    const Json real = std::exchange(variant_["files"], Json::array());
    for (const StandInFile& file : files_of_stand_in(name_, shared_path(""))) {
      digests_[file.path] = base::sha256_of(file.content).hex();
      const std::size_t i = variant_["files"].size();
      variant_["files"].push_back(publish(file, i < real.size() ? real[i] : Json::object()));
    }
    options_.mirrors = {"file://" + scratch_.path("mirror")};
  }

  // Puts a file where the hub finds it, and gives its entry in the catalog. `entry` is that of the
  // real file.
  Json publish(const StandInFile& file, Json entry) const {
    std::string content = file.content;
    if (entry.contains("holds")) {  // beside what it was made of
      const std::string member = entry["holds"]["member"];
      entry["holds"]["bytes"] = content.size();
      content = tar_gz_of(
          {{member.substr(0, member.find('/')) + "/checkpoint", "model.ckpt"}, {member, content}});
    } else {
      entry = {{"path", file.path}, {"role", file.role}};
    }
    const std::string digest = base::sha256_of(content).hex();
    scratch_.write("mirror/sha256/" + digest, content);
    entry.update({{"bytes", content.size()}, {"sha256", digest}, {"urls", Json::array()}});
    return entry;
  }

  // A hub whose catalog has the version stand_in, and one for each mistake: mistake_0, ...
  Hub open(const std::vector<Mistake>& mistakes = {}) {
    Json versions = Json::array();
    versions.push_back({{"version", "stand_in"}, {"variants", {variant_}}});
    for (const Mistake& mistake : mistakes) {
      Json variant = variant_;
      variant["recipe"][Json::json_pointer(mistake.where)].merge_patch(mistake.value);
      EXPECT_NE(variant["recipe"], variant_["recipe"]) << "no mistake: " << mistake.what;
      versions.push_back(
          {{"version", "mistake_" + std::to_string(versions.size() - 1)}, {"variants", {variant}}});
    }
    Json model = {{"name", name_}, {"versions", versions}};
    if (name_ == "mobilenet_ssd")
      model.update({{"task", "detect"}, {"title", "MobileNet-SSD"}, {"license", "MIT"}});
    const Json layer = {{"schema", 1}, {"models", {model}}};
    options_.catalogs = {scratch_.write("layer.json", layer.dump())};
    return Hub::open(options_).value();
  }

  Image picture_of(const Json& wanted) const {
    const std::string name = wanted["picture"];
    Image whole = Image::load(shared_path("images/" + name)).value();
    if (!wanted.contains("rows")) return whole;
    ImageView part = whole.view();
    part.height = wanted["rows"];
    return Image::copy_of(part).value();
  }

  // What is different from the reference, or what went wrong; nothing when the answers are the
  // same.
  std::optional<std::string> difference(const Hub& hub, const Json& wanted,
                                        const std::string& version,
                                        const std::string& engine = {}) const {
    LoadOptions options;
    options.engine = engine;
    const auto model = hub.ensure_ready(name_ + "@" + version, options).get();
    if (!model) return model.error().message;
    const Result<Answer> answer = model->run(picture_of(wanted));
    if (!answer) return answer.error().message;
    const Json found = json_of(*answer);
    const auto difference =
        wanted.contains("classes")
            ? difference_of_classes(wanted["classes"], found)
            : difference_of_detections(wanted["detections"], found,
                                       wanted["conf"].get<double>() + wanted["near"].get<double>());
    return difference ? k_wrong_answer + *difference : difference;
  }

  const std::string name_;
  ScratchFolder scratch_;
  HubOptions options_;
  Json reference_;
  Json variant_;
  Json digests_;  // of the model's files
};

TEST_P(StandInTest, AnswersAsTheReferenceDoes) {
  ASSERT_EQ(digests_, reference_["files"])
      << "make_stand_ins makes other files than it did: run tests/reference/stand_ins.py again";
  const Hub hub = open();
  for (const Json& wanted : reference_["answers"]) {
    EXPECT_EQ(difference(hub, wanted, "stand_in"), std::nullopt) << wanted["picture"];
    if (wanted.contains("detections")) {
      EXPECT_GE(wanted["detections"].size(), 3U) << "hardly anything is compared";
    }
  }
}

TEST_P(StandInTest, AMistakeInTheRecipeIsSeen) {
  const std::vector<Mistake>& mistakes = GetParam().mistakes;
  const Hub hub = open(mistakes);
  for (std::size_t i = 0; i < mistakes.size(); ++i) {
    std::optional<std::string> different;
    for (const Json& wanted : reference_["answers"]) {
      different = difference(hub, wanted, "mistake_" + std::to_string(i));
      if (different) break;
    }
    EXPECT_THAT(different.value_or("nothing"),
                HasSubstr(mistakes[i].error != nullptr ? mistakes[i].error : k_wrong_answer))
        << mistakes[i].what;
  }
}

// Each engine of the catalog's list that is here.
TEST_P(StandInTest, EngineAfterEngineAnswersAsTheReferenceDoes) {
  const Hub hub = open();
  const std::string listed = variant_["engines"].dump();
  std::string answered;
  for (const EngineReport& engine : hub.engines()) {
    if (listed.find("\"" + engine.name + ">=") == std::string::npos) continue;
    if (engine.devices.empty() || !engine.devices[0].is_usable) continue;
    LoadOptions options;
    options.engine = engine.name;
    const auto model = hub.ensure_ready(name_ + "@stand_in", options).get();
    ASSERT_TRUE(model) << model.error().to_string();
    EXPECT_THAT(model->lease().value().report().engine, StartsWith(engine.name + " "));
    for (const Json& wanted : reference_["answers"]) {
      EXPECT_EQ(difference(hub, wanted, "stand_in", engine.name), std::nullopt)
          << engine.name << " " << wanted["picture"];
    }
    answered += engine.name + " ";
  }
  EXPECT_NE(answered, "");
  RecordProperty("engines", answered);
}

INSTANTIATE_TEST_SUITE_P(Models, StandInTest, ::testing::ValuesIn(make_models()),
                         [](const auto& model) { return std::string(model.param.name); });

}  // namespace
}  // namespace modelhub::test
