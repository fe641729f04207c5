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

void Tensor::Free::operator()(void* memory) const noexcept { std::free(memory); }

Result<Tensor> Tensor::allocate(DType dtype, Shape shape) {
  std::size_t bytes = size_of(dtype);
  for (const std::int64_t side : shape) {
    if (side < 0 || __builtin_mul_overflow(bytes, static_cast<std::size_t>(side), &bytes) ||
        bytes > PTRDIFF_MAX - k_alignment) {
      return Error(ErrorCode::invalid_argument, Subject::other,
                   "a tensor of shape " + to_string(shape) + " cannot exist");
    }
  }
  // aligned_alloc wants a multiple of the alignment, and a pointer even for an empty tensor.
  const std::size_t rounded = (bytes / k_alignment + 1) * k_alignment;
  Tensor tensor;
  tensor.data_.reset(std::aligned_alloc(k_alignment, rounded));
  if (tensor.data_ == nullptr) {
    return Error(ErrorCode::out_of_memory, Subject::other,
                 "no memory for a tensor of shape " + to_string(shape) + " (" +
                     std::to_string(bytes) + " bytes)");
  }
  tensor.dtype_ = dtype;
  tensor.shape_ = std::move(shape);
  tensor.bytes_ = bytes;
  return tensor;
}

}  // namespace modelhub
