// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "modelhub/opencv.h"

namespace modelhub {
namespace {

TEST(OpenCvTest, AMatIsSeenWithoutACopy) {
  cv::Mat mat(4, 6, CV_8UC3, cv::Scalar(1, 2, 3));
  const ImageView view = view_of(mat).value();
  EXPECT_EQ(view.data, mat.data);
  EXPECT_EQ(view.width, 6);
  EXPECT_EQ(view.height, 4);
  EXPECT_EQ(view.format, PixelFormat::bgr8);
  EXPECT_EQ(view_of(mat, PixelFormat::rgb8).value().format, PixelFormat::rgb8);
}

TEST(OpenCvTest, APartOfAMatKeepsItsStride) {
  const cv::Mat mat(4, 6, CV_8UC3, cv::Scalar(1, 2, 3));
  const cv::Mat part = mat(cv::Rect(2, 1, 3, 2));
  const ImageView view = view_of(part).value();
  EXPECT_EQ(view.stride, 18);
  EXPECT_EQ(view.row(1), mat.ptr(2) + 6);
  EXPECT_EQ(Image::copy_of(view).value().width(), 3);
}

TEST(OpenCvTest, ChannelsChooseTheFormat) {
  const cv::Mat gray(2, 2, CV_8UC1);
  const cv::Mat with_alpha(2, 2, CV_8UC4);
  EXPECT_EQ(view_of(gray).value().format, PixelFormat::gray8);
  EXPECT_EQ(view_of(with_alpha).value().format, PixelFormat::bgra8);
}

TEST(OpenCvTest, WhatIsNoPictureIsInvalid) {
  const int sizes[] = {2, 2, 2};
  const cv::Mat empty;
  const cv::Mat floats(2, 2, CV_32FC3);
  const cv::Mat pairs(2, 2, CV_8UC2);
  const cv::Mat cube(3, sizes, CV_8UC3);
  const cv::Mat gray(2, 2, CV_8UC1);
  for (const cv::Mat* const mat : {&empty, &floats, &pairs, &cube}) {
    EXPECT_EQ(view_of(*mat).error().code, ErrorCode::invalid_argument);
  }
  EXPECT_EQ(view_of(gray, PixelFormat::rgb8).error().code, ErrorCode::invalid_argument);
}

TEST(OpenCvTest, AMatMadeOfAnImageIsInOpenCvsOrder) {
  Image image = Image::create(2, 2, PixelFormat::rgb8).value();
  image.row(1)[3] = 200;  // red
  const cv::Mat mat = to_mat(image).value();
  EXPECT_EQ(mat.type(), CV_8UC3);
  EXPECT_EQ(mat.at<cv::Vec3b>(1, 1), cv::Vec3b(0, 0, 200));
  const Image again = Image::copy_of(view_of(mat).value()).value();
  EXPECT_EQ(again.format(), PixelFormat::bgr8);
  EXPECT_EQ(again.view().row(1)[5], 200);
  EXPECT_EQ(to_mat({}).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace modelhub
