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
#include "transfer/byte_ranges.h"
#include "transfer/url.h"

namespace modelhub::transfer {

struct TransferOptions;

using MultiHandle = std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)>;
// libcurl itself is set up with the first.
MultiHandle make_multi();

// A thread of a library must not run the program's signal handlers, and OpenSSL writes to closed
// sockets (SIGPIPE). Of the calling thread.
void block_signals();

// What a server says before the body, as far as it matters here.
struct HttpHead {
  long status = 0;
  std::optional<std::uint64_t>
      content_length;  // not when the body is chunked: then it means nothing
  std::string content_type;
  std::string content_encoding;
  std::string content_range;
  std::string accept_ranges;
  std::string etag;
  std::string last_modified;
  std::string location;
  std::string retry_after;
  bool is_chunked = false;
  bool is_complete = false;
};

// What to ask for.
struct HttpRequestPlan {
  const Url& url;
  std::optional<ByteRange> range = std::nullopt;  // nothing: the whole file, without a Range header
  std::string if_range = {};                      // the validator that the range belongs to
  // Small files of one host share one connection where HTTP/2 is offered. A large one is better
  // served by connections of its own: a host limits the rate of each.
  bool is_small = false;
  // Bytes; 0: no limit. For an exchange that the limit of all downloads does not watch.
  std::uint64_t most_per_second = 0;
};

// What the receiver of a body wants next.
enum class Take {
  go_on,
  pause,  // the same bytes come again after resume()
  stop,   // the exchange ends
};

// One request and its answer on a CURLM. No redirect is followed and nothing is retried here.
//
// Ownership:     in the CURLM from construction to destruction; borrows the options and receiver.
// Thread safety: one thread; the one that owns the CURLM. Not destroyed inside one of its own
//                callbacks.
class HttpExchange {
 public:
  // Told what arrives, inside curl_multi_perform() or resume(). `false` ends the exchange.
  class Receiver {
   public:
    virtual ~Receiver() = default;
    virtual bool on_head(const HttpHead& head) = 0;
    virtual Take on_body(std::span<const std::byte> bytes) = 0;
  };

  HttpExchange(CURLM* multi, const HttpRequestPlan& plan, const TransferOptions& options,
               Receiver& receiver);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  // The receiver of the exchange that this handle belongs to.
  static Receiver* receiver_of(CURL* handle);

  // After a body was paused. Not inside a callback of this exchange. Anything but CURLE_OK: the
  // exchange is over, and libcurl will not say so again.
  [[nodiscard]] CURLcode resume();

  // What libcurl says about `code` in this exchange, for people.
  std::string explain(CURLcode code) const;
  // It went over a connection that an earlier exchange had left: what that one's answer had too
  // much may have been taken for the head of this one's. REQUIRES: it has ended.
  bool was_connection_kept() const;
  // More than the server may send before the body.
  bool has_endless_head() const { return head_bytes_ > k_max_head_bytes; }

  // Patience: before the connection stands libcurl's own connect timeout counts, and this is
  // nothing.
  std::optional<std::chrono::steady_clock::time_point> connected_at() const {
    return connected_at_;
  }
  std::chrono::steady_clock::time_point last_activity() const { return last_activity_; }
  // From here to the server and back, as far as this exchange could tell.
  std::chrono::milliseconds round_trip() const;

 private:
  static constexpr std::size_t k_max_head_bytes = 256 * 1024;  // no honest server comes near

  void set_options(const HttpRequestPlan& plan, const TransferOptions& options);
  void add_header(const std::string& line);
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
