// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "support/nginx.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "support/loopback.h"

namespace modelhub::test {
namespace {

// Free a moment ago: whoever takes it first has it.
int free_port() {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  const bool is_bound =
      ::bind(descriptor, raw, size) == 0 && ::getsockname(descriptor, raw, &size) == 0;
  ::close(descriptor);
  if (!is_bound) throw std::runtime_error("no free port for nginx");
  return ntohs(address.sin_port);
}

bool answers(int port) {
  const sockaddr_in address = loopback(port);
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto* const raw = reinterpret_cast<const sockaddr*>(&address);
  const bool is_there = ::connect(descriptor, raw, sizeof address) == 0;
  ::close(descriptor);
  return is_there;
}

bool has_ended(pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; }

}  // namespace

std::optional<std::string> Nginx::find_program() {
  for (const char* path : {"/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return std::nullopt;
}

Nginx::Nginx(const std::string& limit_rate) {
  const std::optional<std::string> program = find_program();
  if (!program) throw std::runtime_error("there is no nginx: scripts/setup test");
  std::filesystem::create_directories(root());
  scratch_.write("certificate.pem", identity_.certificate_pem());
  scratch_.write("key.pem", identity_.private_key_pem());
  constexpr int k_tries = 5;  // another process may take a port that was free a moment ago
  for (int i = 0; i < k_tries && pid_ < 0; ++i) start(*program, limit_rate);
  if (pid_ < 0)
    throw std::runtime_error("nginx does not come up: " + content_of(scratch_.path("error.log")));
}

Nginx::~Nginx() { stop(); }

void Nginx::start(const std::string& program, const std::string& limit_rate) {
  port_ = free_port();
  tls_port_ = free_port();
  const std::string file = scratch_.write("nginx.conf", configuration(limit_rate));
  const std::string folder = scratch_.path() + "/";
  const std::string log = scratch_.path("error.log");
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // a test that is killed leaves no server behind
    ::execl(program.c_str(), program.c_str(), "-p", folder.c_str(), "-c", file.c_str(), "-e",
            log.c_str(), nullptr);
    ::_exit(127);
  }
  bool is_gone = false;
  const bool is_up = eventually([&] {
    is_gone = has_ended(pid_);
    return is_gone || (answers(port_) && answers(tls_port_));
  });
  if (is_gone) pid_ = -1;
  if (!is_up) stop();
}

void Nginx::stop() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGTERM);
  if (!eventually([&] { return has_ended(pid_); }, std::chrono::seconds(5))) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  pid_ = -1;
}

std::string Nginx::configuration(const std::string& limit_rate) const {
  const std::string folder = scratch_.path();
  std::string text = "daemon off;\nmaster_process on;\nworker_processes 1;\n";
  // The scratch folder is closed to everybody else, also to nginx's own user.
  if (::getuid() == 0) text += "user root;\n";
  text += "pid " + folder + "/nginx.pid;\nevents { worker_connections 512; }\nhttp {\n";
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
    text += std::string(kind) + "_temp_path " + folder + "/temp;\n";
  text += "default_type application/octet-stream;\nsendfile on;\n";
  text += "gzip on;\ngzip_types *;\ngzip_min_length 1;\n";
  text += "log_format plain '$connection $server_protocol $status $body_bytes_sent $uri';\n";
  text += "access_log " + folder + "/access.log plain;\n";
  if (!limit_rate.empty()) text += "limit_rate " + limit_rate + ";\n";
  text += "server {\nlisten 127.0.0.1:" + std::to_string(port_) + ";\n";
  text += "listen 127.0.0.1:" + std::to_string(tls_port_) + " ssl http2;\n";
  text += "ssl_certificate " + folder + "/certificate.pem;\n";
  text += "ssl_certificate_key " + folder + "/key.pem;\n";
  return text + "root " + root() + ";\n}\n}\n";
}

std::string Nginx::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

std::string Nginx::tls_url(std::string_view path) const {
  return "https://127.0.0.1:" + std::to_string(tls_port_) + std::string(path);
}

std::vector<Nginx::Access> Nginx::accesses() const {
  std::istringstream lines(content_of(scratch_.path("access.log")));
  std::vector<Access> accesses;
  Access one;
  while (lines >> one.connection >> one.protocol >> one.status >> one.body_bytes >> one.path)
    accesses.push_back(one);
  return accesses;
}

}  // namespace modelhub::test
