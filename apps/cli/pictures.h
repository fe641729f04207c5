// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <modelhub/image.h>
#include <modelhub/result.h>

namespace modelhub::cli {

// One picture to run a model on.
struct Picture {
  std::string name;  // as it is shown: what was typed, or folder/file
  std::string path;
  std::string stem;  // begins the names of files made from it; no two pictures share one
};

// What was named on the command line: "-" is standard input, a folder stands for the pictures in it
// (by the ending of their names; not those in folders below), in the order of their names.
// Errors: not_found (Subject::input): a folder without pictures.
Result<std::vector<Picture>> find_pictures(const std::vector<std::string>& named);

struct TimedImage {
  Image image;
  std::chrono::duration<double, std::milli> duration{0};  // of decoding
};

// Errors: as Image::load.
Result<TimedImage> load_picture(const Picture& picture);

// The pixels of the box, as far as they are inside the picture; empty when none is.
ImageView crop(const Image& image, float x1, float y1, float x2, float y2);

}  // namespace modelhub::cli
