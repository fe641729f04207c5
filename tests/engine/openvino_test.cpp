// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// The engine for OpenVINO, with the real library, and against ONNX Runtime where that is there.

#include <malloc.h>
#include <unistd.h>

#include <cmath>
#include <thread>

#include <gmock/gmock.h>

#include "engine/conformance.h"
#include "engine/engine_fixture.h"
#include "engine/module.h"
#include "engine/tiny_ir.h"
#include "engine/tiny_onnx.h"

namespace modelhub::engine {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

const std::string k_module = MODELHUB_OPENVINO_MODULE;
const std::string k_library_dir = MODELHUB_OPENVINO_LIBRARY_DIR;  // "" when the build has none

// A file of the mirror; empty when the shared folder is not there. By the build's own idea of where
// it is: the list of tests, which depends on it, is made without the environment of a test.
std::string mirror(const std::string& digest) {
  std::string path = MODELHUB_TEST_SHARED "/mirror/sha256/" + digest;
  return std::filesystem::exists(path) ? path : std::string();
}
const char* const k_yolov8n = "79e76a60125f08fcf99a5201aeab871a61565a380e3ae4a4fed6b4e3de15efd6";
const char* const k_mobilenet_int8 =
    "cc028fe6cae7bc11a4ff53cfc9b79c920e8be65ce33a904ec3e2a8f66d77f95f";
const char* const k_ultraface = "34cd7e60aeff28744c657de7a3dc64e872d506741de66987f3426f2b79f88017";
const char* const k_yunet = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4";
const char* const k_person_xml = "6a393e1a58607cf65ff58b437b0aeb0bf6c46a18926e1c5718374c804c419faa";
const char* const k_person_bin = "cebd5b36edce228fd7a519b372d824f220466c4c7a0d75bfe22fbb6c5aca4fcd";

bool cpu_has(const std::string& flag) {
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::string line;
  while (std::getline(cpuinfo, line)) {
    if (line.rfind("flags", 0) == 0)
      return (line + " ").find(" " + flag + " ") != std::string::npos;
  }
  return false;
}

// What the engine says about a library, or the lack of one.
class OpenVinoLibraryTest : public EngineTest {
 protected:
  std::shared_ptr<Engine> engine(const std::string& library_dir = {}) {
    ModuleOptions options;
    options.log = log_.sink();
    if (!library_dir.empty()) options.settings = {{"openvino", "library_dir", library_dir}};
    return open_module(k_module, options).value();
  }

  static LoadRequest onnx(const std::string& path, int threads = 1) {
    LoadRequest request;
    request.format = "onnx";
    request.files = {{"graph", "tiny.onnx", path}};
    request.threads = threads;
    return request;
  }

  std::string reason_without(const std::string& library_dir) {
    const EngineInfo info = engine(library_dir)->info();
    EXPECT_EQ(info.version, "");
    EXPECT_THAT(info.formats, ElementsAre("onnx", "openvino_ir"));
    EXPECT_EQ(info.devices.size(), 1U);
    EXPECT_FALSE(info.devices[0].is_usable);
    return info.devices[0].reason;
  }

  LogLines log_;
};

TEST_F(OpenVinoLibraryTest, SaysThatTheLibraryIsMissingAndWhatToDo) {
  EXPECT_THAT(reason_without(folder_),
              AllOf(HasSubstr("there is no libopenvino_c.so in " + folder_ + ", its lib, libs or "),
                    HasSubstr("; set OPENVINO_ROOT to the folder of an OpenVINO")));
  const auto session = engine(folder_)->load(onnx(write("blob", TinyModel().encode())));
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::unsupported);
  EXPECT_THAT(session.error().message, HasSubstr("there is no libopenvino_c.so in " + folder_));
}

TEST_F(OpenVinoLibraryTest, RefusesOneThatIsTooOld) {
  EXPECT_THAT(reason_without(MODELHUB_FAKE_OPENVINO "/old"),
              MatchesRegex("OpenVINO 2022\\.3\\.0 \\(.*libopenvino_c\\.so\\.2230\\) is too old, "
                           "2024\\.3 is the oldest that can be used; .*"));
}

TEST_F(OpenVinoLibraryTest, RefusesOneWithoutTheFunctionsThatItNeeds) {
  EXPECT_THAT(reason_without(MODELHUB_FAKE_OPENVINO "/partial"),
              MatchesRegex("OpenVINO 2027\\.1\\.0 \\(.*\\) cannot be used, it has no function "
                           "ov_[a-z_]+; .*"));
}

TEST_F(OpenVinoLibraryTest, RefusesOneWhoseTypesItDoesNotKnow) {
  EXPECT_THAT(reason_without(MODELHUB_FAKE_OPENVINO "/strange"),
              HasSubstr("is too new: its types of elements are not the known ones"));
}

TEST_F(OpenVinoLibraryTest, RefusesALibraryOfThatNameThatIsAnotherOne) {
  EXPECT_THAT(reason_without(MODELHUB_FAKE_OPENVINO "/other"),
              HasSubstr("is no OpenVINO, or one older than 2024.3"));
  write("libopenvino_c.so", "no library at all");
  EXPECT_THAT(reason_without(folder_), HasSubstr("file too short"));
}

// The tests from here on need the library.
class OpenVinoTest : public OpenVinoLibraryTest {
 protected:
  void SetUp() override {
    const DeviceOffer cpu = engine()->info().devices[0];
    if (cpu.is_usable) return;
    ASSERT_EQ(k_library_dir, "") << cpu.reason;
    GTEST_SKIP() << cpu.reason;
  }

  LoadRequest ir(const TinyIr& model) const {
    LoadRequest request;
    request.format = "openvino_ir";
    request.files = {{"graph", "tiny.xml", write("some_blob", model.xml())},
                     {"weights", "tiny.bin", write("other_blob", model.bin())}};
    request.threads = 1;
    return request;
  }

  // The error of loading a file with this content.
  Error refusal(const std::string& content) { return refusal(onnx(write("blob", content))); }
  Error refusal(const LoadRequest& request) {
    auto session = engine()->load(request);
    if (session) return Error(ErrorCode::internal, Subject::other, "it was loaded");
    return std::move(session).error();
  }

  static std::vector<float> run(Session& session, const Tensor& x) {
    const auto answer = session.run(std::vector<Session::Input>{{"x", &x}});
    EXPECT_TRUE(answer) << answer.error().to_string();
    if (!answer) return {};
    const std::span<const float> y = (*answer)[0].tensor.as<float>();
    return {y.begin(), y.end()};
  }
  static Tensor rows(std::int64_t count) {
    Tensor x = Tensor::allocate(DType::float32, {count, 3}).value();
    for (std::size_t i = 0; i < x.as<float>().size(); ++i) x.as<float>()[i] = static_cast<float>(i);
    return x;
  }
};

TEST_F(OpenVinoTest, TellsVersionAndDevices) {
  const EngineInfo info = engine()->info();
  EXPECT_THAT(info.version, MatchesRegex("20[0-9]+\\.[0-9]+\\.[0-9]+"));
  EXPECT_THAT(info.formats, ElementsAre("onnx", "openvino_ir"));
  EXPECT_EQ(info.concurrency, Concurrency::shared);
  EXPECT_TRUE(info.keeps_compiled);
  ASSERT_EQ(info.devices.size(), 2U);
  EXPECT_TRUE(info.devices[0].is_usable);
  EXPECT_EQ(info.devices[1].device, "gpu:0");
  EXPECT_FALSE(info.devices[1].is_usable);
  EXPECT_THAT(info.devices[1].reason, HasSubstr("this engine runs models on the CPU only"));
}

TEST_F(OpenVinoTest, RunsOnnxWithAnyLengthOfAnOpenSide) {
  const auto session = engine()->load(onnx(write("blob", TinyModel().encode())));
  ASSERT_TRUE(session) << session.error().to_string();
  EXPECT_EQ((*session)->device(), "cpu:0");
  EXPECT_THAT((*session)->inputs()[0].shape, ElementsAre(-1, 3));
  for (const std::int64_t count : {1, 4, 2, 0}) {
    const std::vector<float> y = run(**session, rows(count));
    ASSERT_EQ(y.size(), static_cast<std::size_t>(3 * count));
    for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], 2.0F * static_cast<float>(i));
  }
}

TEST_F(OpenVinoTest, RunsItsOwnFormatWhoseTwoFilesMayHaveAnyNames) {
  const auto session = engine()->load(ir(TinyIr()));
  ASSERT_TRUE(session) << session.error().to_string();
  EXPECT_THAT((*session)->inputs()[0].shape, ElementsAre(-1, 3));
  EXPECT_EQ((*session)->outputs()[0].name, "y");
  EXPECT_THAT(run(**session, rows(1)), ElementsAre(10, 21, 32));
}

TEST_F(OpenVinoTest, CallsOutputsAsTheOnnxFileDoes) {
  TinyModel model;
  model.is_output_a_copy = true;  // OpenVINO leaves the copy out, and would say "a"
  const auto session = engine()->load(onnx(write("blob", model.encode())));
  ASSERT_TRUE(session) << session.error().to_string();
  EXPECT_EQ((*session)->outputs()[0].name, "y");
  EXPECT_THAT(run(**session, rows(1)), ElementsAre(0, 2, 4));
}

TEST_F(OpenVinoTest, ReadsWeightsFromTheModelsOtherFiles) {
  const std::string numbers = tiny_protobuf::raw(std::vector<float>{0.5F, 10, 20, 30});
  std::filesystem::create_directory(path("data"));
  for (const std::string name : {"w.bin", "data/w.bin"}) {
    LoadRequest request = onnx(write("tiny.onnx", model_with_weights_in(name, "4")));
    request.files.push_back({"weights", name, write(name, numbers)});
    request.settings = {{"cache_file", path("compiled")}};
    // The second load finds what the first one has compiled.
    for (int i = 0; i < 2; ++i) {
      const auto session = engine()->load(request);
      ASSERT_TRUE(session) << session.error().to_string();
      EXPECT_THAT(run(**session, rows(1)), ElementsAre(10, 21, 32));
    }
    ASSERT_TRUE(std::filesystem::remove(path("compiled")));
  }
}

// All that is refused: onnx_file_test.cpp.
TEST_F(OpenVinoTest, RefusesWeightsInFilesThatAreNotTheModelsBeforeTheLibrarySeesThem) {
  write("w.bin", std::string(12, 'w'));
  for (const std::string location : {"../../etc/passwd", "w.bin"}) {
    const Error error = refusal(model_with_weights_in(location));
    EXPECT_EQ(error.code, ErrorCode::unsupported);
    EXPECT_EQ(error.subject, Subject::model);
    EXPECT_THAT(error.message,
                HasSubstr("tiny.onnx keeps weights in '" + location + "', which is"));
  }
}

TEST_F(OpenVinoTest, SaysWhatIsWrongWithAnIr) {
  TinyIr model;
  model.version = "7";
  Error error = refusal(ir(model));
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_THAT(error.message,
              MatchesRegex("tiny.xml has version 7 of the IR; OpenVINO [0-9.]+ reads 10 and 11"));
  EXPECT_FALSE(error.hint.empty());

  model = {};
  model.op = "Levitate";
  error = refusal(ir(model));
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_THAT(error.message, HasSubstr("tiny.xml uses the operator Levitate, which OpenVINO "));

  LoadRequest request = ir(TinyIr());
  request.files.pop_back();
  error = refusal(request);
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_THAT(error.message, HasSubstr("tiny.xml has its weights in another file"));

  request = ir(TinyIr());
  write("other_blob", "short");
  error = refusal(request);
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_THAT(error.message, HasSubstr("cannot load tiny.xml: "));
}

TEST_F(OpenVinoTest, SaysWhatAFileIsThatIsNoIr) {
  const std::pair<std::string, const char*> files[] = {
      {"", "it is empty"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
       "it is a Git LFS pointer"},
      {"<!DOCTYPE html><html></html>", "it is a web page"},
      {"<?xml version=\"1.0\"?><!-- a --><network version=\"11\"/>", "it is no OpenVINO IR"},
      {"<net name=\"x\">", "it does not say which version of the IR it is"},
      {"just text", "it is no OpenVINO IR"},
      {TinyIr().xml().substr(0, 300), ""}};
  for (const auto& [content, reason] : files) {
    LoadRequest request = ir(TinyIr());
    request.files[0].path = write("bad", content);
    const Error error = refusal(request);
    EXPECT_EQ(error.code, ErrorCode::corrupt_data) << reason << ": " << error.message;
    EXPECT_EQ(error.subject, Subject::model);
    EXPECT_THAT(error.message, HasSubstr(std::string("cannot load tiny.xml: ") + reason));
  }
}

TEST_F(OpenVinoTest, SaysWhatIsWrongWithAnOnnxFile) {
  TinyModel model;
  model.op = "Levitate";
  Error error = refusal(model.encode());
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_THAT(
      error.message,
      MatchesRegex("tiny.onnx uses the operator Levitate, which OpenVINO [0-9.]+ does not have"));
  EXPECT_FALSE(error.hint.empty());

  model = {};
  model.node_inputs = {"x", "nowhere"};
  error = refusal(model.encode());
  EXPECT_EQ(error.code, ErrorCode::corrupt_data) << error.message;
  EXPECT_THAT(error.message, HasSubstr("tiny.onnx"));

  error = refusal("just text");
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_EQ(error.message, "cannot load tiny.onnx: it is no ONNX model");
}

TEST_F(OpenVinoTest, SaysThatAFileCannotBeRead) {
  EXPECT_EQ(refusal(onnx(path("missing"))).code, ErrorCode::io_error);
  LoadRequest request = ir(TinyIr());
  request.files[0].path = path("missing");
  const Error missing = refusal(request);
  EXPECT_EQ(missing.code, ErrorCode::io_error);
  EXPECT_THAT(missing.message, HasSubstr("No such file"));
  request.files[0].path = folder_;
  EXPECT_EQ(refusal(request).code, ErrorCode::io_error);
}

TEST_F(OpenVinoTest, RefusesTheQuantisedClassifierOfTheModelZooWithAReason) {
  if (mirror(k_mobilenet_int8).empty()) GTEST_SKIP() << "no mirror";
  LoadRequest request = onnx(mirror(k_mobilenet_int8));
  request.files[0].name = "mobilenetv2-12-int8.onnx";
  const Error error = refusal(request);
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_THAT(error.message,
              MatchesRegex("mobilenetv2-12-int8.onnx uses the operator.* "
                           "com.microsoft.QLinearGlobalAveragePool.*, which OpenVINO [0-9.]+ does "
                           "not have.*"));
  EXPECT_EQ(error.hint, "use the onnxruntime engine, or a float32 variant of the model");
}

TEST_F(OpenVinoTest, SurvivesADamagedByteAnywhere) {
  const auto engine = this->engine();
  const auto survives = [&](const LoadRequest& request, std::size_t at) {
    const auto session = engine->load(request);
    EXPECT_TRUE(session || !session.error().message.empty());
    EXPECT_TRUE(session || session.error().code != ErrorCode::internal)
        << at << ": " << session.error().message;
  };
  const std::string good = TinyModel().encode();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(static_cast<unsigned char>(bad[i]) ^ (i % 2 == 0 ? 0x01 : 0x80));
    survives(onnx(write("bad", bad)), i);
  }
  const std::string good_xml = TinyIr().xml();
  LoadRequest request = ir(TinyIr());
  for (std::size_t i = 0; i < good_xml.size(); i += 7) {
    std::string bad = good_xml;
    bad[i] = static_cast<char>(static_cast<unsigned char>(bad[i]) ^ 0x01);
    request.files[0].path = write("bad", bad);
    survives(request, i);
  }
}

TEST_F(OpenVinoTest, RunsOnTheCpuOnly) {
  LoadRequest bad = onnx(write("blob", TinyModel().encode()));
  bad.device = "gpu:0";
  bad.allow_fallback = true;
  const Error error = refusal(bad);
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_EQ(error.subject, Subject::device);
  EXPECT_THAT(error.message, HasSubstr("openvino cannot use gpu:0 for tiny.onnx: "));
}

TEST_F(OpenVinoTest, RefusesAPrecisionThatItDoesNotKnow) {
  LoadRequest bad = onnx(write("blob", TinyModel().encode()));
  bad.settings = {{"color", "blue"}, {"precision", "silver"}};
  const Error error = refusal(bad);
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_EQ(error.message, "the setting 'precision' is 'silver'; it may be 'exact' or 'golden'");
}

TEST_F(OpenVinoTest, RunsAreSharedAndAnswersStayUntilReleased) {
  const auto session = engine()->load(onnx(write("blob", TinyModel().encode()))).value();
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 50; ++round) {
        const Tensor x = floats({static_cast<float>(i), static_cast<float>(round), 1});
        Tensor row = Tensor::allocate(DType::float32, {1, 3}).value();
        std::copy_n(x.as<float>().begin(), 3, row.as<float>().begin());
        const std::vector<float> y = run(*session, row);
        if (y ==
            std::vector<float>{2.0F * static_cast<float>(i), 2.0F * static_cast<float>(round), 2}) {
          ++right;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 400);
}

// The file that a load is told to keep what it compiled in.
class OpenVinoCacheTest : public OpenVinoTest {
 protected:
  OpenVinoCacheTest() {
    request_ = onnx(write("blob", TinyModel().encode()));
    request_.settings = {{"cache_file", path("compiled")}};
  }
  std::vector<float> load_and_run() {
    log_.clear();
    const auto session = engine()->load(request_);
    EXPECT_TRUE(session) << session.error().to_string();
    if (!session) return {};
    EXPECT_EQ((*session)->inputs()[0].name, "x");
    EXPECT_EQ((*session)->outputs()[0].name, "y");
    EXPECT_THAT((*session)->inputs()[0].shape, ElementsAre(-1, 3));
    return run(**session, rows(1));
  }
  auto time_of_file() const { return std::filesystem::last_write_time(path("compiled")); }

  LoadRequest request_;
};

TEST_F(OpenVinoCacheTest, IsWrittenByTheFirstLoadAndReadByTheNext) {
  const std::vector<float> first = load_and_run();
  EXPECT_THAT(first, ElementsAre(0, 2, 4));
  ASSERT_TRUE(std::filesystem::exists(path("compiled")));
  const auto written = time_of_file();
  EXPECT_EQ(load_and_run(), first);
  EXPECT_EQ(time_of_file(), written);
  EXPECT_THAT(log_.all(), Not(Contains(HasSubstr("compiling anew"))));
  std::filesystem::directory_iterator files(folder_);
  EXPECT_EQ(std::distance(begin(files), end(files)), 2) << "the model, and what was compiled";
}

TEST_F(OpenVinoCacheTest, OneThatIsDamagedAnywhereIsMadeAnew) {
  load_and_run();
  const std::string good = read("compiled");
  const std::pair<const char*, std::string> damaged[] = {
      {"empty", ""},
      {"cut off", good.substr(0, good.size() - 1)},
      {"half", good.substr(0, good.size() / 2)},
      {"another file", "<!DOCTYPE html>"},
      {"no ending", good + "x"}};
  for (const auto& [what, content] : damaged) {
    write("compiled", content);
    EXPECT_THAT(load_and_run(), ElementsAre(0, 2, 4)) << what;
    EXPECT_THAT(log_.all(), Contains(HasSubstr("compiling anew"))) << what;
    EXPECT_THAT(load_and_run(), ElementsAre(0, 2, 4)) << what;
    EXPECT_THAT(log_.all(), Not(Contains(HasSubstr("compiling anew")))) << what;
  }
  for (std::size_t at = 0; at < good.size(); at += good.size() / 8) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    write("compiled", bad);
    EXPECT_THAT(load_and_run(), ElementsAre(0, 2, 4)) << at;
    EXPECT_THAT(log_.all(), Contains(HasSubstr("compiling anew"))) << at;
  }
}

TEST_F(OpenVinoCacheTest, WhereNothingCanBeWrittenTheModelRunsAllTheSame) {
  request_.settings = {{"cache_file", path("not/there/compiled")}};
  EXPECT_THAT(load_and_run(), ElementsAre(0, 2, 4));
  EXPECT_THAT(log_.all(), Contains(HasSubstr("what was compiled is not kept: cannot write")));
}

TEST_F(OpenVinoTest, FindsTheLibraryInTheFolderOfThePythonPackageAndOfAnArchive) {
  if (k_library_dir.empty()) GTEST_SKIP() << "the build does not know where the library lies";
#if defined(__aarch64__)
  const std::string archive = "runtime/lib/aarch64";
#else
  const std::string archive = "runtime/lib/intel64";
#endif
  for (const std::string& below : {std::string("libs"), archive}) {
    const std::string root = path("root_" + std::to_string(below.size()));
    std::filesystem::create_directories(root + "/" + below);
    for (const auto& entry : std::filesystem::directory_iterator(k_library_dir)) {
      std::filesystem::create_symlink(entry.path(),
                                      root + "/" + below + "/" + entry.path().filename().string());
    }
    const EngineInfo info = engine(root)->info();
    EXPECT_TRUE(info.devices[0].is_usable) << info.devices[0].reason;
  }
}

TEST_F(OpenVinoTest, OneRunTakesAsManyThreadsAsItIsTold) {
  if (mirror(k_yolov8n).empty()) GTEST_SKIP() << "no mirror";
  const auto session = engine()->load(onnx(mirror(k_yolov8n), 1)).value();
  const Tensor x = Tensor::allocate(DType::float32, {1, 3, 640, 640}).value();
  const auto run = [&] { EXPECT_TRUE(session->run(std::vector<Session::Input>{{"images", &x}})); };
  run();
  const auto begin = std::chrono::steady_clock::now();
  const std::clock_t cpu = std::clock();
  for (int i = 0; i < 3; ++i) run();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC, 1.15 * wall.count());
}

TEST_F(OpenVinoTest, ComputesInFloat32UnlessItMayDoOtherwise) {
  LoadRequest request = onnx(write("blob", TinyModel().encode()));
  for (const char* precision : {"exact", "golden"}) {
    request.settings = {{"precision", precision}};
    const bool has_other = std::string(precision) == "golden" && cpu_has("avx512_bf16");
    log_.clear();
    ASSERT_TRUE(engine()->load(request));
    EXPECT_THAT(log_.all(), Contains(HasSubstr(has_other ? "tiny.onnx computes in bf16, with "
                                                         : "tiny.onnx computes in f32, with ")));
  }
}

TEST_F(OpenVinoTest, ThreadsThatWaitSleep) {
  if (mirror(k_ultraface).empty()) GTEST_SKIP() << "no mirror";
  const auto session = engine()->load(onnx(mirror(k_ultraface), 2)).value();
  const Tensor x = Tensor::allocate(DType::float32, {1, 3, 240, 320}).value();
  ASSERT_TRUE(session->run(std::vector<Session::Input>{{"input", &x}}));
  const std::clock_t before = std::clock();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));  // what is measured, not waited for
  const double busy = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  EXPECT_LT(busy, 0.1) << "seconds of computing in half a second of waiting";
}

TEST_F(OpenVinoTest, PrintsNothing) {
  if (mirror(k_yolov8n).empty()) GTEST_SKIP() << "no mirror";
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  EXPECT_TRUE(engine()->load(onnx(mirror(k_yolov8n))));
  EXPECT_FALSE(engine()->load(onnx(mirror(k_mobilenet_int8))));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

#if !defined(__SANITIZE_ADDRESS__)
int number_in_status(const std::string& key) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind(key + ":", 0) == 0) return std::stoi(line.substr(key.size() + 1));
  }
  return -1;
}

TEST_F(OpenVinoTest, GivesTheMemoryBackOnUnload) {
  if (mirror(k_yolov8n).empty()) GTEST_SKIP() << "no mirror";
  const auto engine = this->engine();
  const auto load_and_run = [&] {
    const auto session = engine->load(onnx(mirror(k_yolov8n))).value();
    const Tensor x = Tensor::allocate(DType::float32, {1, 3, 640, 640}).value();
    ASSERT_TRUE(session->run(std::vector<Session::Input>{{"images", &x}}));
  };
  load_and_run();
  malloc_trim(0);
  const int before = number_in_status("VmRSS");
  for (int i = 0; i < 5; ++i) load_and_run();
  malloc_trim(0);
  EXPECT_LT(number_in_status("VmRSS") - before, 20'000) << "kB more after five loads";
}
#endif

// The same model with ONNX Runtime and with OpenVINO.
struct Comparison {
  const char* name;
  const char* digest;
  Shape shape;
  double scale;      // of the input's values
  double tolerance;  // of the outputs, absolute
};
class OpenVinoComparisonTest : public OpenVinoTest, public testing::WithParamInterface<Comparison> {
 protected:
  static double largest_difference(const std::vector<NamedTensor>& a,
                                   const std::vector<NamedTensor>& b) {
    EXPECT_EQ(a.size(), b.size());
    double largest = 0;
    for (const NamedTensor& one : a) {
      const auto other = std::find_if(b.begin(), b.end(),
                                      [&](const NamedTensor& t) { return t.name == one.name; });
      if (other == b.end() || other->tensor.shape() != one.tensor.shape()) {
        ADD_FAILURE() << one.name;
        continue;
      }
      const auto x = one.tensor.as<float>();
      const auto y = other->tensor.as<float>();
      for (std::size_t i = 0; i < x.size(); ++i)
        largest = std::max(largest, static_cast<double>(std::abs(x[i] - y[i])));
    }
    return largest;
  }
};

TEST_P(OpenVinoComparisonTest, AnswersAsOnnxRuntimeDoes) {
  const std::string runtime = MODELHUB_ONNXRUNTIME_MODULE;
  const std::string file = mirror(GetParam().digest);
  if (runtime.empty() || file.empty()) GTEST_SKIP() << "no ONNX Runtime, or no mirror";
  const auto reference = open_module(runtime, {}).value()->load(onnx(file)).value();
  LoadRequest request = onnx(file);
  Tensor x = Tensor::allocate(DType::float32, GetParam().shape).value();
  for (std::size_t i = 0; i < x.as<float>().size(); ++i)
    x.as<float>()[i] = static_cast<float>(GetParam().scale * ((i * 7919) % 256) / 255);
  const std::string input = reference->inputs()[0].name;
  const auto answer_of = [&](Session& session) {
    return session.run(std::vector<Session::Input>{{input, &x}}).value().outputs;
  };
  const auto expected = answer_of(*reference);
  const double exact = largest_difference(expected, answer_of(*engine()->load(request).value()));
  EXPECT_LE(exact, GetParam().tolerance);
  // From the cache the answer is the same to the last bit.
  request.settings = {{"cache_file", path("compiled")}};
  const auto compiled = answer_of(*engine()->load(request).value());
  ASSERT_TRUE(std::filesystem::exists(path("compiled")));
  EXPECT_EQ(largest_difference(compiled, answer_of(*engine()->load(request).value())), 0);
  // With fewer bits it is another one, on a CPU that has them.
  request.settings = {{"precision", "golden"}};
  const double golden = largest_difference(expected, answer_of(*engine()->load(request).value()));
  if (cpu_has("avx512_bf16")) {
    EXPECT_GT(golden, exact);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, OpenVinoComparisonTest,
    testing::Values(Comparison{"yolov8n", k_yolov8n, {1, 3, 640, 640}, 1, 0.01},
                    Comparison{"ultraface", k_ultraface, {1, 3, 240, 320}, 1, 1e-4},
                    Comparison{"yunet", k_yunet, {1, 3, 640, 640}, 255, 1e-3}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

std::vector<ConformanceCase> models() {
  std::vector<ConformanceCase> cases;
  ConformanceCase c;
  c.module = k_module;
  // The engine must find its library without help here; without one there is nothing to test.
  if (!open_module(k_module, {}).value()->info().devices[0].is_usable) return cases;
  const std::string folder =
      std::filesystem::temp_directory_path() / ("openvino-conformance-" + std::to_string(getuid()));
  std::filesystem::create_directories(folder);
  // The process of another test may be reading the same file: it is never seen half written.
  const auto write = [&](const std::string& name, const std::string& content) {
    const std::string path = folder + "/" + name;
    const std::string staged = path + "." + std::to_string(getpid());
    std::ofstream(staged, std::ios::binary) << content;
    std::filesystem::rename(staged, path);
    return path;
  };
  c.format = "onnx";
  c.open_side = 5;
  c.files = {{"graph", "tiny.onnx", write("tiny.onnx", TinyModel().encode())}};
  cases.push_back(c);
  c.format = "openvino_ir";
  c.files = {{"graph", "tiny.xml", write("tiny.xml", TinyIr().xml())},
             {"weights", "tiny.bin", write("tiny.bin", TinyIr().bin())}};
  cases.push_back(c);
  c.files = {{"graph", "person-detection-0200.xml", mirror(k_person_xml)},
             {"weights", "person-detection-0200.bin", mirror(k_person_bin)}};
  c.check = [](const RunResult& outputs) {
    ASSERT_EQ(outputs.size(), 1U);
    EXPECT_EQ(outputs[0].name, "detection_out");
    EXPECT_THAT(outputs[0].tensor.shape(), ElementsAre(1, 1, 200, 7));
  };
  if (!mirror(k_person_xml).empty()) cases.push_back(c);
  return cases;
}

INSTANTIATE_TEST_SUITE_P(OpenVino, EngineConformance, testing::ValuesIn(models()), name_of_case);

}  // namespace
}  // namespace modelhub::engine
