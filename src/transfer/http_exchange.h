// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "base/clock.h"
#include "transfer/url.h"

namespace modelhub::transfer {

struct TransferOptions;

// What a server says before the body, as far as it matters here.
struct HttpHead {
  long status = 0;
  std::optional<std::uint64_t> content_length;
  std::string content_type;
  std::string content_encoding;
  std::string location;
  std::string retry_after;
  bool is_complete = false;
};

// One request and its answer on a CURLM. No redirect is followed and nothing is retried here.
//
// Ownership:     in the CURLM from construction to destruction; borrows all that the constructor
// takes. Thread safety: one thread; the one that owns the CURLM. Not destroyed inside one of its
// own callbacks.
class HttpExchange {
 public:
  // Told what arrives, inside curl_multi_perform(). An answer `false` ends the exchange.
  class Receiver {
   public:
    virtual ~Receiver() = default;
    virtual bool on_head(const HttpHead& head) = 0;
    virtual bool on_body(std::span<const std::byte> bytes) = 0;
  };

  HttpExchange(CURLM* multi, const Url& url, const TransferOptions& options, Receiver& receiver);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  // The receiver of the exchange that this handle belongs to.
  static Receiver* receiver_of(CURL* handle);

  // What libcurl says about `code` in this exchange, for people.
  std::string explain(CURLcode code) const;
  // More than the server may send before the body.
  bool has_endless_head() const { return head_bytes_ > k_max_head_bytes; }

  // Patience: before the connection stands libcurl's own connect timeout counts, and this is
  // nothing.
  std::optional<std::chrono::steady_clock::time_point> connected_at() const {
    return connected_at_;
  }
  std::chrono::steady_clock::time_point last_activity() const { return last_activity_; }

 private:
  static constexpr std::size_t k_max_head_bytes = 256 * 1024;  // no honest server comes near

  void set_options(const Url& url, const TransferOptions& options);
  bool take_header_line(std::string_view line);
  static std::size_t on_curl_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_curl_body(char* data, std::size_t size, std::size_t count, void* self);
  static int on_curl_connected(void* self, char* primary_ip, char* local_ip, int primary_port,
                               int local_port);

  CURLM* const multi_;
  Receiver& receiver_;
  const base::Clock& clock_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle_;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  HttpHead head_;
  std::size_t head_bytes_ = 0;
  std::optional<std::chrono::steady_clock::time_point> connected_at_;
  std::chrono::steady_clock::time_point last_activity_;
};

}  // namespace modelhub::transfer
