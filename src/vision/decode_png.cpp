// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "vision/exif.h"
#include "vision/png_errors.h"
#include "vision/raster.h"

namespace modelhub::vision {
namespace {

constexpr std::string_view k_png = "PNG";

class PngDecoder {
 public:
  explicit PngDecoder(const EncodedPicture& picture) : picture_(picture) {
    // A null codec makes libpng give its error messages by return value here only.
    codec_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &errors_, leave_png, drop_png_warning);
    if (codec_ != nullptr) info_ = png_create_info_struct(codec_);
  }
  ~PngDecoder() { png_destroy_read_struct(&codec_, &info_, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  bool is_ready() const { return info_ != nullptr; }
  // Up to the pixels; asks for 8 bits a channel, RGB or RGBA.
  bool read_header();
  bool has_alpha() const { return has_alpha_; }
  bool read_pixels(std::uint8_t* pixels);
  // What stands after the pixels: metadata, and the mark of the end.
  bool read_end();
  int orientation();
  int dpi_across();
  int dpi_down();
  const char* reason() const { return errors_.text; }

 private:
  static void on_read(png_structp codec, png_bytep to, std::size_t count);
  void skip_bulky_chunks();

  const EncodedPicture& picture_;
  std::size_t position_ = 0;
  png_structp codec_ = nullptr;
  png_infop info_ = nullptr;
  PngErrors errors_;
  bool has_alpha_ = false;
  int passes_ = 1;
};

void PngDecoder::on_read(png_structp codec, png_bytep to, std::size_t count) {
  auto* const decoder = static_cast<PngDecoder*>(png_get_io_ptr(codec));
  const std::span<const std::byte> bytes = decoder->picture_.bytes;
  if (count > bytes.size() - decoder->position_) png_error(codec, "it is cut short");
  std::memcpy(to, bytes.data() + decoder->position_, count);
  decoder->position_ += count;
}

// Texts and profiles are compressed (a few bytes can become megabytes) and tell nothing here.
void PngDecoder::skip_bulky_chunks() {
  static constexpr png_byte k_chunks[] = "iCCP\0iTXt\0sPLT\0tEXt\0zTXt";
  constexpr int k_count = (sizeof k_chunks) / 5;
  png_set_keep_unknown_chunks(codec_, PNG_HANDLE_CHUNK_NEVER, k_chunks, k_count);
}

bool PngDecoder::read_header() {
  return errors_.attempt([this] {
    constexpr png_uint_32 k_longest_side = PNG_UINT_31_MAX;  // check_claimed_size() decides
    png_set_user_limits(codec_, k_longest_side, k_longest_side);
    skip_bulky_chunks();
    png_set_read_fn(codec_, this, on_read);
    png_read_info(codec_, info_);
    png_set_expand(codec_);    // palettes, 1 to 4 bits and tRNS
    png_set_strip_16(codec_);  // the upper 8 bits, as Pillow and OpenCV
    png_set_gray_to_rgb(codec_);
    passes_ = png_set_interlace_handling(codec_);
    png_read_update_info(codec_, info_);
    has_alpha_ = png_get_channels(codec_, info_) == 4;
  });
}

bool PngDecoder::read_pixels(std::uint8_t* pixels) {
  return errors_.attempt([=, this] {
    const std::size_t stride = png_get_rowbytes(codec_, info_);
    const png_uint_32 height = png_get_image_height(codec_, info_);
    for (int pass = 0; pass < passes_; ++pass) {
      for (png_uint_32 y = 0; y < height; ++y) png_read_row(codec_, pixels + y * stride, nullptr);
    }
  });
}

bool PngDecoder::read_end() {
  return errors_.attempt([this] { png_read_end(codec_, info_); });
}

int PngDecoder::orientation() {
  png_uint_32 length = 0;
  png_bytep block = nullptr;
  if (png_get_eXIf_1(codec_, info_, &length, &block) == 0) return 1;
  return orientation_in_exif({reinterpret_cast<const std::byte*>(block), length});
}

int PngDecoder::dpi_across() {
  return plausible_dpi(png_get_x_pixels_per_meter(codec_, info_) * 0.0254);
}

int PngDecoder::dpi_down() {
  return plausible_dpi(png_get_y_pixels_per_meter(codec_, info_) * 0.0254);
}

// The size stands at a fixed place of the first chunk: it is looked at before libpng is.
Result<void> check_header(const EncodedPicture& picture) {
  constexpr std::size_t k_header_bytes = 33;  // signature 8, IHDR 8 + 13 + 4
  if (picture.bytes.size() < k_header_bytes) {
    return damaged(picture.name, k_png, "it is cut short");
  }
  const std::uint8_t* const header = picture.data();
  if (std::memcmp(header + 12, "IHDR", 4) != 0) {
    return damaged(picture.name, k_png, "it does not begin with a header");
  }
  const std::uint64_t width = png_get_uint_32(header + 16);
  const std::uint64_t height = png_get_uint_32(header + 20);
  const std::uint64_t depth = header[24];
  const std::uint64_t color_type = header[25];
  const std::uint64_t channels = color_type == 2   ? 3
                                 : color_type == 4 ? 2
                                 : color_type == 6 ? 4
                                                   : 1;
  // Deflate makes at most 1032 bytes out of one (zlib's technical notes). The limit of pixels keeps
  // the product within 64 bits.
  if (width > picture.max_pixels / std::max<std::uint64_t>(height, 1)) {
    return check_claimed_size(picture, width, height, 0);
  }
  return check_claimed_size(picture, width, height, width * height * depth * channels / 8 / 1032);
}

}  // namespace

Result<Raster> decode_png(const EncodedPicture& picture) {
  if (Result<void> sane = check_header(picture); !sane) return std::move(sane).error();
  PngDecoder decoder(picture);
  if (!decoder.is_ready()) return no_memory(picture.name, 0, 0);
  if (!decoder.read_header()) return damaged(picture.name, k_png, decoder.reason());
  Raster raster;
  if (Result<void> done = allocate(
          raster, png_get_uint_32(picture.data() + 16), png_get_uint_32(picture.data() + 20),
          decoder.has_alpha() ? PixelFormat::rgba8 : PixelFormat::rgb8, picture.name);
      !done) {
    return std::move(done).error();
  }
  if (!decoder.read_pixels(raster.pixels.data()) || !decoder.read_end()) {
    return damaged(picture.name, k_png, decoder.reason());
  }
  raster.orientation = decoder.orientation();
  raster.dpi_across = decoder.dpi_across();
  raster.dpi_down = decoder.dpi_down();
  return raster;
}

}  // namespace modelhub::vision
