// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/module.h"

#include <dlfcn.h>

#include <cstddef>
#include <filesystem>
#include <new>
#include <string_view>
#include <utility>

#include "engine/checks.h"
#include "engine/loaded_module.h"
#include "engine/module_session.h"
#include "modelhub/engine.h"

namespace modelhub::engine {
namespace {

constexpr std::string_view k_prefix = "modelhub_engine_";
constexpr std::string_view k_suffix = ".so";

// The table as version 1 of the interface had it: every later one begins with it.
constexpr std::size_t k_table_bytes_v1 =
    offsetof(mh_engine_api, release) + sizeof(mh_engine_api::release);

Error cannot_be_used(const std::string& path, const std::string& reason) {
  return Error(ErrorCode::unsupported, Subject::engine,
               path + " is not an engine that can be used: " + reason,
               "rebuild it with this modelhub's modelhub/engine.h, or remove it");
}

bool has_all_functions(const mh_engine_api& api) {
  return api.open != nullptr && api.close != nullptr && api.probe != nullptr &&
         api.estimate != nullptr && api.load != nullptr && api.unload != nullptr &&
         api.describe != nullptr && api.run != nullptr && api.release != nullptr;
}

// Opens the shared library and gets its table; whatever is wrong with it is the reason of the
// error.
Result<const mh_engine_api*> table_of(const std::string& path) {
  // Never closed: an engine's library starts threads and registers destructors that must not lose
  // their code.
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const reason = dlerror();
    return cannot_be_used(path, reason != nullptr ? reason : "the system gives no reason");
  }
  const auto get_api =
      reinterpret_cast<mh_engine_api_function>(dlsym(library, "modelhub_engine_api"));
  if (get_api == nullptr) return cannot_be_used(path, "it has no function modelhub_engine_api");
  const mh_engine_api* const api = get_api(MH_ENGINE_ABI);
  const std::string ours = std::to_string(MH_ENGINE_ABI);
  if (api == nullptr)
    return cannot_be_used(path,
                          "it does not work with version " + ours + " of the engine interface");
  if (api->abi != MH_ENGINE_ABI) {
    return cannot_be_used(path, "it has version " + std::to_string(api->abi) +
                                    " of the engine interface, this modelhub " + ours);
  }
  if (api->size < k_table_bytes_v1) {
    return cannot_be_used(path, "its table of functions has " + std::to_string(api->size) +
                                    " bytes, at least " + std::to_string(k_table_bytes_v1) +
                                    " are needed");
  }
  if (!has_all_functions(*api)) return cannot_be_used(path, "functions are missing in its table");
  if (text_of(api->name) != engine_name_of(path)) {
    return cannot_be_used(path, "it calls itself '" + text_of(api->name) + "'");
  }
  return api;
}

Result<EngineInfo> probe(const LoadedModule& module) {
  mh_probe probe{};
  probe.size = sizeof probe;
  CallError error;
  const mh_status status = module.api().probe(module.engine(), &probe, error.get());
  if (status != MH_OK) return error.to_error(status, module.name());

  EngineInfo info;
  info.name = module.name();
  info.version = text_of(probe.version);
  info.module_path = module.path();
  info.concurrency =
      probe.concurrency == MH_SHARED ? Concurrency::shared : Concurrency::one_at_a_time;
  info.keeps_compiled = probe.keeps_compiled != 0;
  for (std::size_t i = 0; i < probe.format_count; ++i)
    info.formats.push_back(text_of(probe.formats[i]));
  for (std::size_t i = 0; i < probe.device_count; ++i) {
    const mh_device_offer& offer = probe.devices[i];
    info.devices.push_back({text_of(offer.device), offer.is_usable != 0, text_of(offer.reason)});
  }
  return info;
}

// A LoadRequest as the C side wants it. Borrows the request.
class CLoadRequest {
 public:
  explicit CLoadRequest(const LoadRequest& request) {
    for (const EngineFile& file : request.files) {
      files_.push_back({file.role.c_str(), file.name.c_str(), file.path.c_str()});
    }
    for (const auto& [key, value] : request.settings)
      settings_.push_back({key.c_str(), value.c_str()});
    request_.size = sizeof request_;
    request_.format = request.format.c_str();
    request_.files = files_.data();
    request_.file_count = files_.size();
    request_.device = request.device.c_str();
    request_.threads = request.threads > 0 ? static_cast<std::uint32_t>(request.threads) : 0;
    request_.is_fallback_allowed = request.allow_fallback ? 1 : 0;
    request_.settings = settings_.data();
    request_.setting_count = settings_.size();
  }
  const mh_load_request* get() const { return &request_; }

 private:
  std::vector<mh_file> files_;
  std::vector<mh_setting> settings_;
  mh_load_request request_{};
};

// How messages call a model: by its main file.
std::string model_name_of(const LoadRequest& request) {
  for (const EngineFile& file : request.files) {
    if (file.role == "graph") return file.name;
  }
  return request.files.empty() ? "the model" : request.files.front().name;
}

class ModuleEngine final : public Engine {
 public:
  ModuleEngine(std::shared_ptr<LoadedModule> module, EngineInfo info)
      : module_(std::move(module)), info_(std::move(info)) {}

  const EngineInfo& info() const override { return info_; }

  ByteCount estimate(const LoadRequest& request) const override {
    mh_estimate estimate{};
    estimate.size = sizeof estimate;
    CallError error;
    // An engine that cannot tell will give its reason when it loads.
    module_->api().estimate(module_->engine(), CLoadRequest(request).get(), &estimate, error.get());
    return ByteCount(estimate.peak_bytes);
  }

  Result<std::unique_ptr<Session>> load(const LoadRequest& request) override try {
    const std::string model = model_name_of(request);
    if (module_->is_forked_copy()) return module_->forked("load " + model);
    if (auto format = check_format(request, model); !format) return std::move(format).error();
    if (auto device = check_device(request, model); !device) return std::move(device).error();
    mh_session* handle = nullptr;
    CallError error;
    const mh_status status =
        module_->api().load(module_->engine(), CLoadRequest(request).get(), &handle, error.get());
    if (status != MH_OK) return error.to_error(status, info_.name);
    if (handle == nullptr) return broken_contract(info_.name, "load gave no session");
    Result<std::unique_ptr<Session>> session = wrap_session(module_, handle, model);
    if (session && (*session)->device() != request.device && !request.allow_fallback) {
      return Error(ErrorCode::unsupported, Subject::device,
                   model + " was to run on " + request.device + ", but " + info_.name +
                       " put it on " + (*session)->device(),
                   "allow the fallback, or ask for " + (*session)->device());
    }
    return session;
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::out_of_memory, Subject::engine, "no memory left to load the model");
  }

 private:
  Result<void> check_format(const LoadRequest& request, const std::string& model) const {
    std::string known;
    for (const std::string& format : info_.formats) {
      if (format == request.format) return {};
      known += (known.empty() ? "" : ", ") + format;
    }
    return Error(ErrorCode::unsupported, Subject::engine,
                 info_.name + " does not read " + model + ": its format is '" + request.format +
                     "'; it reads " + known,
                 "run 'modelhub devices' to see what each engine reads");
  }

  Result<void> check_device(const LoadRequest& request, const std::string& model) const {
    std::string usable;
    for (const DeviceOffer& offer : info_.devices) {
      if (offer.is_usable) usable += (usable.empty() ? "" : ", ") + offer.device;
      if (offer.device != request.device) continue;
      if (offer.is_usable) return {};
      return Error(
          ErrorCode::unsupported, Subject::device,
          info_.name + " cannot use " + offer.device + " for " + model + ": " + offer.reason,
          "run 'modelhub devices' to see what can be used");
    }
    return Error(ErrorCode::unsupported, Subject::device,
                 info_.name + " knows no device '" + request.device + "' for " + model +
                     "; it can use " + (usable.empty() ? "none" : usable),
                 "run 'modelhub devices' to see what can be used");
  }

  const std::shared_ptr<LoadedModule> module_;
  const EngineInfo info_;
};

}  // namespace

std::string engine_name_of(const std::string& path) {
  const std::string file = std::filesystem::path(path).filename().string();
  const std::string_view view = file;
  if (view.size() <= k_prefix.size() + k_suffix.size() ||
      view.substr(0, k_prefix.size()) != k_prefix ||
      view.substr(view.size() - k_suffix.size()) != k_suffix) {
    return {};
  }
  return file.substr(k_prefix.size(), view.size() - k_prefix.size() - k_suffix.size());
}

Result<std::shared_ptr<Engine>> open_module(const std::string& path,
                                            const ModuleOptions& options) try {
  if (engine_name_of(path).empty())
    return cannot_be_used(path, "the file is not called modelhub_engine_<name>.so");
  Result<const mh_engine_api*> api = table_of(path);
  if (!api) return std::move(api).error();
  auto module = std::make_shared<LoadedModule>(**api, path, options);
  if (auto opened = module->open(); !opened)
    return std::move(opened).error().with_context("open " + path);
  Result<EngineInfo> info = probe(*module);
  if (!info) return std::move(info).error().with_context("open " + path);
  return std::shared_ptr<Engine>(
      std::make_shared<ModuleEngine>(std::move(module), *std::move(info)));
} catch (const std::bad_alloc&) {
  return Error(ErrorCode::out_of_memory, Subject::engine, "no memory left to open " + path);
}

}  // namespace modelhub::engine
