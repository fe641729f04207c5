// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/fetch.h"

#include <algorithm>

namespace modelhub::transfer {
namespace {

constexpr std::chrono::milliseconds k_report_interval{100};
constexpr std::chrono::milliseconds k_sample_interval{20};

// The longest sleep while something is under way: progress, patience and cancellation are looked at
// so often.
constexpr std::chrono::milliseconds k_tick{50};
// What nobody wakes the loop for.
constexpr std::chrono::milliseconds k_short_tick{5};

// An attempt that brought so much on is progress: the patience begins anew.
constexpr std::uint64_t k_progress_bytes = 64 * 1024;

RetryPolicy policy_of(const TransferOptions& options) {
  return {options.attempts_per_source, options.initial_back_off, options.maximal_back_off,
          options.longest_retry_after};
}

Failure local_failure(ErrorCode code, std::string reason) {
  Failure failure;
  failure.code = code;
  failure.reason = std::move(reason);
  failure.hint = "name another source with --mirror or MODELHUB_MIRRORS";
  return failure;
}

}  // namespace

// "1.5 s"
std::string in_seconds(std::chrono::milliseconds time) {
  const auto tenths = (time.count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

Fetch::Fetch(FetchRequest request, Promise<Fetched> promise, const FetchContext& context)
    : request_(std::move(request)),
      context_(context),
      policy_(policy_of(context.options)),
      started_(context.options.clock->steady_now()),
      promise_(std::move(promise)),
      announcement_(context.folders.announce(request_.path_of(""))),
      plan_(plan_sources(context.options, request_)),
      on_cancel_(promise_.stop_token(), context.workers.wake) {
  url_ = source_url();
  use_ranges_ = request_.digest.has_value();
}

Fetch::~Fetch() {
  if (stage_ == Stage::done) return;
  close_lanes();
  close_copy();
  drop_unpacker();
  if (landing_ && !outcome_) landing_->keep();
  promise_.complete(
      Error(ErrorCode::cancelled, Subject::other, "fetching " + request_.what + " was cancelled"));
}

void Fetch::step(TimePoint now) {
  if (is_late(now)) return too_late();
  if (stage_ == Stage::queued) begin(now);
  if (stage_ == Stage::adopting && !landing_->is_adopting()) {
    stage_ = Stage::fetching;
    best_present_ = landing_->present().total();
    reused_before_ = landing_->reused();
    meter_.restart(now, best_present_);
  }
  if (stage_ == Stage::fetching) step_fetching(now);
  if (stage_ == Stage::unpacking) step_unpacking();
  if (stage_ == Stage::ending) end();
  if (stage_ != Stage::done) report(now);
  seen_received_ = received_;
}

std::chrono::milliseconds Fetch::until_next_step(TimePoint now) const {
  using std::chrono::milliseconds;
  if (stage_ == Stage::done) return milliseconds(0);  // its folder is given back when it goes
  if (stage_ == Stage::unpacking) return k_short_tick;
  if (stage_ != Stage::fetching) return k_tick;
  if (lanes_.empty()) {
    // One whose time has come waits for a place at its host, which the end of another frees.
    if (not_before_ <= now) return k_tick;
    return std::min(k_tick, std::chrono::ceil<milliseconds>(not_before_ - now));
  }
  const bool waits_for_rate =
      context_.rate_limit.is_on() &&
      std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->is_paused; });
  if (waits_for_rate) return std::min(k_tick, context_.rate_limit.wait());
  return std::min(k_tick, until_ramp(now));
}

// ---- stages ----

void Fetch::begin(TimePoint now) {
  // What waits for its turn costs nothing: no file is opened for it, and nothing is looked at.
  if (!url_.is_file() && !has_room_at_host(now)) return;
  meter_.restart(now, 0);
  std::shared_ptr<void> pass = context_.folders.try_enter(request_.path_of(""));
  if (!pass) return;  // a cancelled fetch is still writing its journal there
  landing_ = std::make_shared<Landing>(*context_.options.files, request_, context_.workers,
                                       std::move(pass));
  landing_->adopt();
  stage_ = Stage::adopting;
}

bool Fetch::is_late(TimePoint now) const {
  const auto deadline = context_.options.deadline;
  const bool runs = stage_ == Stage::queued || stage_ == Stage::adopting ||
                    stage_ == Stage::fetching || stage_ == Stage::unpacking;
  return runs && deadline.count() > 0 && now - started_ > deadline;
}

void Fetch::too_late() {
  give_up(Error(ErrorCode::timed_out, Subject::network,
                request_.what + " was not here within " + in_seconds(context_.options.deadline),
                "run it again: it goes on where it stopped")
              .as_retryable());
}

void Fetch::step_fetching(TimePoint now) {
  if (disk_error_) return give_up(*std::exchange(disk_error_, std::nullopt));
  Landing::News news = landing_->step();
  if (news.error) return give_up(*std::move(news.error));
  if (landing_->reused() < reused_before_) {
    // What had been left here was partly wrong; that is no failure of the source.
    best_present_ = std::min(best_present_, landing_->present().total());
    reused_before_ = landing_->reused();
  }
  feed_unpacker();
  if (stage_ != Stage::fetching) return;
  if (news.whole) return on_whole(*news.whole);
  if (stage_ == Stage::fetching) fetch_more(now);
}

void Fetch::fetch_more(TimePoint now) {
  if (copy_) copy_more(now);
  if (copy_ || stage_ != Stage::fetching) return;
  if (!lanes_.empty()) tend_lanes(now);
  if (stage_ != Stage::fetching || landing_->is_complete()) return;
  if (lanes_.empty()) {
    if (source_ >= plan_.sources.size()) return give_up(error_of_all(request_, plan_.failed));
    if (now < not_before_) return;
    if (url_.is_file()) return copy_more(now);
  }
  while (static_cast<int>(lanes_.size()) < wanted_lanes_ && start_lane(now)) {
  }
}

void Fetch::on_whole(const Digest& digest) {
  close_lanes();
  close_copy();
  if (request_.digest && digest != *request_.digest) {
    drop_unpacker();
    const bool was_partly_old = landing_->doubt();
    best_present_ = std::min(best_present_, landing_->present().total());
    reused_before_ = landing_->reused();
    if (!was_partly_old) {
      return fail(failure_of_digest(arrived(), digest, *request_.digest));
    }
    tell(LogLevel::info, "what an earlier fetch had left does not fit; fetching that part again");
    return;
  }
  if (Result<void> closed = landing_->close(); !closed) return give_up(std::move(closed).error());
  if (request_.unpack) {
    feed_unpacker();
    if (stage_ == Stage::fetching) stage_ = Stage::unpacking;
    return;
  }
  succeed(digest, request_.bytes, landing_->chunks());
}

// ---- a local file ----

void Fetch::copy_more(TimePoint now) {
  if (!copy_) {
    // A disk is a host too: a thousand files at once would need a thousand buffers.
    if (!context_.hosts.try_enter(url_.origin, now)) return;
    copy_ = std::make_shared<LocalCopy>(*context_.options.files, context_.workers, url_.file_path);
    landing_->set_validator(source_shown(), "");
  }
  if (copy_->is_busy()) return;
  if (const std::optional<LocalCopy::Slice> slice = copy_->take()) take_slice(*slice);
  if (!copy_) return;  // that ended it
  const ByteRange gap = landing_->present().first_gap({0, catalogued()});
  if (gap.is_empty()) {
    close_copy();
    context_.workers.wake();  // for the next step, which sees that it is whole
    return;
  }
  if (!landing_->may_take(gap.from)) return;
  copy_->read({gap.from, std::min(gap.to, gap.from + LocalCopy::k_slice_bytes)});
}

void Fetch::take_slice(const LocalCopy::Slice& slice) {
  if (slice.error && slice.error->code == ErrorCode::not_found) {
    return fail(local_failure(ErrorCode::not_found, "does not exist"));
  }
  if (slice.error) {
    return fail(local_failure(slice.error->code, "cannot be read: " + slice.error->message));
  }
  if (slice.stat.kind != base::FileKind::regular) {
    const bool is_folder = slice.stat.kind == base::FileKind::directory;
    return fail(local_failure(ErrorCode::not_found,
                              is_folder ? "is a folder, not a file" : "is not a regular file"));
  }
  remember_first(slice.range.from, slice.bytes);
  const auto has = [&](std::uint64_t size) {
    return failure_of_size(arrived(), "has " + std::to_string(size), request_.bytes);
  };
  if (slice.stat.size.count() != catalogued()) return fail(has(slice.stat.size.count()));
  if (slice.bytes.size() < slice.range.size()) {
    return fail(has(slice.range.from + slice.bytes.size()));
  }
  Result<void> written = landing_->write(slice.range.from, slice.bytes);
  if (!written) give_up(std::move(written).error());
}

void Fetch::close_copy() {
  if (!copy_) return;
  copy_.reset();
  context_.hosts.leave("file://");
}

// ---- an archive ----

void Fetch::feed_unpacker() {
  if (!request_.unpack) return;
  const std::uint64_t hashed = landing_->hashed();
  if (landing_->setbacks() != unpacker_setbacks_) drop_unpacker();  // it read what is no more
  unpacker_setbacks_ = landing_->setbacks();
  if (hashed == 0) return;
  if (!unpacker_) {
    Result<std::unique_ptr<Unpacker>> unpacker =
        Unpacker::start(*context_.options.files, *request_.unpack, request_.path_of("archive"),
                        request_.path_of("data"), request_.bytes);
    if (!unpacker) return give_up(std::move(unpacker).error());
    unpacker_ = *std::move(unpacker);
  }
  if (hashed == unpacker_fed_) return;
  unpacker_fed_ = hashed;
  unpacker_->advance(hashed);
}

// Ends where nobody waits: its thread may be in the middle of a block.
void Fetch::drop_unpacker() {
  unpacker_fed_ = 0;
  if (!unpacker_) return;
  unpacker_->abandon();
  context_.workers.syncer.post([unpacker = std::move(unpacker_), landing = landing_] {});
  unpacker_.reset();
}

void Fetch::step_unpacking() {
  if (!unpacker_->is_done()) return;
  Result<Unpacked> unpacked = unpacker_->finish();
  if (!unpacked) return give_up(std::move(unpacked).error());
  landing_->remove();  // the archive has served
  succeed(unpacked->digest, unpacked->bytes, std::move(unpacked->chunks));
}

// ---- how it ends ----

Url Fetch::source_url() const {
  return source_ < plan_.sources.size() ? plan_.sources[source_].url : Url();
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
  close_lanes();
  close_copy();
  ++failures_;
  const TimePoint now = context_.options.clock->steady_now();
  const std::uint64_t present = landing_->present().total();
  if (present >= best_present_ + k_progress_bytes) {
    best_present_ = present;
    attempts_at_source_ = 0;
  }
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
    next_source(std::move(failure), told);
    not_before_ = now;
  }
  // A redirect is resolved again: it may have expired.
  redirects_ = 0;
  has_answered_ = false;
  wanted_lanes_ = 1;
  first_bytes_.clear();
  url_ = source_url();
  meter_.restart(now, landing_->present().total());
}

void Fetch::next_source(Failure failure, const std::string& told) {
  if (failure.subject == Subject::model) {
    if (Result<void> done = landing_->forget_new(); !done) disk_error_ = std::move(done).error();
    drop_unpacker();
  }
  // A validator means nothing to another server, and what is here may not be what that one has.
  landing_->turn_old();
  plan_.failed.push_back({plan_.sources[source_].kind, told, std::move(failure)});
  ++source_;
  attempts_at_source_ = 0;
  use_ranges_ = request_.digest.has_value();
  is_one_by_one_ = false;
  typical_rate_ = 0;
  idle_connections_ = 0;
  accepts_ranges_ = true;
  has_had_part_ = false;
  best_present_ = landing_->present().total();
  if (disk_error_) give_up(*std::exchange(disk_error_, std::nullopt));
}

void Fetch::give_up(Error error) {
  close_lanes();
  close_copy();
  drop_unpacker();
  if (landing_) {
    const bool is_wrong_result = error.subject == Subject::model && landing_->is_complete();
    is_wrong_result ? landing_->remove() : landing_->keep();
  }
  outcome_ = error.context.empty() ? std::move(error).with_context("fetch " + request_.what)
                                   : std::move(error);
  stage_ = Stage::ending;
}

void Fetch::succeed(Digest digest, ByteCount bytes, std::vector<Digest> chunks) {
  Fetched fetched{digest, bytes, source_ < plan_.sources.size() ? source_shown() : "",
                  failures_ + 1};
  fetched.duration = std::chrono::duration_cast<std::chrono::milliseconds>(
      context_.options.clock->steady_now() - started_);
  fetched.chunks = std::move(chunks);
  fetched.received = ByteCount(received_);
  fetched.reused = ByteCount(landing_->reused());
  outcome_ = std::move(fetched);
  stage_ = Stage::ending;
}

// The folder is given back only when nothing is written there any more.
void Fetch::end() {
  if (landing_ && !landing_->is_idle()) return;
  report(context_.options.clock->steady_now());
  stage_ = Stage::done;
  unpacker_.reset();
  landing_.reset();
  promise_.complete(*std::move(outcome_));
}

void Fetch::report(TimePoint now) {
  const bool is_whole = stage_ == Stage::ending && outcome_ && outcome_->has_value();
  if (now - last_sample_ >= k_sample_interval && stage_ == Stage::fetching) {
    meter_.sample(now, landing_->present().total());
    last_sample_ = now;
  }
  // What came last before a pause is told at once: nothing may follow for long.
  const std::uint64_t present =
      landing_ && !landing_->is_adopting() ? landing_->present().total() : 0;
  const bool is_pause = received_ == seen_received_ && present != reported_;
  if (!is_whole && !is_pause && now - last_report_ < k_report_interval) return;
  last_report_ = now;
  reported_ = present;
  Progress progress;
  progress.phase = Phase::downloading;
  progress.subject = request_.what;
  progress.bytes_total = catalogued();
  if (stage_ == Stage::queued) progress.phase = Phase::queued;
  if (is_whole) progress.bytes_done = catalogued();
  if (landing_ && !landing_->is_adopting() && !is_whole) {
    progress.bytes_done = present;
    const bool is_behind = catalogued() - landing_->hashed() > 16 * k_chunk_bytes;
    if (landing_->is_complete() && is_behind) {
      progress.phase = Phase::verifying;
      progress.bytes_done = landing_->hashed();
    }
  }
  if (progress.phase == Phase::downloading) fill_rate(progress, meter_);
  promise_.report(std::move(progress));
}

}  // namespace modelhub::transfer
