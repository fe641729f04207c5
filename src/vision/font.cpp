// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/font.h"

#include <algorithm>

#include <ft2build.h>
#include FT_FREETYPE_H

// Made by cmake/modelhub_font.cmake.
extern "C" {
extern const unsigned char modelhub_font_begin[];  // NOLINT(readability-identifier-naming)
extern const unsigned char modelhub_font_end[];    // NOLINT(readability-identifier-naming)
}

namespace modelhub::vision {
namespace {

constexpr char32_t k_replacement = 0xFFFD;
constexpr char32_t k_ellipsis = 0x2026;
// No label of use is longer; a document that claims one must not cost seconds.
constexpr std::size_t k_most_code_points = 256;

// FreeType counts in 64ths of a pixel.
int whole_pixels(FT_Pos value) { return static_cast<int>((value + 32) >> 6); }

struct Utf8Lead {
  int following = 0;  // bytes after this one; -1: no start of a character
  char32_t bits = 0;
  char32_t least = 0;  // smaller values would have had a shorter form
};

Utf8Lead read_lead(unsigned char byte) {
  if (byte < 0x80) return {0, byte, 0};
  if (byte >= 0xC0 && byte < 0xE0) return {1, byte & 0x1FU, 0x80};
  if (byte >= 0xE0 && byte < 0xF0) return {2, byte & 0x0FU, 0x800};
  if (byte >= 0xF0 && byte < 0xF8) return {3, byte & 0x07U, 0x10000};
  return {-1, 0, 0};
}

bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7F && code < 0xA0); }

}  // namespace

std::u32string decode_utf8(std::string_view text) {
  std::u32string codes;
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Lead lead = read_lead(static_cast<unsigned char>(text[i]));
    char32_t code = lead.bits;
    int read = 0;
    while (read < lead.following && i + 1 + read < text.size()) {
      const auto next = static_cast<unsigned char>(text[i + 1 + read]);
      if ((next & 0xC0U) != 0x80) break;
      code = code << 6 | (next & 0x3FU);
      ++read;
    }
    const bool is_valid = lead.following == read && code >= lead.least && code <= 0x10FFFF &&
                          (code < 0xD800 || code > 0xDFFF);
    codes += !is_valid ? k_replacement : is_control(code) ? U' ' : code;
    i += is_valid ? 1 + static_cast<std::size_t>(read) : 1;
  }
  return codes;
}

struct Font::Face {
  FT_Library library = nullptr;
  FT_Face face = nullptr;

  Face() = default;
  ~Face() {
    if (face != nullptr) FT_Done_Face(face);
    if (library != nullptr) FT_Done_FreeType(library);
  }
  Face(const Face&) = delete;
  Face& operator=(const Face&) = delete;
};

Result<Font> Font::open(int pixels) {
  auto face = std::make_unique<Face>();
  const auto bytes = static_cast<FT_Long>(modelhub_font_end - modelhub_font_begin);
  if (FT_Init_FreeType(&face->library) != 0 ||
      FT_New_Memory_Face(face->library, modelhub_font_begin, bytes, 0, &face->face) != 0 ||
      FT_Set_Pixel_Sizes(face->face, 0, static_cast<FT_UInt>(std::max(pixels, 1))) != 0) {
    return Error(ErrorCode::internal, Subject::other, "the embedded font cannot be opened",
                 "build modelhub again with another MODELHUB_FONT_FILE");
  }
  return Font(std::move(face));
}

Font::Font(std::unique_ptr<Face> face) : face_(std::move(face)) {
  ascent_ = glyph_of(U'H').top;
  const Glyph& below = glyph_of(U'g');
  descent_ = std::max(below.height - below.top, 0);
}

Font::~Font() = default;
Font::Font(Font&&) noexcept = default;
Font& Font::operator=(Font&&) noexcept = default;

const Glyph& Font::glyph_of(char32_t code) {
  std::unique_ptr<Glyph>& glyph = glyphs_[code];
  if (glyph != nullptr) return *glyph;
  glyph = std::make_unique<Glyph>();
  // Light hinting keeps the shapes and puts the horizontal strokes on whole pixels: small text
  // stays sharp. A character that the font lacks has glyph 0, an empty box.
  if (FT_Load_Char(face_->face, code, FT_LOAD_RENDER | FT_LOAD_TARGET_LIGHT) != 0) return *glyph;
  const FT_GlyphSlot slot = face_->face->glyph;
  const FT_Bitmap& bitmap = slot->bitmap;
  glyph->advance = whole_pixels(slot->advance.x);
  if (bitmap.pixel_mode != FT_PIXEL_MODE_GRAY || bitmap.pitch < 0) return *glyph;
  glyph->left = slot->bitmap_left;
  glyph->top = slot->bitmap_top;
  glyph->width = static_cast<int>(bitmap.width);
  glyph->height = static_cast<int>(bitmap.rows);
  glyph->coverage.reserve(static_cast<std::size_t>(glyph->width) * glyph->height);
  for (int y = 0; y < glyph->height; ++y) {
    const unsigned char* const row = bitmap.buffer + static_cast<std::ptrdiff_t>(y) * bitmap.pitch;
    glyph->coverage.insert(glyph->coverage.end(), row, row + glyph->width);
  }
  return *glyph;
}

TextLine Font::lay_out_whole(const std::u32string& text) {
  TextLine line;
  FT_UInt previous = 0;
  for (const char32_t code : text) {
    const FT_UInt index = FT_Get_Char_Index(face_->face, code);
    FT_Vector kerning = {};
    if (previous != 0 &&
        FT_Get_Kerning(face_->face, previous, index, FT_KERNING_DEFAULT, &kerning) == 0) {
      line.width += whole_pixels(kerning.x);
    }
    const Glyph& glyph = glyph_of(code);
    line.glyphs.push_back({&glyph, line.width});
    line.width += glyph.advance;
    previous = index;
  }
  return line;
}

TextLine Font::lay_out(std::string_view utf8, int widest) {
  std::u32string text = decode_utf8(utf8.substr(0, k_most_code_points * 4));
  text.resize(std::min(text.size(), k_most_code_points));
  TextLine line = lay_out_whole(text);
  if (line.width <= widest) return line;
  // The dots stand where the first character stood that has to go.
  const Glyph& dots = glyph_of(k_ellipsis);
  while (!line.glyphs.empty() && line.glyphs.back().pen + dots.advance > widest) {
    line.glyphs.pop_back();
  }
  if (line.glyphs.empty()) return {};
  line.glyphs.back().glyph = &dots;
  line.width = line.glyphs.back().pen + dots.advance;
  return line;
}

}  // namespace modelhub::vision
