// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "modelhub/digest.h"
#include "modelhub/result.h"

namespace modelhub::transfer {

// A URL taken apart once. Its credentials are kept away from everything that could be shown.
//
// Thread safety: a value.
struct Url {
  std::string text;  // what is fetched: without credentials and fragment
  std::string
      shown;  // what people see: also without the query, where signed URLs carry their secrets
  std::string scheme;     // "https", "http" or "file"
  std::string origin;     // "https://host:443": what connections, pauses and credentials belong to
  std::string file_path;  // decoded; only when the scheme is file
  std::string user;
  std::string password;
  std::string token;  // goes with the origin, as an Authorization header; never shown

  bool is_file() const { return scheme == "file"; }
};

// Accepts https, http and file URLs, and an absolute path as the file URL it stands for.
// Errors: invalid_argument (not a URL), unsupported (another scheme); Subject::network; no
// credentials in the message.
Result<Url> parse_url(std::string_view text);

// Where `location`, as a server wrote it, leads from `from`. Credentials stay only when the origin
// does. Errors: as parse_url; unavailable when https would become http, or the network a file.
Result<Url> follow_redirect(const Url& from, std::string_view location);

// <base>/sha256/<hex>; a query of the base stays at the end. Errors: as parse_url.
Result<Url> mirror_url(std::string_view base, const Digest& digest);

// "https://host:443" of a URL of the network. Errors: as parse_url.
Result<std::string> origin_of(std::string_view text);

// A text that may not even be a URL, fit to be shown.
std::string redacted(std::string_view text);

}  // namespace modelhub::transfer
