// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modelhub/byte_count.h"
#include "modelhub/result.h"
#include "modelhub/tensor.h"

namespace modelhub::engine {

// How calls to one session may overlap.
enum class Concurrency {
  shared,         // run() from many threads at once
  one_at_a_time,  // the runtime serialises
};

// What an engine says about one device: usable, or why not ("this ONNX Runtime has no CUDA
// provider").
struct DeviceOffer {
  std::string device;  // "cpu:0", "cuda:0"
  bool is_usable = false;
  std::string reason;  // when usable: empty, or what only a load can tell
};

// What an engine is. Constant once probed.
struct EngineInfo {
  std::string name;     // "onnxruntime"
  std::string version;  // of the library behind it: "1.32.0"
  std::string module_path;
  std::vector<std::string> formats;  // "onnx"
  std::vector<DeviceOffer> devices;
  Concurrency concurrency = Concurrency::one_at_a_time;
  // Whether a load keeps what it compiles in the file that its setting `cache_file` names.
  bool keeps_compiled = false;
};

// One file of a model as an engine sees it.
struct EngineFile {
  std::string role;  // "graph", "weights", ...
  std::string name;  // its path inside the model
  std::string path;  // where its bytes lie; read only
};

struct LoadRequest {
  std::string format;  // "onnx"
  std::vector<EngineFile> files;
  std::string device = "cpu:0";
  int threads = 0;              // for one run; 0: the engine's default
  bool allow_fallback = false;  // may parts of the graph run on the CPU when the device is another?
  // Options for this load, key and value. Engines ignore the keys that they do not know;
  // docs/engines.md has those that the host gives.
  std::vector<std::pair<std::string, std::string>> settings;
};

struct TensorSpec {
  std::string name;
  DType dtype = DType::float32;
  Shape shape;  // -1 where the model leaves a side open
};

// A word that was read in a picture, in pixels of the tensor that holds it: mh_word.
struct Word {
  std::string text;  // UTF-8, not empty, without line breaks
  float x1 = 0;
  float y1 = 0;
  float x2 = 0;
  float y2 = 0;
  float confidence = 0;  // 0 to 1
  bool begins_line = false;
  bool begins_paragraph = false;  // then a line too
  bool begins_block = false;      // then a paragraph too
};

// What a run gave. Behaves as the container of its outputs.
struct RunResult {
  std::vector<NamedTensor> outputs;  // in the model's order
  std::vector<Word> words;           // in the order of reading; none unless gives_words()

  auto begin() const { return outputs.begin(); }
  auto end() const { return outputs.end(); }
  auto size() const { return outputs.size(); }
  const NamedTensor& operator[](std::size_t i) const { return outputs[i]; }
};

// A model in memory, ready to run.
//
// Thread safety: run() as EngineInfo::concurrency says; the others from any thread.
// Errors:        run(): invalid_argument (a tensor that the model does not take: name, type or
//                shape, with both), internal and out_of_memory from the engine, Subject::engine.
//                Never throws.
class Session {
 public:
  struct Input {
    std::string_view name;
    const Tensor* tensor;
  };

  virtual ~Session() = default;
  virtual const std::vector<TensorSpec>& inputs() const = 0;
  virtual const std::vector<TensorSpec>& outputs() const = 0;
  // The device that really runs it, told by the engine after the load.
  virtual const std::string& device() const = 0;
  // Whether its results are words, perhaps without any output.
  virtual bool gives_words() const { return false; }
  virtual Result<RunResult> run(std::span<const Input> inputs) = 0;
};

// An inference engine: turns the files of a model into a Session.
//
// Ownership:     sessions keep what they need of the engine; engines live as long as the process.
// Thread safety: all methods from any thread.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual const EngineInfo& info() const = 0;
  // Bytes of memory that loading will take at its peak: an estimate, before anything is read.
  virtual ByteCount estimate(const LoadRequest& request) const = 0;
  // Errors: unsupported (with the sentence a user needs), corrupt_data, out_of_memory, io_error;
  // never throws.
  virtual Result<std::unique_ptr<Session>> load(const LoadRequest& request) = 0;
};

}  // namespace modelhub::engine
