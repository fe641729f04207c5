// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "catalog/document.h"

namespace modelhub::catalog {
namespace {

RecipeParam read_param(const Cursor& at) {
  if (at.is(JsonNode::Kind::boolean)) return at.flag();
  if (at.is(JsonNode::Kind::number)) return at.number();
  if (at.is(JsonNode::Kind::text)) return at.text();
  if (!at.is(JsonNode::Kind::array)) {
    at.fail("expected a flag, a number, a string, or a list of numbers or strings");
    return false;
  }
  bool is_first = true;
  bool has_texts = false;
  at.each([&](const Cursor& item) {
    if (is_first) has_texts = item.is(JsonNode::Kind::text);
    is_first = false;
  });
  if (has_texts) return at.texts();
  return at.numbers();
}

// All members but `except`.
RecipeParams read_params(const Cursor& at, std::string_view except) {
  RecipeParams params;
  at.each_member([&](const std::string& name, const Cursor& child) {
    if (name != except) params.values.emplace(name, read_param(child));
  });
  return params;
}

void read_size(const Cursor& at, RecipeInput& input) {
  std::vector<int> sides;
  at.each([&](const Cursor& item) { sides.push_back(item.whole_number(1)); });
  if (sides.size() != 2) return at.fail("expected [width, height]");
  input.width = sides[0];
  input.height = sides[1];
}

void read_normalisation(const Cursor& at, RecipeInput& input) {
  input.scale = at.number_or("scale", input.scale);
  input.mean = at.numbers_or_none("mean");
  input.std = at.numbers_or_none("std");
  at.with("std", [&](const Cursor& child) {
    if (std::any_of(input.std.begin(), input.std.end(), [](double d) { return d == 0; })) {
      child.fail("is divided by, so it cannot be 0");
    }
  });
  for (const char* key : {"mean", "std"}) {
    at.with(key, [&](const Cursor& child) {
      const std::size_t count = child.numbers().size();
      const std::size_t channels = input.color == "gray" ? 1 : 3;
      if (count != 1 && count != channels) {
        child.fail("has " + std::to_string(count) + " numbers for " + std::to_string(channels) +
                   " channels");
      }
    });
  }
}

RecipeInput read_input(const Cursor& at) {
  RecipeInput input;
  input.name = at.text_or("name");
  input.from = at.text_or("from", input.from);
  input.layout = at.text_or("layout", input.layout);
  input.dtype = at.text_or("dtype", input.dtype);
  at.with("size", [&](const Cursor& child) { read_size(child, input); });
  input.is_dynamic = at.flag_or("dynamic", input.is_dynamic);
  input.multiple_of = at.whole_number_or("multiple_of", 1, input.multiple_of);
  input.color = at.text_or("color", input.color);
  input.resize = at.text_or("resize", input.resize);
  input.anchor = at.text_or("anchor", input.anchor);
  input.rounding = at.text_or("round", input.rounding);
  input.filter = at.text_or("filter", input.filter);
  input.shorter_side = at.whole_number_or("shorter_side", 1, input.shorter_side);
  input.pad_value = at.number_or("pad_value", input.pad_value);
  read_normalisation(at, input);
  return input;
}

}  // namespace

Recipe read_recipe(const Cursor& at) {
  Recipe recipe;
  at.require("inputs", [&](const Cursor& list) {
    list.each([&](const Cursor& item) { recipe.inputs.push_back(read_input(item)); });
    if (recipe.inputs.empty()) list.fail("is empty: a model has at least one input");
  });
  at.with("outputs", [&](const Cursor& list) {
    list.each([&](const Cursor& item) {
      recipe.outputs.push_back({item.text_or("name"), item.required_text("role")});
    });
  });
  at.require("decode", [&](const Cursor& child) {
    recipe.decode = child.required_text("kind");
    recipe.decode_params = read_params(child, "kind");
  });
  at.with("post", [&](const Cursor& child) { recipe.post = read_params(child, {}); });
  at.with("labels", [&](const Cursor& child) {
    if (child.is(JsonNode::Kind::text)) {
      recipe.labels = child.text();
    } else {
      recipe.label_names = child.texts();
    }
  });
  return recipe;
}

}  // namespace modelhub::catalog
