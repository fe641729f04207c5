// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "modelhub/export.h"
#include "modelhub/result.h"

namespace modelhub MODELHUB_API {

// The order of the bytes of a pixel. Part of the image's type, so that no model is ever fed red for
// blue.
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

// Somebody else's pixels: 8 bits a channel, rows from top to bottom, `stride` bytes from row to
// row.
//
// Ownership:     borrows; the pixels must outlive the view.
// Thread safety: a value.
struct ImageView {
  const std::uint8_t* data = nullptr;
  int width = 0;              // pixels
  int height = 0;             // pixels
  std::ptrdiff_t stride = 0;  // bytes; at least width * channels
  PixelFormat format = PixelFormat::rgb8;
  int dpi = 0;  // dots per inch, down the picture; 0: not known. Text recognition wants it.

  bool is_empty() const { return data == nullptr || width <= 0 || height <= 0; }
  // REQUIRES: 0 <= y < height.
  const std::uint8_t* row(int y) const { return data + static_cast<std::ptrdiff_t>(y) * stride; }
};

// How many pixels a picture may have before decoding refuses it (a header of a few bytes can claim
// billions). 22,000 x 22,000 is more than most cameras give; decoded as RGB it takes 1.5 GB.
inline constexpr std::uint64_t k_default_max_pixels = 500'000'000;

struct DecodeOptions {
  std::uint64_t max_pixels = k_default_max_pixels;

  DecodeOptions() {}  // NOLINT(modernize-use-equals-default): see coroutine.h
};

// A picture that owns its pixels (no padding between rows).
//
// Thread safety: a value; concurrent reads are safe.
class Image {
 public:
  Image() = default;
  // Pixels are zero. Errors: invalid_argument (a side below 1), out_of_memory.
  static Result<Image> create(int width, int height, PixelFormat format);
  // JPEG, PNG, WebP or TIFF (the first picture of it), told by its first bytes and not by its name;
  // a pipe is read to its end. The result is always rgb8, upright (EXIF orientation is applied),
  // with the values as stored (colour profiles and gamma are not applied): grey is repeated, alpha
  // is blended on white, 16 bits keep the upper 8, CMYK becomes the product of its complements.
  // Nothing is guessed: a picture that is cut short is an error, not a half-grey picture. Memory:
  // about 3 bytes a pixel, 4 with alpha, 9 for a progressive JPEG, and the file itself. Errors:
  // not_found, io_error (a directory, an empty file), corrupt_data (cannot be decoded, cut
  //         short, text), unsupported (another format, named when known; more
  //         than max_pixels), out_of_memory; Subject::input; each message names
  //         the file.
  static Result<Image> load(const std::string& path, const DecodeOptions& options = {});
  // As load(); `name` stands for the file in messages.
  static Result<Image> decode(std::span<const std::byte> bytes, const std::string& name,
                              const DecodeOptions& options = {});
  // Errors: invalid_argument (an empty view, a stride shorter than a row), out_of_memory.
  static Result<Image> copy_of(const ImageView& view);

  // PNG or JPEG (quality 92, full colour resolution), by the ending of the name; a file is written
  // whole or not at all, a pipe or device is written to. JPEG has no alpha: it is blended on white.
  // Errors: invalid_argument (Subject::usage: another ending; an empty image), not_found (no such
  //         folder), no_space, io_error, unsupported (a JPEG side above
  //         65,500), out_of_memory.
  Result<void> save(const std::string& path) const;
  Result<std::vector<std::byte>> encode_png() const;
  Result<std::vector<std::byte>> encode_jpeg() const;

  int width() const { return width_; }
  int height() const { return height_; }
  PixelFormat format() const { return format_; }
  bool is_empty() const { return pixels_.empty(); }
  // Dots per inch as the file says, down the upright picture (faxes have another number across); 0
  // where it says nothing. Text recognition wants it.
  int dpi() const { return dpi_; }
  ImageView view() const {
    return {pixels_.data(), width_,
            height_,        static_cast<std::ptrdiff_t>(width_) * channels_of(format_),
            format_,        dpi_};
  }
  operator ImageView() const { return view(); }  // NOLINT: an Image is wanted wherever a view is
  // The pixels of one row, to be changed. REQUIRES: 0 <= y < height().
  std::uint8_t* row(int y) {
    return pixels_.data() + static_cast<std::size_t>(y) * width_ * channels_of(format_);
  }

 private:
  int width_ = 0;
  int height_ = 0;
  PixelFormat format_ = PixelFormat::rgb8;
  int dpi_ = 0;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace MODELHUB_API
