// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/model_id.h"

#include <algorithm>

#include "base/hasher.h"

namespace modelhub::store {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_safe_part(std::string_view part) {
  if (part.empty() || part.size() > ModelId::k_max_part || !is_letter_or_digit(part.front()))
    return false;
  return std::all_of(part.begin(), part.end(), [](char c) {
    return is_letter_or_digit(c) || std::string_view("._+~-").find(c) != std::string_view::npos;
  });
}

Result<void> check_part(std::string_view what, std::string_view part) {
  if (is_safe_part(part)) return {};
  std::string shown;
  for (const char c : part.substr(0, 80)) {
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return Error(ErrorCode::invalid_argument, Subject::model,
               "the " + std::string(what) + " '" + shown + "' cannot name an installed model",
               "use 1 to " + std::to_string(ModelId::k_max_part) +
                   " letters, digits, '.', '_', '+', '~' or '-', beginning with a letter or digit");
}

}  // namespace

Result<void> ModelId::check() const {
  if (Result<void> done = check_part("name", name); !done) return done;
  if (Result<void> done = check_part("version", version); !done) return done;
  return check_part("variant", variant);
}

Result<ModelId> ModelId::parse_manifest_name(std::string_view file_name) {
  const Error bad(ErrorCode::invalid_argument, Subject::store,
                  "'" + std::string(file_name.substr(0, 255)) + "' is not the name of a manifest");
  constexpr std::string_view k_suffix = ".json";
  if (file_name.size() <= k_suffix.size() || !file_name.ends_with(k_suffix)) return bad;
  const std::string_view stem = file_name.substr(0, file_name.size() - k_suffix.size());
  const std::size_t first = stem.find('@');
  const std::size_t second = first == std::string_view::npos ? first : stem.find('@', first + 1);
  if (second == std::string_view::npos) return bad;
  ModelId id{std::string(stem.substr(0, first)),
             std::string(stem.substr(first + 1, second - first - 1)),
             std::string(stem.substr(second + 1))};
  if (!id.check()) return bad;
  return id;
}

Digest model_key(const ModelId& id, std::vector<std::pair<RelPath, Digest>> files) {
  std::sort(files.begin(), files.end());
  // No part can hold a line feed, so the lines cannot be mistaken for one another.
  std::string text =
      "modelhub-model-key 1\n" + id.name + "\n" + id.version + "\n" + id.variant + "\n";
  for (const auto& [path, digest] : files)
    text.append(digest.hex()).append("  ").append(path.string()).append("\n");
  return base::sha256_of(text);
}

}  // namespace modelhub::store
