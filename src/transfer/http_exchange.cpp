// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/http_exchange.h"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <new>
#include <system_error>

#include "transfer/transfer.h"

namespace modelhub::transfer {
namespace {

// What libcurl reads at once: fewer system calls at high rates. 16 of them is what a host may have
// open. For small files malloc() would ask the kernel for each anew.
constexpr long k_receive_buffer_bytes = 256 * 1024;
constexpr long k_small_receive_buffer_bytes = 64 * 1024;

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

// The authorities of this file or folder in place of those that libcurl was built to use.
void trust_only(CURL* curl, const std::string& authorities) {
  if (authorities.empty()) return;
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(authorities, error);
  curl_easy_setopt(curl, CURLOPT_CAINFO, is_folder ? nullptr : authorities.c_str());
  if (is_folder) curl_easy_setopt(curl, CURLOPT_CAPATH, authorities.c_str());
}

}  // namespace

// The set-up must happen once in a process; it is never undone, since others may use libcurl too.
MultiHandle make_multi() {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  MultiHandle multi(initialised == CURLE_OK ? curl_multi_init() : nullptr, &curl_multi_cleanup);
  if (!multi) throw std::bad_alloc();
  return multi;
}

void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

HttpExchange::HttpExchange(CURLM* multi, const HttpRequestPlan& plan,
                           const TransferOptions& options, Receiver& receiver)
    : multi_(multi),
      receiver_(receiver),
      clock_(*options.clock),
      handle_(curl_easy_init(), &curl_easy_cleanup),
      headers_(nullptr, &curl_slist_free_all),
      last_activity_(options.clock->steady_now()) {
  if (!handle_) throw std::bad_alloc();
  set_options(plan, options);
  curl_multi_add_handle(multi_, handle_.get());
}

HttpExchange::~HttpExchange() { curl_multi_remove_handle(multi_, handle_.get()); }

void HttpExchange::add_header(const std::string& line) {
  curl_slist* const longer = curl_slist_append(headers_.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  (void)headers_.release();
  headers_.reset(longer);
}

void HttpExchange::set_options(const HttpRequestPlan& plan, const TransferOptions& options) {
  const Url& url = plan.url;
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
  add_header("Accept-Encoding: identity");
  if (!url.token.empty()) add_header("Authorization: Bearer " + url.token);
  if (plan.range) {
    add_header("Range: bytes=" + std::to_string(plan.range->from) + "-" +
               std::to_string(plan.range->to - 1));
    if (!plan.if_range.empty()) add_header("If-Range: " + plan.if_range);
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION,
                   plan.is_small ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_PIPEWAIT, plan.is_small ? 1L : 0L);
  trust_only(curl, options.ca_file);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  // A proxy's answer to CONNECT is not the server's.
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE,
                   plan.is_small ? k_small_receive_buffer_bytes : k_receive_buffer_bytes);
  if (plan.most_per_second > 0) {
    curl_easy_setopt(curl, CURLOPT_MAX_RECV_SPEED_LARGE,
                     static_cast<curl_off_t>(plan.most_per_second));
  }
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

CURLcode HttpExchange::resume() {
  last_activity_ = clock_.steady_now();
  return curl_easy_pause(handle_.get(), CURLPAUSE_CONT);
}

std::chrono::milliseconds HttpExchange::round_trip() const {
  const auto time_of = [&](CURLINFO what) {
    curl_off_t microseconds = 0;
    curl_easy_getinfo(handle_.get(), what, &microseconds);
    return microseconds;
  };
  // The TCP handshake says it exactly, but only as far as a proxy, and only for a new connection.
  // What passes until the answer begins is never less, and has the server's own time in it.
  const curl_off_t handshake =
      time_of(CURLINFO_CONNECT_TIME_T) - time_of(CURLINFO_NAMELOOKUP_TIME_T);
  const curl_off_t until_answer =
      time_of(CURLINFO_STARTTRANSFER_TIME_T) - time_of(CURLINFO_PRETRANSFER_TIME_T);
  const curl_off_t time = std::max(handshake, until_answer / 2);
  return std::chrono::milliseconds(std::max<curl_off_t>(time, 0) / 1000);
}

bool HttpExchange::was_connection_kept() const {
  long connects = 1;
  curl_easy_getinfo(handle_.get(), CURLINFO_NUM_CONNECTS, &connects);
  return connects == 0;
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
    if (head_.is_chunked) head_.content_length.reset();
    return receiver_.on_head(head_);
  }
  const std::string value(trimmed(line.substr(std::min(line.find(':') + 1, line.size()))));
  if (is_header(line, "content-length:")) head_.content_length = to_number<std::uint64_t>(value);
  if (is_header(line, "transfer-encoding:")) head_.is_chunked = true;
  if (is_header(line, "content-type:")) head_.content_type = value;
  if (is_header(line, "content-encoding:")) head_.content_encoding = value;
  if (is_header(line, "content-range:")) head_.content_range = value;
  if (is_header(line, "accept-ranges:")) head_.accept_ranges = value;
  if (is_header(line, "etag:")) head_.etag = value;
  if (is_header(line, "last-modified:")) head_.last_modified = value;
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
  switch (exchange.receiver_.on_body(std::as_bytes(bytes))) {
    case Take::go_on: return bytes.size();
    case Take::pause: return CURL_WRITEFUNC_PAUSE;
    case Take::stop: break;
  }
  // Fewer than came, which libcurl takes for an error; also where nothing came.
  return bytes.empty() ? 1 : 0;
}

int HttpExchange::on_curl_connected(void* self, char*, char*, int, int) {
  auto& exchange = *static_cast<HttpExchange*>(self);
  exchange.connected_at_ = exchange.last_activity_ = exchange.clock_.steady_now();
  return CURL_PREREQFUNC_OK;
}

}  // namespace modelhub::transfer
