// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "modelhub/result.h"

namespace modelhub {

// The order of the bytes of a pixel. Part of the image's type, so that no model is ever fed red for blue.
enum class PixelFormat { gray8, rgb8, bgr8, rgba8, bgra8 };

constexpr int channels_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::gray8: return 1;
    case PixelFormat::rgb8:
    case PixelFormat::bgr8: return 3;
    case PixelFormat::rgba8:
    case PixelFormat::bgra8: return 4;
  }
  return 0;
}

// Somebody else's pixels: 8 bits a channel, rows from top to bottom, `stride` bytes from row to row.
//
// Ownership:     borrows; the pixels must outlive the view.
// Thread safety: a value.
struct ImageView {
  const std::uint8_t* data = nullptr;
  int width = 0;   // pixels
  int height = 0;  // pixels
  std::ptrdiff_t stride = 0;  // bytes; at least width * channels
  PixelFormat format = PixelFormat::rgb8;

  bool is_empty() const { return data == nullptr || width <= 0 || height <= 0; }
  const std::uint8_t* row(int y) const { return data + static_cast<std::ptrdiff_t>(y) * stride; }
};

// How many pixels a picture may have before decoding refuses it (a header of a few bytes can claim billions).
// 30,000 x 30,000 is more than any camera gives; decoded as RGB it takes 2.7 GB.
inline constexpr std::uint64_t k_default_max_pixels = 500'000'000;

struct DecodeOptions {
  std::uint64_t max_pixels = k_default_max_pixels;

  DecodeOptions() {}  // user-provided: see coroutine.h
};

// A picture that owns its pixels (no padding between rows).
//
// Thread safety: a value; concurrent reads are safe.
class Image {
 public:
  Image() = default;
  // Pixels are zero. Errors: invalid_argument (a side below 1), out_of_memory.
  static Result<Image> create(int width, int height, PixelFormat format);
  // JPEG, PNG, WebP or TIFF, told by its first bytes and not by its name. The result is upright (EXIF orientation is
  // applied), sRGB as stored, 8 bits a channel: grey becomes rgb8, alpha is blended on white, 16 bits and CMYK become 8-bit
  // rgb8.
  // Errors: not_found, io_error (subject input; a directory, an empty file), corrupt_data (cannot be decoded, truncated),
  //         unsupported (another format, named when known; more than max_pixels); each message names the file.
  static Result<Image> load(const std::string& path, const DecodeOptions& options = {});
  // As load(); `name` stands for the file in messages.
  static Result<Image> decode(std::span<const std::byte> bytes, const std::string& name,
                              const DecodeOptions& options = {});
  static Result<Image> copy_of(const ImageView& view);

  // PNG or JPEG (quality 92), by the ending of the name; written whole or not at all.
  // Errors: invalid_argument (another ending), io_error, no_space.
  Result<void> save(const std::string& path) const;
  Result<std::vector<std::byte>> encode_png() const;

  int width() const { return width_; }
  int height() const { return height_; }
  PixelFormat format() const { return format_; }
  bool is_empty() const { return pixels_.empty(); }
  ImageView view() const {
    return {pixels_.data(), width_, height_, static_cast<std::ptrdiff_t>(width_) * channels_of(format_), format_};
  }
  operator ImageView() const { return view(); }  // NOLINT: an Image is wanted wherever a view is
  std::uint8_t* row(int y) { return pixels_.data() + static_cast<std::size_t>(y) * width_ * channels_of(format_); }

 private:
  int width_ = 0;
  int height_ = 0;
  PixelFormat format_ = PixelFormat::rgb8;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace modelhub
