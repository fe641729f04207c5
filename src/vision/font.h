// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "modelhub/result.h"

namespace modelhub::vision {

// The code points of UTF-8 text; each byte that is not UTF-8 becomes U+FFFD, control characters
// spaces.
std::u32string decode_utf8(std::string_view text);

// A glyph as the font draws it at one size: how much of each pixel it covers.
struct Glyph {
  int left = 0;  // pixels from the pen to the left edge
  int top = 0;   // pixels from the baseline up to the upper edge
  int width = 0;
  int height = 0;
  int advance = 0;                     // pixels to the next glyph
  std::vector<std::uint8_t> coverage;  // width * height, 0..255
};

// A line of text, ready to be drawn: glyphs and where their pens stand.
struct TextLine {
  struct Placed {
    const Glyph* glyph;  // owned by the Font
    int pen;             // pixels from the left edge of the text
  };
  std::vector<Placed> glyphs;
  int width = 0;  // pixels
};

// The embedded font at one size.
//
// Ownership:     glyphs live as long as the font.
// Thread safety: one thread at a time; making one costs less than a millisecond, so each drawing
//                has its own.
class Font {
 public:
  // Errors: internal (the font that was embedded cannot be used), out_of_memory.
  static Result<Font> open(int pixels);
  ~Font();
  Font(Font&&) noexcept;
  Font& operator=(Font&&) noexcept;

  // Pixels from the baseline to the top of capitals and to the bottom of "g".
  int ascent() const { return ascent_; }
  int descent() const { return descent_; }

  // The text, cut with "…" where it would be wider than `widest` pixels.
  TextLine lay_out(std::string_view utf8, int widest);

 private:
  struct Face;
  explicit Font(std::unique_ptr<Face> face);
  const Glyph& glyph_of(char32_t code);
  TextLine lay_out_whole(const std::u32string& text);

  std::unique_ptr<Face> face_;
  int ascent_ = 0;
  int descent_ = 0;
  std::unordered_map<char32_t, std::unique_ptr<Glyph>> glyphs_;
};

}  // namespace modelhub::vision
