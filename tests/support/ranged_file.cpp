// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "support/ranged_file.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "base/hasher.h"

namespace modelhub::test {
namespace {

std::string header_of(const HttpRequest& request, const std::string& name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? "" : found->second;
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// What a Range header asks for.
struct RangeHeader {
  bool is_one = false;  // one range, well formed; others are ignored, as servers may
  std::uint64_t first = 0;
  std::uint64_t bytes = 0;  // 0: none of the file is in it
};

RangeHeader parse_range(std::string_view value, std::uint64_t size) {
  RangeHeader range;
  if (!value.starts_with("bytes=")) return range;
  value.remove_prefix(6);
  const std::size_t dash = value.find('-');
  if (dash == std::string_view::npos) return range;
  const std::optional<std::uint64_t> from = number_in(value.substr(0, dash));
  const std::optional<std::uint64_t> to = number_in(value.substr(dash + 1));
  const bool is_open = value.substr(dash + 1).empty();
  if (dash == 0 && to) {  // the last bytes
    range.is_one = true;
    range.bytes = std::min(*to, size);
    range.first = size - range.bytes;
  } else if (from && (is_open || (to && *to >= *from))) {
    range.is_one = true;
    range.first = *from;
    if (*from < size) range.bytes = std::min(is_open ? size : *to + 1, size) - *from;
  }
  return range;
}

// RFC 9110, 13.1.5: a strong entity tag that is the same, or the very date.
bool if_range_holds(const std::string& condition, const std::string& etag,
                    const std::string& last_modified) {
  if (condition.empty()) return true;
  if (condition.starts_with("\"")) return condition == etag;
  return !condition.starts_with("W/") && condition == last_modified;
}

std::string content_range(std::uint64_t first, std::uint64_t bytes, std::uint64_t total) {
  return "bytes " + std::to_string(first) + "-" + std::to_string(first + bytes - 1) + "/" +
         std::to_string(total);
}

void set_header(HttpReply& reply, const std::string& name, std::optional<std::string> value) {
  std::erase_if(reply.headers, [&](const auto& header) { return header.first == name; });
  if (value) reply.headers.emplace_back(name, *std::move(value));
}

void send_part(HttpReply& reply, std::uint64_t first, std::uint64_t bytes) {
  reply.body_from = first;
  reply.body_bytes = bytes;
}

bool is_part(const HttpReply& reply) { return reply.status == 206; }

}  // namespace

Content generated_content(std::uint64_t bytes, std::uint64_t seed) {
  auto content = std::make_shared<std::string>(bytes, '\0');
  for (std::uint64_t at = 0; at < bytes; at += sizeof(std::uint64_t)) {
    std::uint64_t word = seed * 0x9E3779B97F4A7C15U + at;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9U;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EBU;
    word ^= word >> 31;
    std::memcpy(content->data() + at, &word, std::min<std::uint64_t>(sizeof word, bytes - at));
  }
  return content;
}

RangedFile::RangedFile(Content content) : state_(std::make_shared<State>()) {
  state_->objects.push_back({0, std::move(content), "\"v1\""});
}

HttpServer::Handler RangedFile::handler() const {
  return [state = state_](const HttpRequest& request) { return answer(*state, request); };
}

Content RangedFile::content() const {
  std::lock_guard lock(state_->mutex);
  return state_->objects.back().content;
}

Digest RangedFile::digest() const { return base::sha256_of(*content()); }

void RangedFile::set_etag(std::string etag) const {
  std::lock_guard lock(state_->mutex);
  state_->objects.back().etag = std::move(etag);
}

void RangedFile::set_last_modified(std::string date) const {
  std::lock_guard lock(state_->mutex);
  state_->last_modified = std::move(date);
}

void RangedFile::replace_from(std::uint64_t number, Content content, std::string etag) const {
  std::lock_guard lock(state_->mutex);
  state_->objects.push_back({number, std::move(content), std::move(etag)});
}

void RangedFile::twist(Twist twist) const {
  std::lock_guard lock(state_->mutex);
  state_->twists.push_back(std::move(twist));
}

std::vector<AskedPart> RangedFile::asked() const {
  std::lock_guard lock(state_->mutex);
  return state_->asked;
}

HttpReply RangedFile::answer(State& state, const HttpRequest& request) {
  AskedPart asked;
  HttpReply reply;
  std::vector<Twist> twists;
  {
    std::lock_guard lock(state.mutex);
    asked.number = state.asked.size();
    asked.connection = request.connection;
    const auto object = std::find_if(state.objects.rbegin(), state.objects.rend(),
                                     [&](const Object& one) { return one.from <= asked.number; });
    reply = honest_answer(request, *object, state.last_modified, asked);
    state.asked.push_back(asked);
    twists = state.twists;
  }
  for (const Twist& twist : twists) reply = twist(asked, std::move(reply));
  return reply;
}

HttpReply RangedFile::honest_answer(const HttpRequest& request, const Object& object,
                                    const std::string& last_modified, AskedPart& asked) {
  asked.total = object.content->size();
  const RangeHeader range = parse_range(header_of(request, "range"), asked.total);
  asked.is_range =
      range.is_one && if_range_holds(header_of(request, "if-range"), object.etag, last_modified);
  asked.first = asked.is_range ? range.first : 0;
  asked.bytes = asked.is_range ? range.bytes : asked.total;
  HttpReply reply;
  reply.headers.emplace_back("Accept-Ranges", "bytes");
  if (!object.etag.empty()) reply.headers.emplace_back("ETag", object.etag);
  if (!last_modified.empty()) reply.headers.emplace_back("Last-Modified", last_modified);
  if (asked.is_range && asked.bytes == 0) {
    reply.status = 416;
    set_header(reply, "Content-Range", "bytes */" + std::to_string(asked.total));
    return reply;
  }
  reply.body = object.content;
  send_part(reply, asked.first, asked.bytes);
  if (asked.is_range) {
    reply.status = 206;
    set_header(reply, "Content-Range", content_range(asked.first, asked.bytes, asked.total));
  }
  return reply;
}

// ---- twists ----

Twist between(std::uint64_t from, std::uint64_t until, Twist twist) {
  return [=](const AskedPart& asked, HttpReply honest) {
    const bool is_meant = asked.number >= from && asked.number < until;
    return is_meant ? twist(asked, std::move(honest)) : honest;
  };
}

Twist behind_the_start(Twist twist) {
  return [=](const AskedPart& asked, HttpReply honest) {
    return asked.first > 0 ? twist(asked, std::move(honest)) : honest;
  };
}

Twist where(std::uint64_t byte, Twist twist) {
  return [=](const AskedPart& asked, HttpReply honest) {
    const bool is_meant = asked.first <= byte && byte - asked.first < asked.bytes;
    return is_meant ? twist(asked, std::move(honest)) : honest;
  };
}

Twist ignoring_ranges() {
  return [](const AskedPart& asked, HttpReply honest) {
    if (!is_part(honest)) return honest;
    honest.status = 200;
    set_header(honest, "Content-Range", std::nullopt);
    set_header(honest, "Accept-Ranges", std::nullopt);
    send_part(honest, 0, asked.total);
    return honest;
  };
}

Twist beginning_earlier(std::uint64_t bytes) {
  return [=](const AskedPart& asked, HttpReply honest) {
    if (!is_part(honest)) return honest;
    const std::uint64_t by = std::min(bytes, asked.first);
    send_part(honest, asked.first - by, asked.bytes + by);
    set_header(honest, "Content-Range",
               content_range(asked.first - by, asked.bytes + by, asked.total));
    return honest;
  };
}

Twist ending_earlier(std::uint64_t bytes) {
  return [=](const AskedPart& asked, HttpReply honest) {
    if (!is_part(honest) || asked.bytes <= bytes) return honest;
    send_part(honest, asked.first, asked.bytes - bytes);
    set_header(honest, "Content-Range",
               content_range(asked.first, asked.bytes - bytes, asked.total));
    return honest;
  };
}

Twist whole_as_part() {
  return [](const AskedPart& asked, HttpReply honest) {
    if (!is_part(honest)) return honest;
    send_part(honest, 0, asked.total);
    set_header(honest, "Content-Range", content_range(0, asked.total, asked.total));
    return honest;
  };
}

Twist without_content_range() {
  return [](const AskedPart&, HttpReply honest) {
    set_header(honest, "Content-Range", std::nullopt);
    return honest;
  };
}

Twist naming_total(std::uint64_t total) {
  return [=](const AskedPart& asked, HttpReply honest) {
    if (is_part(honest))
      set_header(honest, "Content-Range", content_range(asked.first, asked.bytes, total));
    return honest;
  };
}

Twist with_content_range(std::string value) {
  return [=](const AskedPart&, HttpReply honest) {
    if (is_part(honest)) set_header(honest, "Content-Range", value);
    return honest;
  };
}

Twist sending_bytes_from_elsewhere(std::uint64_t distance) {
  return [=](const AskedPart& asked, HttpReply honest) {
    if (!is_part(honest) || asked.bytes > asked.total - distance) return honest;
    send_part(honest, std::min(asked.first + distance, asked.total - asked.bytes), asked.bytes);
    return honest;
  };
}

Twist flipping(std::uint64_t byte) {
  return where(byte, [=](const AskedPart&, HttpReply honest) {
    if (honest.status != 200 && honest.status != 206) return honest;
    honest.body = std::make_shared<const std::string>(flipped(*honest.body, byte));
    return honest;
  });
}

Twist with_another_etag_each_time() {
  return [](const AskedPart& asked, HttpReply honest) {
    set_header(honest, "ETag", "\"v" + std::to_string(asked.number) + "\"");
    return honest;
  };
}

Twist never_satisfiable() {
  return [](const AskedPart& asked, HttpReply honest) {
    if (!asked.is_range) return honest;
    return status_reply(416).with_header("Content-Range", "bytes */" + std::to_string(asked.total));
  };
}

Twist answering(HttpReply reply) {
  return [reply = std::move(reply)](const AskedPart&, HttpReply) { return reply; };
}

Twist resetting_every(std::uint64_t bytes) {
  struct Carried {
    std::mutex mutex;
    std::map<std::uint64_t, std::uint64_t> by_connection;  // guarded by mutex
  };
  return [=, carried = std::make_shared<Carried>()](const AskedPart& asked, HttpReply honest) {
    std::lock_guard lock(carried->mutex);
    std::uint64_t& so_far = carried->by_connection[asked.connection];
    const std::uint64_t left = bytes - so_far;
    const std::uint64_t wanted = honest.part().size();
    so_far += std::min(left, wanted);
    return wanted < left ? honest : std::move(honest).ending_with(HttpReply::Ending::reset, left);
  };
}

Twist paced(std::size_t bytes, std::chrono::milliseconds pause) {
  return
      [=](const AskedPart&, HttpReply honest) { return std::move(honest).dripping(bytes, pause); };
}

Twist slow_on_connection(std::uint64_t connection, std::size_t bytes,
                         std::chrono::milliseconds pause) {
  return [=](const AskedPart& asked, HttpReply honest) {
    return asked.connection == connection ? std::move(honest).dripping(bytes, pause) : honest;
  };
}

Twist stalling_when_spent(std::shared_ptr<std::atomic<std::uint64_t>> budget) {
  return [budget = std::move(budget)](const AskedPart&, HttpReply honest) {
    honest.budget = budget;
    return honest;
  };
}

void serve_by_expiring_redirect(HttpServer& server, const std::string& path, const RangedFile& file,
                                std::uint64_t uses, std::chrono::milliseconds lifetime) {
  struct Signed {
    std::uint64_t uses_left;
    std::chrono::steady_clock::time_point until;
  };
  struct Signatures {
    std::mutex mutex;
    std::vector<Signed> given;  // guarded by mutex
  };
  auto signatures = std::make_shared<Signatures>();
  const std::string signed_path = path + ".signed";
  server.on(path, [=](const HttpRequest&) {
    std::lock_guard lock(signatures->mutex);
    signatures->given.push_back({uses, std::chrono::steady_clock::now() + lifetime});
    const std::string number = std::to_string(signatures->given.size() - 1);
    return redirect_reply(302, signed_path + "?signature=" + number);
  });
  server.on(signed_path, [=, serve = file.handler()](const HttpRequest& request) {
    const std::size_t equals = request.target.find('=');
    const std::string_view number = std::string_view(request.target).substr(equals + 1);
    {
      std::lock_guard lock(signatures->mutex);
      Signed& one = signatures->given.at(number_in(number).value_or(SIZE_MAX));
      if (one.uses_left == 0 || std::chrono::steady_clock::now() > one.until)
        return status_reply(403, "<Error>Request has expired</Error>");
      --one.uses_left;
    }
    return serve(request);
  });
}

}  // namespace modelhub::test
