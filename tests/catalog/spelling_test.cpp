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

TEST(SpellingTest, AsksInWholeSentences) {
  EXPECT_EQ(did_you_mean({}), "");
  EXPECT_EQ(did_you_mean({"a"}), "did you mean 'a'?");
  EXPECT_EQ(did_you_mean({"a", "b"}), "did you mean 'a' or 'b'?");
  EXPECT_EQ(did_you_mean({"a", "b", "c"}), "did you mean 'a', 'b' or 'c'?");
}

}  // namespace
}  // namespace modelhub::catalog
