// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/recipe.h"

#include <array>
#include <charconv>
#include <cmath>

namespace modelhub::hub {
namespace {

// Assigns what a parse function makes of a word; the first error stays.
class Words {
 public:
  template <class T>
  void assign(T& target, Result<T> parsed) {
    if (parsed) {
      target = *std::move(parsed);
    } else if (!error_) {
      error_ = std::move(parsed).error();
    }
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  std::optional<Error> error_;
};

// A list of one number stands for all channels, an empty one for `otherwise`.
std::array<double, 3> per_channel(const std::vector<double>& numbers, double otherwise) {
  std::array<double, 3> result{};
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = numbers.empty() ? otherwise : numbers[std::min(i, numbers.size() - 1)];
  }
  return result;
}

Result<vision::InputSpec> input_spec(const RecipeInput& input) {
  vision::InputSpec spec;
  Words words;
  spec.name = input.name;
  words.assign(spec.from, vision::parse_input_source(input.from));
  words.assign(spec.layout, vision::parse_layout(input.layout));
  words.assign(spec.dtype, vision::parse_input_dtype(input.dtype));
  spec.width = input.width;
  spec.height = input.height;
  spec.is_dynamic = input.is_dynamic;
  spec.multiple_of = std::max(1, input.multiple_of);
  words.assign(spec.color, vision::parse_color(input.color));
  words.assign(spec.resize, vision::parse_resize(input.resize));
  words.assign(spec.anchor, vision::parse_anchor(input.anchor));
  words.assign(spec.round, vision::parse_rounding(input.rounding));
  words.assign(spec.filter, vision::parse_filter(input.filter));
  spec.shorter_side = input.shorter_side;
  spec.pad_value = static_cast<std::uint8_t>(std::clamp(std::lround(input.pad_value), 0L, 255L));
  spec.scale = input.scale;
  spec.mean = per_channel(input.mean, 0);
  spec.std = per_channel(input.std, 1);
  if (words.error()) return *words.error();
  return spec;
}

vision::PostSpec post_spec(const RecipeParams& post) {
  vision::PostSpec spec;
  const auto number = [&post](std::string_view name, auto& target) {
    if (const std::optional<double> value = post.find_number(name)) {
      target = static_cast<std::remove_reference_t<decltype(target)>>(*value);
    }
  };
  number("conf", spec.conf);
  number("iou", spec.iou);
  number("max_det", spec.max_det);
  number("max_candidates", spec.max_candidates);
  number("top_k", spec.top_k);
  spec.class_agnostic = post.find_flag("class_agnostic").value_or(spec.class_agnostic);
  spec.softmax = post.find_flag("softmax").value_or(spec.softmax);
  return spec;
}

}  // namespace

Result<vision::Recipe> to_executable(const Recipe& recipe) {
  vision::Recipe executable;
  Result<vision::DecodeKind> kind = vision::parse_decode(recipe.decode);
  if (!kind) return std::move(kind).error();
  executable.decode.kind = *kind;
  for (const RecipeInput& input : recipe.inputs) {
    Result<vision::InputSpec> spec = input_spec(input);
    if (!spec) return std::move(spec).error();
    executable.inputs.push_back(*std::move(spec));
  }
  for (const RecipeOutput& output : recipe.outputs) {
    Result<vision::OutputSpec> spec = vision::parse_output(output.name, output.role);
    if (!spec) return std::move(spec).error();
    executable.outputs.push_back(*std::move(spec));
  }
  if (const std::optional<double> first = recipe.decode_params.find_number("first_class")) {
    executable.decode.first_class = static_cast<int>(*first);
  }
  if (const std::vector<double> strides = recipe.decode_params.numbers_of("strides");
      !strides.empty()) {
    executable.decode.strides.assign(strides.begin(), strides.end());
  }
  executable.post = post_spec(recipe.post);
  if (Result<void> fits = vision::check_recipe(executable); !fits) return std::move(fits).error();
  return executable;
}

std::vector<std::pair<std::string, std::string>> load_settings(const Recipe& recipe) {
  const Result<vision::DecodeKind> kind = vision::parse_decode(recipe.decode);
  if (!kind || vision::answer_kind_of(*kind) != vision::AnswerKind::text) return {};
  std::vector<std::pair<std::string, std::string>> settings;
  for (const auto& [key, value] : recipe.decode_params.values) {
    if (const std::optional<std::string> text = recipe.decode_params.find_text(key)) {
      settings.emplace_back(key, *text);
    } else if (const std::optional<double> number = recipe.decode_params.find_number(key)) {
      std::array<char, 32> digits{};  // the shortest form: 3 and not 3.000000, in every locale
      const auto end = std::to_chars(digits.begin(), digits.end(), *number).ptr;
      settings.emplace_back(key, std::string(digits.begin(), end));
    }
  }
  return settings;
}

}  // namespace modelhub::hub
