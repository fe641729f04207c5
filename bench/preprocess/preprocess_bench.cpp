// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// The letterbox of a YOLO detector, ours in one pass against OpenCV's five steps on the same
// pixels, one thread, rounds interleaved. Prints medians and their ratio, and the best rounds for a
// machine that has other work.
//
//   preprocess_bench [WIDTH HEIGHT [ROUNDS]]      (810 1080 200: the size of a photo made small for
//   the web)
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "vision/preprocess.h"

namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

template <class Work>
double time_of(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return Milliseconds(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

// Memory is kept from call to call on both sides.
struct OpenCvLetterbox {
  cv::Mat resized, boxed, rgb, floats;
  std::vector<float> planar = std::vector<float>(3 * 640 * 640);

  void run(const cv::Mat& bgr) {
    const double r = std::min(640.0 / bgr.rows, 640.0 / bgr.cols);
    const cv::Size size(cvRound(bgr.cols * r), cvRound(bgr.rows * r));
    const double dw = (640 - size.width) / 2.0;
    const double dh = (640 - size.height) / 2.0;
    cv::resize(bgr, resized, size, 0, 0, cv::INTER_LINEAR);
    cv::copyMakeBorder(resized, boxed, cvRound(dh - 0.1), cvRound(dh + 0.1), cvRound(dw - 0.1),
                       cvRound(dw + 0.1), cv::BORDER_CONSTANT, cv::Scalar(114, 114, 114));
    cv::cvtColor(boxed, rgb, cv::COLOR_BGR2RGB);
    rgb.convertTo(floats, CV_32F, 1 / 255.0);
    std::vector<cv::Mat> planes;
    for (int c = 0; c < 3; ++c) planes.emplace_back(640, 640, CV_32F, &planar[c * 640 * 640]);
    cv::split(floats, planes);
  }
};

}  // namespace

int main(int argc, char** argv) {
  using namespace modelhub;
  const int width = argc > 2 ? std::atoi(argv[1]) : 810;
  const int height = argc > 2 ? std::atoi(argv[2]) : 1080;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 200;
  if (width < 1 || height < 1 || rounds < 1) {
    std::cerr << "usage: preprocess_bench [WIDTH HEIGHT [ROUNDS]]\n";
    return 2;
  }
  cv::setNumThreads(1);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width) * height * 3);
  std::mt19937 random(1);
  for (std::uint8_t& level : pixels) level = static_cast<std::uint8_t>(random());
  const ImageView view{pixels.data(), width, height, std::ptrdiff_t{width} * 3, PixelFormat::bgr8};
  const cv::Mat mat(height, width, CV_8UC3, pixels.data());

  vision::InputSpec input;
  input.width = input.height = 640;
  input.scale = 1 / 255.0;
  Tensor tensor;
  OpenCvLetterbox opencv;
  std::vector<double> ours, fresh, theirs;
  for (int i = 0; i < rounds; ++i) {
    ours.push_back(time_of([&] { (void)vision::preprocess(view, input, tensor); }));
    fresh.push_back(time_of([&] {
      Tensor new_tensor;
      (void)vision::preprocess(view, input, new_tensor);
    }));
    theirs.push_back(time_of([&] { opencv.run(mat); }));
  }
  float difference = 0;
  for (std::size_t i = 0; i < opencv.planar.size(); ++i) {
    difference = std::max(difference, std::abs(opencv.planar[i] - tensor.as<float>()[i]));
  }
  const auto best = [](const std::vector<double>& times) {
    return *std::min_element(times.begin(), times.end());
  };
  std::cout << width << "x" << height << " -> 640x640: ours " << median(ours)
            << " ms (new tensor each time " << median(fresh) << "), OpenCV " << CV_VERSION << " "
            << median(theirs) << " ms, ratio " << median(ours) / median(theirs)
            << " (of the best rounds: " << best(ours) << " / " << best(theirs) << " = "
            << best(ours) / best(theirs) << ")"
            << ", largest difference " << difference * 255 << " levels\n";
}
