// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "pictures.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <set>
#include <system_error>

namespace modelhub::cli {
namespace {

namespace fs = std::filesystem;

bool has_picture_ending(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static const std::set<std::string> k_endings = {".jpg",  ".jpeg", ".png",
                                                  ".webp", ".tif",  ".tiff"};
  return k_endings.count(ending) > 0;
}

Result<std::vector<std::string>> pictures_in(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (has_picture_ending(entry->path()) && entry->is_regular_file(ignored))
      found.push_back(entry->path().string());
  }
  if (error) {
    return Error(ErrorCode::io_error, Subject::input,
                 folder + " cannot be read: " + error.message(), "check its permissions");
  }
  if (found.empty()) {
    return Error(ErrorCode::not_found, Subject::input, "the folder " + folder + " holds no picture",
                 "pictures end in .jpg, .jpeg, .png, .webp, .tif or .tiff; folders below are not "
                 "looked into");
  }
  std::sort(found.begin(), found.end());
  return found;
}

// "bus"; where that is taken "bus.jpg", "bus-2", "bus-3".
std::string distinct_stem(const std::string& name, std::set<std::string>& taken) {
  if (name == "-") {
    taken.insert("stdin");
    return "stdin";
  }
  std::string stem = fs::path(name).stem().string();
  if (taken.insert(stem).second) return stem;
  if (std::string whole = fs::path(name).filename().string(); taken.insert(whole).second)
    return whole;
  for (int n = 2;; ++n) {
    std::string numbered = stem + "-" + std::to_string(n);
    if (taken.insert(numbered).second) return numbered;
  }
}

}  // namespace

Result<std::vector<Picture>> find_pictures(const std::vector<std::string>& named) {
  std::vector<std::string> names;
  for (const std::string& name : named) {
    std::error_code ignored;
    if (name == "-" || !fs::is_directory(name, ignored)) {
      names.push_back(name);
      continue;
    }
    Result<std::vector<std::string>> found = pictures_in(name);
    if (!found) return std::move(found).error();
    names.insert(names.end(), found->begin(), found->end());
  }
  std::vector<Picture> pictures;
  pictures.reserve(names.size());
  std::set<std::string> taken;
  for (const std::string& name : names)
    pictures.push_back({name, name == "-" ? "/dev/stdin" : name, distinct_stem(name, taken)});
  return pictures;
}

Result<TimedImage> load_picture(const Picture& picture) {
  const auto begin = std::chrono::steady_clock::now();
  Result<Image> image = Image::load(picture.path);
  if (!image) return std::move(image).error();
  return TimedImage{*std::move(image), std::chrono::steady_clock::now() - begin};
}

ImageView crop(const Image& image, float x1, float y1, float x2, float y2) {
  // Whole pixels that the box touches.
  const auto inside = [](float side, int most) {
    return static_cast<int>(std::clamp(side, 0.0F, static_cast<float>(most)));
  };
  ImageView view = image.view();
  const int left = inside(std::floor(x1), view.width);
  const int top = inside(std::floor(y1), view.height);
  view.data += top * view.stride + static_cast<std::ptrdiff_t>(left) * channels_of(view.format);
  view.width = inside(std::ceil(x2), view.width) - left;
  view.height = inside(std::ceil(y2), view.height) - top;
  return view;
}

}  // namespace modelhub::cli
