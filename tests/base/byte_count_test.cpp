// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/byte_count.h"

#include <clocale>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace modelhub {
namespace {

TEST(ByteCountTest, ReadsSizesAsPeopleWriteThem) {
  const std::vector<std::pair<std::string, std::uint64_t>> table = {
      {"0", 0},
      {"1500", 1500},
      {"1500B", 1500},
      {"20GB", 20'000'000'000},
      {"20 gb", 20'000'000'000},
      {"512 MiB", 536'870'912},
      {"512mib", 536'870'912},
      {"1.5G", 1'500'000'000},
      {"1.5GiB", 1'610'612'736},
      {"0.5k", 500},
      {"2TB", 2'000'000'000'000},
      {"1TiB", 1'099'511'627'776},
      // Above 2^53, where a double would lose the last byte.
      {"9007199254740993", 9'007'199'254'740'993},
  };
  for (const auto& [text, bytes] : table) {
    const Result<ByteCount> count = ByteCount::parse(text);
    ASSERT_TRUE(count) << text;
    EXPECT_EQ(count->count(), bytes) << text;
  }
}

TEST(ByteCountTest, RefusesWhatIsNoSize) {
  for (const std::string& text : std::vector<std::string>{
           "", " ", "GB", "-1", "+1", "1.2.3", ".5", "1,5GB", "1e9", "0x10", "10 PB", "10 apples",
           "1GB!", "nan", "99999999TB", "99999999999999999999", std::string(400, '9'),
           std::string(400, '9') + ".5"}) {
    const Result<ByteCount> count = ByteCount::parse(text);
    ASSERT_FALSE(count) << text;
    EXPECT_EQ(count.error().code, ErrorCode::invalid_argument) << text;
    EXPECT_EQ(count.error().subject, Subject::usage) << text;
    EXPECT_FALSE(count.error().hint.empty()) << text;
  }
}

TEST(ByteCountTest, ShowsThreeDigits) {
  const std::vector<std::pair<std::uint64_t, std::string>> table = {
      {0, "0 B"},
      {999, "999 B"},
      {1000, "1.00 kB"},
      {12'926'640, "12.9 MB"},
      {999'400, "999 kB"},
      {999'600, "1.00 MB"},
      {9'996'000, "10.0 MB"},
      {99'960'000, "100 MB"},
      {10'000'000'000, "10.0 GB"},
      {1'500'000'000'000, "1.50 TB"},
      {18'000'000'000'000'000'000U, "18000 PB"},
  };
  for (const auto& [bytes, text] : table) EXPECT_EQ(ByteCount(bytes).to_string(), text);
}

TEST(ByteCountTest, DoesNotDependOnTheProgramsLocale) {
  const char* const known = std::setlocale(LC_NUMERIC, "de_DE.UTF-8");
  if (known == nullptr) GTEST_SKIP() << "this machine has no locale with a decimal comma";
  EXPECT_EQ(ByteCount::parse("1.5G").value().count(), 1'500'000'000U);
  EXPECT_EQ(ByteCount(1'500'000).to_string(), "1.50 MB");
  std::setlocale(LC_NUMERIC, "C");
}

TEST(ByteCountTest, AddsAndCompares) {
  ByteCount sum(1);
  sum += ByteCount(2);
  EXPECT_EQ(sum + ByteCount(3), ByteCount(6));
  EXPECT_LT(ByteCount(1), ByteCount(2));
}

}  // namespace
}  // namespace modelhub
