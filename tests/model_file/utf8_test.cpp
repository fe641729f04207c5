// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/utf8.h"

#include <gtest/gtest.h>

namespace modelhub::model_file {
namespace {

TEST(Utf8Test, KnowsWhatIsUtf8) {
  for (const char* good : {"", "plain", "caf\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                           "\xEF\xBF\xBD", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xC0\xAF", "\xC3", "\xE2\x82", "\xE0\x80\xAF", "\xED\xA0\x80",
                          "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xFF", "a\xC3z"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Utf8Test, WritesEveryLengthOfLetter) {
  std::string text;
  for (const std::uint32_t code : {0x41U, 0xE9U, 0x20ACU, 0x1F600U}) append_utf8(text, code);
  EXPECT_EQ(text, "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(Utf8Test, WhatIsShownCannotCommandATerminal) {
  EXPECT_EQ(printable("a\x1b[2Jb\nc\x7f"), "a?[2Jb?c?");
  EXPECT_EQ(printable("\xC2\x9B"
                      "1m"),
            "?1m");
  EXPECT_EQ(printable("caf\xC3\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(printable("\xFFx"), "?x");
  EXPECT_EQ(printable("abcdef", 4), "abcd...");
  EXPECT_EQ(printable("abc\xC3\xA9", 4), "abc...") << "never half a letter";
}

}  // namespace
}  // namespace modelhub::model_file
