// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// A home with many installed models: how long listing, finding, an eviction's decision and an
// eviction take, in a process that has just begun and in one that has asked before. Prints
// milliseconds (of finding: microseconds).
//
//   store_bench FOLDER [MODELS]      (20000; FOLDER is made, filled, and left for another run)
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "base/hasher.h"
#include "store/store.h"

namespace {

using namespace modelhub;
using Clock = std::chrono::steady_clock;

double milliseconds(const std::function<void()>& work) {
  const auto begin = Clock::now();
  work();
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

void write(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

store::ModelId id_of(std::size_t i) { return {"model_" + std::to_string(i), "1.0", "onnx-fp32"}; }

// As published, one by one, each used at another time; every tenth shares a file.
void fill(const store::Layout& layout, std::size_t models) {
  for (const std::string& folder : layout.folders()) std::filesystem::create_directories(folder);
  write(layout.format_file(), "modelhub-store 1\n");
  const auto now = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  for (std::size_t i = 0; i < models; ++i) {
    const std::string content = "content " + std::to_string(i);
    const std::string labels = "labels " + std::to_string(i / 10);
    store::ModelRecord record{id_of(i), "detect", "Apache-2.0", "onnx", {}, {}};
    record.sources = {"https://example.org/models/" + record.id.name + "/model.onnx"};
    for (const auto& [path, text] :
         {std::pair("model.onnx", content), std::pair("labels.txt", labels)}) {
      const Digest digest = base::sha256_of(text);
      record.files.push_back(
          {RelPath::parse(path).value(), "graph", ByteCount(text.size()), digest});
      write(layout.blob(digest), text);
    }
    const store::Manifest manifest{record, std::chrono::system_clock::now()};
    write(layout.manifest(record.id), store::write_manifest(manifest, "").value());
    write(layout.use(record.key()), "");
    std::filesystem::last_write_time(layout.use(record.key()),
                                     now - std::chrono::seconds((i * 7919) % models));
    std::filesystem::last_write_time(layout.manifest(record.id), now);
  }
  std::filesystem::last_write_time(layout.models(), now);
}

std::unique_ptr<store::Store> open(const std::string& home) {
  store::StoreOptions options;
  options.home = home;
  return store::Store::open(std::move(options)).value();
}

void print(const std::string& what, double value, const char* unit) {
  std::cout << what << std::string(46 - std::min<std::size_t>(what.size(), 45), ' ') << value << ' '
            << unit << '\n';
}

double find_microseconds(const store::Store& store, std::size_t models) {
  constexpr std::size_t k_finds = 2000;
  std::vector<double> times;
  for (int round = 0; round < 2; ++round) {  // the second is counted
    times.clear();
    for (std::size_t i = 0; i < k_finds; ++i) {
      const store::ModelId id = id_of(i * 7 % std::min<std::size_t>(models, 1000));
      times.push_back(1000 * milliseconds([&] {
                        if (!store.find(id)) std::abort();
                      }));
    }
  }
  std::nth_element(times.begin(), times.begin() + k_finds / 2, times.end());
  return times[k_finds / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: store_bench FOLDER [MODELS]\n";
    return 2;
  }
  const std::string home = argv[1];
  const std::size_t models = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 20'000;
  const store::Layout layout(home);
  if (!std::filesystem::exists(layout.format_file())) fill(layout, models);

  {
    const auto store = open(home);
    print("list, first in the process", milliseconds([&] { (void)store->list().value(); }), "ms");
    print("list, again", milliseconds([&] { (void)store->list().value(); }), "ms");
    print("find, median", find_microseconds(*store, models), "us");
  }
  const auto store = open(home);
  if (!store->set_budget(ByteCount(100 * models * 4096))) return 1;
  // Room for a hundred models' files.
  store::PruneOptions decision;
  decision.is_dry_run = true;
  decision.to = ByteCount(store->statistics().value().used.count() - 100 * 4096);
  if (models < 200) return 1;
  const auto fresh = open(home);
  print("eviction decision, first in the process",
        milliseconds([&] { (void)fresh->prune(decision).value(); }), "ms");
  const auto decide = [&] { (void)store->prune(decision).value(); };
  for (int i = 0; i < 3; ++i) print("eviction decision, again", milliseconds(decide), "ms");
  const auto reserve = [&] { (void)store->reserve(store->new_ticket(), ByteCount(1)).value(); };
  print("reservation that fits", milliseconds(reserve), "ms");
  const StoreStatistics statistics = store->statistics().value();
  if (!store->set_budget(statistics.used)) return 1;
  print("reservation that evicts one model", milliseconds(reserve), "ms");
  print("statistics", milliseconds([&] { (void)store->statistics().value(); }), "ms");
}
