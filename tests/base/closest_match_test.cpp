// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/closest_match.h"

#include <gtest/gtest.h>

namespace modelhub {
namespace {

const std::vector<std::string> k_names = {"yolov8n",      "yolov8s", "yolox_s", "resnet50",
                                          "mobilenet_v2", "run",     "rm"};

TEST(ClosestMatchTest, FindsATypo) {
  EXPECT_EQ(closest_match("yolov8m", k_names), "yolov8n");
  EXPECT_EQ(closest_match("resnt50", k_names), "resnet50");
}

TEST(ClosestMatchTest, CountsASwapOfNeighboursOnce) {
  EXPECT_EQ(closest_match("rnu", k_names), "run");
}

TEST(ClosestMatchTest, IgnoresCaseAndSeparators) {
  EXPECT_EQ(closest_match("MobileNet-V2", k_names), "mobilenet_v2");
}

TEST(ClosestMatchTest, FindsABeginning) {
  EXPECT_EQ(closest_match("mobile", k_names), "mobilenet_v2");
}

TEST(ClosestMatchTest, GivesTheNearestFirstAndNoMoreThanAsked) {
  const std::vector<std::string> known = {"yolov8n", "yolov8s", "resnet50", "yolox_s",
                                          "yolox_tiny"};
  EXPECT_EQ(closest_matches("yoolv8s", known, 3).front(), "yolov8s");
  EXPECT_EQ(closest_matches("RESNET-5O", known, 3), std::vector<std::string>{"resnet50"});
  EXPECT_EQ(closest_matches("yolo", known, 3).size(), 3U);
  EXPECT_EQ(closest_matches("resnet50v2", known, 3), std::vector<std::string>{"resnet50"});
  EXPECT_TRUE(closest_matches("tesseract", known, 3).empty());
}

TEST(ClosestMatchTest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(closest_match("llama", k_names), std::nullopt);
  EXPECT_EQ(closest_match("", k_names), std::nullopt);
  EXPECT_EQ(closest_match("--__", k_names), std::nullopt);
}

TEST(ClosestMatchTest, BoundsItsWorkForHugeInput) {
  EXPECT_EQ(closest_match(std::string(1'000'000, 'y'), k_names), std::nullopt);
}

}  // namespace
}  // namespace modelhub
