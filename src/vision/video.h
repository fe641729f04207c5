// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "modelhub/result.h"
#include "modelhub/video.h"
#include "modelhub/video_module.h"

namespace modelhub::vision {

// "camera:0" -> 0; nothing for any other text.
std::optional<int> camera_number_of(const std::string& source);

// What is behind a Video: a source of the module modelhub_video.so, whose answers are checked.
class VideoSource {
 public:
  // `source` is a path, or "camera:N". The module is looked for in `folders`, the first one wins,
  // and stays open for the life of the process.
  // Errors: not_found, io_error, corrupt_data (Subject::input) about the source; unsupported
  //         (Subject::engine): no module, or one that cannot be used; invalid_argument.
  static Result<Video> open(const std::vector<std::string>& folders, const std::string& source,
                            const VideoOptions& options);

  VideoSource(const mh_video_api& api, mh_video_source* source, std::string name, int every);
  ~VideoSource();
  VideoSource(const VideoSource&) = delete;
  VideoSource& operator=(const VideoSource&) = delete;

  Result<std::optional<VideoFrame>> next();

 private:
  // False at the end.
  Result<bool> pass_over();
  Error failure_of(mh_video_failure& failure) const;

  const mh_video_api& api_;
  mh_video_source* const source_;
  const std::string name_;
  const int every_;
  std::int64_t number_ = 0;  // of the next frame
  bool has_ended_ = false;
};

}  // namespace modelhub::vision
