// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "base/hasher.h"
#include "modelhub/image.h"
#include "vision/pictures.h"

namespace modelhub {
namespace {

struct Ppm {
  int width = 0;
  int height = 0;
  std::vector<std::byte> pixels;
};

Ppm read_ppm(const std::filesystem::path& path) {
  Ppm ppm;
  std::ifstream file(path, std::ios::binary);
  std::string magic;
  int most = 0;
  file >> magic >> ppm.width >> ppm.height >> most;
  file.get();
  ppm.pixels.resize(static_cast<std::size_t>(ppm.width) * ppm.height * 3);
  file.read(reinterpret_cast<char*>(ppm.pixels.data()),
            static_cast<std::streamsize>(ppm.pixels.size()));
  return ppm;
}

// The largest difference of a channel; 256 when the sizes differ.
int distance(const Image& image, const Ppm& expected) {
  if (image.width() != expected.width || image.height() != expected.height) return 256;
  int largest = 0;
  for (std::size_t i = 0; i < expected.pixels.size(); ++i) {
    const int difference = image.view().data[i] - std::to_integer<int>(expected.pixels[i]);
    largest = std::max(largest, std::abs(difference));
  }
  return largest;
}

class DecodeTest : public testing::Test {
 protected:
  void SetUp() override {
    if (made_pictures().empty()) GTEST_SKIP() << "no Pillow: apt install python3-pil";
  }

  // Compares every made picture with that ending; says how many there were.
  static int compare_all(const std::string& ending) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(made_pictures())) {
      const std::string name = entry.path().filename().string();
      if (entry.path().extension() != ending || name.substr(0, 6) == "broken") continue;
      const Result<Image> image = Image::load(entry.path().string());
      EXPECT_TRUE(image) << image.error().to_string();
      if (!image) continue;
      EXPECT_EQ(image->format(), PixelFormat::rgb8);
      EXPECT_LE(distance(*image, read_ppm(entry.path().string() + ".ppm")),
                name.substr(0, 5) == "exact" ? 0 : 1)
          << name;
      ++count;
    }
    return count;
  }
};

TEST_F(DecodeTest, JpegIsThatOfPillowToTheLastLevel) { EXPECT_GE(compare_all(".jpg"), 17); }
TEST_F(DecodeTest, PngIsThatOfPillowToTheLastLevel) { EXPECT_GE(compare_all(".png"), 25); }
TEST_F(DecodeTest, WebPIsThatOfPillow) { EXPECT_GE(compare_all(".webp"), 14); }
TEST_F(DecodeTest, TiffIsThatOfPillow) { EXPECT_GE(compare_all(".tif"), 22); }

TEST_F(DecodeTest, RealPicturesAreThoseOfPillowToTheLastLevel) {
  if (real_pictures().empty()) GTEST_SKIP() << "no folder of pictures";
  std::ifstream report(made_pictures() / "real.txt");
  std::string name;
  std::string sha256;
  int width = 0;
  int height = 0;
  int count = 0;
  while (report >> name >> width >> height >> sha256) {
    const Result<Image> image = Image::load((real_pictures() / name).string());
    ASSERT_TRUE(image) << image.error().to_string();
    EXPECT_EQ(image->width(), width) << name;
    EXPECT_EQ(image->height(), height) << name;
    base::Hasher hasher;
    hasher.update(std::as_bytes(std::span(
        image->view().data, static_cast<std::size_t>(image->width()) * image->height() * 3)));
    EXPECT_EQ(hasher.finish().hex(), sha256) << name;
    ++count;
  }
  EXPECT_GE(count, 7);
}

TEST_F(DecodeTest, ResolutionIsThatOfTheFile) {
  for (const char* const ending : {"jpg", "png", "tif"}) {
    const Result<Image> with = Image::load((made_pictures() / "exact_dpi.").string() + ending);
    ASSERT_TRUE(with) << with.error().to_string();
    EXPECT_EQ(with->dpi(), 300) << ending;
  }
  EXPECT_EQ(Image::load((made_pictures() / "exact_rgb.png").string()).value().dpi(), 0);
  EXPECT_EQ(Image::load((made_pictures() / "exact_444.jpg").string()).value().dpi(), 0);
}

// Faxes have fewer lines than dots in a line. What counts is how high letters are.
TEST_F(DecodeTest, ResolutionIsThatDownTheUprightPicture) {
  const auto dpi_of = [](const std::string& name) {
    return Image::load((made_pictures() / name).string()).value().dpi();
  };
  for (const char* const ending : {"jpg", "png", "tif"})
    EXPECT_EQ(dpi_of(std::string("exact_two_dpi.") + ending), 98) << ending;
  EXPECT_EQ(dpi_of("exact_turned_dpi.jpg"), 204);
  EXPECT_EQ(dpi_of("exact_dpi_across.tif"), 204);
}

TEST_F(DecodeTest, ResolutionGoesWithViewsAndCopies) {
  const Image image = Image::load((made_pictures() / "exact_dpi.png").string()).value();
  EXPECT_EQ(image.view().dpi, 300);
  EXPECT_EQ(Image::copy_of(image).value().dpi(), 300);
}

TEST_F(DecodeTest, TheNameOfAFileSaysNothing) {
  const TemporaryFolder folder;
  std::filesystem::copy(made_pictures() / "exact_rgb.png", folder / "picture.jpg");
  EXPECT_TRUE(Image::load(folder / "picture.jpg"));
}

}  // namespace
}  // namespace modelhub
