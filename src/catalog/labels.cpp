// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/word_list.h"
#include "catalog/builtin.h"
#include "catalog/catalog.h"

namespace modelhub::catalog {

Result<std::vector<std::string>> Catalog::labels(std::string_view list) {
  constexpr std::string_view k_ending = ".txt";
  std::vector<std::string> lists;
  for (const EmbeddedText& file : built_in_labels()) {
    const std::string_view name = file.name.substr(0, file.name.size() - k_ending.size());
    lists.emplace_back(name);
    if (name != list) continue;
    std::vector<std::string> labels;
    for (std::string_view rest = file.text; !rest.empty();) {
      const std::size_t newline = rest.find('\n');
      labels.emplace_back(rest.substr(0, newline));
      rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
    }
    return labels;
  }
  return Error(ErrorCode::not_found, Subject::catalog,
               "this modelhub has no list of labels named '" + std::string(list) + "'; it has " +
                   base::join(lists),
               "write the labels into the recipe as an array, or use a newer modelhub");
}

Result<std::vector<std::string>> Catalog::labels_of(const Recipe& recipe) {
  if (!recipe.label_names.empty() || recipe.labels.empty()) return recipe.label_names;
  return labels(recipe.labels);
}

}  // namespace modelhub::catalog
