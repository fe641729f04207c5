// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/video.h"

#include <dlfcn.h>

#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

namespace modelhub {

Video::Video(std::unique_ptr<vision::VideoSource> source) : source_(std::move(source)) {}
Video::~Video() = default;
Video::Video(Video&&) noexcept = default;
Video& Video::operator=(Video&&) noexcept = default;

Result<std::optional<VideoFrame>> Video::next() { return source_->next(); }

}  // namespace modelhub

namespace modelhub::vision {
namespace {

namespace fs = std::filesystem;

constexpr const char* k_module = "modelhub_video.so";
constexpr std::string_view k_camera = "camera:";

Error no_module() {
  return {ErrorCode::unsupported, Subject::engine,
          "videos and cameras need OpenCV's videoio, which this modelhub was built without",
          "install it (libopencv-videoio-dev) and build again; or take pictures out of the video "
          "into a folder, and name that: ffmpeg -i VIDEO -vf fps=1 FOLDER/%05d.jpg"};
}

Error broken_module(const std::string& path, const std::string& why) {
  return {ErrorCode::unsupported, Subject::engine,
          "videos and cameras need " + path + ", which cannot be used: " + why,
          "install what it needs (libopencv-videoio), or build modelhub again"};
}

Result<const mh_video_api*> open_module(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const why = dlerror();
    return broken_module(path, why == nullptr ? "it cannot be opened" : why);
  }
  const auto get_api =
      reinterpret_cast<mh_video_api_function>(dlsym(library, "modelhub_video_api"));
  const mh_video_api* const api = get_api == nullptr ? nullptr : get_api();
  if (api == nullptr) return broken_module(path, "it has no function modelhub_video_api");
  if (api->abi != MH_VIDEO_ABI || api->size < sizeof(mh_video_api)) {
    return broken_module(path, "it was made for another interface (" + std::to_string(api->abi) +
                                   ", not " + std::to_string(MH_VIDEO_ABI) + ")");
  }
  return api;
}

Result<const mh_video_api*> find_module(const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) {
    std::error_code ignored;
    const fs::path path = fs::absolute(fs::path(folder) / k_module, ignored);
    if (fs::exists(path, ignored)) return open_module(path.lexically_normal().string());
  }
  return no_module();
}

// What a module need not ask again, and what it would say less well.
Result<std::string> find_file(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return Error(ErrorCode::not_found, Subject::input, "there is no video " + path,
                 "check the name; a relative one starts at the current directory");
  }
  if (error) {
    return Error(ErrorCode::io_error, Subject::input, path + " cannot be read: " + error.message(),
                 "check its permissions");
  }
  if (fs::is_directory(status)) {
    return Error(ErrorCode::io_error, Subject::input, path + " is a folder, not a video",
                 "name the video in it");
  }
  fs::path absolute = fs::absolute(path, error);
  return error ? path : absolute.string();
}

}  // namespace

std::optional<int> camera_number_of(const std::string& source) {
  if (!source.starts_with(k_camera)) return std::nullopt;
  constexpr int k_most = 1000;  // what stands behind it may be a path after all
  int number = -1;
  const char* const begin = source.data() + k_camera.size();
  const char* const end = source.data() + source.size();
  const auto [stop, failed] = std::from_chars(begin, end, number);
  if (failed != std::errc() || stop != end || number < 0 || number > k_most) return std::nullopt;
  return number;
}

Result<Video> VideoSource::open(const std::vector<std::string>& folders, const std::string& source,
                                const VideoOptions& options) {
  if (options.every < 1) {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 "every " + std::to_string(options.every) + "th frame cannot be taken",
                 "1 takes each");
  }
  const std::optional<int> camera = camera_number_of(source);
  std::string path;
  if (!camera) {
    Result<std::string> found = find_file(source);
    if (!found) return std::move(found).error();
    path = *std::move(found);
  }
  const Result<const mh_video_api*> api = find_module(folders);
  if (!api) return api.error();
  mh_video_failure failure{};
  mh_video_source* const opened =
      camera ? (*api)->open_camera(*camera, &failure) : (*api)->open_file(path.c_str(), &failure);
  if (opened == nullptr) {
    failure.reason[sizeof failure.reason - 1] = '\0';
    return Error(
        camera ? ErrorCode::not_found : ErrorCode::corrupt_data, Subject::input,
        source + " " + failure.reason,
        camera ? "ls /dev/video* shows the cameras; reading one takes its permission"
               : "ffmpeg -i VIDEO -c:v mjpeg OTHER.avi makes one that can be read everywhere");
  }
  return Video(std::make_unique<VideoSource>(**api, opened, source, options.every));
}

VideoSource::VideoSource(const mh_video_api& api, mh_video_source* source, std::string name,
                         int every)
    : api_(api), source_(source), name_(std::move(name)), every_(every) {}

VideoSource::~VideoSource() { api_.close(source_); }

Error VideoSource::failure_of(mh_video_failure& failure) const {
  failure.reason[sizeof failure.reason - 1] = '\0';
  return {ErrorCode::corrupt_data, Subject::input,
          name_ + " " + failure.reason + " (frame " + std::to_string(number_) + ")",
          "ffmpeg -v error -i VIDEO -f null - shows what is wrong with it"};
}

Result<bool> VideoSource::pass_over() {
  for (std::int64_t left = number_ == 0 ? 0 : every_ - 1; left > 0; --left) {
    mh_video_failure failure{};
    const mh_video_step step = api_.skip(source_, &failure);
    if (step == MH_VIDEO_FAILED) return failure_of(failure);
    if (step == MH_VIDEO_END) return false;
    ++number_;
  }
  return true;
}

Result<std::optional<VideoFrame>> VideoSource::next() {
  if (has_ended_) return std::optional<VideoFrame>();
  has_ended_ = true;  // unless a frame comes
  Result<bool> is_there = pass_over();
  if (!is_there) return std::move(is_there).error();
  if (!*is_there) return std::optional<VideoFrame>();
  mh_video_frame frame{};
  mh_video_failure failure{};
  const mh_video_step step = api_.next(source_, &frame, &failure);
  if (step == MH_VIDEO_FAILED) return failure_of(failure);
  if (step == MH_VIDEO_END) {
    if (number_ > 0) return std::optional<VideoFrame>();
    return Error(ErrorCode::corrupt_data, Subject::input,
                 name_ + " has not one frame that can be decoded",
                 "ffmpeg -v error -i VIDEO -f null - shows what is wrong with it");
  }
  const ImageView view{frame.data,        frame.width,
                       frame.height,      static_cast<std::ptrdiff_t>(frame.stride),
                       PixelFormat::bgr8, 0};
  Result<Image> image = Image::copy_of(view);
  if (!image) return std::move(image).error().with_context("frame of " + name_);
  has_ended_ = false;
  return std::optional(VideoFrame{number_++, *std::move(image)});
}

}  // namespace modelhub::vision
