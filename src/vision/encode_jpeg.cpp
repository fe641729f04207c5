// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <cstring>
#include <new>

#include "vision/encode.h"
#include "vision/jpeg_errors.h"
#include "vision/raster.h"

namespace modelhub::vision {
namespace {

constexpr int k_quality = 92;

class JpegEncoder {
 public:
  JpegEncoder() { codec_.err = quiet_jpeg_errors(errors_); }
  ~JpegEncoder() {
    jpeg_destroy_compress(&codec_);
    std::free(bytes_);  // NOLINT(cppcoreguidelines-no-malloc): libjpeg's malloc
  }
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;

  bool start(const ImageView& view, int dpi);
  // `row` has three bytes for each pixel of a row; used where the pixels have alpha.
  bool write_rows(const ImageView& view, std::uint8_t* row);
  const char* reason() const { return errors_.text; }
  std::span<const std::byte> bytes() const {
    return {reinterpret_cast<const std::byte*>(bytes_), count_};
  }

 private:
  jpeg_compress_struct codec_ = {};
  JpegErrors errors_;
  unsigned char* bytes_ = nullptr;  // libjpeg's; grows as it writes
  unsigned long count_ = 0;
};

bool is_bgr(PixelFormat format) {
  return format == PixelFormat::bgr8 || format == PixelFormat::bgra8;
}

bool JpegEncoder::start(const ImageView& view, int dpi) {
  return errors_.attempt([&, this] {
    jpeg_create_compress(&codec_);
    jpeg_mem_dest(&codec_, &bytes_, &count_);
    codec_.image_width = static_cast<JDIMENSION>(view.width);
    codec_.image_height = static_cast<JDIMENSION>(view.height);
    const bool is_gray = view.format == PixelFormat::gray8;
    codec_.input_components = is_gray ? 1 : 3;
    codec_.in_color_space = is_gray ? JCS_GRAYSCALE : is_bgr(view.format) ? JCS_EXT_BGR : JCS_RGB;
    jpeg_set_defaults(&codec_);
    jpeg_set_quality(&codec_, k_quality, TRUE);
    codec_.comp_info[0].h_samp_factor = 1;
    codec_.comp_info[0].v_samp_factor = 1;
    if (dpi > 0 && dpi <= 0xFFFF) {
      codec_.density_unit = 1;  // dots per inch
      codec_.X_density = static_cast<UINT16>(dpi);
      codec_.Y_density = static_cast<UINT16>(dpi);
    }
    jpeg_start_compress(&codec_, TRUE);
  });
}

void blend_row(const std::uint8_t* from, int width, std::uint8_t* to) {
  for (int x = 0; x < width; ++x, from += 4, to += 3) {
    const unsigned white = 255U * (255U - from[3]);
    for (int i = 0; i < 3; ++i) to[i] = divide_by_255(from[i] * unsigned{from[3]} + white);
  }
}

bool JpegEncoder::write_rows(const ImageView& view, std::uint8_t* row) {
  return errors_.attempt([&, this] {
    for (int y = 0; y < view.height; ++y) {
      const std::uint8_t* from = view.row(y);
      if (channels_of(view.format) == 4) {
        blend_row(from, view.width, row);
        from = row;
      }
      JSAMPROW rows[1] = {const_cast<JSAMPROW>(from)};  // libjpeg only reads it
      jpeg_write_scanlines(&codec_, rows, 1);
    }
    jpeg_finish_compress(&codec_);
  });
}

}  // namespace

Result<std::vector<std::byte>> encode_jpeg(const ImageView& view, int dpi) {
  if (view.width > JPEG_MAX_DIMENSION || view.height > JPEG_MAX_DIMENSION) {
    return Error(ErrorCode::unsupported, Subject::usage,
                 "a JPEG file has at most 65500 pixels a side; this picture has " +
                     std::to_string(view.width) + " x " + std::to_string(view.height),
                 "save it as .png");
  }
  try {
    std::vector<std::uint8_t> row(static_cast<std::size_t>(view.width) * 3);
    JpegEncoder encoder;
    if (!encoder.start(view, dpi) || !encoder.write_rows(view, row.data())) {
      return Error(ErrorCode::out_of_memory, Subject::other,
                   std::string("the JPEG file cannot be made: ") + encoder.reason());
    }
    const std::span<const std::byte> bytes = encoder.bytes();
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::out_of_memory, Subject::other, "no memory for the JPEG file");
  }
}

}  // namespace modelhub::vision
