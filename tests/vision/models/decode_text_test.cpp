// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "outputs.h"
#include "vision/pipeline.h"

namespace modelhub::vision {
namespace {

Recipe reader() {
  Recipe recipe;
  InputSpec image;
  image.name = "image";
  image.layout = Layout::nhwc;
  image.dtype = DType::uint8;
  image.is_dynamic = true;
  image.resize = ResizeKind::none;
  InputSpec dpi;
  dpi.name = "dpi";
  dpi.from = InputSource::resolution;
  dpi.dtype = DType::int32;
  recipe.inputs = {image, dpi};
  recipe.outputs = {{"", OutputRole::text, 0}};
  recipe.decode.kind = DecodeKind::tesseract;
  return recipe;
}

ReadWord word(const std::string& text, char begins = ' ', float confidence = 0.9f) {
  ReadWord word{text, {10, 20, 30, 40}, confidence};
  word.begins_block = begins == 'b';
  word.begins_paragraph = word.begins_block || begins == 'p';
  word.begins_line = word.begins_paragraph || begins == 'l';
  return word;
}

Text decode(const std::vector<ReadWord>& words, const AnswerOptions& options = {}) {
  return decode_text(reader(), words, same_size(100, 50), options).value();
}

TEST(DecodeTextTest, LinesAndParagraphsAreThoseOfTheReader) {
  const Text text = decode({word("One", 'b'), word("two"), word("three", 'l'), word("Four", 'p'),
                            word("Five", 'b'), word("six", 'l')});
  EXPECT_EQ(text.string(), "One two\nthree\n\nFour\n\nFive\nsix\n");
  ASSERT_EQ(text.size(), 6U);
  EXPECT_EQ(text[1].line, 0);
  EXPECT_EQ(text[2].line, 1);
  EXPECT_EQ(text[2].paragraph, 0);
  EXPECT_EQ(text[3].paragraph, 1);
  EXPECT_EQ(text[3].block, 0);
  EXPECT_EQ(text[5].line, 4);
  EXPECT_EQ(text[5].paragraph, 2);
  EXPECT_EQ(text[5].block, 1);
  EXPECT_FLOAT_EQ(text[0].score, 0.9f);
}

TEST(DecodeTextTest, NothingReadIsAnEmptyText) {
  const Text text = decode({});
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text.string(), "");
}

TEST(DecodeTextTest, BlanksAreInTheTextAndAreNoWords) {
  const Text text = decode({word(" ", 'b'), word("a", 'b'), word(" "), word("b")});
  EXPECT_EQ(text.string(), " \n\na   b\n");
  ASSERT_EQ(text.size(), 2U);
  EXPECT_EQ(text[0].text, "a");
  EXPECT_EQ(text[0].block, 1);
}

TEST(DecodeTextTest, AThresholdLeavesOutWordsAndKeepsTheLines) {
  AnswerOptions options;
  options.conf = 0.5f;
  const Text text = decode({word("a", 'b', 0.5f), word("b", ' ', 0.6f), word("c", 'p', 0.1f),
                            word("d", 'l', 0.7f), word("e", 'p', 0.2f)},
                           options);
  EXPECT_EQ(text.string(), "b\n\nd\n");
  ASSERT_EQ(text.size(), 2U);
  EXPECT_EQ(text[1].line, 2);
}

TEST(DecodeTextTest, BoxesArePixelsOfThePicture) {
  Placement half = same_size(200, 100);
  half.canvas_width = 100;
  half.canvas_height = 50;
  half.scaled_width = 100;
  half.scaled_height = 50;
  const std::vector<ReadWord> words = {word("a", 'b')};
  const Text text = decode_text(reader(), words, half, {}).value();
  expect_box(text[0].box, 20, 40, 60, 80);
}

TEST(DecodeTextTest, OptionsAndKindsAreChecked) {
  AnswerOptions options;
  options.conf = 1.5f;
  expect_error(decode_text(reader(), {}, same_size(9, 9), options), ErrorCode::invalid_argument,
               Subject::usage, "conf");
  Recipe boxes = reader();
  boxes.decode.kind = DecodeKind::yolo8;
  expect_error(decode_text(boxes, {}, same_size(9, 9), {}), ErrorCode::invalid_argument,
               Subject::usage, "answers with boxes, not with text");
  expect_error(decode_detections(reader(), {}, {}, same_size(9, 9), {}),
               ErrorCode::invalid_argument, Subject::usage, "answers with text, not with boxes");
}

TEST(DecodeTextTest, AModelWithoutWordsIsNoReader) {
  EXPECT_TRUE(check_reader(reader(), true));
  expect_error(check_reader(reader(), false), ErrorCode::corrupt_data, Subject::model,
               "decode 'tesseract' wants words");
  Recipe boxes = reader();
  boxes.decode.kind = DecodeKind::yolo8;
  EXPECT_TRUE(check_reader(boxes, false));
  EXPECT_TRUE(check_outputs(reader(), {}, {}));
}

TEST(DecodeTextTest, TheResolutionOfThePictureIsAnInput) {
  ASSERT_TRUE(check_recipe(reader()));
  const std::vector<std::uint8_t> pixels(6 * 4 * 3, 77);
  ImageView view{pixels.data(), 6, 4, 18, PixelFormat::rgb8};
  view.dpi = 204;
  Prepared prepared = prepare(view, reader()).value();
  ASSERT_EQ(prepared.inputs.size(), 2U);
  EXPECT_EQ(prepared.inputs[0].tensor.shape(), (Shape{1, 4, 6, 3}));
  EXPECT_EQ(prepared.inputs[1].name, "dpi");
  EXPECT_EQ(prepared.inputs[1].tensor.shape(), Shape{1});
  EXPECT_EQ(prepared.inputs[1].tensor.as<std::int32_t>()[0], 204);
  EXPECT_EQ(prepared.placement.source_width, 6);
  view.dpi = 0;
  prepared = prepare(view, reader(), std::move(prepared)).value();
  EXPECT_EQ(prepared.inputs[1].tensor.as<std::int32_t>()[0], 0);
}

TEST(DecodeTextTest, RecipesOfReadersAreChecked) {
  Recipe recipe = reader();
  recipe.inputs[1].dtype = DType::float32;
  expect_error(check_recipe(recipe), ErrorCode::invalid_argument, Subject::catalog,
               "a resolution has the dtype int32");
  recipe = reader();
  recipe.inputs[0].dtype = DType::int32;
  expect_error(check_recipe(recipe), ErrorCode::unsupported, Subject::model, "input dtype 'int32'");
  recipe = reader();
  recipe.inputs.erase(recipe.inputs.begin());
  expect_error(check_recipe(recipe), ErrorCode::unsupported, Subject::model, "needs 1 inputs");
  EXPECT_EQ(*parse_input_source("resolution"), InputSource::resolution);
  EXPECT_EQ(*parse_decode("tesseract"), DecodeKind::tesseract);
  EXPECT_EQ(parse_output("", "text")->role, OutputRole::text);
}

}  // namespace
}  // namespace modelhub::vision
