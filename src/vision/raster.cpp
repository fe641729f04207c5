// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/raster.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>

#include "modelhub/byte_count.h"

namespace modelhub::vision {
namespace {

std::string size_text(std::uint64_t width, std::uint64_t height) {
  return std::to_string(width) + " x " + std::to_string(height) + " pixels";
}

// Where the stored pixel (x, y) belongs in the upright picture.
struct Turn {
  bool swaps_sides = false;
  bool mirrors_x = false;  // after the swap
  bool mirrors_y = false;
};

// EXIF 2.3, table of the Orientation tag: which corner and side the stored first row and column
// are.
Turn turn_of(int orientation) {
  switch (orientation) {
    case 2: return {false, true, false};
    case 3: return {false, true, true};
    case 4: return {false, false, true};
    case 5: return {true, false, false};
    case 6: return {true, true, false};
    case 7: return {true, true, true};
    case 8: return {true, false, true};
    default: return {};
  }
}

void copy_pixel(const std::uint8_t* from, std::uint8_t* to) {
  to[0] = from[0];
  to[1] = from[1];
  to[2] = from[2];
}

// In tiles, because one of the two sides is walked against the grain of memory.
void turn_pixels(const Raster& from, const Turn& turn, Raster& to) {
  constexpr int k_tile = 64;
  for (int tile_y = 0; tile_y < from.height; tile_y += k_tile) {
    for (int tile_x = 0; tile_x < from.width; tile_x += k_tile) {
      const int end_y = std::min(from.height, tile_y + k_tile);
      const int end_x = std::min(from.width, tile_x + k_tile);
      for (int y = tile_y; y < end_y; ++y) {
        const std::uint8_t* source =
            from.pixels.data() + (static_cast<std::size_t>(y) * from.width + tile_x) * 3;
        for (int x = tile_x; x < end_x; ++x, source += 3) {
          int to_x = turn.swaps_sides ? y : x;
          int to_y = turn.swaps_sides ? x : y;
          if (turn.mirrors_x) to_x = to.width - 1 - to_x;
          if (turn.mirrors_y) to_y = to.height - 1 - to_y;
          copy_pixel(source,
                     to.pixels.data() + (static_cast<std::size_t>(to_y) * to.width + to_x) * 3);
        }
      }
    }
  }
}

}  // namespace

Error damaged(const std::string& name, std::string_view format, std::string_view reason) {
  return {ErrorCode::corrupt_data, Subject::input,
          name + " is a damaged " + std::string(format) + " file: " + std::string(reason),
          "get the file again from where it came from"};
}

Error unsupported_kind(const std::string& name, std::string_view format, std::string_view reason) {
  return {
      ErrorCode::unsupported, Subject::input,
      name + " is a " + std::string(format) + " file that cannot be read: " + std::string(reason),
      "convert it to an 8-bit PNG or JPEG"};
}

Error no_memory(const std::string& name, std::uint64_t width, std::uint64_t height) {
  return {ErrorCode::out_of_memory, Subject::input,
          name + ": no memory for " + size_text(width, height), "use a smaller picture"};
}

Result<void> check_claimed_size(const EncodedPicture& picture, std::uint64_t width,
                                std::uint64_t height, std::uint64_t least_bytes) {
  constexpr std::uint64_t k_longest_side = std::numeric_limits<int>::max();
  if (width == 0 || height == 0) {
    return Error(ErrorCode::corrupt_data, Subject::input,
                 picture.name + " is damaged: it claims " + size_text(width, height));
  }
  if (width > k_longest_side || height > k_longest_side || width > picture.max_pixels / height) {
    return Error(
        ErrorCode::unsupported, Subject::input,
        picture.name + " claims " + size_text(width, height) + ", more than the limit of " +
            std::to_string(picture.max_pixels / 1'000'000) + " million pixels",
        "make the picture smaller or cut it into pieces; in C++, DecodeOptions::max_pixels");
  }
  if (picture.bytes.size() < least_bytes) {
    return Error(ErrorCode::corrupt_data, Subject::input,
                 picture.name + " is cut short: it claims " + size_text(width, height) +
                     ", which do not fit in its " + ByteCount(picture.bytes.size()).to_string(),
                 "get the file again from where it came from");
  }
  return {};
}

Result<void> allocate(Raster& raster, std::uint64_t width, std::uint64_t height, PixelFormat format,
                      const std::string& name) {
  const std::uint64_t channels = static_cast<std::uint64_t>(channels_of(format));
  if (width > std::numeric_limits<std::ptrdiff_t>::max() / channels / height) {
    return no_memory(name, width, height);
  }
  try {
    raster.pixels.resize(static_cast<std::size_t>(width * height * channels));
  } catch (const std::bad_alloc&) {
    return no_memory(name, width, height);
  } catch (const std::length_error&) {
    return no_memory(name, width, height);
  }
  raster.width = static_cast<int>(width);
  raster.height = static_cast<int>(height);
  raster.format = format;
  return {};
}

void flatten_on_white(Raster& raster) {
  if (raster.format != PixelFormat::rgba8) return;
  const std::size_t count = raster.pixels.size() / 4;
  const std::uint8_t* from = raster.pixels.data();
  std::uint8_t* to = raster.pixels.data();  // never ahead of `from`
  for (std::size_t i = 0; i < count; ++i, from += 4, to += 3) {
    const unsigned alpha = from[3];
    const unsigned white = 255 * (255 - alpha);
    to[0] = divide_by_255(from[0] * alpha + white);
    to[1] = divide_by_255(from[1] * alpha + white);
    to[2] = divide_by_255(from[2] * alpha + white);
  }
  raster.pixels.resize(count * 3);
  raster.format = PixelFormat::rgb8;
}

Result<void> make_upright(Raster& raster, const std::string& name) {
  if (raster.orientation < 2 || raster.orientation > 8) return {};
  const Turn turn = turn_of(raster.orientation);
  Raster upright;
  upright.dpi_across = turn.swaps_sides ? raster.dpi_down : raster.dpi_across;
  upright.dpi_down = turn.swaps_sides ? raster.dpi_across : raster.dpi_down;
  const int width = turn.swaps_sides ? raster.height : raster.width;
  const int height = turn.swaps_sides ? raster.width : raster.height;
  if (Result<void> done = allocate(upright, static_cast<std::uint64_t>(width),
                                   static_cast<std::uint64_t>(height), raster.format, name);
      !done) {
    return done;
  }
  turn_pixels(raster, turn, upright);
  raster = std::move(upright);
  return {};
}

int plausible_dpi(double dots_per_inch) {
  if (!(dots_per_inch >= 1 && dots_per_inch <= 100'000)) return 0;  // also not a number
  return static_cast<int>(std::lround(dots_per_inch));
}

}  // namespace modelhub::vision
