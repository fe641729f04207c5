// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/checks.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>
#include <utility>

#include "engine/loaded_module.h"

namespace modelhub::engine {
namespace {

// The numbers of the C header and those of the C++ one are the same, and stay so.
static_assert(MH_FLOAT32 == static_cast<mh_dtype>(DType::float32));
static_assert(MH_FLOAT16 == static_cast<mh_dtype>(DType::float16));
static_assert(MH_BFLOAT16 == static_cast<mh_dtype>(DType::bfloat16));
static_assert(MH_FLOAT64 == static_cast<mh_dtype>(DType::float64));
static_assert(MH_UINT8 == static_cast<mh_dtype>(DType::uint8));
static_assert(MH_INT8 == static_cast<mh_dtype>(DType::int8));
static_assert(MH_UINT16 == static_cast<mh_dtype>(DType::uint16));
static_assert(MH_INT16 == static_cast<mh_dtype>(DType::int16));
static_assert(MH_INT32 == static_cast<mh_dtype>(DType::int32));
static_assert(MH_INT64 == static_cast<mh_dtype>(DType::int64));
static_assert(MH_BOOL == static_cast<mh_dtype>(DType::boolean));

// No model has more; a number beyond it is garbage.
constexpr std::uint32_t k_max_rank = 64;

Error bad_input(std::string message) {
  return Error(ErrorCode::invalid_argument, Subject::input, std::move(message));
}

std::string names_of(const std::vector<TensorSpec>& specs) {
  std::string names;
  for (const TensorSpec& spec : specs) names += (names.empty() ? "'" : ", '") + spec.name + "'";
  return names.empty() ? "none" : names;
}

Result<Shape> copy_shape(const std::int64_t* sides, std::uint32_t rank, std::int64_t smallest,
                         const std::string& of, const std::string& engine) {
  if (rank > k_max_rank || (rank > 0 && sides == nullptr)) {
    return broken_contract(engine, "the shape of " + of + " is missing or has too many sides");
  }
  Shape shape(sides, sides + rank);
  if (std::any_of(shape.begin(), shape.end(), [&](std::int64_t side) { return side < smallest; })) {
    return broken_contract(engine, "the shape of " + of + " has a negative side");
  }
  return shape;
}

// How many bytes the character has that begins with `lead`; 0: no character begins so.
std::size_t length_by(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

// UTF-8 of one line. The bounds of the second byte refuse what has a shorter spelling, surrogates
// and what is beyond Unicode.
bool is_line_of_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = length_by(lead);
    if (length == 0 || length > text.size() - i || lead == '\n' || lead == '\r') return false;
    for (std::size_t j = 1; j < length; ++j) {
      const auto byte = static_cast<unsigned char>(text[i + j]);
      unsigned char least = 0x80;
      unsigned char most = 0xBF;
      if (j == 1 && lead == 0xE0) least = 0xA0;
      if (j == 1 && lead == 0xED) most = 0x9F;
      if (j == 1 && lead == 0xF0) least = 0x90;
      if (j == 1 && lead == 0xF4) most = 0x8F;
      if (byte < least || byte > most) return false;
    }
    i += length;
  }
  return !text.empty();
}

// What is wrong with a word; empty when nothing is.
std::string fault_of(const Word& word, bool is_first) {
  if (!is_line_of_text(word.text)) return "is no line of text in UTF-8";
  const bool is_finite = std::isfinite(word.x1) && std::isfinite(word.y1) &&
                         std::isfinite(word.x2) && std::isfinite(word.y2);
  if (!is_finite || word.x2 < word.x1 || word.y2 < word.y1) return "has no box";
  if (!(word.confidence >= 0 && word.confidence <= 1))
    return "has a confidence that is not from 0 to 1";
  const bool is_nested =
      (!word.begins_block || word.begins_paragraph) && (!word.begins_paragraph || word.begins_line);
  if (!is_nested) return "begins a block without a paragraph, or a paragraph without a line";
  if (is_first && !word.begins_block) return "is the first one and begins no block";
  return {};
}

}  // namespace

std::string to_string(DType dtype, const Shape& shape) {
  return std::string(name_of(dtype)) + " " + modelhub::to_string(shape);
}

bool fits(const TensorSpec& spec, const Shape& shape) {
  return std::equal(
      spec.shape.begin(), spec.shape.end(), shape.begin(), shape.end(),
      [](std::int64_t wanted, std::int64_t given) { return wanted < 0 || wanted == given; });
}

Result<void> check_inputs(std::span<const Session::Input> given,
                          const std::vector<TensorSpec>& wanted, const std::string& model) {
  for (auto input = given.begin(); input != given.end(); ++input) {
    const std::string name(input->name);
    const auto has_name = [&](const auto& other) { return other.name == name; };
    const auto spec = std::find_if(wanted.begin(), wanted.end(), has_name);
    if (spec == wanted.end()) {
      return bad_input(model + " has no input '" + name + "'; its inputs: " + names_of(wanted));
    }
    if (std::find_if(given.begin(), input, has_name) != input) {
      return bad_input("input '" + name + "' of " + model + " is given twice");
    }
    if (input->tensor == nullptr)
      return bad_input("input '" + name + "' of " + model + " has no tensor");
    const Tensor& tensor = *input->tensor;
    if (tensor.dtype() != spec->dtype || !fits(*spec, tensor.shape())) {
      return bad_input("input '" + name + "' of " + model + " takes " +
                       to_string(spec->dtype, spec->shape) + ", not " +
                       to_string(tensor.dtype(), tensor.shape()));
    }
  }
  for (const TensorSpec& spec : wanted) {
    if (std::any_of(given.begin(), given.end(),
                    [&](const auto& input) { return input.name == spec.name; }))
      continue;
    return bad_input("input '" + spec.name + "' of " + model + " is missing: it takes " +
                     to_string(spec.dtype, spec.shape));
  }
  return {};
}

Result<std::vector<TensorSpec>> copy_specs(const mh_tensor_spec* specs, std::size_t count,
                                           const std::string& engine) {
  std::vector<TensorSpec> copies;
  if (count > 0 && specs == nullptr)
    return broken_contract(engine, "an array of inputs or outputs is NULL");
  for (std::size_t i = 0; i < count; ++i) {
    TensorSpec copy;
    copy.name = text_of(specs[i].name);
    copy.dtype = static_cast<DType>(specs[i].dtype);
    const std::string what = "'" + copy.name + "'";
    if (size_of(copy.dtype) == 0)
      return broken_contract(engine, "the type of " + what + " is unknown");
    if (std::any_of(copies.begin(), copies.end(),
                    [&](const TensorSpec& other) { return other.name == copy.name; })) {
      return broken_contract(engine, "two inputs or two outputs are called " + what);
    }
    Result<Shape> shape = copy_shape(specs[i].shape, specs[i].rank, -1, what, engine);
    if (!shape) return std::move(shape).error();
    copy.shape = *std::move(shape);
    copies.push_back(std::move(copy));
  }
  return copies;
}

Result<NamedTensor> copy_output(const mh_tensor& output, const TensorSpec& promised,
                                const std::string& engine) {
  const std::string what = "output '" + promised.name + "'";
  if (text_of(output.name) != promised.name) {
    return broken_contract(engine, what + " is missing or not in its place");
  }
  Result<Shape> shape = copy_shape(output.shape, output.rank, 0, what, engine);
  if (!shape) return std::move(shape).error();
  const DType dtype = static_cast<DType>(output.dtype);
  if (dtype != promised.dtype || !fits(promised, *shape)) {
    return broken_contract(engine, what + " is " + to_string(dtype, *shape) + ", promised was " +
                                       to_string(promised.dtype, promised.shape));
  }
  Result<Tensor> tensor = Tensor::allocate(dtype, *std::move(shape));
  if (!tensor) return std::move(tensor).error();
  if (tensor->bytes() != output.byte_count || (output.byte_count > 0 && output.data == nullptr)) {
    return broken_contract(engine, what + " has " + std::to_string(output.byte_count) +
                                       " bytes of data, its shape " +
                                       std::to_string(tensor->bytes()));
  }
  if (output.byte_count > 0) std::memcpy(tensor->data(), output.data, output.byte_count);
  return NamedTensor{promised.name, *std::move(tensor)};
}

Result<std::vector<Word>> copy_words(const mh_word* words, std::size_t count,
                                     const std::string& engine) {
  if (count > 0 && words == nullptr) return broken_contract(engine, "the array of words is NULL");
  std::vector<Word> copies;
  copies.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const mh_word& from = words[i];
    Word word{text_of(from.text),
              from.x1,
              from.y1,
              from.x2,
              from.y2,
              from.confidence,
              (from.begins & MH_BEGINS_LINE) != 0,
              (from.begins & MH_BEGINS_PARAGRAPH) != 0,
              (from.begins & MH_BEGINS_BLOCK) != 0};
    if (const std::string fault = fault_of(word, i == 0); !fault.empty())
      return broken_contract(engine, "word " + std::to_string(i) + " " + fault);
    copies.push_back(std::move(word));
  }
  return copies;
}

}  // namespace modelhub::engine
