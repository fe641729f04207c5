// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/compile_cache.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "support/scratch.h"

namespace modelhub::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Settings = decltype(engine::LoadRequest::settings);

class CompileCacheTest : public ::testing::Test {
 protected:
  CompileCacheTest() {
    store::StoreOptions options;
    options.home = scratch_.path("home");
    store_ = store::Store::open(std::move(options)).value();
  }

  // The file that a load with these parts is told to use.
  std::string offered(const CompiledParts& parts, const Settings& settings = {}) {
    request_ = {};
    request_.settings = settings;
    request_.threads = threads_;
    cache_ = offer_compile_cache(*store_, parts, log(), request_);
    return request_.settings.empty() ? "" : request_.settings.back().second;
  }
  LogSink log() {
    return [this](LogLevel, std::string_view line) { log_.emplace_back(line); };
  }
  static void write(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
  }

  test::ScratchFolder scratch_;
  std::unique_ptr<store::Store> store_;
  CompiledParts parts_{base::sha256_of("model"), ByteCount(1000), "openvino", "2026.4.0", "cpu:0",
                       {"avx2", "avx512_bf16"}};
  int threads_ = 1;
  engine::LoadRequest request_;
  std::shared_ptr<const void> cache_;
  std::vector<std::string> log_;
};

TEST_F(CompileCacheTest, ALaterLoadFindsWhatAnEarlierOneLeft) {
  write(offered(parts_), "compiled");
  EXPECT_EQ(request_.settings.back().first, "cache_file");
  cache_.reset();
  const std::string again = offered(parts_);
  EXPECT_EQ(test::content_of(again), "compiled");
  EXPECT_THAT(again, HasSubstr("/derived/openvino-"));
  EXPECT_THAT(log_, ElementsAre());
}

TEST_F(CompileCacheTest, WhateverChangesTheResultLeadsToAnotherFile) {
  std::set<std::string> files;
  const auto add = [&](const CompiledParts& parts, const Settings& settings = {}) {
    const std::string file = offered(parts, settings);
    write(file, "compiled");
    cache_.reset();
    files.insert(offered(parts, settings));
    cache_.reset();
  };
  add(parts_);
  add(parts_);
  add(parts_, {{"precision", "golden"}});
  CompiledParts other = parts_;
  other.model = base::sha256_of("another");
  add(other);
  other = parts_;
  other.engine_version = "2027.1.0";
  add(other);
  other = parts_;
  other.features = {"avx2"};
  add(other);
  other = parts_;
  other.device = "cpu:1";
  add(other);
  threads_ = 2;
  add(parts_);
  EXPECT_EQ(files.size(), 7U);
}

TEST_F(CompileCacheTest, ALoadThatLeavesNothingLeavesNoFolder) {
  offered(parts_);
  cache_.reset();
  const auto is_ours = [](const auto& entry) {
    return entry.path().filename().string() != "CACHEDIR.TAG";
  };
  std::filesystem::directory_iterator entries(store_->layout().derived());
  EXPECT_EQ(std::count_if(begin(entries), end(entries), is_ours), 0);
}

TEST_F(CompileCacheTest, WithoutRoomTheLoadGoesOnWithoutACache) {
  ASSERT_TRUE(store_->set_budget(ByteCount(4096)));
  EXPECT_EQ(offered(parts_), "");
  EXPECT_EQ(cache_, nullptr);
  EXPECT_THAT(log_, ElementsAre(HasSubstr("what openvino compiles is not kept: there is no room")));
}

TEST_F(CompileCacheTest, WhatIsLargerThanExpectedIsToldAndNotKept) {
  write(offered(parts_), std::string(5'000'000, 'x'));
  cache_.reset();
  EXPECT_THAT(log_, ElementsAre(HasSubstr("would take 5.00 MB; reserved were 4.20 MB")));
  EXPECT_EQ(test::content_of(offered(parts_)), "");
}

}  // namespace
}  // namespace modelhub::hub
