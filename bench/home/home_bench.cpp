// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// How long a home with many models takes to answer, within one process. bench/store makes such a
// home and runs this.
//
//   home_bench HOME REFERENCE ROUNDS
//
// Prints one JSON object: the median microseconds of each question, all asked after a first time
// that does not count.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "modelhub/hub.h"
#include "store/store.h"

namespace {

using namespace modelhub;
using Microseconds = std::chrono::duration<double, std::micro>;

[[noreturn]] void fail(const Error& error) {
  std::cerr << "home_bench: " << error.message << '\n';
  std::exit(1);
}

template <class T>
T require(Result<T> result) {
  if (!result) fail(result.error());
  return *std::move(result);
}

// Microseconds of each call, in the order of size.
template <class Work>
std::vector<double> times_of(int rounds, const Work& work) {
  work();
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    times.push_back(Microseconds(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(times.begin(), times.end());
  return times;
}

class Report {
 public:
  void add(const std::string& name, const std::vector<double>& times) {
    text_ += (text_.empty() ? "{" : ", ") + ("\"" + name + "\": {\"median_us\": ") +
             std::to_string(times[times.size() / 2]) +
             ", \"least_us\": " + std::to_string(times.front()) +
             ", \"most_us\": " + std::to_string(times.back()) + "}";
  }
  void print() const { std::cout << text_ << "}\n"; }

 private:
  std::string text_;
};

// What a hub does each time before it uses a model: is it here, and where are its files?
void measure_resolve(const std::string& home, const std::string& reference, int rounds,
                     Report& report) {
  HubOptions options;
  options.home = home;
  options.network = Network::offline;
  Hub hub = require(Hub::open(options));
  const auto resolve = [&] {
    const PullPlan plan = require(hub.plan_pull(reference));
    if (!plan.is_installed) {
      std::cerr << "home_bench: " << reference << " is not installed\n";
      std::exit(1);
    }
  };
  report.add("resolve_in_hub", times_of(rounds, resolve));
}

// What to evict when a pull needs room: everything is added up, the least recently used are chosen,
// nothing is removed. The first time is what a process pays that has just started.
void measure_eviction(store::Store& store, int rounds, Report& report) {
  store::PruneOptions options;
  options.is_dry_run = true;
  options.to = ByteCount(0);
  ByteCount used;
  const auto begin = std::chrono::steady_clock::now();
  used = require(store.prune(options)).freed;
  report.add("eviction_decision_first_time",
             {Microseconds(std::chrono::steady_clock::now() - begin).count()});
  const std::uint64_t needed = used.count() / 100;
  options.to = ByteCount(used.count() - needed);
  const auto decide = [&] {
    if (require(store.prune(options)).freed.count() < needed) {
      std::cerr << "home_bench: the plan frees too little\n";
      std::exit(1);
    }
  };
  report.add("eviction_decision", times_of(rounds, decide));
}

void measure_store(const std::string& home, int rounds, Report& report) {
  store::StoreOptions options;
  options.home = home;
  const auto store = require(store::Store::open(options));
  const store::Listing listing = require(store->list());
  const InstalledModel& some = listing.models[listing.models.size() / 2];
  const store::ModelId id{some.name, some.version, some.variant};
  report.add("find_in_store", times_of(rounds, [&] { (void)require(store->find(id)); }));
  const int few = std::max(3, rounds / 1000);
  report.add("list", times_of(few, [&] { (void)require(store->list()); }));
  measure_eviction(*store, 10 * few, report);  // a tenth of what a list takes, and less steady
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc == 4 ? std::atoi(argv[3]) : 0;
  if (rounds < 1) {
    std::cerr << "usage: home_bench HOME REFERENCE ROUNDS\n";
    return 2;
  }
  Report report;
  measure_resolve(argv[1], argv[2], rounds, report);
  measure_store(argv[1], rounds, report);
  report.print();
}
