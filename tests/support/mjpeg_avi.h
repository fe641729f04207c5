// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace modelhub::test {

// A video file (AVI, Motion JPEG, 10 frames a second) made of JPEG files of one size: nothing else
// is needed to write one, and every decoder of videos reads it.
class MjpegAvi {
 public:
  MjpegAvi(std::uint32_t width, std::uint32_t height) : width_(width), height_(height) {}

  void add(const std::string& jpeg) { frames_.push_back(jpeg); }

  std::string encode() const {
    const auto count = static_cast<std::uint32_t>(frames_.size());
    std::uint32_t largest = 0;
    for (const std::string& frame : frames_)
      largest = std::max(largest, static_cast<std::uint32_t>(frame.size()));
    constexpr std::uint32_t k_microseconds = 100'000;
    constexpr std::uint32_t k_has_index = 0x10;
    const std::string main_header =
        chunk("avih", numbers({k_microseconds, 10 * largest, 0, k_has_index, count, 0, 1, largest,
                               width_, height_, 0, 0, 0, 0}));
    const std::string stream_header =
        chunk("strh", "vidsMJPG" + numbers({0, 0, 0, 1, 10, 0, count, largest, 0xFFFFFFFF, 0, 0,
                                            height_ << 16U | width_}));
    // One plane, 24 bits a pixel.
    const std::string format = chunk("strf", numbers({40, width_, height_, 24U << 16U | 1U}) +
                                                 "MJPG" + numbers({largest, 0, 0, 0, 0}));
    std::string movie;
    std::string index;
    for (const std::string& frame : frames_) {
      // From the word "movi" on.
      index += "00dc" + numbers({k_has_index, static_cast<std::uint32_t>(movie.size() + 4),
                                 static_cast<std::uint32_t>(frame.size())});
      movie += chunk("00dc", frame);
    }
    const std::string headers =
        "hdrl" + main_header + chunk("LIST", "strl" + stream_header + format);
    return chunk("RIFF", "AVI " + chunk("LIST", headers) + chunk("LIST", "movi" + movie) +
                             chunk("idx1", index));
  }

 private:
  static std::string numbers(const std::vector<std::uint32_t>& values) {
    std::string bytes;
    for (const std::uint32_t value : values) {
      for (unsigned shift = 0; shift < 32; shift += 8)
        bytes += static_cast<char>(value >> shift & 0xFFU);
    }
    return bytes;
  }
  static std::string chunk(const std::string& name, const std::string& content) {
    return name + numbers({static_cast<std::uint32_t>(content.size())}) + content +
           std::string(content.size() % 2, '\0');
  }

  const std::uint32_t width_;
  const std::uint32_t height_;
  std::vector<std::string> frames_;
};

}  // namespace modelhub::test
