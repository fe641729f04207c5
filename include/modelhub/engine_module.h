// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

// For those who write an inference engine in C++: derive from Engine and Session, then put one line
// at the end of one source file:
//
//     MODELHUB_ENGINE_MODULE("myengine", MyEngine)
//
// This makes the table of modelhub/engine.h. Nothing of C++ gets out of the module: exceptions
// become statuses, answers are kept until the host releases them. Header only, C++17, needs nothing
// but engine.h: the module links no modelhub.
//
// Thread safety: as engine.h says. Several threads call Session::run() at once if
//                Probe::concurrency is MH_SHARED.
// Errors:        throw Failure. Any other exception becomes MH_INTERNAL with its what(),
//                std::bad_alloc becomes MH_OUT_OF_MEMORY.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "modelhub/engine.h"

namespace modelhub::engine_module {

// Why an engine could not do it, in the words that the user will read.
class Failure : public std::exception {
 public:
  Failure(mh_status status, mh_subject subject, std::string message, std::string hint = {})
      : status_(status), subject_(subject), message_(std::move(message)), hint_(std::move(hint)) {}

  mh_status status() const { return status_; }
  mh_subject subject() const { return subject_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  mh_status status_;
  mh_subject subject_;
  std::string message_;
  std::string hint_;
};

// What the host provides. Copies are cheap; valid as long as the Engine that was made with it.
class Host {
 public:
  explicit Host(const mh_host* host) : host_(host) {}

  void log(mh_log_level level, const std::string& message) const {
    host_->log(host_->log_context, level, message.c_str());
  }
  std::optional<std::string> setting(std::string_view key) const {
    for (std::size_t i = 0; i < host_->setting_count; ++i) {
      if (key == host_->settings[i].key) return host_->settings[i].value;
    }
    return std::nullopt;
  }

 private:
  const mh_host* host_;
};

struct DeviceOffer {
  std::string device;  // "cpu:0"
  bool is_usable = true;
  std::string reason;  // when usable: empty, or what only a load can tell
};

struct Probe {
  std::string version;  // of the library behind the engine; empty when it is not there
  std::vector<std::string> formats;
  std::vector<DeviceOffer> devices;
  mh_concurrency concurrency = MH_ONE_AT_A_TIME;
  bool keeps_compiled = false;  // in the file that the setting `cache_file` of a load names
};

struct File {
  std::string role;
  std::string name;
  std::string path;
};

struct LoadRequest {
  std::string format;
  std::vector<File> files;
  std::string device;
  int threads = 0;  // 0: as you like
  bool is_fallback_allowed = false;
  std::vector<std::pair<std::string, std::string>> settings;

  // The file with this role. A model of one file may leave the role out. Throws Failure when there
  // is none.
  const File& file(std::string_view role) const {
    for (const File& file : files) {
      if (file.role == role) return file;
    }
    if (files.size() == 1 && files[0].role.empty()) return files[0];
    throw Failure(MH_INVALID_ARGUMENT, MH_ABOUT_MODEL,
                  "the model has no file with the role '" + std::string(role) + "'");
  }
  // The value of this setting, if the host gave it.
  std::optional<std::string> setting(std::string_view key) const {
    for (const auto& [name, value] : settings) {
      if (name == key) return value;
    }
    return std::nullopt;
  }
};

struct TensorSpec {
  std::string name;
  mh_dtype dtype = MH_FLOAT32;
  std::vector<std::int64_t> shape;  // -1 where a side is open
};

struct Description {
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
  std::string device;        // where the session really runs
  bool gives_words = false;  // Session::answer() is overridden and reads text
};

// One output of a run. `data` keeps the memory alive until the host has released the answer.
struct Output {
  std::string name;
  mh_dtype dtype = MH_FLOAT32;
  std::vector<std::int64_t> shape;
  std::shared_ptr<const void> data;
  std::size_t byte_count = 0;

  template <class T>
  static Output of(std::string name, mh_dtype dtype, std::vector<std::int64_t> shape,
                   std::vector<T> values) {
    auto owner = std::make_shared<const std::vector<T>>(std::move(values));
    const std::size_t byte_count = owner->size() * sizeof(T);
    const void* const data = owner->data();
    return {std::move(name), dtype, std::move(shape), {std::move(owner), data}, byte_count};
  }
};

// A word that was read: see mh_word.
struct Word {
  std::string text;
  float x1 = 0;
  float y1 = 0;
  float x2 = 0;
  float y2 = 0;
  float confidence = 0;
  mh_word_begins begins = 0;
};

// All that a run gives.
struct Answer {
  std::vector<Output> outputs;
  std::vector<Word> words;
};

// The inputs of a run, by name. Valid during the run.
class Inputs {
 public:
  Inputs(const mh_tensor* first, std::size_t count) : first_(first), count_(count) {}

  const mh_tensor* begin() const { return first_; }
  const mh_tensor* end() const { return first_ + count_; }
  std::size_t size() const { return count_; }
  // Throws Failure when there is none.
  const mh_tensor& operator[](std::string_view name) const {
    for (const mh_tensor& tensor : *this) {
      if (name == tensor.name) return tensor;
    }
    throw Failure(MH_INVALID_ARGUMENT, MH_ABOUT_INPUT,
                  "input '" + std::string(name) + "' is missing");
  }

 private:
  const mh_tensor* first_;
  std::size_t count_;
};

// A model in memory.
class Session {
 public:
  virtual ~Session() = default;
  // Called once, right after the load.
  virtual Description describe() const = 0;
  // All outputs, in the order of describe().
  virtual std::vector<Output> run(const Inputs& inputs) = 0;
  // Override it when the answer is more than tensors: it is called in place of run().
  virtual Answer answer(const Inputs& inputs) { return {run(inputs), {}}; }
};

// An engine. Its constructor takes a `const Host&`.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual Probe probe() = 0;
  // Bytes of memory at the peak of a load. The default suits engines that keep the weights as they
  // lie on disk: twice the size of the files.
  virtual std::uint64_t estimate(const LoadRequest& request) {
    std::uint64_t bytes = 0;
    for (const File& file : request.files) {
      // A file that cannot be read counts nothing here: load says what is wrong.
      std::error_code error;
      const std::uintmax_t size = std::filesystem::file_size(file.path, error);
      if (!error) bytes += size;
    }
    return 2 * bytes;
  }
  virtual std::unique_ptr<Session> load(const LoadRequest& request) = 0;
};

namespace detail {

// Cuts at a character, not inside one: continuation bytes of UTF-8 are 10xxxxxx.
inline void copy_text(char* to, std::size_t capacity, const std::string& text) {
  std::size_t length = std::min(text.size(), capacity - 1);
  if (length < text.size()) {
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0u) == 0x80u) --length;
  }
  std::memcpy(to, text.data(), length);
  to[length] = '\0';
}

inline mh_status fill(mh_error* error, mh_status status, mh_subject subject,
                      const std::string& message, const std::string& hint) {
  error->subject = subject;
  copy_text(error->message, sizeof error->message, message.empty() ? "no reason given" : message);
  copy_text(error->hint, sizeof error->hint, hint);
  return status == MH_OK ? static_cast<mh_status>(MH_INTERNAL) : status;
}

// Runs `body`; whatever it throws ends here.
template <class Body>
mh_status guarded(mh_error* error, Body&& body) noexcept {
  try {
    try {
      body();
      return MH_OK;
    } catch (const Failure& failure) {
      return fill(error, failure.status(), failure.subject(), failure.message(), failure.hint());
    } catch (const std::bad_alloc&) {
      return fill(error, MH_OUT_OF_MEMORY, MH_ABOUT_ENGINE, "no memory left", {});
    } catch (const std::exception& exception) {
      return fill(error, MH_INTERNAL, MH_ABOUT_ENGINE, exception.what(), {});
    } catch (...) {
      return fill(error, MH_INTERNAL, MH_ABOUT_ENGINE, "an exception of an unknown type", {});
    }
  } catch (...) {  // no memory even for the reason
    error->message[0] = '?';
    error->message[1] = '\0';
    error->hint[0] = '\0';
    return MH_OUT_OF_MEMORY;
  }
}

// What stands behind the opaque pointers of the C side, with the C views of what C++ keeps.
struct EngineBox {
  std::unique_ptr<Engine> engine;
  Probe probe;
  std::vector<const char*> formats;
  std::vector<mh_device_offer> devices;
};

struct SessionBox {
  std::unique_ptr<Session> session;
  Description description;
  std::vector<mh_tensor_spec> inputs;
  std::vector<mh_tensor_spec> outputs;
};

struct ResultBox {
  mh_result result{};  // first: the host's pointer to it is the box
  Answer answer;
  std::vector<mh_tensor> tensors;
  std::vector<mh_word> words;
};

inline EngineBox& box_of(mh_engine* engine) { return *reinterpret_cast<EngineBox*>(engine); }
inline SessionBox& box_of(mh_session* session) { return *reinterpret_cast<SessionBox*>(session); }

inline LoadRequest from_c(const mh_load_request& request) {
  LoadRequest out;
  out.format = request.format;
  for (std::size_t i = 0; i < request.file_count; ++i) {
    const mh_file& file = request.files[i];
    out.files.push_back({file.role, file.name, file.path});
  }
  out.device = request.device;
  out.threads = static_cast<int>(request.threads);
  out.is_fallback_allowed = request.is_fallback_allowed != 0;
  for (std::size_t i = 0; i < request.setting_count; ++i) {
    out.settings.emplace_back(request.settings[i].key, request.settings[i].value);
  }
  return out;
}

inline std::vector<mh_tensor_spec> to_c(const std::vector<TensorSpec>& specs) {
  std::vector<mh_tensor_spec> out;
  out.reserve(specs.size());
  for (const TensorSpec& spec : specs) {
    out.push_back({spec.name.c_str(), spec.shape.empty() ? nullptr : spec.shape.data(), spec.dtype,
                   static_cast<std::uint32_t>(spec.shape.size())});
  }
  return out;
}

inline void close(mh_engine* engine) noexcept { delete reinterpret_cast<EngineBox*>(engine); }
inline void unload(mh_session* session) noexcept { delete reinterpret_cast<SessionBox*>(session); }
inline void release(mh_session*, const mh_result* result) noexcept {
  delete reinterpret_cast<const ResultBox*>(result);
}

inline mh_status probe(mh_engine* engine, mh_probe* out, mh_error* error) noexcept {
  return guarded(error, [&] {
    EngineBox& box = box_of(engine);
    box.probe = box.engine->probe();
    box.formats.clear();
    for (const std::string& format : box.probe.formats) box.formats.push_back(format.c_str());
    box.devices.clear();
    for (const DeviceOffer& offer : box.probe.devices) {
      box.devices.push_back(
          {offer.device.c_str(), offer.reason.c_str(), offer.is_usable ? 1u : 0u, 0});
    }
    out->version = box.probe.version.c_str();
    out->formats = box.formats.data();
    out->format_count = box.formats.size();
    out->devices = box.devices.data();
    out->device_count = box.devices.size();
    out->concurrency = box.probe.concurrency;
    // A host may be older than this header.
    if (MH_HAS(out, keeps_compiled)) out->keeps_compiled = box.probe.keeps_compiled ? 1 : 0;
  });
}

inline mh_status estimate(mh_engine* engine, const mh_load_request* request, mh_estimate* out,
                          mh_error* error) noexcept {
  return guarded(error,
                 [&] { out->peak_bytes = box_of(engine).engine->estimate(from_c(*request)); });
}

inline mh_status load(mh_engine* engine, const mh_load_request* request, mh_session** out,
                      mh_error* error) noexcept {
  return guarded(error, [&] {
    auto box = std::make_unique<SessionBox>();
    box->session = box_of(engine).engine->load(from_c(*request));
    box->description = box->session->describe();
    box->inputs = to_c(box->description.inputs);
    box->outputs = to_c(box->description.outputs);
    *out = reinterpret_cast<mh_session*>(box.release());
  });
}

inline mh_status describe(mh_session* session, mh_session_info* out, mh_error*) noexcept {
  const SessionBox& box = box_of(session);
  out->inputs = box.inputs.data();
  out->input_count = box.inputs.size();
  out->outputs = box.outputs.data();
  out->output_count = box.outputs.size();
  out->device = box.description.device.c_str();
  // A host may be older than this header.
  if (MH_HAS(out, gives_words)) out->gives_words = box.description.gives_words ? 1 : 0;
  return MH_OK;
}

inline mh_status run(mh_session* session, const mh_run_request* request, const mh_result** out,
                     mh_error* error) noexcept {
  return guarded(error, [&] {
    auto box = std::make_unique<ResultBox>();
    box->answer = box_of(session).session->answer(Inputs(request->inputs, request->input_count));
    for (const Output& output : box->answer.outputs) {
      box->tensors.push_back({output.name.c_str(),
                              output.shape.empty() ? nullptr : output.shape.data(),
                              output.data.get(), output.byte_count, output.dtype,
                              static_cast<std::uint32_t>(output.shape.size())});
    }
    box->result.size = sizeof(mh_result);
    box->result.outputs = box->tensors.data();
    box->result.output_count = box->tensors.size();
    for (const Word& word : box->answer.words) {
      box->words.push_back(
          {word.text.c_str(), word.x1, word.y1, word.x2, word.y2, word.confidence, word.begins});
    }
    box->result.words = box->words.data();
    box->result.word_count = box->words.size();
    *out = &box.release()->result;
  });
}

template <class EngineClass>
mh_status open(const mh_host* host, mh_engine** out, mh_error* error) noexcept {
  return guarded(error, [&] {
    auto box = std::make_unique<EngineBox>();
    box->engine = std::make_unique<EngineClass>(Host(host));
    *out = reinterpret_cast<mh_engine*>(box.release());
  });
}

}  // namespace detail

// The table for an engine class. Most use the macro below.
template <class EngineClass>
mh_engine_api make_api(const char* name) {
  mh_engine_api api{};
  api.size = sizeof api;
  api.abi = MH_ENGINE_ABI;
  api.name = name;
  api.open = &detail::open<EngineClass>;
  api.close = &detail::close;
  api.probe = &detail::probe;
  api.estimate = &detail::estimate;
  api.load = &detail::load;
  api.unload = &detail::unload;
  api.describe = &detail::describe;
  api.run = &detail::run;
  api.release = &detail::release;
  return api;
}

}  // namespace modelhub::engine_module

// The table is a static of a function that is not inline: so it is never shared with another module
// of the process (g++ makes statics of inline functions unique across all libraries).
#define MODELHUB_ENGINE_MODULE(engine_name, EngineClass)                                    \
  extern "C" MH_ENGINE_EXPORT const mh_engine_api* modelhub_engine_api(uint32_t host_abi) { \
    static const mh_engine_api api =                                                        \
        ::modelhub::engine_module::make_api<EngineClass>(engine_name);                      \
    return host_abi == MH_ENGINE_ABI ? &api : nullptr;                                      \
  }
