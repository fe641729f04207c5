// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "modelhub/image.h"
#include "vision/pictures.h"

namespace modelhub {
namespace {

using std::string_view_literals::operator""sv;
using testing::HasSubstr;

void expect_error(const Result<Image>& image, ErrorCode code, std::string_view words) {
  ASSERT_FALSE(image) << "wanted: " << words;
  EXPECT_EQ(image.error().code, code) << image.error().to_string();
  EXPECT_EQ(image.error().subject, Subject::input);
  EXPECT_THAT(image.error().message, HasSubstr(std::string(words)));
}

Result<Image> decode_text(std::string_view text) {
  return Image::decode(std::as_bytes(std::span(text.data(), text.size())), "x.png");
}

Result<Image> decode_part(const std::string& name, double part) {
  std::vector<std::byte> bytes = bytes_of(made_pictures() / name);
  bytes.resize(static_cast<std::size_t>(static_cast<double>(bytes.size()) * part));
  return Image::decode(bytes, name);
}

TEST(LoadErrorTest, NamesAMissingFile) {
  const Result<Image> image = Image::load("/nowhere/bus.jpg");
  expect_error(image, ErrorCode::not_found, "/nowhere/bus.jpg");
  EXPECT_FALSE(image.error().hint.empty());
}

TEST(LoadErrorTest, NamesADirectory) {
  expect_error(Image::load("/tmp"), ErrorCode::io_error, "/tmp is a directory");
}

TEST(LoadErrorTest, NamesAnEmptyFile) {
  const TemporaryFolder folder;
  write_bytes(folder / "empty.png", {});
  expect_error(Image::load(folder / "empty.png"), ErrorCode::io_error, "empty.png is empty");
  expect_error(Image::load("/dev/null"), ErrorCode::io_error, "/dev/null is empty");
  expect_error(Image::decode({}, "nothing"), ErrorCode::io_error, "nothing is empty");
}

TEST(LoadErrorTest, NamesAFileThatMayNotBeRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const TemporaryFolder folder;
  write_bytes(folder / "secret.png", std::as_bytes(std::span("x", 1)));
  ASSERT_EQ(::chmod((folder / "secret.png").c_str(), 0), 0);
  expect_error(Image::load(folder / "secret.png"), ErrorCode::io_error, "secret.png");
}

TEST(LoadErrorTest, ReadsNoFurtherThanItMustToSeeThatItIsNoPicture) {
  // Endless; would fill the memory.
  expect_error(Image::load("/dev/zero"), ErrorCode::unsupported, "00 00 00 00 00 00 00 00");
}

TEST(LoadErrorTest, RefusesAFileThatNoAllowedPictureNeeds) {
  const TemporaryFolder folder;
  const std::string path = folder / "long.jpg";
  write_bytes(path, std::as_bytes(std::span("\xFF\xD8\xFF", 3)));
  std::filesystem::resize_file(path, 1ULL << 40);  // sparse
  expect_error(Image::load(path), ErrorCode::unsupported, "longer than");
}

TEST(FormatErrorTest, TextIsNoPicture) {
  expect_error(decode_text("hello, this is\nnot a picture at all"), ErrorCode::corrupt_data,
               "x.png is not a picture: it begins with text (\"hello, this is not a pic...\")");
}

TEST(FormatErrorTest, AGitLfsPointerSaysWhatToRun) {
  const Result<Image> image =
      decode_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\n");
  expect_error(image, ErrorCode::corrupt_data, "Git LFS pointer");
  EXPECT_EQ(image.error().hint, "run: git lfs pull");
}

TEST(FormatErrorTest, TheHintIsThatOfTheKind) {
  EXPECT_THAT(decode_text("\0\0\0\x18"
                          "ftypisom\0"sv)
                  .error()
                  .hint,
              HasSubstr("ffmpeg"));
  EXPECT_THAT(decode_text("GIF89a\1\0\1\0"sv).error().hint, HasSubstr("convert it"));
  EXPECT_THAT(decode_text("<!doctype html><img src='bus.jpg'>").error().hint,
              HasSubstr("give the picture itself"));
}

TEST(FormatErrorTest, OtherFormatsAreNamed) {
  const struct {
    std::string_view bytes;
    std::string_view what;
  } cases[] = {
      {"GIF89a\1\0\1\0"sv, "a GIF picture"},
      {"BM\x46\0\0\0\0\0\0\0\x36"sv, "a BMP picture"},
      {"\0\0\0\x18"
       "ftypheic\0"sv,
       "a HEIC picture"},
      {"\0\0\0\x18"
       "ftypmif1\0"sv,
       "a HEIC picture"},
      {"\0\0\0\x18"
       "ftypavif\0"sv,
       "an AVIF picture"},
      {"\0\0\0\x18"
       "ftypisom\0"sv,
       "a video"},
      {"%PDF-1.7"sv, "a PDF document"},
      {"<svg xmlns='x'/>"sv, "an SVG drawing"},
      {"<?xml version='1.0'?>\n<!-- x --><SVG/>"sv, "an SVG drawing"},
      {"\n<!DOCTYPE html><html>"sv, "an HTML page"},
      {"<html><body>404"sv, "an HTML page"},
      {"\xFF\x0A\x01"sv, "a JPEG XL picture"},
      {"\0\0\0\x0C"
       "jP  \r\n\x87\n"sv,
       "a JPEG 2000 picture"},
      {"8BPS\0\1"sv, "a Photoshop document"},
      {"PK\3\4\x14"sv, "a ZIP archive"},
      {"\0\0\1\0\1\0"sv, "an icon"},
      {"\1\2\3\4\5\6\7\x08\x09"sv, "begins with the bytes 01 02 03 04 05 06 07 08"},
  };
  for (const auto& c : cases) expect_error(decode_text(c.bytes), ErrorCode::unsupported, c.what);
}

class DamageTest : public testing::Test {
 protected:
  void SetUp() override {
    if (made_pictures().empty()) GTEST_SKIP() << "no Pillow: apt install python3-pil";
  }
};

TEST_F(DamageTest, PillowsOwnFilesOfOtherFormatsAreNamed) {
  expect_error(Image::load((made_pictures() / "broken_kind.gif").string()), ErrorCode::unsupported,
               "GIF");
  expect_error(Image::load((made_pictures() / "broken_kind.bmp").string()), ErrorCode::unsupported,
               "BMP");
  expect_error(Image::load((made_pictures() / "broken_kind.ico").string()), ErrorCode::unsupported,
               "icon");
  expect_error(Image::load((made_pictures() / "broken_float.tif").string()), ErrorCode::unsupported,
               "TIFF");
}

TEST_F(DamageTest, APictureThatIsCutShortIsNoHalfGreyPicture) {
  for (const std::string name :
       {"exact_444.jpg", "exact_420.jpg", "exact_progressive.jpg", "exact_gray.jpg",
        "exact_cmyk.jpg", "exact_rgb.png", "exact_interlaced_alpha.png", "exact_palette.png",
        "near_lossy.webp", "exact_lossless.webp", "near_lossy_alpha.webp", "exact_animated.webp",
        "exact_rgb.tif", "exact_lzw.tif", "exact_deflate.tif", "exact_fax.tif"}) {
    for (const double part : {0.06, 0.3, 0.5, 0.7, 0.9}) {
      SCOPED_TRACE(name + " cut at " + std::to_string(part));
      const Result<Image> image = decode_part(name, part);
      ASSERT_FALSE(image);
      EXPECT_EQ(image.error().code, ErrorCode::corrupt_data) << image.error().to_string();
      EXPECT_THAT(image.error().message, HasSubstr(name));
    }
  }
}

TEST_F(DamageTest, AJpegWithoutItsLastMarkIsWhole) {
  std::vector<std::byte> bytes = bytes_of(made_pictures() / "exact_444.jpg");
  bytes.resize(bytes.size() - 2);
  const Result<Image> image = Image::decode(bytes, "x.jpg");
  ASSERT_TRUE(image) << image.error().to_string();
  const Result<Image> whole = Image::load((made_pictures() / "exact_444.jpg").string());
  EXPECT_EQ(std::memcmp(image->view().data, whole.value().view().data, 37 * 29 * 3), 0);
}

TEST_F(DamageTest, AFlippedByteInAPngIsFound) {
  std::vector<std::byte> bytes = bytes_of(made_pictures() / "exact_rgb.png");
  bytes[bytes.size() / 2] ^= std::byte{1};
  expect_error(Image::decode(bytes, "x.png"), ErrorCode::corrupt_data,
               "x.png is a damaged PNG file: IDAT");
}

TEST_F(DamageTest, AHeaderBombIsRefusedWithItsSize) {
  const Result<Image> bomb = Image::load((made_pictures() / "broken_bomb.png").string());
  expect_error(bomb, ErrorCode::unsupported, "60000 x 60000 pixels");
  EXPECT_FALSE(bomb.error().hint.empty());
}

TEST_F(DamageTest, ASizeThatTheFileCannotHoldIsRefusedBeforeAnythingIsAllocated) {
  expect_error(Image::load((made_pictures() / "broken_claims_much.png").string()),
               ErrorCode::corrupt_data, "20000 x 20000 pixels");
  // A JPEG of 37 x 29 whose frame header is changed to 20000 x 20000.
  std::vector<std::byte> bytes = bytes_of(made_pictures() / "exact_444.jpg");
  for (std::size_t i = 0; i + 8 < bytes.size(); ++i) {
    if (bytes[i] != std::byte{0xFF} || bytes[i + 1] != std::byte{0xC0}) continue;
    for (const std::size_t at : {i + 5, i + 7}) {
      bytes[at] = std::byte{20000 >> 8};
      bytes[at + 1] = std::byte{20000 & 255};
    }
    break;
  }
  expect_error(Image::decode(bytes, "x.jpg"), ErrorCode::corrupt_data, "20000 x 20000 pixels");
}

TEST_F(DamageTest, TheCallerMayLowerTheLimit) {
  DecodeOptions options;
  options.max_pixels = 37 * 29;
  for (const char* const name :
       {"exact_444.jpg", "exact_rgb.png", "near_lossy.webp", "exact_rgb.tif"}) {
    const std::string path = (made_pictures() / name).string();
    options.max_pixels = 37 * 29;
    EXPECT_TRUE(Image::load(path, options)) << name;
    options.max_pixels = 37 * 29 - 1;
    expect_error(Image::load(path, options), ErrorCode::unsupported, "37 x 29 pixels");
  }
}

TEST_F(DamageTest, ATiffWhoseTilesAreHugeAllocatesNothing) {
  // A classic TIFF of one tile of 2^20 x 2^20 in a picture of 16 x 16, written by hand.
  std::vector<std::byte> bytes;
  const auto put = [&bytes](std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) bytes.push_back(std::byte(value >> (8 * i) & 255U));
  };
  const std::uint32_t entries[][3] = {
      {256, 16, 4}, {257, 16, 4},       {258, 8, 3},        {259, 1, 3}, {262, 1, 3},
      {277, 1, 3},  {322, 1U << 20, 4}, {323, 1U << 20, 4}, {324, 8, 4}, {325, 256, 4}};
  put(0x002A4949, 4);
  put(8, 4);
  put(std::size(entries), 2);
  for (const auto& entry : entries) {
    put(entry[0], 2);
    put(entry[2], 2);
    put(1, 4);
    put(entry[1], 4);
  }
  put(0, 4);
  bytes.resize(1000);
  expect_error(Image::decode(bytes, "x.tif"), ErrorCode::corrupt_data, "x.tif");
}

TEST_F(DamageTest, AJpegOfAThousandScansIsRefused) {
  // Each scan is a pass over the picture: the first scan of a progressive file, again and again.
  std::vector<std::byte> bytes = bytes_of(made_pictures() / "exact_progressive.jpg");
  const auto is_marker = [](std::byte a, std::byte b) {
    return a == std::byte{0xFF} && b != std::byte{0};
  };
  const std::byte start_of_scan[] = {std::byte{0xFF}, std::byte{0xDA}};
  const auto begin =
      std::search(bytes.begin(), bytes.end(), std::begin(start_of_scan), std::end(start_of_scan));
  const auto end = std::adjacent_find(begin + 2, bytes.end(), is_marker);
  const std::vector<std::byte> scan(begin, end);
  std::vector<std::byte> many(bytes.begin(), end);
  for (int i = 0; i < 1000; ++i) many.insert(many.end(), scan.begin(), scan.end());
  many.insert(many.end(), end, bytes.end());
  expect_error(Image::decode(many, "x.jpg"), ErrorCode::corrupt_data, "more than 100 scans");
}

}  // namespace
}  // namespace modelhub
