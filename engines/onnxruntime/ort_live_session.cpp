// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "ort_live_session.h"

#include <exception>
#include <map>
#include <vector>

namespace modelhub::onnxruntime_engine {
namespace {

struct Seats {
  std::mutex mutex;
  // Guarded by mutex:
  std::map<std::string, int> taken;  // by model
  std::vector<std::weak_ptr<LiveSession>> awake;
};

// Never destroyed: a program may free its models while it exits.
Seats& seats() {
  static Seats* const the_one = new Seats;
  return *the_one;
}

}  // namespace

std::shared_ptr<OrtSession> LiveSession::get() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return session_;
}

void LiveSession::fall_asleep() try {
  std::shared_ptr<OrtSession> session = remake_asleep_();
  if (session == nullptr) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  session_.swap(session);
} catch (const std::exception&) {
  // What others lose by that is a moment after each part of its runs.
}

PoolSeat::PoolSeat(std::string model) : model_(std::move(model)) {
  const std::lock_guard<std::mutex> lock(seats().mutex);
  ++seats().taken[model_];
  is_alone_ = seats().taken.size() == 1;
}

PoolSeat::~PoolSeat() {
  const std::lock_guard<std::mutex> lock(seats().mutex);
  const auto mine = seats().taken.find(model_);
  if (--mine->second == 0) seats().taken.erase(mine);
}

void PoolSeat::occupy(const std::shared_ptr<LiveSession>& session) const {
  std::vector<std::weak_ptr<LiveSession>> disturbing;
  {
    const std::lock_guard<std::mutex> lock(seats().mutex);
    std::vector<std::weak_ptr<LiveSession>>& awake = seats().awake;
    std::erase_if(awake, [](const std::weak_ptr<LiveSession>& one) { return one.expired(); });
    if (session->is_made_awake()) awake.push_back(session);
    if (seats().taken.size() > 1) disturbing.swap(awake);
  }
  for (const std::weak_ptr<LiveSession>& one : disturbing) {
    if (const std::shared_ptr<LiveSession> there = one.lock()) there->fall_asleep();
  }
}

}  // namespace modelhub::onnxruntime_engine
