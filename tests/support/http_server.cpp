// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "support/http_server.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <stdexcept>

#include "support/loopback.h"
#include "support/scratch.h"

namespace modelhub::test {
namespace {

// Waits until the client has gone or the time is over; true when it has gone.
bool is_gone_within(int descriptor, int milliseconds) {
  pollfd watched{descriptor, POLLRDHUP, 0};
  return ::poll(&watched, 1, milliseconds) > 0;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

// Reads up to the empty line; `pending` holds what came after it. Nothing when the client goes
// first.
std::optional<HttpRequest> read_request(Stream& stream, std::string& pending) {
  std::array<char, 4096> buffer{};
  std::size_t end = std::string::npos;
  while ((end = pending.find("\r\n\r\n")) == std::string::npos) {
    const std::size_t count = stream.read(buffer.data(), buffer.size());
    if (count == 0) return std::nullopt;
    pending.append(buffer.data(), count);
  }
  const std::string head = pending.substr(0, end + 2);
  pending.erase(0, end + 4);
  HttpRequest request;
  std::size_t line_start = head.find("\r\n") + 2;
  const std::size_t first_space = head.find(' ');
  request.method = head.substr(0, first_space);
  request.target = head.substr(first_space + 1, head.find(' ', first_space + 1) - first_space - 1);
  while (line_start < head.size()) {
    const std::size_t line_end = head.find("\r\n", line_start);
    const std::string line = head.substr(line_start, line_end - line_start);
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos) {
      const std::size_t value = std::min(line.find_first_not_of(' ', colon + 1), line.size());
      request.headers[lower(line.substr(0, colon))] = line.substr(value);
    }
    line_start = line_end + 2;
  }
  return request;
}

// Takes up to `wanted` bytes from what is left.
std::size_t take_from(std::atomic<std::uint64_t>& budget, std::size_t wanted) {
  std::uint64_t left = budget.load();
  while (left != UINT64_MAX) {
    const std::uint64_t taken = std::min<std::uint64_t>(left, wanted);
    if (budget.compare_exchange_weak(left, left - taken)) return taken;
  }
  return wanted;
}

std::string as_chunk(std::string_view data) {
  std::array<char, 20> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", data.size());
  return size.data() + std::string(data) + "\r\n";
}

}  // namespace

HttpReply HttpReply::with_status(int s) && {
  status = s;
  return std::move(*this);
}
HttpReply HttpReply::with_header(std::string name, std::string value) && {
  headers.emplace_back(std::move(name), std::move(value));
  return std::move(*this);
}
HttpReply HttpReply::with_framing(Framing f) && {
  framing = f;
  return std::move(*this);
}
HttpReply HttpReply::with_claimed_length(std::uint64_t length) && {
  claimed_length = length;
  return std::move(*this);
}
HttpReply HttpReply::with_version(std::string v) && {
  version = std::move(v);
  return std::move(*this);
}
HttpReply HttpReply::ending_with(Ending e, std::uint64_t after_bytes) && {
  ending = e;
  end_after = after_bytes;
  return std::move(*this);
}
HttpReply HttpReply::ending_before_head(Ending e) && {
  ending = e;
  ends_before_head = true;
  return std::move(*this);
}
HttpReply HttpReply::ending_in_head(Ending e) && {
  ending = e;
  ends_in_head = true;
  return std::move(*this);
}
HttpReply HttpReply::with_endless_head() && {
  has_endless_head = true;
  return std::move(*this);
}
HttpReply HttpReply::with_endless_body() && {
  has_endless_body = true;
  return std::move(*this);
}
HttpReply HttpReply::dripping(std::size_t bytes, std::chrono::milliseconds pause) && {
  drip_bytes = bytes;
  drip_pause = pause;
  return std::move(*this);
}

std::string_view HttpReply::part() const {
  const std::string_view all = *body;
  return all.substr(std::min<std::uint64_t>(body_from, all.size()),
                    body_bytes.value_or(std::string_view::npos));
}

HttpReply file_reply(std::string body) {
  HttpReply reply;
  reply.body = std::make_shared<const std::string>(std::move(body));
  return reply;
}

HttpReply status_reply(int status, std::string body) {
  return file_reply(std::move(body)).with_status(status);
}

HttpReply redirect_reply(int status, std::string location) {
  return status_reply(status, "moved").with_header("Location", std::move(location));
}

std::string flipped(std::string body, std::size_t at) {
  body[at] = static_cast<char>(body[at] ^ 1);
  return body;
}

HttpServer::HttpServer(Tls tls) {
  if (tls == Tls::yes) identity_ = std::make_unique<TlsIdentity>();
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, raw, size) != 0 || ::listen(listener_, 128) != 0 ||
      ::getsockname(listener_, raw, &size) != 0) {
    throw std::runtime_error("the test server cannot listen on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

HttpServer::~HttpServer() {
  stop();
  ::close(listener_);
}

void HttpServer::stop() {
  std::vector<std::thread> connections;
  {
    std::lock_guard lock(mutex_);
    is_stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
    connections.swap(connections_);
  }
  if (acceptor_.joinable()) acceptor_.join();
  for (std::thread& connection : connections) connection.join();
}

void HttpServer::accept_all() {
  while (true) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    // head and body go in two writes; without this the second waits for an acknowledgement
    const int yes = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    // what lies in the socket counts as sent: not much of it
    const int send_buffer_bytes = 128 * 1024;
    ::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof send_buffer_bytes);
    std::lock_guard lock(mutex_);
    if (is_stopping_ || descriptor < 0) {
      if (descriptor >= 0) ::close(descriptor);
      return;
    }
    open_.insert(descriptor);
    // One that the client has left already, and whose thread has not seen it yet, does not count.
    const auto count = std::count_if(open_.begin(), open_.end(),
                                     [](int open) { return !is_gone_within(open, 0); });
    peak_connections_ = std::max(peak_connections_, static_cast<std::size_t>(count));
    connections_.emplace_back(
        [this, descriptor, number = connection_count_++] { serve(descriptor, number); });
  }
}

void HttpServer::serve(int descriptor, std::uint64_t connection) {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  std::unique_ptr<Stream> stream =
      identity_ ? identity_->accept(descriptor) : plain_stream(descriptor);
  std::string pending;
  Outcome outcome{stream != nullptr, false};
  while (outcome.keeps_connection) {
    std::optional<HttpRequest> request = read_request(*stream, pending);
    if (!request) break;
    request->connection = connection;
    std::size_t index = 0;
    {
      std::lock_guard lock(mutex_);
      index = requests_.size();
      requests_.push_back(*request);
    }
    changed_.notify_all();
    outcome = answer({*stream, descriptor, index}, reply_to(*request));
  }
  stream.reset();
  std::lock_guard lock(mutex_);
  open_.erase(descriptor);
  if (outcome.is_reset) {
    const linger at_once{1, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  ::close(descriptor);
}

HttpServer::Outcome HttpServer::answer(const Exchange& exchange, const HttpReply& reply) {
  if (reply.ends_before_head) return strike(exchange.descriptor, reply.ending);
  if (!send_head(exchange, reply)) return {};
  if (reply.ends_in_head) return strike(exchange.descriptor, reply.ending);
  const std::uint64_t limit =
      reply.has_endless_body ? UINT64_MAX : reply.end_after.value_or(reply.part().size());
  if (!send_body(exchange, reply, limit)) return {};
  if (reply.ending != HttpReply::Ending::as_framed)
    return strike(exchange.descriptor, reply.ending);
  return {reply.framing != HttpReply::Framing::until_close && reply.version == "HTTP/1.1" &&
              !reply.claimed_length,
          false};
}

HttpServer::Outcome HttpServer::strike(int descriptor, HttpReply::Ending ending) const {
  if (ending == HttpReply::Ending::stall) is_gone_within(descriptor, -1);
  return {false, ending == HttpReply::Ending::reset};
}

bool HttpServer::send_head(const Exchange& exchange, const HttpReply& reply) const {
  std::string head = reply.version + " " + std::to_string(reply.status) + " Scripted\r\n";
  for (const auto& [name, value] : reply.headers) {
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (reply.framing == HttpReply::Framing::chunked) head += "Transfer-Encoding: chunked\r\n";
  if (reply.framing == HttpReply::Framing::content_length) {
    head +=
        "Content-Length: " + std::to_string(reply.claimed_length.value_or(reply.part().size())) +
        "\r\n";
  }
  if (reply.framing == HttpReply::Framing::until_close) head += "Connection: close\r\n";
  if (reply.ends_in_head) return exchange.stream.write(head + "X-Unfin");
  if (!reply.has_endless_head) return exchange.stream.write(head + "\r\n");
  while (exchange.stream.write(head)) {
    if (is_gone_within(exchange.descriptor, static_cast<int>(reply.drip_pause.count()))) break;
    head = "X-More: " + std::string(1000, 'x') + "\r\n";
  }
  return false;
}

bool HttpServer::send_body(const Exchange& exchange, const HttpReply& reply, std::uint64_t limit) {
  constexpr std::size_t k_piece_bytes = 64 * 1024;
  const bool is_chunked = reply.framing == HttpReply::Framing::chunked;
  const std::string_view body = reply.part();
  Stream& stream = exchange.stream;
  std::uint64_t sent = 0;
  while (sent < limit && !body.empty()) {
    const bool drips = reply.drip_bytes > 0 && sent >= reply.drip_from;
    std::size_t count =
        std::min<std::uint64_t>(limit - sent, drips ? reply.drip_bytes : k_piece_bytes);
    const std::size_t at = sent % body.size();
    count = std::min(count, body.size() - at);
    if (reply.budget) count = take_from(*reply.budget, count);
    if (count == 0) return !is_gone_within(exchange.descriptor, -1);
    const std::string_view piece = body.substr(at, count);
    if (!(is_chunked ? stream.write(as_chunk(piece)) : stream.write(piece))) return false;
    sent += count;
    count_body(exchange.request, count);
    if (drips && is_gone_within(exchange.descriptor, static_cast<int>(reply.drip_pause.count())))
      return false;
  }
  return !is_chunked || reply.ending != HttpReply::Ending::as_framed || stream.write("0\r\n\r\n");
}

void HttpServer::count_body(std::size_t request, std::uint64_t bytes) {
  {
    std::lock_guard lock(mutex_);
    requests_[request].body_bytes += bytes;
    body_bytes_sent_ += bytes;
  }
  changed_.notify_all();
}

void HttpServer::on(const std::string& path, std::vector<HttpReply> script) {
  auto next = std::make_shared<std::atomic<std::size_t>>(0);
  on(path, [script = std::move(script), next](const HttpRequest&) {
    return script[std::min(next->fetch_add(1), script.size() - 1)];
  });
}

void HttpServer::on(const std::string& path, Handler handler) {
  std::lock_guard lock(mutex_);
  handlers_[path] = std::move(handler);
}

void HttpServer::serve_mirror(std::string folder) {
  std::lock_guard lock(mutex_);
  mirror_folder_ = std::move(folder);
}

HttpReply HttpServer::reply_to(const HttpRequest& request) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  Handler handler;
  {
    std::lock_guard lock(mutex_);
    const auto found = handlers_.find(path);
    if (found == handlers_.end()) return mirror_reply(path);
    handler = found->second;
  }
  return handler(request);
}

HttpReply HttpServer::mirror_reply(const std::string& path) const {
  const bool is_blob = path.starts_with("/sha256/") && path.find("..") == std::string::npos;
  const bool is_here =
      is_blob && !mirror_folder_.empty() && std::filesystem::is_regular_file(mirror_folder_ + path);
  return is_here ? file_reply(content_of(mirror_folder_ + path))
                 : status_reply(404, "nothing here");
}

std::string HttpServer::url(std::string_view path) const {
  return (identity_ ? "https://" : "http://") + host_and_port() + std::string(path);
}

std::string HttpServer::host_and_port() const { return "127.0.0.1:" + std::to_string(port_); }

std::vector<HttpRequest> HttpServer::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t HttpServer::peak_connections() const {
  std::lock_guard lock(mutex_);
  return peak_connections_;
}

std::uint64_t HttpServer::connection_count() const {
  std::lock_guard lock(mutex_);
  return connection_count_;
}

bool HttpServer::wait_for_body_bytes(std::uint64_t bytes,
                                     std::chrono::milliseconds patience) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return body_bytes_sent_.load() >= bytes; });
}

bool HttpServer::wait_for_requests(std::size_t count, std::chrono::milliseconds patience) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return requests_.size() >= count; });
}

}  // namespace modelhub::test
