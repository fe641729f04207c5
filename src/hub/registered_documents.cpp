// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/registered_documents.h"

#include <utility>

namespace modelhub::hub {
namespace {

// What a person writes by hand is not called so.
constexpr std::string_view k_prefix = "registered.";
constexpr std::string_view k_ending = ".json";

}  // namespace

std::string RegisteredDocuments::path_of(std::string_view name, std::string_view version) const {
  return base::join_path(folder_, std::string(k_prefix) + std::string(name) + "@" +
                                      std::string(version) + std::string(k_ending));
}

bool RegisteredDocuments::has_written(std::string_view origin) const {
  return origin.starts_with(base::join_path(folder_, k_prefix)) && origin.ends_with(k_ending);
}

Result<void> RegisteredDocuments::add(std::string_view name, std::string_view version,
                                      std::string_view text) const {
  if (!files_.stat(folder_)) {
    if (Result<void> made = files_.make_directories(folder_); !made) return made;
    if (Result<void> synced = files_.sync_directory(base::parent_path(folder_)); !synced)
      return synced;
  }
  return base::write_new_file_atomically(files_, path_of(name, version), text, 0666);
}

Result<void> RegisteredDocuments::remove(std::string_view name, std::string_view version) const {
  Result<void> removed = files_.remove_file(path_of(name, version));
  if (!removed && removed.error().code != ErrorCode::not_found) return removed;
  if (!removed) return {};
  return files_.sync_directory(folder_);
}

}  // namespace modelhub::hub
