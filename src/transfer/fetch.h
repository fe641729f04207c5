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
#include "transfer/host_gates.h"
#include "transfer/http_exchange.h"
#include "transfer/rate_meter.h"
#include "transfer/retry_policy.h"
#include "transfer/sink.h"
#include "transfer/source_plan.h"
#include "transfer/transfer.h"

namespace modelhub::transfer {

// What the loop lends to its fetches. Used on the loop's thread only, but for `wake`.
struct FetchContext {
  const TransferOptions& options;
  CURLM* multi;
  HostGates& hosts;
  std::atomic<std::uint64_t>& network_requests;
  std::function<double()> random;  // uniform in [0, 1)
  // Syncs the sink on another thread, then calls on_synced() of the fetch, if it still is there.
  std::function<void(std::uint64_t fetch_id, std::shared_ptr<Sink>)> sync;
  std::function<void()> wake;  // any thread
};

// One file on its way: goes through the sources, attempts and redirects until the file is here or
// nothing is left.
//
//   waiting -> exchanging (HTTP) or reading (file) -> syncing -> done
//      ^------------- retry, redirect, next source --+
//
// Ownership:     destroying a fetch that is not done cancels it and removes its destination.
// Thread safety: made on any thread, then used on the loop's only.
class Fetch final : private HttpExchange::Receiver {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  enum class Stage { waiting, exchanging, reading, syncing, done };

  Fetch(std::uint64_t id, FetchRequest request, Promise<Fetched> promise,
        const FetchContext& context);
  ~Fetch() override;
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;

  // The fetch whose exchange this handle is.
  static Fetch& of(CURL* handle) { return static_cast<Fetch&>(*HttpExchange::receiver_of(handle)); }

  std::uint64_t id() const { return id_; }
  Stage stage() const { return stage_; }
  bool is_cancelled() const { return promise_.stop_token().stop_requested(); }
  // When a waiting fetch may go on at the earliest.
  TimePoint not_before() const { return not_before_; }

  // Does what its time has come for: begins the next exchange, reads a slice of a file, loses
  // patience, reports.
  void step(TimePoint now);
  void on_exchange_done(CURLcode code);
  void on_synced(Result<void> synced);

 private:
  // What happens to the body of the answer that is coming.
  enum class Body {
    keep,  // it is the file
    look,  // it cannot be the file; its first bytes may tell what it is
    drop,  // a redirect's or an error's
  };

  bool on_head(const HttpHead& head) override;
  bool on_body(std::span<const std::byte> bytes) override;

  void begin_attempt(TimePoint now);
  void begin_reading();
  void read_slice();
  void check_patience(TimePoint now);
  void leave_host();
  Failure failure_of_answer(CURLcode code) const;
  void redirect();
  bool keep(std::span<const std::byte> bytes);
  void remember_first(std::span<const std::byte> bytes);
  void arrived_whole();

  void fail(Failure failure);
  void give_up(Error error);
  std::string told_of(const Failure& failure) const;
  void tell(LogLevel level, const std::string& message) const;
  void report(TimePoint now);
  Arrived arrived() const;
  std::uint64_t catalogued() const { return request_.bytes.count(); }

  // Constant after construction.
  const std::uint64_t id_;
  const FetchRequest request_;
  const FetchContext& context_;
  const RetryPolicy policy_;
  const TimePoint started_;

  const Promise<Fetched> promise_;
  SourcePlan plan_;
  Stage stage_ = Stage::waiting;

  // The source.
  std::size_t source_ = 0;      // index into plan_.sources
  int attempts_at_source_ = 0;  // failed ones
  int attempts_ = 0;            // begun, at all sources

  // The attempt.
  TimePoint not_before_{};
  Url url_;  // the source's, or where it redirected to
  int redirects_ = 0;
  std::unique_ptr<HttpExchange> exchange_;
  std::unique_ptr<base::ReadableFile> file_;
  std::vector<std::byte> slice_;
  HttpHead head_;
  Body body_ = Body::drop;
  std::uint64_t dropped_ = 0;
  std::string first_bytes_;
  bool is_too_long_ = false;
  std::optional<Error> disk_error_;
  std::shared_ptr<Sink> sink_;

  RateMeter meter_;
  TimePoint last_report_{};
  // Last: its callback may run on another thread until it is destroyed.
  std::stop_callback<std::function<void()>> on_cancel_;
};

}  // namespace modelhub::transfer
