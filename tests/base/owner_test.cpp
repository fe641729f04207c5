// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/owner.h"

#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace modelhub::base {
namespace {

// A child that tells who it is and stays until the pipe closes.
class Child {
 public:
  Child() {
    int to_parent[2];
    int to_child[2];
    EXPECT_EQ(::pipe(to_parent), 0);
    EXPECT_EQ(::pipe(to_child), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(to_child[1]);
      const std::string text = Owner::current().to_string();
      if (::write(to_parent[1], text.data(), text.size()) < 0) ::_exit(1);
      ::close(to_parent[1]);
      char byte = 0;
      ::_exit(::read(to_child[0], &byte, 1) == 0 ? 0 : 1);
    }
    ::close(to_parent[1]);
    ::close(to_child[0]);
    keep_ = to_child[1];
    char buffer[256];
    for (ssize_t count = 0; (count = ::read(to_parent[0], buffer, sizeof buffer)) > 0;) {
      text_.append(buffer, static_cast<std::size_t>(count));
    }
    ::close(to_parent[0]);
  }
  ~Child() {
    end();
    reap();
  }

  Owner owner() const { return Owner::parse(text_).value(); }
  // Ends the process and leaves it as a zombie.
  void end() {
    if (keep_ < 0) return;
    ::close(keep_);
    keep_ = -1;
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }
  void reap() {
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  int keep_ = -1;
  std::string text_;
};

TEST(OwnerTest, ThisProcessIsAlive) {
  EXPECT_EQ(Owner::current().liveness(), Owner::Liveness::alive);
  EXPECT_EQ(Owner::current(), Owner::current());
  EXPECT_EQ(Owner::current().pid, static_cast<std::uint64_t>(::getpid()));
}

TEST(OwnerTest, ItsTextReadsBackAndIsAFileName) {
  const Owner self = Owner::current();
  const std::string text = self.to_string();
  EXPECT_EQ(Owner::parse(text).value(), self);
  EXPECT_EQ(text.find_first_not_of("0123456789abcdef-"), std::string::npos) << text;
}

TEST(OwnerTest, RefusesTextThatNamesNoOwner) {
  const std::string good = Owner::current().to_string();
  for (const std::string& text : std::vector<std::string>{
           "", "-", "-----", good + "-1", good + "0", good.substr(1), "x" + good.substr(1),
           "01234567-01234567-1-2--01234567", "01234567-01234567-1-2x-3-01234567",
           "01234567-01234567-1-99999999999999999999999-3-01234567", "../../etc"}) {
    const Result<Owner> owner = Owner::parse(text);
    ASSERT_FALSE(owner) << text;
    EXPECT_EQ(owner.error().code, ErrorCode::invalid_argument);
  }
}

TEST(OwnerTest, AChildIsAliveUntilItEnds) {
  Child child;
  const Owner owner = child.owner();
  EXPECT_EQ(owner.liveness(), Owner::Liveness::alive);
  child.end();
  EXPECT_EQ(owner.liveness(), Owner::Liveness::dead) << "a zombie holds nothing any more";
  child.reap();
  EXPECT_EQ(owner.liveness(), Owner::Liveness::dead);
}

TEST(OwnerTest, APidWithANewOwnerIsDead) {
  Owner owner = Owner::current();
  owner.start_time += 1;
  EXPECT_EQ(owner.liveness(), Owner::Liveness::dead);
}

TEST(OwnerTest, AnotherBootIsDeadAndAnotherMachineUnknown) {
  Owner owner = Owner::current();
  owner.boot = owner.boot == "00000000" ? "11111111" : "00000000";
  EXPECT_EQ(owner.liveness(), Owner::Liveness::dead);
  owner.machine = owner.machine == "00000000" ? "11111111" : "00000000";
  EXPECT_EQ(owner.liveness(), Owner::Liveness::unknown);
}

TEST(OwnerTest, AnotherPidNamespaceIsUnknown) {
  Owner owner = Owner::current();
  owner.pid_namespace += 1;
  EXPECT_EQ(owner.liveness(), Owner::Liveness::unknown);
}

TEST(OwnerTest, ASuffixTellsWhoWroteTheFile) {
  const Owner self = Owner::current();
  EXPECT_EQ(Owner::parse_unique_suffix("manifest.json.tmp" + self.unique_suffix()).value(), self);
  for (const std::string& name :
       std::vector<std::string>{"", ".", "a.json", "a.json.tmp.12.34567890.1",
                                "a" + self.unique_suffix() + "x", "a." + self.to_string()}) {
    const Result<Owner> owner = Owner::parse_unique_suffix(name);
    ASSERT_FALSE(owner) << name;
    EXPECT_EQ(owner.error().code, ErrorCode::invalid_argument);
  }
}

TEST(OwnerTest, SuffixesNeverRepeat) {
  std::vector<std::set<std::string>> seen(4);
  std::vector<std::thread> threads;
  for (std::set<std::string>& mine : seen) {
    threads.emplace_back([&mine] {
      for (int i = 0; i < 200; ++i) mine.insert(Owner::current().unique_suffix());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const std::set<std::string>& mine : seen) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 800U);
}

}  // namespace
}  // namespace modelhub::base
