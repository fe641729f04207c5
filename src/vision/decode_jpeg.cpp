// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <vector>

#include "vision/exif.h"
#include "vision/jpeg_errors.h"
#include "vision/raster.h"

namespace modelhub::vision {
namespace {

constexpr std::string_view k_jpeg = "JPEG";

// Encoders write about 10 scans. Each is a pass over the whole picture that costs the file almost
// nothing, so a small file with thousands of them would keep a core busy for hours.
constexpr int k_most_scans = 100;

// One decompressor, from the header to the last row. Decoding is libjpeg-turbo's default (accurate
// integer DCT, smooth chroma), so the pixels are those that Pillow and OpenCV give.
class JpegDecoder {
 public:
  JpegDecoder() {
    codec_.err = quiet_jpeg_errors(errors_);
    errors_.emit_message = on_message;
    codec_.client_data = this;
    progress_.progress_monitor = on_progress;
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&codec_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  const jpeg_decompress_struct& codec() const { return codec_; }
  bool read_header(const EncodedPicture& picture);
  bool start();
  bool read_rgb(std::uint8_t* pixels);
  // `row` has four bytes for each pixel of a row.
  bool read_cmyk(std::uint8_t* pixels, std::uint8_t* row);
  Error error(const EncodedPicture& picture) const;

 private:
  static void on_message(j_common_ptr codec, int level);
  static void on_progress(j_common_ptr codec);
  bool means_damage(int warning) const;

  jpeg_decompress_struct codec_ = {};
  JpegErrors errors_;
  jpeg_progress_mgr progress_ = {};
  bool may_lack_end_ = false;
};

// Which of libjpeg's warnings mean that pixels are missing or wrong. The others (stray bytes
// between segments, odd Adobe or ICC markers) are common in good files.
bool JpegDecoder::means_damage(int warning) const {
  switch (warning) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC: return true;
    case JWRN_JPEG_EOF: return !may_lack_end_;
    default: return false;
  }
}

void JpegDecoder::on_message(j_common_ptr codec, int level) {
  const bool is_warning = level < 0;
  const auto* const decoder = static_cast<const JpegDecoder*>(codec->client_data);
  if (is_warning && decoder->means_damage(codec->err->msg_code)) leave_jpeg(codec);
}

void JpegDecoder::on_progress(j_common_ptr codec) {
  if (reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number <= k_most_scans) return;
  auto* const errors = static_cast<JpegErrors*>(codec->err);
  errors->failed_code = JERR_BAD_PROGRESSION;
  std::snprintf(errors->text, sizeof errors->text, "it has more than %d scans", k_most_scans);
  std::longjmp(errors->back, 1);  // NOLINT(cert-err52-cpp)
}

bool JpegDecoder::read_header(const EncodedPicture& picture) {
  constexpr unsigned k_whole_marker = 0xFFFF;
  return errors_.attempt([&] {
    jpeg_create_decompress(&codec_);
    codec_.progress = &progress_;
    jpeg_save_markers(&codec_, JPEG_APP0 + 1, k_whole_marker);
    jpeg_mem_src(&codec_, picture.data(), static_cast<unsigned long>(picture.bytes.size()));
    jpeg_read_header(&codec_, TRUE);
    // Pixels missing from a single scan are told of by JWRN_HIT_MARKER, so the mark of the end may
    // be absent; of several scans a whole one may be.
    may_lack_end_ = jpeg_has_multiple_scans(&codec_) == FALSE;
    codec_.out_color_space = codec_.num_components == 4 ? JCS_CMYK : JCS_RGB;
  });
}

bool JpegDecoder::start() {
  return errors_.attempt([this] { jpeg_start_decompress(&codec_); });
}

bool JpegDecoder::read_rgb(std::uint8_t* pixels) {
  constexpr JDIMENSION k_rows_at_once = 16;
  return errors_.attempt([=, this] {
    const std::size_t stride = static_cast<std::size_t>(codec_.output_width) * 3;
    while (codec_.output_scanline < codec_.output_height) {
      std::array<JSAMPROW, k_rows_at_once> rows = {};
      const JDIMENSION count =
          std::min(k_rows_at_once, codec_.output_height - codec_.output_scanline);
      for (JDIMENSION i = 0; i < count; ++i) {
        rows[i] = pixels + (codec_.output_scanline + i) * stride;
      }
      jpeg_read_scanlines(&codec_, rows.data(), count);
    }
  });
}

// Four components are always taken as Adobe writes them, inverted (255 is no ink), with or without
// its marker: so do browsers, Pillow and OpenCV. red = (1 - cyan) * (1 - black), as Pillow has it.
bool JpegDecoder::read_cmyk(std::uint8_t* pixels, std::uint8_t* row) {
  return errors_.attempt([=, this] {
    std::uint8_t* to = pixels;
    while (codec_.output_scanline < codec_.output_height) {
      JSAMPROW rows[1] = {row};
      jpeg_read_scanlines(&codec_, rows, 1);
      const std::uint8_t* from = row;
      for (JDIMENSION x = 0; x < codec_.output_width; ++x, from += 4, to += 3) {
        const unsigned light = from[3];
        for (int i = 0; i < 3; ++i) {
          to[i] = static_cast<std::uint8_t>(light - divide_by_255((255U - from[i]) * light));
        }
      }
    }
  });
}

Error JpegDecoder::error(const EncodedPicture& picture) const {
  switch (errors_.failed_code) {
    case JERR_OUT_OF_MEMORY:
      return no_memory(picture.name, codec_.image_width, codec_.image_height);
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_BAD_J_COLORSPACE:
    case JERR_ARITH_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_COMPONENT_COUNT: return unsupported_kind(picture.name, k_jpeg, errors_.text);
    default: return damaged(picture.name, k_jpeg, errors_.text);
  }
}

int orientation_of(const jpeg_decompress_struct& codec) {
  constexpr std::string_view k_exif("Exif\0\0", 6);
  for (jpeg_saved_marker_ptr marker = codec.marker_list; marker != nullptr; marker = marker->next) {
    const std::span<const std::byte> block(reinterpret_cast<const std::byte*>(marker->data),
                                           marker->data_length);
    const std::string_view text(reinterpret_cast<const char*>(marker->data), marker->data_length);
    if (text.substr(0, k_exif.size()) == k_exif) return orientation_in_exif(block);
  }
  return 1;
}

int dpi_of(const jpeg_decompress_struct& codec, unsigned density) {
  if (codec.saw_JFIF_marker == FALSE) return 0;
  switch (codec.density_unit) {
    case 1: return plausible_dpi(density);
    case 2: return plausible_dpi(density * 2.54);  // dots per centimetre
    default: return 0;                             // only the shape of a pixel
  }
}

// The smallest file that holds so many pixels: a block of 8 x 8 takes at least one bit, for the
// first coefficient in a progressive file. Arithmetic coding can go below that.
std::uint64_t least_bytes_of(const jpeg_decompress_struct& codec) {
  if (codec.arith_code != FALSE) return 0;
  return static_cast<std::uint64_t>(codec.image_width) * codec.image_height / (8 * 8 * 8);
}

}  // namespace

Result<Raster> decode_jpeg(const EncodedPicture& picture) {
  JpegDecoder decoder;
  if (!decoder.read_header(picture)) return decoder.error(picture);
  const jpeg_decompress_struct& codec = decoder.codec();
  if (Result<void> sane =
          check_claimed_size(picture, codec.image_width, codec.image_height, least_bytes_of(codec));
      !sane) {
    return std::move(sane).error();
  }
  Raster raster;
  raster.orientation = orientation_of(codec);
  raster.dpi_across = dpi_of(codec, codec.X_density);
  raster.dpi_down = dpi_of(codec, codec.Y_density);
  if (!decoder.start()) return decoder.error(picture);
  if (Result<void> done = allocate(raster, codec.output_width, codec.output_height,
                                   PixelFormat::rgb8, picture.name);
      !done) {
    return std::move(done).error();
  }
  bool is_read = false;
  if (codec.out_color_space == JCS_CMYK) {
    std::vector<std::uint8_t> row(static_cast<std::size_t>(codec.output_width) * 4);
    is_read = decoder.read_cmyk(raster.pixels.data(), row.data());
  } else {
    is_read = decoder.read_rgb(raster.pixels.data());
  }
  if (!is_read) return decoder.error(picture);
  return raster;
}

}  // namespace modelhub::vision
