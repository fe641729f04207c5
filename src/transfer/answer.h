// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "modelhub/byte_count.h"
#include "modelhub/digest.h"
#include "transfer/byte_ranges.h"
#include "transfer/failure.h"
#include "transfer/http_exchange.h"

namespace modelhub::transfer {

// What a server's answer means: pure functions from what was seen to what to tell and what to do.

bool is_redirect(const HttpHead& head);
// The whole file follows.
bool is_whole_file(const HttpHead& head);

// "bytes 0-99/200", "bytes 0-99/*", "bytes */200".
struct ContentRange {
  std::optional<ByteRange> range;
  std::optional<std::uint64_t> total;
  friend bool operator==(const ContentRange&, const ContentRange&) = default;
};
// Nothing when it is not exactly one of these.
std::optional<ContentRange> parse_content_range(std::string_view value);

// What tells one state of a server's file from another for sure: a strong ETag, else the time of
// its last change; empty when there is neither.
std::string validator_of(const HttpHead& head);
// False when one of them says nothing.
bool is_other_validator(const std::string& one, const std::string& other);

// REQUIRES: neither a redirect nor the whole file.
Failure failure_of_status(const HttpHead& head, std::chrono::system_clock::time_point now);

// No answer, or one that was cut off. `explained` is libcurl's text; `ca_file` the one of the
// options.
Failure failure_of_curl(CURLcode code, const std::string& explained, const std::string& ca_file);

// What arrived in place of the file, or lies there.
struct Arrived {
  std::string_view first_bytes;  // up to k_first_bytes
  std::string_view content_type;
  std::string_view content_encoding;
};
// Enough to know a web page or a Git LFS pointer.
inline constexpr std::size_t k_first_bytes = 512;

// "an HTML page", "a Git LFS pointer"; nothing when the bytes look like neither. A catalogued file
// may be either in all honesty, so this is asked only when size or digest differ.
std::optional<std::string_view> impostor_of(const Arrived& arrived);

// `told`: what the server announced or sent, as "announces 12" or "has 12".
Failure failure_of_size(const Arrived& arrived, const std::string& told, ByteCount catalogued);
Failure failure_of_digest(const Arrived& arrived, const Digest& found, const Digest& catalogued);

}  // namespace modelhub::transfer
