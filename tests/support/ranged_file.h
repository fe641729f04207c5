// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "modelhub/digest.h"
#include "support/http_server.h"

namespace modelhub::test {

using Content = std::shared_ptr<const std::string>;

// Bytes that look like a model's: each follows from its position and the seed.
Content generated_content(std::uint64_t bytes, std::uint64_t seed = 1);

// A part of a file, as a client asked for it.
struct AskedPart {
  std::uint64_t number = 0;      // of the file's requests, from 0
  std::uint64_t connection = 0;  // HttpRequest's
  bool is_range = false;         // a Range header, and no If-Range that says otherwise
  std::uint64_t first = 0;
  std::uint64_t bytes = 0;
  std::uint64_t total = 0;  // of the file
};

// Makes something else of an honest answer.
using Twist = std::function<HttpReply(const AskedPart& asked, HttpReply honest)>;

// A file that is served by ranges as RFC 9110 wants it (206, 416, If-Range), until a twist is put
// in.
//
// Ownership:     a handle; copies and handlers share the same file.
// Thread safety: all methods from any thread, also while a server serves it.
class RangedFile {
 public:
  explicit RangedFile(std::uint64_t bytes, std::uint64_t seed = 1)
      : RangedFile(generated_content(bytes, seed)) {}
  explicit RangedFile(Content content);

  HttpServer::Handler handler() const;

  Content content() const;
  std::uint64_t size() const { return content()->size(); }
  // Of what it holds now.
  Digest digest() const;

  // With quotes, as on the wire; W/"..." is a weak one, "" is none. Default: "\"v1\"".
  void set_etag(std::string etag) const;
  // "" is none, the default.
  void set_last_modified(std::string date) const;
  // From the `number`-th request on it is another file, of whatever size.
  void replace_from(std::uint64_t number, Content content, std::string etag) const;
  // Twists are applied in the order in which they were put in.
  void twist(Twist twist) const;

  std::vector<AskedPart> asked() const;

 private:
  struct Object {
    std::uint64_t from = 0;  // the first request that sees it
    Content content;
    std::string etag;
  };
  struct State {
    mutable std::mutex mutex;
    std::vector<Object> objects;   // guarded by mutex; by `from`
    std::string last_modified;     // guarded by mutex
    std::vector<Twist> twists;     // guarded by mutex
    std::vector<AskedPart> asked;  // guarded by mutex
  };
  static HttpReply answer(State& state, const HttpRequest& request);
  static HttpReply honest_answer(const HttpRequest& request, const Object& object,
                                 const std::string& last_modified, AskedPart& asked);

  std::shared_ptr<State> state_;
};

// ---- what can be put in ----

// For the requests from `from` up to `until` only.
Twist between(std::uint64_t from, std::uint64_t until, Twist twist);
// For ranges that do not begin at 0 only.
Twist behind_the_start(Twist twist);
// For ranges that hold this byte only.
Twist where(std::uint64_t byte, Twist twist);

// 200 and the whole file, whatever was asked.
Twist ignoring_ranges();
// 206 and honest about it: begins so much earlier, ends so much earlier, is the whole file.
Twist beginning_earlier(std::uint64_t bytes);
Twist ending_earlier(std::uint64_t bytes);
Twist whole_as_part();
// 206 with a Content-Range that is not there, that names another size, or whatever `value` is.
Twist without_content_range();
Twist naming_total(std::uint64_t total);
Twist with_content_range(std::string value);
// 206 that is right in all but its bytes: they are those from another place.
Twist sending_bytes_from_elsewhere(std::uint64_t distance);
// One bit changed at this place of the file.
Twist flipping(std::uint64_t byte);
// Another ETag in each answer.
Twist with_another_etag_each_time();
// 416 to every range.
Twist never_satisfiable();
Twist answering(HttpReply reply);
// Breaks a connection when it has carried so many bytes, over all its answers.
Twist resetting_every(std::uint64_t bytes);
// So many bytes, then a pause: what one connection can carry.
Twist paced(std::size_t bytes, std::chrono::milliseconds pause);
// The same for one connection only, whose number is read when it is asked for the first time.
Twist slow_on_connection(std::uint64_t connection, std::size_t bytes,
                         std::chrono::milliseconds pause);

// So many bytes over all answers, then silence; UINT64_MAX is no limit. What is left is counted
// down, and may be set by the test at any time.
Twist stalling_when_spent(std::shared_ptr<std::atomic<std::uint64_t>> budget);

// Leads from one path of a server to signed addresses of another path that serve `file`; each
// expires after `uses` requests or when `lifetime` is over, and then answers 403.
void serve_by_expiring_redirect(HttpServer& server, const std::string& path, const RangedFile& file,
                                std::uint64_t uses,
                                std::chrono::milliseconds lifetime = std::chrono::hours(1));

}  // namespace modelhub::test
