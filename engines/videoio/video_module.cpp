// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Videos and cameras by OpenCV's videoio.
#include "modelhub/video_module.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <string>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/videoio.hpp>

struct mh_video_source {
  cv::VideoCapture capture;
  cv::Mat frame;
};

namespace {

void tell(mh_video_failure* failure, const std::string& reason) {
  const std::size_t length = std::min(reason.size(), sizeof failure->reason - 1);
  std::memcpy(failure->reason, reason.data(), length);
  failure->reason[length] = '\0';
}

// OpenCV prints what it tries and what goes wrong there. Its log belongs to the whole process:
// silent for the time of a call that opens something, then as it was.
class QuietLog {
 public:
  QuietLog()
      : lock_(mutex()),
        before_(cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT)) {}
  ~QuietLog() { cv::utils::logging::setLogLevel(before_); }
  QuietLog(const QuietLog&) = delete;
  QuietLog& operator=(const QuietLog&) = delete;

 private:
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }
  const std::lock_guard<std::mutex> lock_;
  const cv::utils::logging::LogLevel before_;
};

// No exception leaves the module.
template <class Value, class Call>
Value guarded(mh_video_failure* failure, Value on_failure, Call call) {
  try {
    return call();
  } catch (const std::exception& error) {
    tell(failure, std::string("made OpenCV fail: ") + error.what());
  } catch (...) {
    tell(failure, "made OpenCV fail");
  }
  return on_failure;
}

mh_video_source* open_file(const char* path, mh_video_failure* failure) {
  return guarded<mh_video_source*>(failure, nullptr, [&]() -> mh_video_source* {
    const QuietLog quiet;
    auto source = std::make_unique<mh_video_source>();
    // Only those that take a path for nothing but a path: others take it for a pattern of pictures,
    // or for a pipeline to be built.
    for (const int api : {cv::CAP_FFMPEG, cv::CAP_OPENCV_MJPEG}) {
      if (source->capture.open(path, api)) return source.release();
    }
    tell(failure, "is no video that OpenCV " CV_VERSION " can read here");
    return nullptr;
  });
}

mh_video_source* open_camera(std::int32_t number, mh_video_failure* failure) {
  return guarded<mh_video_source*>(failure, nullptr, [&]() -> mh_video_source* {
    const QuietLog quiet;
    auto source = std::make_unique<mh_video_source>();
    if (source->capture.open(number, cv::CAP_V4L2)) return source.release();
    tell(failure, "is not there, or somebody else uses it");
    return nullptr;
  });
}

mh_video_step next(mh_video_source* source, mh_video_frame* frame, mh_video_failure* failure) {
  return guarded<mh_video_step>(failure, MH_VIDEO_FAILED, [&] {
    cv::Mat& mat = source->frame;
    if (!source->capture.read(mat) || mat.empty()) return MH_VIDEO_END;
    if (mat.type() != CV_8UC3) {
      tell(failure, "has frames that are not made of 8-bit colours");
      return MH_VIDEO_FAILED;
    }
    *frame = {mat.data, mat.cols, mat.rows, static_cast<std::int64_t>(mat.step[0])};
    return MH_VIDEO_FRAME;
  });
}

mh_video_step skip(mh_video_source* source, mh_video_failure* failure) {
  return guarded<mh_video_step>(failure, MH_VIDEO_FAILED, [&] {
    return source->capture.grab() ? MH_VIDEO_FRAME : MH_VIDEO_END;
  });
}

void close(mh_video_source* source) { delete source; }

}  // namespace

extern "C" __attribute__((visibility("default"))) const mh_video_api* modelhub_video_api() {
  static const mh_video_api api = {sizeof(mh_video_api),
                                   MH_VIDEO_ABI,
                                   "OpenCV " CV_VERSION,
                                   &open_file,
                                   &open_camera,
                                   &next,
                                   &skip,
                                   &close};
  return &api;
}
