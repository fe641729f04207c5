// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// The scripted engine does what other tests rely on; with it, what engine_module.h does for those
// who write engines.

#include <sys/stat.h>

#include <thread>

#include <gmock/gmock.h>

#include "engine/conformance.h"
#include "engine/engine_fixture.h"
#include "engine/module.h"

namespace modelhub::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string k_scripted = MODELHUB_SCRIPTED_ENGINE_DIR "/modelhub_engine_scripted.so";
const std::string k_copy =
    "scripted 1\ninput x float32 ?\noutput y float32 ? = copy x\noutput s float32 1 = sum x\n";

class ScriptedEngineTest : public EngineTest {
 protected:
  static std::shared_ptr<Engine> engine(std::vector<EngineSetting> settings = {}) {
    ModuleOptions options;
    options.settings = std::move(settings);
    return open_module(k_scripted, options).value();
  }
  std::unique_ptr<Session> load(const std::string& script) const {
    return engine()->load(model("scripted", script)).value();
  }
  static Result<RunResult> run(Session& session) {
    static const Tensor x = floats({1, 2, 3});
    return session.run(std::vector<Session::Input>{{"x", &x}});
  }
  std::string fifo(const std::string& name) const {
    EXPECT_EQ(mkfifo(path(name).c_str(), 0600), 0);
    return path(name);
  }
};

TEST_F(ScriptedEngineTest, AnswersAsScripted) {
  const auto session = load(k_copy + "output c int64 2 2 = constant 7 8\n");
  const auto answer = run(*session);
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_THAT((*answer)[0].tensor.as<float>(), ElementsAre(1, 2, 3));
  EXPECT_THAT((*answer)[1].tensor.as<float>(), ElementsAre(6));
  EXPECT_THAT((*answer)[2].tensor.as<std::int64_t>(), ElementsAre(7, 8, 7, 8));
}

TEST_F(ScriptedEngineTest, ReadsWordsAsScripted) {
  const auto session = load(
      "scripted 1\nword block 1 2 30.5 40 0.75 Grüße\nword - 31 2 50 40 1 dir\n"
      "word line 1 50 9 60 0.5 two words\nword paragraph 1 70 9 80 0 x\n");
  EXPECT_TRUE(session->gives_words());
  EXPECT_TRUE(session->outputs().empty());
  const auto result = session->run({});
  ASSERT_TRUE(result) << result.error().to_string();
  ASSERT_EQ(result->words.size(), 4U);
  const Word& first = result->words[0];
  EXPECT_EQ(first.text, "Grüße");
  EXPECT_THAT((std::vector<float>{first.x1, first.y1, first.x2, first.y2, first.confidence}),
              ElementsAre(1, 2, 30.5F, 40, 0.75F));
  EXPECT_EQ(result->words[2].text, "two words");
  std::string begins;
  for (const Word& word : result->words) {
    begins += word.begins_block ? 'b' : word.begins_paragraph ? 'p' : word.begins_line ? 'l' : '-';
  }
  EXPECT_EQ(begins, "b-lp");
}

TEST_F(ScriptedEngineTest, IsToldTheSettingsOfALoad) {
  LoadRequest request = model("scripted", k_copy + "record " + path("log") + "\n");
  request.settings = {{"language", "eng"}, {"page_mode", "3"}};
  EXPECT_TRUE(engine()->load(request));
  EXPECT_EQ(read("log"), "load cpu:0 0 language=eng page_mode=3\nunload\n");
}

TEST_F(ScriptedEngineTest, FailsAsScripted) {
  const auto refused =
      engine()->load(model("scripted", k_copy + "load_fails busy the device is taken\n"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::busy);
  EXPECT_TRUE(refused.error().retryable);
  EXPECT_EQ(refused.error().message, "the device is taken");
  const auto answer = run(*load(k_copy + "run_fails out_of_memory too much\n"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::out_of_memory);
}

TEST_F(ScriptedEngineTest, KeepsExceptionsInsideTheModule) {
  const auto refused = engine()->load(model("scripted", k_copy + "load_throws a bug\n"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::internal);
  EXPECT_EQ(refused.error().message, "a bug");
  const auto answer = run(*load(k_copy + "run_throws another bug\n"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "another bug");
}

TEST_F(ScriptedEngineTest, CutsLongMessagesAtACharacter) {
  std::string text = "x";
  while (text.size() < 4000) text += "ä";
  const auto refused =
      engine()->load(model("scripted", k_copy + "load_fails unsupported " + text + "\n"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, text.substr(0, 2047));
  const auto shifted =
      engine()->load(model("scripted", k_copy + "load_fails unsupported x" + text + "\n"));
  ASSERT_FALSE(shifted);
  EXPECT_EQ(shifted.error().message, "x" + text.substr(0, 2045));
}

TEST_F(ScriptedEngineTest, GetsTheSettingsOfALoad) {
  LoadRequest request = model("scripted", k_copy + "record " + path("log") + "\n");
  request.threads = 2;
  request.settings = {{"precision", "golden"}, {"color", "blue"}};
  EXPECT_TRUE(engine()->load(request));
  EXPECT_EQ(read("log"), "load cpu:0 2 precision=golden color=blue\nunload\n");
}

TEST_F(ScriptedEngineTest, BlocksInLoadUntilToldToGoOn) {
  const std::string gate = fifo("gate");
  const LoadRequest request =
      model("scripted", k_copy + "record " + path("log") + "\nload_waits " + gate + "\n");
  std::thread loader([&] { EXPECT_TRUE(engine()->load(request)); });
  // Opening a FIFO for writing waits for its reader: from here on the load is under way.
  std::ofstream(gate).close();
  loader.join();
  EXPECT_EQ(read("log"), "load cpu:0 0\nunload\n");
}

TEST_F(ScriptedEngineTest, NoticesTwoRunsAtOnceWhenItTakesOneAtATime) {
  const std::string gate = fifo("gate");
  const auto one_at_a_time = engine({{"scripted", "concurrency", "one_at_a_time"}});
  EXPECT_EQ(one_at_a_time->info().concurrency, Concurrency::one_at_a_time);
  const auto session =
      one_at_a_time->load(model("scripted", k_copy + "run_waits " + gate + "\n")).value();
  std::thread first([&] { EXPECT_TRUE(run(*session)); });
  {
    std::ofstream hold(gate);
    const auto second = run(*session);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::internal);
  }
  first.join();
}

TEST_F(ScriptedEngineTest, OffersTheDevicesThatItIsToldTo) {
  const auto offers = engine({{"", "devices", "cpu:0;cuda:0=no driver"}})->info().devices;
  ASSERT_EQ(offers.size(), 2U);
  EXPECT_EQ(offers[1].device, "cuda:0");
  EXPECT_EQ(offers[1].reason, "no driver");
}

TEST_F(ScriptedEngineTest, IsRefusedWhenItRunsElsewhereThanAsked) {
  LoadRequest request = model("scripted", k_copy + "device cpu:0\n");
  request.device = "cuda:0";
  const auto scripted = engine({{"scripted", "devices", "cpu:0;cuda:0"}});
  const auto refused = scripted->load(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
  EXPECT_EQ(refused.error().subject, Subject::device);
  EXPECT_EQ(refused.error().message,
            "model.txt was to run on cuda:0, but scripted put it on cpu:0");
  request.allow_fallback = true;
  EXPECT_EQ(scripted->load(request).value()->device(), "cpu:0");
}

TEST_F(ScriptedEngineTest, TakesMemoryAsScripted) {
  EXPECT_EQ(engine()->estimate(model("scripted", k_copy + "memory 5000000\n")),
            ByteCount(5'000'000));
  EXPECT_EQ(engine()->estimate(model("scripted", k_copy)), ByteCount(2 * k_copy.size()));
}

TEST_F(ScriptedEngineTest, ReportsAnEngineThatDoesNotOpen) {
  ModuleOptions options;
  options.settings = {{"scripted", "open_fails", "no licence"},
                      {"other", "open_fails", "not for us"}};
  const auto refused = open_module(k_scripted, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
  EXPECT_EQ(refused.error().message, "no licence");
  EXPECT_THAT(refused.error().context, HasSubstr(k_scripted));
  options.settings = {{"other", "open_fails", "not for us"}};
  EXPECT_TRUE(open_module(k_scripted, options));
}

// A model file that lives as long as the program.
std::string lasting_file(const std::string& content) {
  static const std::filesystem::path folder = [] {
    std::string text = (std::filesystem::temp_directory_path() / "conformance-XXXXXX").string();
    return mkdtemp(text.data()) != nullptr ? text : throw std::runtime_error("no temporary folder");
  }();
  struct Remove {
    ~Remove() { std::filesystem::remove_all(folder); }
  };
  static const Remove remove;
  static int count = 0;
  const std::string path = folder / ("model-" + std::to_string(++count));
  std::ofstream(path) << content;
  return path;
}

ConformanceCase scripted_case(std::vector<EngineSetting> settings) {
  ConformanceCase c;
  c.module = k_scripted;
  c.settings = std::move(settings);
  c.format = "scripted";
  c.open_side = 5;
  c.check = [](const RunResult& result) {
    EXPECT_THAT(result[0].tensor.shape(), ElementsAre(5));
    EXPECT_FLOAT_EQ(result[0].tensor.as<float>()[4], 4.0F / 17);
  };
  c.files = {{"graph", "copy.txt", lasting_file(k_copy)}};
  return c;
}

ConformanceCase reading_case() {
  ConformanceCase c;
  c.module = k_scripted;
  c.format = "scripted";
  c.shapes = {{"image", {1, 4, 6, 3}}};
  c.check = [](const RunResult& result) {
    ASSERT_EQ(result.words.size(), 1U);
    EXPECT_EQ(result.words[0].text, "word");
  };
  c.files = {{"graph", "word.txt",
              lasting_file("scripted 1\ninput image uint8 1 ? ? ?\nword block 0 0 6 4 1 word\n")}};
  return c;
}

INSTANTIATE_TEST_SUITE_P(Scripted, EngineConformance,
                         testing::Values(scripted_case({}),
                                         scripted_case({{"", "concurrency", "one_at_a_time"}}),
                                         reading_case()),
                         name_of_case);

}  // namespace
}  // namespace modelhub::engine
