// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modelhub/digest.h"
#include "modelhub/rel_path.h"
#include "modelhub/result.h"

namespace modelhub::store {

// Which model: the three parts that name a manifest.
//
// Thread safety: a value.
struct ModelId {
  std::string name;
  std::string version;
  std::string variant;

  // "yolox_s@0.1.1:onnx-fp32", as people write it.
  std::string to_string() const { return name + "@" + version + ":" + variant; }
  // "yolox_s@0.1.1@onnx-fp32.json". REQUIRES: check() passed.
  std::string manifest_name() const { return name + "@" + version + "@" + variant + ".json"; }

  // Each part is 1 to k_max_part letters, digits, '.', '_', '+', '~' or '-' and begins with a
  // letter or digit, so it is safe in a file name and in the text that model_key() hashes. Errors:
  // invalid_argument, Subject::model.
  Result<void> check() const;
  // The reverse of manifest_name(). Errors: invalid_argument.
  static Result<ModelId> parse_manifest_name(std::string_view file_name);

  friend bool operator==(const ModelId&, const ModelId&) = default;
  friend auto operator<=>(const ModelId&, const ModelId&) = default;

  // Three parts, ".json" and the tail of a temporary file stay below the 255 bytes of NAME_MAX.
  static constexpr std::size_t k_max_part = 48;
};

// The key of a model: the SHA-256 of its id and its sorted (path, digest) pairs, in the text of
// docs/formats/store.md. Known before a pull, unchanged by pulling again. REQUIRES: id.check()
// passed.
Digest model_key(const ModelId& id, std::vector<std::pair<RelPath, Digest>> files);

}  // namespace modelhub::store
