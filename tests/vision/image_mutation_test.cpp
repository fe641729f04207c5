// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <random>

#include <gtest/gtest.h>

#include "modelhub/image.h"
#include "support/sanitized.h"
#include "vision/pictures.h"

namespace modelhub {
namespace {

constexpr int k_mutations = test::k_is_sanitized ? 700 : 2000;  // of each format

// Flips, overwrites, cuts, doubles and removes; small changes are the most frequent, as they get
// furthest into a decoder.
void mutate(std::vector<std::byte>& bytes, std::mt19937& random) {
  const auto below = [&random](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
  };
  for (std::size_t i = 0, count = 1 + below(4); i < count && bytes.size() > 16; ++i) {
    const std::size_t at = below(bytes.size());
    switch (below(8)) {
      case 0: bytes.resize(16 + below(bytes.size() - 15)); break;
      case 1: {
        const std::size_t length = std::min<std::size_t>(1 + below(32), bytes.size() - at);
        const std::vector<std::byte> part(bytes.begin() + at, bytes.begin() + at + length);
        bytes.insert(bytes.begin() + at, part.begin(), part.end());
        break;
      }
      case 2:
        bytes.erase(bytes.begin() + at, bytes.begin() + std::min(bytes.size(), at + 1 + below(8)));
        break;
      case 3: bytes[at] = std::byte{0xFF}; break;
      case 4: bytes[at] = std::byte(below(256)); break;
      default: bytes[at] ^= std::byte(1U << below(8)); break;
    }
  }
}

class MutationTest : public testing::Test {
 protected:
  void SetUp() override {
    if (made_pictures().empty()) GTEST_SKIP() << "no Pillow: apt install python3-pil";
  }

  // Nothing crashes (the asan preset looks), nothing hangs, every error has a code of a picture.
  static void decode_mutations(const std::string& ending) {
    std::vector<std::filesystem::path> seeds;
    for (const auto& entry : std::filesystem::directory_iterator(made_pictures())) {
      if (entry.path().extension() == ending && entry.file_size() < 8000)
        seeds.push_back(entry.path());
    }
    std::sort(seeds.begin(), seeds.end());
    ASSERT_GT(seeds.size(), 5U);
    DecodeOptions options;
    options.max_pixels = 1'000'000;  // the sizes in headers are mutated too
    std::mt19937 random(20260101);
    int failed = 0;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < k_mutations; ++i) {
      std::vector<std::byte> bytes = bytes_of(seeds[static_cast<std::size_t>(i) % seeds.size()]);
      mutate(bytes, random);
      const Result<Image> image = Image::decode(bytes, "mutation", options);
      if (image) continue;
      ++failed;
      const ErrorCode code = image.error().code;
      EXPECT_TRUE(code == ErrorCode::corrupt_data || code == ErrorCode::unsupported)
          << image.error().to_string();
    }
    EXPECT_GT(failed, k_mutations / 10);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::minutes(2));
  }
};

TEST_F(MutationTest, NoJpegCrashesOrHangs) { decode_mutations(".jpg"); }
TEST_F(MutationTest, NoPngCrashesOrHangs) { decode_mutations(".png"); }
TEST_F(MutationTest, NoWebPCrashesOrHangs) { decode_mutations(".webp"); }
TEST_F(MutationTest, NoTiffCrashesOrHangs) { decode_mutations(".tif"); }

}  // namespace
}  // namespace modelhub
