// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace modelhub::transfer {

// Who writes into which folder, or under which prefix of one (a path too): one fetch at a time, and
// others can wait until all have left.
//
// Thread safety: all methods from any thread; passes may be dropped on any.
class Folders {
 public:
  // `on_left` is called when a folder becomes free, without a lock.
  explicit Folders(std::function<void()> on_left) : on_left_(std::move(on_left)) {}

  // A fetch that wants to write there, from now until the pass is dropped.
  std::shared_ptr<void> announce(const std::string& folder);
  // The right to write; nothing while another has it. REQUIRES: announced.
  std::shared_ptr<void> try_enter(const std::string& folder);
  // Until nobody is announced or inside.
  void wait_until_left(const std::string& folder);

 private:
  struct Use {
    int passes = 0;
    bool is_entered = false;
  };
  void drop(const std::string& folder, bool is_inside);

  const std::function<void()> on_left_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Use> uses_;  // guarded by mutex_
};

}  // namespace modelhub::transfer
