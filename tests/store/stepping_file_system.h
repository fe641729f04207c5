// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <semaphore>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/file_system.h"
#include "base/owner.h"

namespace modelhub::store {

// Lets one of several actors (threads) go on at a time, and decides at every single call to the
// file system who that is: so a seed stands for one interleaving of all their steps.
//
// Thread safety: each actor calls with its own number; only the one whose turn it is runs.
class StepScheduler {
 public:
  // `check` runs after every step that changed something, with the world standing still.
  StepScheduler(std::uint32_t seed, std::size_t actors, std::uint64_t steps,
                std::function<void()> check)
      : random_(seed), actors_(actors), steps_left_(steps), check_(std::move(check)) {
    for (Actor& actor : actors_) actor.turn = std::make_unique<std::binary_semaphore>(0);
  }

  // Called when an actor dies in the middle of a call, before anybody else goes on.
  std::function<void(std::size_t actor)> on_crash = [](std::size_t) {};

  void start() { actors_[random_() % actors_.size()].turn->release(); }
  void wait_for_turn(std::size_t self) { actors_[self].turn->acquire(); }
  bool is_over() const { return steps_left_ == 0; }
  void stop() { steps_left_ = 0; }
  std::uint64_t steps() const { return steps_; }
  std::mt19937& random() { return random_; }

  // Before a call. False: the actor has died, and none of its calls arrives any more.
  bool step(std::size_t self) {
    if (actors_[self].is_dead) return false;
    ++steps_;
    if (std::exchange(is_changed_, false)) check_();
    if (steps_left_ != 0) {
      --steps_left_;
      if (random_() % 700 == 0) {
        actors_[self].is_dead = true;
        on_crash(self);
        return false;
      }
      // Long enough for others to do something whole in between.
      if (random_() % 15 == 0) actors_[self].pause = random_() % (random_() % 3 == 0 ? 300 : 40);
    }
    hand_over(self);
    return true;
  }
  void changed() { is_changed_ = true; }
  bool is_dead(std::size_t self) const { return actors_[self].is_dead; }
  // As another process.
  void revive(std::size_t self) { actors_[self].is_dead = false; }

  // The actor's last act.
  void leave(std::size_t self) {
    if (std::exchange(is_changed_, false)) check_();
    actors_[self].has_left = true;
    if (Actor* next = choose()) next->turn->release();
  }

 private:
  struct Actor {
    std::unique_ptr<std::binary_semaphore> turn;
    std::uint64_t pause = 0;  // steps of others
    bool is_dead = false;
    bool has_left = false;
  };

  Actor* choose() {
    std::vector<Actor*> ready;
    std::vector<Actor*> there;
    for (Actor& actor : actors_) {
      if (actor.has_left) continue;
      there.push_back(&actor);
      if (actor.pause == 0 || steps_left_ == 0) {
        ready.push_back(&actor);
      } else {
        --actor.pause;
      }
    }
    if (ready.empty()) ready = there;
    return ready.empty() ? nullptr : ready[random_() % ready.size()];
  }

  void hand_over(std::size_t self) {
    // Most faults need few changes of turn, but at the right places: so every call is such a
    // place, and most let the same actor go on.
    if (actors_[self].pause == 0 && random_() % 4 != 0) return;
    Actor* const next = choose();
    if (next == &actors_[self]) return;
    next->turn->release();
    actors_[self].turn->acquire();
  }

  std::mt19937 random_;
  std::vector<Actor> actors_;
  std::uint64_t steps_left_;
  std::uint64_t steps_ = 0;
  bool is_changed_ = false;
  const std::function<void()> check_;
};

// One actor's way to the file system that all share: every call is a step.
class SteppingFileSystem final : public base::FileSystem {
 public:
  // Looking at a `constant` path is no step: nobody changes it.
  SteppingFileSystem(base::FileSystem& below, StepScheduler& scheduler, std::size_t actor,
                     std::set<std::string> constant)
      : below_(below), scheduler_(scheduler), actor_(actor), constant_(std::move(constant)) {}

  // What carries the name of this actor's process now carries that of a dead one: it was made
  // before another boot.
  void bury_names() {
    for (const std::string& path : named_) {
      std::string dead = path;
      const std::size_t at = dead.rfind(boot_);
      if (at < dead.rfind('/')) continue;
      dead.replace(at, boot_.size(), "-00000000-");
      (void)below_.rename(path, dead);
    }
    named_.clear();
    for (const std::string& folder : announced_) bury_claims(folder);
    announced_.clear();
  }

  Result<std::unique_ptr<base::WritableFile>> create(const std::string& path, base::CreateMode mode,
                                                     std::uint32_t permissions) override {
    if (!scheduler_.step(actor_)) return dead(path);
    auto file = below_.create(path, mode, permissions);
    if (!file) return file;
    named(path);
    return std::unique_ptr<base::WritableFile>(
        std::make_unique<File>(*std::move(file), *this, path));
  }
  Result<std::unique_ptr<base::ReadableFile>> open(const std::string& path) override {
    if (!is_alive(path)) return dead(path);
    return below_.open(path);
  }
  Result<base::FileStat> stat(const std::string& path) override {
    if (!is_alive(path)) return dead(path);
    return below_.stat(path);
  }
  Result<std::vector<base::DirectoryEntry>> list(const std::string& path) override {
    if (!scheduler_.step(actor_)) return dead(path);
    return below_.list(path);
  }
  Result<void> make_directories(const std::string& path) override {
    return change(path, [&] {
      if (path.find("/staging/") != std::string::npos) announced_.insert(path);
      return below_.make_directories(path);
    });
  }
  Result<void> make_directory(const std::string& path) override {
    return change(path, [&] {
      if (path.find("/staging/") != std::string::npos) announced_.insert(path);
      return below_.make_directory(path);
    });
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return change(to, [&] {
      named_.erase(from);
      return below_.rename(from, to);
    });
  }
  Result<void> rename_without_replacing(const std::string& from, const std::string& to) override {
    return change(to, [&] {
      Result<void> done = below_.rename_without_replacing(from, to);
      if (done) named_.erase(from);
      return done;
    });
  }
  Result<void> link(const std::string& from, const std::string& to) override {
    return change(to, [&] { return below_.link(from, to); });
  }
  Result<void> remove_file(const std::string& path) override {
    return change(path, [&] { return below_.remove_file(path); });
  }
  Result<void> remove_empty_directory(const std::string& path) override {
    return change(path, [&] { return below_.remove_empty_directory(path); });
  }
  Result<void> sync_directory(const std::string& path) override {
    return change(path, [&] { return below_.sync_directory(path); });
  }
  Result<void> sync_file_system(const std::string& path) override {
    return change(path, [&] { return below_.sync_file_system(path); });
  }
  Result<bool> is_open_for_writing(const std::string& path) override {
    if (!is_alive(path)) return dead(path);
    return below_.is_open_for_writing(path);
  }
  Result<void> set_permissions(const std::string& path, std::uint32_t permissions) override {
    return change(path, [&] { return below_.set_permissions(path, permissions); });
  }
  Result<void> set_modification_time(const std::string& path,
                                     std::chrono::system_clock::time_point time) override {
    return change(path, [&] { return below_.set_modification_time(path, time); });
  }
  Result<ByteCount> free_space(const std::string& path) override { return below_.free_space(path); }
  std::string boot() override { return below_.boot(); }

 private:
  class File final : public base::WritableFile {
   public:
    File(std::unique_ptr<base::WritableFile> below, SteppingFileSystem& files, std::string path)
        : below_(std::move(below)), files_(files), path_(std::move(path)) {}
    Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
      return files_.change(path_, [&] { return below_->write_at(offset, bytes); });
    }
    Result<void> truncate(std::uint64_t size) override {
      return files_.change(path_, [&] { return below_->truncate(size); });
    }
    Result<void> sync() override {
      return files_.change(path_, [&] { return below_->sync(); });
    }
    Result<void> close() override { return below_->close(); }

   private:
    std::unique_ptr<base::WritableFile> below_;
    SteppingFileSystem& files_;
    const std::string path_;
  };

  // A claim names its holder in its text; it may outlive the holder's folder.
  void bury_claims(const std::string& folder) {
    const std::string parent = base::parent_path(folder);
    const std::string name = folder.substr(folder.rfind('/') + 1);
    const std::size_t suffix = name.rfind(".files");
    if (suffix == std::string::npos)
      return bury_claim(base::join_path(parent, "claim"), name + "\n");
    const auto entries = below_.list(parent);
    if (!entries) return;
    for (const base::DirectoryEntry& entry : *entries) {
      if (entry.name.ends_with(".claim"))
        bury_claim(base::join_path(parent, entry.name), name.substr(0, suffix) + "\n");
    }
  }
  void bury_claim(const std::string& claim, std::string text) {
    if (base::read_whole_file(below_, claim, ByteCount(1000)).value_or("") != text) return;
    text.replace(text.rfind(boot_), boot_.size(), "-00000000-");
    auto file = below_.create(claim, base::CreateMode::truncate, 0666);
    if (file) (void)(*file)->write_at(0, std::as_bytes(std::span(text.data(), text.size())));
  }

  static Error dead(const std::string& path) { return base::error_from_errno(EIO, "use", path); }

  bool is_alive(const std::string& path) {
    if (constant_.count(path) != 0) return !scheduler_.is_dead(actor_);
    return scheduler_.step(actor_);
  }

  template <typename Call>
  Result<void> change(const std::string& path, const Call& call) {
    if (!scheduler_.step(actor_)) return dead(path);
    Result<void> done = call();
    if (done) named(path);
    if (done && !below_.stat(path)) named_.erase(path);
    return done;
  }
  void named(const std::string& path) {
    scheduler_.changed();
    if (path.rfind(boot_) != std::string::npos) named_.insert(path);
  }

  base::FileSystem& below_;
  StepScheduler& scheduler_;
  const std::size_t actor_;
  const std::set<std::string> constant_;
  const std::string boot_ = "-" + base::Owner::current().boot + "-";
  std::set<std::string> named_;
  std::set<std::string> announced_;
};

}  // namespace modelhub::store
