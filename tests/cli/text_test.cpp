// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Reading text with the program, the real engine and real data, against Tesseract's own program.
#include <filesystem>
#include <fstream>
#include <optional>

#include <gmock/gmock.h>

#include "cli_fixture.h"
#include "modelhub/image.h"
#include "vision/canvas.h"
#include "vision/encode.h"

namespace modelhub::test {
namespace {

using ::testing::HasSubstr;

const std::string k_data = "7d4322bd2a7749724879683fc3912cb542f19906c83bcc1a52132556427170b2";

class TextTest : public CliTest {
 protected:
  ProcessResult run_reader(const std::string& picture, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"run", "tesseract_eng", picture};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  Json read_page(const std::string& picture, std::vector<std::string> more = {}) const {
    more.emplace_back("--json");
    const ProcessResult result = run_reader(picture, std::move(more));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return json_of(result.out)["results"][0];
  }
  std::string save(const Image& image, int dpi, const std::string& name) const {
    const std::vector<std::byte> png = vision::encode_png(image, dpi).value();
    return write(name, {reinterpret_cast<const char*>(png.data()), png.size()});
  }
  // What Tesseract's program prints; nothing when it is not there.
  std::optional<std::string> tesseract(const std::string& picture) const {
    const std::string folder = in_work("tessdata");
    const std::string link = folder + "/eng.traineddata";
    std::filesystem::create_directories(folder);
    if (!std::filesystem::exists(link)) {
      std::filesystem::create_symlink(std::filesystem::canonical(shared("mirror/sha256/" + k_data)),
                                      link);
    }
    ProcessOptions options;
    options.environment = {{"OMP_THREAD_LIMIT", "1"}};
    const ProcessResult result = run_process(
        {"/usr/bin/env", "tesseract", picture, "-", "--tessdata-dir", folder, "--oem", "1"},
        options);
    constexpr int k_no_such_program = 127;
    if (result.exit_code == k_no_such_program) return std::nullopt;
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }
};

TEST_F(TextTest, PrintsTheTextOfThePageAndNothingElse) {
  const ProcessResult result = run_reader(shared("images/phototest.tif"));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, read(shared("images/phototest.gold.txt")));
  EXPECT_THAT(result.err, HasSubstr("infer"));
  EXPECT_FALSE(std::filesystem::exists(in_work("phototest.modelhub.png")));
}

TEST_F(TextTest, JsonHasTheTextAndItsWords) {
  const Json page = read_page(shared("images/phototest.tif"));
  EXPECT_EQ(page["text"], read(shared("images/phototest.gold.txt")));
  const Json& words = page["words"];
  ASSERT_EQ(words.size(), 60U);
  EXPECT_EQ(words[0]["text"], "This");
  EXPECT_GT(words[0]["score"].get<double>(), 0.9);
  EXPECT_LE(words[0]["score"].get<double>(), 1.0);
  EXPECT_EQ(words[0]["box"].size(), 4U);
  EXPECT_EQ(words[59]["text"], "fox.");
  EXPECT_EQ(words[59]["line"], 7);
  EXPECT_EQ(words[59]["paragraph"], 1);
}

TEST_F(TextTest, AThresholdLeavesOutWords) {
  const Json page = read_page(shared("images/phototest.tif"), {"--conf", "1"});
  EXPECT_TRUE(page["words"].empty());
  EXPECT_EQ(page["text"], "");
}

TEST_F(TextTest, AnEmptyPageIsNoError) {
  Image blank = Image::create(300, 200, PixelFormat::gray8).value();
  for (int y = 0; y < blank.height(); ++y) std::fill_n(blank.row(y), blank.width(), 255);
  const ProcessResult result = run_reader(save(blank, 0, "blank.png"));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("no text"));
}

TEST_F(TextTest, OutDrawsTheWords) {
  const ProcessResult result = run_reader(shared("images/phototest.tif"), {"--out", "words.png"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Image drawn = Image::load(in_work("words.png")).value();
  EXPECT_EQ(drawn.width(), 640);
  EXPECT_EQ(drawn.height(), 480);
  int colored = 0;
  for (int y = 0; y < drawn.height(); ++y) {
    const std::uint8_t* pixel = drawn.view().row(y);
    for (int x = 0; x < drawn.width(); ++x, pixel += 3) colored += pixel[0] != pixel[2] ? 1 : 0;
  }
  EXPECT_GT(colored, 2000) << "60 words have lines around them";
}

// A page of the reference, as tests/reference/tesseract_words.py makes it.
Image page_of(const Json& page, const Image& source) {
  const auto numbers = [&](const char* key, std::vector<int> otherwise) {
    return page.contains(key) ? page[key].get<std::vector<int>>() : otherwise;
  };
  const std::vector<int> part = numbers("part", {0, 0, source.width(), source.height()});
  const std::vector<int> ink = numbers("ink", {0, 0, 0});
  const std::vector<int> paper = numbers("paper", {255, 255, 255});
  const std::vector<int> below = numbers("ink_below", {source.height(), 0, 0, 0});
  const int scale = page.value("scale", 1);
  Image image = Image::create(part[2] * scale, part[3] * scale, PixelFormat::rgb8).value();
  for (int y = 0; y < image.height(); ++y) {
    const int from_y = part[1] + y / scale;
    const std::uint8_t* const from = source.view().row(from_y);
    std::uint8_t* to = image.row(y);
    for (int x = 0; x < image.width(); ++x, to += 3) {
      const bool is_paper = from[3 * (part[0] + x / scale)] != 0;
      const bool is_below = from_y >= below[0];
      for (std::size_t c = 0; c < 3; ++c)
        to[c] = static_cast<std::uint8_t>(is_paper ? paper[c] : is_below ? below[c + 1] : ink[c]);
    }
  }
  return image;
}

TEST_F(TextTest, PagesReadAsTesseractsProgramReadsThem) {
  const Json reference = json_of(read(source("tests/reference/tesseract_words.json")));
  const Image phototest = Image::load(shared("images/phototest.tif")).value();
  ASSERT_GE(reference["pages"].size(), 10U);
  for (const Json& page : reference["pages"]) {
    SCOPED_TRACE(page["name"].get<std::string>());
    const Json read = read_page(save(page_of(page, phototest), page.value("dpi", 0), "page.png"));
    EXPECT_EQ(read["text"], page["text"]);
    ASSERT_EQ(read["words"].size(), page["words"].size());
    for (std::size_t i = 0; i < page["words"].size(); ++i) {
      const Json& wanted = page["words"][i];
      const Json& word = read["words"][i];
      EXPECT_EQ(word["text"], wanted[0]);
      for (std::size_t c = 0; c < 4; ++c) EXPECT_EQ(word["box"][c], wanted[c + 1]) << wanted;
      EXPECT_NEAR(word["score"].get<double>(), wanted[5].get<double>() / 100, 0.001) << wanted;
    }
  }
}

// Pages that nobody has seen before, in the project's own font, in columns, sizes and colours.
Image printed_page(int width, int height, int size, Color ink, Color paper, int columns) {
  Image image = Image::create(width, height, PixelFormat::rgb8).value();
  vision::Canvas canvas(image);
  canvas.fill(canvas.bounds(), paper);
  vision::Font font = vision::Font::open(size).value();
  const char* const lines[] = {"Invoice No. 4711, due 24 May 2026",
                               "A hub for vision models reads text",
                               "with boxes (and how sure it is):",
                               "sums of $1,234.56 or 98.7 %,",
                               "names such as O'Neill & Sons;",
                               "and e-mail to someone@example.org.",
                               "",
                               "Another paragraph begins here, and",
                               "ends a little later."};
  const int column = width / columns;
  for (int c = 0; c < columns; ++c) {
    int baseline = size * 3;
    for (const char* const line : lines) {
      canvas.text(font.lay_out(line, column - 2 * size), c * column + size, baseline, ink);
      baseline += size * 2;
    }
  }
  return image;
}

TEST_F(TextTest, PrintedPagesReadAsTesseractsProgramReadsThem) {
  struct Print {
    const char* name;
    Image image;
    int dpi;
  };
  const Print prints[] = {
      {"black", printed_page(900, 700, 24, {0, 0, 0}, {255, 255, 255}, 1), 0},
      {"fine", printed_page(1200, 900, 32, {0, 0, 0}, {255, 255, 255}, 1), 300},
      {"columns", printed_page(1500, 600, 20, {20, 20, 20}, {240, 240, 240}, 2), 0},
      {"green", printed_page(900, 700, 24, {0, 110, 60}, {255, 250, 205}, 1), 150},
      {"light", printed_page(900, 700, 24, {255, 255, 160}, {30, 60, 120}, 1), 0},
  };
  for (const Print& print : prints) {
    SCOPED_TRACE(print.name);
    const std::string path = save(print.image, print.dpi, "print.png");
    const std::optional<std::string> expected = tesseract(path);
    if (!expected) GTEST_SKIP() << "no tesseract program (apt install tesseract-ocr)";
    const ProcessResult result = run_reader(path);
    EXPECT_EQ(result.out, *expected);
    EXPECT_GT(expected->size(), 200U);
  }
}

TEST_F(TextTest, SeveralPagesGoOnAfterOneThatFails) {
  const ProcessResult result =
      run({"run", "tesseract_eng", "absent.png", shared("images/phototest.tif"), "--json"});
  EXPECT_EQ(result.exit_code, 1);
  const Json results = json_of(result.out)["results"];
  EXPECT_EQ(results[0]["error"]["code"], "not_found");
  EXPECT_EQ(results[1]["words"].size(), 60U);
}

}  // namespace
}  // namespace modelhub::test
