// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/answers.h"

#include <sstream>

#include <gtest/gtest.h>

namespace modelhub {
namespace {

TEST(BoxTest, PrintsCornerAndSizeInWholePixels) {
  std::ostringstream out;
  out << Box{49.6f, 400.2f, 245.0f, 904.7f};
  EXPECT_EQ(out.str(), "(50, 400) 195 x 505");
}

TEST(BoxTest, OffersCornersAndSize) {
  const Box box{1, 2, 4, 8};
  EXPECT_EQ(box.xyxy(), (std::array<float, 4>{1, 2, 4, 8}));
  EXPECT_EQ(box.xywh(), (std::array<float, 4>{1, 2, 3, 6}));
}

TEST(IouTest, IsSharedAreaOverCoveredArea) {
  EXPECT_FLOAT_EQ(iou_of({0, 0, 10, 10}, {5, 0, 15, 10}), 50.0f / 150.0f);
  EXPECT_FLOAT_EQ(iou_of({0, 0, 10, 10}, {0, 0, 10, 10}), 1.0f);
  EXPECT_FLOAT_EQ(iou_of({0, 0, 10, 10}, {2, 2, 4, 4}), 4.0f / 100.0f);
}

TEST(IouTest, IsNoughtForBoxesThatTouchOrAreEmpty) {
  EXPECT_EQ(iou_of({0, 0, 10, 10}, {10, 0, 20, 10}), 0.0f);
  EXPECT_EQ(iou_of({0, 0, 10, 10}, {30, 30, 40, 40}), 0.0f);
  EXPECT_EQ(iou_of({5, 5, 5, 5}, {5, 5, 5, 5}), 0.0f);
}

}  // namespace
}  // namespace modelhub
