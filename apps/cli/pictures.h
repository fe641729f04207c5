// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"
#include <modelhub/image.h>
#include <modelhub/result.h>

namespace modelhub::cli {

// One picture to run a model on; a video or a camera stands for its frames.
struct Picture {
  enum class Kind { file, url, video };

  std::string name;  // as it is shown: what was typed, or folder/file; a URL without its secrets
  std::string path;  // or the URL, as it was typed
  Kind kind = Kind::file;
  std::string stem;  // begins the names of files made from it; no two pictures share one
};

// One picture: a file, a URL (what has a "://"), "-" for standard input, a video (by the ending of
// its name), or "camera:0". Its stem may be that of another.
Picture picture_named(const std::string& name);

// What was named on the command line: "-" is standard input, a folder stands for the pictures in it
// (by the ending of their names; not those in folders below), in the order of their names.
// Errors: not_found (Subject::input): a folder without pictures.
Result<std::vector<Picture>> find_pictures(const std::vector<std::string>& named);

using Milliseconds = std::chrono::duration<double, std::milli>;

struct TimedImage {
  Image image;
  Milliseconds decode{0};
  std::optional<Milliseconds> fetch;  // of a URL
};

// Whether a picture that has to be fetched draws its progress: not while several are on their way.
enum class ShowProgress { no, yes };

// Blocks; an interrupt ends it. REQUIRES: no video. Errors: as Image::load and Hub::fetch;
// cancelled.
Result<TimedImage> load_picture(const Picture& picture, const Session& session, ShowProgress show);

// The pixels of the box, as far as they are inside the picture; empty when none is.
ImageView crop(const Image& image, float x1, float y1, float x2, float y2);

}  // namespace modelhub::cli
