// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include <tiffio.h>

#include "vision/raster.h"

namespace modelhub::vision {
namespace {

constexpr std::string_view k_tiff = "TIFF";

// What libtiff reads from, and what it complained about first.
struct TiffSource {
  std::span<const std::byte> bytes;
  std::uint64_t position = 0;
  char complaint[200] = {};
};

tmsize_t on_read(thandle_t handle, void* to, tmsize_t wanted) {
  auto* const source = static_cast<TiffSource*>(handle);
  const std::uint64_t left =
      source->bytes.size() - std::min<std::uint64_t>(source->position, source->bytes.size());
  const auto count =
      std::min<std::uint64_t>(left, static_cast<std::uint64_t>(std::max<tmsize_t>(wanted, 0)));
  if (count > 0) std::memcpy(to, source->bytes.data() + source->position, count);
  source->position += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t on_write(thandle_t, void*, tmsize_t) { return 0; }

toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
  auto* const source = static_cast<TiffSource*>(handle);
  if (whence == SEEK_SET) source->position = offset;
  if (whence == SEEK_CUR) source->position += offset;
  if (whence == SEEK_END) source->position = source->bytes.size() + offset;
  return source->position;
}

int on_close(thandle_t) { return 0; }
toff_t on_size(thandle_t handle) { return static_cast<TiffSource*>(handle)->bytes.size(); }

// Handlers of this file alone: libtiff's global ones would print.
int on_error(TIFF*, void* user, const char*, const char* format, va_list arguments) {
  auto* const source = static_cast<TiffSource*>(user);
  if (source->complaint[0] == '\0') {
    std::vsnprintf(source->complaint, sizeof source->complaint, format, arguments);
  }
  return 1;
}

int on_warning(TIFF*, void*, const char*, const char*, va_list) { return 1; }

struct CloseTiff {
  void operator()(TIFF* file) const noexcept { TIFFClose(file); }
};
using TiffFile = std::unique_ptr<TIFF, CloseTiff>;

TiffFile open_tiff(TiffSource& source) {
  TIFFOpenOptions* const options = TIFFOpenOptionsAlloc();
  if (options == nullptr) return nullptr;
  TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, &source);
  // "m": no mapping; libtiff may write to what it maps.
  TiffFile file(TIFFClientOpenExt("tiff", "rm", &source, on_read, on_write, on_seek, on_close,
                                  on_size, nullptr, nullptr, options));
  TIFFOpenOptionsFree(options);
  return file;
}

// libtiff decodes a strip or tile as a whole: it must not be much larger than the picture.
bool has_sane_blocks(TIFF* file, std::uint64_t width, std::uint64_t height) {
  constexpr std::uint64_t k_slack_bytes = 64U << 20;
  constexpr std::uint64_t k_most_bytes_per_pixel = 64;  // 8 samples of 64 bits
  const std::uint64_t block = TIFFIsTiled(file) != 0 ? TIFFTileSize64(file) : TIFFStripSize64(file);
  return block <= width * height * k_most_bytes_per_pixel + k_slack_bytes;
}

// `tag` is that of one direction; a file that has the other one only means both. libtiff keeps one
// flag for the two of them, and gives 0 for the one that is not there.
int dpi_of(TIFF* file, std::uint32_t tag) {
  float resolution = 0;
  std::uint16_t unit = RESUNIT_INCH;
  const std::uint32_t other =
      tag == TIFFTAG_XRESOLUTION ? TIFFTAG_YRESOLUTION : TIFFTAG_XRESOLUTION;
  for (const std::uint32_t field : {tag, other}) {
    if (TIFFGetField(file, field, &resolution) == 1 && resolution > 0) break;
    resolution = 0;
  }
  if (!(resolution > 0)) return 0;
  TIFFGetFieldDefaulted(file, TIFFTAG_RESOLUTIONUNIT, &unit);
  if (unit == RESUNIT_INCH) return plausible_dpi(resolution);
  return unit == RESUNIT_CENTIMETER ? plausible_dpi(resolution * 2.54) : 0;
}

int orientation_of(TIFF* file) {
  std::uint16_t orientation = ORIENTATION_TOPLEFT;
  TIFFGetFieldDefaulted(file, TIFFTAG_ORIENTATION, &orientation);
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

// A fourth channel counts as alpha only where the file says so; programs store masks there too.
bool has_declared_alpha(TIFF* file) {
  std::uint16_t count = 0;
  const std::uint16_t* kinds = nullptr;
  TIFFGetFieldDefaulted(file, TIFFTAG_EXTRASAMPLES, &count, &kinds);
  return count > 0 && (kinds[0] == EXTRASAMPLE_ASSOCALPHA || kinds[0] == EXTRASAMPLE_UNASSALPHA);
}

// Reads the stored rows as they lie, turned by nobody: make_upright() does that for all formats.
bool read_pixels(TIFF* file, Raster& raster, char* reason) {
  TIFFRGBAImage image;
  constexpr int k_stop_on_error = 1;
  if (TIFFRGBAImageBegin(&image, file, k_stop_on_error, reason) == 0) return false;
  image.req_orientation = image.orientation;
  // operator new aligns for any type, so the pixels may be written four bytes at a time.
  auto* const words = reinterpret_cast<std::uint32_t*>(raster.pixels.data());
  const int is_read = TIFFRGBAImageGet(&image, words, static_cast<std::uint32_t>(raster.width),
                                       static_cast<std::uint32_t>(raster.height));
  TIFFRGBAImageEnd(&image);
  return is_read != 0;
}

// libtiff's words of colour times alpha, to RGB on white, in place.
void unpack_on_white(Raster& raster, bool has_alpha) {
  const std::size_t count = raster.pixels.size() / 4;
  std::uint8_t* to = raster.pixels.data();
  for (std::size_t i = 0; i < count; ++i, to += 3) {
    std::uint32_t word = 0;
    std::memcpy(&word, raster.pixels.data() + i * 4, 4);
    const std::uint32_t white = has_alpha ? 255 - TIFFGetA(word) : 0;
    to[0] = static_cast<std::uint8_t>(std::min(TIFFGetR(word) + white, 255U));
    to[1] = static_cast<std::uint8_t>(std::min(TIFFGetG(word) + white, 255U));
    to[2] = static_cast<std::uint8_t>(std::min(TIFFGetB(word) + white, 255U));
  }
  raster.pixels.resize(count * 3);
  raster.format = PixelFormat::rgb8;
}

}  // namespace

Result<Raster> decode_tiff(const EncodedPicture& picture) {
  TiffSource source{picture.bytes};
  const TiffFile file = open_tiff(source);
  if (file == nullptr) return damaged(picture.name, k_tiff, source.complaint);
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  TIFFGetField(file.get(), TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(file.get(), TIFFTAG_IMAGELENGTH, &height);
  if (Result<void> sane = check_claimed_size(picture, width, height, 0); !sane) {
    return std::move(sane).error();
  }
  if (!has_sane_blocks(file.get(), width, height)) {
    return damaged(picture.name, k_tiff, "its strips or tiles are larger than the picture");
  }
  char reason[1024] = {};  // the size that libtiff asks for
  if (TIFFRGBAImageOK(file.get(), reason) == 0) {
    return unsupported_kind(picture.name, k_tiff, reason);
  }
  Raster raster;
  if (Result<void> done = allocate(raster, width, height, PixelFormat::rgba8, picture.name);
      !done) {
    return std::move(done).error();
  }
  // Some decoders complain and go on with grey: what was complained about is no picture.
  if (!read_pixels(file.get(), raster, reason) || source.complaint[0] != '\0') {
    return damaged(picture.name, k_tiff, source.complaint[0] != '\0' ? source.complaint : reason);
  }
  raster.orientation = orientation_of(file.get());
  raster.dpi_across = dpi_of(file.get(), TIFFTAG_XRESOLUTION);
  raster.dpi_down = dpi_of(file.get(), TIFFTAG_YRESOLUTION);
  unpack_on_white(raster, has_declared_alpha(file.get()));
  return raster;
}

}  // namespace modelhub::vision
