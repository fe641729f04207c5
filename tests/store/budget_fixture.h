// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/store_fixture.h"

namespace modelhub::store {

inline constexpr std::uint64_t k_block = 4096;

inline ByteCount blocks(std::uint64_t count) { return ByteCount(count * k_block); }

// A store with a budget of ten blocks in which models of whole blocks are installed, each used a
// minute after the one before. Waiting lets the clock go on.
class BudgetTest : public StoreTest {
 protected:
  BudgetTest() {
    store_ = open_here(files_);
    EXPECT_TRUE(store_->set_budget(blocks(10)));
  }

  std::unique_ptr<Store> open_here(base::FileSystem& files,
                                   Access access = Access::read_write_if_possible) {
    StoreOptions options;
    options.home = home_;
    options.files = &files;
    options.clock = &clock_;
    options.access = access;
    options.pause = [this](std::chrono::milliseconds time, const std::stop_token&) {
      clock_.now += time;
      ++pauses_;
      if (on_pause_) std::exchange(on_pause_, {})();
    };
    options.log = [this](LogLevel, std::string_view line) { log_.emplace_back(line); };
    return Store::open(std::move(options)).value();
  }

  // All but the last blocks of the content are the same for everybody who shares.
  static std::string content_of(const std::string& what, std::uint64_t count) {
    std::string content = what;
    content.resize(count * k_block, '.');
    return content;
  }
  static ModelId id_of(const std::string& name) { return {name, "1", "v"}; }

  // A model of one file; its content is its name, filled up.
  InstalledModel install(const std::string& name, std::uint64_t count) {
    return install(name, Contents{{"data.bin", content_of(name, count)}});
  }
  InstalledModel install(const std::string& name, const Contents& contents) {
    clock_.now += std::chrono::minutes(1);
    return publish(id_of(name), contents).value();
  }
  bool is_installed(const std::string& name) const {
    return store_->find(id_of(name)).value().has_value();
  }
  Result<Reservation> reserve(std::uint64_t count) {
    return store_->reserve(store_->new_ticket(), blocks(count));
  }
  std::vector<std::string> reservations() const {
    return names_in(store_->layout().reservations());
  }
  // What another process has put into reserve/.
  std::string reserve_as(const base::Owner& owner, std::uint64_t count,
                         const std::string& state = "held") const {
    const std::string path = store_->layout().reservations() + "/" +
                             std::to_string(count * k_block) + "." + owner.to_string() + ".7." +
                             state;
    overwrite_file(path, "");
    return path;
  }
  std::string lease_as(const base::Owner& owner, const InstalledModel& model) const {
    const std::string folder = store_->layout().leases(model.key);
    std::filesystem::create_directories(folder);
    overwrite_file(folder + "/" + owner.to_string() + ".7", "");
    return folder;
  }

  std::vector<std::string> log_;
  int pauses_ = 0;
  std::function<void()> on_pause_;  // once
};

}  // namespace modelhub::store
