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
#include <utility>

#include "waiting.h"

namespace modelhub::cli {
namespace {

namespace fs = std::filesystem;

std::string ending_of(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending;
}

bool has_picture_ending(const fs::path& path) {
  static const std::set<std::string> k_endings = {".jpg",  ".jpeg", ".png",
                                                  ".webp", ".tif",  ".tiff"};
  return k_endings.count(ending_of(path)) > 0;
}

bool is_video(const std::string& name) {
  static const std::set<std::string> k_endings = {".mp4",  ".m4v", ".mov",  ".avi", ".mkv",
                                                  ".webm", ".mpg", ".mpeg", ".wmv", ".ts"};
  return name.starts_with("camera:") || k_endings.count(ending_of(name)) > 0;
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

bool is_url(const std::string& name) { return name.find("://") != std::string::npos; }

// "bus.jpg" of "a/bus.jpg" and of "https://host/bus.jpg?...".
std::string file_name_of(const Picture& picture) {
  if (picture.name == "-") return "stdin";
  const std::string path = picture.kind == Picture::Kind::url
                               ? picture.name.substr(0, picture.name.find('?'))
                               : picture.name;
  const std::string last = fs::path(path).filename().string();
  return last.empty() ? "picture" : last;
}

// "bus"; where that is taken "bus.jpg", "bus-2", "bus-3".
std::string distinct_stem(const std::string& name, std::set<std::string>& taken) {
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

Picture picture_named(const std::string& name) {
  Picture picture{name, name == "-" ? "/dev/stdin" : name, Picture::Kind::file, {}};
  if (is_url(name)) {
    picture.kind = Picture::Kind::url;
    picture.name = shown_url(name);
  } else if (is_video(name)) {
    picture.kind = Picture::Kind::video;
  }
  picture.stem = fs::path(file_name_of(picture)).stem().string();
  return picture;
}

Result<std::vector<Picture>> find_pictures(const std::vector<std::string>& named) {
  std::vector<std::string> names;
  for (const std::string& name : named) {
    std::error_code ignored;
    if (name == "-" || is_url(name) || !fs::is_directory(name, ignored)) {
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
  for (const std::string& name : names) {
    pictures.push_back(picture_named(name));
    pictures.back().stem = distinct_stem(file_name_of(pictures.back()), taken);
  }
  return pictures;
}

Result<TimedImage> load_picture(const Picture& picture, const Session& session, ShowProgress show) {
  auto begin = std::chrono::steady_clock::now();
  const auto lap = [&begin]() -> Milliseconds {
    const auto now = std::chrono::steady_clock::now();
    return now - std::exchange(begin, now);
  };
  const bool is_remote = picture.kind == Picture::Kind::url;
  TimedImage timed;
  std::vector<std::byte> bytes;
  if (is_remote) {
    const Job<std::vector<std::byte>> job = session.hub.fetch(picture.path);
    Result<std::vector<std::byte>> fetched =
        show == ShowProgress::yes ? wait_for(job, session.console) : wait_quietly(job);
    if (!fetched) return std::move(fetched).error();
    bytes = *std::move(fetched);
    timed.fetch = lap();
  }
  Result<Image> image = is_remote ? Image::decode(bytes, picture.name) : Image::load(picture.path);
  if (!image) return std::move(image).error();
  timed.image = *std::move(image);
  timed.decode = lap();
  return timed;
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
