// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "ort_library.h"

namespace modelhub::onnxruntime_engine {

// An OrtSession that may be exchanged, while others run it, for one whose threads sleep when they
// wait.
//
// Thread safety: all methods from any thread.
class LiveSession {
 public:
  // May throw.
  using Remake = std::function<OrtPtr<OrtSession>()>;

  // With `remake_asleep` its threads wait awake, and it is what makes the other one.
  explicit LiveSession(OrtPtr<OrtSession> session, Remake remake_asleep = {})
      : session_(std::move(session)), remake_asleep_(std::move(remake_asleep)) {}

  bool is_made_awake() const { return remake_asleep_ != nullptr; }
  // To be held while it runs: it is freed when nobody does.
  std::shared_ptr<OrtSession> get() const;
  // False when the other one cannot be made now: it goes on as it is, and the log says why.
  bool fall_asleep();

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<OrtSession> session_;  // guarded by mutex_
  const Remake remake_asleep_;
};

// A session of this process that computes with several threads of the CPU. Threads that wait awake
// take the time of others, so only those of one model may; when another model comes they fall
// asleep for good. Several sessions of one model, with other options or variants, are there to be
// compared, one run at a time, and do not disturb each other.
//
// Thread safety: one thread; several seats at once.
class PoolSeat {
 public:
  // Taken before the session is made. `model`: its name, or the path of its graph.
  explicit PoolSeat(std::string model);
  ~PoolSeat();
  PoolSeat(const PoolSeat&) = delete;
  PoolSeat& operator=(const PoolSeat&) = delete;

  // Whether there was no session of another model when it was taken.
  bool is_alone() const { return is_alone_; }
  // The session is made. Takes as long as making sessions asleep when that has to be done, of this
  // model or of the one that was alone so far.
  void occupy(const std::shared_ptr<LiveSession>& session) const;

 private:
  const std::string model_;
  bool is_alone_ = false;
};

}  // namespace modelhub::onnxruntime_engine
