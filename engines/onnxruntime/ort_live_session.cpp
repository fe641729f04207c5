// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "ort_live_session.h"

#include <exception>
#include <map>
#include <vector>

#include "ort_environment.h"

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

bool LiveSession::fall_asleep() try {
  std::shared_ptr<OrtSession> session = remake_asleep_();
  const std::lock_guard<std::mutex> lock(mutex_);
  session_.swap(session);
  return true;
} catch (const std::exception& error) {
  log_listeners().tell(MH_LOG_INFO,
                       std::string("ONNX Runtime: threads of one model stay awake while another is "
                                   "loaded: ") +
                           error.what());
  return false;
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
    const std::shared_ptr<LiveSession> there = one.lock();
    if (there == nullptr || there->fall_asleep()) continue;
    const std::lock_guard<std::mutex> lock(seats().mutex);
    seats().awake.push_back(one);  // whoever comes next tries again
  }
}

}  // namespace modelhub::onnxruntime_engine
