// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/module.h"

#include <sys/wait.h>

#include <cstddef>

#include <gmock/gmock.h>

#include "engine/engine_fixture.h"
#include "modelhub/engine.h"

namespace modelhub::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string k_doubler = MODELHUB_TEST_ENGINES "/modelhub_engine_doubler.so";
const std::string k_unruly = MODELHUB_TEST_ENGINES "/modelhub_engine_unruly.so";

using ModuleTest = EngineTest;

TEST_F(ModuleTest, NamesAnEngineByItsFile) {
  EXPECT_EQ(engine_name_of("/a/modelhub_engine_x_1.so"), "x_1");
  EXPECT_EQ(engine_name_of("/a/modelhub_engine_.so"), "");
  EXPECT_EQ(engine_name_of("/a/libmodelhub_engine_x.so"), "");
  EXPECT_EQ(engine_name_of("/a/modelhub_engine_x.so.1"), "");
}

TEST_F(ModuleTest, RunsAnEngineWrittenInC) {
  const auto engine = open_module(k_doubler);
  ASSERT_TRUE(engine) << engine.error().to_string();
  EXPECT_EQ((*engine)->info().version, "11");
  ASSERT_EQ((*engine)->info().devices.size(), 2U);
  EXPECT_FALSE((*engine)->info().devices[1].is_usable);
  EXPECT_EQ((*engine)->info().devices[1].reason, "this engine is made of C alone");
  const auto session = (*engine)->load(model("doubler", "double"));
  ASSERT_TRUE(session) << session.error().to_string();
  const Tensor x = floats({1, 2.5F, -3});
  const auto answer = (*session)->run(std::vector<Session::Input>{{"x", &x}});
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ((*answer)[0].name, "y");
  EXPECT_THAT((*answer)[0].tensor.as<float>(), ElementsAre(2, 5, -6));
}

TEST_F(ModuleTest, RunsWithEmptyTensors) {
  const auto engine = open_module(k_doubler);
  ASSERT_TRUE(engine);
  const auto session = (*engine)->load(model("doubler", "double"));
  ASSERT_TRUE(session);
  const Tensor x = floats({});
  const auto answer = (*session)->run(std::vector<Session::Input>{{"x", &x}});
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_THAT((*answer)[0].tensor.shape(), ElementsAre(0));
}

TEST_F(ModuleTest, SessionsOutliveTheEngineThatMadeThem) {
  auto engine = open_module(k_doubler).value();
  const auto session = engine->load(model("doubler", "double")).value();
  engine.reset();
  const Tensor x = floats({4});
  EXPECT_TRUE(session->run(std::vector<Session::Input>{{"x", &x}}));
}

TEST_F(ModuleTest, PassesOnTheErrorOfAnEngineWithItsHint) {
  const auto engine = open_module(k_doubler).value();
  const auto session = engine->load(model("doubler", "halve"));
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::corrupt_data);
  EXPECT_EQ(session.error().subject, Subject::model);
  EXPECT_EQ(session.error().message, "model.txt: this is no model of the doubler");
  EXPECT_EQ(session.error().hint, "write 'double' into the model file");
}

TEST_F(ModuleTest, SaysWhyADeviceCannotBeUsed) {
  const auto engine = open_module(k_doubler).value();
  LoadRequest request = model("doubler", "double");
  request.device = "cuda:0";
  const auto unusable = engine->load(request);
  ASSERT_FALSE(unusable);
  EXPECT_EQ(unusable.error().code, ErrorCode::unsupported);
  EXPECT_EQ(unusable.error().subject, Subject::device);
  EXPECT_EQ(unusable.error().message,
            "doubler cannot use cuda:0 for model.txt: this engine is made of C alone");
  request.device = "tpu:3";
  const auto unknown = engine->load(request);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message,
            "doubler knows no device 'tpu:3' for model.txt; it can use cpu:0");
}

TEST_F(ModuleTest, NamesBothSidesWhenAnInputDoesNotFit) {
  const auto session = open_module(k_doubler).value()->load(model("doubler", "double")).value();
  const Tensor wrong = Tensor::allocate(DType::int64, {2, 3}).value();
  const auto answer = session->run(std::vector<Session::Input>{{"x", &wrong}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(answer.error().message, "input 'x' of model.txt takes float32 [?], not int64 [2,3]");
  const auto unknown = session->run(std::vector<Session::Input>{{"images", &wrong}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "model.txt has no input 'images'; its inputs: 'x'");
}

TEST_F(ModuleTest, TellsTheEnginesLog) {
  ModuleOptions options;
  std::vector<std::string> lines;
  options.log = [&](LogLevel, std::string_view line) { lines.emplace_back(line); };
  const auto engine = open_module(k_doubler, options).value();
  const auto session = engine->load(model("doubler", "double")).value();
  EXPECT_THAT(lines, ElementsAre("doubling"));
}

TEST_F(ModuleTest, RefusesToWorkInAForkedChild) {
  const auto engine = open_module(k_doubler).value();
  auto session = engine->load(model("doubler", "double")).value();
  const Tensor x = floats({4});
  const pid_t child = fork();
  if (child == 0) {
    const auto run = session->run(std::vector<Session::Input>{{"x", &x}});
    const auto load = engine->load(model("doubler", "double"));
    const bool is_refused = !run && run.error().code == ErrorCode::unsupported && !load &&
                            load.error().code == ErrorCode::unsupported;
    session.reset();
    _exit(is_refused ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// What is wrong with a module's table, and the words that say so.
struct BrokenTable {
  const char* folder;
  const char* reason;
};
void PrintTo(const BrokenTable& broken, std::ostream* out) { *out << broken.folder; }

class BrokenTableTest : public testing::TestWithParam<BrokenTable> {};

TEST_P(BrokenTableTest, IsAnErrorThatSaysWhatIsWrong) {
  const std::string path =
      std::string(MODELHUB_TEST_ENGINES) + "/" + GetParam().folder + "/modelhub_engine_unruly.so";
  const auto engine = open_module(path);
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, ErrorCode::unsupported);
  EXPECT_EQ(engine.error().subject, Subject::engine);
  EXPECT_THAT(engine.error().message, HasSubstr(path));
  EXPECT_THAT(engine.error().message, HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    All, BrokenTableTest,
    testing::Values(BrokenTable{"no_symbol", "no function modelhub_engine_api"},
                    BrokenTable{"no_table", "does not work with version 1"},
                    BrokenTable{"newer_abi", "has version 2 of the engine interface"},
                    BrokenTable{"small_table", "has 40 bytes, at least "},
                    BrokenTable{"no_run", "functions are missing"},
                    BrokenTable{"name", "calls itself 'somebody_else'"},
                    BrokenTable{"not_there", "No such file"}),
    [](const auto& parameter) { return parameter.param.folder; });

// A word that the unruly engine understands, and what the host makes of its misbehaviour.
struct Fault {
  const char* word;
  ErrorCode code;
  const char* message;
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.word; }

class FaultTest : public EngineTest, public testing::WithParamInterface<Fault> {
 protected:
  Result<RunResult> load_and_run() {
    auto session = open_module(k_unruly).value()->load(model("unruly", GetParam().word));
    if (!session) return std::move(session).error();
    return (*session)->run({});
  }
};

TEST_P(FaultTest, BecomesAnError) {
  const auto answer = load_and_run();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, GetParam().code);
  EXPECT_THAT(answer.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, FaultTest,
    testing::Values(
        Fault{"no_reason", ErrorCode::internal, "failed with status 3 and no reason"},
        Fault{"unknown_status", ErrorCode::internal, "something new"},
        Fault{"full_message", ErrorCode::unsupported, "xxx"},
        Fault{"null_session", ErrorCode::internal, "load gave no session"},
        Fault{"unknown_type", ErrorCode::internal, "the type of 'y' is unknown"},
        Fault{"missing_shape", ErrorCode::internal, "the shape of 'y' is missing"},
        Fault{"negative_spec", ErrorCode::internal, "negative side"},
        Fault{"null_specs", ErrorCode::internal, "is NULL"},
        Fault{"same_names", ErrorCode::internal, "two outputs are called 'y'"},
        Fault{"no_device", ErrorCode::internal, "does not name its device"},
        Fault{"other_name", ErrorCode::internal, "output 'y' is missing"},
        Fault{"other_shape", ErrorCode::internal, "is float32 [3], promised was float32 [2]"},
        Fault{"negative_shape", ErrorCode::internal, "negative side"},
        Fault{"other_type", ErrorCode::internal, "is int32 [2], promised was float32 [2]"},
        Fault{"other_size", ErrorCode::internal, "has 12 bytes of data, its shape 8"},
        Fault{"null_data", ErrorCode::internal, "bytes of data"},
        Fault{"no_outputs", ErrorCode::internal, "gave 0 outputs of 1"},
        Fault{"null_outputs", ErrorCode::internal, "outputs"},
        Fault{"null_result", ErrorCode::internal, "run gave no result"},
        Fault{"words_unasked", ErrorCode::internal, "words that describe did not promise"},
        Fault{"words_null", ErrorCode::internal, "the array of words is NULL"},
        Fault{"words_no_text", ErrorCode::internal, "word 1 is no line of text in UTF-8"},
        Fault{"words_empty", ErrorCode::internal, "word 1 is no line of text"},
        Fault{"words_latin1", ErrorCode::internal, "word 1 is no line of text"},
        Fault{"words_overlong", ErrorCode::internal, "word 1 is no line of text"},
        Fault{"words_surrogate", ErrorCode::internal, "word 1 is no line of text"},
        Fault{"words_cut", ErrorCode::internal, "word 1 is no line of text"},
        Fault{"words_two_lines", ErrorCode::internal, "word 1 is no line of text"},
        Fault{"words_nan", ErrorCode::internal, "word 1 has no box"},
        Fault{"words_inside_out", ErrorCode::internal, "word 1 has no box"},
        Fault{"words_percent", ErrorCode::internal, "word 1 has a confidence"},
        Fault{"words_sure_nan", ErrorCode::internal, "word 1 has a confidence"},
        Fault{"words_loose", ErrorCode::internal, "word 1 begins a block without a paragraph"},
        Fault{"words_unopened", ErrorCode::internal, "word 0 is the first one"}),
    [](const auto& parameter) { return parameter.param.word; });

TEST_F(ModuleTest, TakesWordsOfAnyScript) {
  const auto session = open_module(k_unruly).value()->load(model("unruly", "words")).value();
  const auto result = session->run({});
  ASSERT_TRUE(result) << result.error().to_string();
  ASSERT_EQ(result->words.size(), 2U);
  EXPECT_EQ(result->words[1].text, "\u00E9\u4E16\U0001F600");
  EXPECT_FALSE(result->words[1].begins_line) << "an unknown bit is passed over";
}

// An engine that was built before results had words: what lies behind its struct is not read.
TEST_F(ModuleTest, RunsEnginesWhoseResultsEndEarlier) {
  static_assert(offsetof(mh_result, words) == 3 * sizeof(std::size_t), "as version 1 ended");
  const auto session = open_module(k_unruly).value()->load(model("unruly", "old_result")).value();
  const auto result = session->run({});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->size(), 1U);
  EXPECT_TRUE(result->words.empty());
}

TEST_F(ModuleTest, TreatsWhatItDoesNotKnowWithCaution) {
  const auto engine = open_module(k_unruly).value();
  EXPECT_EQ(engine->info().concurrency, Concurrency::one_at_a_time);
  EXPECT_EQ(engine->info().version, "");
  EXPECT_EQ(engine->estimate(model("unruly", "")), ByteCount(0));
}

}  // namespace
}  // namespace modelhub::engine
