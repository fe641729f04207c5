// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Videos and cameras with real weights and a real engine: of OpenCV, and of a module that needs no
// decoder (tests/vision/scripted_video.c).
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>

#include <gmock/gmock.h>

#include "cli_fixture.h"
#include "modelhub/image.h"
#include "support/mjpeg_avi.h"

namespace modelhub::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class VideosTest : public CliTest {
 protected:
  static std::vector<Json> lines_of(const std::string& text) {
    std::vector<Json> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(json_of(line));
    return lines;
  }
  // A video of two pictures in turn: the bus, and nothing at all.
  std::string bus_video(int frames) const {
    const std::string bus = read(shared("images/bus.jpg"));
    const Image blank = Image::create(810, 1080, PixelFormat::rgb8).value();
    const std::vector<std::byte> jpeg = blank.encode_jpeg().value();
    const std::string nothing(reinterpret_cast<const char*>(jpeg.data()), jpeg.size());
    MjpegAvi video(810, 1080);
    for (int i = 0; i < frames; ++i) video.add(i % 2 == 0 ? bus : nothing);
    return write("clip.avi", video.encode());
  }
  void use_scripted_videos() {
    options_.environment["MODELHUB_ENGINE_PATH"] = MODELHUB_SCRIPTED_VIDEO_DIR;
  }
};

class OpenCvVideosTest : public VideosTest {
 protected:
  void SetUp() override {
    if (!fs::exists(MODELHUB_VIDEO_MODULE)) GTEST_SKIP() << "built without OpenCV's videoio";
  }
};

TEST_F(OpenCvVideosTest, EachFrameIsAnsweredOnALineOfItsOwn) {
  const ProcessResult result = run({"run", "yolov8n", bus_video(5), "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::vector<Json> lines = lines_of(result.out);
  ASSERT_EQ(lines.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(lines[i]["schema_version"], 1);
    EXPECT_EQ(lines[i]["model"], "yolov8n");
    ASSERT_EQ(lines[i]["results"].size(), 1U);
    const Json frame = lines[i]["results"][0];
    EXPECT_EQ(frame["input"], in_work("clip.avi") + "#" + std::to_string(i));
    EXPECT_EQ(frame["frame"], i);
    EXPECT_EQ(frame["width"], 810);
    EXPECT_EQ(frame["height"], 1080);
    if (i % 2 == 0) {
      EXPECT_GE(frame["detections"].size(), 4U);
    } else {
      EXPECT_TRUE(frame["detections"].empty());
    }
  }
}

TEST_F(OpenCvVideosTest, ColoursAreThoseOfThePicture) {
  const ProcessResult result =
      run({"run", "yolov8n", bus_video(1), shared("images/bus.jpg"), "--json", "--conf", "0.5"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::vector<Json> lines = lines_of(result.out);
  ASSERT_EQ(lines.size(), 2U);
  const Json frame = lines[0]["results"][0]["detections"];
  const Json picture = lines[1]["results"][0]["detections"];
  ASSERT_EQ(frame.size(), picture.size());
  // Two that are as sure may have changed places.
  for (const Json& found : frame) {
    const auto is_same = [&](const Json& other) {
      bool is_near = std::abs(found["score"].get<double>() - other["score"].get<double>()) < 0.03;
      for (std::size_t side = 0; side < 4; ++side) {
        is_near = is_near && std::abs(found["box"][side].get<double>() -
                                      other["box"][side].get<double>()) <= 3;
      }
      return is_near && found["label"] == other["label"];
    };
    EXPECT_TRUE(std::any_of(picture.begin(), picture.end(), is_same)) << found;
  }
}

TEST_F(OpenCvVideosTest, WhatIsNoVideoIsToldBeforeAnythingIsPulled) {
  const ProcessResult result = run({"run", "yolov8n", write("text.mp4", "no video")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("text.mp4 is no video that OpenCV"));
  EXPECT_TRUE(files_below(home_).empty());
  const ProcessResult missing = run({"run", "yolov8n", "none.mkv"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("there is no video none.mkv"));
  const ProcessResult camera = run({"run", "yolov8n", "camera:77"});
  EXPECT_EQ(camera.exit_code, 1);
  EXPECT_THAT(camera.err, HasSubstr("camera:77 is not there"));
  EXPECT_THAT(camera.err, HasSubstr("hint: ls /dev/video*"));
}

TEST_F(OpenCvVideosTest, AVideoThatIsCutShortGivesTheFramesThatItHas) {
  const std::string whole = read(bus_video(6));
  const ProcessResult result =
      run({"run", "yolov8n", write("cut.avi", whole.substr(0, whole.size() / 2)), "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const std::size_t frames = lines_of(result.out).size();
  EXPECT_GE(frames, 2U);
  EXPECT_LE(frames, 4U);
}

TEST_F(OpenCvVideosTest, TheProgramItselfLinksNoOpenCv) {
  const ProcessResult result = run_process({"/usr/bin/env", "ldd", MODELHUB_CLI});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, ::testing::Not(HasSubstr("opencv")));
}

TEST_F(VideosTest, EveryNthFrameIsTakenAndDrawnWhereItIsAskedFor) {
  use_scripted_videos();
  const std::string clip = write("clip.avi", "video 320 240 7");
  const ProcessResult text = run({"run", "yolov8n", clip, "--every", "3"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("clip.avi#0 "));
  EXPECT_THAT(text.out, HasSubstr("clip.avi#6 "));
  EXPECT_THAT(text.out, ::testing::Not(HasSubstr("clip.avi#1 ")));
  EXPECT_FALSE(fs::exists(in_work("clip-0.modelhub.png"))) << "a video would fill the folder";
  ASSERT_EQ(run({"run", "yolov8n", clip, "--every", "3", "--out", "drawn/"}).exit_code, 0);
  EXPECT_TRUE(fs::exists(in_work("drawn/clip-0.modelhub.png")));
  EXPECT_TRUE(fs::exists(in_work("drawn/clip-6.modelhub.png")));
  const ProcessResult one_file = run({"run", "yolov8n", clip, "--out", "one.png"});
  EXPECT_EQ(one_file.exit_code, 2);
  EXPECT_THAT(one_file.err, HasSubstr("one file, for the frames of a video"));
  EXPECT_EQ(run({"run", "yolov8n", clip, "--every", "0"}).exit_code, 2);
}

TEST_F(VideosTest, AVideoThatBreaksDoesNotStopTheNext) {
  use_scripted_videos();
  const ProcessResult result =
      run({"run", "yolov8n", write("bad.avi", "video 320 240 7 fail 2"), "none.avi",
           write("good.avi", "video 320 240 1"), shared("images/bus.jpg"), "--json"});
  EXPECT_EQ(result.exit_code, 1);
  const std::vector<Json> lines = lines_of(result.out);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[1]["results"][0]["frame"], 1);
  EXPECT_EQ(lines[2]["results"][0]["error"]["code"], "corrupt_data");
  EXPECT_EQ(lines[3]["results"][0]["error"]["code"], "not_found");
  EXPECT_EQ(lines[4]["results"][0]["frame"], 0);
  EXPECT_FALSE(lines[5]["results"][0]["detections"].empty());
}

TEST_F(VideosTest, ACameraGoesOnUntilItIsInterrupted) {
  use_scripted_videos();
  options_.interrupt_after = "load";
  const ProcessResult result = run({"run", "yolov8n", "camera:0"});
  EXPECT_EQ(result.exit_code, 130);
  EXPECT_THAT(result.out, HasSubstr("camera:0#0 "));
  EXPECT_THAT(result.err, HasSubstr("interrupted after camera:0#"));
}

}  // namespace
}  // namespace modelhub::test
