// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/url.h"

#include <algorithm>

#include "base/hasher.h"
#include "target.h"

namespace {

using namespace modelhub;
using transfer::Url;

// Nothing that a terminal would obey.
bool is_printable(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (c < 0x20 || c == 0x7f || (c == 0xC2 && next >= 0x80 && next < 0xA0)) return false;
  }
  return true;
}

void look_at(const Url& url) {
  MODELHUB_FUZZ_REQUIRE(url.scheme == "https" || url.scheme == "http" || url.scheme == "file");
  MODELHUB_FUZZ_REQUIRE(is_printable(url.shown) && is_printable(url.text));
  MODELHUB_FUZZ_REQUIRE(url.text.find('#') == std::string::npos);
  MODELHUB_FUZZ_REQUIRE(url.is_file() == url.origin.starts_with("file:"));
  if (url.is_file()) return;
  // No credentials in what is fetched, shown or compared.
  const std::size_t host = url.scheme.size() + 3;
  MODELHUB_FUZZ_REQUIRE(url.text.substr(0, host) == url.scheme + "://");
  const std::string authority = url.text.substr(host, url.text.find_first_of("/?", host) - host);
  MODELHUB_FUZZ_REQUIRE(authority.find('@') == std::string::npos);
  MODELHUB_FUZZ_REQUIRE(url.origin.starts_with(url.scheme + "://"));
  const Result<Url> again = transfer::parse_url(url.text);
  MODELHUB_FUZZ_REQUIRE(again.has_value());
  MODELHUB_FUZZ_REQUIRE(again->origin == url.origin && again->text == url.text);
  MODELHUB_FUZZ_REQUIRE(again->user.empty() && again->password.empty());
}

}  // namespace

// The first line is a source, the second where a server says it leads.
MODELHUB_FUZZ_TARGET(url) {
  const std::size_t end = std::min(input.find('\n'), input.size());
  const std::string_view first = input.substr(0, end);
  const std::string_view second = input.substr(std::min(end + 1, input.size()));
  MODELHUB_FUZZ_REQUIRE(is_printable(transfer::redacted(second)));
  (void)transfer::mirror_url(first, base::sha256_of("x"));
  const Result<Url> from = transfer::parse_url(first);
  if (!from) {
    MODELHUB_FUZZ_REQUIRE(is_printable(from.error().message));
    return;
  }
  look_at(*from);
  const Result<Url> to = transfer::follow_redirect(*from, second);
  if (!to) {
    MODELHUB_FUZZ_REQUIRE(is_printable(to.error().message));
    return;
  }
  look_at(*to);
  MODELHUB_FUZZ_REQUIRE(!to->is_file());
  MODELHUB_FUZZ_REQUIRE(from->scheme != "https" || to->scheme == "https");
  MODELHUB_FUZZ_REQUIRE(to->origin == from->origin || (to->user.empty() && to->password.empty()));
}
