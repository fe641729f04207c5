// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "catalog/spelling.h"

#include <gtest/gtest.h>

namespace modelhub::catalog {
namespace {

TEST(SpellingTest, FoldsCaseAndSeparators) {
  EXPECT_EQ(fold("YOLO-v8n"), "yolov8n");
  EXPECT_EQ(fold("Res_Net 50"), "resnet50");
  EXPECT_EQ(fold("squeezenet1.1"), "squeezenet11");
}

TEST(SpellingTest, CountsAddedDroppedChangedAndSwappedLetters) {
  EXPECT_EQ(edit_distance("yolov8n", "yolov8n"), 0U);
  EXPECT_EQ(edit_distance("yolo8n", "yolov8n"), 1U);
  EXPECT_EQ(edit_distance("yolovv8n", "yolov8n"), 1U);
  EXPECT_EQ(edit_distance("yolov9n", "yolov8n"), 1U);
  EXPECT_EQ(edit_distance("yoolv8n", "yolov8n"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
}

TEST(SpellingTest, SuggestsTheNearestFirstAndAtMostThree) {
  const std::vector<std::string> known = {"yolov8n", "yolov8s", "resnet50", "yolox_s",
                                          "yolox_tiny"};
  EXPECT_EQ(suggestions("yolo8n", known).front(), "yolov8n");
  EXPECT_EQ(suggestions("yoolv8s", known).front(), "yolov8s");
  EXPECT_EQ(suggestions("RESNET-5O", known), std::vector<std::string>{"resnet50"});
  EXPECT_EQ(suggestions("yolo", known).size(), 3U);
  EXPECT_TRUE(suggestions("tesseract", known).empty());
  EXPECT_EQ(suggestions("resnet50v2", known), std::vector<std::string>{"resnet50"});
}

TEST(SpellingTest, AVeryLongNameIsCheapAndSuggestsNothing) {
  EXPECT_TRUE(suggestions(std::string(1'000'000, 'q'), {"yolov8n"}).empty());
}

TEST(SpellingTest, AsksInWholeSentences) {
  EXPECT_EQ(did_you_mean({}), "");
  EXPECT_EQ(did_you_mean({"a"}), "did you mean 'a'?");
  EXPECT_EQ(did_you_mean({"a", "b"}), "did you mean 'a' or 'b'?");
  EXPECT_EQ(did_you_mean({"a", "b", "c"}), "did you mean 'a', 'b' or 'c'?");
}

}  // namespace
}  // namespace modelhub::catalog
