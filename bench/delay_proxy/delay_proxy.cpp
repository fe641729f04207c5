// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// A TCP proxy that makes loopback behave like a long line, for kernels without netem. One thread.
//
//   delay_proxy --to PORT [--rtt-ms 20] [--window BYTES] [--rate BYTES_PER_SECOND]
//
// It listens on a free port of 127.0.0.1, prints that port as its first line, and relays each
// connection to 127.0.0.1:PORT until it is killed. What each connection and direction gets:
//
//   delay    every byte arrives half a round trip after it was sent. The first bytes of a client
//            wait one round trip more, as long as the handshake would have taken.
//   window   at most so many bytes are sent and not yet acknowledged; an acknowledgement comes half
//            a round trip after the receiver took the bytes. Slow start: 10 segments of 1448 bytes
//            at first, as many more as are acknowledged, up to --window (3 MiB: half of Linux's
//            6 MiB in tcp_rmem). Nothing is ever lost, and an idle connection keeps its window.
//   rate     (default: none) no more bytes in a second, evenly spaced.
//
// What is on the line lies in pipes, into and out of which the kernel moves it without copying: a
// network takes no time of the processors that are measured.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

constexpr std::size_t k_first_window = std::size_t{10} * 1448;
// The kernel counts pages and parts of pages: a piece may be smaller.
constexpr int k_pipe_bytes = 1024 * 1024;

struct Line {
  std::uint16_t to = 0;
  Clock::duration one_way = std::chrono::milliseconds(10);
  std::size_t window = std::size_t{3} << 20;
  double rate = 0;
};

[[noreturn]] void fail(const std::string& what) {
  std::cerr << "delay_proxy: " << what << ": " << std::strerror(errno) << '\n';
  std::exit(1);
}

class Pipe {
 public:
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) fail("pipe");
    out_ = ends[0];
    in_ = ends[1];
    // Refused to users who have many; then the pieces are smaller.
    ::fcntl(in_, F_SETPIPE_SZ, k_pipe_bytes);
  }
  ~Pipe() {
    ::close(out_);
    ::close(in_);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  ssize_t fill_from(int fd, std::size_t most) const { return move(fd, in_, most); }
  ssize_t empty_into(int fd, std::size_t most) const { return move(out_, fd, most); }

 private:
  static ssize_t move(int from, int to, std::size_t most) {
    return ::splice(from, nullptr, to, nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  }

  int out_ = -1;
  int in_ = -1;
};

// Those that are empty.
class Pipes {
 public:
  std::unique_ptr<Pipe> take() {
    if (spare_.empty()) return std::make_unique<Pipe>();
    std::unique_ptr<Pipe> pipe = std::move(spare_.back());
    spare_.pop_back();
    return pipe;
  }
  void give_back(std::unique_ptr<Pipe> pipe) { spare_.push_back(std::move(pipe)); }

 private:
  std::vector<std::unique_ptr<Pipe>> spare_;
};

// Bytes on the line.
struct Piece {
  std::unique_ptr<Pipe> pipe;
  std::size_t left = 0;
  bool is_end = false;  // the sender has said that nothing more comes
  TimePoint due;
};

// An acknowledgement on its way back.
struct Ack {
  TimePoint due;
  std::size_t bytes;
};

// One direction of a connection.
class Direction {
 public:
  Direction(int from, int to, const Line& line, Pipes& pipes, TimePoint not_before)
      : from_(from), to_(to), line_(line), pipes_(pipes), not_before_(not_before) {
    window_ = std::min(k_first_window, line.window);
  }

  bool wants_to_read() const { return !is_read_ && in_flight_ < window_; }
  bool wants_to_write() const { return is_blocked_; }
  bool is_done() const { return is_closed_; }
  bool is_broken() const { return is_broken_; }

  // The next moment at which step() has something to do.
  TimePoint next_due() const {
    TimePoint next = TimePoint::max();
    if (!acks_.empty()) next = acks_.front().due;
    if (!pieces_.empty() && !is_blocked_) next = std::min(next, pieces_.front().due);
    return next;
  }

  void read(TimePoint now) {
    while (wants_to_read()) {
      Piece piece;
      piece.pipe = pipes_.take();
      const ssize_t size = piece.pipe->fill_from(from_, window_ - in_flight_);
      if (size < 0) {
        pipes_.give_back(std::move(piece.pipe));
        if (errno == EINTR) continue;
        is_broken_ |= errno != EAGAIN && errno != EWOULDBLOCK;
        return;
      }
      piece.left = static_cast<std::size_t>(size);
      piece.is_end = is_read_ = size == 0;  // travels as long as bytes do
      piece.due = arrival_of(piece.left, now);
      in_flight_ += piece.left;
      pieces_.push_back(std::move(piece));
    }
  }

  void step(TimePoint now) {
    while (!acks_.empty() && acks_.front().due <= now) {
      in_flight_ -= acks_.front().bytes;
      window_ = std::min(window_ + acks_.front().bytes, line_.window);
      acks_.pop_front();
    }
    is_blocked_ = false;
    while (!pieces_.empty() && pieces_.front().due <= now && !is_blocked_ && !is_broken_) {
      send_front(now);
    }
  }

 private:
  TimePoint arrival_of(std::size_t bytes, TimePoint now) {
    TimePoint start = std::max(now, not_before_);
    if (line_.rate > 0) {
      const std::chrono::duration<double> duration(static_cast<double>(bytes) / line_.rate);
      start =
          std::max(start, line_free_at_) + std::chrono::duration_cast<Clock::duration>(duration);
      line_free_at_ = start;
    }
    return start + line_.one_way;
  }

  void send_front(TimePoint now) {
    Piece& piece = pieces_.front();
    if (piece.is_end) {
      ::shutdown(to_, SHUT_WR);
      is_closed_ = true;
    } else {
      const ssize_t size = piece.pipe->empty_into(to_, piece.left);
      if (size < 0) {
        if (errno == EINTR) return;
        is_blocked_ = errno == EAGAIN || errno == EWOULDBLOCK;
        is_broken_ |= !is_blocked_;
        return;
      }
      piece.left -= static_cast<std::size_t>(size);
      acks_.push_back({now + line_.one_way, static_cast<std::size_t>(size)});
      if (piece.left > 0) return;
    }
    pipes_.give_back(std::move(piece.pipe));
    pieces_.pop_front();
  }

  const int from_;
  const int to_;
  const Line& line_;
  Pipes& pipes_;
  const TimePoint not_before_;
  TimePoint line_free_at_;
  std::size_t window_;
  std::size_t in_flight_ = 0;
  std::deque<Piece> pieces_;
  std::deque<Ack> acks_;
  bool is_read_ = false;     // the sender has said that nothing more comes
  bool is_closed_ = false;   // and the receiver knows
  bool is_blocked_ = false;  // the receiver takes nothing now
  bool is_broken_ = false;
};

struct Connection {
  int client;
  int server;
  Direction up;
  Direction down;
  std::uint32_t client_events = 0;
  std::uint32_t server_events = 0;

  Connection(int client_fd, int server_fd, const Line& line, Pipes& pipes, TimePoint now)
      : client(client_fd),
        server(server_fd),
        up(client_fd, server_fd, line, pipes, now + 2 * line.one_way),
        down(server_fd, client_fd, line, pipes, now) {}
  ~Connection() {
    ::close(client);
    ::close(server);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool is_over() const {
    return up.is_broken() || down.is_broken() || (up.is_done() && down.is_done());
  }
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

int listen_on_free_port(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (fd < 0 || ::bind(fd, generic, size) != 0 || ::listen(fd, 512) != 0 ||
      ::getsockname(fd, generic, &size) != 0) {
    fail("cannot listen on 127.0.0.1");
  }
  port = ntohs(address.sin_port);
  return fd;
}

void make_prompt(int fd) {
  const int yes = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

class Proxy {
 public:
  explicit Proxy(const Line& line) : line_(line) {
    listener_ = listen_on_free_port(port_);
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (poll_ < 0 || timer_ < 0) fail("epoll or timerfd");
    add(listener_, &listener_);
    add(timer_, &timer_);
  }

  std::uint16_t port() const { return port_; }

  [[noreturn]] void run() {
    std::array<epoll_event, 64> events{};
    while (true) {
      const int count = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), -1);
      if (count < 0 && errno != EINTR) fail("epoll_wait");
      for (int i = 0; i < count; ++i) {
        if (events[i].data.ptr == &listener_) accept_all();
        if (events[i].data.ptr == &timer_) clear_timer();
      }
      work();
    }
  }

 private:
  void add(int fd, void* who) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = who;
    if (::epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
  }

  void accept_all() {
    while (true) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in address = loopback(line_.to);
      if (server < 0 ||
          ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        std::cerr << "delay_proxy: port " << line_.to << ": " << std::strerror(errno) << '\n';
        ::close(client);
        if (server >= 0) ::close(server);
        continue;
      }
      make_prompt(client);
      make_prompt(server);
      connections_.push_back(
          std::make_unique<Connection>(client, server, line_, pipes_, Clock::now()));
      add(client, connections_.back().get());
      add(server, connections_.back().get());
      connections_.back()->client_events = connections_.back()->server_events = EPOLLIN;
    }
  }

  void clear_timer() const {
    std::uint64_t expirations = 0;
    (void)!::read(timer_, &expirations, sizeof expirations);
  }

  // All of them each time: they are few, and most of what wakes us is time, which concerns all.
  void work() {
    TimePoint next = TimePoint::max();
    for (const auto& connection : connections_) {
      for (Direction* direction : {&connection->up, &connection->down}) {
        direction->step(Clock::now());
        direction->read(Clock::now());
        next = std::min(next, direction->next_due());
      }
      listen_for(*connection);
    }
    connections_.erase(std::remove_if(connections_.begin(), connections_.end(),
                                      [](const auto& connection) { return connection->is_over(); }),
                       connections_.end());
    arm(next);
  }

  void listen_for(Connection& connection) const {
    const auto change = [&](int fd, std::uint32_t& known, const Direction& out,
                            const Direction& in) {
      const std::uint32_t wanted = (out.wants_to_read() ? std::uint32_t{EPOLLIN} : 0U) |
                                   (in.wants_to_write() ? std::uint32_t{EPOLLOUT} : 0U);
      if (wanted == known) return;
      epoll_event event{};
      event.events = known = wanted;
      event.data.ptr = &connection;
      ::epoll_ctl(poll_, EPOLL_CTL_MOD, fd, &event);
    };
    change(connection.client, connection.client_events, connection.up, connection.down);
    change(connection.server, connection.server_events, connection.down, connection.up);
  }

  void arm(TimePoint next) const {
    itimerspec when{};
    if (next != TimePoint::max()) {
      const auto wait =
          std::max<std::chrono::nanoseconds>(next - Clock::now(), std::chrono::nanoseconds(1));
      when.it_value.tv_sec = wait.count() / 1'000'000'000;
      when.it_value.tv_nsec = wait.count() % 1'000'000'000;
    }
    ::timerfd_settime(timer_, 0, &when, nullptr);
  }

  const Line line_;
  Pipes pipes_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  int poll_ = -1;
  int timer_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
};

[[noreturn]] void usage() {
  std::cerr << "usage: delay_proxy --to PORT [--rtt-ms 20] [--window BYTES] [--rate BYTES]\n";
  std::exit(2);
}

Line parse(int argc, char** argv) {
  Line line;
  if (argc % 2 == 0) usage();
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    char* end = nullptr;
    const double value = std::strtod(argv[i + 1], &end);
    if (*end != '\0' || value < 0) usage();
    if (name == "--to") {
      line.to = static_cast<std::uint16_t>(value);
    } else if (name == "--rtt-ms") {
      line.one_way = std::chrono::duration_cast<Clock::duration>(
          std::chrono::duration<double, std::milli>(value / 2));
    } else if (name == "--window" && value >= 1) {
      line.window = static_cast<std::size_t>(value);
    } else if (name == "--rate") {
      line.rate = value;
    } else {
      usage();
    }
  }
  if (line.to == 0) usage();
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  Proxy proxy(parse(argc, argv));
  std::cout << proxy.port() << std::endl;
  proxy.run();
}
