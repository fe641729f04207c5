// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// The engine for ONNX Runtime, with the real library.

#include <dlfcn.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <ctime>
#include <thread>

#include <gmock/gmock.h>
#include <onnxruntime_c_api.h>

#include "engine/conformance.h"
#include "engine/engine_fixture.h"
#include "engine/module.h"
#include "engine/tiny_onnx.h"
#include "shared/compiled_file.h"
#include "shared/usable_cores.h"
#include "stand_ins/stand_ins.h"

namespace modelhub::engine {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

const std::string k_module = MODELHUB_ONNXRUNTIME_MODULE;

// A file of the mirror; empty when the shared folder is not there. By the build's own idea of where
// it is: the list of tests, which depends on it, is made without the environment of a test.
std::string mirror(const std::string& digest) {
  std::string path = MODELHUB_TEST_SHARED "/mirror/sha256/" + digest;
  return std::filesystem::exists(path) ? path : std::string();
}

std::string yolov8n() {
  return mirror("79e76a60125f08fcf99a5201aeab871a61565a380e3ae4a4fed6b4e3de15efd6");
}
std::string mobilenet_v2_int8() {
  return mirror("cc028fe6cae7bc11a4ff53cfc9b79c920e8be65ce33a904ec3e2a8f66d77f95f");
}

int number_in_status(const std::string& key) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind(key + ":", 0) == 0) return std::stoi(line.substr(key.size() + 1));
  }
  return -1;
}

class OnnxRuntimeTest : public EngineTest {
 protected:
  std::shared_ptr<Engine> engine(const std::string& library_dir = {}) {
    ModuleOptions options;
    options.log = log_.sink();
    if (!library_dir.empty()) options.settings = {{"onnxruntime", "library_dir", library_dir}};
    return open_module(k_module, options).value();
  }

  static LoadRequest request(const std::string& path, int threads = 1) {
    LoadRequest request;
    request.format = "onnx";
    request.files = {{"graph", "tiny.onnx", path}};
    request.threads = threads;
    return request;
  }

  Result<std::unique_ptr<Session>> load(const std::string& content) {
    return engine()->load(request(write("blob", content)));
  }

  // The error of loading a file with this content.
  Error refusal(const std::string& content) {
    auto session = load(content);
    if (session) return Error(ErrorCode::internal, Subject::other, "it was loaded");
    return std::move(session).error();
  }

  LogLines log_;
};

TEST_F(OnnxRuntimeTest, TellsVersionAndDevices) {
  const EngineInfo info = engine()->info();
  EXPECT_THAT(info.version, MatchesRegex("1\\.[0-9]+\\.[0-9]+"));
  EXPECT_THAT(info.formats, ElementsAre("onnx"));
  EXPECT_EQ(info.concurrency, Concurrency::shared);
  EXPECT_TRUE(info.keeps_compiled);
  ASSERT_EQ(info.devices.size(), 3U);
  EXPECT_TRUE(info.devices[0].is_usable);
  EXPECT_EQ(info.devices[1].device, "cuda:0");
  EXPECT_FALSE(info.devices[1].is_usable);
}

TEST_F(OnnxRuntimeTest, RunsWithAnyLengthOfAnOpenSide) {
  const auto session = load(TinyModel().encode());
  ASSERT_TRUE(session) << session.error().to_string();
  EXPECT_EQ((*session)->device(), "cpu:0");
  EXPECT_THAT((*session)->inputs()[0].shape, ElementsAre(-1, 3));
  for (const std::int64_t batch : {1, 4, 2, 0}) {
    Tensor x = Tensor::allocate(DType::float32, {batch, 3}).value();
    for (std::size_t i = 0; i < x.as<float>().size(); ++i) x.as<float>()[i] = static_cast<float>(i);
    const auto answer = (*session)->run(std::vector<Session::Input>{{"x", &x}});
    ASSERT_TRUE(answer) << answer.error().to_string();
    const Tensor& y = (*answer)[0].tensor;
    EXPECT_THAT(y.shape(), ElementsAre(batch, 3));
    for (std::size_t i = 0; i < y.as<float>().size(); ++i)
      EXPECT_EQ(y.as<float>()[i], 2.0F * static_cast<float>(i));
  }
}

TEST_F(OnnxRuntimeTest, SaysWhichOpsetAModelNeedsAndWhichItReads) {
  TinyModel model;
  model.opset = 99;
  const Error error = refusal(model.encode());
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_THAT(
      error.message,
      MatchesRegex("tiny.onnx needs opset 99; ONNX Runtime 1\\.[0-9.]+ reads up to [0-9]+"));
  EXPECT_EQ(error.hint,
            "export the model with opset=17, or set ONNXRUNTIME_ROOT to a newer ONNX Runtime");
}

TEST_F(OnnxRuntimeTest, SaysWhichFormatVersionAModelHas) {
  TinyModel model;
  model.ir_version = 99;
  const Error error = refusal(model.encode());
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_THAT(error.message, MatchesRegex("tiny.onnx has version 99 of the ONNX format; ONNX "
                                          "Runtime 1\\.[0-9.]+ reads up to [0-9]+"));
  EXPECT_THAT(error.hint, HasSubstr("ir_version="));
}

TEST_F(OnnxRuntimeTest, NamesAnOperatorThatItDoesNotHave) {
  TinyModel model;
  model.op = "Levitate";
  const Error error = refusal(model.encode());
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_THAT(
      error.message,
      MatchesRegex(
          "tiny.onnx uses the operator Levitate, which ONNX Runtime 1\\.[0-9.]+ does not have "
          "in opset 13"));
  EXPECT_FALSE(error.hint.empty());
}

TEST_F(OnnxRuntimeTest, RefusesAGraphThatIsNone) {
  TinyModel model;
  model.node_inputs = {"x", "nowhere"};
  const Error error = refusal(model.encode());
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_THAT(error.message,
              HasSubstr("cannot load tiny.onnx: Invalid model. Node input 'nowhere' is not"));
}

TEST_F(OnnxRuntimeTest, ReadsWeightsFromTheModelsOtherFiles) {
  const std::string numbers = tiny_protobuf::raw(std::vector<float>{0.5F, 10, 20, 30});
  for (const std::string name : {"w.bin", "data/w.bin"}) {
    std::filesystem::create_directory(path("data"));
    LoadRequest request = this->request(write("tiny.onnx", model_with_weights_in(name, "4")));
    request.files.push_back({"weights", name, write(name, numbers)});
    const auto session = engine()->load(request);
    ASSERT_TRUE(session) << session.error().to_string();
    Tensor x = Tensor::allocate(DType::float32, {1, 3}).value();
    std::fill(x.as<float>().begin(), x.as<float>().end(), 1.0F);
    const auto answer = (*session)->run(std::vector<Session::Input>{{"x", &x}});
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_THAT((*answer)[0].tensor.as<float>(), ElementsAre(11, 21, 31));
  }
}

// All that is refused: onnx_file_test.cpp.
TEST_F(OnnxRuntimeTest, RefusesWeightsInFilesThatAreNotTheModelsBeforeTheLibrarySeesThem) {
  write("w.bin", std::string(12, 'w'));
  for (const std::string location : {"../../etc/passwd", "w.bin"}) {
    const Error error = refusal(model_with_weights_in(location));
    EXPECT_EQ(error.code, ErrorCode::unsupported);
    EXPECT_EQ(error.subject, Subject::model);
    EXPECT_THAT(error.message,
                HasSubstr("tiny.onnx keeps weights in '" + location + "', which is"));
    EXPECT_THAT(error.hint, HasSubstr("onnx.save"));
  }
}

TEST_F(OnnxRuntimeTest, RefusesOutputsThatAreNoTensors) {
  TinyModel model;
  model.op = "SequenceConstruct";
  model.is_output_a_sequence = true;
  const Error error = refusal(model.encode());
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_EQ(error.message, "'y' of tiny.onnx is no tensor of numbers");
}

TEST_F(OnnxRuntimeTest, SaysWhatAFileIsThatIsNoModel) {
  const std::pair<std::string, const char*> files[] = {
      {"", "it is empty"},
      {std::string("PK\x03\x04") + std::string(64, 'x'),
       "it is a zip archive, such as PyTorch writes"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
       "it is a Git LFS pointer"},
      {"<!DOCTYPE html><html></html>", "it is a web page"},
      {"just text", "it is no ONNX model"},
      {std::string(3000, '\0'), "it is no ONNX model"},
      {TinyModel().encode().substr(0, 60), "it ends in the middle"}};
  for (const auto& [content, reason] : files) {
    const Error error = refusal(content);
    EXPECT_EQ(error.code, ErrorCode::corrupt_data) << reason << ": " << error.message;
    EXPECT_EQ(error.subject, Subject::model);
    EXPECT_THAT(error.message, HasSubstr(std::string("cannot load tiny.onnx: ") + reason));
  }
}

TEST_F(OnnxRuntimeTest, SaysThatAFileCannotBeRead) {
  const auto missing = engine()->load(request(path("missing")));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::io_error);
  EXPECT_THAT(missing.error().message, HasSubstr("No such file"));
  const auto folder = engine()->load(request(folder_));
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::io_error);
}

TEST_F(OnnxRuntimeTest, SurvivesADamagedByteAnywhere) {
  const std::string good = TinyModel().encode();
  const auto engine = this->engine();
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const unsigned char flip : {0x01, 0x80, 0xFF}) {
      std::string bad = good;
      bad[i] = static_cast<char>(static_cast<unsigned char>(bad[i]) ^ flip);
      const auto session = engine->load(request(write("bad", bad)));
      EXPECT_TRUE(session || !session.error().message.empty());
      EXPECT_TRUE(session || session.error().code != ErrorCode::internal) << i;
    }
  }
}

TEST_F(OnnxRuntimeTest, RefusesToRunOnAGpuWithoutAProvider) {
  LoadRequest bad = request(write("blob", TinyModel().encode()));
  bad.device = "cuda:0";
  bad.allow_fallback = true;
  const auto session = engine()->load(bad);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::unsupported);
  EXPECT_EQ(session.error().subject, Subject::device);
  EXPECT_THAT(session.error().message, HasSubstr("onnxruntime cannot use cuda:0 for tiny.onnx: "));
}

TEST_F(OnnxRuntimeTest, SaysThatTheLibraryIsMissingAndWhatToDo) {
  const auto engine = this->engine(folder_);
  const EngineInfo& info = engine->info();
  EXPECT_EQ(info.version, "");
  EXPECT_THAT(info.formats, ElementsAre("onnx"));
  ASSERT_EQ(info.devices.size(), 1U);
  EXPECT_FALSE(info.devices[0].is_usable);
  EXPECT_EQ(info.devices[0].reason,
            "there is no libonnxruntime.so.1 in " + folder_ +
                " or its lib/; set ONNXRUNTIME_ROOT to the folder of an ONNX Runtime");
  const auto session = engine->load(request(write("blob", TinyModel().encode())));
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::unsupported);
  EXPECT_THAT(session.error().message, HasSubstr("there is no libonnxruntime.so.1 in " + folder_));
}

TEST_F(OnnxRuntimeTest, RefusesALibraryThatIsTooOldOrTooNewAndPrintsNothing) {
  testing::internal::CaptureStderr();
  const auto old = engine(MODELHUB_FAKE_ONNXRUNTIME "/old")->info();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_FALSE(old.devices[0].is_usable);
  EXPECT_THAT(old.devices[0].reason, HasSubstr("ONNX Runtime 1.15.1 ("));
  EXPECT_THAT(old.devices[0].reason, HasSubstr("is too old, 1.16 is the oldest that can be used"));
  testing::internal::CaptureStderr();
  const auto future = engine(MODELHUB_FAKE_ONNXRUNTIME "/new")->info();
  testing::internal::GetCapturedStderr();
  EXPECT_THAT(future.devices[0].reason, HasSubstr("ONNX Runtime 2.0.0 ("));
  EXPECT_THAT(future.devices[0].reason, HasSubstr("is too new"));
}

TEST_F(OnnxRuntimeTest, RefusesALibraryOfThatNameThatIsAnotherOne) {
  write("libonnxruntime.so.1", "no library at all");
  EXPECT_THAT(engine(folder_)->info().devices[0].reason, HasSubstr("file too short"));
}

TEST_F(OnnxRuntimeTest, FindsTheLibraryInTheFolderOfThePythonPackage) {
  const std::string path = MODELHUB_ONNXRUNTIME_LIBRARY;
  if (path.empty()) GTEST_SKIP() << "the build does not know where the library lies";
  // That folder has only the name with the whole version.
  std::filesystem::create_symlink(std::filesystem::canonical(path),
                                  this->path("libonnxruntime.so.1.99.0"));
  EXPECT_TRUE(engine(folder_)->info().devices[0].is_usable);
}

TEST_F(OnnxRuntimeTest, SessionsThatTakeAllCoresShareTheirThreads) {
  const std::string model = write("blob", TinyModel().encode());
  const auto engine = this->engine();
  const int cores = engine_shared::usable_cores();
  const auto warm = engine->load(request(model, cores)).value();
  const int before = number_in_status("Threads");
  const auto another = engine->load(request(model, cores)).value();
  const auto as_many_as_there_are = engine->load(request(model, 0)).value();
  EXPECT_EQ(number_in_status("Threads"), before);
  const auto one = engine->load(request(model, 1)).value();
  EXPECT_EQ(number_in_status("Threads"), before) << "the caller's does for one";
  const auto own = engine->load(request(model, cores + 1)).value();
  EXPECT_EQ(number_in_status("Threads"), before + cores);
  Tensor x = Tensor::allocate(DType::float32, {1, 3}).value();
  for (const Session* const session : {warm.get(), one.get(), own.get()})
    EXPECT_TRUE(const_cast<Session*>(session)->run(std::vector<Session::Input>{{"x", &x}}));
}

// What a program has that uses ONNX Runtime itself, and did so first: without threads to share.
// Null when the build does not know where the library lies. ctest runs each test in a process of
// its own.
OrtEnv* environment_of_a_program() {
  void* const library = dlopen(MODELHUB_ONNXRUNTIME_LIBRARY, RTLD_NOW);
  if (library == nullptr) return nullptr;
  const auto base = reinterpret_cast<const OrtApiBase* (*)()>(dlsym(library, "OrtGetApiBase"));
  EXPECT_NE(base, nullptr);
  OrtEnv* environment = nullptr;
  EXPECT_EQ(base()->GetApi(16)->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "program", &environment),
            nullptr);
  return environment;
}

TEST_F(OnnxRuntimeTest, WorksInAProgramThatUsesOnnxRuntimeItself) {
  const auto engine = this->engine();
  if (environment_of_a_program() == nullptr)
    GTEST_SKIP() << "the build does not know where the library lies";
  const auto session =
      engine->load(request(write("blob", TinyModel().encode()), engine_shared::usable_cores()));
  ASSERT_TRUE(session) << session.error().to_string();
  Tensor x = Tensor::allocate(DType::float32, {1, 3}).value();
  EXPECT_TRUE((*session)->run(std::vector<Session::Input>{{"x", &x}}));
}

TEST_F(OnnxRuntimeTest, LogsToTheHostAndPrintsNothing) {
  if (yolov8n().empty()) GTEST_SKIP() << "no mirror";
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  EXPECT_TRUE(engine()->load(request(yolov8n())));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  // This file has an initializer that nothing uses.
  EXPECT_THAT(log_.all(), Contains(HasSubstr("Removing initializer")));
}

// The file that a load is told to keep its optimised graph in.
class OnnxRuntimeCacheTest : public OnnxRuntimeTest {
 protected:
  OnnxRuntimeCacheTest() { use(write("blob", TinyModel().encode())); }

  void use(const std::string& model) {
    request_ = request(model);
    request_.settings = {{"cache_file", path("compiled")}};
  }
  std::vector<NamedTensor> load_and_run() {
    log_.clear();
    const auto session = engine()->load(request_);
    EXPECT_TRUE(session) << session.error().to_string();
    return session ? answer_of(**session) : std::vector<NamedTensor>();
  }
  static std::vector<NamedTensor> answer_of(Session& session) {
    const TensorSpec& spec = session.inputs()[0];
    Shape shape = spec.shape;
    std::replace(shape.begin(), shape.end(), std::int64_t{-1}, std::int64_t{2});
    Tensor x = Tensor::allocate(DType::float32, shape).value();
    for (std::size_t i = 0; i < x.as<float>().size(); ++i)
      x.as<float>()[i] = static_cast<float>((i * 7919) % 256) / 255;
    auto answer = session.run(std::vector<Session::Input>{{spec.name, &x}});
    EXPECT_TRUE(answer) << answer.error().to_string();
    return answer ? std::move(answer->outputs) : std::vector<NamedTensor>();
  }
  static void expect_same_bits(const std::vector<NamedTensor>& a,
                               const std::vector<NamedTensor>& b) {
    ASSERT_EQ(a.size(), b.size());
    ASSERT_FALSE(a.empty());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].name, b[i].name);
      ASSERT_EQ(a[i].tensor.shape(), b[i].tensor.shape());
      EXPECT_EQ(std::memcmp(a[i].tensor.data(), b[i].tensor.data(), a[i].tensor.bytes()), 0);
    }
  }
  auto time_of_file() const { return std::filesystem::last_write_time(path("compiled")); }
  // Makes the file one of ours with this graph.
  void keep(const std::string& graph) const {
    void* const library = dlopen(MODELHUB_ONNXRUNTIME_LIBRARY, RTLD_NOW);
    ASSERT_NE(library, nullptr);
    const auto base = reinterpret_cast<const OrtApiBase* (*)()>(dlsym(library, "OrtGetApiBase"))();
    const std::string maker = "ONNX Runtime " + std::string(base->GetVersionString()) + "\n" +
                              base->GetApi(16)->GetBuildInfoString() + "\noptions 2";
    mh_host host{};
    host.log = [](void*, mh_log_level, const char*) {};
    engine_module::LoadRequest request;
    request.settings = request_.settings;
    const engine_shared::CompileCache cache(request, maker, engine_module::Host(&host));
    ASSERT_TRUE(cache.keep_parts([&](const std::string&, const std::string& to) {
      std::ofstream(to, std::ios::binary) << graph;
    }));
    ASSERT_TRUE(cache.find());
  }

  LoadRequest request_;
};

TEST_F(OnnxRuntimeCacheTest, IsWrittenByTheFirstLoadAndMappedByTheNext) {
  tiny_onnx::Graph graph;
  graph.nodes = {tiny_onnx::node("Add", {"x", "w"}, {"y"})};
  graph.weights = {tiny_onnx::float_weight("w", {3000}, std::vector<float>(3000, 0.5F))};
  graph.inputs = {tiny_onnx::value("x", {-1, 3000})};
  graph.outputs = {tiny_onnx::value("y", {-1, 3000})};
  use(write("blob", tiny_onnx::encode_model(graph.encode())));
  const auto first = load_and_run();
  ASSERT_TRUE(std::filesystem::exists(path("compiled")));
  const auto written = time_of_file();
  expect_same_bits(first, load_and_run());
  EXPECT_EQ(time_of_file(), written);
  EXPECT_THAT(log_.all(), Not(Contains(HasSubstr("compiling anew"))));
  std::filesystem::directory_iterator files(folder_);
  EXPECT_EQ(std::distance(begin(files), end(files)), 2) << "the model, and what was compiled";

  const auto session = engine()->load(request_).value();
  EXPECT_THAT(session->inputs()[0].shape, ElementsAre(-1, 3000));
  std::ifstream maps("/proc/self/maps");
  const std::string all((std::istreambuf_iterator<char>(maps)), std::istreambuf_iterator<char>());
  EXPECT_THAT(all, HasSubstr(path("compiled")));
}

TEST_F(OnnxRuntimeCacheTest, AnswersAreTheSameToTheLastBit) {
  const std::string resnet50 = write("resnet50", test::make_resnet50());
  for (const std::string& model : {resnet50, yolov8n(), mobilenet_v2_int8()}) {
    if (model.empty()) continue;  // no mirror
    use(model);
    const auto session = engine()->load(request(model));
    ASSERT_TRUE(session) << session.error().to_string();
    const auto plain = answer_of(**session);
    expect_same_bits(plain, load_and_run());
    ASSERT_TRUE(std::filesystem::exists(path("compiled")));
    expect_same_bits(plain, load_and_run());
    std::filesystem::remove(path("compiled"));
  }
}

TEST_F(OnnxRuntimeCacheTest, OneThatIsDamagedAnywhereIsMadeAnew) {
  const auto expected = load_and_run();
  const std::string good = read("compiled");
  std::vector<std::string> damaged = {"",
                                      good.substr(0, good.size() - 1),
                                      good.substr(0, good.size() / 2),
                                      "<!DOCTYPE html>",
                                      std::string(good.size(), '\0'),
                                      good + "x"};
  for (std::size_t at = 0; at < good.size(); at += good.size() / 16) {
    damaged.push_back(good);
    damaged.back()[at] = static_cast<char>(good[at] ^ 0x10);
  }
  for (const std::string& content : damaged) {
    write("compiled", content);
    expect_same_bits(expected, load_and_run());
    EXPECT_THAT(log_.all(), Contains(HasSubstr("compiling anew")));
    expect_same_bits(expected, load_and_run());
    EXPECT_THAT(log_.all(), Not(Contains(HasSubstr("compiling anew"))));
  }
}

TEST_F(OnnxRuntimeCacheTest, OneThatOnnxRuntimeDoesNotTakeIsMadeAnew) {
  if (std::string(MODELHUB_ONNXRUNTIME_LIBRARY).empty())
    GTEST_SKIP() << "the build does not know where the library lies";
  const auto expected = load_and_run();
  for (const std::string& graph :
       {std::string("no graph at all"), model_with_weights_in("compiled", "1000000"),
        model_with_weights_in("../compiled"), model_with_weights_in("gone.bin")}) {
    keep(graph);
    expect_same_bits(expected, load_and_run());
    EXPECT_THAT(log_.all(), Contains(HasSubstr("compiling anew")));
    expect_same_bits(expected, load_and_run());
    EXPECT_THAT(log_.all(), Not(Contains(HasSubstr("compiling anew"))));
  }
}

TEST_F(OnnxRuntimeCacheTest, WhereNothingCanBeWrittenTheModelRunsAllTheSame) {
  const auto expected = load_and_run();
  request_.settings = {{"cache_file", path("not/there/compiled")}};
  expect_same_bits(expected, load_and_run());
  EXPECT_THAT(log_.all(), Contains(HasSubstr("what was compiled is not kept: cannot write")));
}

TEST_F(OnnxRuntimeCacheTest, HoldsTheWeightsOfOtherFilesToo) {
  use(write("tiny.onnx", model_with_weights_in("w.bin")));
  request_.files.push_back(
      {"weights", "w.bin", write("w.bin", tiny_protobuf::raw(std::vector<float>{10, 20, 30}))});
  const auto expected = load_and_run();
  EXPECT_EQ(expected.at(0).tensor.as<float>()[0], 10);
  std::filesystem::remove(path("w.bin"));
  expect_same_bits(expected, load_and_run());
}

TEST_F(OnnxRuntimeCacheTest, AModelThatCannotBeLoadedIsRefusedAsWithoutIt) {
  TinyModel model;
  model.opset = 99;
  const Error expected = refusal(model.encode());
  use(write("blob", model.encode()));
  const auto session = engine()->load(request_);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::unsupported);
  EXPECT_EQ(session.error().message, expected.message);
  EXPECT_FALSE(std::filesystem::exists(path("compiled")));
}

TEST_F(OnnxRuntimeCacheTest, AModelThatIsTooLargeForTheFormatIsNotKept) {
  request_.files.push_back({"weights", "w.bin", write("w.bin", "")});
  std::filesystem::resize_file(path("w.bin"), std::uintmax_t{1} << 31);  // takes no room
  EXPECT_EQ(load_and_run().size(), 1U);
  EXPECT_FALSE(std::filesystem::exists(path("compiled")));
}

TEST_F(OnnxRuntimeCacheTest, TwoModelsRunWhereThereAreNoThreadsToShare) {
  if (environment_of_a_program() == nullptr)
    GTEST_SKIP() << "the build does not know where the library lies";
  const auto expected = load_and_run();
  const auto engine = this->engine();
  request_.threads = 2;
  const auto lone = engine->load(request_);
  ASSERT_TRUE(lone) << lone.error().to_string();
  const auto another = engine->load(request(write("another", TinyModel().encode()), 2));
  ASSERT_TRUE(another) << another.error().to_string();
  EXPECT_THAT(log_.all(), Not(Contains(HasSubstr("stay awake"))));
  expect_same_bits(expected, answer_of(**lone));
  expect_same_bits(expected, answer_of(**another));
}

// The threads of a session that is alone stay awake for a moment; they are its own. ctest runs each
// test in a process of its own.
class OnnxRuntimeLoneSessionTest : public OnnxRuntimeCacheTest {
 protected:
  void SetUp() override {
    if (engine_shared::usable_cores() < 2) GTEST_SKIP() << "one core: a run has no other threads";
    const std::string version = engine_->info().version;  // "1.32.0"
    if (std::stoi(version.substr(2)) < 26)
      GTEST_SKIP() << "ONNX Runtime " << version << " cannot be told how long";
    another_ = request(write("another", TinyModel().encode()), 0);
    another_.settings = {{"cache_file", path("another compiled")}};
    request_.threads = 1;
    expected_ = load_and_run();  // also compiles it, and starts the threads that sessions share
    threads_without_ = number_in_status("Threads");
    request_.threads = 0;
  }

  std::unique_ptr<Session> load(const LoadRequest& request) {
    auto session = engine_->load(request);
    EXPECT_TRUE(session) << session.error().to_string();
    return std::move(session).value();
  }
  // A thread that has ended is counted until the kernel is done with it.
  void expect_threads_of_its_own(int count) const {
    const int expected = threads_without_ + count;
    for (int i = 0; i < 2000 && number_in_status("Threads") != expected; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(number_in_status("Threads"), expected);
  }
  void expect_right(Session& session) const { expect_same_bits(expected_, answer_of(session)); }

  const std::shared_ptr<Engine> engine_ = engine();
  const int own_ = engine_shared::usable_cores() - 1;  // the caller's is one of them
  LoadRequest another_;                                // a model that gives the same answers
  std::vector<NamedTensor> expected_;
  int threads_without_ = 0;
};

TEST_F(OnnxRuntimeLoneSessionTest, HasThreadsOfItsOwnUntilAnotherComes) {
  const auto lone = load(request_);
  expect_threads_of_its_own(own_);
  expect_right(*lone);
  {
    const auto another = load(another_);
    expect_threads_of_its_own(0);
    expect_right(*lone);
    expect_right(*another);
  }
  expect_right(*lone);
  expect_threads_of_its_own(0);
}

TEST_F(OnnxRuntimeLoneSessionTest, TheNextOneThatIsAloneHasThemAgain) {
  {
    const auto one = load(request_);
    const auto two = load(another_);
  }
  const auto lone = load(request_);
  expect_threads_of_its_own(own_);
  expect_right(*lone);
}

TEST_F(OnnxRuntimeLoneSessionTest, OneThreadDisturbsNobodyNorDoesALoadThatFails) {
  const auto lone = load(request_);
  LoadRequest of_one_thread = another_;
  of_one_thread.threads = 1;
  const auto another = load(of_one_thread);
  expect_right(*another);
  TinyModel model;
  model.opset = 99;
  EXPECT_FALSE(engine_->load(request(write("other", model.encode()), 0)));
  expect_threads_of_its_own(own_);
  expect_right(*lone);
}

// As Hub::tune() has them.
TEST_F(OnnxRuntimeLoneSessionTest, SessionsOfOneModelDoNotDisturbEachOther) {
  LoadRequest variant = another_;
  for (LoadRequest* const request : {&request_, &variant})
    request->settings.emplace_back("model", "the name of both");
  const auto lone = load(request_);
  const auto other_variant = load(variant);
  expect_threads_of_its_own(2 * own_);
  LoadRequest of_more_threads = request_;
  of_more_threads.threads = own_ + 2;
  const auto more = load(of_more_threads);
  expect_threads_of_its_own(2 * own_ + own_ + 1);
  const auto another = load(another_);
  expect_threads_of_its_own(own_ + 1);
  for (Session* const session : {lone.get(), other_variant.get(), more.get(), another.get()})
    expect_right(*session);
}

TEST_F(OnnxRuntimeLoneSessionTest, OneThatWasNotCompiledSharesTheThreadsOfAll) {
  const auto lone = load(request(path("blob"), 0));
  expect_threads_of_its_own(0);
  expect_right(*lone);
}

TEST_F(OnnxRuntimeLoneSessionTest, FindsItsCompiledGraphWhereItWasMovedTo) {
  std::filesystem::create_directory(path("new"));
  request_.settings = {{"cache_file", path("new/compiled")}};
  const auto lone = load(request_);
  std::filesystem::rename(path("new"), path("kept"));  // as the host does when it was compiled
  std::filesystem::rename(path("blob"), path("moved"));
  const auto another = load(another_);
  expect_threads_of_its_own(0);
  expect_right(*lone);
  expect_right(*another);
}

TEST_F(OnnxRuntimeLoneSessionTest, IsReadAgainWhenItsCompiledGraphIsGone) {
  const auto lone = load(request_);
  std::filesystem::remove(path("compiled"));
  const auto another = load(another_);
  expect_threads_of_its_own(0);
  expect_right(*lone);
  expect_right(*another);
}

TEST_F(OnnxRuntimeLoneSessionTest, GoesOnAsItIsWhileItCannotBeMadeAnew) {
  const auto lone = load(request_);
  std::filesystem::remove(path("compiled"));
  std::filesystem::rename(path("blob"), path("away"));
  {
    const auto another = load(another_);
    expect_threads_of_its_own(own_);
    EXPECT_THAT(log_.all(), Contains(HasSubstr("stay awake while another is loaded: ")));
    expect_right(*lone);
  }
  std::filesystem::rename(path("away"), path("blob"));
  const auto one_more = load(another_);
  expect_threads_of_its_own(0);
  expect_right(*lone);
}

// By default they would take tens of milliseconds, from the moment on in which they are made.
TEST_F(OnnxRuntimeLoneSessionTest, ItsThreadsAreSoonAsleep) {
  const auto processor_time = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  const auto lone = load(request_);
  const auto before = processor_time();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(processor_time() - before, std::chrono::milliseconds(5) * own_);
}

TEST_F(OnnxRuntimeLoneSessionTest, OfTwoThatComeAtOnceNeitherKeepsThem) {
  for (int i = 0; i < 20; ++i) {
    std::unique_ptr<Session> sessions[2];
    std::thread other([&] { sessions[1] = load(another_); });
    sessions[0] = load(request_);
    other.join();
    expect_threads_of_its_own(0);
    expect_right(*sessions[0]);
    expect_right(*sessions[1]);
  }
}

TEST_F(OnnxRuntimeLoneSessionTest, RunsRightWhileItsThreadsAreExchanged) {
  for (int i = 0; i < 10; ++i) {
    const auto lone = load(request_);
    std::atomic<bool> is_over = false;
    std::vector<std::thread> users;
    for (int user = 0; user < 3; ++user) {
      users.emplace_back([&] {
        while (!is_over) expect_right(*lone);
      });
    }
    const auto another = load(another_);
    expect_right(*another);
    is_over = true;
    for (std::thread& user : users) user.join();
    expect_threads_of_its_own(0);
  }
}

// kB of the memory in which this process has the file mapped.
struct MappedMemory {
  long resident = 0;
  long proportional = 0;  // what several processes have counts for each by its part
};

MappedMemory memory_of_mapping(const std::string& file) {
  std::ifstream smaps("/proc/self/smaps");
  MappedMemory memory;
  bool is_the_file = false;
  for (std::string line; std::getline(smaps, line);) {
    if (line.find(" kB") == std::string::npos) {
      if (line.rfind("VmFlags", 0) != 0) is_the_file = line.find(file) != std::string::npos;
      continue;
    }
    if (!is_the_file) continue;
    if (line.rfind("Rss:", 0) == 0) memory.resident += std::stol(line.substr(4));
    if (line.rfind("Pss:", 0) == 0) memory.proportional += std::stol(line.substr(4));
  }
  return memory;
}

// ctest runs each test in a process of its own, which has no other threads yet.
TEST_F(OnnxRuntimeCacheTest, TwoProcessesShareTheMemoryOfTheWeights) {
  use(write("resnet50", test::make_resnet50()));
  int ready[2];
  int go_on[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(go_on), 0);
  const pid_t other = fork();
  ASSERT_GE(other, 0);
  if (other == 0) {
    close(go_on[1]);
    const auto session = engine()->load(request_);
    if (session) answer_of(**session);  // which reads the weights
    char byte = session ? 'y' : 'n';
    // Then it stays until the parent closes its end.
    if (::write(ready[1], &byte, 1) == 1 && ::read(go_on[0], &byte, 1) == 0) _exit(0);
    _exit(1);
  }
  close(ready[1]);
  close(go_on[0]);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const auto session = engine()->load(request_).value();
  answer_of(*session);
  const long size = static_cast<long>(std::filesystem::file_size(path("compiled")) / 1024);
  const MappedMemory shared = memory_of_mapping(path("compiled"));
  close(go_on[1]);
  int status = 0;
  waitpid(other, &status, 0);
  EXPECT_EQ(status, 0);
  const MappedMemory alone = memory_of_mapping(path("compiled"));
  // Weights that a kernel wants in an order of its own are not used where they lie.
  EXPECT_GE(shared.resident, size / 2);
  EXPECT_LE(shared.proportional, shared.resident / 2 + 1);
  // Each weight is mapped by itself, so that pages at their edges count twice in one process too.
  EXPECT_GE(alone.proportional, alone.resident * 8 / 10);
  EXPECT_LE(shared.proportional, alone.proportional * 6 / 10);
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_F(OnnxRuntimeTest, GivesTheMemoryBackOnUnload) {
  if (yolov8n().empty()) GTEST_SKIP() << "no mirror";
  const auto engine = this->engine();
  const auto load_and_run = [&] {
    const auto session = engine->load(request(yolov8n())).value();
    const Tensor x = Tensor::allocate(DType::float32, {1, 3, 640, 640}).value();
    ASSERT_TRUE(session->run(std::vector<Session::Input>{{"images", &x}}));
  };
  load_and_run();
  malloc_trim(0);
  const int before = number_in_status("VmRSS");
  for (int i = 0; i < 5; ++i) load_and_run();
  malloc_trim(0);
  // A loaded YOLOv8n takes 65 MB; five that were kept would be 325.
  EXPECT_LT(number_in_status("VmRSS") - before, 10'000) << "kB more after five loads";
}
#endif

// Models with real weights, and what is known of their answers.
std::vector<ConformanceCase> real_models() {
  ConformanceCase c;
  c.module = k_module;
  c.format = "onnx";
  std::vector<ConformanceCase> cases;
  c.files = {{"graph", "yolov8n.onnx", yolov8n()}};
  c.check = [](const RunResult& outputs) {
    ASSERT_EQ(outputs.size(), 1U);
    EXPECT_EQ(outputs[0].name, "output0");
    EXPECT_THAT(outputs[0].tensor.shape(), ElementsAre(1, 84, 8400));
  };
  if (!yolov8n().empty()) cases.push_back(c);
  c.files = {{"graph", "mobilenetv2-12-int8.onnx", mobilenet_v2_int8()}};
  c.check = [](const RunResult& outputs) {
    ASSERT_EQ(outputs.size(), 1U);
    EXPECT_THAT(outputs[0].tensor.shape(), ElementsAre(1, 1000));
  };
  if (!mobilenet_v2_int8().empty()) cases.push_back(c);
  return cases;
}

INSTANTIATE_TEST_SUITE_P(OnnxRuntime, EngineConformance, testing::ValuesIn(real_models()),
                         name_of_case);

}  // namespace
}  // namespace modelhub::engine
