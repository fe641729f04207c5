// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "catalog/catalog.h"

namespace modelhub::catalog {

inline constexpr const char* k_digest =
    "cc028fe6cae7bc11a4ff53cfc9b79c920e8be65ce33a904ec3e2a8f66d77f95f";

// A file, variant, version, model and document that are right and as small as can be; tests change
// what they are about.
inline nlohmann::ordered_json file_json(const std::string& path = "a.onnx") {
  return {{"path", path},
          {"bytes", 10},
          {"sha256", k_digest},
          {"urls", {"https://example.org/" + path}}};
}
inline nlohmann::ordered_json recipe_json() {
  return {{"inputs", {{{"name", "x"}}}}, {"decode", {{"kind", "logits"}}}};
}
inline nlohmann::ordered_json variant_json(const std::string& id = "onnx-fp32",
                                           const std::string& precision = "float32") {
  return {{"id", id},
          {"format", "onnx"},
          {"precision", precision},
          {"engines", {"onnxruntime>=1.16"}},
          {"files", {file_json(id + ".onnx")}},
          {"recipe", recipe_json()}};
}
inline nlohmann::ordered_json version_json(const std::string& version = "1",
                                           std::vector<nlohmann::ordered_json> variants = {
                                               variant_json()}) {
  return {{"version", version}, {"variants", std::move(variants)}};
}
inline nlohmann::ordered_json model_json(const std::string& name = "m",
                                         std::vector<nlohmann::ordered_json> versions = {
                                             version_json()}) {
  return {{"name", name},
          {"task", "classify"},
          {"title", "A model"},
          {"license", "MIT"},
          {"versions", std::move(versions)}};
}
inline nlohmann::ordered_json document_json(std::vector<nlohmann::ordered_json> models = {
                                                model_json()}) {
  return {{"schema", 1}, {"models", std::move(models)}};
}

// As a person would write it: one value a line.
inline std::string text_of(const nlohmann::ordered_json& document) { return document.dump(1); }

inline Result<Catalog> load_texts(const std::vector<std::string>& texts) {
  std::vector<Layer> layers;
  for (const std::string& text : texts) {
    layers.push_back(Layer::of_text("layer" + std::to_string(layers.size()) + ".json", text));
  }
  return Catalog::load(base::FileSystem::real(), layers);
}

inline Capabilities with_onnxruntime(const std::string& version = "1.20.0") {
  return {{{"onnxruntime", version, {"onnx"}, {"cpu:0"}}}};
}

}  // namespace modelhub::catalog
