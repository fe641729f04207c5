// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

// From cv::Mat and back, for programs that use OpenCV. Header only and not part of modelhub.h: the
// library itself does not know OpenCV.
//
//     cv::Mat frame = cv::imread("bus.jpg");
//     auto found = detector.detect(modelhub::view_of(frame).value());

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <opencv2/core.hpp>

#include "modelhub/image.h"

namespace modelhub {

// The pixels of `mat`, without a copy. Its type does not say the order of colours: here it is
// `format`.
//
// Ownership: borrows; the view is good as long as `mat` keeps these pixels.
// Errors:    invalid_argument (empty, not 8 bits unsigned, another number of channels or
// dimensions).
inline Result<ImageView> view_of(const cv::Mat& mat, PixelFormat format) {
  if (mat.dims != 2 || mat.empty()) {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 mat.empty() ? "the cv::Mat is empty" : "the cv::Mat has more than two dimensions",
                 "check that the picture was read");
  }
  if (mat.depth() != CV_8U || mat.channels() != channels_of(format)) {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 "the cv::Mat has elements of type " + cv::typeToString(mat.type()) +
                     ", not of 8UC" + std::to_string(channels_of(format)),
                 "convert it first: cv::Mat::convertTo, cv::cvtColor");
  }
  return ImageView{mat.ptr(), mat.cols, mat.rows, static_cast<std::ptrdiff_t>(mat.step[0]), format};
}

// As above with the order that OpenCV itself reads pictures in: grey, BGR or BGRA by the channels.
inline Result<ImageView> view_of(const cv::Mat& mat) {
  switch (mat.channels()) {
    case 1: return view_of(mat, PixelFormat::gray8);
    case 4: return view_of(mat, PixelFormat::bgra8);
    default: return view_of(mat, PixelFormat::bgr8);
  }
}

// A view of a temporary would outlive its pixels: give the cv::Mat a name.
Result<ImageView> view_of(const cv::Mat&& mat) = delete;
Result<ImageView> view_of(const cv::Mat&& mat, PixelFormat format) = delete;

// A copy in the order that OpenCV expects: grey, BGR or BGRA.
// Errors: invalid_argument (an empty view), out_of_memory.
inline Result<cv::Mat> to_mat(const ImageView& view) {
  if (view.is_empty()) {
    return Error(ErrorCode::invalid_argument, Subject::usage, "the image is empty",
                 "load or create one first");
  }
  const int channels = channels_of(view.format);
  cv::Mat mat;
  try {
    mat.create(view.height, view.width, CV_8UC(channels));
  } catch (const cv::Exception& failure) {
    return Error(ErrorCode::out_of_memory, Subject::other,
                 std::string("OpenCV has no memory for the picture: ") + failure.what());
  }
  const bool is_swapped = view.format == PixelFormat::rgb8 || view.format == PixelFormat::rgba8;
  for (int y = 0; y < view.height; ++y) {
    const std::uint8_t* from = view.row(y);
    std::uint8_t* to = mat.ptr(y);
    std::copy_n(from, static_cast<std::size_t>(view.width) * static_cast<std::size_t>(channels),
                to);
    if (!is_swapped) continue;
    for (int x = 0; x < view.width; ++x, to += channels) std::swap(to[0], to[2]);
  }
  return mat;
}

}  // namespace modelhub
