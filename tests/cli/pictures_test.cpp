// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Pictures of every kind and from every place, with real weights and a real engine.
#include <filesystem>

#include <gmock/gmock.h>

#include "cli_fixture.h"
#include "support/http_server.h"

namespace modelhub::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class PicturesTest : public CliTest {
 protected:
  Json results_of(const std::vector<std::string>& pictures, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"run", "yolov8n", "--json"};
    arguments.insert(arguments.end(), pictures.begin(), pictures.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult result = run(arguments);
    exit_code_ = result.exit_code;
    return json_of(result.out)["results"];
  }
  static std::string bytes_of(const std::string& picture) {
    return read(shared("images/" + picture));
  }

  int exit_code_ = -1;
};

// ---- from URLs ----

TEST_F(PicturesTest, AUrlGivesTheAnswerOfTheFile) {
  HttpServer server;
  server.on("/bus.jpg", file_reply(bytes_of("bus.jpg")));
  server.on("/chunked", file_reply(bytes_of("bus.jpg")).with_framing(HttpReply::Framing::chunked));
  server.on("/moved", redirect_reply(302, "/bus.jpg"));
  const Json results = results_of({shared("images/bus.jpg"), server.url("/bus.jpg"),
                                   server.url("/chunked"), server.url("/moved?key=geheim")});
  EXPECT_EQ(exit_code_, 0);
  ASSERT_EQ(results.size(), 4U);
  EXPECT_GE(results[0]["detections"].size(), 4U);
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(results[i]["detections"], results[0]["detections"]) << results[i]["input"];
    EXPECT_TRUE(results[i].contains("fetch_ms"));
  }
  EXPECT_FALSE(results[0].contains("fetch_ms"));
  EXPECT_EQ(results[3]["input"], server.url("/moved?..."));
}

TEST_F(PicturesTest, ASingleUrlIsFetchedOnceAndNamesItsPicture) {
  HttpServer server;
  server.on("/street/bus.jpg", file_reply(bytes_of("bus.jpg")));
  const ProcessResult result = run({"run", "yolov8n", server.url("/street/bus.jpg?size=full")});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("person"));
  EXPECT_TRUE(fs::exists(in_work("bus.modelhub.png")));
  EXPECT_EQ(server.request_count(), 1U);
  for (const std::string& file : files_below(home_))
    EXPECT_NE(fs::file_size(file), bytes_of("bus.jpg").size()) << "it is kept: " << file;
}

TEST_F(PicturesTest, OneUrlThatFailsDoesNotStopTheOthers) {
  HttpServer server;
  server.on("/bus.jpg", file_reply(bytes_of("bus.jpg")));
  const Json results =
      results_of({server.url("/bus.jpg"), server.url("/none.jpg"), shared("images/dog.jpg")});
  EXPECT_EQ(exit_code_, 3);
  ASSERT_EQ(results.size(), 3U);
  EXPECT_FALSE(results[0]["detections"].empty());
  EXPECT_EQ(results[1]["error"]["code"], "not_found");
  EXPECT_FALSE(results[2]["detections"].empty());
}

TEST_F(PicturesTest, StandardInputIsReadOnce) {
  options_.input = bytes_of("bus.jpg");
  const Json results = results_of({"-"});
  EXPECT_EQ(exit_code_, 0);
  EXPECT_EQ(results[0]["input"], "-");
  EXPECT_FALSE(results[0]["detections"].empty());
}

TEST_F(PicturesTest, StandardInputThatIsNoPictureIsToldBeforeAnythingIsPulled) {
  options_.input = "no picture";
  const ProcessResult result = run({"run", "yolov8n", "-"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_TRUE(files_below(home_).empty());
}

// ---- hard ones ----

class HardPicturesTest : public PicturesTest {
 protected:
  void SetUp() override {
    if (!fs::exists(made("rgb16.png"))) GTEST_SKIP() << "no Pillow: apt install python3-pil";
  }
  static std::string made(const std::string& name) {
    return std::string(MODELHUB_TEST_PICTURES) + "/hard/" + name;
  }
};

TEST_F(HardPicturesTest, AreAnsweredAsWhatPillowShows) {
  const std::vector<std::string> names = {
      "turned_3.jpg", "turned_5.jpg", "turned_6.jpg", "cmyk.jpg",  "gray.jpg",
      "gray.png",     "palette.png",  "alpha.png",    "rgb16.png", "gray_alpha.png"};
  std::vector<std::string> pictures;
  for (const std::string& name : names) {
    pictures.push_back(made(name));
    pictures.push_back(made(name + ".plain.png"));
  }
  const Json results = results_of(pictures);
  EXPECT_EQ(exit_code_, 0);
  ASSERT_EQ(results.size(), 2 * names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Json& hard = results[2 * i];
    SCOPED_TRACE(names[i]);
    EXPECT_EQ(hard["width"], 810);
    EXPECT_EQ(hard["height"], 1080);
    EXPECT_GE(hard["detections"].size(), 3U);
    EXPECT_EQ(hard["detections"], results[2 * i + 1]["detections"]);
  }
}

TEST_F(HardPicturesTest, OfOnePixelOrOneLineAreAnswered) {
  const std::vector<std::string> names = {"one_pixel.png", "line.png", "line.jpg", "column.png"};
  std::vector<std::string> pictures;
  for (const std::string& name : names) pictures.push_back(made(name));
  // With all that can be made of an answer: whatever little is found is drawn and cut out.
  const Json results = results_of(
      pictures, {"--conf", "0.0001", "--out", in_work("drawn/"), "--save-crops", in_work("crops")});
  EXPECT_EQ(exit_code_, 0) << results;
  ASSERT_EQ(results.size(), names.size());
  EXPECT_EQ(results[0]["width"], 1);
  EXPECT_EQ(results[1]["width"], 30000);
  EXPECT_EQ(results[2]["width"], 30000);
  EXPECT_EQ(results[3]["height"], 30000);
  std::size_t found = 0;
  for (const Json& result : results) {
    EXPECT_TRUE(fs::exists(result["annotated"].get<std::string>()));
    found += result["detections"].size();
    for (const Json& detection : result["detections"]) {
      EXPECT_GE(detection["box"][0], 0);
      EXPECT_LE(detection["box"][2], result["width"]);
      EXPECT_GE(detection["box"][1], 0);
      EXPECT_LE(detection["box"][3], result["height"]);
    }
  }
  EXPECT_GT(found, 0U) << "choose a lower --conf: nothing was drawn";
}

TEST_F(HardPicturesTest, ThatAreCutShortAreRefusedByName) {
  const std::string cut[] = {
      write("cut.jpg", bytes_of("bus.jpg").substr(0, 60'000)),
      write("cut_cmyk.jpg", read(made("cmyk.jpg")).substr(0, 90'000)),
      write("cut.png", read(made("alpha.png")).substr(0, 300'000)),
      write("cut.tif", bytes_of("phototest.tif").substr(0, bytes_of("phototest.tif").size() / 2))};
  std::vector<std::string> pictures(std::begin(cut), std::end(cut));
  pictures.push_back(shared("images/dog.jpg"));
  const Json results = results_of(pictures);
  EXPECT_EQ(exit_code_, 1);
  ASSERT_EQ(results.size(), 5U);
  for (std::size_t i = 0; i < 4; ++i) {
    const Json error = results[i]["error"];
    EXPECT_EQ(error["code"], "corrupt_data") << results[i];
    EXPECT_THAT(error["message"].get<std::string>(), HasSubstr(pictures[i]));
  }
  EXPECT_FALSE(results[4]["detections"].empty());
}

}  // namespace
}  // namespace modelhub::test
