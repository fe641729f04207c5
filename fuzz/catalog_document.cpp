// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "catalog/catalog.h"
#include "target.h"

namespace {

using namespace modelhub;
using namespace modelhub::catalog;

void look_at(const Catalog& catalog) {
  ResolveOptions options;
  for (const auto& entry : catalog.models()) {
    MODELHUB_FUZZ_REQUIRE(!entry->versions.empty());
    MODELHUB_FUZZ_REQUIRE(catalog.find(entry->name).has_value());
    for (const std::string& alias : entry->aliases) (void)catalog.find(alias);
    for (const ModelVersion& version : entry->versions) {
      MODELHUB_FUZZ_REQUIRE(!version.variants.empty());
      for (const Variant& variant : version.variants) {
        (void)variant.installed_bytes();
        for (const ModelFile& file : variant.files)
          MODELHUB_FUZZ_REQUIRE(RelPath::parse(file.path.string()).has_value());
      }
    }
    for (const Purpose purpose : {Purpose::pull, Purpose::run}) {
      options.purpose = purpose;
      const Result<Resolved> resolved =
          catalog.resolve(Reference{entry->name, std::nullopt, std::nullopt}, options);
      MODELHUB_FUZZ_REQUIRE(resolved || !resolved.error().message.empty());
    }
  }
}

}  // namespace

// A document of a user, alone and over the built-in layer's rules.
MODELHUB_FUZZ_TARGET(catalog_document) {
  const Result<Catalog> catalog =
      Catalog::load(base::FileSystem::real(), {Layer::of_text("fuzz.json", std::string(input))});
  if (catalog) return look_at(*catalog);
  const Error& error = catalog.error();
  MODELHUB_FUZZ_REQUIRE(error.code == ErrorCode::corrupt_data ||
                        error.code == ErrorCode::unsupported);
  MODELHUB_FUZZ_REQUIRE(error.subject == Subject::catalog);
  MODELHUB_FUZZ_REQUIRE(error.message.find("fuzz.json") != std::string::npos);
}
