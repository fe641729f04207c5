// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "modelhub/job.h"
#include "transfer/answer.h"
#include "transfer/connection_policy.h"
#include "transfer/folders.h"
#include "transfer/host_gates.h"
#include "transfer/landing.h"
#include "transfer/lane.h"
#include "transfer/local_copy.h"
#include "transfer/rate_limit.h"
#include "transfer/rate_meter.h"
#include "transfer/retry_policy.h"
#include "transfer/source_plan.h"
#include "transfer/transfer.h"
#include "transfer/unpack.h"

namespace modelhub::transfer {

// What the loop lends to its fetches. Used on the loop's thread only.
struct FetchContext {
  const TransferOptions& options;
  CURLM* multi;
  HostGates& hosts;
  RateLimit& rate_limit;
  Folders& folders;
  const Workers& workers;
  std::atomic<std::uint64_t>& network_requests;
  std::function<double()> random;  // uniform in [0, 1)
};

// "1.5 s"
std::string in_seconds(std::chrono::milliseconds time);

// One file on its way: goes through the sources, attempts and redirects until the file is here or
// nothing is left. Connections come and go within an attempt; it fails with the last of them.
//
//   queued -> adopting -> fetching -> [unpacking] -> ending -> done
//
// Ownership:     destroying a fetch that is not done cancels it; what is there stays, with a
// journal. Thread safety: made on any thread, then used on the loop's only.
class Fetch final : private Lane::Owner {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  enum class Stage { queued, adopting, fetching, unpacking, ending, done };

  Fetch(FetchRequest request, Promise<Fetched> promise, const FetchContext& context);
  ~Fetch() override;
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;

  Stage stage() const { return stage_; }
  bool is_cancelled() const { return promise_.stop_token().stop_requested(); }
  // How long nothing will be to do unless something arrives.
  std::chrono::milliseconds until_next_step(TimePoint now) const;

  // Does what its time has come for.
  void step(TimePoint now);

 private:
  // How the number of connections came to be what it is.
  struct RampState {
    TimePoint window_began{};
    std::uint64_t received_then = 0;  // when it began
    int windows = 0;
    double rate = 0;
    double rate_earlier = 0;
    int before = 0;
    double rate_before = 0;
    TimePoint rests_until{};
    bool is_held_back = false;  // since the first window
    bool waits_for_part = false;
  };

  // fetch.cpp: stages, attempts, the end
  void begin(TimePoint now);
  void step_fetching(TimePoint now);
  void fetch_more(TimePoint now);
  void on_whole(const Digest& digest);
  void fail(Failure failure);
  void next_source(Failure failure, const std::string& told);
  void give_up(Error error);
  void succeed(Digest digest, ByteCount bytes, std::vector<Digest> chunks);
  void end();
  void step_unpacking();
  void feed_unpacker();
  void drop_unpacker();
  void copy_more(TimePoint now);
  void take_slice(const LocalCopy::Slice& slice);
  void close_copy();
  bool is_late(TimePoint now) const;
  void too_late();
  Url source_url() const;
  std::string told_of(const Failure& failure) const;
  void tell(LogLevel level, const std::string& message) const;
  void report(TimePoint now);
  Arrived arrived() const { return {first_bytes_, content_type_, content_encoding_}; }
  std::uint64_t catalogued() const { return request_.bytes.count(); }
  const std::string& source_shown() const { return plan_.sources[source_].url.shown; }

  // fetch_answers.cpp: what an answer means; fetch_lanes.cpp: the connections themselves
  bool on_lane_head(Lane& lane, const HttpHead& head) override;
  Take on_lane_body(Lane& lane, std::span<const std::byte> bytes) override;
  void on_lane_done(Lane& lane, CURLcode code) override;
  bool take_whole(Lane& lane);
  bool take_part(Lane& lane);
  Take keep(Lane& lane, std::span<const std::byte> bytes);
  std::vector<std::byte> take_buffer();
  // Writes what waits in a lane. False after an error, which is disk_error_ then.
  bool flush(Lane& lane);
  void flush_lanes(TimePoint now);
  void remember_first(std::uint64_t at, std::span<const std::byte> bytes);
  bool has_other_lane(const Lane& lane) const;
  std::optional<ByteRange> next_range(TimePoint now);
  bool has_room_at_host(TimePoint now);
  bool start_lane(TimePoint now);
  void close_lane(std::size_t index);
  void close_lanes();
  void tend_lanes(TimePoint now);
  void check_patience(TimePoint now);
  void resume_lanes(TimePoint now);
  void learn_rate(const Lane& lane);
  void replace_slow_lane(TimePoint now);
  bool measure_window(TimePoint now);
  void ramp(TimePoint now);
  std::chrono::milliseconds until_ramp(TimePoint now) const;
  void begin_ramp(TimePoint now);
  void restart_ramp(TimePoint now, int connections);
  int connection_limit() const;
  std::vector<LaneSnapshot> snapshots(TimePoint now) const;
  void redirect(const HttpHead& head);
  void give_back(const Lane& lost);
  void lose(const Lane& lane, const Failure& failure);
  Failure failure_of_lane(const Lane& lane, CURLcode code) const;
  Failure failure_of_part(const Lane& lane) const;

  // Constant after construction.
  const FetchRequest request_;
  const FetchContext& context_;
  const RetryPolicy policy_;
  const TimePoint started_;
  const Promise<Fetched> promise_;
  const std::shared_ptr<void> announcement_;

  SourcePlan plan_;
  Stage stage_ = Stage::queued;
  std::shared_ptr<Landing> landing_;
  std::shared_ptr<Unpacker> unpacker_;
  std::uint64_t unpacker_fed_ = 0;
  std::uint64_t unpacker_setbacks_ = 0;
  std::optional<Result<Fetched>> outcome_;

  // The source.
  std::size_t source_ = 0;          // index into plan_.sources
  int attempts_at_source_ = 0;      // failed ones since the last that brought something on
  int failures_ = 0;                // at all sources
  std::uint64_t best_present_ = 0;  // bytes at the end of an attempt, at this source
  // false: this source does not do them right, or nothing could prove that parts fit together
  bool use_ranges_ = true;
  bool is_one_by_one_ = false;  // false: one connection only, at this source

  // The attempt.
  TimePoint not_before_{};
  Url url_;  // the source's, or where it redirected to
  int redirects_ = 0;
  bool has_answered_ = false;  // url_ has, with bytes of the file
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::vector<std::byte>> spare_buffers_;  // as many as there were lanes at a time
  int wanted_lanes_ = 1;
  RampState ramp_;
  std::chrono::milliseconds ramp_rest_{1000};  // after the next step that did not help
  TimePoint looked_for_slow_{};
  double typical_rate_ = 0;   // of a connection while there were several
  int idle_connections_ = 0;  // that served us and can again, as far as is known here
  std::chrono::milliseconds round_trip_{0};
  bool accepts_ranges_ = true;
  bool has_had_part_ = false;  // the source has sent exactly the part that was asked for
  std::string content_type_;
  std::string content_encoding_;
  std::string first_bytes_;
  std::optional<Error> disk_error_;
  std::uint64_t gate_changes_ = 0;  // when the host had no place
  bool is_waiting_for_host_ = false;
  std::shared_ptr<LocalCopy> copy_;

  std::uint64_t received_ = 0;
  std::uint64_t reused_before_ = 0;
  RateMeter meter_;
  TimePoint last_sample_{};
  TimePoint last_report_{};
  std::uint64_t reported_ = 0;       // bytes
  std::uint64_t seen_received_ = 0;  // received_ at the end of the last step
  // Last: its callback may run on another thread until it is destroyed.
  std::stop_callback<std::function<void()>> on_cancel_;
};

}  // namespace modelhub::transfer
