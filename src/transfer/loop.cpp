// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/loop.h"

#include <pthread.h>

#include <algorithm>

namespace modelhub::transfer {
namespace {

constexpr std::chrono::milliseconds k_idle{60'000};

// Two files can be hashed at once on a machine of two cores while a third waits for its disk; more
// than four would only take cores from others.
std::size_t hash_threads() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, 4);
}

}  // namespace

Loop::Loop(const TransferOptions& options)
    : clock_(*options.clock),
      multi_(make_multi()),
      folders_([this] { wake(); }),
      hosts_(options.connections_per_host),
      rate_limit_(options.limit_rate),
      random_(std::random_device{}()),
      hashers_("modelhub-hash", hash_threads(), base::Executor::Role::workers),
      syncer_("modelhub-sync", 1, base::Executor::Role::workers),
      workers_{hashers_, syncer_, [this] { wake(); }},
      context_{options,
               multi_.get(),
               hosts_,
               rate_limit_,
               folders_,
               workers_,
               network_requests_,
               [this] { return std::uniform_real_distribution<double>(0, 1)(random_); }},
      thread_([this] {
        pthread_setname_np(pthread_self(), "modelhub-fetch");
        block_signals();
        run();
      }) {}

Loop::~Loop() {
  {
    std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake();
  thread_.join();
  // What was cancelled still writes its journals.
  hashers_.stop();
  syncer_.stop();
}

void Loop::submit(FetchRequest request, Promise<Fetched> promise) {
  auto fetch = std::make_unique<Fetch>(std::move(request), std::move(promise), context_);
  {
    std::lock_guard lock(mutex_);
    new_fetches_.push_back(std::move(fetch));
  }
  wake();
}

void Loop::run() {
  while (take_inbox()) {
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    end_exchanges();
    step_all();
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(until_next_step().count()), nullptr);
  }
}

bool Loop::take_inbox() {
  std::vector<std::unique_ptr<Fetch>> started;
  bool is_stopping = false;
  {
    std::lock_guard lock(mutex_);
    started.swap(new_fetches_);
    is_stopping = is_stopping_;
  }
  for (std::unique_ptr<Fetch>& fetch : started) fetches_.push_back(std::move(fetch));
  fetches_.remove_if([](const auto& fetch) {
    return fetch->stage() == Fetch::Stage::done || fetch->is_cancelled();
  });
  // Here, on the thread that owns the CURLM, and before it goes.
  if (is_stopping) fetches_.clear();
  return !is_stopping;
}

void Loop::end_exchanges() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    // The message dies with its handle.
    Lane& lane = Lane::of(message->easy_handle);
    const CURLcode code = message->data.result;
    lane.owner.on_lane_done(lane, code);
  }
}

void Loop::step_all() {
  const TimePoint now = clock_.steady_now();
  for (const std::unique_ptr<Fetch>& fetch : fetches_) {
    if (!fetch->is_cancelled()) fetch->step(now);
  }
  // Under a limit the first to ask gets the most: each is the first in turn.
  if (rate_limit_.is_on() && fetches_.size() > 1) {
    fetches_.splice(fetches_.end(), fetches_, fetches_.begin());
  }
}

std::chrono::milliseconds Loop::until_next_step() const {
  if (fetches_.empty()) return k_idle;
  const TimePoint now = clock_.steady_now();
  std::chrono::milliseconds wait = k_idle;
  for (const std::unique_ptr<Fetch>& fetch : fetches_) {
    wait = std::min(wait, fetch->until_next_step(now));
  }
  return wait;
}

}  // namespace modelhub::transfer
