// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/exif.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace modelhub::vision {
namespace {

std::string number(std::uint32_t value, int size, bool is_big_endian) {
  std::string text;
  for (int i = 0; i < size; ++i) {
    text += static_cast<char>(value >> 8 * (is_big_endian ? size - 1 - i : i));
  }
  return text;
}

// A directory of one other tag and the orientation.
std::string block_with(std::uint32_t orientation, bool is_big_endian, std::uint32_t type = 3) {
  const auto put = [=](std::uint32_t value, int size) {
    return number(value, size, is_big_endian);
  };
  const int size = type == 4 ? 4 : 2;
  return (is_big_endian ? "MM" : "II") + put(42, 2) + put(8, 4) + put(2, 2) +     //
         put(0x010F, 2) + put(2, 2) + put(4, 4) + "abc" + std::string(1, '\0') +  //
         put(0x0112, 2) + put(type, 2) + put(1, 4) + put(orientation, size) +
         std::string(4 - size, '\0') + put(0, 4);
}

int orientation_in(std::string_view block) {
  return orientation_in_exif(std::as_bytes(std::span(block.data(), block.size())));
}

TEST(ExifTest, ReadsBothByteOrdersAndThePrefix) {
  for (std::uint32_t i = 1; i <= 8; ++i) {
    for (const bool is_big_endian : {false, true}) {
      EXPECT_EQ(orientation_in(block_with(i, is_big_endian)), static_cast<int>(i));
      EXPECT_EQ(orientation_in(std::string("Exif\0\0", 6) + block_with(i, is_big_endian)),
                static_cast<int>(i));
      EXPECT_EQ(orientation_in(block_with(i, is_big_endian, 4)), static_cast<int>(i));
    }
  }
}

TEST(ExifTest, NonsenseIsUpright) {
  EXPECT_EQ(orientation_in(""), 1);
  EXPECT_EQ(orientation_in("Exif"), 1);
  EXPECT_EQ(orientation_in(block_with(0, true)), 1);
  EXPECT_EQ(orientation_in(block_with(9, true)), 1);
  EXPECT_EQ(orientation_in(block_with(6, true, 5)), 1);  // a fraction
  std::string wrong = block_with(6, false);
  wrong[2] = 43;
  EXPECT_EQ(orientation_in(wrong), 1);
}

TEST(ExifTest, ABlockCutAnywhereIsReadSafely) {
  const std::string whole = block_with(6, true);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);  // its own memory: ASan sees a read behind it
    const int orientation = orientation_in(cut);
    EXPECT_TRUE(orientation == 1 || orientation == 6);
  }
}

TEST(ExifTest, ADirectoryThatPointsOutsideIsUpright) {
  std::string far = block_with(6, false);
  far.replace(4, 4, number(0xFFFFFFFF, 4, false));
  EXPECT_EQ(orientation_in(far), 1);
  std::string many = block_with(9, false);
  many.replace(8, 2, number(0xFFFF, 2, false));
  EXPECT_EQ(orientation_in(many), 1);
}

}  // namespace
}  // namespace modelhub::vision
