// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/image.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>

#include "vision/encode.h"
#include "vision/picture_file.h"
#include "vision/picture_format.h"
#include "vision/raster.h"

namespace modelhub {
namespace {

using vision::EncodedPicture;
using vision::PictureFormat;
using vision::Raster;

Error empty_image() {
  return {ErrorCode::invalid_argument, Subject::usage, "the image is empty",
          "load or create one first"};
}

Result<Raster> decode_raster(const EncodedPicture& picture) {
  switch (vision::picture_format_of(picture.bytes)) {
    case PictureFormat::jpeg: return vision::decode_jpeg(picture);
    case PictureFormat::png: return vision::decode_png(picture);
    case PictureFormat::webp: return vision::decode_webp(picture);
    case PictureFormat::tiff: return vision::decode_tiff(picture);
    case PictureFormat::unknown: break;
  }
  return vision::explain_unknown_format(picture.bytes, picture.name);
}

std::string lower_ending_of(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  const std::size_t slash = path.rfind('/');
  if (dot == std::string::npos || (slash != std::string::npos && dot < slash)) return {};
  std::string ending = path.substr(dot);
  std::transform(ending.begin(), ending.end(), ending.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return ending;
}

}  // namespace

Result<Image> Image::create(int width, int height, PixelFormat format) {
  if (width < 1 || height < 1) {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 "an image of " + std::to_string(width) + " x " + std::to_string(height) +
                     " pixels cannot be made",
                 "give both sides as 1 or more");
  }
  Raster raster;
  if (Result<void> done = vision::allocate(raster, static_cast<std::uint64_t>(width),
                                           static_cast<std::uint64_t>(height), format, "image");
      !done) {
    return std::move(done).error();
  }
  Image image;
  image.width_ = width;
  image.height_ = height;
  image.format_ = format;
  image.pixels_ = std::move(raster.pixels);
  return image;
}

Result<Image> Image::copy_of(const ImageView& view) {
  if (view.is_empty()) return empty_image();
  const std::ptrdiff_t row_bytes =
      static_cast<std::ptrdiff_t>(view.width) * channels_of(view.format);
  if (view.stride < row_bytes) {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 "a stride of " + std::to_string(view.stride) + " bytes is shorter than a row of " +
                     std::to_string(row_bytes),
                 "give the bytes from one row to the next");
  }
  Result<Image> image = create(view.width, view.height, view.format);
  if (!image) return image;
  for (int y = 0; y < view.height; ++y) {
    std::memcpy(image->row(y), view.row(y), static_cast<std::size_t>(row_bytes));
  }
  image->dpi_ = view.dpi;
  return image;
}

Result<Image> Image::decode(std::span<const std::byte> bytes, const std::string& name,
                            const DecodeOptions& options) {
  if (bytes.empty()) {
    return Error(ErrorCode::io_error, Subject::input, name + " is empty",
                 "name a file with a picture in it");
  }
  const EncodedPicture picture{bytes, name, options.max_pixels};
  try {
    Result<Raster> raster = decode_raster(picture);
    if (!raster) return std::move(raster).error();
    vision::flatten_on_white(*raster);
    if (Result<void> done = vision::make_upright(*raster, name); !done) {
      return std::move(done).error();
    }
    Image image;
    image.width_ = raster->width;
    image.height_ = raster->height;
    image.format_ = raster->format;
    image.dpi_ = raster->dpi_down;
    image.pixels_ = std::move(raster->pixels);
    return image;
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::out_of_memory, Subject::input, name + ": no memory to decode it",
                 "use a smaller picture");
  }
}

Result<Image> Image::load(const std::string& path, const DecodeOptions& options) {
  // No format needs more than 8 bytes a pixel (16 bits, four channels, not compressed) besides its
  // metadata.
  constexpr std::uint64_t k_metadata_bytes = 64U << 20;
  const std::uint64_t limit_pixels = std::min<std::uint64_t>(options.max_pixels, 1ULL << 40);
  Result<std::vector<std::byte>> bytes =
      vision::read_picture_file(path, limit_pixels * 8 + k_metadata_bytes);
  if (!bytes) return std::move(bytes).error();
  return decode(*bytes, path, options);
}

Result<std::vector<std::byte>> Image::encode_png() const {
  if (is_empty()) return empty_image();
  return vision::encode_png(view(), dpi_);
}

Result<std::vector<std::byte>> Image::encode_jpeg() const {
  if (is_empty()) return empty_image();
  return vision::encode_jpeg(view(), dpi_);
}

Result<void> Image::save(const std::string& path) const {
  const std::string ending = lower_ending_of(path);
  const bool is_jpeg = ending == ".jpg" || ending == ".jpeg";
  if (!is_jpeg && ending != ".png") {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 "cannot tell the format of " + path + " by its name",
                 "end the name in .png or .jpg");
  }
  const Result<std::vector<std::byte>> bytes = is_jpeg ? encode_jpeg() : encode_png();
  if (!bytes) return bytes.error();
  return vision::write_picture_file(path, *bytes);
}

}  // namespace modelhub
