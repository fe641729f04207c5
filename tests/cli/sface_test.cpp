// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// The way of SFace: YuNet with its real weights, alignment, and a graph with SFace's contract in
// place of its weights, which are not in the mirror. What OpenCV's alignCrop and numpy make of the
// same pictures: tests/reference/align_face.py.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "cli_fixture.h"
#include "engine/tiny_onnx.h"

namespace modelhub::test {
namespace {

using ::testing::HasSubstr;

struct ReferenceFace {
  std::vector<double> landmarks;
  std::vector<double> thumbnail;
};

std::vector<double> numbers_of(std::istream& words) {
  std::vector<double> numbers;
  for (double number = 0; words >> number;) numbers.push_back(number);
  return numbers;
}

class SfaceTest : public CliTest {
 protected:
  SfaceTest() {
    const std::string graph = engine::tiny_face_graph();
    const std::string digest = base::sha256_of(graph).hex();
    std::filesystem::create_directories(in_work("mirror/sha256"));
    write("mirror/sha256/" + digest, graph);
    // As the built-in document, but for the file.
    Json variant =
        json_of(read(source("catalog/sface.json")))["models"][0]["versions"][0]["variants"][0];
    variant["files"] = Json::array({{{"path", "stand_in.onnx"},
                                     {"role", "graph"},
                                     {"bytes", graph.size()},
                                     {"sha256", digest},
                                     {"urls", Json::array()}}});
    Json version = {{"version", "stand_in"}, {"variants", Json::array({variant})}};
    Json model = {{"name", "sface"}, {"versions", Json::array({version})}};
    const Json layer = {{"schema", 1}, {"models", Json::array({model})}};
    options_.environment["MODELHUB_CATALOG"] += ":" + write("layer.json", layer.dump());
    options_.environment["MODELHUB_MIRRORS"] += ",file://" + in_work("mirror");
  }

  static std::vector<ReferenceFace> reference(const std::string& picture) {
    std::ifstream file(source("tests/reference/align_face.txt"));
    std::vector<ReferenceFace> faces;
    bool is_wanted = false;
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string kind;
      words >> kind;
      if (kind == "face") {
        std::string name;
        words >> name;
        is_wanted = name == picture;
        if (is_wanted) faces.push_back({numbers_of(words), {}});
      }
      if (kind == "thumbnail" && is_wanted) faces.back().thumbnail = numbers_of(words);
    }
    return faces;
  }
};

// Of two small pictures, without their brightness: any two faces are of the same brightness.
double correlation(const Json& a, const std::vector<double>& b) {
  const std::vector<double> x = a.get<std::vector<double>>();
  const auto count = static_cast<double>(b.size());
  const double mean_x = std::accumulate(x.begin(), x.end(), 0.0) / count;
  const double mean_y = std::accumulate(b.begin(), b.end(), 0.0) / count;
  double xy = 0;
  double xx = 0;
  double yy = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    xy += (x[i] - mean_x) * (b[i] - mean_y);
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (b[i] - mean_y) * (b[i] - mean_y);
  }
  return xy / std::sqrt(xx * yy);
}

TEST_F(SfaceTest, FacesAreFoundAlignedAndDescribedAsByOpenCv) {
  for (const char* picture : {"one_face.jpg", "bald_guys.jpg"}) {
    const ProcessResult result =
        run({"run", "sface@stand_in", shared(std::string("images/") + picture), "--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const Json faces = json_of(result.out)["results"][0]["faces"];
    const std::vector<ReferenceFace> wanted = reference(picture);
    ASSERT_FALSE(wanted.empty());
    for (const ReferenceFace& face : wanted) {
      bool is_found = false;
      for (const Json& found : faces) {
        const double nose = std::hypot(found["landmarks"][2][0].get<double>() - face.landmarks[4],
                                       found["landmarks"][2][1].get<double>() - face.landmarks[5]);
        if (nose > 2) continue;
        is_found = true;
        ASSERT_EQ(found["embedding"].size(), 128U);
        EXPECT_GT(correlation(found["embedding"], face.thumbnail), 0.99);
        double squares = 0;
        for (const Json& number : found["embedding"])
          squares += number.get<double>() * number.get<double>();
        EXPECT_NEAR(squares, 1, 1e-3);
      }
      EXPECT_TRUE(is_found) << picture << " nose at " << face.landmarks[4];
    }
  }
}

TEST_F(SfaceTest, APullNamesAndBringsItsDetector) {
  const ProcessResult plan = run({"pull", "sface@stand_in", "--dry-run"});
  EXPECT_EQ(plan.exit_code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("yunet@2023mar:onnx-fp32: 233 kB to fetch, licence MIT"));
  const ProcessResult pulled = run({"pull", "sface@stand_in"});
  EXPECT_EQ(pulled.exit_code, 0) << pulled.err;
  EXPECT_THAT(pulled.err, HasSubstr("pulling yunet@2023mar"));
  const std::string face = shared("images/one_face.jpg");
  const ProcessResult offline =
      run({"--offline", "compare", face, face, "--model", "sface@stand_in"});
  EXPECT_EQ(offline.exit_code, 0) << offline.err;
}

TEST_F(SfaceTest, ComparesByTheCosineOfItsRecipe) {
  const std::string face = shared("images/one_face.jpg");
  const ProcessResult result = run({"compare", face, face, "--model", "sface@stand_in", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json document = json_of(result.out);
  EXPECT_EQ(document["metric"], "cosine");
  // The recipe's 0.363 is a similarity.
  EXPECT_EQ(document["threshold"], 0.637);
  EXPECT_EQ(document["verdict"], "the same person");
  EXPECT_NEAR(document["distances"][0][0].get<double>(), 0, 1e-3);
}

TEST_F(SfaceTest, NoFaceSaysHowNearItWas) {
  const std::string cat = shared("images/cat.jpg");
  const ProcessResult result = run({"compare", cat, cat, "--model", "sface@stand_in"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("no face was found in " + cat));
  EXPECT_THAT(result.err, HasSubstr("try --conf 0."));
}

TEST_F(SfaceTest, AModelOfAnotherTaskCannotCompare) {
  const std::string face = shared("images/one_face.jpg");
  const ProcessResult result = run({"compare", face, face, "--model", "yunet"});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("'find_faces', not 'recognize_faces'"));
  EXPECT_THAT(result.err, HasSubstr("search --task recognize_faces"));
}

}  // namespace
}  // namespace modelhub::test
