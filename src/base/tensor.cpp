// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/tensor.h"

#include <array>
#include <cstdlib>

namespace modelhub {
namespace {

struct DTypeRow {
  DType dtype;
  std::string_view name;
  std::size_t bytes;
};

constexpr std::array k_dtypes = {
    DTypeRow{DType::float32, "float32", 4},   DTypeRow{DType::float16, "float16", 2},
    DTypeRow{DType::bfloat16, "bfloat16", 2}, DTypeRow{DType::float64, "float64", 8},
    DTypeRow{DType::uint8, "uint8", 1},       DTypeRow{DType::int8, "int8", 1},
    DTypeRow{DType::uint16, "uint16", 2},     DTypeRow{DType::int16, "int16", 2},
    DTypeRow{DType::int32, "int32", 4},       DTypeRow{DType::int64, "int64", 8},
    DTypeRow{DType::boolean, "bool", 1},
};

// Cache line and AVX-512 width; engines may then use aligned loads.
constexpr std::size_t k_alignment = 64;

Result<std::size_t> bytes_of(DType dtype, const Shape& shape) {
  std::size_t bytes = size_of(dtype);
  for (const std::int64_t side : shape) {
    if (side < 0 || __builtin_mul_overflow(bytes, static_cast<std::size_t>(side), &bytes) ||
        bytes > PTRDIFF_MAX - k_alignment) {
      return Error(ErrorCode::invalid_argument, Subject::other,
                   "a tensor of shape " + to_string(shape) + " cannot exist");
    }
  }
  return bytes;
}

}  // namespace

std::string_view name_of(DType dtype) {
  for (const DTypeRow& row : k_dtypes) {
    if (row.dtype == dtype) return row.name;
  }
  return "unknown";
}

Result<DType> parse_dtype(std::string_view name) {
  for (const DTypeRow& row : k_dtypes) {
    if (row.name == name) return row.dtype;
  }
  return Error(ErrorCode::invalid_argument, Subject::other,
               "'" + std::string(name) + "' is not a tensor type");
}

std::size_t size_of(DType dtype) {
  for (const DTypeRow& row : k_dtypes) {
    if (row.dtype == dtype) return row.bytes;
  }
  return 0;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ",";
    text += shape[i] < 0 ? "?" : std::to_string(shape[i]);
  }
  return text + "]";
}

std::size_t element_count(const Shape& shape) {
  std::size_t count = 1;
  for (const std::int64_t side : shape) count *= static_cast<std::size_t>(side);
  return count;
}

void Tensor::Free::operator()(void* memory) const noexcept {
  if (is_own) std::free(memory);
}

Result<Tensor> Tensor::allocate(DType dtype, Shape shape) {
  const Result<std::size_t> size = bytes_of(dtype, shape);
  if (!size) return size.error();
  // aligned_alloc wants a multiple of the alignment, and a pointer even for an empty tensor.
  const std::size_t rounded = (*size / k_alignment + 1) * k_alignment;
  Tensor tensor;
  tensor.data_.reset(std::aligned_alloc(k_alignment, rounded));
  if (tensor.data_ == nullptr) {
    return Error(ErrorCode::out_of_memory, Subject::other,
                 "no memory for a tensor of shape " + to_string(shape) + " (" +
                     std::to_string(*size) + " bytes)");
  }
  tensor.dtype_ = dtype;
  tensor.shape_ = std::move(shape);
  tensor.bytes_ = *size;
  return tensor;
}

Result<Tensor> Tensor::borrow(DType dtype, Shape shape, std::span<const std::byte> memory) {
  const Result<std::size_t> size = bytes_of(dtype, shape);
  if (!size) return size.error();
  if (*size != memory.size()) {
    return Error(ErrorCode::invalid_argument, Subject::other,
                 "a tensor of shape " + to_string(shape) + " has " + std::to_string(*size) +
                     " bytes, not " + std::to_string(memory.size()));
  }
  // The size of an element is its alignment too.
  if (*size > 0 && reinterpret_cast<std::uintptr_t>(memory.data()) % size_of(dtype) != 0) {
    return Error(ErrorCode::invalid_argument, Subject::other,
                 "memory for " + std::string(name_of(dtype)) + " is not aligned", "copy it");
  }
  Tensor tensor;
  tensor.data_ = {const_cast<std::byte*>(memory.data()), Free{false}};
  tensor.dtype_ = dtype;
  tensor.shape_ = std::move(shape);
  tensor.bytes_ = *size;
  return tensor;
}

}  // namespace modelhub
