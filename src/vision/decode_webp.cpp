// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <optional>

#include <webp/decode.h>

#include "vision/exif.h"
#include "vision/raster.h"

namespace modelhub::vision {
namespace {

constexpr std::string_view k_webp = "WebP";
constexpr std::size_t k_file_header_bytes = 12;   // "RIFF", size, "WEBP"
constexpr std::size_t k_chunk_header_bytes = 8;   // name, size
constexpr std::size_t k_frame_header_bytes = 16;  // of an ANMF chunk, before its picture

using Bytes = std::span<const std::byte>;

std::uint32_t little_endian(Bytes bytes, std::size_t offset, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8 | std::to_integer<std::uint32_t>(bytes[offset + i]);
  }
  return value;
}

// The content of the first chunk of that name; nothing if there is none or it is cut short.
std::optional<Bytes> find_chunk(Bytes file, const char* name) {
  std::size_t offset = k_file_header_bytes;
  while (file.size() >= k_chunk_header_bytes && offset <= file.size() - k_chunk_header_bytes) {
    const std::size_t size = little_endian(file, offset + 4, 4);
    const std::size_t begin = offset + k_chunk_header_bytes;
    if (size > file.size() - begin) return std::nullopt;
    if (std::memcmp(file.data() + offset, name, 4) == 0) return file.subspan(begin, size);
    offset = begin + size + size % 2;  // chunks start at even places
  }
  return std::nullopt;
}

// Which bytes to decode, and where they go. For a still picture: all, everywhere.
struct Frame {
  Bytes bytes;
  std::uint32_t x = 0;
  std::uint32_t y = 0;
  WebPBitstreamFeatures features = {};
};

Result<Frame> find_first_frame(const EncodedPicture& picture, const WebPBitstreamFeatures& canvas) {
  Frame frame;
  frame.bytes = picture.bytes;
  frame.features = canvas;
  if (canvas.has_animation == 0) return frame;
  const std::optional<Bytes> chunk = find_chunk(picture.bytes, "ANMF");
  if (!chunk || chunk->size() < k_frame_header_bytes) {
    return damaged(picture.name, k_webp, "its first frame is cut short");
  }
  frame.x = little_endian(*chunk, 0, 3) * 2;
  frame.y = little_endian(*chunk, 3, 3) * 2;
  frame.bytes = chunk->subspan(k_frame_header_bytes);
  const auto* const data = reinterpret_cast<const std::uint8_t*>(frame.bytes.data());
  if (WebPGetFeatures(data, frame.bytes.size(), &frame.features) != VP8_STATUS_OK ||
      frame.x + static_cast<std::uint64_t>(frame.features.width) >
          static_cast<std::uint64_t>(canvas.width) ||
      frame.y + static_cast<std::uint64_t>(frame.features.height) >
          static_cast<std::uint64_t>(canvas.height)) {
    return damaged(picture.name, k_webp, "its first frame makes no sense");
  }
  return frame;
}

bool decode_into(const Frame& frame, Raster& raster) {
  const bool has_alpha = raster.format == PixelFormat::rgba8;
  const std::size_t channels = has_alpha ? 4 : 3;
  const std::size_t stride = static_cast<std::size_t>(raster.width) * channels;
  const std::size_t offset = frame.y * stride + frame.x * channels;
  const auto* const data = reinterpret_cast<const std::uint8_t*>(frame.bytes.data());
  std::uint8_t* const to = raster.pixels.data() + offset;
  const std::size_t space = raster.pixels.size() - offset;
  const auto decode = has_alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  return decode(data, frame.bytes.size(), to, space, static_cast<int>(stride)) != nullptr;
}

}  // namespace

Result<Raster> decode_webp(const EncodedPicture& picture) {
  const Bytes file = picture.bytes;
  if (file.size() < k_file_header_bytes + k_chunk_header_bytes ||
      little_endian(file, 4, 4) > file.size() - k_chunk_header_bytes) {
    return damaged(picture.name, k_webp, "it is cut short");
  }
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(picture.data(), file.size(), &features) != VP8_STATUS_OK) {
    return damaged(picture.name, k_webp, "its header makes no sense");
  }
  const auto width = static_cast<std::uint64_t>(features.width);
  const auto height = static_cast<std::uint64_t>(features.height);
  if (Result<void> sane = check_claimed_size(picture, width, height, 0); !sane) {
    return std::move(sane).error();
  }
  const Result<Frame> frame = find_first_frame(picture, features);
  if (!frame) return frame.error();
  // A frame that leaves part of the canvas free leaves it transparent.
  const bool has_alpha = features.has_alpha != 0 || features.has_animation != 0;
  Raster raster;
  if (Result<void> done = allocate(
          raster, width, height, has_alpha ? PixelFormat::rgba8 : PixelFormat::rgb8, picture.name);
      !done) {
    return std::move(done).error();
  }
  if (!decode_into(*frame, raster)) {
    return damaged(picture.name, k_webp, "its pixels cannot be decoded");
  }
  if (const std::optional<Bytes> exif = find_chunk(file, "EXIF")) {
    raster.orientation = orientation_in_exif(*exif);
  }
  return raster;
}

}  // namespace modelhub::vision
