// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/journal.h"

#include <string>

#include "base/hasher.h"
#include "target.h"
#include "transfer/chunks.h"

namespace {

using modelhub::transfer::Journal;

void read(std::string_view text) {
  using namespace modelhub;
  const Result<Journal> journal = Journal::parse(text);
  if (!journal) {
    MODELHUB_FUZZ_REQUIRE(journal.error().code == ErrorCode::corrupt_data ||
                          journal.error().code == ErrorCode::unsupported);
    return;
  }
  const std::uint64_t bytes = journal->bytes.count();
  MODELHUB_FUZZ_REQUIRE(bytes > 0);
  // What it claims lies within the file.
  if (!journal->chunks.empty()) {
    const transfer::ByteRange last = transfer::chunk_range(journal->chunks.rbegin()->first, bytes);
    MODELHUB_FUZZ_REQUIRE(last.from < last.to && last.to <= bytes);
  }
  MODELHUB_FUZZ_REQUIRE(journal->unproved.total() <= bytes);
  for (const auto& [from, to] : journal->unproved.ranges())
    MODELHUB_FUZZ_REQUIRE(from < to && to <= bytes);
  // What it says survives being written.
  const Result<Journal> again = Journal::parse(journal->to_text());
  MODELHUB_FUZZ_REQUIRE(again.has_value());
  MODELHUB_FUZZ_REQUIRE(again->digest == journal->digest && again->bytes == journal->bytes);
  MODELHUB_FUZZ_REQUIRE(again->chunks == journal->chunks && again->unproved == journal->unproved);
  MODELHUB_FUZZ_REQUIRE(again->to_text() == journal->to_text());
}

}  // namespace

// As it is, and with the right seal at its end, which a fuzzer would not find.
MODELHUB_FUZZ_TARGET(journal) {
  read(input);
  std::string sealed(input);
  if (!sealed.ends_with('\n')) sealed += '\n';
  read(sealed + "end " + modelhub::base::sha256_of(sealed).hex() + "\n");
}
