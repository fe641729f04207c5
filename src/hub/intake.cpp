// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/intake.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <utility>

namespace modelhub::hub {
namespace {

// How often the files that another process fetches are looked at, and progress is told.
constexpr std::chrono::milliseconds k_look_interval{100};

// Tells the thread that waits for several jobs which are done. The jobs outlive that thread's
// interest.
class DoneQueue {
 public:
  void push(std::size_t index) {
    {
      std::lock_guard lock(mutex_);
      done_.push_back(index);
    }
    changed_.notify_one();
  }
  void wake() {
    {
      std::lock_guard lock(mutex_);
      is_woken_ = true;
    }
    changed_.notify_one();
  }
  // Empty when nothing is done until `deadline`, or when it is woken.
  std::vector<std::size_t> wait(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [&] { return is_woken_ || !done_.empty(); });
    is_woken_ = false;
    return std::exchange(done_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::size_t> done_;  // guarded by mutex_
  bool is_woken_ = false;          // guarded by mutex_
};

// One file on its way, by this process or another. What is staged for it lies at the same index.
struct Arrival {
  ModelFile file;
  std::optional<Job<transfer::Fetched>> job;  // while this process fetches it
  std::uint64_t bytes_done = 0;
  bool is_here = false;
  bool is_fetched = false;  // by this process, whole
};

transfer::FetchRequest request_of(const ModelFile& file, const store::StagedFile& staged) {
  transfer::FetchRequest request{file.path.string(), file.sha256,     file.bytes,
                                 file.urls,          staged.folder(), staged.prefix()};
  if (file.unpack) {
    const Unpack& unpack = *file.unpack;
    request.unpack = transfer::UnpackRequest{
        unpack.kind == "bz2" ? transfer::UnpackKind::bz2 : transfer::UnpackKind::tar_gz,
        unpack.member, unpack.sha256, unpack.bytes};
    return request;  // what lies around came out of the archive: its parts are not the archive's
  }
  for (const store::PartialSeed& seed : staged.seeds())
    request.seeds.push_back({seed.data, seed.journal, seed.chunks});
  return request;
}

// What the file takes on disk while it comes in: an archive lies beside what comes out of it.
ByteCount needed_by(const ModelFile& file) {
  ByteCount needed = store::round_to_blocks(file.bytes);
  if (file.unpack) needed += store::round_to_blocks(file.unpack->bytes);
  return needed;
}

class Bringing {
 public:
  Bringing(std::string subject, const IntakeTools& tools, const std::stop_token& stop,
           const std::function<void(Progress)>& report)
      : subject_(std::move(subject)), tools_(tools), stop_(stop), report_(report) {}

  Result<Intake> run(std::vector<ModelFile> files) {
    const std::stop_callback on_stop(stop_, [done = done_] { done->wake(); });
    if (Result<void> staged = stage_all(std::move(files)); !staged)
      return std::move(staged).error();
    if (Result<void> begun = begin_mine(); !begun) fail(std::move(begun).error());
    auto next_look = std::chrono::steady_clock::now();
    while (awaited_ != 0) {
      for (const std::size_t i : done_->wait(next_look)) take(i);
      if (stop_.stop_requested()) fail(cancelled());
      if (std::chrono::steady_clock::now() < next_look) continue;
      next_look = std::chrono::steady_clock::now() + k_look_interval;
      look_at_all();
      tell();
    }
    tell();
    if (failure_) {
      // A cancelled fetch still writes its journal: the folders go only when nobody is in them.
      for (const store::StagedFile& staged : intake_.staged) {
        if (staged.is_mine()) tools_.transfer.wait_until_left(staged.folder(), staged.prefix());
      }
      return with_remains(*std::move(failure_));
    }
    return std::move(intake_);
  }

 private:
  Error cancelled() const {
    return {ErrorCode::cancelled, Subject::other, "fetching " + subject_ + " was cancelled"};
  }

  // Each content is announced once: two files of a model may be the same bytes.
  Result<void> stage_all(std::vector<ModelFile> files) {
    std::unordered_set<Digest> seen;
    for (ModelFile& file : files) {
      const Digest digest = file.installed_digest();
      if (!seen.insert(digest).second) continue;
      const bool is_small = !file.unpack && file.bytes <= store::k_small_file;
      Result<store::StagedFile> staged = tools_.store.stage(
          ticket_, digest, file.installed_bytes(), stop_,
          is_small ? store::StagingPlace::shared_folder : store::StagingPlace::own_folder);
      if (!staged) return std::move(staged).error();
      staged->keep_partial();
      arrivals_.push_back({std::move(file), {}, 0, staged->is_present(), false});
      if (!staged->is_present()) ++awaited_;
      intake_.staged.push_back(*std::move(staged));
    }
    return {};
  }

  // Reserves the space for everything that this process has to fetch, then fetches it.
  Result<void> begin_mine() {
    std::vector<std::size_t> mine;
    ByteCount needed;
    for (std::size_t i = 0; i < arrivals_.size(); ++i) {
      const Arrival& arrival = arrivals_[i];
      if (arrival.is_here || arrival.job || !intake_.staged[i].is_mine()) continue;
      mine.push_back(i);
      needed += needed_by(arrival.file);
    }
    if (mine.empty()) return {};
    const auto on_wait = [&](const std::string& why) {
      if (tools_.log) tools_.log(LogLevel::warning, subject_ + " waits for space: " + why);
    };
    Result<store::Reservation> space = tools_.store.reserve(ticket_, needed, stop_, on_wait);
    if (!space) return std::move(space).error();
    intake_.reservations.push_back(*std::move(space));
    for (const std::size_t i : mine) {
      arrivals_[i].job = tools_.transfer.fetch(request_of(arrivals_[i].file, intake_.staged[i]));
      arrivals_[i].job->then(
          [done = done_, i](const Result<transfer::Fetched>&) { done->push(i); });
    }
    return {};
  }

  void look_at_all() {
    bool has_job = false;
    bool has_more_of_mine = false;
    for (std::size_t i = 0; i < arrivals_.size(); ++i) {
      Arrival& arrival = arrivals_[i];
      store::StagedFile& staged = intake_.staged[i];
      if (arrival.is_here) continue;
      if (arrival.job) {
        arrival.bytes_done = arrival.job->progress().bytes_done;
        staged.report(ByteCount(arrival.bytes_done));
        has_job = true;
        continue;
      }
      Result<void> looked = staged.look_again(stop_);
      if (!looked) fail(std::move(looked).error());
      arrival.bytes_done = staged.progress().done.count();
      if (staged.is_present()) settle(arrival);
      has_more_of_mine = has_more_of_mine || staged.is_mine();
    }
    if (failure_) return;
    Result<void> went_on;
    if (has_more_of_mine) went_on = begin_mine();
    // Others may wait for what has come here, and this for them.
    else if (!has_job && awaited_ != 0 && !std::exchange(is_put_, true))
      went_on = tools_.store.put_blobs(intake_.staged);
    if (!went_on) fail(std::move(went_on).error());
  }

  // Nobody waits for it any more: it is here, or given up.
  void settle(Arrival& arrival) {
    if (!std::exchange(arrival.is_here, true)) --awaited_;
  }

  void take(std::size_t index) {
    Arrival& arrival = arrivals_[index];
    store::StagedFile& staged = intake_.staged[index];
    Result<transfer::Fetched> fetched = arrival.job->get();
    if (!fetched) arrival.bytes_done = arrival.job->progress().bytes_done;
    arrival.job.reset();
    settle(arrival);
    if (!fetched) return fail(std::move(fetched).error());
    arrival.bytes_done = arrival.file.bytes.count();
    intake_.received += fetched->received;
    intake_.reused += fetched->reused;
    is_put_ = false;
    Result<void> done =
        staged.complete(fetched->digest, fetched->bytes, std::move(fetched->chunks));
    if (!done) return fail(std::move(done).error());
    arrival.is_fetched = true;
    if (!fetched->url.empty()) intake_.sources.push_back(std::move(fetched->url));
  }

  // The first failure counts, and not the `cancelled` that it causes in the others.
  void fail(Error error) {
    if (failure_) return;
    failure_ = std::move(error);
    for (Arrival& arrival : arrivals_) {
      if (arrival.job)
        arrival.job->cancel();
      else
        settle(arrival);
    }
  }

  void tell() const {
    Progress sum;
    sum.phase = Phase::downloading;
    sum.subject = subject_;
    for (const Arrival& arrival : arrivals_) {
      const std::uint64_t bytes = arrival.file.bytes.count();
      sum.bytes_total += bytes;
      sum.bytes_done += arrival.is_here ? bytes : std::min(bytes, arrival.bytes_done);
      if (arrival.job) sum.bytes_per_second += arrival.job->progress().bytes_per_second;
    }
    if (sum.bytes_per_second > 1 && sum.bytes_done <= sum.bytes_total) {
      const double seconds =
          static_cast<double>(sum.bytes_total - sum.bytes_done) / sum.bytes_per_second;
      sum.eta = std::chrono::seconds(std::llround(seconds));
    }
    report_(std::move(sum));
  }

  // What a later pull need not fetch again: what is whole stays under the name of its blob, and of
  // the others the parts that have a folder of their own.
  Error with_remains(Error error) {
    const bool may_go_on = error.retryable || error.code == ErrorCode::cancelled ||
                           error.code == ErrorCode::no_space || error.code == ErrorCode::timed_out;
    if (!may_go_on) return error;
    (void)tools_.store.put_blobs(intake_.staged);
    ByteCount kept;
    for (std::size_t i = 0; i < arrivals_.size(); ++i) {
      const store::StagedFile& staged = intake_.staged[i];
      const bool is_put = staged.is_present() && arrivals_[i].is_fetched;
      const bool is_part = staged.is_mine() && staged.keeps_partial();
      if (is_put || is_part) kept += ByteCount(arrivals_[i].bytes_done);
    }
    if (kept == ByteCount()) return error;
    const std::string again = tools_.again.empty() ? "modelhub pull " + subject_ : tools_.again;
    const std::string remains =
        kept.to_string() + " have arrived and are kept: " + again + " goes on";
    // Who cancelled has had an answer already, and no longer waits for this one.
    if (error.code == ErrorCode::cancelled && tools_.log) tools_.log(LogLevel::warning, remains);
    error.hint = error.hint.empty() ? remains : error.hint + "; " + remains;
    return error;
  }

  const std::string subject_;
  const IntakeTools& tools_;
  const std::stop_token stop_;
  const std::function<void(Progress)>& report_;
  const std::shared_ptr<DoneQueue> done_ = std::make_shared<DoneQueue>();
  const store::Ticket ticket_;
  std::vector<Arrival> arrivals_;
  std::size_t awaited_ = 0;  // those that are not here yet
  Intake intake_;
  bool is_put_ = false;  // what has arrived is under its blobs' names
  std::optional<Error> failure_;
};

}  // namespace

Result<Intake> bring(const std::string& subject, std::vector<ModelFile> files,
                     const IntakeTools& tools, const std::stop_token& stop,
                     const std::function<void(Progress)>& report) {
  return Bringing(subject, tools, stop, report).run(std::move(files));
}

}  // namespace modelhub::hub
