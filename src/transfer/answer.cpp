// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/answer.h"

#include <algorithm>
#include <charconv>

#include "transfer/retry_policy.h"

namespace modelhub::transfer {
namespace {

constexpr std::string_view k_mirror_hint = "name another source with --mirror or MODELHUB_MIRRORS";

std::string_view meaning_of(long status) {
  switch (status) {
    case 401: return " (credentials wanted)";
    case 403: return " (forbidden)";
    case 404: return " (not found)";
    case 407: return " (the proxy wants credentials)";
    case 408: return " (request timed out)";
    case 410: return " (gone)";
    case 429: return " (too many requests)";
    case 451: return " (withheld for legal reasons)";
    case 500: return " (server error)";
    case 502: return " (bad gateway)";
    case 503: return " (service unavailable)";
    case 504: return " (gateway timed out)";
    default: return "";
  }
}

bool may_pass(long status) {
  // 501 and 505 say "never"; the other 5xx say "not now".
  if (status >= 500) return status != 501 && status != 505;
  return status == 408 || status == 425 || status == 429;
}

std::string ca_store(const std::string& ca_file) {
  if (!ca_file.empty()) return ca_file;
  const curl_version_info_data* const info = curl_version_info(CURLVERSION_NOW);
#if LIBCURL_VERSION_NUM >= 0x074600
  if (info->cainfo != nullptr) return info->cainfo;
  if (info->capath != nullptr) return info->capath;
#endif
  return std::string("the store of ") +
         (info->ssl_version != nullptr ? info->ssl_version : "libcurl");
}

Failure not_trusted(const std::string& explained, const std::string& ca_file) {
  Failure failure;
  failure.code = ErrorCode::unavailable;
  failure.reason = "could not prove who it is (TLS): " + explained;
  failure.hint = "certificates are checked against " + ca_store(ca_file) +
                 "; if a private authority signed this one, name its PEM file with --cacert FILE";
  return failure;
}

bool starts_with_lower(std::string_view text, std::string_view lower_case) {
  return text.size() >= lower_case.size() &&
         std::equal(lower_case.begin(), lower_case.end(), text.begin(), [](char l, char c) {
           return l == (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
         });
}

Failure not_the_catalogued_file(const Arrived& arrived, std::string reason) {
  Failure failure;
  failure.subject = Subject::model;
  if (const std::optional<std::string_view> impostor = impostor_of(arrived)) {
    failure.code = ErrorCode::corrupt_data;
    failure.reason =
        "sent " + std::string(*impostor) + " in place of the file: it " + std::move(reason);
    failure.hint =
        *impostor == "an HTML page"
            ? "open the address in a browser: it may want a login or lead elsewhere; "
            : "the address must be that of the file itself, not of its place in a Git repository; ";
  } else {
    failure.code = ErrorCode::checksum_mismatch;
    failure.reason = std::move(reason);
    if (!arrived.content_encoding.empty())
      failure.reason += " (it came with a content encoding nobody asked for)";
    failure.hint = "the server's file is not the catalogued one; ";
  }
  failure.hint += k_mirror_hint;
  return failure;
}

// Takes decimal digits off the front; nothing when there is none or they are too many.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take_word(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view value) {
  ContentRange content;
  if (value.size() < 6 || !starts_with_lower(value, "bytes ")) return std::nullopt;
  value.remove_prefix(6);
  if (!take_word(value, "*")) {
    const std::optional<std::uint64_t> first = take_number(value);
    if (!first || !take_word(value, "-")) return std::nullopt;
    const std::optional<std::uint64_t> last = take_number(value);
    if (!last || *last < *first || *last == UINT64_MAX) return std::nullopt;
    content.range = ByteRange{*first, *last + 1};
  }
  if (!take_word(value, "/")) return std::nullopt;
  if (!take_word(value, "*")) {
    content.total = take_number(value);
    if (!content.total) return std::nullopt;
  }
  const bool says_something = content.range || content.total;
  const bool fits = !content.range || !content.total || content.range->to <= *content.total;
  if (!value.empty() || !says_something || !fits) return std::nullopt;
  return content;
}

std::string validator_of(const HttpHead& head) {
  const std::string& tag = head.etag;
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') return tag;
  return head.last_modified;
}

bool is_other_validator(const std::string& one, const std::string& other) {
  if (one.empty() || other.empty()) return false;
  const bool are_alike = (one.front() == '"') == (other.front() == '"');  // two tags or two dates
  return are_alike && one != other;
}

bool is_redirect(const HttpHead& head) {
  const long s = head.status;
  return (s == 301 || s == 302 || s == 303 || s == 307 || s == 308) && !head.location.empty();
}

bool is_whole_file(const HttpHead& head) {
  // 203: a proxy touched it on the way; the digest decides.
  return head.status == 200 || head.status == 203;
}

Failure failure_of_status(const HttpHead& head, std::chrono::system_clock::time_point now) {
  const long status = head.status;
  Failure failure;
  failure.code = ErrorCode::unavailable;
  failure.reason = "answered " + std::to_string(status) + std::string(meaning_of(status));
  if (status == 401 || status == 403 || status == 407) {
    failure.code = ErrorCode::unauthorized;
    failure.hint = "check the credentials, or accept the model's terms where it is offered; or ";
    failure.hint += k_mirror_hint;
  } else if (status == 404 || status == 410) {
    failure.code = ErrorCode::not_found;
    failure.hint = k_mirror_hint;
  } else if (may_pass(status)) {
    failure.remedy = Remedy::retry;
    failure.is_host_busy = status == 429 || status == 503;
    failure.retry_after = parse_retry_after(head.retry_after, now);
    if (failure.retry_after) {
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(*failure.retry_after).count();
      failure.reason += " and asks to wait " + std::to_string(seconds) + " s";
    }
    failure.hint = "try again later, or " + std::string(k_mirror_hint);
  } else {
    failure.reason += ", which is no answer to what was asked";
    failure.hint = k_mirror_hint;
  }
  return failure;
}

Failure failure_of_curl(CURLcode code, const std::string& explained, const std::string& ca_file) {
  Failure failure;
  failure.code = ErrorCode::unavailable;
  failure.remedy = Remedy::retry;
  failure.hint = "try again later, or " + std::string(k_mirror_hint);
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_INVALIDCERTSTATUS: return not_trusted(explained, ca_file);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
      failure.reason = "could not be reached: " + explained;
      failure.is_host_unreachable = true;
      failure.hint =
          "check the network and the proxy settings; --offline uses what is installed, --mirror "
          "names "
          "another source";
      return failure;
    case CURLE_OPERATION_TIMEDOUT:
      failure.code = ErrorCode::timed_out;
      failure.reason = "could not be reached in time: " + explained;
      failure.is_host_unreachable = true;
      return failure;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_OUT_OF_MEMORY:  // also what libcurl before 8.6 says of a header line above 100 KB
    case CURLE_BAD_CONTENT_ENCODING:
      failure.reason = "sent an answer that is not proper HTTP: " + explained;
      failure.remedy = Remedy::next_source;
      return failure;
    default: failure.reason = "broke off: " + explained; return failure;
  }
}

std::optional<std::string_view> impostor_of(const Arrived& arrived) {
  std::string_view text = arrived.first_bytes;
  if (text.starts_with("version https://git-lfs.github.com/spec/v1")) return "a Git LFS pointer";
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (starts_with_lower(text, "<!doctype html") || starts_with_lower(text, "<html") ||
      starts_with_lower(arrived.content_type, "text/html")) {
    return "an HTML page";
  }
  return std::nullopt;
}

Failure failure_of_size(const Arrived& arrived, const std::string& told, ByteCount catalogued) {
  return not_the_catalogued_file(
      arrived, told + " bytes where the catalog says " + std::to_string(catalogued.count()));
}

Failure failure_of_digest(const Arrived& arrived, const Digest& found, const Digest& catalogued) {
  return not_the_catalogued_file(
      arrived, "has the SHA-256 " + found.hex() + " where the catalog says " + catalogued.hex());
}

}  // namespace modelhub::transfer
