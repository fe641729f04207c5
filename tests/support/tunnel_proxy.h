// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace modelhub::test {

// A proxy on a real socket of 127.0.0.1 that opens tunnels (CONNECT) to ports of this machine,
// whatever host it is told, and remembers what it was asked. For http:// requests an HttpServer can
// play the proxy: their targets are whole URLs.
//
// Thread safety: all methods from any thread.
class TunnelProxy {
 public:
  // Other than 200: every tunnel is refused with it.
  explicit TunnelProxy(int status = 200);
  ~TunnelProxy();
  TunnelProxy(const TunnelProxy&) = delete;
  TunnelProxy& operator=(const TunnelProxy&) = delete;

  // "http://127.0.0.1:1234"
  std::string url() const;
  // The heads of the CONNECT requests, as they came.
  std::vector<std::string> asked() const;

 private:
  void accept_all();
  void serve(int client);
  // Carries bytes both ways until one side has gone.
  void carry(int client, int server);
  // A descriptor that the destructor breaks; false when it is too late.
  bool watch(int descriptor);
  void forget(int descriptor);

  const int status_;
  int listener_ = -1;  // constant after construction
  int port_ = 0;       // constant after construction

  mutable std::mutex mutex_;
  std::vector<std::string> asked_;        // guarded by mutex_
  std::vector<int> open_;                 // guarded by mutex_
  std::vector<std::thread> connections_;  // guarded by mutex_
  bool is_stopping_ = false;              // guarded by mutex_
  std::thread acceptor_;
};

}  // namespace modelhub::test
