// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "modelhub/export.h"
#include "modelhub/image.h"
#include "modelhub/result.h"

namespace modelhub MODELHUB_API {

namespace vision {
class VideoSource;
}

struct VideoOptions {
  // 1: each frame; 10: the first, the eleventh, ... Those between are passed over. At least 1.
  int every = 1;

  VideoOptions() {}  // NOLINT(modernize-use-equals-default): see coroutine.h
};

struct VideoFrame {
  std::int64_t number = 0;  // counted from 0, those that were passed over included
  Image image;              // bgr8, upright
};

// The frames of a video, or of a camera, one after the other. Made by Hub::open_video().
//
// Ownership:     holds the file or the camera until it is destroyed. May outlive the hub.
// Thread safety: one thread at a time.
class Video {
 public:
  ~Video();
  Video(Video&&) noexcept;
  Video& operator=(Video&&) noexcept;

  // Blocks until a camera gives one; nothing after the last. How many frames a file has nobody
  // knows for sure: one that is cut short ends early. Errors, Subject::input: corrupt_data (not one
  // frame can be decoded, or what the decoder says), out_of_memory; afterwards nothing more comes.
  Result<std::optional<VideoFrame>> next();

 private:
  friend class vision::VideoSource;
  explicit Video(std::unique_ptr<vision::VideoSource> source);

  std::unique_ptr<vision::VideoSource> source_;
};

}  // namespace MODELHUB_API
