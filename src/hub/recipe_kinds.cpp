// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/recipe_kinds.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/spelling.h"
#include "modelhub/closest_match.h"
#include "modelhub/own_model.h"

namespace modelhub::hub {
namespace {

// The same head with the suppression inside, or none needed.
void make_end2end(Recipe& recipe) {
  recipe.decode = "yolo_end2end";
  recipe.post.values.erase("iou");
  recipe.post.values.erase("class_agnostic");
}

// YOLOv5 as it was before Ultralytics gave it the head of YOLOv8 (YOLOv5u). Thresholds of its
// detect.py.
void make_yolo5(Recipe& recipe) {
  recipe.decode = "yolo5";
  recipe.post.values["conf"] = 0.25;
  recipe.post.values["iou"] = 0.45;
}

// Ultralytics' classifiers: the shorter side becomes imgsz, levels from 0 to 1 as they are, and the
// softmax is in the model.
void make_yolo_classifier(Recipe& recipe) {
  RecipeInput& input = recipe.inputs.front();
  input.shorter_side = input.width;
  input.mean.clear();
  input.std.clear();
  recipe.decode = "probabilities";
  recipe.post.values.erase("softmax");
}

struct KindRow {
  std::string_view name;
  std::string_view like;  // of the built-in catalog
  void (*adjust)(Recipe&) = nullptr;
  bool leaves_pixels_open = false;
  bool has_labels = false;
};

constexpr KindRow k_kinds[] = {
    {"yolov8", "yolov8n@0.0.0:onnx-fp32"},
    {"yolov5", "yolov8n@0.0.0:onnx-fp32", &make_yolo5},
    {"end2end", "yolov8n@0.0.0:onnx-fp32", &make_end2end},
    {"yolov8-cls", "mobilenet_v2@12:onnx-fp32", &make_yolo_classifier},
    {"yolox", "yolox_s@0.1.1rc0:onnx-fp32"},
    {"ssd7", "person_detection_0200@2023.0:ir-fp16", nullptr, true},
    {"tf-detect", "ssd_mobilenet_v1@12:onnx-fp32"},
    {"classify-torchvision", "mobilenet_v2@12:onnx-fp32"},
    {"yunet", "yunet@2023mar:onnx-fp32", nullptr, false, true},
    {"ultraface", "ultraface@1:rfb-320", nullptr, false, true},
};

// Families whose heads are one of the kinds under another name.
struct Alias {
  std::string_view name;
  std::string_view kind;
};
constexpr Alias k_aliases[] = {{"yolov5u", "yolov8"},  {"yolov9", "yolov8"},
                               {"yolo11", "yolov8"},   {"yolo12", "yolov8"},
                               {"yolov10", "end2end"}, {"yolo26", "end2end"}};

std::string_view kind_meant_by(std::string_view name) {
  for (const Alias& alias : k_aliases) {
    if (alias.name == name) return alias.kind;
  }
  return name;
}

Error unknown_kind(const std::string& name) {
  const std::string meant =
      catalog::did_you_mean(closest_matches(name, recipe_kinds(), catalog::k_most_suggestions));
  return {ErrorCode::invalid_argument, Subject::usage,
          "'" + name.substr(0, 80) + "' is no recipe: the kinds are " + names_of_recipe_kinds(),
          (meant.empty() ? meant : meant + " or ") + "name a model of the catalog that it is like"};
}

Result<RecipeKind> recipe_like(const catalog::Catalog& known, const Reference& reference) {
  catalog::ResolveOptions options;
  options.purpose = catalog::Purpose::pull;
  Result<Resolved> resolved = known.resolve(reference, options);
  if (!resolved) return std::move(resolved).error();
  if (!resolved->variant->recipe) {
    return Error(ErrorCode::unsupported, Subject::model,
                 resolved->to_string() + " has no recipe that another model could use",
                 "the kinds are " + names_of_recipe_kinds());
  }
  return RecipeKind{resolved->entry->name, resolved->entry->task, *resolved->variant->recipe};
}

}  // namespace

std::string names_of_recipe_kinds() {
  std::string names;
  for (const KindRow& row : k_kinds) {
    if (!names.empty()) names += ", ";
    names += row.name;
  }
  return names;
}

Result<RecipeKind> find_recipe_kind(const std::string& name) {
  Result<catalog::Catalog> built_in =
      catalog::Catalog::load(base::FileSystem::real(), {catalog::Layer::built_in()});
  if (!built_in) return std::move(built_in).error();
  const std::string_view meant = kind_meant_by(name);
  const auto* const row = std::find_if(std::begin(k_kinds), std::end(k_kinds),
                                       [&](const KindRow& kind) { return kind.name == meant; });
  if (row == std::end(k_kinds)) {
    Result<Reference> reference = Reference::parse(name);
    if (!reference || !built_in->find(reference->name)) return unknown_kind(name);
    return recipe_like(*built_in, *reference);
  }
  Result<Reference> like = Reference::parse(row->like);
  if (!like) return std::move(like).error();
  Result<RecipeKind> kind = recipe_like(*built_in, *like);
  if (!kind) return kind;
  kind->name = row->name;
  if (row->adjust != nullptr) row->adjust(kind->recipe);
  kind->leaves_pixels_open = row->leaves_pixels_open;
  kind->has_labels = row->has_labels;
  return kind;
}

}  // namespace modelhub::hub

namespace modelhub {

std::vector<std::string> recipe_kinds() {
  std::vector<std::string> names;
  for (const hub::KindRow& row : hub::k_kinds) names.emplace_back(row.name);
  return names;
}

}  // namespace modelhub
