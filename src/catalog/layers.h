// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/document.h"
#include "modelhub/catalog.h"

namespace modelhub::catalog {

// Lays documents over each other: later ones win for each model and version.
//
// Thread safety: one thread.
// Errors:        corrupt_data (subject catalog), with the place in the document that does not fit
// what is there.
class LayerMerger {
 public:
  Result<void> add(ModelPatch patch);
  // Sorted by name; versions newest first. The merger is empty afterwards.
  Result<std::vector<ModelEntry>> finish();

 private:
  struct Slot {
    ModelEntry entry;
    std::string default_place;  // where default_version was set last
  };

  Result<void> check_name(const ModelPatch& patch) const;
  Result<void> add_aliases(Slot& slot, const ModelPatch& patch);
  void take_alias_away(std::string_view folded);

  std::map<std::string, Slot, std::less<>> slots_;          // by name
  std::map<std::string, std::string, std::less<>> names_;   // folded name → name
  std::map<std::string, std::string, std::less<>> owners_;  // folded alias → name of its model
};

}  // namespace modelhub::catalog
