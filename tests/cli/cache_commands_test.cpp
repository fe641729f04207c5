// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include <gmock/gmock.h>

#include "cli_fixture.h"
#include "support/http_server.h"

namespace modelhub::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* k_yunet_blob =
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4";

class CacheCommandsTest : public CliTest {
 protected:
  std::string blob() const { return home_ + "/blobs/sha256/" + k_yunet_blob; }
  void damage_blob(std::size_t at) const {
    std::filesystem::permissions(blob(), std::filesystem::perms::owner_write,
                                 std::filesystem::perm_options::add);
    write(std::string("home/blobs/sha256/") + k_yunet_blob, flipped(read(blob()), at));
  }
  Json cache() const { return json_of(run({"cache", "--json"}).out)["cache"]; }
  std::vector<std::string> installed() const {
    std::vector<std::string> names;
    const Json list = json_of(run({"list", "--installed", "--json"}).out);
    for (const Json& model : list["models"]) names.push_back(model["name"]);
    return names;
  }
  // As if the model had not been used for a day.
  void make_old(const std::string& name) const {
    const Json model = json_of(run({"verify", name, "--json"}).out)["models"][0];
    for (const auto& entry : std::filesystem::directory_iterator(home_ + "/models")) {
      const Json manifest = Json::parse(read(entry.path().string()));
      if (manifest["name"] != name) continue;
      const std::string use = home_ + "/use/" + manifest["key"].get<std::string>();
      if (!std::filesystem::exists(use))
        write("home/use/" + manifest["key"].get<std::string>(), "");
      std::filesystem::last_write_time(
          use, std::filesystem::file_time_type::clock::now() - std::chrono::hours(24));
    }
  }
};

TEST_F(CacheCommandsTest, CacheTellsWhatIsUsedAndKeepsTheBudget) {
  EXPECT_EQ(cache()["budget"], 10'000'000'000ULL);
  ASSERT_EQ(run({"pull", "yunet", "ultraface"}).exit_code, 0);
  const Json report = cache();
  EXPECT_EQ(report["models"], 2);
  EXPECT_GE(report["blobs"], 232'589 + 1'270'727);
  EXPECT_EQ(report["reserved"], 0);
  EXPECT_EQ(run({"cache", "budget", "20GB"}).exit_code, 0);
  EXPECT_EQ(cache()["budget"], 20'000'000'000ULL);
  EXPECT_THAT(run({"cache"}).out, HasSubstr("20.0 GB"));
  EXPECT_EQ(run({"cache", "budget", "much"}).exit_code, 2);
}

TEST_F(CacheCommandsTest, WhatWasNotUsedForLongestMakesRoom) {
  ASSERT_EQ(run({"cache", "budget", "1400kB"}).exit_code, 0);
  ASSERT_EQ(run({"pull", "yunet"}).exit_code, 0);
  ASSERT_EQ(run({"pull", "ultraface"}).exit_code, 0);
  EXPECT_EQ(installed(), std::vector<std::string>{"ultraface"});
}

TEST_F(CacheCommandsTest, APinnedModelMakesNoRoomAndTheErrorNamesIt) {
  ASSERT_EQ(run({"cache", "budget", "1400kB"}).exit_code, 0);
  ASSERT_EQ(run({"pull", "yunet"}).exit_code, 0);
  EXPECT_THAT(run({"pin", "yunet"}).out, HasSubstr("pinned yunet@"));
  const ProcessResult refused = run({"pull", "ultraface"});
  EXPECT_EQ(refused.exit_code, 6) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("yunet"));
  EXPECT_THAT(refused.err, HasSubstr("hint: "));
  EXPECT_EQ(installed(), std::vector<std::string>{"yunet"});
  EXPECT_EQ(run({"unpin", "yunet"}).exit_code, 0);
  EXPECT_EQ(run({"pull", "ultraface"}).exit_code, 0);
  EXPECT_EQ(run({"pin", "yunet"}).exit_code, 3) << "not installed";
}

TEST_F(CacheCommandsTest, PruneToASizeSparesWhatWasUsedLast) {
  ASSERT_EQ(run({"pull", "yunet", "ultraface"}).exit_code, 0);
  make_old("ultraface");
  const ProcessResult dry = run({"prune", "--dry-run", "--to", "500kB"});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("would remove ultraface@"));
  EXPECT_THAT(dry.out, Not(HasSubstr("yunet")));
  EXPECT_EQ(installed().size(), 2U);
  const ProcessResult real = run({"prune", "--to", "500kB", "--json"});
  EXPECT_EQ(json_of(real.out)["items"].size(), 1U);
  EXPECT_EQ(installed(), std::vector<std::string>{"yunet"});
}

TEST_F(CacheCommandsTest, RepairMendsAFlippedByte) {
  ASSERT_EQ(run({"pull", "yunet"}).exit_code, 0);
  const std::string whole = read(blob());
  damage_blob(1000);
  EXPECT_EQ(run({"verify", "--full"}).exit_code, 5);
  const ProcessResult repair = run({"repair", "yunet"});
  EXPECT_EQ(repair.exit_code, 0) << repair.err;
  EXPECT_THAT(repair.out, HasSubstr("repaired"));
  EXPECT_EQ(read(blob()), whole);
  EXPECT_EQ(run({"verify", "--full"}).exit_code, 0);
  EXPECT_THAT(run({"repair"}).out, HasSubstr(": ok"));
  EXPECT_EQ(run({"repair", "ultraface"}).exit_code, 3) << "not installed";
}

TEST_F(CacheCommandsTest, RepairWithoutANetworkSaysSo) {
  ASSERT_EQ(run({"pull", "yunet"}).exit_code, 0);
  damage_blob(1000);
  EXPECT_EQ(run({"--offline", "repair"}).exit_code, 8);
}

TEST_F(CacheCommandsTest, WithoutANetworkNothingIsSaidToBePulled) {
  const ProcessResult pull = run({"--offline", "pull", "yunet"});
  EXPECT_EQ(pull.exit_code, 8);
  EXPECT_THAT(pull.err, Not(HasSubstr("pulling")));
}

TEST_F(CacheCommandsTest, AMissingBlobIsFetchedAgain) {
  ASSERT_EQ(run({"pull", "yunet"}).exit_code, 0);
  ASSERT_EQ(::unlink(blob().c_str()), 0);
  EXPECT_EQ(run({"verify"}).exit_code, 5);
  EXPECT_EQ(run({"repair"}).exit_code, 0);
  EXPECT_EQ(run({"verify", "--full"}).exit_code, 0);
}

TEST_F(CacheCommandsTest, TheUserSaysWhichVersionAPlainNameMeans) {
  const Json before = json_of(run({"versions", "yolov8n", "--json"}).out)["versions"];
  ASSERT_GE(before.size(), 2U);
  std::string other;
  for (const Json& version : before) {
    if (!version["is_default"].get<bool>()) other = version["version"];
  }
  EXPECT_EQ(run({"versions", "yolov8n", "--default", other}).exit_code, 0);
  EXPECT_THAT(run({"pull", "--dry-run", "yolov8n"}).out, HasSubstr("yolov8n@" + other));
  const Json after = json_of(run({"versions", "yolov8n", "--json"}).out);
  for (const Json& version : after["versions"])
    EXPECT_EQ(version["is_users_choice"].get<bool>(), version["version"] == other);
  EXPECT_EQ(run({"versions", "yolov8n", "--no-default"}).exit_code, 0);
  EXPECT_EQ(json_of(run({"versions", "yolov8n", "--json"}).out)["versions"], before);
  EXPECT_EQ(run({"versions", "yolov8n", "--default", "99"}).exit_code, 3);
  EXPECT_EQ(run({"versions", "yolov9000"}).exit_code, 3);
}

TEST_F(CacheCommandsTest, ARateThatIsNoneIsAUsageError) {
  for (const char* rate : {"fast", "0", "-1"}) {
    const ProcessResult result = run({"--limit-rate", rate, "list"});
    EXPECT_EQ(result.exit_code, 2) << rate;
    EXPECT_THAT(result.err, HasSubstr("--limit-rate"));
  }
  EXPECT_EQ(
      run({"--limit-rate", "500kB/s", "--connections", "2", "--deadline", "60", "pull", "yunet"})
          .exit_code,
      0);
  EXPECT_EQ(run({"--connections", "99", "list"}).exit_code, 2);
}

}  // namespace
}  // namespace modelhub::test
