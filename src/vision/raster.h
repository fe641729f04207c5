// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "modelhub/image.h"

namespace modelhub::vision {

// A picture on its way from a file to an Image: as stored, not yet upright.
struct Raster {
  int width = 0;
  int height = 0;
  PixelFormat format = PixelFormat::rgb8;  // rgb8, or rgba8 (straight alpha) until it is flattened
  int orientation = 1;                     // EXIF: 1 is upright, 2..8 as in exif.h
  int dpi_across = 0;                      // dots per inch of a row; 0: the file does not say
  int dpi_down = 0;                        // of a column
  std::vector<std::uint8_t> pixels;        // rows without padding

  std::uint8_t* row(int y) {
    return pixels.data() + static_cast<std::size_t>(y) * width * channels_of(format);
  }
};

// A file in memory. Borrows everything.
struct EncodedPicture {
  std::span<const std::byte> bytes;
  const std::string& name;  // of the file, for messages
  std::uint64_t max_pixels = k_default_max_pixels;

  const std::uint8_t* data() const { return reinterpret_cast<const std::uint8_t*>(bytes.data()); }
};

// One decoder for each format. They keep no state, may run on any thread, and are the only code
// that knows the library behind them. The result has pixels of rgb8 or rgba8. Errors: corrupt_data,
// unsupported, out_of_memory; Subject::input; the message names the file.
Result<Raster> decode_jpeg(const EncodedPicture& picture);
Result<Raster> decode_png(const EncodedPicture& picture);
Result<Raster> decode_webp(const EncodedPicture& picture);
Result<Raster> decode_tiff(const EncodedPicture& picture);

// Refuses a size that cannot be decoded before anything of that size is allocated. `least_bytes` is
// the smallest file that could hold that many pixels, where the format tells (else 0).
Result<void> check_claimed_size(const EncodedPicture& picture, std::uint64_t width,
                                std::uint64_t height, std::uint64_t least_bytes);

// Sets the size and gives the raster zeroed pixels.
Result<void> allocate(Raster& raster, std::uint64_t width, std::uint64_t height, PixelFormat format,
                      const std::string& name);

// Blends straight alpha on white, in place: rgba8 becomes rgb8.
void flatten_on_white(Raster& raster);
// Turns and mirrors the pixels so that orientation becomes 1. Errors: out_of_memory.
Result<void> make_upright(Raster& raster, const std::string& name);

// "cat.png is a damaged PNG file: IDAT: CRC error".
Error damaged(const std::string& name, std::string_view format, std::string_view reason);
// "cat.png is a PNG file that cannot be read: ...".
Error unsupported_kind(const std::string& name, std::string_view format, std::string_view reason);
Error no_memory(const std::string& name, std::uint64_t width, std::uint64_t height);

// round(value / 255) for 0 <= value <= 255 * 255, exactly.
constexpr std::uint8_t divide_by_255(unsigned value) {
  return static_cast<std::uint8_t>((value + 128 + ((value + 128) >> 8)) >> 8);
}

// A resolution that a program could have meant, as whole dots per inch, or 0.
int plausible_dpi(double dots_per_inch);

}  // namespace modelhub::vision
