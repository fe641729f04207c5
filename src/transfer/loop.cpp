// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/loop.h"

#include <pthread.h>

#include <algorithm>
#include <new>

#include <signal.h>

namespace modelhub::transfer {
namespace {

// The longest sleep while something is under way: progress, patience and cancellation are looked at
// so often.
constexpr std::chrono::milliseconds k_tick{50};
constexpr std::chrono::milliseconds k_idle{60'000};

// libcurl's own set-up must happen once in a process; it is never undone, since others may use
// libcurl too.
CURLM* make_multi() {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* const multi = initialised == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi == nullptr) throw std::bad_alloc();
  return multi;
}

// A thread of a library must not run the program's signal handlers, and OpenSSL writes to closed
// sockets (SIGPIPE).
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

Loop::Loop(const TransferOptions& options)
    : clock_(*options.clock),
      multi_(make_multi(), &curl_multi_cleanup),
      hosts_(options.connections_per_host),
      random_(std::random_device{}()),
      context_{options,
               multi_.get(),
               hosts_,
               network_requests_,
               [this] { return std::uniform_real_distribution<double>(0, 1)(random_); },
               [this](std::uint64_t id, std::shared_ptr<Sink> sink) {
                 sync_elsewhere(id, std::move(sink));
               },
               [this] { curl_multi_wakeup(multi_.get()); }},
      sync_thread_("modelhub-sync", 1, base::Executor::Role::workers),
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
  context_.wake();
  thread_.join();
}

void Loop::submit(FetchRequest request, Promise<Fetched> promise) {
  auto fetch =
      std::make_unique<Fetch>(next_id_++, std::move(request), std::move(promise), context_);
  {
    std::lock_guard lock(mutex_);
    new_fetches_.push_back(std::move(fetch));
  }
  context_.wake();
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
  std::vector<Synced> synced;
  bool is_stopping = false;
  {
    std::lock_guard lock(mutex_);
    started.swap(new_fetches_);
    synced.swap(synced_);
    is_stopping = is_stopping_;
  }
  for (std::unique_ptr<Fetch>& fetch : started) fetches_.push_back(std::move(fetch));
  for (Synced& one : synced) {
    const auto fetch = std::find_if(fetches_.begin(), fetches_.end(), [&](const auto& candidate) {
      return candidate->id() == one.fetch_id;
    });
    if (fetch != fetches_.end()) (*fetch)->on_synced(std::move(one.result));
  }
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
    CURL* const handle = message->easy_handle;
    const CURLcode code = message->data.result;
    Fetch& fetch = Fetch::of(handle);
    if (!fetch.is_cancelled()) fetch.on_exchange_done(code);
  }
}

void Loop::step_all() {
  const TimePoint now = clock_.steady_now();
  for (const std::unique_ptr<Fetch>& fetch : fetches_) {
    if (!fetch->is_cancelled()) fetch->step(now);
  }
}

std::chrono::milliseconds Loop::until_next_step() const {
  if (fetches_.empty()) return k_idle;
  const TimePoint now = clock_.steady_now();
  std::chrono::milliseconds wait = k_tick;
  for (const std::unique_ptr<Fetch>& fetch : fetches_) {
    switch (fetch->stage()) {
      case Fetch::Stage::reading:
      case Fetch::Stage::done: return std::chrono::milliseconds(0);
      case Fetch::Stage::waiting:
        // One whose time has come waits for a place at its host, which the end of another fetch
        // frees.
        if (fetch->not_before() > now) {
          wait = std::min(wait,
                          std::chrono::ceil<std::chrono::milliseconds>(fetch->not_before() - now));
        }
        break;
      case Fetch::Stage::exchanging:
      case Fetch::Stage::syncing: break;
    }
  }
  return wait;
}

void Loop::sync_elsewhere(std::uint64_t fetch_id, std::shared_ptr<Sink> sink) {
  sync_thread_.post([this, fetch_id, sink = std::move(sink)] {
    Result<void> result = sink->sync_and_close();
    {
      std::lock_guard lock(mutex_);
      synced_.push_back({fetch_id, std::move(result)});
    }
    context_.wake();
  });
}

}  // namespace modelhub::transfer
