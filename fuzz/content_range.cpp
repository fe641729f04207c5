// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "target.h"
#include "transfer/answer.h"

// A range that is believed is not empty and lies within the file.
MODELHUB_FUZZ_TARGET(content_range) {
  const auto content = modelhub::transfer::parse_content_range(input);
  if (!content) return;
  MODELHUB_FUZZ_REQUIRE(content->range || content->total);
  if (!content->range) return;
  MODELHUB_FUZZ_REQUIRE(content->range->from < content->range->to);
  MODELHUB_FUZZ_REQUIRE(!content->total || content->range->to <= *content->total);
}
