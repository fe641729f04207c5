// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/fetch.h"

#include <algorithm>

namespace modelhub::transfer {
namespace {

constexpr int k_max_redirects = 10;

// A small body of a redirect or an error is read to its end, so that the connection can serve the
// next request.
constexpr std::uint64_t k_max_dropped_bytes = 64 * 1024;

// How much of a local file is read before other fetches get their turn.
constexpr std::size_t k_slice_bytes = 1024 * 1024;

constexpr std::chrono::milliseconds k_report_interval{100};

RetryPolicy policy_of(const TransferOptions& options) {
  return {options.attempts_per_source, options.initial_back_off, options.maximal_back_off,
          options.longest_retry_after};
}

std::string in_seconds(std::chrono::milliseconds time) {
  const auto tenths = (time.count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

Failure refused(ErrorCode code, std::string reason) {
  Failure failure;
  failure.code = code;
  failure.reason = std::move(reason);
  failure.hint = "name another source with --mirror or MODELHUB_MIRRORS";
  return failure;
}

}  // namespace

Fetch::Fetch(std::uint64_t id, FetchRequest request, Promise<Fetched> promise,
             const FetchContext& context)
    : id_(id),
      request_(std::move(request)),
      context_(context),
      policy_(policy_of(context.options)),
      started_(context.options.clock->steady_now()),
      promise_(std::move(promise)),
      plan_(plan_sources(context.options, request_)),
      sink_(std::make_shared<Sink>(*context.options.files, request_.destination)),
      on_cancel_(promise_.stop_token(), context.wake) {
  if (!plan_.sources.empty()) url_ = plan_.sources.front().url;
}

Fetch::~Fetch() {
  if (stage_ == Stage::done) return;
  if (exchange_) leave_host();
  // Nothing may look like a model that is not one. What a later version resumes from will stay
  // here, beside a journal.
  sink_->discard();
  promise_.complete(
      Error(ErrorCode::cancelled, Subject::other, "fetching " + request_.what + " was cancelled"));
}

void Fetch::step(TimePoint now) {
  switch (stage_) {
    case Stage::waiting: begin_attempt(now); break;
    case Stage::exchanging: check_patience(now); break;
    case Stage::reading: read_slice(); break;
    case Stage::syncing:
    case Stage::done: break;
  }
  if (stage_ != Stage::syncing && stage_ != Stage::done) report(now);
}

// ---- one attempt ----

void Fetch::begin_attempt(TimePoint now) {
  if (source_ >= plan_.sources.size()) return give_up(error_of_all(request_, plan_.failed));
  if (now < not_before_) return;
  if (!url_.is_file() && !context_.hosts.try_enter(url_.origin, now)) return;
  if (redirects_ == 0) ++attempts_;
  head_ = HttpHead();
  body_ = Body::drop;
  dropped_ = 0;
  first_bytes_.clear();
  is_too_long_ = false;
  meter_.restart(now, 0);
  if (url_.is_file()) return begin_reading();
  context_.network_requests.fetch_add(1, std::memory_order_relaxed);
  HttpExchange::Receiver& receiver = *this;
  exchange_ = std::make_unique<HttpExchange>(context_.multi, url_, context_.options, receiver);
  stage_ = Stage::exchanging;
}

bool Fetch::on_head(const HttpHead& head) {
  head_ = head;
  if (!is_whole_file(head)) return true;
  if (head.content_length && *head.content_length != catalogued()) {
    body_ = Body::look;
    return true;
  }
  body_ = Body::keep;
  if (Result<void> started = sink_->start(); !started) disk_error_ = std::move(started).error();
  return !disk_error_;
}

bool Fetch::on_body(std::span<const std::byte> bytes) {
  if (is_cancelled()) return false;
  switch (body_) {
    case Body::keep: return keep(bytes);
    case Body::look: remember_first(bytes); return first_bytes_.size() < k_first_bytes;
    case Body::drop: dropped_ += bytes.size(); return dropped_ <= k_max_dropped_bytes;
  }
  return false;
}

void Fetch::remember_first(std::span<const std::byte> bytes) {
  if (first_bytes_.size() >= k_first_bytes) return;
  const std::size_t count = std::min(bytes.size(), k_first_bytes - first_bytes_.size());
  for (const std::byte byte : bytes.first(count)) first_bytes_ += static_cast<char>(byte);
}

bool Fetch::keep(std::span<const std::byte> bytes) {
  remember_first(bytes);
  if (bytes.size() > catalogued() - sink_->size()) {
    is_too_long_ = true;
    return false;
  }
  if (Result<void> kept = sink_->append(bytes); !kept) disk_error_ = std::move(kept).error();
  return !disk_error_;
}

void Fetch::check_patience(TimePoint now) {
  const auto connected = exchange_->connected_at();
  if (!connected) return;
  const auto limit = context_.options.stall_limit;
  const bool is_stalled = now - exchange_->last_activity() > limit;
  // A head that drips is as dead as one that does not come.
  const bool is_head_slow = !head_.is_complete && now - *connected > 2 * limit;
  if (!is_stalled && !is_head_slow) return;
  if (head_.is_complete) return on_exchange_done(CURLE_OPERATION_TIMEDOUT);
  Failure failure;
  failure.code = ErrorCode::timed_out;
  failure.remedy = Remedy::retry;
  failure.reason = is_stalled ? "sent nothing for " + in_seconds(limit)
                              : "did not begin to answer within " + in_seconds(2 * limit);
  failure.hint = "try again later, or name another source with --mirror or MODELHUB_MIRRORS";
  leave_host();
  fail(std::move(failure));
}

void Fetch::leave_host() {
  exchange_.reset();
  context_.hosts.leave(url_.origin);
}

void Fetch::on_exchange_done(CURLcode code) {
  if (disk_error_) {
    leave_host();
    return give_up(*std::move(disk_error_));
  }
  if (head_.is_complete && is_redirect(head_)) return redirect();
  if (body_ == Body::keep && !is_too_long_ && sink_->size() == catalogued()) {
    // However the answer ended: all bytes are here, and the digest decides.
    leave_host();
    return arrived_whole();
  }
  Failure failure = failure_of_answer(code);
  leave_host();
  fail(std::move(failure));
}

Failure Fetch::failure_of_answer(CURLcode code) const {
  if (!head_.is_complete) {
    if (exchange_->has_endless_head()) {
      return refused(ErrorCode::unavailable, "sent headers without end");
    }
    return failure_of_curl(code, exchange_->explain(code), context_.options.ca_file);
  }
  if (!is_whole_file(head_)) return failure_of_status(head_, context_.options.clock->system_now());
  if (body_ == Body::look) {
    return failure_of_size(arrived(), "announces " + std::to_string(*head_.content_length),
                           request_.bytes);
  }
  if (is_too_long_) {
    return failure_of_size(arrived(), "sends more than " + std::to_string(catalogued()),
                           request_.bytes);
  }
  if (code == CURLE_OK && impostor_of(arrived())) {
    return failure_of_size(arrived(), "has " + std::to_string(sink_->size()), request_.bytes);
  }
  const std::string how_far =
      " after " + std::to_string(sink_->size()) + " of " + std::to_string(catalogued()) + " bytes";
  Failure failure = failure_of_curl(code, exchange_->explain(code), context_.options.ca_file);
  failure.is_host_unreachable = false;
  if (code == CURLE_OPERATION_TIMEDOUT) {
    failure.reason = "sent nothing for " + in_seconds(context_.options.stall_limit) + how_far;
  } else {
    failure.reason = "ended" + how_far;
    failure.remedy = Remedy::retry;
  }
  return failure;
}

void Fetch::redirect() {
  leave_host();
  if (++redirects_ > k_max_redirects) {
    return fail(refused(ErrorCode::unavailable,
                        "redirects more than " + std::to_string(k_max_redirects) + " times"));
  }
  Result<Url> to = follow_redirect(url_, head_.location);
  if (!to) return fail(refused(to.error().code, "redirects wrongly: " + to.error().message));
  url_ = *std::move(to);
  stage_ = Stage::waiting;  // for its turn at the host it leads to
}

// ---- a local file ----

void Fetch::begin_reading() {
  const auto told_by_disk = [&](const Error& error) {
    fail(refused(error.code, "cannot be read: " + error.message));
  };
  Result<base::FileStat> stat = context_.options.files->stat(url_.file_path);
  if (!stat && stat.error().code == ErrorCode::not_found) {
    return fail(refused(ErrorCode::not_found, "does not exist"));
  }
  if (!stat) return told_by_disk(stat.error());
  if (stat->kind != base::FileKind::regular) {
    return fail(refused(ErrorCode::not_found, stat->kind == base::FileKind::directory
                                                  ? "is a folder, not a file"
                                                  : "is not a regular file"));
  }
  Result<std::unique_ptr<base::ReadableFile>> file = context_.options.files->open(url_.file_path);
  if (!file) return told_by_disk(file.error());
  slice_.resize(k_slice_bytes);
  if (stat->size != request_.bytes) {
    const Result<std::size_t> count = (*file)->read_at(0, std::span(slice_).first(k_first_bytes));
    remember_first(std::span(slice_).first(count.value_or(0)));
    return fail(
        failure_of_size(arrived(), "has " + std::to_string(stat->size.count()), request_.bytes));
  }
  if (Result<void> started = sink_->start(); !started) return give_up(std::move(started).error());
  file_ = *std::move(file);
  stage_ = Stage::reading;
}

void Fetch::read_slice() {
  const std::uint64_t left = catalogued() - sink_->size();
  const std::span<std::byte> room =
      std::span(slice_).first(std::min<std::uint64_t>(left, k_slice_bytes));
  const Result<std::size_t> count = file_->read_at(sink_->size(), room);
  if (!count) return fail(refused(count.error().code, "cannot be read: " + count.error().message));
  if (*count == 0) {
    return fail(failure_of_size(arrived(), "has " + std::to_string(sink_->size()), request_.bytes));
  }
  if (!keep(room.first(*count))) return give_up(*std::move(disk_error_));
  if (sink_->size() == catalogued()) arrived_whole();
}

// ---- how it ends ----

Arrived Fetch::arrived() const {
  return {first_bytes_, head_.content_type, head_.content_encoding};
}

void Fetch::arrived_whole() {
  file_.reset();
  Result<Digest> digest = sink_->finish();
  if (!digest) return give_up(std::move(digest).error());
  if (*digest != request_.digest)
    return fail(failure_of_digest(arrived(), *digest, request_.digest));
  stage_ = Stage::syncing;
  report(context_.options.clock->steady_now());
  context_.sync(id_, sink_);
}

void Fetch::on_synced(Result<void> synced) {
  if (!synced) return give_up(std::move(synced).error());
  stage_ = Stage::done;
  Fetched fetched{request_.digest, request_.bytes, plan_.sources[source_].url.shown, attempts_, {}};
  fetched.duration = std::chrono::duration_cast<std::chrono::milliseconds>(
      context_.options.clock->steady_now() - started_);
  // Cancelled in the last moment: nobody knows of the file.
  if (!promise_.complete(std::move(fetched))) sink_->discard();
}

std::string Fetch::told_of(const Failure& failure) const {
  const Url& source = plan_.sources[source_].url;
  const std::string by_way_of =
      url_.text == source.text ? "" : " (redirected to " + url_.shown + ")";
  return source.shown + by_way_of + " " + failure.reason;
}

void Fetch::tell(LogLevel level, const std::string& message) const {
  if (context_.options.log) context_.options.log(level, request_.what + ": " + message);
}

void Fetch::fail(Failure failure) {
  file_.reset();
  const TimePoint now = context_.options.clock->steady_now();
  const auto more = source_ + 1 < plan_.sources.size() ? MoreSources::yes : MoreSources::no;
  const auto wait =
      wait_before_retry(policy_, failure, ++attempts_at_source_, more, context_.random());
  const std::string told = told_of(failure);
  if (wait && failure.is_host_busy) context_.hosts.close_until(url_.origin, now + *wait);
  if (wait) {
    tell(LogLevel::info, told + "; trying again in " + in_seconds(*wait));
    not_before_ = now + *wait;
  } else {
    if (more == MoreSources::yes) tell(LogLevel::info, told + "; trying the next source");
    plan_.failed.push_back({plan_.sources[source_].kind, told, std::move(failure)});
    ++source_;
    attempts_at_source_ = 0;
    not_before_ = now;
  }
  // A redirect is resolved again: it may have expired.
  redirects_ = 0;
  meter_.restart(now, 0);
  stage_ = Stage::waiting;
  if (source_ < plan_.sources.size()) url_ = plan_.sources[source_].url;
}

void Fetch::give_up(Error error) {
  file_.reset();
  stage_ = Stage::done;
  sink_->discard();
  promise_.complete(error.context.empty() ? std::move(error).with_context("fetch " + request_.what)
                                          : std::move(error));
}

void Fetch::report(TimePoint now) {
  const bool is_whole = stage_ == Stage::syncing;
  if (!is_whole && now - last_report_ < k_report_interval) return;
  last_report_ = now;
  Progress progress;
  progress.phase = attempts_ == 0 ? Phase::queued : Phase::downloading;
  progress.subject = request_.what;
  // A new attempt begins at 0 again.
  const bool is_arriving = stage_ == Stage::exchanging && body_ == Body::keep;
  if (is_arriving || stage_ == Stage::reading || is_whole) progress.bytes_done = sink_->size();
  progress.bytes_total = catalogued();
  meter_.sample(now, progress.bytes_done);
  fill_rate(progress, meter_);
  promise_.report(std::move(progress));
}

}  // namespace modelhub::transfer
