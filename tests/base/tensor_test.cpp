// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/tensor.h"

#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include <gtest/gtest.h>

namespace modelhub {
namespace {

TEST(TensorTest, AllocatesAlignedMemoryOfTheRightSize) {
  Tensor tensor = Tensor::allocate(DType::float32, {1, 3, 5, 7}).value();
  EXPECT_EQ(tensor.bytes(), 420U);
  EXPECT_EQ(tensor.as<float>().size(), 105U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data()) % 64, 0U);
  tensor.as<float>()[104] = 1.0F;  // ASan watches the last element
  EXPECT_EQ(element_count(tensor.shape()), 105U);
  EXPECT_EQ(to_string(tensor.shape()), "[1,3,5,7]");
}

TEST(TensorTest, ScalarsAndEmptyTensorsAreTensors) {
  EXPECT_EQ(Tensor::allocate(DType::int64, {}).value().bytes(), 8U);
  const Tensor empty = Tensor::allocate(DType::float32, {0, 4}).value();
  EXPECT_EQ(empty.bytes(), 0U);
  EXPECT_TRUE(empty.as<float>().empty());
  EXPECT_NE(empty.data(), nullptr);
}

TEST(TensorTest, RefusesShapesThatCannotExist) {
  constexpr std::int64_t k_max = std::numeric_limits<std::int64_t>::max();
  for (const Shape& shape :
       {Shape{-1}, Shape{2, -3}, Shape{k_max}, Shape{k_max, k_max}, Shape{1LL << 32, 1LL << 32}}) {
    const Result<Tensor> tensor = Tensor::allocate(DType::float32, shape);
    ASSERT_FALSE(tensor) << to_string(shape);
    EXPECT_EQ(tensor.error().code, ErrorCode::invalid_argument);
  }
}

TEST(TensorTest, BorrowsMemoryWithoutACopyAndLeavesItThere) {
  std::array<float, 6> numbers{1, 2, 3, 4, 5, 6};
  {
    const Tensor whole =
        Tensor::borrow(DType::float32, {2, 3}, std::as_bytes(std::span(numbers))).value();
    EXPECT_EQ(whole.data(), numbers.data());
    numbers[5] = 7;
    EXPECT_EQ(whole.as<float>()[5], 7);
    // What begins in the middle is aligned for its type, no better.
    Tensor part =
        Tensor::borrow(DType::float32, {5}, std::as_bytes(std::span(numbers).subspan(1))).value();
    EXPECT_EQ(part.bytes(), 20U);
    const Tensor moved = std::move(part);
    EXPECT_EQ(moved.data(), &numbers[1]);
    part = Tensor::allocate(DType::float32, {5}).value();  // frees its own, not the borrowed
  }
  EXPECT_EQ(numbers[0], 1);
  EXPECT_EQ(Tensor::borrow(DType::uint8, {0, 3}, {}).value().bytes(), 0U);
}

TEST(TensorTest, BorrowsNothingThatDoesNotFit) {
  const std::array<float, 6> numbers{};
  const auto bytes = std::as_bytes(std::span(numbers));
  const auto refused = [](DType dtype, Shape shape, std::span<const std::byte> memory) {
    const Result<Tensor> tensor = Tensor::borrow(dtype, std::move(shape), memory);
    return !tensor && tensor.error().code == ErrorCode::invalid_argument;
  };
  EXPECT_TRUE(refused(DType::float32, {7}, bytes));
  EXPECT_TRUE(refused(DType::float32, {5}, bytes));
  EXPECT_TRUE(refused(DType::float32, {-6}, bytes));
  EXPECT_TRUE(refused(DType::float32, {5}, bytes.subspan(1, 20)));
  EXPECT_FALSE(refused(DType::uint8, {20}, bytes.subspan(1, 20)));
}

#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)  // their allocators end the process instead
TEST(TensorTest, MemoryThatIsNotThereIsAnError) {
  const Result<Tensor> tensor = Tensor::allocate(DType::uint8, {1LL << 60});
  ASSERT_FALSE(tensor);
  EXPECT_EQ(tensor.error().code, ErrorCode::out_of_memory);
}
#endif

TEST(TensorTest, TypesHaveStableNamesAndSizes) {
  for (std::uint32_t value = 1; value <= 11; ++value) {
    const DType dtype = static_cast<DType>(value);
    EXPECT_EQ(parse_dtype(name_of(dtype)).value(), dtype);
    EXPECT_GE(size_of(dtype), 1U);
  }
  EXPECT_EQ(name_of(DType::boolean), "bool");
  EXPECT_EQ(size_of(DType::bfloat16), 2U);
  EXPECT_EQ(parse_dtype("float31").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(to_string(Shape{1, -1, 4}), "[1,?,4]");
}

}  // namespace
}  // namespace modelhub
