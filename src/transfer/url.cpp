// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/url.h"

#include <algorithm>
#include <memory>
#include <new>
#include <optional>

#include <curl/curl.h>

namespace modelhub::transfer {
namespace {

// libcurl's URL parser, so that what is checked here is what is fetched there.
class CurlUrl {
 public:
  CurlUrl() : handle_(curl_url(), &curl_url_cleanup) {
    if (!handle_) throw std::bad_alloc();
  }

  // The reason when the text is refused.
  std::optional<std::string> set(CURLUPart part, const char* text, unsigned flags = 0) {
    const CURLUcode code = curl_url_set(handle_.get(), part, text, flags);
    if (code == CURLUE_OK) return std::nullopt;
    return curl_url_strerror(code);
  }

  // Empty when there is no such part.
  std::string get(CURLUPart part, unsigned flags = 0) const {
    char* raw = nullptr;
    if (curl_url_get(handle_.get(), part, &raw, flags) != CURLUE_OK) return {};
    std::string text = raw;
    curl_free(raw);
    return text;
  }

 private:
  std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> handle_;
};

constexpr unsigned k_set_flags = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE;

Error not_a_url(std::string_view text, const std::string& reason) {
  return {ErrorCode::invalid_argument, Subject::network,
          "\"" + redacted(text) + "\" is not a URL that can be fetched: " + reason,
          "a source looks like https://host/path, http://host/path or file:///path"};
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

// Control characters become '?', also those above ASCII (as UTF-8 writes them): a terminal would
// obey them.
std::string without_controls(std::string text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    const bool is_c1 = c == 0xC2 && next >= 0x80 && next < 0xA0;
    if (c < 0x20 || c == 0x7f || is_c1) text[i] = '?';
    if (is_c1) text[++i] = '?';
  }
  return text;
}

Result<Url> take_apart(CurlUrl& parts) {
  Url url;
  url.scheme = lower(parts.get(CURLUPART_SCHEME));
  url.user = parts.get(CURLUPART_USER, CURLU_URLDECODE);
  url.password = parts.get(CURLUPART_PASSWORD, CURLU_URLDECODE);
  parts.set(CURLUPART_USER, nullptr);
  parts.set(CURLUPART_PASSWORD, nullptr);
  parts.set(CURLUPART_OPTIONS, nullptr);
  parts.set(CURLUPART_FRAGMENT, nullptr);
  url.text = parts.get(CURLUPART_URL);
  const bool has_query = !parts.get(CURLUPART_QUERY).empty();
  parts.set(CURLUPART_QUERY, nullptr);
  url.shown = parts.get(CURLUPART_URL) + (has_query ? "?..." : "");
  // libcurl decodes the %7f of a host.
  if (url.shown != without_controls(url.shown))
    return not_a_url(url.shown, "it holds a control character");
  if (url.scheme == "file") {
    url.origin = "file://";
    url.file_path = parts.get(CURLUPART_PATH, CURLU_URLDECODE);
    if (url.file_path.empty())
      return not_a_url(url.shown, "its path cannot be a path of this machine");
    return url;
  }
  if (url.scheme != "https" && url.scheme != "http") {
    return Error(ErrorCode::unsupported, Subject::network,
                 url.shown + " has the scheme \"" + url.scheme + "\", which modelhub cannot fetch",
                 "give a https://, http:// or file:// source");
  }
  url.origin = url.scheme + "://" + lower(parts.get(CURLUPART_HOST)) + ":" +
               parts.get(CURLUPART_PORT, CURLU_DEFAULT_PORT);
  return url;
}

std::optional<std::string> set_whole(CurlUrl& parts, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return "it holds a NUL byte";
  if (!text.starts_with('/')) {
    return parts.set(CURLUPART_URL, std::string(text).c_str(), k_set_flags);
  }
  if (auto reason = parts.set(CURLUPART_URL, "file:///")) return reason;
  return parts.set(CURLUPART_PATH, std::string(text).c_str(), CURLU_URLENCODE);
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  CurlUrl parts;
  if (const auto reason = set_whole(parts, text)) return not_a_url(text, *reason);
  return take_apart(parts);
}

Result<Url> follow_redirect(const Url& from, std::string_view location) {
  CurlUrl parts;
  if (const auto reason = set_whole(parts, from.text)) return not_a_url(from.text, *reason);
  if (const auto reason = parts.set(CURLUPART_URL, std::string(location).c_str(), k_set_flags)) {
    return not_a_url(location, *reason);
  }
  Result<Url> to = take_apart(parts);
  if (!to) return to;
  if (to->is_file() || (from.scheme == "https" && to->scheme == "http")) {
    return Error(ErrorCode::unavailable, Subject::network,
                 "leads from " + from.scheme + " to " + to->scheme + " (" + to->shown +
                     "), which is refused");
  }
  // A token belongs to scheme, host and port. Credentials that a server wrote into its answer are
  // not the user's.
  const bool stays = to->origin == from.origin;
  to->user = stays ? from.user : "";
  to->password = stays ? from.password : "";
  to->token = stays ? from.token : "";
  return to;
}

Result<Url> mirror_url(std::string_view base, const Digest& digest) {
  CurlUrl parts;
  if (const auto reason = set_whole(parts, base)) return not_a_url(base, *reason);
  std::string path = parts.get(CURLUPART_PATH);
  while (path.ends_with('/')) path.pop_back();
  path += "/sha256/" + digest.hex();
  if (const auto reason = parts.set(CURLUPART_PATH, path.c_str())) return not_a_url(base, *reason);
  return take_apart(parts);
}

Result<std::string> origin_of(std::string_view text) {
  Result<Url> url = parse_url(text);
  if (!url) return std::move(url).error();
  if (url->is_file()) return not_a_url(text, "a token belongs to a host");
  return std::move(url->origin);
}

std::string redacted(std::string_view text) {
  std::string shown(text.substr(0, text.find_first_of("?#")));
  const std::size_t at = shown.rfind('@');
  if (at != std::string::npos) {
    const std::size_t slashes = shown.find("//");
    const std::size_t from = slashes == std::string::npos || slashes > at ? 0 : slashes + 2;
    shown.erase(from, at + 1 - from);
  }
  return without_controls(std::move(shown));
}

}  // namespace modelhub::transfer
