// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/preprocess.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "pixels.h"
#include "vision/pipeline.h"

namespace modelhub::vision {
namespace {

InputSpec spec(int width, int height, ResizeKind resize = ResizeKind::letterbox) {
  InputSpec input;
  input.name = "images";
  input.width = width;
  input.height = height;
  input.resize = resize;
  return input;
}

std::vector<float> values_of(const Picture& picture, const InputSpec& input) {
  Tensor tensor;
  const auto placement = preprocess(picture.view(), input, tensor);
  EXPECT_TRUE(placement.has_value());
  if (input.dtype == DType::uint8) {
    const auto levels = tensor.as<std::uint8_t>();
    return {levels.begin(), levels.end()};
  }
  const auto values = tensor.as<float>();
  return {values.begin(), values.end()};
}

// Two pixels beside each other, so that channels and columns can be told apart.
Picture two_pixels() {
  Picture picture(2, 1, PixelFormat::rgb8);
  picture.bytes = {10, 20, 30, 40, 50, 60};
  return picture;
}

TEST(PreprocessTest, PlanarAndInterleavedHoldTheSame) {
  InputSpec input = spec(2, 1);
  EXPECT_EQ(values_of(two_pixels(), input), (std::vector<float>{10, 40, 20, 50, 30, 60}));
  input.layout = Layout::nhwc;
  EXPECT_EQ(values_of(two_pixels(), input), (std::vector<float>{10, 20, 30, 40, 50, 60}));
  input.dtype = DType::uint8;
  EXPECT_EQ(values_of(two_pixels(), input), (std::vector<float>{10, 20, 30, 40, 50, 60}));
}

TEST(PreprocessTest, ShapeFollowsTheLayout) {
  Tensor tensor;
  InputSpec input = spec(4, 3);
  ASSERT_TRUE(preprocess(two_pixels().view(), input, tensor));
  EXPECT_EQ(tensor.shape(), (Shape{1, 3, 3, 4}));
  input.layout = Layout::nhwc;
  ASSERT_TRUE(preprocess(two_pixels().view(), input, tensor));
  EXPECT_EQ(tensor.shape(), (Shape{1, 3, 4, 3}));
  input.color = ColorOrder::gray;
  ASSERT_TRUE(preprocess(two_pixels().view(), input, tensor));
  EXPECT_EQ(tensor.shape(), (Shape{1, 3, 4, 1}));
}

// FIELD_NOTES: BGR fed to an RGB model.
TEST(PreprocessTest, ColoursComeInTheModelsOrderWhateverThePicturesIs) {
  const std::vector<float> rgb = {10, 20, 30};
  const std::vector<float> bgr = {30, 20, 10};
  InputSpec input = spec(1, 1);
  const Picture as_rgb = plain(1, 1, PixelFormat::rgb8, {10, 20, 30});
  const Picture as_bgr = plain(1, 1, PixelFormat::bgr8, {30, 20, 10});
  const Picture as_rgba = plain(1, 1, PixelFormat::rgba8, {10, 20, 30, 255});
  const Picture as_bgra = plain(1, 1, PixelFormat::bgra8, {30, 20, 10, 255});
  for (const Picture& picture : {as_rgb, as_bgr, as_rgba, as_bgra}) {
    input.color = ColorOrder::rgb;
    EXPECT_EQ(values_of(picture, input), rgb);
    input.color = ColorOrder::bgr;
    EXPECT_EQ(values_of(picture, input), bgr);
  }
}

TEST(PreprocessTest, AGreyPictureFillsAllChannels) {
  const Picture grey = plain(3, 2, PixelFormat::gray8, {77});
  InputSpec input = spec(3, 2);
  EXPECT_EQ(values_of(grey, input), std::vector<float>(18, 77.0f));
  input.color = ColorOrder::gray;
  EXPECT_EQ(values_of(grey, input), std::vector<float>(6, 77.0f));
}

TEST(PreprocessTest, ColourTurnsGreyByBt601) {
  InputSpec input = spec(1, 1);
  input.color = ColorOrder::gray;
  EXPECT_EQ(values_of(plain(1, 1, PixelFormat::rgb8, {255, 0, 0}), input)[0], 76);
  EXPECT_EQ(values_of(plain(1, 1, PixelFormat::bgr8, {255, 0, 0}), input)[0], 29);
  EXPECT_EQ(values_of(plain(1, 1, PixelFormat::bgra8, {0, 255, 0, 255}), input)[0], 150);
}

TEST(PreprocessTest, AlphaIsBlendedOnWhite) {
  const InputSpec input = spec(1, 1);
  EXPECT_EQ(values_of(plain(1, 1, PixelFormat::rgba8, {10, 20, 30, 0}), input),
            (std::vector<float>{255, 255, 255}));
  EXPECT_EQ(values_of(plain(1, 1, PixelFormat::bgra8, {0, 100, 255, 128}), input),
            (std::vector<float>{255, 177, 127}));
}

TEST(PreprocessTest, NormalisesAsScaleThenMeanThenStd) {
  InputSpec input = spec(1, 1);
  input.scale = 1 / 255.0;
  input.mean = {0.485, 0.456, 0.406};
  input.std = {0.229, 0.224, 0.225};
  const auto values = values_of(plain(1, 1, PixelFormat::rgb8, {10, 20, 30}), input);
  EXPECT_NEAR(values[0], (10 / 255.0 - 0.485) / 0.229, 1e-6);
  EXPECT_NEAR(values[1], (20 / 255.0 - 0.456) / 0.224, 1e-6);
  EXPECT_NEAR(values[2], (30 / 255.0 - 0.406) / 0.225, 1e-6);
  // UltraFace and EfficientNet-Lite4: (x - 127) / 128.
  input.scale = 1;
  input.mean = {127, 127, 127};
  input.std = {128, 128, 128};
  EXPECT_FLOAT_EQ(values_of(plain(1, 1, PixelFormat::rgb8, {255, 127, 0}), input)[0], 1.0f);
}

TEST(PreprocessTest, NormalisationOfBgrGoesByTheModelsOrder) {
  InputSpec input = spec(1, 1);
  input.color = ColorOrder::bgr;
  input.mean = {1, 2, 3};
  EXPECT_EQ(values_of(plain(1, 1, PixelFormat::rgb8, {10, 20, 30}), input),
            (std::vector<float>{29, 18, 7}));
}

TEST(PreprocessTest, PaddingIsNormalisedToo) {
  InputSpec input = spec(2, 4);
  input.scale = 0.5;
  input.pad_value = 114;
  const auto values = values_of(plain(2, 2, PixelFormat::rgb8, {8, 8, 8}), input);
  for (int c = 0; c < 3; ++c) {
    const std::vector<float> plane(values.begin() + c * 8, values.begin() + c * 8 + 8);
    EXPECT_EQ(plane, (std::vector<float>{57, 57, 4, 4, 4, 4, 57, 57}));
  }
  input.layout = Layout::nhwc;
  input.width = 4;
  input.height = 2;
  const auto mixed = values_of(plain(2, 2, PixelFormat::rgb8, {8, 8, 8}), input);
  EXPECT_EQ(std::vector<float>(mixed.begin(), mixed.begin() + 12),
            (std::vector<float>{57, 57, 57, 4, 4, 4, 4, 4, 4, 57, 57, 57}));
}

TEST(PreprocessTest, RowsMayBeLongerThanThePicture) {
  std::mt19937 random(4);
  const Picture padded = noise(33, 17, PixelFormat::rgb8, random, 13);
  Picture dense(33, 17, PixelFormat::rgb8);
  for (int y = 0; y < 17; ++y) {
    std::copy_n(padded.view().row(y), 33 * 3, dense.bytes.begin() + y * 33 * 3);
  }
  for (const Filter filter : {Filter::cv_linear, Filter::pil_bilinear}) {
    InputSpec input = spec(20, 20);
    input.filter = filter;
    EXPECT_EQ(values_of(padded, input), values_of(dense, input));
  }
}

TEST(PreprocessTest, APlainPictureStaysPlainInEverySize) {
  std::mt19937 random(5);
  for (int i = 0; i < 60; ++i) {
    InputSpec input = spec(1 + random() % 50, 1 + random() % 50, ResizeKind::stretch);
    input.filter = i % 2 == 0 ? Filter::cv_linear : Filter::pil_bilinear;
    const Picture white = plain(1 + random() % 200, 1 + random() % 200, PixelFormat::rgb8, {255});
    for (const float value : values_of(white, input)) ASSERT_EQ(value, 255);
  }
}

TEST(PreprocessTest, ExtremePicturesWork) {
  for (const Filter filter : {Filter::cv_linear, Filter::pil_bilinear}) {
    for (const auto& [width, height] : {std::pair{1, 1}, {30000, 1}, {1, 30000}}) {
      const Picture picture = plain(width, height, PixelFormat::rgb8, {9});
      for (const ResizeKind resize :
           {ResizeKind::letterbox, ResizeKind::stretch, ResizeKind::shorter_side_crop}) {
        InputSpec input = spec(224, 224, resize);
        input.shorter_side = 256;
        input.filter = filter;
        input.pad_value = 9;
        EXPECT_EQ(values_of(picture, input), std::vector<float>(3 * 224 * 224, 9.0f))
            << width << "x" << height;
      }
    }
  }
}

// Refused before a row is read, so the view needs none.
TEST(PreprocessTest, MoreRowsThanMemoryCanHoldIsAnErrorAndNotACrash) {
  const std::uint8_t pixel[4] = {1, 2, 3, 4};
  const ImageView tall{pixel, 1, 1 << 28, 3, PixelFormat::rgb8};
  InputSpec input = spec(224, 1, ResizeKind::stretch);
  input.filter = Filter::pil_bilinear;
  Tensor tensor;
  const auto refused = preprocess(tall, input, tensor);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::out_of_memory);
  EXPECT_EQ(refused.error().subject, Subject::input);
}

TEST(PreprocessTest, KeepsTheTensorsMemoryWhileItFits) {
  Tensor tensor;
  ASSERT_TRUE(preprocess(two_pixels().view(), spec(64, 64), tensor));
  const void* before = tensor.data();
  ASSERT_TRUE(preprocess(two_pixels().view(), spec(64, 64), tensor));
  EXPECT_EQ(tensor.data(), before);
  ASSERT_TRUE(preprocess(two_pixels().view(), spec(32, 64), tensor));
  EXPECT_EQ(tensor.shape(), (Shape{1, 3, 64, 32}));
}

TEST(PreprocessTest, RefusesAPictureWithoutPixels) {
  Tensor tensor;
  const auto empty = preprocess(ImageView(), spec(64, 64), tensor);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(empty.error().subject, Subject::input);
}

TEST(PreprocessTest, RefusesAStrideBelowARow) {
  Picture picture = two_pixels();
  picture.stride = 5;
  Tensor tensor;
  const auto refused = preprocess(picture.view(), spec(64, 64), tensor);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(refused.error().message.find("stride"), std::string::npos);
}

TEST(PrepareTest, NamesTheInputAndReusesItsMemory) {
  Recipe recipe;
  recipe.inputs = {spec(64, 64)};
  auto first = prepare(two_pixels().view(), recipe);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->inputs[0].name, "images");
  EXPECT_EQ(first->placement.scaled_width, 64);
  const void* before = first->inputs[0].tensor.data();
  const auto second = prepare(two_pixels().view(), recipe, *std::move(first));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->inputs[0].tensor.data(), before);
  EXPECT_EQ(prepare(ImageView(), recipe).error().context, "prepare input 'images'");
}

// ---- with helpers ----

bool has_thread_named(const std::string& name) {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string comm;
    std::getline(std::ifstream(task.path() / "comm"), comm);
    if (comm == name) return true;
  }
  return false;
}

// To the bit, whatever the band that a row falls into.
TEST(PreprocessTest, HelpersChangeNothing) {
  base::ParallelFor parallel(5);
  std::mt19937 random(1);
  const Picture wide = noise(1300, 1111, PixelFormat::rgb8, random);
  const Picture gray = noise(1500, 900, PixelFormat::gray8, random);
  const Picture small = noise(30, 20, PixelFormat::rgb8, random);  // enlarged: the canvas counts
  for (const Filter filter : {Filter::cv_linear, Filter::pil_bilinear}) {
    for (const ResizeKind kind :
         {ResizeKind::letterbox, ResizeKind::stretch, ResizeKind::shorter_side_crop}) {
      const int side = kind == ResizeKind::shorter_side_crop ? 224 : 1024;
      InputSpec input = spec(side, side, kind);
      input.shorter_side = 256;
      input.filter = filter;
      for (const Picture* picture : {&wide, &gray, &small}) {
        Tensor alone;
        Tensor helped;
        ASSERT_TRUE(preprocess(picture->view(), input, alone));
        ASSERT_TRUE(preprocess(picture->view(), input, helped, {&parallel, 0}));
        const auto left = alone.as<float>();
        const auto right = helped.as<float>();
        EXPECT_TRUE(std::equal(left.begin(), left.end(), right.begin(), right.end()))
            << static_cast<int>(filter) << " " << static_cast<int>(kind);
      }
    }
  }
  EXPECT_TRUE(has_thread_named("mh-parallel"));
}

TEST(PreprocessTest, HelpersAreNotAskedForASmallPictureOrWhenTheCallHasOneThread) {
  // One that was joined stays in the list for a moment.
  while (has_thread_named("mh-parallel")) std::this_thread::yield();
  base::ParallelFor parallel(5);
  std::mt19937 random(1);
  const Picture small = noise(300, 200, PixelFormat::rgb8, random);
  const Picture large = noise(1300, 1111, PixelFormat::rgb8, random);
  Tensor tensor;
  ASSERT_TRUE(preprocess(small.view(), spec(224, 224), tensor, {&parallel, 0}));
  ASSERT_TRUE(preprocess(large.view(), spec(224, 224), tensor, {&parallel, 1}));
  EXPECT_FALSE(has_thread_named("mh-parallel"));
}

}  // namespace
}  // namespace modelhub::vision
