// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/video.h"

#include <gmock/gmock.h>

#include "vision/pictures.h"

namespace modelhub::vision {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class VideoTest : public testing::Test {
 protected:
  std::string video(const std::string& text) const {
    write_bytes(folder_ / "clip.avi", std::as_bytes(std::span(text)));
    return folder_ / "clip.avi";
  }
  static Result<Video> open(const std::string& source, int every = 1) {
    VideoOptions options;
    options.every = every;
    return VideoSource::open({"/nowhere", MODELHUB_SCRIPTED_VIDEO_DIR}, source, options);
  }
  std::vector<std::int64_t> numbers_of(const std::string& text, int every) const {
    Result<Video> opened = open(video(text), every);
    std::vector<std::int64_t> numbers;
    while (true) {
      Result<std::optional<VideoFrame>> frame = opened->next();
      EXPECT_TRUE(frame) << frame.error().to_string();
      if (!frame || !*frame) return numbers;
      numbers.push_back((*frame)->number);
      EXPECT_EQ((*frame)->image.view().data[2], 3 * (*frame)->number) << "another frame's pixels";
    }
  }

  const TemporaryFolder folder_;
};

TEST_F(VideoTest, GivesItsFramesInOrder) {
  Result<Video> opened = open(video("video 5 4 3"));
  ASSERT_TRUE(opened) << opened.error().to_string();
  for (int i = 0; i < 3; ++i) {
    const VideoFrame frame = opened->next().value().value();
    EXPECT_EQ(frame.number, i);
    EXPECT_EQ(frame.image.width(), 5);
    EXPECT_EQ(frame.image.height(), 4);
    EXPECT_EQ(frame.image.format(), PixelFormat::bgr8);
    EXPECT_EQ(frame.image.view().row(3)[12], i);
    EXPECT_EQ(frame.image.view().row(3)[14], 3 * i);
  }
  EXPECT_FALSE(opened->next().value());
  EXPECT_FALSE(opened->next().value()) << "it stays at its end";
}

TEST_F(VideoTest, FramesBetweenArePassedOverAndCounted) {
  EXPECT_THAT(numbers_of("video 2 2 10", 1), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_THAT(numbers_of("video 2 2 10", 3), ElementsAre(0, 3, 6, 9));
  EXPECT_THAT(numbers_of("video 2 2 9", 3), ElementsAre(0, 3, 6));
  EXPECT_THAT(numbers_of("video 2 2 2", 100), ElementsAre(0));
  EXPECT_EQ(open(video("video 2 2 2"), 0).error().code, ErrorCode::invalid_argument);
}

TEST_F(VideoTest, ACameraIsNamedByItsNumber) {
  EXPECT_EQ(camera_number_of("camera:0"), 0);
  EXPECT_EQ(camera_number_of("camera:12"), 12);
  for (const char* other : {"camera:", "camera:-1", "camera:x", "camera:1x", "camera:99999", "cam"})
    EXPECT_FALSE(camera_number_of(other)) << other;
  Result<Video> camera = open("camera:0");
  ASSERT_TRUE(camera) << camera.error().to_string();
  EXPECT_EQ(camera->next().value()->image.width(), 64);
  const Error error = open("camera:1").error();
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_EQ(error.message, "camera:1 is not there");
  EXPECT_THAT(error.hint, HasSubstr("/dev/video"));
}

TEST_F(VideoTest, WhatIsNoVideoIsNamed) {
  const Error missing = open("/nowhere/clip.avi").error();
  EXPECT_EQ(missing.code, ErrorCode::not_found);
  EXPECT_EQ(exit_code_of(missing), 1);
  EXPECT_THAT(missing.message, HasSubstr("/nowhere/clip.avi"));
  EXPECT_EQ(open(folder_.path().string()).error().code, ErrorCode::io_error);
  const Error text = open(video("hello")).error();
  EXPECT_EQ(text.code, ErrorCode::corrupt_data);
  EXPECT_EQ(text.subject, Subject::input);
  EXPECT_THAT(text.message, HasSubstr("clip.avi is no scripted video"));
  EXPECT_LT(text.message.size(), 700U);
  Result<Video> empty = open(video("video 2 2 0"));
  ASSERT_TRUE(empty);
  const Result<std::optional<VideoFrame>> nothing = empty->next();
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, ErrorCode::corrupt_data);
  EXPECT_THAT(nothing.error().message, HasSubstr("not one frame"));
}

TEST_F(VideoTest, AfterAFailureNothingMoreComes) {
  for (const int every : {1, 2}) {
    Result<Video> opened = open(video("video 2 2 10 fail 3"), every);
    Result<std::optional<VideoFrame>> frame = opened->next();
    while (frame && *frame) frame = opened->next();
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().code, ErrorCode::corrupt_data);
    EXPECT_THAT(frame.error().message, HasSubstr("clip.avi is damaged (frame 3)"));
    EXPECT_FALSE(opened->next().value());
  }
}

TEST_F(VideoTest, AFrameThatCannotBeIsNotRead) {
  Result<Video> opened = open(video("video 2 2 10 lie 1"));
  ASSERT_TRUE(opened->next());
  const Result<std::optional<VideoFrame>> frame = opened->next();
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code, ErrorCode::invalid_argument);
}

TEST_F(VideoTest, WithoutAModuleItIsSaidWhatToInstall) {
  const std::string clip = video("video 2 2 2");
  const Error none = VideoSource::open({folder_.path().string()}, clip, {}).error();
  EXPECT_EQ(exit_code_of(none), 7);
  EXPECT_THAT(none.hint, HasSubstr("libopencv-videoio-dev"));
  const TemporaryFolder broken;
  write_bytes(broken / "modelhub_video.so", std::as_bytes(std::span("no library", 10)));
  const Error text = VideoSource::open({broken.path().string()}, clip, {}).error();
  EXPECT_EQ(exit_code_of(text), 7);
  EXPECT_THAT(text.message, HasSubstr(broken / "modelhub_video.so"));
  EXPECT_THAT(text.hint, HasSubstr("libopencv-videoio"));
  const Error other =
      VideoSource::open({MODELHUB_SCRIPTED_VIDEO_DIR "/other_abi"}, clip, {}).error();
  EXPECT_THAT(other.message, HasSubstr("another interface (2, not 1)"));
}

}  // namespace
}  // namespace modelhub::vision
