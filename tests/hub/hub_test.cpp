// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// The whole path of a call with a real HTTP server and a scripted engine, so that every thread can
// be watched by ThreadSanitizer. Real weights and the real engine: tests/cli/real_models_test.cpp.
#include "modelhub/hub.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include <gmock/gmock.h>

#include "base/event.h"
#include "base/hasher.h"
#include "hub/hub_fixture.h"
#include "modelhub/coroutine.h"
#include "support/http_server.h"
#include "support/no_more_threads.h"
#include "support/sanitized.h"
#include "support/scratch.h"

namespace modelhub {
namespace {

using test::HttpReply;
using test::HttpServer;
using ::testing::HasSubstr;

TEST_F(HubTest, FromANameToAnAnswer) {
  Hub hub = open();
  const Result<Classifier> classifier = hub.classifier("toy").get();
  ASSERT_TRUE(classifier) << classifier.error().to_string();
  const Result<Classifications> classes = classifier->classify(picture());
  ASSERT_TRUE(classes) << classes.error().to_string();
  EXPECT_EQ((*classes)[0].label, "bee");
  EXPECT_EQ((*classes)[0].class_id, 1);
  EXPECT_FLOAT_EQ((*classes)[0].score, 0.7F);
  EXPECT_EQ(server_.request_count(), 1U);
}

// To open one loads its libraries.
TEST_F(HubTest, EnginesThatAModelCannotUseAreNotOpened) {
  const std::string folder = scratch_.path("engines");
  const std::string other = folder + "/modelhub_engine_other.so";
  std::filesystem::create_directory(folder);
  std::filesystem::copy(MODELHUB_SCRIPTED_ENGINE_DIR "/modelhub_engine_scripted.so", other);
  const auto is_open = [&] {
    std::ifstream maps("/proc/self/maps");
    const std::string all(std::istreambuf_iterator<char>(maps), {});
    return all.find(other) != std::string::npos;
  };
  options_.engine_path.push_back(folder);
  Hub hub = open();
  const Result<Model> model = hub.ensure_ready("toy").get();
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_FALSE(is_open());
  (void)hub.engines();
  EXPECT_TRUE(is_open());
}

TEST_F(HubTest, TheSecondTimeNothingIsFetched) {
  ASSERT_TRUE(open().pull("toy").get());
  server_.stop();
  Hub hub = open();
  const Result<Model> model = hub.ensure_ready("toy").get();
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_TRUE(model->run(picture()));
}

TEST_F(HubTest, ThirtyTwoCallersCauseOneDownloadAndOneLoad) {
  const std::string record = scratch_.path("record");
  serve(k_model + "record " + record + "\n");
  Hub hub = open();
  std::vector<std::thread> threads;
  std::atomic<int> answers = 0;
  for (int i = 0; i < 32; ++i) {
    threads.emplace_back([&] {
      const Result<Model> model = hub.ensure_ready("toy").get();
      ASSERT_TRUE(model) << model.error().to_string();
      if (model->run(picture())) answers.fetch_add(1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answers.load(), 32);
  EXPECT_EQ(server_.request_count(), 1U);
  const std::string lines = test::content_of(record);
  EXPECT_EQ(lines.find("load"), lines.rfind("load")) << lines;
}

TEST_F(HubTest, ThePrecisionReachesTheEngineAndSetsTwoLoadsApart) {
  const std::string record = scratch_.path("record");
  serve(k_model + "record " + record + "\n");
  Hub hub = open();
  LoadOptions golden;
  golden.precision = Precision::golden;
  ASSERT_TRUE(hub.ensure_ready("toy").get());
  ASSERT_TRUE(hub.ensure_ready("toy", golden).get());
  ASSERT_TRUE(hub.ensure_ready("toy").get());
  const std::string lines = test::content_of(record);
  EXPECT_THAT(lines, ::testing::MatchesRegex("load cpu:0 [0-9]+ precision=exact model=toy\n"
                                             "load cpu:0 [0-9]+ precision=golden model=toy\n"));
}

TEST_F(HubTest, AnEngineThatSaysSoIsToldWhereToKeepWhatItCompiles) {
  const std::string record = scratch_.path("record");
  serve(k_model + "record " + record + "\n");
  options_.engine_settings["scripted.keeps_compiled"] = "yes";
  Hub hub = open();
  ASSERT_TRUE(hub.ensure_ready("toy").get());
  EXPECT_THAT(test::content_of(record),
              ::testing::MatchesRegex("load cpu:0 [0-9]+ precision=exact model=toy "
                                      "cache_file=.*/derived/scripted-[^ ]*/compiled\n"));
}

TEST_F(HubTest, AFlippedByteIsRefusedAndNothingIsInstalled) {
  server_.on(path(), test::file_reply(test::flipped(k_model, 5)));
  Hub hub = open();
  const Result<InstalledModel> pulled = hub.pull("toy").get();
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, ErrorCode::checksum_mismatch);
  EXPECT_EQ(exit_code_of(pulled.error()), 5);
  EXPECT_THAT(pulled.error().message, HasSubstr(base::sha256_of(k_model).hex()));
  EXPECT_TRUE(hub.installed().value().empty());
}

// What this process has read from files so far, page cache included; sockets do not count.
std::uint64_t bytes_read_from_files() {
  std::ifstream lines("/proc/self/io");
  std::string name;
  std::uint64_t bytes = 0;
  lines >> name >> bytes;
  EXPECT_EQ(name, "rchar:");
  return bytes;
}

// FIELD_NOTES: "verifying" that takes as long again as the download, because everything is read a
// second time.
TEST_F(HubTest, APullReadsWhatItFetchedOnceToHashIt) {
  constexpr std::uint64_t k_bytes = 64 << 20;
  serve(std::string(k_bytes, 'w'));
  const Hub hub = open();
  const std::uint64_t before = bytes_read_from_files();
  const Result<InstalledModel> pulled = hub.pull("toy").get();
  ASSERT_TRUE(pulled) << pulled.error().to_string();
  const std::uint64_t read = bytes_read_from_files() - before;
  EXPECT_GE(read, k_bytes);  // or this measures nothing
  EXPECT_LT(read, k_bytes + k_bytes / 4);
}

TEST_F(HubTest, OfflineFetchesNothingAtAll) {
  options_.network = Network::offline;
  Hub hub = open();
  const Result<Model> model = hub.ensure_ready("toy").get();
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::offline);
  EXPECT_EQ(hub.pull("toy").get().error().code, ErrorCode::offline);
  EXPECT_EQ(server_.request_count(), 0U);
}

TEST_F(HubTest, ALicenseThatIsNotAllowedIsRefusedUnlessItIsInstalled) {
  options_.licenses = {"Apache-2.0"};
  const Result<InstalledModel> refused = open().pull("toy").get();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("MIT"));
  EXPECT_EQ(server_.request_count(), 0U);
  options_.licenses.clear();
  ASSERT_TRUE(open().pull("toy").get());
  options_.licenses = {"Apache-2.0"};
  EXPECT_TRUE(open().ensure_ready("toy").get());
}

TEST_F(HubTest, AnEngineThatIsNotHereIsToldBeforeAnythingIsFetched) {
  serve(k_model, "no_such_engine");
  const Result<Model> model = open().ensure_ready("toy").get();
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::unsupported);
  EXPECT_EQ(exit_code_of(model.error()), 7);
  EXPECT_THAT(model.error().to_string(), HasSubstr("no_such_engine"));
  EXPECT_EQ(server_.request_count(), 0U);
}

TEST_F(HubTest, ADeviceThatIsNotHereIsToldBeforeAnythingIsFetched) {
  Hub hub = open();
  LoadOptions options;
  options.device = "gpuu";
  for (const std::string& reference :
       {std::string("toy"), server_.url(path()), scratch_.write("own.txt", k_model)}) {
    const Result<Model> model = hub.ensure_ready(reference, options).get();
    ASSERT_FALSE(model) << reference;
    EXPECT_EQ(model.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(model.error().subject, Subject::usage);
    EXPECT_THAT(model.error().message, HasSubstr("'gpuu' names no device"));
  }
  options.device = "cuda:7";
  const Result<Model> model = hub.ensure_ready("toy", options).get();
  ASSERT_FALSE(model);
  EXPECT_EQ(exit_code_of(model.error()), 7);
  EXPECT_THAT(model.error().message, HasSubstr("cuda:7"));
  EXPECT_EQ(exit_code_of(hub.plan_pull("toy", PullPurpose::run, options).error()), 7);
  EXPECT_EQ(server_.request_count(), 0U);
}

TEST_F(HubTest, ALoadThatFailsGivesTheEnginesSentence) {
  serve(k_model + "load_fails unsupported needs more toes\n");
  const Result<Model> model = open().ensure_ready("toy").get();
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::unsupported);
  EXPECT_THAT(model.error().message, HasSubstr("needs more toes"));
}

TEST_F(HubTest, AModelOfAnotherTaskIsRefused) {
  const Result<Detector> detector = open().detector("toy").get();
  ASSERT_FALSE(detector);
  EXPECT_EQ(detector.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(detector.error().message, HasSubstr("classify"));
}

TEST_F(HubTest, AnOutputThatDoesNotFitTheLabelsIsToldAtTheLoad) {
  serve("scripted 1\ninput x float32 1 3 4 4\noutput y float32 1 2 = constant 0.5 0.5\n");
  const Result<Model> model = open().ensure_ready("toy").get();
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::corrupt_data);
}

TEST_F(HubTest, AfterUnloadTheNextCallLoadsAgain) {
  const std::string record = scratch_.path("record");
  serve(k_model + "record " + record + "\n");
  Hub hub = open();
  const Model model = hub.ensure_ready("toy").get().value();
  {
    const ModelLease lease = model.lease().value();
    EXPECT_EQ(lease.report().device, "cpu:0");
    EXPECT_THAT(lease.report().engine, HasSubstr("scripted"));
    const Result<ByteCount> refused = model.unload();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::busy);
  }
  ASSERT_TRUE(model.unload());
  EXPECT_THAT(test::content_of(record), HasSubstr("unload"));
  EXPECT_TRUE(model.run(picture()));
  EXPECT_TRUE(model.warmup());
}

TEST_F(HubTest, TellsWhatIsInMemory) {
  serve(k_model + "memory 64000000\n");
  Hub hub = open();
  EXPECT_TRUE(hub.loaded().empty());
  const Model model = hub.ensure_ready("toy").get().value();
  {
    const ModelLease lease = model.lease().value();
    const std::vector<LoadedModelStatus> loaded = hub.loaded();
    ASSERT_EQ(loaded.size(), 1U);
    EXPECT_EQ(loaded[0].model, "toy@1:plain");
    EXPECT_THAT(loaded[0].engine, HasSubstr("scripted "));
    EXPECT_EQ(loaded[0].device, "cpu:0");
    EXPECT_GE(loaded[0].memory, ByteCount(32'000'000));
    EXPECT_GE(loaded[0].leases, 1U);
    EXPECT_EQ(loaded[0].loads, 1U);
  }
  const Result<ByteCount> returned = model.unload();
  ASSERT_TRUE(returned);
  // AddressSanitizer keeps what is freed, so that it sees who still uses it.
  if (!test::k_is_sanitized) {
    EXPECT_GE(*returned, ByteCount(32'000'000));
  }
  EXPECT_TRUE(hub.loaded().empty());
}

TEST_F(HubTest, AModelThatTheBudgetCannotHoldIsRefused) {
  serve(k_model + "memory 3000000\n");
  options_.memory_budget = ByteCount(1'000'000);
  const Hub hub = open();
  const Result<Model> model = hub.ensure_ready("toy").get();
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::out_of_memory);
  EXPECT_THAT(model.error().message, HasSubstr("toy@1:plain needs about 3.00 MB on cpu:0"));
}

TEST_F(HubTest, WithoutKeepAliveAModelGoesAfterEachCall) {
  options_.keep_alive = std::chrono::milliseconds(0);
  const Hub hub = open();
  const Model model = hub.ensure_ready("toy").get().value();
  ASSERT_TRUE(model.run(picture()));
  EXPECT_TRUE(becomes_true([&] { return hub.loaded().empty(); }));
  ASSERT_TRUE(model.run(picture()));
}

TEST_F(HubTest, AFallbackIsToldAlsoWhereTheModelIsLoadedAlready) {
  Hub hub = open();
  const Model first = hub.ensure_ready("toy").get().value();
  LoadOptions options;
  options.device = "gpu";
  const Model second = hub.ensure_ready("toy", options).get().value();
  EXPECT_TRUE(first.lease()->report().plan.warnings.empty());
  const ModelLease lease = second.lease().value();
  EXPECT_EQ(lease.report().plan.requested, "gpu");
  EXPECT_EQ(lease.report().device, "cpu:0");
  EXPECT_EQ(lease.report().plan.warnings.size(), 1U);
}

TEST_F(HubTest, UnloadByNameFreesEachWayInWhichAModelIsLoaded) {
  const std::string record = scratch_.path("record");
  serve(k_model + "record " + record + "\n");
  Hub hub = open();
  LoadOptions golden;
  golden.precision = Precision::golden;
  const Model exact = hub.ensure_ready("toy").get().value();
  ASSERT_TRUE(hub.ensure_ready("toy", golden).get());
  {
    const ModelLease lease = exact.lease().value();
    const Result<UnloadReport> refused = hub.unload("toy");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::busy);
  }
  const Result<UnloadReport> rest = hub.unload("toy@1");
  ASSERT_TRUE(rest) << rest.error().to_string();
  EXPECT_EQ(rest->references, (std::vector<std::string>{"toy@1:plain"}));
  const std::string lines = test::content_of(record);
  EXPECT_NE(lines.find("unload"), lines.rfind("unload")) << lines;
  EXPECT_TRUE(hub.unload()->references.empty());
  ASSERT_TRUE(hub.ensure_ready("toy").get());
  EXPECT_TRUE(hub.unload("toy@2")->references.empty());
  EXPECT_EQ(hub.unload()->references.size(), 1U);
}

TEST_F(HubTest, UnloadOfANameThatNobodyKnowsSaysWhatMayBeMeant) {
  const Result<UnloadReport> report = open().unload("toyy");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::not_found);
  EXPECT_THAT(report.error().to_string(), HasSubstr("toy"));
}

TEST_F(HubTest, RemoveUnloadsAndRefusesWhatIsInUse) {
  Hub hub = open();
  const Model model = hub.ensure_ready("toy").get().value();
  {
    const ModelLease lease = model.lease().value();
    EXPECT_EQ(hub.remove("toy").error().code, ErrorCode::busy);
  }
  const Result<RemoveReport> report = hub.remove("toy");
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->references, (std::vector<std::string>{"toy@1:plain"}));
  EXPECT_EQ(hub.remove("toy").error().code, ErrorCode::not_found);
}

TEST_F(HubTest, CancelEndsAPullThatHangs) {
  server_.on(path(), test::file_reply(k_model).ending_with(HttpReply::Ending::stall, 10));
  Hub hub = open();
  const Job<Model> job = hub.ensure_ready("toy");
  ASSERT_TRUE(server_.wait_for_requests(1));
  job.cancel();
  EXPECT_EQ(job.get().error().code, ErrorCode::cancelled);
}

TEST_F(HubTest, HandlesThatOutliveTheHubSayCancelled) {
  server_.on(path(), test::file_reply(k_model).ending_with(HttpReply::Ending::stall, 10));
  std::optional<Hub> hub = open();
  const Job<Model> job = hub->ensure_ready("toy");
  ASSERT_TRUE(server_.wait_for_requests(1));
  hub.reset();
  EXPECT_EQ(job.get().error().code, ErrorCode::cancelled);
}

TEST_F(HubTest, AModelThatOutlivesTheHubSaysCancelled) {
  std::optional<Hub> hub = open();
  const Model model = hub->ensure_ready("toy").get().value();
  hub.reset();
  EXPECT_EQ(model.run(picture()).error().code, ErrorCode::cancelled);
  EXPECT_EQ(model.name(), "toy");
}

TEST_F(HubTest, TheHubMayBeDestroyedInACallback) {
  auto hub = std::make_shared<std::optional<Hub>>(open());
  std::atomic<bool> done = false;
  (*hub)->pull("toy").then([&, hub](const Result<InstalledModel>&) {
    hub->reset();
    done = true;
  });
  EXPECT_TRUE(test::eventually([&] { return done.load(); }));
}

TEST_F(HubTest, WaitingInsideACallbackIsDetected) {
  serve(k_model + "load_waits " + scratch_.path("fifo") + "\n");
  ASSERT_EQ(::mkfifo(scratch_.path("fifo").c_str(), 0600), 0);
  Hub hub = open();
  std::atomic<int> code = -1;
  hub.pull("toy").then([&](const Result<InstalledModel>&) {
    code = static_cast<int>(hub.ensure_ready("toy").get().error().code);
  });
  EXPECT_TRUE(test::eventually([&] { return code.load() >= 0; }));
  EXPECT_EQ(code.load(), static_cast<int>(ErrorCode::invalid_argument));
  // Lets the load that was started go on: opening the FIFO succeeds once the engine reads it.
  EXPECT_TRUE(test::eventually([&] {
    const int fifo = ::open(scratch_.path("fifo").c_str(), O_WRONLY | O_NONBLOCK);
    if (fifo < 0) return false;
    ::close(fifo);
    return true;
  }));
}

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Task await_model(Hub& hub, std::atomic<int>& result) {
  const Result<Model> model = co_await hub.ensure_ready("toy", {});
  const Result<Model> again = co_await hub.ensure_ready("toy", LoadOptions());
  result = model && again ? 1 : 0;
}

TEST_F(HubTest, AModelCanBeAwaited) {
  Hub hub = open();
  std::atomic<int> result = -1;
  await_model(hub, result);
  EXPECT_TRUE(test::eventually([&] { return result.load() >= 0; }));
  EXPECT_EQ(result.load(), 1);
}

TEST_F(HubTest, ProgressIsData) {
  std::mutex mutex;
  std::vector<Phase> phases;  // guarded by mutex
  // Who is told late is told the newest only: the server waits until somebody knows of the
  // download.
  std::promise<void> is_known;
  server_.on(path(), [known = is_known.get_future().share()](const test::HttpRequest&) {
    known.wait_for(std::chrono::seconds(20));
    return test::file_reply(k_model);
  });
  Hub hub = open();
  const Job<Model> job = hub.ensure_ready("toy");
  job.on_progress([&](const Progress& progress) {
    std::lock_guard lock(mutex);
    if (progress.phase == Phase::downloading) {
      EXPECT_THAT(progress.subject, HasSubstr("toy@1"));
      EXPECT_LE(progress.bytes_done, k_model.size());
      if (std::find(phases.begin(), phases.end(), Phase::downloading) == phases.end())
        is_known.set_value();
    }
    phases.push_back(progress.phase);
  });
  ASSERT_TRUE(job.get());
  std::lock_guard lock(mutex);
  EXPECT_THAT(phases, ::testing::Contains(Phase::downloading));
  EXPECT_TRUE(std::is_sorted(phases.begin(), phases.end()));
}

TEST_F(HubTest, AForkedChildIsToldSo) {
  Hub hub = open();
  ASSERT_TRUE(hub.pull("toy").get());
  const pid_t child = ::fork();
  if (child == 0) {
    const Result<Model> model = hub.ensure_ready("toy").get();
    ::_exit(!model && model.error().code == ErrorCode::unsupported ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(HubTest, SeveralPicturesEachGetTheirOwnResult) {
  Hub hub = open();
  const Model model = hub.ensure_ready("toy").get().value();
  const Image good = picture();
  const std::vector<ImageView> images = {good.view(), ImageView(), good.view()};
  const std::vector<Result<Answer>> answers = model.run(images);
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_TRUE(answers[0]);
  EXPECT_EQ(answers[1].error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(answers[2]);
}

TEST_F(HubTest, APictureIsFetchedIntoMemoryAndNowhereElse) {
  const std::vector<std::byte> png = picture().encode_png().value();
  const std::string body(reinterpret_cast<const char*>(png.data()), png.size());
  server_.on("/a.png", test::file_reply(body).with_framing(HttpReply::Framing::chunked));
  Hub hub = open();
  const auto bytes = hub.fetch(server_.url("/a.png?key=geheim")).get();
  ASSERT_TRUE(bytes) << bytes.error().to_string();
  EXPECT_EQ(*bytes, png);
  EXPECT_FALSE(std::filesystem::exists(options_.home));
  EXPECT_EQ(shown_url("https://me:geheim@host/a.png?key=geheim#x"), "https://host/a.png?...");
  EXPECT_EQ(shown_url("ht tp://me:geheim@host/a"), "ht tp://host/a");
}

TEST_F(HubTest, AFetchKnowsItsLimits) {
  server_.on("/a.png", test::file_reply("0123456789"));
  server_.on("/stall", test::file_reply("0123456789").ending_with(HttpReply::Ending::stall, 5));
  FetchOptions small;
  small.max_bytes = ByteCount(9);
  {
    Hub hub = open();
    const Error missing = hub.fetch(server_.url("/none.png")).get().error();
    EXPECT_EQ(missing.code, ErrorCode::not_found);
    EXPECT_EQ(missing.subject, Subject::remote_input);
    const Error large = hub.fetch(server_.url("/a.png"), small).get().error();
    EXPECT_EQ(large.code, ErrorCode::unsupported);
    EXPECT_EQ(large.subject, Subject::input);
    FetchOptions hasty;
    hasty.deadline = std::chrono::milliseconds(100);
    EXPECT_EQ(hub.fetch(server_.url("/stall"), hasty).get().error().code, ErrorCode::timed_out);
  }
  // What is asked of every download holds for this one, unless it is told better.
  options_.download_deadline = std::chrono::milliseconds(100);
  EXPECT_EQ(open().fetch(server_.url("/stall")).get().error().code, ErrorCode::timed_out);
  options_.network = Network::offline;
  EXPECT_EQ(open().fetch(server_.url("/a.png")).get().error().code, ErrorCode::offline);
}

TEST_F(HubTest, AFetchThatIsCancelledHangsUp) {
  server_.on("/stall", test::file_reply("0123456789").ending_with(HttpReply::Ending::stall, 5));
  Hub hub = open();
  const Job<std::vector<std::byte>> job = hub.fetch(server_.url("/stall"));
  ASSERT_TRUE(server_.wait_for_body_bytes(5));
  job.cancel();
  EXPECT_EQ(job.get().error().code, ErrorCode::cancelled);
  // The hub ends soon, though the server never would.
}

TEST_F(HubTest, AnInstalledModelThatNoDocumentKnowsIsStillListedAndRemoved) {
  ASSERT_TRUE(open().pull("toy").get());
  options_.catalogs.clear();
  Hub hub = open();
  const std::vector<ModelSummary> models = hub.list().value().models;
  EXPECT_TRUE(std::any_of(models.begin(), models.end(),
                          [](const ModelSummary& m) { return m.name == "toy"; }));
  EXPECT_TRUE(hub.remove("toy"));
}

TEST_F(HubTest, WithoutThreadsThereIsNoHubAndItIsSaid) {
  const test::NoMoreThreads none;
  const Result<Hub> hub = Hub::open(options_);
  ASSERT_FALSE(hub);
  EXPECT_EQ(hub.error().code, ErrorCode::out_of_memory);
  EXPECT_THAT(hub.error().message, HasSubstr("no thread"));
}

TEST_F(HubTest, AnEngineThatIsNamedAloneIsUsed) {
  LoadOptions options;
  options.engine = "scripted";
  EXPECT_TRUE(open().ensure_ready("toy", options).get());
  options.engine = "scriptde";
  const Result<Model> refused = open().ensure_ready("toy", options).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
  EXPECT_EQ(exit_code_of(refused.error()), 7);
  EXPECT_THAT(refused.error().message, HasSubstr("did you mean 'scripted'?"));
}

TEST_F(HubTest, TensorsGoInAndOutBeneathTheRecipe) {
  const Hub hub = open();
  const Model model = hub.ensure_ready("toy").get().value();
  const Signature signature = model.signature().value();
  ASSERT_EQ(signature.inputs.size(), 1U);
  EXPECT_EQ(signature.inputs[0].name, "x");
  EXPECT_EQ(signature.inputs[0].shape, (Shape{1, 3, 4, 4}));
  EXPECT_EQ(signature.outputs[0].dtype, DType::float32);
  std::vector<NamedTensor> inputs;
  inputs.push_back({"x", Tensor::allocate(DType::float32, {1, 3, 4, 4}).value()});
  const std::vector<NamedTensor> outputs = model.infer(inputs).value();
  ASSERT_EQ(outputs.size(), 1U);
  EXPECT_FLOAT_EQ(outputs[0].tensor.as<float>()[1], 0.7F);
  inputs[0].name = "z";
  EXPECT_EQ(model.infer(inputs).error().code, ErrorCode::invalid_argument);
  // Memory of the caller's will do.
  const std::vector<float> numbers(48);
  inputs[0] = {
      "x", Tensor::borrow(DType::float32, {1, 3, 4, 4}, std::as_bytes(std::span(numbers))).value()};
  EXPECT_FLOAT_EQ(model.infer(inputs).value()[0].tensor.as<float>()[1], 0.7F);
}

// A reader of text that sees two lines in every picture.
const std::string k_reader =
    "scripted 1\n"
    "input image uint8 1 ? ? 3\n"
    "input dpi int32 1\n"
    "word block 1 1 4 3 0.9 Hello\n"
    "word - 5 1 8 3 0.5 there\n"
    "word line 1 4 6 6 0.75 Second\n";

class TextReaderTest : public HubTest {
 protected:
  void serve_reader(const std::string& model) {
    serve(model);
    std::string text = document(model, "scripted", "");
    replace(text, "classify", "read_text");
    const std::size_t recipe = text.find("\"recipe\"");
    text.resize(recipe);
    text += R"("recipe": { "inputs": [
        { "name": "image", "layout": "nhwc", "dtype": "uint8", "dynamic": true, "resize": "none" },
        { "name": "dpi", "from": "resolution", "dtype": "int32" } ],
        "outputs": [ { "role": "text" } ],
        "decode": { "kind": "tesseract", "language": "eng", "page_mode": 3 } } } ] } ] } ] })";
    options_.catalogs = {scratch_.write("layer.json", text)};
  }

 private:
  static void replace(std::string& text, const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
  }
};

TEST_F(TextReaderTest, ReadsWordsInPixelsOfThePicture) {
  serve_reader(k_reader);
  Hub hub = open();
  const Result<TextReader> reader = hub.text_reader("toy").get();
  ASSERT_TRUE(reader) << reader.error().to_string();
  const Result<Text> text = reader->read(picture());
  ASSERT_TRUE(text) << text.error().to_string();
  EXPECT_EQ(text->string(), "Hello there\nSecond\n");
  ASSERT_EQ(text->size(), 3U);
  EXPECT_EQ((*text)[2].box.xyxy(), (std::array<float, 4>{1, 4, 6, 6}));
  EXPECT_EQ((*text)[2].line, 1);
  EXPECT_GT(text->times.infer.count(), 0);
  const Result<Text> sure = reader->read(picture(), TextOptions().conf(0.6F));
  ASSERT_TRUE(sure);
  EXPECT_EQ(sure->string(), "Hello\nSecond\n");
}

TEST_F(TextReaderTest, TheRecipesModesReachTheEngine) {
  serve_reader(k_reader + "record " + scratch_.path("log") + "\n");
  Hub hub = open();
  ASSERT_TRUE(hub.text_reader("toy").get());
  const std::string log = test::content_of(scratch_.path("log"));
  EXPECT_THAT(log, HasSubstr(" language=eng page_mode=3 "));
}

TEST_F(TextReaderTest, AModelOfAnotherKindIsRefused) {
  Hub hub = open();
  const Result<TextReader> reader = hub.text_reader("toy").get();
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(reader.error().hint, HasSubstr("--task read_text"));
}

TEST_F(TextReaderTest, AModelThatGivesTensorsIsNoReader) {
  serve_reader(
      "scripted 1\ninput image uint8 1 ? ? 3\ninput dpi int32 1\n"
      "output y float32 1 = constant 1\n");
  Hub hub = open();
  const Result<TextReader> reader = hub.text_reader("toy").get();
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::corrupt_data);
  EXPECT_THAT(reader.error().message, HasSubstr("wants words"));
}

}  // namespace
}  // namespace modelhub
