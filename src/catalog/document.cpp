// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "catalog/document.h"

#include <algorithm>

#include "catalog/spelling.h"

namespace modelhub::catalog {
namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// Names, versions and variants become file names of the store: the rules leave nothing that a path
// could be made of.
void check_token(const Cursor& at, const std::string& token, std::string_view extra, bool upper) {
  const auto is_good = [&](char c) {
    return is_lower_or_digit(c) || (upper && c >= 'A' && c <= 'Z') ||
           extra.find(c) != std::string_view::npos;
  };
  if (token.empty()) {
    at.fail("is empty");
  } else if (token.size() > k_max_token) {
    at.fail("is longer than " + std::to_string(k_max_token) + " characters");
  } else if (extra.find(token.front()) != std::string_view::npos ||
             !std::all_of(token.begin(), token.end(), is_good)) {
    at.fail("'" + token + "' must be letters" + (upper ? "" : " in lower case") +
            ", digits and any of '" + std::string(extra) + "', a letter or digit first");
  }
}

std::string read_name(const Cursor& at) {
  std::string name = at.text();
  check_token(at, name, "_", false);
  return name;
}

std::string read_version_name(const Cursor& at) {
  std::string version = at.text();
  check_token(at, version, "._+-", true);
  return version;
}

std::string read_variant_id(const Cursor& at) {
  std::string id = at.text();
  check_token(at, id, "._-", false);
  return id;
}

EngineNeed read_engine(const Cursor& at) {
  const std::string text = at.text();
  const std::size_t sign = text.find(">=");
  EngineNeed need{text.substr(0, sign), {}};
  if (sign != std::string::npos) need.min_version = text.substr(sign + 2);
  const bool is_name =
      !need.name.empty() && std::all_of(need.name.begin(), need.name.end(), [](char c) {
        return is_lower_or_digit(c) || c == '_' || c == '-';
      });
  if (!is_name || (sign != std::string::npos && need.min_version.empty())) {
    at.fail("'" + text + "' is not an engine: write it like onnxruntime>=1.16");
  }
  return need;
}

Stage read_stage(const Cursor& at) {
  Stage stage;
  stage.role = at.required_text("role");
  at.require("ref", [&](const Cursor& child) {
    Result<Reference> reference = Reference::parse(child.text());
    if (reference) {
      stage.reference = *std::move(reference);
    } else {
      child.fail(reference.error().message);
    }
  });
  return stage;
}

void read_files(const Cursor& at, Variant& variant) {
  at.each([&](const Cursor& item) {
    ModelFile file = read_file(item);
    for (const ModelFile& other : variant.files) {
      const std::string& a = file.path.string();
      const std::string& b = other.path.string();
      if (a == b) item.fail("the path '" + a + "' stands here twice");
      if (a.rfind(b + "/", 0) == 0 || b.rfind(a + "/", 0) == 0) {
        item.fail("'" + a + "' and '" + b + "' cannot be a file and a folder at once");
      }
    }
    variant.files.push_back(std::move(file));
  });
  if (variant.files.empty()) at.fail("is empty: a variant has at least one file");
}

Variant read_variant(const Cursor& at) {
  Variant variant;
  at.require("id", [&](const Cursor& child) { variant.id = read_variant_id(child); });
  variant.format = at.required_text("format");
  variant.precision = at.required_text("precision");
  at.with("engines", [&](const Cursor& list) {
    list.each([&](const Cursor& item) { variant.engines.push_back(read_engine(item)); });
  });
  variant.devices = at.texts_or_none("devices");
  at.require("files", [&](const Cursor& list) { read_files(list, variant); });
  at.with("recipe", [&](const Cursor& child) { variant.recipe = read_recipe(child); });
  at.with("golden", [&](const Cursor& child) { variant.golden.emplace(read_golden(child)); });
  at.with("stages", [&](const Cursor& list) {
    list.each([&](const Cursor& item) { variant.stages.push_back(read_stage(item)); });
  });
  variant.license = at.text_or("license");
  variant.export_command = at.text_or("export");
  variant.note = at.text_or("note");
  return variant;
}

ModelVersion read_version(const Cursor& at, const std::string& origin) {
  ModelVersion version;
  version.origin = origin;
  at.require("version", [&](const Cursor& child) { version.version = read_version_name(child); });
  version.released = at.text_or("released");
  version.license = at.text_or("license");
  version.note = at.text_or("note");
  at.require("variants", [&](const Cursor& list) {
    list.each([&](const Cursor& item) {
      Variant variant = read_variant(item);
      for (const Variant& other : version.variants) {
        if (other.id == variant.id) item.fail("the variant '" + variant.id + "' stands here twice");
      }
      version.variants.push_back(std::move(variant));
    });
    if (version.variants.empty()) list.fail("is empty: a version has at least one variant");
  });
  at.with("default_variant", [&](const Cursor& child) {
    version.default_variant = child.text();
    const bool is_there =
        std::any_of(version.variants.begin(), version.variants.end(),
                    [&](const Variant& variant) { return variant.id == version.default_variant; });
    if (!is_there) child.fail("there is no variant '" + version.default_variant + "'");
  });
  return version;
}

void read_versions(const Cursor& at, const std::string& origin, ModelPatch& model) {
  at.each([&](const Cursor& item) {
    ModelVersion version = read_version(item, origin);
    for (const ModelVersion& other : model.versions) {
      if (equal_ignoring_case(other.version, version.version)) {
        item.fail("the version '" + version.version + "' of " + model.name + " stands here twice");
      }
    }
    model.versions.push_back(std::move(version));
  });
}

void read_aliases(const Cursor& at, ModelPatch& model) {
  at.each([&](const Cursor& item) {
    std::string alias = item.text();
    check_token(item, alias, "_-.", true);
    if (fold(alias) == fold(model.name)) {
      item.fail("'" + alias + "' is only another spelling of '" + model.name +
                "', which is understood without an alias");
    }
    for (const std::string& other : model.aliases) {
      if (fold(other) == fold(alias)) item.fail("the alias '" + alias + "' stands here twice");
    }
    model.aliases.push_back(std::move(alias));
  });
}

std::optional<std::string> optional_text(const Cursor& at, const char* key) {
  std::optional<std::string> text;
  at.with(key, [&](const Cursor& child) {
    text = child.text();
    if (text->empty()) child.fail("is empty");
  });
  return text;
}

ModelPatch read_model(const Cursor& at, const std::string& origin) {
  ModelPatch model;
  model.place = origin + ":" + std::to_string(at.line()) + ": " + at.path();
  at.require("name", [&](const Cursor& child) { model.name = read_name(child); });
  model.task = optional_text(at, "task");
  model.title = optional_text(at, "title");
  model.license = optional_text(at, "license");
  model.homepage = optional_text(at, "homepage");
  model.commercial_use = optional_text(at, "commercial_use");
  model.note = optional_text(at, "note");
  model.default_version = optional_text(at, "default_version");
  at.with("aliases", [&](const Cursor& list) { read_aliases(list, model); });
  model.alternatives = at.texts_or_none("alternatives");
  at.with("versions", [&](const Cursor& list) { read_versions(list, origin, model); });
  return model;
}

// True when this build can go on reading.
bool read_schema(const Cursor& root) {
  bool is_readable = false;
  root.require("schema", [&](const Cursor& at) {
    const int schema = at.whole_number(1);
    if (schema > k_schema) {
      at.fail("the document has schema " + std::to_string(schema) + ", this modelhub reads up to " +
                  std::to_string(k_schema),
              ErrorCode::unsupported, "a newer modelhub is needed for this document");
    }
    is_readable = !at.has_failed();
  });
  return is_readable;
}

// Two models of one document may not answer to one name.
void check_spellings(const Cursor& at, const std::vector<ModelPatch>& before,
                     const ModelPatch& model) {
  const auto names_of = [](const ModelPatch& one) {
    std::vector<std::string> names = one.aliases;
    names.push_back(one.name);
    return names;
  };
  for (const ModelPatch& other : before) {
    if (other.name == model.name) at.fail("the model '" + model.name + "' stands here twice");
    for (const std::string& theirs : names_of(other)) {
      for (const std::string& ours : names_of(model)) {
        if (fold(theirs) != fold(ours)) continue;
        at.fail("the name or alias '" + ours + "' belongs to '" + other.name + "' already");
      }
    }
  }
}

}  // namespace

Result<std::vector<ModelPatch>> read_document(std::string_view text, const std::string& origin) {
  Result<JsonNode> tree = parse_json(text, origin);
  if (!tree) return std::move(tree).error();
  Complaint complaint{origin, std::nullopt};
  const Cursor root(*tree, complaint);
  std::vector<ModelPatch> models;
  if (read_schema(root)) {
    root.require("models", [&](const Cursor& list) {
      list.each([&](const Cursor& item) {
        ModelPatch model = read_model(item, origin);
        check_spellings(item, models, model);
        models.push_back(std::move(model));
      });
    });
  }
  if (complaint.error) return *std::move(complaint.error);
  return models;
}

}  // namespace modelhub::catalog
