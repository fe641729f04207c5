// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// The real program, many times at once, in one home.
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <thread>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "cli/cli_fixture.h"
#include "model_file/onnx_writer.h"
#include "support/http_server.h"
#include "support/ranged_file.h"
#include "support/sanitized.h"

namespace modelhub::test {
namespace {

constexpr int k_many = k_is_sanitized ? 12 : 64;
constexpr int k_models = 16;
constexpr std::size_t k_model_bytes = 1'000'000;
constexpr std::uint64_t k_block = 4096;
constexpr std::uint64_t k_model_on_disk = (k_model_bytes + k_block - 1) / k_block * k_block;

std::string content_of_model(int number, std::size_t bytes) {
  std::string content(bytes, '\0');
  std::uint64_t state = 88172645463325252ULL + static_cast<std::uint64_t>(number);
  for (char& c : content) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    c = static_cast<char>(state);
  }
  return content;
}

std::string model_document(const std::string& name, const std::string& content) {
  return R"({ "name": ")" + name + R"(", "task": "detect", "title": ")" + name +
         R"(", "license": "MIT", "default_version": "1", "versions": [ { "version": "1", "variants": [ {
      "id": "onnx", "format": "onnx", "precision": "float32", "files": [ { "path": "a.onnx", "bytes": )" +
         std::to_string(content.size()) + R"(, "sha256": ")" + base::sha256_of(content).hex() +
         R"(", "urls": [] } ] } ] } ] })";
}

class MultiprocessTest : public CliTest {
 protected:
  MultiprocessTest() { options_.environment["MODELHUB_MIRRORS"] = server_.url(""); }

  void serve(const std::map<std::string, std::string>& models) {
    std::string documents;
    for (const auto& [name, content] : models) {
      documents += (documents.empty() ? "" : ", ") + model_document(name, content);
      server_.on("/sha256/" + base::sha256_of(content).hex(), file_reply(content));
    }
    options_.environment["MODELHUB_CATALOG"] =
        write("layer.json", R"({ "schema": 1, "models": [ )" + documents + " ] }");
  }

  // Every regular file below blobs and staging that has bytes: inode -> what it takes.
  std::map<::ino_t, std::uint64_t> files_on_disk() const {
    std::map<::ino_t, std::uint64_t> files;
    for (const char* folder : {"/blobs", "/staging", "/quarantine"}) {
      std::error_code error;
      std::filesystem::recursive_directory_iterator at(home_ + folder, error);
      for (; !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
        struct stat stat {};
        if (::lstat(at->path().c_str(), &stat) != 0 || !S_ISREG(stat.st_mode)) continue;
        if (stat.st_size <= 4096) continue;  // tags, claims and signs of life
        const auto size = static_cast<std::uint64_t>(stat.st_size);
        files[stat.st_ino] = (size + k_block - 1) / k_block * k_block;
      }
    }
    return files;
  }

  HttpServer server_;
};

TEST_F(MultiprocessTest, ManyProcessesThatPullOneModelCauseOneDownload) {
  const std::string content = content_of_model(0, 8 * k_model_bytes);
  serve({{"shared", content}});
  std::atomic<int> succeeded = 0;
  std::vector<std::thread> processes;
  for (int i = 0; i < k_many; ++i) {
    processes.emplace_back([&] {
      const ProcessResult result = run({"pull", "shared"});
      EXPECT_EQ(result.exit_code, 0) << result.err;
      if (result.exit_code == 0) ++succeeded;
    });
  }
  for (std::thread& process : processes) process.join();
  EXPECT_EQ(succeeded, k_many);
  EXPECT_EQ(server_.body_bytes_sent(), content.size()) << "1.0 times the model";
  EXPECT_EQ(run({"verify", "--full"}).exit_code, 0);
}

TEST_F(MultiprocessTest, ABudgetForThreeModelsHoldsWhileSixteenProcessesPull) {
  constexpr std::uint64_t k_budget = 3 * k_model_on_disk + 2 * k_block;
  std::map<std::string, std::string> models;
  for (int i = 0; i < k_models; ++i)
    models["model_" + std::to_string(i)] = content_of_model(i, k_model_bytes);
  serve(models);
  ASSERT_EQ(run({"cache", "budget", std::to_string(k_budget)}).exit_code, 0);

  std::atomic<bool> is_over = false;
  std::uint64_t most = 0;
  std::uint64_t samples = 0;
  std::thread watcher([&] {
    while (!is_over) {
      // What changes while it is looked at says nothing about an instant.
      const auto first = files_on_disk();
      if (first != files_on_disk()) continue;
      std::uint64_t sum = 0;
      for (const auto& [inode, bytes] : first) sum += bytes;
      most = std::max(most, sum);
      ++samples;
    }
  });
  std::vector<std::thread> processes;
  for (const auto& [name, content] : models) {
    processes.emplace_back([&, name = name] {
      const ProcessResult result = run({"pull", name});
      EXPECT_EQ(result.exit_code, 0) << name << ": " << result.err;
    });
  }
  for (std::thread& process : processes) process.join();
  is_over = true;
  watcher.join();
  EXPECT_GT(samples, 10U);
  EXPECT_LE(most, k_budget);
  EXPECT_GE(most, 2 * k_model_on_disk) << "the space is used, too";
  EXPECT_EQ(run({"verify", "--full"}).exit_code, 0);
}

TEST_F(MultiprocessTest, APinnedModelIsRefusedAsRoomBeforeAnythingIsFetched) {
  serve({{"one", content_of_model(1, k_model_bytes)}, {"two", content_of_model(2, k_model_bytes)}});
  ASSERT_EQ(run({"cache", "budget", std::to_string(k_model_on_disk + k_block)}).exit_code, 0);
  ASSERT_EQ(run({"pull", "one"}).exit_code, 0);
  ASSERT_EQ(run({"pin", "one"}).exit_code, 0);
  const ProcessResult refused = run({"pull", "two"});
  EXPECT_EQ(refused.exit_code, 6) << refused.err;
  EXPECT_EQ(server_.request_count(), 1U) << "refused before anything was fetched";
  EXPECT_EQ(run({"verify", "one", "--full"}).exit_code, 0);
}

// ---- one pull ----

constexpr std::uint64_t k_mib = 1024 * 1024;

class OnePullTest : public MultiprocessTest {
 protected:
  // A model that is served by ranges.
  void serve_ranges(const std::string& name, const RangedFile& file) {
    serve({{name, *file.content()}});
    server_.on("/sha256/" + base::sha256_of(*file.content()).hex(), file.handler());
  }
};

TEST_F(OnePullTest, AKillCostsAtMostSixteenMebibytes) {
  const RangedFile file(48 * k_mib);
  const auto budget = std::make_shared<std::atomic<std::uint64_t>>(40 * k_mib);
  file.twist(stalling_when_spent(budget));
  serve_ranges("large", file);
  options_.deadline = std::chrono::seconds(5);  // then it is killed, in the silence
  EXPECT_EQ(run({"pull", "large"}).exit_code, 137);
  // A connection that was closed takes along what it had drawn from the budget: 64 KiB each.
  EXPECT_LE(server_.body_bytes_sent(), 40 * k_mib);
  EXPECT_GE(server_.body_bytes_sent(), 39 * k_mib);
  *budget = UINT64_MAX;
  options_.deadline = std::chrono::seconds(120);
  const ProcessResult result = run({"pull", "large"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_LE(server_.body_bytes_sent(), file.size() + 16 * k_mib);
  EXPECT_EQ(run({"verify", "--full"}).exit_code, 0);
}

TEST_F(OnePullTest, OneThatHangsHoldsNobodyUpAndEndsAtItsDeadline) {
  const std::string hanging = content_of_model(1, k_model_bytes);
  serve({{"hanging", hanging}, {"here", content_of_model(2, k_model_bytes)}});
  ASSERT_EQ(run({"pull", "here"}).exit_code, 0);
  server_.on("/sha256/" + base::sha256_of(hanging).hex(),
             file_reply(hanging).ending_with(HttpReply::Ending::stall, 500'000));
  ProcessResult pull;
  std::thread other([&] { pull = run({"--deadline", "6", "pull", "hanging"}); });
  EXPECT_TRUE(server_.wait_for_requests(2));
  const ProcessResult list = run({"list", "--installed"});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_THAT(list.out, ::testing::HasSubstr("here"));
  EXPECT_EQ(run({"verify", "here"}).exit_code, 0);
  EXPECT_EQ(run({"rm", "here"}).exit_code, 0);
  other.join();
  EXPECT_EQ(pull.exit_code, 4);
  EXPECT_THAT(pull.err, ::testing::HasSubstr("was not here within 6.0 s"));
}

// What the options of the command line say reaches the network.
TEST_F(OnePullTest, ConnectionsAreNoMoreThanWasSaid) {
  const RangedFile file(24 * k_mib);
  file.twist(paced(64 * 1024, std::chrono::milliseconds(4)));
  serve_ranges("large", file);
  EXPECT_EQ(run({"--connections", "1", "pull", "large"}).exit_code, 0);
  EXPECT_EQ(server_.peak_connections(), 1U);
  ASSERT_EQ(run({"rm", "large"}).exit_code, 0);
  EXPECT_EQ(run({"pull", "large"}).exit_code, 0);
  EXPECT_GT(server_.peak_connections(), 1U) << "which would have paid";
}

TEST_F(OnePullTest, ATokenReachesItsServer) {
  const std::string content = content_of_model(1, k_model_bytes);
  HttpServer guarded(HttpServer::Tls::yes);
  serve({{"guarded", content}});
  guarded.on("/sha256/" + base::sha256_of(content).hex(), [&](const HttpRequest& request) {
    const auto told = request.headers.find("authorization");
    const bool is_known = told != request.headers.end() && told->second == "Bearer s3cret";
    return is_known ? file_reply(content) : status_reply(401);
  });
  options_.environment["MODELHUB_MIRRORS"] = guarded.url("");
  options_.environment["MODELHUB_CA_FILE"] = write("ca.pem", guarded.certificate_pem());
  EXPECT_EQ(run({"pull", "guarded"}).exit_code, 4);
  const std::string host = "https://" + guarded.host_and_port();
  options_.environment["MODELHUB_TOKENS"] = host + "=s3cret";
  EXPECT_EQ(run({"pull", "guarded"}).exit_code, 0);
  ASSERT_EQ(run({"rm", "guarded"}).exit_code, 0);

  options_.environment["SSL_CERT_FILE"] = options_.environment["MODELHUB_CA_FILE"];
  options_.environment.erase("MODELHUB_CA_FILE");
  options_.environment.erase("MODELHUB_TOKENS");
  const std::string file = write("tokens", host + " s3cret\n");
  std::filesystem::permissions(file, std::filesystem::perms(0600));
  options_.environment["MODELHUB_TOKEN_FILE"] = file;
  const ProcessResult result = run({"pull", "guarded"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST_F(OnePullTest, AModelOfAThousandFilesIsWhole) {
  constexpr int k_files = 1000;
  std::string files;
  for (int i = 0; i < k_files; ++i) {
    const std::string content = "part " + std::to_string(i) + " of a model";
    const std::string digest = base::sha256_of(content).hex();
    server_.on("/sha256/" + digest, file_reply(content));
    files += (i == 0 ? "" : ", ") + (R"({ "path": "part)" + std::to_string(i)) +
             R"(.onnx", "bytes": )" + std::to_string(content.size()) + R"(, "sha256": ")" + digest +
             R"(", "urls": [] })";
  }
  options_.environment["MODELHUB_CATALOG"] =
      write("layer.json", R"({ "schema": 1, "models": [ { "name": "many", "task": "detect",
          "title": "many", "license": "MIT", "default_version": "1", "versions": [ { "version": "1",
          "variants": [ { "id": "onnx", "format": "onnx", "precision": "float32", "files": [ )" +
                              files + " ] } ] } ] } ] }");
  const ProcessResult result = run({"pull", "many"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(server_.request_count(), std::size_t{k_files});
  EXPECT_LE(server_.peak_connections(), 16U);
  EXPECT_EQ(run({"verify", "many", "--full"}).exit_code, 0);
  const auto blobs = [this] {
    const std::filesystem::directory_iterator all(home_ + "/blobs/sha256");
    return std::count_if(begin(all), end(all), [](const auto& file) {
      return Digest::parse(file.path().filename().string()).has_value();
    });
  };
  EXPECT_EQ(blobs(), k_files);
  EXPECT_EQ(run({"rm", "many"}).exit_code, 0);
  EXPECT_EQ(blobs(), 0);
}

TEST_F(OnePullTest, TheRateIsNoMoreThanWasSaid) {
  serve({{"slow", content_of_model(1, 2 * k_model_bytes)}});
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(run({"--limit-rate", "2MB", "pull", "slow"}).exit_code, 0);
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(500));
}

// ---- models of the user ----

class RegisteringProcessesTest : public MultiprocessTest {
 protected:
  // Large enough for a process to be killed in the middle of it.
  std::string own_model(const std::string& name, int number) const {
    OnnxWriter model = ultralytics_detector({"box", "bag"});
    model.weights = {{"w", 1, "", content_of_model(number, 4 * k_model_bytes)}};
    return write(name, model.encode());
  }
  std::vector<std::string> documents() const {
    std::vector<std::string> names;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(home_ + "/catalog.d", none)) {
      if (entry.path().extension() == ".json") names.push_back(entry.path().filename().string());
    }
    return names;
  }
};

TEST_F(RegisteringProcessesTest, ManyThatRegisterOneFileAllSucceedAndOneOfThemMadeIt) {
  const std::string file = own_model("mine.onnx", 1);
  std::atomic<int> made = 0;
  std::vector<std::thread> processes;
  for (int i = 0; i < k_many / 4; ++i) {
    processes.emplace_back([&] {
      const ProcessResult result = run({"register", file, "--json"});
      EXPECT_EQ(result.exit_code, 0) << result.err;
      if (result.exit_code == 0 && !json_of(result.out)["model"]["was_registered"].get<bool>())
        ++made;
    });
  }
  for (std::thread& process : processes) process.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(documents().size(), 1U);
  EXPECT_EQ(run({"verify", "--full"}).exit_code, 0);
}

TEST_F(RegisteringProcessesTest, OfManyFilesUnderOneNameOneWinsAndIsWhole) {
  std::atomic<int> winner = -1;
  std::vector<std::thread> processes;
  for (int i = 0; i < 8; ++i) {
    const std::string file = own_model("f" + std::to_string(i) + ".onnx", i);
    processes.emplace_back([&, i, file] {
      const ProcessResult result = run({"register", file, "--name", "mine"});
      EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 2) << result.err;
      if (result.exit_code != 0) return;
      EXPECT_EQ(winner.exchange(i), -1) << "two have won";
    });
  }
  for (std::thread& process : processes) process.join();
  ASSERT_GE(winner, 0);
  const std::string digest =
      base::sha256_of(read(in_work("f" + std::to_string(winner) + ".onnx"))).hex();
  EXPECT_THAT(run({"show", "mine"}).out, ::testing::HasSubstr(digest));
  const ProcessResult verified = run({"verify", "--full", "--json"});
  EXPECT_EQ(verified.exit_code, 0) << verified.err;
  EXPECT_EQ(json_of(verified.out)["models"][0]["files"][0]["expected_sha256"], digest);
}

TEST_F(RegisteringProcessesTest, KilledAtAnyMomentItCanBeDoneAgainAndNothingIsBroken) {
  const std::string file = own_model("mine.onnx", 1);
  constexpr int k_rounds = k_is_sanitized ? 6 : 25;
  int killed = 0;
  for (int round = 0; round < k_rounds; ++round) {
    options_.deadline = std::chrono::milliseconds(2 + round * (k_is_sanitized ? 60 : 4));
    const bool forgets = round % 3 == 2;
    const ProcessResult result =
        forgets ? run({"rm", "--forget", "mine"}) : run({"register", file});
    if (result.exit_code == 137) ++killed;
    options_.deadline = std::chrono::seconds(120);
    const ProcessResult listed = run({"list", "--installed"});
    ASSERT_EQ(listed.exit_code, 0) << "round " << round << ": " << listed.err;
    const ProcessResult verified = run({"verify", "--full"});
    ASSERT_EQ(verified.exit_code, 0) << "round " << round << ": " << verified.out << verified.err;
  }
  EXPECT_GT(killed, 0);
  const ProcessResult result = run({"register", file});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(run({"verify", "mine", "--full"}).exit_code, 0);
  EXPECT_EQ(run({"rm", "--forget", "mine"}).exit_code, 0);
  EXPECT_TRUE(documents().empty());
}

}  // namespace
}  // namespace modelhub::test
