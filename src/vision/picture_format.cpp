// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/picture_format.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace modelhub::vision {
namespace {

using std::string_view_literals::operator""sv;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), k_signature_bytes)};
}

bool has_at(std::string_view text, std::size_t offset, std::string_view wanted) {
  return text.size() >= offset && text.substr(offset, wanted.size()) == wanted;
}

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  std::string_view what;
};

constexpr std::string_view k_heic = "a HEIC picture";
constexpr std::string_view k_avif = "an AVIF picture";
constexpr std::string_view k_html = "an HTML page";
constexpr std::string_view k_netpbm = "a Netpbm picture";
constexpr std::string_view k_video = "a video";
constexpr std::string_view k_jpeg_xl = "a JPEG XL picture";
constexpr std::string_view k_jpeg_2000 = "a JPEG 2000 picture";

// The first that fits wins. "BM" is short and therefore last but text.
constexpr std::array k_signatures = {
    Signature{0, "GIF87a"sv, "a GIF picture"},
    Signature{0, "GIF89a"sv, "a GIF picture"},
    Signature{0, "%PDF"sv, "a PDF document"},
    Signature{4, "ftypheic"sv, k_heic},
    Signature{4, "ftypheix"sv, k_heic},
    Signature{4, "ftyphevc"sv, k_heic},
    Signature{4, "ftypmif1"sv, k_heic},
    Signature{4, "ftypmsf1"sv, k_heic},
    Signature{4, "ftypavif"sv, k_avif},
    Signature{4, "ftypavis"sv, k_avif},
    Signature{4, "ftyp"sv, k_video},
    Signature{0, "\x1A\x45\xDF\xA3"sv, k_video},  // Matroska, WebM
    Signature{8, "AVI LIST"sv, k_video},
    Signature{0, "\xFF\x0A"sv, k_jpeg_xl},
    Signature{4, "JXL \r\n\x87\n"sv, k_jpeg_xl},
    Signature{4, "jP  \r\n\x87\n"sv, k_jpeg_2000},
    Signature{0, "\xFF\x4F\xFF\x51"sv, k_jpeg_2000},
    Signature{0, "8BPS"sv, "a Photoshop document"},
    Signature{0, "\x76\x2F\x31\x01"sv, "an OpenEXR picture"},
    Signature{0, "qoif"sv, "a QOI picture"},
    Signature{0, "\x00\x00\x01\x00"sv, "an icon"},
    Signature{0, "P4\n"sv, k_netpbm},
    Signature{0, "P5\n"sv, k_netpbm},
    Signature{0, "P6\n"sv, k_netpbm},
    Signature{0, "PK\x03\x04"sv, "a ZIP archive"},
    Signature{0, "\x1F\x8B"sv, "a gzip archive"},
    Signature{0,
              "\x7F"
              "ELF"sv,
              "a program"},
};

std::string_view find_signature(std::string_view text) {
  for (const Signature& signature : k_signatures) {
    if (has_at(text, signature.offset, signature.bytes)) return signature.what;
  }
  // A BMP says its own size after "BM", then four bytes that are zero.
  if (has_at(text, 0, "BM"sv) && has_at(text, 6, "\0\0\0\0"sv)) return "a BMP picture";
  return {};
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// What a text turns out to be; empty for any other text.
std::string_view find_markup(std::string_view text) {
  std::string lower(text.substr(0, k_signature_bytes));
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  const std::size_t begin = std::min(lower.find_first_not_of(" \t\r\n\xEF\xBB\xBF"), lower.size());
  const std::string_view start = std::string_view(lower).substr(begin);
  if (start.substr(0, 4) == "<svg") return "an SVG drawing";
  if (start.substr(0, 5) == "<html" || start.substr(0, 14) == "<!doctype html") return k_html;
  if (start.substr(0, 5) != "<?xml" && start.substr(0, 4) != "<!--") return {};
  if (lower.find("<svg") != std::string::npos) return "an SVG drawing";
  return lower.find("<html") != std::string::npos ? k_html : std::string_view();
}

std::string_view hint_for(std::string_view what) {
  if (what == k_html)
    return "give the picture itself, not the page that shows it or asks for a login";
  if (what == k_video) {
    return "videos are files of this machine that end in .mp4, .avi, .mkv, ...; or take pictures "
           "out "
           "of it into a folder, and name that: ffmpeg -i VIDEO -vf fps=1 FOLDER/%05d.jpg";
  }
  return "convert it to PNG or JPEG";
}

// Text has no control characters besides those of layout; bytes above 127 may be UTF-8.
bool is_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f') || byte == 0x7F;
  });
}

// The first line or so, in ASCII.
std::string preview_of(std::string_view text) {
  constexpr std::size_t k_longest = 24;
  std::string preview;
  for (const char c : text.substr(0, k_longest)) {
    preview += static_cast<unsigned char>(c) < 0x20   ? ' '
               : static_cast<unsigned char>(c) < 0x7F ? c
                                                      : '?';
  }
  return text.size() > k_longest ? preview + "..." : preview;
}

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (!text.empty()) text += ' ';
    text += k_digits[byte >> 4];
    text += k_digits[byte & 15U];
  }
  return text;
}

}  // namespace

PictureFormat picture_format_of(std::span<const std::byte> bytes) {
  const std::string_view text = as_text(bytes);
  if (has_at(text, 0, "\xFF\xD8\xFF"sv)) return PictureFormat::jpeg;
  if (has_at(text, 0, "\x89PNG\r\n\x1A\n"sv)) return PictureFormat::png;
  if (has_at(text, 0, "RIFF"sv) && has_at(text, 8, "WEBP"sv)) return PictureFormat::webp;
  // Classic TIFF is number 42, BigTIFF 43, in the byte order that the first two letters say.
  for (const std::string_view start : {"II\x2A\0"sv, "MM\0\x2A"sv, "II\x2B\0"sv, "MM\0\x2B"sv}) {
    if (has_at(text, 0, start)) return PictureFormat::tiff;
  }
  return PictureFormat::unknown;
}

Error explain_unknown_format(std::span<const std::byte> bytes, const std::string& name) {
  const std::string_view text = as_text(bytes);
  constexpr std::string_view k_can_read = "JPEG, PNG, WebP and TIFF can be read";
  if (has_at(text, 0, "version https://git-lfs"sv)) {
    return {ErrorCode::corrupt_data, Subject::input,
            name + " is not a picture but a Git LFS pointer to one", "run: git lfs pull"};
  }
  std::string_view what = find_signature(text);
  if (what.empty() && is_text(text)) what = find_markup(text);
  if (!what.empty()) {
    return {ErrorCode::unsupported, Subject::input,
            name + " is " + std::string(what) + ": " + std::string(k_can_read),
            std::string(hint_for(what))};
  }
  if (is_text(text)) {
    return {ErrorCode::corrupt_data, Subject::input,
            name + " is not a picture: it begins with text (\"" + preview_of(text) + "\")",
            std::string(k_can_read)};
  }
  return {ErrorCode::unsupported, Subject::input,
          name + " is in no format that is known here: it begins with the bytes " +
              hexadecimal(text.substr(0, 8)),
          std::string(k_can_read)};
}

}  // namespace modelhub::vision
