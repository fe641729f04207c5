// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/draw.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "vision/font.h"
#include "vision/label_layout.h"
#include "vision/palette.h"

namespace modelhub {
namespace {

using vision::Font;
using vision::LabelRequest;
using vision::PixelRect;

Image plain(int width, int height, PixelFormat format = PixelFormat::rgb8,
            std::uint8_t value = 128) {
  Image image = Image::create(width, height, format).value();
  for (int y = 0; y < height; ++y) {
    std::memset(image.row(y), value, static_cast<std::size_t>(width) * channels_of(format));
  }
  return image;
}

Detections one(const Box& box, const std::string& label = "person", int class_id = 0) {
  Detections detections;
  detections.items.push_back({label, class_id, 0.91F, box});
  return detections;
}

Color pixel_of(Image& image, int x, int y) {
  const std::uint8_t* const pixel = image.row(y) + x * 3;
  return {pixel[0], pixel[1], pixel[2]};
}

int changed_pixels(Image& image, std::uint8_t value = 128) {
  int count = 0;
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x)
      count += pixel_of(image, x, y) == Color{value, value, value} ? 0 : 1;
  }
  return count;
}

constexpr Color k_person = {213, 94, 0};

TEST(DrawTest, ABoxHasCrispLinesOfTheColourOfItsClass) {
  Image image = plain(400, 400);
  ASSERT_TRUE(draw(image, one({100, 100, 300, 300})));
  EXPECT_EQ(pixel_of(image, 100, 200), k_person);
  EXPECT_EQ(pixel_of(image, 299, 200), k_person);
  EXPECT_EQ(pixel_of(image, 200, 299), k_person);
  EXPECT_EQ(pixel_of(image, 200, 200), (Color{128, 128, 128}));
  EXPECT_EQ(pixel_of(image, 60, 60), (Color{128, 128, 128}));
}

TEST(DrawTest, WordsHaveBoxesInTheColourOfTheirLine) {
  Text text;
  text.items.push_back({"one", 0.9F, {50, 50, 150, 80}, 0, 0, 0});
  text.items.push_back({"two", 0.9F, {200, 50, 300, 80}, 0, 0, 0});
  text.items.push_back({"three", 0.9F, {50, 150, 150, 180}, 1, 0, 0});
  text.items.push_back({"nowhere", 0.9F, {0, 0, 0, 0}, 1, 0, 0});
  Image image = plain(400, 400);
  ASSERT_TRUE(draw(image, text));
  EXPECT_EQ(pixel_of(image, 50, 60), pixel_of(image, 200, 60));
  EXPECT_NE(pixel_of(image, 50, 60), pixel_of(image, 50, 160));
  EXPECT_NE(pixel_of(image, 50, 160), (Color{128, 128, 128}));
  EXPECT_EQ(pixel_of(image, 100, 65), (Color{128, 128, 128})) << "what is read stays readable";
  EXPECT_EQ(pixel_of(image, 2, 2), (Color{128, 128, 128}));
  Image grey = plain(100, 100, PixelFormat::gray8);
  ASSERT_TRUE(draw(grey, text));
  Image empty;
  EXPECT_EQ(draw(empty, text).error().code, ErrorCode::invalid_argument);
}

TEST(DrawTest, SizesFollowThePictureAndTheOptions) {
  const auto line_width_in = [](int width, int height, const DrawOptions& options) {
    Image image = plain(width, height);
    const float w = static_cast<float>(width);
    const float h = static_cast<float>(height);
    draw(image, one({w * 0.3F, h * 0.3F, w * 0.7F, h * 0.7F}), options).value();
    int count = 0;
    for (int x = 0; x < width / 2; ++x) count += pixel_of(image, x, height / 2) == k_person ? 1 : 0;
    return count;
  };
  EXPECT_EQ(line_width_in(100, 80, {}), 1);
  EXPECT_EQ(line_width_in(810, 1080, {}), 3);
  EXPECT_EQ(line_width_in(3000, 2000, {}), 7);
  DrawOptions options;
  options.line_width = 9;
  EXPECT_EQ(line_width_in(810, 1080, options), 9);
}

TEST(DrawTest, ABoxAtTheEdgeIsSeenWhole) {
  Image image = plain(400, 400);
  ASSERT_TRUE(draw(image, one({-50, -50, 450, 450})));
  for (const int at : {0, 399}) {
    EXPECT_EQ(pixel_of(image, at, 200), k_person);
    EXPECT_EQ(pixel_of(image, 200, at), k_person);
  }
}

TEST(DrawTest, WhatCannotBeSeenIsLeftOut) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const Box& box : {Box{nan, 1, 20, 20}, Box{1, 1, infinity, 20}, Box{20, 20, 10, 30},
                         Box{500, 500, 600, 600}, Box{-20, -20, -10, -10}, Box{10, 10, 10, 50}}) {
    Image image = plain(100, 100);
    ASSERT_TRUE(draw(image, one(box)));
    EXPECT_EQ(changed_pixels(image), 0) << box.x1;
  }
}

TEST(DrawTest, AnyPictureIsDrawnOn) {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 300}, {30000, 1}, {3, 2}, {40, 5}}) {
    Image image = plain(width, height);
    EXPECT_TRUE(draw(image, one({0, 0, 30000, 300})));
    Faces faces;
    faces.items.push_back({0.5F, {0, 0, 1, 1}, {{0, 0}, {1e30F, -1e30F}, {std::nanf(""), 1}}, {}});
    EXPECT_TRUE(draw(image, faces));
    Classifications classes;
    classes.items = {{"tabby", 1, 0.5F}, {"cat", 2, std::nanf("")}};
    EXPECT_TRUE(draw(image, classes));
  }
}

TEST(DrawTest, EveryFormatGetsTheSameColours) {
  for (const PixelFormat format : {PixelFormat::bgr8, PixelFormat::rgba8, PixelFormat::bgra8}) {
    Image image = plain(200, 200, format);
    ASSERT_TRUE(draw(image, one({50, 50, 150, 150})));
    EXPECT_EQ(image.format(), format);
    const bool is_rgb = format == PixelFormat::rgba8;
    const std::uint8_t* const pixel = image.row(100) + 50 * channels_of(format);
    EXPECT_EQ(pixel[is_rgb ? 0 : 2], k_person.red);
    EXPECT_EQ(pixel[is_rgb ? 2 : 0], k_person.blue);
    if (channels_of(format) == 4) {
      EXPECT_EQ(pixel[3], 255);
    }
  }
  Image gray = plain(200, 200, PixelFormat::gray8);
  ASSERT_TRUE(draw(gray, one({50, 50, 150, 150})));
  EXPECT_EQ(gray.format(), PixelFormat::rgb8);
  EXPECT_EQ(pixel_of(gray, 50, 100), k_person);
  EXPECT_EQ(pixel_of(gray, 5, 5), (Color{128, 128, 128}));
}

TEST(DrawTest, ALabelStandsAboveItsBoxAndAtTheTopInside) {
  Image above = plain(400, 400);
  ASSERT_TRUE(draw(above, one({100, 100, 300, 300})));
  EXPECT_EQ(pixel_of(above, 100, 92), k_person);
  Image inside = plain(400, 400);
  ASSERT_TRUE(draw(inside, one({100, 0, 300, 300})));
  EXPECT_EQ(pixel_of(inside, 100, 10), k_person);
}

TEST(DrawTest, StrangeLabelsAreDrawnAndNotTrusted) {
  for (const std::string& label :
       {std::string("\xFF\xC0\x80\xED\xA0\x80\xF8"), std::string("a\0b\n\t", 5),
        std::string(100000, 'W'), std::string("Größe 猫 Ж"), std::string()}) {
    Image image = plain(300, 200);
    EXPECT_TRUE(draw(image, one({20, 60, 200, 150}, label)));
    EXPECT_GT(changed_pixels(image), 100);
  }
}

TEST(DrawTest, AThousandBoxesCostLittle) {
  Detections detections;
  for (int i = 0; i < 1000; ++i) {
    const float x = static_cast<float>(i % 40 * 20);
    const float y = static_cast<float>((i - i % 40) * 3) / 4;
    detections.items.push_back({"thing", i % 80, 0.5F, {x, y, x + 25, y + 25}});
  }
  Image image = plain(810, 1080);
  EXPECT_TRUE(draw(image, detections));
}

TEST(DrawTest, ThePaletteOfTheCallerIsUsed) {
  DrawOptions options;
  options.palette = {{1, 2, 3}, {4, 5, 6}};
  Image image = plain(400, 400);
  ASSERT_TRUE(draw(image, one({100, 100, 300, 300}, "x", 7), options));
  EXPECT_EQ(pixel_of(image, 100, 200), (Color{4, 5, 6}));
}

TEST(DrawTest, FacesShowTheirLandmarks) {
  Image image = plain(400, 400);
  Faces faces;
  faces.items.push_back({0.97F, {100, 100, 300, 300}, {{150.5F, 200.5F}}, {}});
  ASSERT_TRUE(draw(image, faces));
  EXPECT_EQ(pixel_of(image, 150, 200), vision::color_of_class(2, {}));
  EXPECT_EQ(pixel_of(image, 100, 250), vision::color_of_class(1, {}));
}

TEST(DrawTest, ClassesFillABannerOfHalfThePictureAtMost) {
  Classifications classes;
  for (int i = 0; i < 50; ++i) classes.items.push_back({"class " + std::to_string(i), i, 0.5F});
  Image image = plain(400, 300);
  ASSERT_TRUE(draw(image, classes));
  EXPECT_NE(pixel_of(image, 30, 20), (Color{128, 128, 128}));
  EXPECT_EQ(pixel_of(image, 30, 160), (Color{128, 128, 128}));
  Image untouched = plain(400, 300);
  ASSERT_TRUE(draw(untouched, Classifications()));
  EXPECT_EQ(changed_pixels(untouched), 0);
}

TEST(DrawTest, AnEmptyImageIsInvalid) {
  Image empty;
  EXPECT_EQ(draw(empty, one({0, 0, 1, 1})).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(draw(empty, Faces()).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(draw(empty, Classifications()).error().code, ErrorCode::invalid_argument);
}

TEST(LabelLayoutTest, LabelsStayInsideAndApartWhereThereIsRoom) {
  std::vector<LabelRequest> requests(12);
  for (int i = 0; i < 12; ++i) {
    requests[static_cast<std::size_t>(i)] = {
        {100 + i * 5, 100 + i * 3, 260 + i * 5, 300 + i * 3}, 70, 16};
  }
  const std::vector<PixelRect> places = vision::place_labels(requests, 400, 400);
  ASSERT_EQ(places.size(), requests.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    EXPECT_GE(places[i].left, 0);
    EXPECT_GE(places[i].top, 0);
    EXPECT_LE(places[i].right, 400);
    EXPECT_LE(places[i].bottom, 400);
    EXPECT_EQ(places[i].width(), 70);
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_TRUE(vision::intersection_of(places[i], places[j]).is_empty()) << i << ' ' << j;
  }
}

TEST(LabelLayoutTest, TheFirstChoiceIsAboveTheLeftCorner) {
  const LabelRequest request = {{50, 60, 150, 160}, 40, 12};
  const PixelRect place = vision::place_labels({&request, 1}, 200, 200)[0];
  EXPECT_EQ(place.left, 50);
  EXPECT_EQ(place.bottom, 60);
}

TEST(LabelLayoutTest, ALabelLargerThanThePictureBeginsInItsCorner) {
  const LabelRequest request = {{2, 2, 9, 9}, 40, 12};
  const PixelRect place = vision::place_labels({&request, 1}, 10, 10)[0];
  EXPECT_EQ(place.left, 0);
  EXPECT_EQ(place.top, 0);
}

TEST(PaletteTest, TextCanBeReadOnEveryColour) {
  for (int id = 0; id < 48; ++id) {
    const Color color = vision::color_of_class(id, {});
    // WCAG asks for 4.5 of small text, and for 3 of bold text as ours.
    EXPECT_GE(vision::contrast_of(color, vision::text_color_on(color)), 4.5) << id;
  }
}

TEST(PaletteTest, FortyEightClassesHaveColoursOfTheirOwn) {
  for (int a = 0; a < 48; ++a) {
    EXPECT_EQ(vision::color_of_class(a, {}), vision::color_of_class(a + 48, {}));
    for (int b = 0; b < a; ++b)
      EXPECT_NE(vision::color_of_class(a, {}), vision::color_of_class(b, {})) << a << ' ' << b;
  }
  (void)vision::color_of_class(-1, {});  // any number is a class
}

TEST(FontTest, Utf8IsDecodedByTheBook) {
  EXPECT_EQ(vision::decode_utf8("aé猫\xF0\x9F\x98\x80"), U"a\u00E9\u732B\U0001F600");
  EXPECT_EQ(vision::decode_utf8("\xC0\x80"),
            U"\uFFFD\uFFFD");  // longer than need be
  EXPECT_EQ(vision::decode_utf8("\xED\xA0\x80"),
            U"\uFFFD\uFFFD\uFFFD");  // half of a surrogate pair
  EXPECT_EQ(vision::decode_utf8("\xF4\x90\x80\x80").front(),
            U'\uFFFD');                                           // above the last one
  EXPECT_EQ(vision::decode_utf8("x\xE7\x8C"), U"x\uFFFD\uFFFD");  // cut short
  EXPECT_EQ(vision::decode_utf8("a\nb\x7F"), U"a b ");
}

TEST(FontTest, ATextThatIsTooWideEndsInDots) {
  Font font = Font::open(20).value();
  const int whole = font.lay_out("person 0.91", 1000).width;
  EXPECT_GT(whole, 50);
  EXPECT_LE(font.lay_out("person 0.91", whole - 1).width, whole - 1);
  EXPECT_LT(font.lay_out("person 0.91", whole - 1).glyphs.size(), 12U);
  EXPECT_TRUE(font.lay_out("person", 2).glyphs.empty());
  EXPECT_TRUE(font.lay_out("", 100).glyphs.empty());
}

TEST(FontTest, WhatTheFontLacksIsABoxAndNoCrash) {
  Font font = Font::open(20).value();
  const vision::TextLine line = font.lay_out("\xF3\xA0\x84\x80\xE7\x8C\xAB", 1000);
  ASSERT_FALSE(line.glyphs.empty());
  EXPECT_GT(line.glyphs.back().glyph->width, 0);
}

TEST(FontTest, EverySizeCanBeOpened) {
  for (const int pixels : {-5, 0, 1, 3, 10, 92, 2000}) {
    Result<Font> font = Font::open(pixels);
    ASSERT_TRUE(font) << pixels;
    EXPECT_GE(font->lay_out("g", 100000).width, 0);
  }
}

}  // namespace
}  // namespace modelhub
