// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/stream.h"

namespace modelhub::test {

struct HttpRequest {
  std::string method;
  std::string target;                          // path and query, as sent
  std::map<std::string, std::string> headers;  // names in lower case
  std::uint64_t connection = 0;                // on which it came, counted from 0
  std::uint64_t body_bytes = 0;                // of its answer, handed to the socket so far
};

// How the server treats one request, well or badly. The with_... functions chain.
struct HttpReply {
  enum class Framing { content_length, chunked, until_close };
  enum class Ending {
    as_framed,  // all of the body; the connection stays open where HTTP lets it
    close,      // an orderly end of the connection, wherever the body is
    reset,      // RST
    stall,      // silence until the client goes
  };

  int status = 200;
  std::string version = "HTTP/1.1";
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<const std::string> body = std::make_shared<const std::string>();
  std::uint64_t body_from = 0;              // a part of `body` is sent: from here,
  std::optional<std::uint64_t> body_bytes;  // so much; all that is left when not set
  Framing framing = Framing::content_length;
  std::optional<std::uint64_t> claimed_length;  // a Content-Length that lies
  Ending ending = Ending::as_framed;
  std::optional<std::uint64_t> end_after;  // body bytes; all of them when not set
  bool ends_before_head = false;           // `ending` strikes before the first byte of the answer
  bool ends_in_head = false;               // `ending` strikes in the middle of a header line
  bool has_endless_head = false;           // a header line after each pause
  bool has_endless_body = false;           // repeats the body until the client goes
  std::size_t drip_bytes = 0;              // so many bytes, then a pause; 0: as fast as it goes
  std::chrono::milliseconds drip_pause{0};
  std::uint64_t drip_from = 0;  // body bytes that go fast before
  // Body bytes that are left for this and other answers: silence when they are spent. UINT64_MAX is
  // no limit.
  std::shared_ptr<std::atomic<std::uint64_t>> budget;

  HttpReply with_status(int s) &&;
  HttpReply with_header(std::string name, std::string value) &&;
  HttpReply with_framing(Framing f) &&;
  HttpReply with_claimed_length(std::uint64_t length) &&;
  HttpReply with_version(std::string v) &&;
  HttpReply ending_with(Ending e, std::uint64_t after_bytes) &&;
  HttpReply ending_before_head(Ending e) &&;
  HttpReply ending_in_head(Ending e) &&;
  HttpReply with_endless_head() &&;
  HttpReply with_endless_body() &&;
  HttpReply dripping(std::size_t bytes, std::chrono::milliseconds pause) &&;
  // The part of the body that is sent.
  std::string_view part() const;
};

HttpReply file_reply(std::string body);
HttpReply status_reply(int status, std::string body = "");
HttpReply redirect_reply(int status, std::string location);

// The same bytes with one bit changed.
std::string flipped(std::string body, std::size_t at);

// An HTTP/1.1 server on a real socket of 127.0.0.1 that misbehaves on script and remembers what it
// was asked.
//
// Unknown paths answer 404. A script's last reply repeats.
//
// Thread safety: all methods from any thread.
class HttpServer {
 public:
  enum class Tls { no, yes };
  using Handler = std::function<HttpReply(const HttpRequest&)>;

  explicit HttpServer(Tls tls = Tls::no);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // `path` without a query.
  void on(const std::string& path, std::vector<HttpReply> script);
  void on(const std::string& path, HttpReply reply) { on(path, std::vector{std::move(reply)}); }
  void on(const std::string& path, Handler handler);
  // Serves <folder>/sha256/* under /sha256/*, as a mirror does.
  void serve_mirror(std::string folder);

  // "http://127.0.0.1:1234/path"
  std::string url(std::string_view path) const;
  std::string host_and_port() const;
  // Of a TLS server: what a client must trust to talk to it.
  const std::string& certificate_pem() const { return identity_->certificate_pem(); }

  std::vector<HttpRequest> requests() const;
  std::size_t request_count() const { return requests().size(); }
  std::uint64_t body_bytes_sent() const { return body_bytes_sent_.load(); }
  // The most connections that clients had open at one time.
  std::size_t peak_connections() const;
  std::uint64_t connection_count() const;

  // False when it did not come to that in time.
  bool wait_for_body_bytes(std::uint64_t bytes,
                           std::chrono::milliseconds patience = std::chrono::seconds(20)) const;
  bool wait_for_requests(std::size_t count,
                         std::chrono::milliseconds patience = std::chrono::seconds(20)) const;

  // Breaks all connections; later ones are refused.
  void stop();

 private:
  struct Outcome {
    bool keeps_connection = false;
    bool is_reset = false;
  };
  // Where an answer goes: `request` is its index in requests_.
  struct Exchange {
    Stream& stream;
    int descriptor;
    std::size_t request;
  };

  void accept_all();
  void serve(int descriptor, std::uint64_t connection);
  Outcome answer(const Exchange& exchange, const HttpReply& reply);
  bool send_head(const Exchange& exchange, const HttpReply& reply) const;
  bool send_body(const Exchange& exchange, const HttpReply& reply, std::uint64_t limit);
  void count_body(std::size_t request, std::uint64_t bytes);
  Outcome strike(int descriptor, HttpReply::Ending ending) const;
  HttpReply reply_to(const HttpRequest& request);
  HttpReply mirror_reply(const std::string& path) const;

  std::unique_ptr<TlsIdentity> identity_;  // constant after construction
  int listener_ = -1;                      // constant after construction
  int port_ = 0;                           // constant after construction
  std::atomic<std::uint64_t> body_bytes_sent_{0};

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;  // requests_, also their bytes
  std::map<std::string, Handler> handlers_;  // guarded by mutex_
  std::string mirror_folder_;                // guarded by mutex_
  std::vector<HttpRequest> requests_;        // guarded by mutex_
  std::set<int> open_;                       // guarded by mutex_
  std::size_t peak_connections_ = 0;         // guarded by mutex_
  std::uint64_t connection_count_ = 0;       // guarded by mutex_
  bool is_stopping_ = false;                 // guarded by mutex_
  std::vector<std::thread> connections_;     // guarded by mutex_
  std::thread acceptor_;
};

}  // namespace modelhub::test
