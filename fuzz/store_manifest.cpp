// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/manifest.h"
#include "target.h"

// What is read is written the same, with the fields that this version does not know.
MODELHUB_FUZZ_TARGET(store_manifest) {
  using namespace modelhub;
  std::unordered_set<Digest> digests;
  store::collect_digests(input, digests);
  const Result<store::Manifest> manifest = store::parse_manifest(input, "models/fuzz.json");
  if (!manifest) {
    const Error& error = manifest.error();
    MODELHUB_FUZZ_REQUIRE(error.code == ErrorCode::corrupt_data ||
                          error.code == ErrorCode::unsupported);
    MODELHUB_FUZZ_REQUIRE(error.subject == Subject::store);
    MODELHUB_FUZZ_REQUIRE(error.message.find("models/fuzz.json") != std::string::npos);
    return;
  }
  const Result<std::string> text = store::write_manifest(*manifest, input);
  MODELHUB_FUZZ_REQUIRE(text.has_value());
  const Result<store::Manifest> again = store::parse_manifest(*text, "again");
  MODELHUB_FUZZ_REQUIRE(again.has_value());
  MODELHUB_FUZZ_REQUIRE(again->record.key() == manifest->record.key());
  MODELHUB_FUZZ_REQUIRE(again->record.sources == manifest->record.sources);
  MODELHUB_FUZZ_REQUIRE(again->installed_at == manifest->installed_at);
  MODELHUB_FUZZ_REQUIRE(store::write_manifest(*again, *text).value() == *text);
  // No blob that a manifest names is ever taken for garbage.
  store::collect_digests(*text, digests);
  for (const store::RecordedFile& file : manifest->record.files)
    MODELHUB_FUZZ_REQUIRE(digests.count(file.sha256) == 1);
}
