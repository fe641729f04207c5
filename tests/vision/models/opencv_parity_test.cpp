// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Filter cv_linear against OpenCV itself.
#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "pixels.h"
#include "vision/preprocess.h"

namespace modelhub::vision {
namespace {

// Levels as they are, interleaved: what cv::resize gives.
InputSpec stretch_to(int width, int height, ColorOrder color) {
  InputSpec input;
  input.name = "input";
  input.layout = Layout::nhwc;
  input.dtype = DType::uint8;
  input.width = width;
  input.height = height;
  input.resize = ResizeKind::stretch;
  input.color = color;
  return input;
}

cv::Mat as_mat(Picture& picture) {
  return {picture.height, picture.width, CV_8UC(channels_of(picture.format)), picture.bytes.data(),
          static_cast<std::size_t>(picture.stride)};
}

cv::Mat resized(const cv::Mat& from, int width, int height) {
  cv::Mat to;
  cv::resize(from, to, cv::Size(width, height), 0, 0, cv::INTER_LINEAR);
  return to;
}

int largest_difference(const cv::Mat& theirs, const Tensor& ours) {
  const cv::Mat mat(theirs.rows, theirs.cols, theirs.type(),
                    const_cast<std::uint8_t*>(ours.as<std::uint8_t>().data()));
  return static_cast<int>(cv::norm(theirs, mat, cv::NORM_INF));
}

int stretch_difference(Picture& picture, int width, int height) {
  const bool is_grey = picture.format == PixelFormat::gray8;
  const ColorOrder color = is_grey ? ColorOrder::gray : ColorOrder::rgb;
  Tensor tensor;
  EXPECT_TRUE(preprocess(picture.view(), stretch_to(width, height, color), tensor).has_value());
  return largest_difference(resized(as_mat(picture), width, height), tensor);
}

int side(std::mt19937& random, int most) { return 1 + static_cast<int>(random() % most); }

TEST(OpenCvParityTest, EveryLevelOfRandomSizesIsOpenCvs) {
  std::mt19937 random(20261);
  int worst = 0;
  for (int i = 0; i < 400; ++i) {
    const PixelFormat format = i % 4 == 0 ? PixelFormat::gray8 : PixelFormat::rgb8;
    Picture picture = noise(side(random, 200), side(random, 200), format, random, i % 5);
    worst = std::max(worst, stretch_difference(picture, side(random, 300), side(random, 300)));
  }
  RecordProperty("largest_difference", worst);
  EXPECT_EQ(worst, 0);
}

TEST(OpenCvParityTest, HalvesDoublesAndKeepsAsOpenCvDoes) {
  std::mt19937 random(7);
  Picture picture = noise(64, 48, PixelFormat::rgb8, random);
  EXPECT_EQ(stretch_difference(picture, 32, 24), 0);
  EXPECT_EQ(stretch_difference(picture, 128, 96), 0);
  EXPECT_EQ(stretch_difference(picture, 64, 48), 0);
  EXPECT_EQ(stretch_difference(picture, 32, 48), 0);
  EXPECT_EQ(stretch_difference(picture, 1, 1), 0);
  Picture large = noise(1546, 1213, PixelFormat::rgb8, random);
  EXPECT_EQ(stretch_difference(large, 640, 502), 0);
  EXPECT_EQ(stretch_difference(large, 320, 240), 0);
}

TEST(OpenCvParityTest, SidesOfOnePixelAreOpenCvs) {
  std::mt19937 random(8);
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 97}, {97, 1}, {2, 1}, {30000, 1}}) {
    Picture picture = noise(width, height, PixelFormat::rgb8, random);
    EXPECT_EQ(stretch_difference(picture, 37, 23), 0) << width << "x" << height;
  }
}

TEST(OpenCvParityTest, ColourIsTurnedGreyAsOpenCvDoes) {
  std::mt19937 random(9);
  for (const PixelFormat format : {PixelFormat::rgb8, PixelFormat::bgr8}) {
    Picture picture = noise(61, 47, format, random);
    cv::Mat grey;
    cv::cvtColor(as_mat(picture), grey,
                 format == PixelFormat::rgb8 ? cv::COLOR_RGB2GRAY : cv::COLOR_BGR2GRAY);
    Tensor tensor;
    ASSERT_TRUE(
        preprocess(picture.view(), stretch_to(40, 90, ColorOrder::gray), tensor).has_value());
    // OpenCV's grey has changed its last bit between versions.
    EXPECT_LE(largest_difference(resized(grey, 40, 90), tensor), 1);
  }
}

// The five steps of a detector's usual code, against the one pass.
TEST(OpenCvParityTest, LetterboxedPlanesAreThoseOfTheUsualFiveSteps) {
  std::mt19937 random(10);
  for (int i = 0; i < 40; ++i) {
    Picture picture = noise(side(random, 300), side(random, 300), PixelFormat::bgr8, random);
    InputSpec input;
    input.width = 160;
    input.height = 128;
    input.scale = 1 / 255.0;
    Tensor tensor;
    ASSERT_TRUE(preprocess(picture.view(), input, tensor).has_value());

    const double r = std::min(128.0 / picture.height, 160.0 / picture.width);
    const int width = std::max(1, cvRound(picture.width * r));
    const int height = std::max(1, cvRound(picture.height * r));
    const double dw = (160 - width) / 2.0;
    const double dh = (128 - height) / 2.0;
    cv::Mat boxed;
    cv::copyMakeBorder(resized(as_mat(picture), width, height), boxed, cvRound(dh - 0.1),
                       cvRound(dh + 0.1), cvRound(dw - 0.1), cvRound(dw + 0.1), cv::BORDER_CONSTANT,
                       cv::Scalar(114, 114, 114));
    cv::Mat rgb;
    cv::cvtColor(boxed, rgb, cv::COLOR_BGR2RGB);
    rgb.convertTo(rgb, CV_32F, 1 / 255.0);
    cv::Mat planes[3];
    cv::split(rgb, planes);
    for (int c = 0; c < 3; ++c) {
      const cv::Mat ours(128, 160, CV_32F,
                         const_cast<float*>(tensor.as<float>().data()) + c * 128 * 160);
      EXPECT_LE(cv::norm(planes[c], ours, cv::NORM_INF), 1e-6)
          << picture.width << "x" << picture.height << " channel " << c;
    }
  }
}

}  // namespace
}  // namespace modelhub::vision
