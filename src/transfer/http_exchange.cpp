// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/http_exchange.h"

#include <algorithm>
#include <charconv>
#include <new>

#include "transfer/transfer.h"

namespace modelhub::transfer {
namespace {

// What libcurl reads at once: fewer system calls at high rates. 16 of them is what a host may have
// open.
constexpr long k_receive_buffer_bytes = 256 * 1024;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view k_blank = " \t\r\n";
  const std::size_t from = text.find_first_not_of(k_blank);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(k_blank) - from + 1);
}

// `name` is lower case and ends with a colon.
bool is_header(std::string_view line, std::string_view name) {
  return line.size() >= name.size() &&
         std::equal(name.begin(), name.end(), line.begin(), [](char n, char c) {
           return n == (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
         });
}

template <class Number>
std::optional<Number> to_number(std::string_view text) {
  Number number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

HttpExchange::HttpExchange(CURLM* multi, const Url& url, const TransferOptions& options,
                           Receiver& receiver)
    : multi_(multi),
      receiver_(receiver),
      clock_(*options.clock),
      handle_(curl_easy_init(), &curl_easy_cleanup),
      headers_(curl_slist_append(nullptr, "Accept-Encoding: identity"), &curl_slist_free_all),
      last_activity_(options.clock->steady_now()) {
  if (!handle_ || !headers_) throw std::bad_alloc();
  set_options(url, options);
  curl_multi_add_handle(multi_, handle_.get());
}

HttpExchange::~HttpExchange() { curl_multi_remove_handle(multi_, handle_.get()); }

void HttpExchange::set_options(const Url& url, const TransferOptions& options) {
  CURL* const curl = handle_.get();
  curl_easy_setopt(curl, CURLOPT_URL, url.text.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  if (!url.user.empty() || !url.password.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, url.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, url.password.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_USERAGENT, options.user_agent.c_str());
  // Asked for, and nothing is decoded: the catalogued digest is that of the bytes as they lie on
  // the server.
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers_.get());
  if (!options.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  // A proxy's answer to CONNECT is not the server's.
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, k_receive_buffer_bytes);
#if LIBCURL_VERSION_NUM >= 0x075700
  // Cancelling must not wait for a name server that does not answer.
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
#endif
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_text_.data());
  curl_easy_setopt(curl, CURLOPT_PRIVATE, static_cast<void*>(&receiver_));
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &HttpExchange::on_curl_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &HttpExchange::on_curl_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, &HttpExchange::on_curl_connected);
  curl_easy_setopt(curl, CURLOPT_PREREQDATA, this);
}

HttpExchange::Receiver* HttpExchange::receiver_of(CURL* handle) {
  char* receiver = nullptr;
  curl_easy_getinfo(handle, CURLINFO_PRIVATE, &receiver);
  return static_cast<Receiver*>(static_cast<void*>(receiver));
}

std::string HttpExchange::explain(CURLcode code) const {
  return error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(code);
}

bool HttpExchange::take_header_line(std::string_view line) {
  last_activity_ = clock_.steady_now();
  head_bytes_ += line.size();
  if (has_endless_head()) return false;
  if (head_.is_complete) return true;  // a trailer behind a chunked body
  if (line.starts_with("HTTP/")) {
    head_ = HttpHead();
    const std::string_view rest = trimmed(line.substr(std::min(line.find(' '), line.size())));
    head_.status = to_number<long>(rest.substr(0, 3)).value_or(0);
    return true;
  }
  if (trimmed(line).empty()) {
    if (head_.status < 200) return true;  // 1xx: the answer proper follows
    head_.is_complete = true;
    return receiver_.on_head(head_);
  }
  const std::string value(trimmed(line.substr(std::min(line.find(':') + 1, line.size()))));
  if (is_header(line, "content-length:")) head_.content_length = to_number<std::uint64_t>(value);
  if (is_header(line, "content-type:")) head_.content_type = value;
  if (is_header(line, "content-encoding:")) head_.content_encoding = value;
  if (is_header(line, "location:")) head_.location = value;
  if (is_header(line, "retry-after:")) head_.retry_after = value;
  return true;
}

std::size_t HttpExchange::on_curl_header(char* data, std::size_t size, std::size_t count,
                                         void* self) {
  const std::string_view line(data, size * count);
  return static_cast<HttpExchange*>(self)->take_header_line(line) ? line.size() : 0;
}

std::size_t HttpExchange::on_curl_body(char* data, std::size_t size, std::size_t count,
                                       void* self) {
  auto& exchange = *static_cast<HttpExchange*>(self);
  exchange.last_activity_ = exchange.clock_.steady_now();
  const std::span<const char> bytes(data, size * count);
  return exchange.receiver_.on_body(std::as_bytes(bytes)) ? bytes.size() : 0;
}

int HttpExchange::on_curl_connected(void* self, char*, char*, int, int) {
  auto& exchange = *static_cast<HttpExchange*>(self);
  exchange.connected_at_ = exchange.last_activity_ = exchange.clock_.steady_now();
  return CURL_PREREQFUNC_OK;
}

}  // namespace modelhub::transfer
