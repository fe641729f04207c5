// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "modelhub/export.h"
#include "modelhub/result.h"

namespace modelhub MODELHUB_API {

// Element types that cross the border to an engine. The values are those of mh_dtype in engine.h.
enum class DType : std::uint32_t {
  float32 = 1,
  float16 = 2,
  bfloat16 = 3,
  float64 = 4,
  uint8 = 5,
  int8 = 6,
  uint16 = 7,
  int16 = 8,
  int32 = 9,
  int64 = 10,
  boolean = 11,
};

std::string_view name_of(DType dtype);
Result<DType> parse_dtype(std::string_view name);
std::size_t size_of(DType dtype);

using Shape = std::vector<std::int64_t>;

// "[1,3,640,640]"; a dimension below zero shows as "?".
std::string to_string(const Shape& shape);
// The number of elements. REQUIRES: every dimension >= 0.
std::size_t element_count(const Shape& shape);

// A dense, row-major array: of its own memory (allocate()), or of somebody else's (borrow()).
//
// Thread safety: as a container: concurrent reads are safe.
class Tensor {
 public:
  Tensor() = default;
  // Memory of its own: 64-byte aligned, not initialised. Errors: invalid_argument for a negative or
  // overflowing shape; out_of_memory.
  static Result<Tensor> allocate(DType dtype, Shape shape);
  // A tensor over the elements in `memory`, without a copy: to give to Model::infer() what lies
  // somewhere already. Ownership: the memory must stay, with the same content, while the tensor is
  // used; it is never freed and, through a const Tensor, never written to. Errors: invalid_argument
  // for a shape as above or one of another size than `memory`, and for memory that is not aligned
  // for its elements.
  static Result<Tensor> borrow(DType dtype, Shape shape, std::span<const std::byte> memory);

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::size_t bytes() const { return bytes_; }
  const void* data() const { return data_.get(); }
  // REQUIRES: the memory is its own, or may be written to.
  void* data() { return data_.get(); }

  // The elements as T. REQUIRES: T is the type that dtype() names.
  template <class T>
  std::span<const T> as() const {
    return {static_cast<const T*>(data()), bytes_ / sizeof(T)};
  }
  template <class T>
  std::span<T> as() {
    return {static_cast<T*>(data()), bytes_ / sizeof(T)};
  }

 private:
  struct Free {
    Free() noexcept : is_own(true) {}
    explicit Free(bool own) noexcept : is_own(own) {}
    void operator()(void* memory) const noexcept;

    bool is_own;
  };

  DType dtype_ = DType::float32;
  Shape shape_;
  std::size_t bytes_ = 0;
  std::unique_ptr<void, Free> data_;
};

// A tensor with the name that the model gives it.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

}  // namespace MODELHUB_API
