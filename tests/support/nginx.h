// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/scratch.h"
#include "support/stream.h"

namespace modelhub::test {

// A real nginx on 127.0.0.1 with a configuration of its own, which serves one folder over HTTP/1.1
// and, with TLS and HTTP/2, on a second port. gzip is on for everything that a client lets it
// compress.
//
// Ownership:     the destructor ends nginx and removes its folder.
// Thread safety: all methods from any thread.
class Nginx {
 public:
  // Nothing when this machine has no nginx: scripts/setup test installs it.
  static std::optional<std::string> find_program();

  // `limit_rate` as nginx reads it ("4m", of each connection); empty: none.
  // Throws std::runtime_error when nginx does not come up; the text has its log.
  explicit Nginx(const std::string& limit_rate = "");
  ~Nginx();
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;

  // The folder that is served.
  std::string root() const { return scratch_.path("root"); }
  std::string url(std::string_view path) const;
  std::string tls_url(std::string_view path) const;
  // What a client must trust to talk to it.
  const std::string& certificate_pem() const { return identity_.certificate_pem(); }

  // A line of the access log. nginx writes it when the answer has ended.
  struct Access {
    std::uint64_t connection = 0;
    std::string protocol;  // "HTTP/2.0"
    int status = 0;
    std::uint64_t body_bytes = 0;
    std::string path;
  };
  std::vector<Access> accesses() const;

 private:
  void start(const std::string& program, const std::string& limit_rate);
  void stop();
  std::string configuration(const std::string& limit_rate) const;

  ScratchFolder scratch_;
  TlsIdentity identity_;
  int port_ = 0;
  int tls_port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace modelhub::test
