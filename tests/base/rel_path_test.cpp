// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/rel_path.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace modelhub {
namespace {

TEST(RelPathTest, TakesWhatStaysInside) {
  for (const std::string& text : std::vector<std::string>{
           "a", "model.onnx", "a/b/c.bin", ".hidden", "..a", "a..", "a/...", "with space",
           "\xc3\xa9t\xc3\xa9.onnx", std::string(255, 'x'), "tessdata/eng.traineddata"}) {
    const Result<RelPath> path = RelPath::parse(text);
    ASSERT_TRUE(path) << text;
    EXPECT_EQ(path->string(), text);
  }
  EXPECT_EQ(RelPath::parse("a/b/c.bin")->file_name(), "c.bin");
  EXPECT_EQ(RelPath::parse("c.bin")->file_name(), "c.bin");
  EXPECT_LT(*RelPath::parse("a"), *RelPath::parse("b"));
}

TEST(RelPathTest, RefusesWhatCouldLeaveOrConfuse) {
  std::string long_path = "a";
  while (long_path.size() <= 1024) long_path += "/a";
  for (const std::string& text : std::vector<std::string>{"",
                                                          "/",
                                                          "/etc/passwd",
                                                          "..",
                                                          ".",
                                                          "../a",
                                                          "a/..",
                                                          "a/../b",
                                                          "a/./b",
                                                          "./a",
                                                          "a//b",
                                                          "a/",
                                                          "//a",
                                                          "a\\b",
                                                          "..\\a",
                                                          "C:a",
                                                          "c:/a",
                                                          "a" + std::string(1, '\0') + "b",
                                                          "a\nb",
                                                          "a\x7f",
                                                          "\x1b[2J",
                                                          std::string(256, 'x'),
                                                          "a/" + std::string(256, 'x'),
                                                          long_path}) {
    const Result<RelPath> path = RelPath::parse(text);
    ASSERT_FALSE(path) << text;
    EXPECT_EQ(path.error().code, ErrorCode::invalid_argument) << text;
  }
}

TEST(RelPathTest, ItsMessageIsSafeToPrint) {
  const Error error = RelPath::parse("\x1b[2J/../x").error();
  EXPECT_EQ(error.message.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace modelhub
