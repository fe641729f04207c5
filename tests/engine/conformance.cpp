// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/conformance.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include "modelhub/engine.h"

namespace modelhub::engine {
namespace {

template <class T>
void fill_with_pattern(Tensor& tensor, double scale) {
  std::span<T> values = tensor.as<T>();
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<T>(scale * static_cast<double>(i % 17) / 17);
}

void fill_with_pattern(Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::float32: return fill_with_pattern<float>(tensor, 1);
    case DType::float64: return fill_with_pattern<double>(tensor, 1);
    case DType::uint8: return fill_with_pattern<std::uint8_t>(tensor, 255);
    case DType::int8: return fill_with_pattern<std::int8_t>(tensor, 127);
    case DType::int32: return fill_with_pattern<std::int32_t>(tensor, 10);
    case DType::int64: return fill_with_pattern<std::int64_t>(tensor, 10);
    default: std::memset(tensor.data(), 0, tensor.bytes());
  }
}

std::vector<Session::Input> view(const std::vector<NamedTensor>& tensors) {
  std::vector<Session::Input> inputs;
  for (const NamedTensor& tensor : tensors) inputs.push_back({tensor.name, &tensor.tensor});
  return inputs;
}

bool are_equal(const Word& a, const Word& b) {
  const auto numbers = [](const Word& word) {
    return std::array<float, 5>{word.x1, word.y1, word.x2, word.y2, word.confidence};
  };
  return a.text == b.text && numbers(a) == numbers(b) && a.begins_line == b.begins_line &&
         a.begins_paragraph == b.begins_paragraph && a.begins_block == b.begins_block;
}

bool are_equal(const RunResult& a, const RunResult& b) {
  const auto are_equal_outputs = [](const NamedTensor& x, const NamedTensor& y) {
    return x.name == y.name && x.tensor.dtype() == y.tensor.dtype() &&
           x.tensor.shape() == y.tensor.shape() &&
           std::memcmp(x.tensor.data(), y.tensor.data(), x.tensor.bytes()) == 0;
  };
  const auto are_equal_words = [](const Word& x, const Word& y) { return are_equal(x, y); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), are_equal_outputs) &&
         std::equal(a.words.begin(), a.words.end(), b.words.begin(), b.words.end(),
                    are_equal_words);
}

// A file that is gone with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    std::string path = (std::filesystem::temp_directory_path() / "conformance-XXXXXX").string();
    const int file = mkstemp(path.data());
    if (file >= 0) close(file);
    path_ = path;
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// A load must fail for a reason that blames the file, in words.
void expect_refused(Engine& engine, const LoadRequest& request, const char* what) {
  const auto session = engine.load(request);
  ASSERT_FALSE(session) << what << " was loaded";
  const Error& error = session.error();
  EXPECT_FALSE(error.message.empty()) << what;
  EXPECT_TRUE(error.code == ErrorCode::corrupt_data || error.code == ErrorCode::unsupported ||
              error.code == ErrorCode::io_error || error.code == ErrorCode::invalid_argument)
      << what << ": " << name_of(error.code) << ": " << error.message;
}

// Calls to the bare C table, with structs as a host of the future makes them: longer, with members
// that the engine cannot know. It must not write into them.
template <class T>
struct Longer {
  T known{};
  std::array<unsigned char, 64> unknown{};

  Longer() {
    known.size = sizeof(*this);
    unknown.fill(0xA5);
  }
  bool is_untouched() const {
    return known.size == sizeof(*this) &&
           std::all_of(unknown.begin(), unknown.end(),
                       [](unsigned char byte) { return byte == 0xA5; });
  }
};

void ignore_log(void*, mh_log_level, const char*) {}

const mh_engine_api* table_of(const std::string& module, std::uint32_t abi = MH_ENGINE_ABI) {
  void* const library = dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  return reinterpret_cast<mh_engine_api_function>(dlsym(library, "modelhub_engine_api"))(abi);
}

// What a host of the past says that a struct ends with: `size` is up to and with this member.
#define SIZE_UP_TO(type, member) (offsetof(type, member) + sizeof(type::member))

}  // namespace

std::ostream& operator<<(std::ostream& out, const ConformanceCase& conformance_case) {
  return out << conformance_case.module << " with "
             << (conformance_case.files.empty() ? "no model" : conformance_case.files[0].name);
}

std::string name_of_case(const testing::TestParamInfo<ConformanceCase>& parameter) {
  std::string name = engine_name_of(parameter.param.module) + "_" + std::to_string(parameter.index);
  if (!parameter.param.files.empty()) name += "_" + parameter.param.files[0].name;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

void EngineConformance::SetUp() {
  ModuleOptions options;
  options.settings = GetParam().settings;
  auto engine = open_module(GetParam().module, options);
  ASSERT_TRUE(engine) << engine.error().to_string();
  engine_ = *std::move(engine);
}

LoadRequest EngineConformance::request() const {
  LoadRequest request;
  request.format = GetParam().format;
  request.files = GetParam().files;
  request.device = GetParam().device;
  request.threads = 1;
  return request;
}

std::unique_ptr<Session> EngineConformance::load() const {
  auto session = engine_->load(request());
  EXPECT_TRUE(session) << session.error().to_string();
  return session ? *std::move(session) : nullptr;
}

std::vector<NamedTensor> EngineConformance::inputs_of(const Session& session) const {
  std::vector<NamedTensor> inputs;
  for (const TensorSpec& spec : session.inputs()) {
    const auto given = GetParam().shapes.find(spec.name);
    Shape shape = given != GetParam().shapes.end() ? given->second : spec.shape;
    std::replace(shape.begin(), shape.end(), std::int64_t{-1}, GetParam().open_side);
    Tensor tensor = Tensor::allocate(spec.dtype, shape).value();
    if (GetParam().fill) {
      GetParam().fill(spec.name, tensor);
    } else {
      fill_with_pattern(tensor);
    }
    inputs.push_back({spec.name, std::move(tensor)});
  }
  return inputs;
}

TEST_P(EngineConformance, SaysWhatItIs) {
  const EngineInfo& info = engine_->info();
  EXPECT_EQ(info.name, engine_name_of(GetParam().module));
  EXPECT_EQ(info.module_path, GetParam().module);
  EXPECT_FALSE(info.formats.empty());
  EXPECT_FALSE(info.devices.empty());
  std::set<std::string> devices;
  for (const DeviceOffer& offer : info.devices) {
    EXPECT_NE(offer.device.find(':'), std::string::npos) << offer.device;
    EXPECT_TRUE(devices.insert(offer.device).second) << offer.device << " is offered twice";
    EXPECT_TRUE(offer.is_usable || !offer.reason.empty()) << offer.device;
    EXPECT_TRUE(!offer.is_usable || !info.version.empty());
  }
}

TEST_P(EngineConformance, EstimatesSomething) {
  EXPECT_GT(engine_->estimate(request()).count(), 0U);
}

TEST_P(EngineConformance, DescribesWhatItLoaded) {
  const auto session = load();
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(session->device(), GetParam().device);
  EXPECT_TRUE(!session->outputs().empty() || session->gives_words()) << "it gives nothing";
  for (const auto& specs : {session->inputs(), session->outputs()}) {
    for (const TensorSpec& spec : specs) EXPECT_FALSE(spec.name.empty());
  }
}

TEST_P(EngineConformance, RefusesWhatIsNoModel) {
  ASSERT_FALSE(GetParam().files.empty());
  const std::string good = content_of(GetParam().files[0].path);
  const TemporaryFile empty("");
  const TemporaryFile text("<!DOCTYPE html><html><body>404 not found</body></html>\n");
  const TemporaryFile noise(std::string(4096, '\xff'));
  const TemporaryFile half(good.substr(0, good.size() / 2));
  LoadRequest bad = request();
  const std::string directory = std::filesystem::temp_directory_path().string();
  const std::pair<const char*, std::string> files[] = {{"an empty file", empty.path()},
                                                       {"a web page", text.path()},
                                                       {"noise", noise.path()},
                                                       {"a folder", directory},
                                                       {"nothing", empty.path() + ".not-there"}};
  for (const auto& [what, path] : files) {
    bad.files[0].path = path;
    expect_refused(*engine_, bad, what);
  }
  // Half a model may by chance be a model, of a format without an end: it must only not crash.
  bad.files[0].path = half.path();
  const auto session = engine_->load(bad);
  EXPECT_TRUE(session || !session.error().message.empty());
}

TEST_P(EngineConformance, RefusesModelsWithoutFiles) {
  LoadRequest bad = request();
  bad.files.clear();
  expect_refused(*engine_, bad, "a model without files");
}

TEST_P(EngineConformance, RefusesFormatsThatItDoesNotRead) {
  LoadRequest bad = request();
  bad.format = "papyrus";
  const auto session = engine_->load(bad);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::unsupported);
}

TEST_P(EngineConformance, NeverRunsOnAnotherDeviceThanAsked) {
  LoadRequest bad = request();
  bad.device = "nowhere:7";
  const auto session = engine_->load(bad);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::unsupported) << session.error().message;
}

TEST_P(EngineConformance, RefusesInputsThatTheModelDoesNotTake) {
  const auto session = load();
  ASSERT_NE(session, nullptr);
  if (session->inputs().empty()) GTEST_SKIP() << "the model has no inputs";
  const std::vector<NamedTensor> good = inputs_of(*session);
  const TensorSpec& first = session->inputs()[0];
  const auto expect_refused_run = [&](const std::vector<Session::Input>& inputs, const char* what) {
    const auto answer = session->run(inputs);
    ASSERT_FALSE(answer) << what;
    EXPECT_EQ(answer.error().code, ErrorCode::invalid_argument) << what;
    EXPECT_EQ(answer.error().subject, Subject::input) << what;
    EXPECT_FALSE(answer.error().message.empty()) << what;
  };
  const DType other = first.dtype == DType::float32 ? DType::int64 : DType::float32;
  const Tensor other_type = Tensor::allocate(other, good[0].tensor.shape()).value();
  Shape deeper = good[0].tensor.shape();
  deeper.push_back(1);
  const Tensor other_shape = Tensor::allocate(first.dtype, deeper).value();

  auto inputs = view(good);
  inputs[0].name = "not an input of the model";
  expect_refused_run(inputs, "an unknown name");
  inputs = view(good);
  inputs[0].tensor = &other_type;
  expect_refused_run(inputs, "another type");
  inputs[0].tensor = &other_shape;
  expect_refused_run(inputs, "another shape");
  inputs = view(good);
  inputs.push_back(inputs[0]);
  expect_refused_run(inputs, "an input twice");
  inputs = view(good);
  inputs.erase(inputs.begin());
  expect_refused_run(inputs, "a missing input");
  EXPECT_TRUE(session->run(view(good))) << "after refused inputs the session must still work";
}

TEST_P(EngineConformance, GivesTheSameAnswerTwice) {
  const auto session = load();
  ASSERT_NE(session, nullptr);
  const std::vector<NamedTensor> inputs = inputs_of(*session);
  const auto first = session->run(view(inputs));
  ASSERT_TRUE(first) << first.error().to_string();
  if (GetParam().check) GetParam().check(*first);
  const auto second = session->run(view(inputs));
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_TRUE(are_equal(*first, *second));
}

TEST_P(EngineConformance, TakesTensorsThatAreAlignedForTheirTypeOnly) {
  const auto session = load();
  ASSERT_NE(session, nullptr);
  const std::vector<NamedTensor> inputs = inputs_of(*session);
  const auto right = session->run(view(inputs));
  ASSERT_TRUE(right) << right.error().to_string();
  std::vector<std::vector<std::byte>> memory;
  std::vector<NamedTensor> borrowed;
  for (const NamedTensor& input : inputs) {
    // What operator new gives is aligned to 16 bytes: one element on is as bad as it may be.
    const std::size_t gap = size_of(input.tensor.dtype());
    std::vector<std::byte>& bytes = memory.emplace_back(gap + input.tensor.bytes());
    const std::span<std::byte> place = std::span(bytes).subspan(gap);
    if (!place.empty()) std::memcpy(place.data(), input.tensor.data(), place.size());
    borrowed.push_back(
        {input.name, Tensor::borrow(input.tensor.dtype(), input.tensor.shape(), place).value()});
  }
  const auto answer = session->run(view(borrowed));
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_TRUE(are_equal(*answer, *right));
}

TEST_P(EngineConformance, GivesTheSameAnswerToManyThreads) {
  const auto session = load();
  ASSERT_NE(session, nullptr);
  const std::vector<NamedTensor> inputs = inputs_of(*session);
  const auto right = session->run(view(inputs));
  ASSERT_TRUE(right) << right.error().to_string();
  if (engine_->info().concurrency != Concurrency::shared) GTEST_SKIP() << "one call at a time";
  std::array<bool, 4> is_right{};
  std::vector<std::thread> threads;
  for (bool& result : is_right) {
    threads.emplace_back([&] {
      const auto answer = session->run(view(inputs));
      result = answer && are_equal(*answer, *right);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(std::all_of(is_right.begin(), is_right.end(), [](bool result) { return result; }));
}

TEST_P(EngineConformance, KeepsSessionsApart) {
  const auto one = load();
  auto other = load();
  ASSERT_NE(one, nullptr);
  ASSERT_NE(other, nullptr);
  const std::vector<NamedTensor> inputs = inputs_of(*one);
  const auto before = one->run(view(inputs));
  ASSERT_TRUE(before);
  const auto same = other->run(view(inputs));
  ASSERT_TRUE(same);
  EXPECT_TRUE(are_equal(*before, *same));
  other.reset();
  const auto after = one->run(view(inputs));
  ASSERT_TRUE(after);
  EXPECT_TRUE(are_equal(*before, *after));
}

TEST_P(EngineConformance, FindsAgainWhatItHasCompiled) {
  if (!engine_->info().keeps_compiled) GTEST_SKIP() << "it keeps nothing";
  const auto session = load();
  ASSERT_NE(session, nullptr);
  const std::vector<NamedTensor> inputs = inputs_of(*session);
  const auto right = session->run(view(inputs));
  ASSERT_TRUE(right) << right.error().to_string();
  const TemporaryFile cache("");
  std::filesystem::remove(cache.path());
  LoadRequest with_cache = request();
  with_cache.settings = {{"cache_file", cache.path()}};
  const auto expect_the_same = [&](const char* when) {
    const auto other = engine_->load(with_cache);
    ASSERT_TRUE(other) << when << ": " << other.error().to_string();
    EXPECT_GT(std::filesystem::file_size(cache.path()), 100U) << when;
    const auto answer = (*other)->run(view(inputs));
    ASSERT_TRUE(answer) << when << ": " << answer.error().to_string();
    EXPECT_TRUE(are_equal(*right, *answer)) << when;
  };
  expect_the_same("the first load");
  expect_the_same("the second load");
  std::ofstream(cache.path(), std::ios::binary) << "what is this?";
  expect_the_same("a load that finds a damaged file");
}

TEST_P(EngineConformance, LoadsAndUnloadsManyTimes) {
  for (int i = 0; i < 20; ++i) {
    const auto session = load();
    ASSERT_NE(session, nullptr);
    if (i % 10 != 9) continue;
    const auto answer = session->run(view(inputs_of(*session)));
    ASSERT_TRUE(answer) << answer.error().to_string();
  }
}

TEST_P(EngineConformance, LeavesStructsOfNewerHostsIntact) {
  const mh_engine_api* const unknown = table_of(GetParam().module, MH_ENGINE_ABI + 1000);
  EXPECT_TRUE(unknown == nullptr || unknown->abi != MH_ENGINE_ABI + 1000);
  const mh_engine_api* const api = table_of(GetParam().module);
  ASSERT_NE(api, nullptr);
  EXPECT_GE(api->size, sizeof(mh_engine_api));
  EXPECT_EQ(table_of(GetParam().module), api) << "the table must be the same each time";

  std::vector<mh_setting> settings;
  for (const EngineSetting& s : GetParam().settings)
    settings.push_back({s.key.c_str(), s.value.c_str()});
  Longer<mh_host> host;
  host.known.abi = MH_ENGINE_ABI;
  host.known.log = &ignore_log;
  host.known.settings = settings.data();
  host.known.setting_count = settings.size();
  Longer<mh_error> error;
  mh_engine* engine = nullptr;
  ASSERT_EQ(api->open(&host.known, &engine, &error.known), static_cast<mh_status>(MH_OK))
      << error.known.message;
  Longer<mh_probe> probe;
  EXPECT_EQ(api->probe(engine, &probe.known, &error.known), static_cast<mh_status>(MH_OK));
  EXPECT_TRUE(probe.is_untouched());

  std::vector<mh_file> files;
  for (const EngineFile& f : GetParam().files)
    files.push_back({f.role.c_str(), f.name.c_str(), f.path.c_str()});
  Longer<mh_load_request> request;
  request.known.format = GetParam().format.c_str();
  request.known.files = files.data();
  request.known.file_count = files.size();
  request.known.device = GetParam().device.c_str();
  request.known.threads = 1;
  Longer<mh_estimate> estimate;
  EXPECT_EQ(api->estimate(engine, &request.known, &estimate.known, &error.known),
            static_cast<mh_status>(MH_OK));
  EXPECT_TRUE(estimate.is_untouched());
  mh_session* session = nullptr;
  ASSERT_EQ(api->load(engine, &request.known, &session, &error.known),
            static_cast<mh_status>(MH_OK));
  Longer<mh_session_info> info;
  EXPECT_EQ(api->describe(session, &info.known, &error.known), static_cast<mh_status>(MH_OK));
  EXPECT_TRUE(info.is_untouched());
  api->unload(session);

  files[0].path = "/not/there";
  ASSERT_NE(api->load(engine, &request.known, &session, &error.known),
            static_cast<mh_status>(MH_OK));
  EXPECT_TRUE(error.is_untouched());
  EXPECT_NE(std::memchr(error.known.message, 0, sizeof error.known.message), nullptr);
  EXPECT_NE(std::memchr(error.known.hint, 0, sizeof error.known.hint), nullptr);
  api->close(engine);
  EXPECT_TRUE(host.is_untouched());
}

// An engine must look with MH_HAS before it writes what came after version 1.
TEST_P(EngineConformance, LeavesStructsOfOlderHostsIntact) {
  const mh_engine_api* const api = table_of(GetParam().module);
  ASSERT_NE(api, nullptr);
  std::vector<mh_setting> settings;
  for (const EngineSetting& s : GetParam().settings)
    settings.push_back({s.key.c_str(), s.value.c_str()});
  mh_host host{};
  host.size = SIZE_UP_TO(mh_host, setting_count);
  host.abi = MH_ENGINE_ABI;
  host.log = &ignore_log;
  host.settings = settings.data();
  host.setting_count = settings.size();
  mh_error error{};
  error.size = SIZE_UP_TO(mh_error, hint);
  mh_engine* engine = nullptr;
  ASSERT_EQ(api->open(&host, &engine, &error), static_cast<mh_status>(MH_OK)) << error.message;
  mh_probe probe;
  std::memset(&probe, 0xA5, sizeof probe);
  const mh_probe untouched_probe = probe;
  probe.size = SIZE_UP_TO(mh_probe, reserved);
  EXPECT_EQ(api->probe(engine, &probe, &error), static_cast<mh_status>(MH_OK));
  EXPECT_EQ(probe.keeps_compiled, untouched_probe.keeps_compiled);
  std::vector<mh_file> files;
  for (const EngineFile& f : GetParam().files)
    files.push_back({f.role.c_str(), f.name.c_str(), f.path.c_str()});
  mh_load_request request{};
  request.size = SIZE_UP_TO(mh_load_request, setting_count);
  request.format = GetParam().format.c_str();
  request.files = files.data();
  request.file_count = files.size();
  request.device = GetParam().device.c_str();
  request.threads = 1;
  mh_session* session = nullptr;
  ASSERT_EQ(api->load(engine, &request, &session, &error), static_cast<mh_status>(MH_OK))
      << error.message;
  mh_session_info info;
  std::memset(&info, 0xA5, sizeof info);
  const mh_session_info untouched = info;
  info.size = SIZE_UP_TO(mh_session_info, device);
  EXPECT_EQ(api->describe(session, &info, &error), static_cast<mh_status>(MH_OK));
  EXPECT_EQ(info.gives_words, untouched.gives_words);
  api->unload(session);
  api->close(engine);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EngineConformance);

}  // namespace modelhub::engine
