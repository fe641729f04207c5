// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/cursor.h"
#include "modelhub/catalog.h"

namespace modelhub::catalog {

// The newest schema that this build reads; documents say theirs.
inline constexpr int k_schema = 1;

// What one document says about one model. A model that an earlier layer knows may be added to with
// as little as a name.
struct ModelPatch {
  std::string name;
  std::optional<std::string> task;
  std::optional<std::string> title;
  std::optional<std::string> license;
  std::optional<std::string> homepage;
  std::optional<std::string> commercial_use;
  std::optional<std::string> note;
  std::optional<std::string> default_version;
  std::vector<std::string> aliases;
  std::vector<std::string> alternatives;  // replace the earlier ones when there are any
  std::vector<ModelVersion> versions;
  std::string place;  // "file.json:12: models[3]", for errors that show only when layers meet
};

// Reads one document. `origin` is its name in errors and in ModelVersion::origin.
// Errors: corrupt_data; unsupported for a schema newer than k_schema. Subject::catalog, message
// "origin:line: path: what".
Result<std::vector<ModelPatch>> read_document(std::string_view text, const std::string& origin);

// The parts of a document that have files of their own.
Recipe read_recipe(const Cursor& at);
Golden read_golden(const Cursor& at);
ModelFile read_file(const Cursor& at);

}  // namespace modelhub::catalog
