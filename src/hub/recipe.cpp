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

Result<vision::DecodeSpec> decode_spec(const Recipe& recipe) {
  vision::DecodeSpec spec;
  const RecipeParams& params = recipe.decode_params;
  Words words;
  words.assign(spec.kind, vision::parse_decode(recipe.decode));
  const auto number = [&params](std::string_view name, int& target) {
    if (const std::optional<double> value = params.find_number(name))
      target = static_cast<int>(*value);
  };
  number("first_class", spec.first_class);
  number("landmarks", spec.landmarks);
  number("length", spec.length);
  if (const std::vector<double> strides = params.numbers_of("strides"); !strides.empty())
    spec.strides.assign(strides.begin(), strides.end());
  if (const std::optional<std::string> word = params.find_text("normalize"))
    words.assign(spec.is_normalized, vision::parse_normalize(*word));
  if (const std::optional<std::string> word = params.find_text("align"))
    words.assign(spec.align, vision::parse_align(*word));
  if (words.error()) return *words.error();
  return spec;
}

// Nothing when the recipe does not say how its embeddings are compared.
Result<std::optional<FaceMeasure>> measure_of(const RecipeParams& post) {
  const std::optional<std::string> word = post.find_text("metric");
  const std::optional<double> threshold = post.find_number("threshold");
  if (!word || !threshold) return std::optional<FaceMeasure>();
  Result<FaceMetric> metric = vision::parse_metric(*word);
  if (!metric) return std::move(metric).error();
  // For a cosine the catalog has, as its field does, the least similarity and not a distance.
  const double most = *metric == FaceMetric::cosine ? 1 - *threshold : *threshold;
  return std::optional(FaceMeasure(*metric, static_cast<float>(most)));
}

// As in the catalog: 1 and not 1.000000.
std::string text_of(double number) {
  std::array<char, 32> text{};
  const auto [end, failure] = std::to_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc() ? std::string(text.data(), end) : std::string();
}

// A parameter of a recipe as text.
struct ParamText {
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(double number) const { return text_of(number); }
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(const std::vector<double>& numbers) const { return joined(numbers); }
  std::string operator()(const std::vector<std::string>& texts) const { return joined(texts); }

  template <class T>
  std::string joined(const std::vector<T>& items) const {
    std::string all;
    for (const T& item : items) all += (all.empty() ? "" : ",") + (*this)(item);
    return all;
  }
};

}  // namespace

std::vector<std::pair<std::string, std::string>> load_settings(const Recipe& recipe) {
  std::vector<std::pair<std::string, std::string>> settings;
  for (const auto& [name, value] : recipe.decode_params.values)
    settings.emplace_back(name, std::visit(ParamText(), value));
  return settings;
}

Result<vision::Recipe> to_executable(const Recipe& recipe) {
  vision::Recipe executable;
  Result<vision::DecodeSpec> decode = decode_spec(recipe);
  if (!decode) return std::move(decode).error();
  executable.decode = *std::move(decode);
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
  executable.post = post_spec(recipe.post);
  Result<std::optional<FaceMeasure>> measure = measure_of(recipe.post);
  if (!measure) return std::move(measure).error();
  executable.post.measure = *measure;
  if (Result<void> fits = vision::check_recipe(executable); !fits) return std::move(fits).error();
  return executable;
}

}  // namespace modelhub::hub
