// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "support/tunnel_proxy.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

#include "support/loopback.h"

namespace modelhub::test {
namespace {

bool send_all(int descriptor, std::string_view data) {
  while (!data.empty()) {
    const ssize_t count = ::send(descriptor, data.data(), data.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// Up to the empty line; "" when the client goes first. A client says nothing more before the
// answer.
std::string read_head(int descriptor) {
  std::string head;
  std::array<char, 4096> buffer{};
  while (head.find("\r\n\r\n") == std::string::npos) {
    const ssize_t count = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    if (count <= 0) return "";
    head.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return head;
}

// Of "CONNECT host:port HTTP/1.1"; 0 when it is something else.
int port_of(const std::string& head) {
  const std::string line = head.substr(0, head.find("\r\n"));
  const std::size_t colon = line.rfind(':');
  if (!line.starts_with("CONNECT ") || colon == std::string::npos) return 0;
  return std::atoi(line.c_str() + colon + 1);
}

int connect_to(int port) {
  const sockaddr_in address = loopback(port);
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto* const raw = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(server, raw, sizeof address) == 0) return server;
  ::close(server);
  return -1;
}

bool pass_on(int from, int to) {
  std::array<char, 65536> buffer{};
  const ssize_t count = ::recv(from, buffer.data(), buffer.size(), 0);
  return count > 0 && send_all(to, {buffer.data(), static_cast<std::size_t>(count)});
}

}  // namespace

TunnelProxy::TunnelProxy(int status)
    : status_(status), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, raw, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, raw, &size) != 0) {
    throw std::runtime_error("the test proxy cannot listen on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

TunnelProxy::~TunnelProxy() {
  std::vector<std::thread> connections;
  {
    std::lock_guard lock(mutex_);
    is_stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
  }
  acceptor_.join();
  {
    std::lock_guard lock(mutex_);
    connections.swap(connections_);
  }
  for (std::thread& connection : connections) connection.join();
  ::close(listener_);
}

std::string TunnelProxy::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

std::vector<std::string> TunnelProxy::asked() const {
  std::lock_guard lock(mutex_);
  return asked_;
}

void TunnelProxy::accept_all() {
  while (true) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    std::lock_guard lock(mutex_);
    if (is_stopping_) {
      ::close(client);
      return;
    }
    open_.push_back(client);
    connections_.emplace_back([this, client] { serve(client); });
  }
}

void TunnelProxy::serve(int client) {
  const std::string head = read_head(client);
  if (!head.empty()) {
    std::lock_guard lock(mutex_);
    asked_.push_back(head);
  }
  const int port = status_ == 200 ? port_of(head) : 0;
  const int server = port != 0 ? connect_to(port) : -1;
  if (server < 0) {
    const int status = status_ == 200 ? 502 : status_;
    send_all(client, "HTTP/1.1 " + std::to_string(status) + " No\r\nContent-Length: 0\r\n\r\n");
  } else {
    if (watch(server) && send_all(client, "HTTP/1.1 200 Open\r\n\r\n")) carry(client, server);
    forget(server);
  }
  forget(client);
}

void TunnelProxy::carry(int client, int server) {
  std::array<pollfd, 2> ends = {pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
  while (::poll(ends.data(), ends.size(), -1) > 0) {
    if (ends[0].revents != 0 && !pass_on(client, server)) return;
    if (ends[1].revents != 0 && !pass_on(server, client)) return;
  }
}

bool TunnelProxy::watch(int descriptor) {
  std::lock_guard lock(mutex_);
  open_.push_back(descriptor);
  return !is_stopping_;
}

void TunnelProxy::forget(int descriptor) {
  std::lock_guard lock(mutex_);
  std::erase(open_, descriptor);
  ::close(descriptor);
}

}  // namespace modelhub::test
