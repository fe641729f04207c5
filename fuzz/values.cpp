// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/byte_count.h"
#include "modelhub/catalog.h"
#include "modelhub/digest.h"
#include "modelhub/rel_path.h"
#include "target.h"

// The small texts that come from people, documents and servers.
MODELHUB_FUZZ_TARGET(values) {
  using namespace modelhub;
  if (const Result<Digest> digest = Digest::parse(input))
    MODELHUB_FUZZ_REQUIRE(Digest::parse(digest->hex()).value() == *digest);
  if (const Result<RelPath> path = RelPath::parse(input)) {
    MODELHUB_FUZZ_REQUIRE(path->string() == input && input.front() != '/');
    MODELHUB_FUZZ_REQUIRE(("/" + path->string() + "/").find("/../") == std::string::npos);
  }
  if (const Result<Reference> reference = Reference::parse(input))
    MODELHUB_FUZZ_REQUIRE(Reference::parse(reference->to_string()).value() == *reference);
  if (const Result<ByteCount> bytes = ByteCount::parse(input)) (void)bytes->to_string();
  (void)LicensePolicy::parse(input);
  const std::string_view half = input.substr(0, input.size() / 2);
  const std::string_view rest = input.substr(input.size() / 2);
  const auto order = compare_versions(half, rest);
  MODELHUB_FUZZ_REQUIRE((order == 0) == (compare_versions(rest, half) == 0));
  MODELHUB_FUZZ_REQUIRE((order < 0) == (compare_versions(rest, half) > 0));
  MODELHUB_FUZZ_REQUIRE(compare_versions(input, input) == 0);
}
