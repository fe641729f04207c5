// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "element_types.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace modelhub::openvino_engine {
namespace {

// More than any release has.
constexpr OvElementType k_most_types = 64;

struct KnownType {
  std::size_t bits;
  mh_dtype dtype;  // 0: none of engine.h's
};
// How the list of types begins, after a number or two that stand for no type. From then on it has
// grown in the middle, but the unsigned types came in this order each time.
constexpr KnownType k_first_types[] = {
    {8, MH_BOOL}, {16, MH_BFLOAT16}, {16, MH_FLOAT16}, {32, MH_FLOAT32}, {64, MH_FLOAT64},
    {4, 0},       {8, MH_INT8},      {16, MH_INT16},   {32, MH_INT32},   {64, MH_INT64}};
constexpr KnownType k_unsigned_types[] = {{8, MH_UINT8}, {16, MH_UINT16}, {32, 0}, {64, 0}};

// How many bits an element takes; 0 when the number stands for no type.
std::size_t bits_of(const OvApi& api, OvElementType type) {
  std::int64_t side = 8;  // so many elements take as many bytes as one takes bits
  OvTensor* tensor = nullptr;
  if (api.tensor_create(type, {1, &side}, &tensor) != k_ov_ok) return 0;
  std::size_t bytes = 0;
  const OvStatus status = api.tensor_get_byte_size(tensor, &bytes);
  api.tensor_free(tensor);
  return status == k_ov_ok ? bytes : 0;
}

}  // namespace

ElementTypes::ElementTypes(const OvApi& api) {
  std::array<std::size_t, k_most_types> bits{};
  for (OvElementType type = 0; type < k_most_types; ++type) bits[type] = bits_of(api, type);
  const auto is_same = [](std::size_t found, const KnownType& known) {
    return found == known.bits;
  };
  const auto first = std::search(bits.begin(), bits.end(), std::begin(k_first_types),
                                 std::end(k_first_types), is_same);
  if (first == bits.end()) return;
  const auto later = std::search(first + std::size(k_first_types), bits.end(),
                                 std::begin(k_unsigned_types), std::end(k_unsigned_types), is_same);
  if (later == bits.end()) return;
  const auto add = [&](auto at, const auto& known) {
    for (const KnownType& type : known) {
      const auto number = static_cast<OvElementType>(std::distance(bits.begin(), at++));
      if (type.dtype != 0) rows_.push_back({number, type.dtype});
    }
  };
  add(first, k_first_types);
  add(later, k_unsigned_types);
}

mh_dtype ElementTypes::dtype_of(OvElementType type) const {
  for (const Row& row : rows_) {
    if (row.type == type) return row.dtype;
  }
  return 0;
}

OvElementType ElementTypes::type_of(mh_dtype dtype) const {
  for (const Row& row : rows_) {
    if (row.dtype == dtype) return row.type;
  }
  return k_most_types;  // which the library refuses
}

}  // namespace modelhub::openvino_engine
