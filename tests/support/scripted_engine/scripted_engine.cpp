// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// An engine whose models are scripts of a few lines: README.md beside this file.

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <numeric>
#include <sstream>
#include <thread>

#include "modelhub/engine_module.h"

namespace {

using namespace modelhub::engine_module;

constexpr std::string_view k_first_line = "scripted 1";

const std::map<std::string, mh_dtype> k_dtypes = {
    {"float32", MH_FLOAT32}, {"uint8", MH_UINT8}, {"int32", MH_INT32}, {"int64", MH_INT64}};
const std::map<std::string, mh_status> k_statuses = {{"invalid_argument", MH_INVALID_ARGUMENT},
                                                     {"corrupt_data", MH_CORRUPT_DATA},
                                                     {"unsupported", MH_UNSUPPORTED},
                                                     {"out_of_memory", MH_OUT_OF_MEMORY},
                                                     {"io_error", MH_IO_ERROR},
                                                     {"busy", MH_BUSY},
                                                     {"internal", MH_INTERNAL}};

struct ScriptedOutput {
  TensorSpec spec;
  std::string how;    // "copy", "sum", "constant"
  std::string input;  // of copy and sum
  std::vector<float> values;
};

// What load or run do before they do their work.
struct Obstacle {
  std::string waits_for;  // a FIFO
  mh_status status = MH_OK;
  std::string failure;
  std::string exception;

  std::chrono::milliseconds duration{0};

  void meet() const {
    if (!waits_for.empty()) wait();
    std::this_thread::sleep_for(duration);
    if (status != MH_OK) throw Failure(status, MH_ABOUT_ENGINE, failure, "as scripted");
    if (!exception.empty()) throw std::runtime_error(exception);
  }

 private:
  // Until somebody has opened the FIFO for writing and closed it.
  void wait() const {
    const int fifo = ::open(waits_for.c_str(), O_RDONLY | O_CLOEXEC);
    if (fifo < 0) throw Failure(MH_IO_ERROR, MH_ABOUT_MODEL, "cannot open " + waits_for);
    char byte = 0;
    while (::read(fifo, &byte, 1) > 0) continue;
    ::close(fifo);
  }
};

struct Script {
  Description description;
  std::vector<ScriptedOutput> outputs;
  std::vector<Word> words;
  Obstacle load;
  Obstacle run;
  std::uint32_t threads = 0;  // of this load
  std::string record;
  std::uint64_t memory_bytes = 0;
};

std::string rest_of(std::istream& line) {
  std::string text;
  std::getline(line >> std::ws, text);
  return text;
}

TensorSpec parse_spec(std::istream& line, const std::string& file) {
  TensorSpec spec;
  std::string dtype;
  line >> spec.name >> dtype;
  const auto found = k_dtypes.find(dtype);
  if (found == k_dtypes.end()) {
    throw Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL, file + ": '" + dtype + "' is no type");
  }
  spec.dtype = found->second;
  for (std::string side; line >> side && side != "=";) {
    spec.shape.push_back(side == "?" ? -1 : std::stoll(side));
  }
  return spec;
}

ScriptedOutput parse_output(std::istream& line, const std::string& file) {
  ScriptedOutput output;
  output.spec = parse_spec(line, file);
  line >> output.how;
  if (output.how == "constant") {
    for (float value = 0; line >> value;) output.values.push_back(value);
  } else {
    line >> output.input;
  }
  return output;
}

Word parse_word(std::istream& line, const std::string& file) {
  const std::map<std::string, mh_word_begins> begins = {
      {"-", 0},
      {"line", MH_BEGINS_LINE},
      {"paragraph", MH_BEGINS_LINE | MH_BEGINS_PARAGRAPH},
      {"block", MH_BEGINS_LINE | MH_BEGINS_PARAGRAPH | MH_BEGINS_BLOCK}};
  std::string place;
  Word word;
  line >> place >> word.x1 >> word.y1 >> word.x2 >> word.y2 >> word.confidence;
  const auto found = begins.find(place);
  if (!line || found == begins.end())
    throw Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL, file + ": a word without its numbers");
  word.begins = found->second;
  word.text = rest_of(line);
  return word;
}

void parse_failure(std::istream& line, Obstacle& obstacle, const std::string& file) {
  std::string status;
  line >> status;
  const auto found = k_statuses.find(status);
  if (found == k_statuses.end()) {
    throw Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL, file + ": '" + status + "' is no status");
  }
  obstacle.status = found->second;
  obstacle.failure = rest_of(line);
}

void parse_line(const std::string& text, Script& script, const std::string& file) {
  std::istringstream line(text);
  std::string word;
  if (!(line >> word)) return;
  if (word == "input") {
    script.description.inputs.push_back(parse_spec(line, file));
  } else if (word == "output") {
    script.outputs.push_back(parse_output(line, file));
    script.description.outputs.push_back(script.outputs.back().spec);
  } else if (word == "word") {
    script.words.push_back(parse_word(line, file));
    script.description.gives_words = true;
  } else if (word == "device") {
    line >> script.description.device;
  } else if (word == "record") {
    script.record = rest_of(line);
  } else if (word == "memory") {
    line >> script.memory_bytes;
  } else if (word == "load_waits") {
    script.load.waits_for = rest_of(line);
  } else if (word == "load_fails") {
    parse_failure(line, script.load, file);
  } else if (word == "load_throws") {
    script.load.exception = rest_of(line);
  } else if (word == "run_waits") {
    script.run.waits_for = rest_of(line);
  } else if (word == "run_takes") {
    int milliseconds = 0;
    line >> milliseconds;
    std::uint32_t threads = 0;
    if (!(line >> threads) || threads == script.threads)
      script.run.duration = std::chrono::milliseconds(milliseconds);
  } else if (word == "run_fails") {
    parse_failure(line, script.run, file);
  } else if (word == "run_throws") {
    script.run.exception = rest_of(line);
  } else {
    throw Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL, file + ": '" + word + "' is no instruction");
  }
}

Script read_script(const LoadRequest& request) {
  const File& file = request.file("graph");
  std::ifstream in(file.path);
  if (!in) throw Failure(MH_IO_ERROR, MH_ABOUT_MODEL, "cannot read " + file.name);
  std::string text;
  while (std::getline(in, text) && text != k_first_line) continue;
  if (!in) {
    throw Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL, file.name + " is not a scripted model",
                  "a line of it must be '" + std::string(k_first_line) + "'");
  }
  Script script;
  script.description.device = request.device;
  script.threads = request.threads;
  while (std::getline(in, text)) parse_line(text, script, file.name);
  return script;
}

// One line for each event, so that a test can count them. O_APPEND: lines of several threads never
// mix.
void record(const Script& script, const std::string& event) {
  if (script.record.empty()) return;
  const int file = ::open(script.record.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  const std::string line = event + "\n";
  if (file < 0 || ::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw Failure(MH_IO_ERROR, MH_ABOUT_MODEL, "cannot write " + script.record);
  }
  ::close(file);
}

template <class T>
Output constant(const ScriptedOutput& output) {
  std::vector<std::int64_t> shape = output.spec.shape;
  for (std::int64_t& side : shape) side = std::max<std::int64_t>(side, 1);
  const auto count =
      std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
  std::vector<T> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size() && !output.values.empty(); ++i) {
    values[i] = static_cast<T>(output.values[i % output.values.size()]);
  }
  return Output::of(output.spec.name, output.spec.dtype, shape, std::move(values));
}

Output copy(const ScriptedOutput& output, const mh_tensor& input) {
  const auto* const first = static_cast<const unsigned char*>(input.data);
  return Output::of(output.spec.name, input.dtype, {input.shape, input.shape + input.rank},
                    std::vector<unsigned char>(first, first + input.byte_count));
}

Output sum(const ScriptedOutput& output, const mh_tensor& input) {
  const auto* const first = static_cast<const float*>(input.data);
  ScriptedOutput total = output;
  total.values = {std::accumulate(first, first + input.byte_count / sizeof(float), 0.0F)};
  return constant<float>(total);
}

class ScriptedSession final : public Session {
 public:
  ScriptedSession(Script script, mh_concurrency concurrency)
      : script_(std::move(script)), concurrency_(concurrency), memory_(script_.memory_bytes, 1) {}
  ~ScriptedSession() override {
    try {
      record(script_, "unload");
    } catch (const Failure&) {  // the folder of the record is gone: the test is over
    }
  }

  Description describe() const override { return script_.description; }

  std::vector<Output> run(const Inputs& inputs) override {
    const Visitor visitor(runs_);
    if (visitor.is_second() && concurrency_ == MH_ONE_AT_A_TIME) {
      throw Failure(MH_INTERNAL, MH_ABOUT_ENGINE,
                    "two calls of run at once, but the engine takes one at a time");
    }
    record(script_, "run");
    script_.run.meet();
    std::vector<Output> outputs;
    for (const ScriptedOutput& output : script_.outputs) outputs.push_back(make(output, inputs));
    return outputs;
  }
  Answer answer(const Inputs& inputs) override { return {run(inputs), script_.words}; }

 private:
  class Visitor {
   public:
    explicit Visitor(std::atomic<int>& count) : count_(count), is_second_(count++ > 0) {}
    ~Visitor() { --count_; }
    Visitor(const Visitor&) = delete;
    Visitor& operator=(const Visitor&) = delete;
    bool is_second() const { return is_second_; }

   private:
    std::atomic<int>& count_;
    const bool is_second_;
  };

  static Output make(const ScriptedOutput& output, const Inputs& inputs) {
    if (output.how == "copy") return copy(output, inputs[output.input]);
    if (output.how == "sum") return sum(output, inputs[output.input]);
    switch (output.spec.dtype) {
      case MH_UINT8: return constant<std::uint8_t>(output);
      case MH_INT32: return constant<std::int32_t>(output);
      case MH_INT64: return constant<std::int64_t>(output);
      default: return constant<float>(output);
    }
  }

  const Script script_;
  const mh_concurrency concurrency_;
  const std::vector<char> memory_;
  std::atomic<int> runs_{0};
};

class ScriptedEngine final : public Engine {
 public:
  explicit ScriptedEngine(const Host& host) : host_(host) {
    if (const auto text = host_.setting("open_fails")) {
      throw Failure(MH_UNSUPPORTED, MH_ABOUT_ENGINE, *text, "as set");
    }
  }

  Probe probe() override {
    Probe probe;
    probe.version = "1.0";
    probe.formats = {host_.setting("format").value_or("scripted")};
    probe.concurrency = concurrency();
    probe.keeps_compiled = host_.setting("keeps_compiled").has_value();
    std::istringstream devices(host_.setting("devices").value_or("cpu:0"));
    for (std::string device; std::getline(devices, device, ';');) {
      const std::size_t equals = device.find('=');
      const bool is_usable = equals == std::string::npos;
      probe.devices.push_back(
          {device.substr(0, equals), is_usable, is_usable ? "" : device.substr(equals + 1)});
    }
    return probe;
  }

  std::uint64_t estimate(const LoadRequest& request) override {
    const std::uint64_t bytes = read_script(request).memory_bytes;
    return bytes > 0 ? bytes : Engine::estimate(request);
  }

  std::unique_ptr<Session> load(const LoadRequest& request) override {
    Script script = read_script(request);
    std::string event = "load " + request.device + " " + std::to_string(request.threads);
    for (const auto& [key, value] : request.settings) event += " " + key + "=" + value;
    record(script, event);
    script.load.meet();
    host_.log(MH_LOG_INFO, "loaded " + request.file("graph").name);
    return std::make_unique<ScriptedSession>(std::move(script), concurrency());
  }

 private:
  mh_concurrency concurrency() const {
    return host_.setting("concurrency") == "one_at_a_time" ? MH_ONE_AT_A_TIME : MH_SHARED;
  }

  const Host host_;
};

}  // namespace

MODELHUB_ENGINE_MODULE("scripted", ScriptedEngine)
