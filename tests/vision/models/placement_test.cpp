// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/placement.h"

#include <random>

#include <gtest/gtest.h>

namespace modelhub::vision {
namespace {

InputSpec letterbox(int width, int height) {
  InputSpec input;
  input.name = "images";
  input.width = width;
  input.height = height;
  return input;
}

InputSpec crop(int size, int shorter) {
  InputSpec input = letterbox(size, size);
  input.resize = ResizeKind::shorter_side_crop;
  input.shorter_side = shorter;
  return input;
}

void expect_at(const Placement& p, int width, int height, int left, int top) {
  EXPECT_EQ(p.scaled_width, width);
  EXPECT_EQ(p.scaled_height, height);
  EXPECT_EQ(p.left, left);
  EXPECT_EQ(p.top, top);
}

// The numbers were computed with ultralytics' LetterBox by hand: round() halves to even, top =
// round(dh - 0.1).
TEST(PlacementTest, LetterboxUsesUltralyticsNumbers) {
  expect_at(*place(810, 1080, letterbox(640, 640)), 480, 640, 80, 0);
  expect_at(*place(1280, 721, letterbox(640, 640)), 640, 360, 0, 140);  // 360.5 to even
  expect_at(*place(1280, 723, letterbox(640, 640)), 640, 362, 0, 139);  // 361.5 to even
  expect_at(*place(1546, 1213, letterbox(640, 640)), 640, 502, 0, 69);
  expect_at(*place(1280, 718, letterbox(640, 640)), 640, 359, 0, 140);  // 140.5 - 0.1
  expect_at(*place(640, 480, letterbox(640, 640)), 640, 480, 0, 80);
}

TEST(PlacementTest, ASideIsNeverBelowOnePixel) {
  expect_at(*place(30000, 1, letterbox(640, 640)), 640, 1, 0, 319);
  expect_at(*place(1, 30000, letterbox(640, 640)), 1, 640, 319, 0);
  expect_at(*place(1, 1, letterbox(640, 640)), 640, 640, 0, 0);
}

TEST(PlacementTest, YoloxStandsAtTheTopLeftWithFlooredSides) {
  InputSpec input = letterbox(416, 416);
  input.anchor = Anchor::top_left;
  input.round = Rounding::floor;
  expect_at(*place(1280, 721, input), 416, 234, 0, 0);  // 234.325
  expect_at(*place(810, 1080, input), 312, 416, 0, 0);
  expect_at(*place(1546, 1213, input), 415, 326, 0, 0);  // int(1546 * (416 / 1546)) is 415
}

TEST(PlacementTest, ADynamicCanvasEndsAtTheNextMultiple) {
  InputSpec input = letterbox(640, 640);
  input.is_dynamic = true;
  input.multiple_of = 32;
  const Placement p = *place(810, 1080, input);
  EXPECT_EQ(p.canvas_width, 480);
  EXPECT_EQ(p.canvas_height, 640);
  const Placement q = *place(1280, 721, input);  // 360 of 384: 12 above and below
  EXPECT_EQ(q.canvas_height, 384);
  EXPECT_EQ(q.top, 12);
}

// torchvision: int(256 * h / w), then int(round((h - 224) / 2.0)).
TEST(PlacementTest, ShorterSideCropUsesTorchvisionsNumbers) {
  expect_at(*place(500, 375, crop(224, 256)), 341, 256, -58, -16);  // 58.5 to even
  expect_at(*place(375, 500, crop(224, 256)), 256, 341, -16, -58);
  expect_at(*place(1546, 1213, crop(224, 256)), 326, 256, -51, -16);
  expect_at(*place(343, 256, crop(224, 256)), 343, 256, -60, -16);  // 59.5 to even
}

TEST(PlacementTest, ShorterSideCropMayFloorItsOffset) {
  InputSpec input = crop(224, 256);
  input.round = Rounding::floor;
  expect_at(*place(343, 256, input), 343, 256, -59, -16);
}

TEST(PlacementTest, ACropOfAnExtremePictureDoesNotOverflow) {
  const Placement p = *place(1 << 30, 1, crop(224, 256));
  EXPECT_EQ(p.scaled_width, (std::int64_t{1} << 30) * 256);
  EXPECT_EQ(p.left, -((std::int64_t{1} << 30) * 256 - 224) / 2);
}

TEST(PlacementTest, StretchFillsTheCanvas) {
  InputSpec input = letterbox(300, 200);
  input.resize = ResizeKind::stretch;
  expect_at(*place(810, 1080, input), 300, 200, 0, 0);
}

TEST(PlacementTest, NoResizeFillsUpToTheMultipleOrRefuses) {
  InputSpec input = letterbox(0, 0);
  input.resize = ResizeKind::none;
  input.anchor = Anchor::top_left;
  input.is_dynamic = true;
  input.multiple_of = 32;
  const Placement p = *place(810, 1080, input);
  EXPECT_EQ(p.canvas_width, 832);
  EXPECT_EQ(p.canvas_height, 1088);
  expect_at(p, 810, 1080, 0, 0);

  input = letterbox(640, 640);
  input.resize = ResizeKind::none;
  EXPECT_TRUE(place(640, 3, input));
  const auto refused = place(641, 3, input);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(refused.error().subject, Subject::input);
  EXPECT_NE(refused.error().message.find("641x3"), std::string::npos);
}

TEST(PlacementTest, ASideBelowOneIsRefused) {
  EXPECT_EQ(place(0, 5, letterbox(640, 640)).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(place(5, -1, letterbox(640, 640)).error().code, ErrorCode::invalid_argument);
}

// FIELD_NOTES: fractional padding stored, integer padding applied. 1280x718 has 140.5 above and 140
// used.
TEST(PlacementTest, BoxesGoBackThroughTheIntegersThatWereUsed) {
  const Placement p = *place(1280, 718, letterbox(640, 640));
  const Box box = p.to_source(Box{0, 140, 320, 499});
  EXPECT_FLOAT_EQ(box.x1, 0);
  EXPECT_FLOAT_EQ(box.y1, 0);
  EXPECT_FLOAT_EQ(box.x2, 640);
  EXPECT_FLOAT_EQ(box.y2, 718);
}

TEST(PlacementTest, EachSideGoesBackByItsOwnRatio) {
  const Placement p = *place(1280, 721, letterbox(640, 640));  // 360 / 721 is not 0.5
  EXPECT_FLOAT_EQ(p.to_source(Box{0, 140, 640, 140 + 180}).y2, 360.5f);
}

TEST(PlacementTest, BoxesAreClippedAndPointsAreNot) {
  const Placement p = *place(810, 1080, letterbox(640, 640));
  const Box box = p.to_source(Box{-50, -50, 700, 700});
  EXPECT_EQ(box.xyxy(), (std::array<float, 4>{0, 0, 810, 1080}));
  EXPECT_LT(p.to_source(Point{0, 0}).x, 0);
}

// Any placement: what was put on the canvas is found back where it was.
TEST(PlacementTest, GeometryIsARoundTrip) {
  std::mt19937 random(3);
  std::vector<InputSpec> inputs = {letterbox(640, 640), letterbox(320, 240), crop(224, 256)};
  inputs.push_back(letterbox(300, 200));
  inputs.back().resize = ResizeKind::stretch;
  for (int i = 0; i < 500; ++i) {
    const InputSpec& input = inputs[i % inputs.size()];
    const int width = 1 + static_cast<int>(random() % 3000);
    const int height = 1 + static_cast<int>(random() % 3000);
    const Placement p = *place(width, height, input);
    const Point source{static_cast<float>(random() % width), static_cast<float>(random() % height)};
    const Point canvas{static_cast<float>(source.x * p.scaled_width / width + p.left),
                       static_cast<float>(source.y * p.scaled_height / height + p.top)};
    EXPECT_NEAR(p.to_source(canvas).x, source.x, 0.01 * (1.0 + width / 100.0));
    EXPECT_NEAR(p.to_source(canvas).y, source.y, 0.01 * (1.0 + height / 100.0));
  }
}

}  // namespace
}  // namespace modelhub::vision
