// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "catalog/document_writer.h"

#include <variant>

#include <nlohmann/json.hpp>

#include "catalog/document.h"

namespace modelhub::catalog {
namespace {

using Json = nlohmann::ordered_json;

void put(Json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

template <class T>
void put_list(Json& object, const char* key, const std::vector<T>& items) {
  if (!items.empty()) object[key] = items;
}

Json to_json(const ModelFile& file) {
  Json json;
  json["path"] = file.path.string();
  json["role"] = file.role;
  json["bytes"] = file.bytes.count();
  json["sha256"] = file.sha256.hex();
  json["urls"] = file.urls;
  if (file.unpack) {
    Json& unpack = json["unpack"];
    unpack["kind"] = file.unpack->kind;
    put(unpack, "member", file.unpack->member);
    unpack["bytes"] = file.unpack->bytes.count();
    unpack["sha256"] = file.unpack->sha256.hex();
  }
  if (file.holds) {
    Json& holds = json["holds"];
    holds["kind"] = file.holds->kind;
    put(holds, "member", file.holds->member);
    holds["role"] = file.holds->role;
    holds["bytes"] = file.holds->bytes.count();
  }
  put(json, "attestation", file.attestation);
  put(json, "url_origin", file.url_origin);
  return json;
}

void put_params(Json& object, const RecipeParams& params) {
  for (const auto& [name, param] : params.values)
    std::visit([&, key = name](const auto& value) { object[key] = value; }, param);
}

Json to_json(const RecipeInput& input) {
  Json json;
  put(json, "name", input.name);
  json["from"] = input.from;
  json["layout"] = input.layout;
  json["dtype"] = input.dtype;
  if (input.width > 0 && input.height > 0) json["size"] = {input.width, input.height};
  if (input.is_dynamic) json["dynamic"] = true;
  if (input.multiple_of > 0) json["multiple_of"] = input.multiple_of;
  json["color"] = input.color;
  json["resize"] = input.resize;
  if (input.shorter_side > 0) json["shorter_side"] = input.shorter_side;
  json["anchor"] = input.anchor;
  json["round"] = input.rounding;
  json["filter"] = input.filter;
  json["pad_value"] = input.pad_value;
  json["scale"] = input.scale;
  put_list(json, "mean", input.mean);
  put_list(json, "std", input.std);
  return json;
}

Json to_json(const Recipe& recipe) {
  Json json;
  json["inputs"] = Json::array();
  for (const RecipeInput& input : recipe.inputs) json["inputs"].push_back(to_json(input));
  json["outputs"] = Json::array();
  for (const RecipeOutput& output : recipe.outputs) {
    Json& item = json["outputs"].emplace_back();
    put(item, "name", output.name);
    item["role"] = output.role;
  }
  json["decode"]["kind"] = recipe.decode;
  put_params(json["decode"], recipe.decode_params);
  if (!recipe.post.values.empty()) put_params(json["post"], recipe.post);
  put(json, "labels", recipe.labels);
  put_list(json, "labels", recipe.label_names);
  return json;
}

Json to_json(const Variant& variant) {
  Json json;
  json["id"] = variant.id;
  json["format"] = variant.format;
  json["precision"] = variant.precision;
  for (const EngineNeed& engine : variant.engines) json["engines"].push_back(engine.to_string());
  put_list(json, "devices", variant.devices);
  json["files"] = Json::array();
  for (const ModelFile& file : variant.files) json["files"].push_back(to_json(file));
  if (variant.recipe) json["recipe"] = to_json(*variant.recipe);
  put(json, "license", variant.license);
  put(json, "export", variant.export_command);
  put(json, "note", variant.note);
  return json;
}

Json to_json(const ModelVersion& version) {
  Json json;
  json["version"] = version.version;
  put(json, "released", version.released);
  put(json, "license", version.license);
  put(json, "note", version.note);
  put(json, "default_variant", version.default_variant);
  json["variants"] = Json::array();
  for (const Variant& variant : version.variants) json["variants"].push_back(to_json(variant));
  return json;
}

}  // namespace

Result<std::string> write_document(const ModelEntry& model, const std::string& origin) {
  Json json;
  json["name"] = model.name;
  json["task"] = model.task;
  json["title"] = model.title;
  json["license"] = model.license;
  put(json, "homepage", model.homepage);
  put(json, "commercial_use", model.commercial_use);
  put(json, "note", model.note);
  put_list(json, "aliases", model.aliases);
  put_list(json, "alternatives", model.alternatives);
  put(json, "default_version", model.default_version);
  json["versions"] = Json::array();
  for (const ModelVersion& version : model.versions) json["versions"].push_back(to_json(version));
  Json document;
  document["schema"] = k_schema;
  document["models"] = Json::array({std::move(json)});
  std::string text = document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (Result<std::vector<ModelPatch>> read = read_document(text, origin); !read)
    return std::move(read).error();
  return text;
}

}  // namespace modelhub::catalog
