// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "modelhub/image.h"
#include "vision/pictures.h"

namespace modelhub {
namespace {

using testing::HasSubstr;

Image gradient(PixelFormat format, int width = 40, int height = 30) {
  Image image = Image::create(width, height, format).value();
  for (int y = 0; y < height; ++y) {
    for (int i = 0; i < width * channels_of(format); ++i) {
      image.row(y)[i] = static_cast<std::uint8_t>(i * 5 + y * 3);
    }
  }
  return image;
}

Image reread(const std::vector<std::byte>& bytes) { return Image::decode(bytes, "again").value(); }

TEST(ImageTest, IsZeroWhenCreated) {
  const Image image = Image::create(7, 5, PixelFormat::bgra8).value();
  EXPECT_EQ(image.width(), 7);
  EXPECT_EQ(image.height(), 5);
  EXPECT_EQ(image.view().stride, 28);
  EXPECT_EQ(std::count(image.view().data, image.view().data + 7 * 5 * 4, 0), 7 * 5 * 4);
}

TEST(ImageTest, ASideBelowOneIsInvalid) {
  EXPECT_EQ(Image::create(0, 5, PixelFormat::rgb8).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(Image::create(5, -1, PixelFormat::rgb8).error().code, ErrorCode::invalid_argument);
}

TEST(ImageTest, SaysWhenMemoryDoesNotSuffice) {
  EXPECT_EQ(Image::create(2'000'000'000, 2'000'000'000, PixelFormat::rgba8).error().code,
            ErrorCode::out_of_memory);
}

TEST(ImageTest, CopiesAViewWithoutItsPadding) {
  const std::vector<std::uint8_t> padded = {1, 2, 3, 99, 4, 5, 6, 99};
  const Image copy = Image::copy_of({padded.data(), 1, 2, 4, PixelFormat::bgr8}).value();
  EXPECT_EQ(copy.format(), PixelFormat::bgr8);
  EXPECT_EQ(std::memcmp(copy.view().data, "\1\2\3\4\5\6", 6), 0);
}

TEST(ImageTest, RefusesAViewThatCannotBe) {
  const std::uint8_t pixels[12] = {};
  EXPECT_EQ(Image::copy_of({}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(Image::copy_of({pixels, 2, 2, 5, PixelFormat::rgb8}).error().code,
            ErrorCode::invalid_argument);
}

TEST(EncodeTest, PngGivesBackWhatItGot) {
  const Image rgb = gradient(PixelFormat::rgb8);
  EXPECT_EQ(std::memcmp(reread(rgb.encode_png().value()).view().data, rgb.view().data, 40 * 30 * 3),
            0);
  const Image gray = gradient(PixelFormat::gray8);
  EXPECT_EQ(reread(gray.encode_png().value()).row(7)[3 * 11], gray.view().row(7)[11]);
  const Image bgr = gradient(PixelFormat::bgr8);
  EXPECT_EQ(reread(bgr.encode_png().value()).row(7)[3 * 11], bgr.view().row(7)[3 * 11 + 2]);
  Image bgra = Image::create(1, 1, PixelFormat::bgra8).value();
  const std::uint8_t half_blue[] = {255, 0, 0, 128};
  std::memcpy(bgra.row(0), half_blue, 4);
  EXPECT_EQ(std::memcmp(reread(bgra.encode_png().value()).row(0), "\x7F\x7F\xFF", 3), 0);
}

TEST(EncodeTest, JpegIsNearWhatItGot) {
  for (const PixelFormat format :
       {PixelFormat::rgb8, PixelFormat::bgr8, PixelFormat::gray8, PixelFormat::bgra8}) {
    Image image = Image::create(16, 16, format).value();
    for (int y = 0; y < 16; ++y) {
      for (int x = 0; x < 16; ++x) {
        const std::uint8_t orange_bgr[] = {30, 120, 220, 255};
        const std::uint8_t orange_rgb[] = {220, 120, 30};
        const bool is_rgb = format == PixelFormat::rgb8;
        std::memcpy(image.row(y) + x * channels_of(format), is_rgb ? orange_rgb : orange_bgr,
                    static_cast<std::size_t>(channels_of(format)));
      }
    }
    Image again = reread(image.encode_jpeg().value());
    EXPECT_NEAR(again.row(8)[24], format == PixelFormat::gray8 ? 30 : 220, 4);
    EXPECT_NEAR(again.row(8)[25], format == PixelFormat::gray8 ? 30 : 120, 4);
    EXPECT_NEAR(again.row(8)[26], 30, 4);
  }
}

TEST(EncodeTest, AnEmptyImageIsInvalid) {
  EXPECT_EQ(Image().encode_png().error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(Image().encode_jpeg().error().code, ErrorCode::invalid_argument);
}

TEST(EncodeTest, SaysThatAJpegCannotBeThatLong) {
  const Image line = Image::create(70'000, 1, PixelFormat::rgb8).value();
  EXPECT_EQ(line.encode_jpeg().error().code, ErrorCode::unsupported);
  EXPECT_TRUE(line.encode_png());
}

TEST(SaveTest, TheEndingDecides) {
  const TemporaryFolder folder;
  const Image image = gradient(PixelFormat::rgb8);
  for (const char* const name : {"a.png", "a.PNG", "a.jpg", "a.jpeg"}) {
    ASSERT_TRUE(image.save(folder / name)) << name;
    EXPECT_EQ(Image::load(folder / name).value().width(), 40);
  }
  EXPECT_EQ(std::to_integer<int>(bytes_of(folder / "a.png")[1]), 'P');
  EXPECT_EQ(std::to_integer<int>(bytes_of(folder / "a.jpg")[1]), 0xD8);
  const Result<void> other = image.save(folder / "a.gif");
  EXPECT_EQ(other.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(other.error().subject, Subject::usage);
  EXPECT_EQ(image.save(folder / "png").error().code, ErrorCode::invalid_argument);
}

TEST(SaveTest, LeavesNothingElseBehindAndReplacesWhole) {
  const TemporaryFolder folder;
  ASSERT_TRUE(gradient(PixelFormat::rgb8).save(folder / "a.png"));
  ASSERT_TRUE(gradient(PixelFormat::gray8).save(folder / "a.png"));
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path()))
    ++count;
  EXPECT_EQ(count, 1);
}

TEST(SaveTest, WritesThroughALink) {
  const TemporaryFolder folder;
  const Image image = gradient(PixelFormat::rgb8);
  ASSERT_TRUE(image.save(folder / "real.png"));
  std::filesystem::create_symlink(folder / "real.png", folder / "link.png");
  ASSERT_TRUE(gradient(PixelFormat::rgb8, 10, 10).save(folder / "link.png"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.png"));
  EXPECT_EQ(Image::load(folder / "real.png").value().width(), 10);
}

TEST(SaveTest, NamesWhatIsInTheWay) {
  const TemporaryFolder folder;
  const Image image = gradient(PixelFormat::rgb8);
  const Result<void> missing = image.save(folder / "no/a.png");
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_THAT(missing.error().hint, HasSubstr("mkdir"));
  std::filesystem::create_directory(folder / "dir.png");
  EXPECT_EQ(image.save(folder / "dir.png").error().code, ErrorCode::io_error);
}

TEST(SaveTest, SaysThatTheDiskIsFull) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("/dev/full", folder / "full.png");
  const Result<void> full = gradient(PixelFormat::rgb8).save(folder / "full.png");
  EXPECT_EQ(full.error().code, ErrorCode::no_space);
  EXPECT_THAT(full.error().message, HasSubstr("full.png"));
}

TEST(SaveTest, KeepsTheResolution) {
  if (made_pictures().empty()) GTEST_SKIP() << "no Pillow: apt install python3-pil";
  const Image image = Image::load((made_pictures() / "exact_dpi.png").string()).value();
  EXPECT_EQ(reread(image.encode_png().value()).dpi(), 300);
  EXPECT_EQ(reread(image.encode_jpeg().value()).dpi(), 300);
}

TEST(PipeTest, IsReadToItsEnd) {
  const TemporaryFolder folder;
  const std::string path = folder / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const Image image = gradient(PixelFormat::rgb8, 400, 300);  // more than a pipe holds
  std::thread writer([&] { write_bytes(path, image.encode_png().value()); });
  const Result<Image> read = Image::load(path);
  writer.join();
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(std::memcmp(read->view().data, image.view().data, 400 * 300 * 3), 0);
}

TEST(PipeTest, IsWrittenAndNotReplaced) {
  const TemporaryFolder folder;
  const std::string path = folder / "pipe.png";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const Image image = gradient(PixelFormat::rgb8);
  Result<Image> read = Image();
  std::thread reader([&] { read = Image::load(path); });
  EXPECT_TRUE(image.save(path));
  reader.join();
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_TRUE(std::filesystem::is_fifo(path));
}

}  // namespace
}  // namespace modelhub
