// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "modelhub/catalog.h"

namespace modelhub {
namespace {

TEST(VersionTest, OlderComesBeforeNewer) {
  const std::pair<const char*, const char*> k_rising[] = {
      {"7", "12"},
      {"12", "100"},
      {"8.3", "8.4.0"},
      {"8.4.0", "8.4.1"},
      {"8.9", "8.10"},
      {"2021dec", "2023mar"},
      {"2023mar", "2023nov"},
      {"2023nov", "2026may"},
      {"2021sep", "2021dec"},
      {"v1", "v2"},
      {"1.9", "v2"},
      {"0.1.1rc0", "0.1.1"},
      {"0.1.1rc0", "0.1.1rc1"},
      {"1.0-beta2", "1.0-rc1"},
      {"1.0a1", "1.0"},
      {"1.0.0", "1.0.0-patched"},
      {"2018_03_29", "2018_05_09"},
      {"99999999999999999999", "100000000000000000000"},
      {"8.4.0", "8.4.115-dequantised"},
      {"v1-7", "v1-12"},
      {"v1-12", "v2-7"},
      {"imagenet1k_v1", "imagenet1k_v2"}};
  for (const auto& [older, newer] : k_rising) {
    EXPECT_TRUE(compare_versions(older, newer) < 0) << older << " " << newer;
    EXPECT_TRUE(compare_versions(newer, older) > 0) << older << " " << newer;
  }
}

TEST(VersionTest, SpellingsOfOneVersionAreEqual) {
  const std::pair<const char*, const char*> k_equal[] = {
      {"8.4", "8.4.0"},       {"v2", "2"}, {"V2.0", "2"},   {"08.04", "8.4"}, {"1-2", "1.2"},
      {"2023MAR", "2023mar"}, {"", ""},    {"1.0a1", "1a1"}};
  for (const auto& [a, b] : k_equal) EXPECT_TRUE(compare_versions(a, b) == 0) << a << " " << b;
}

// Sorting needs an order that does not contradict itself: every pair and every triple of these is
// tried.
TEST(VersionTest, TheOrderIsTransitive) {
  const std::vector<std::string> k_all = {
      "",      "0",   "0.0", "0a", "1",  "1.0", "1.0.0", "1a",   "1a1", "1.0a1",  "1x",     "1.0x",
      "1.0.5", "1.5", "x",   "x0", "x1", "rc",  "v1",    "1mar", "1.3", "1.0mar", "1.mar.0"};
  for (const std::string& a : k_all) {
    for (const std::string& b : k_all) {
      EXPECT_EQ(compare_versions(a, b) < 0, compare_versions(b, a) > 0) << a << " " << b;
      for (const std::string& c : k_all) {
        if (compare_versions(a, b) <= 0 && compare_versions(b, c) <= 0) {
          EXPECT_TRUE(compare_versions(a, c) <= 0) << a << " " << b << " " << c;
        }
      }
    }
  }
}

TEST(VersionTest, AZeroAloneIsAVersion) {
  EXPECT_TRUE(compare_versions("0", "1") < 0);
  EXPECT_TRUE(compare_versions("0.0.0", "0.0.1") < 0);
  EXPECT_TRUE(compare_versions("0", "0.0.0") == 0);
}

}  // namespace
}  // namespace modelhub
