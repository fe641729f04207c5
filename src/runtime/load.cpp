// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/load.h"

#include <algorithm>
#include <utility>

#include "runtime/process_memory.h"

namespace modelhub::runtime {
namespace {

// Whether the plan lets the model run on `device` in place of the chosen one.
bool allows(const DevicePlan& plan, const std::string& device) {
  if (plan.fallback == DeviceFallback::any) return true;
  return plan.fallback == DeviceFallback::listed &&
         std::any_of(
             plan.candidates.begin(), plan.candidates.end(), [&](const DeviceCandidate& candidate) {
               return candidate.device == device && candidate.verdict == DeviceVerdict::usable;
             });
}

// Engines may put a model on the CPU with one line in their log, or none. Here that is an error, or
// a warning in the plan.
Result<void> accept_device(DevicePlan& plan, const std::string& model, const std::string& engine,
                           const std::string& device) {
  if (device == *plan.chosen) return {};
  const std::string what =
      engine + " put " + model + " on " + device + " instead of " + *plan.chosen;
  if (!allows(plan, device)) {
    return Error(ErrorCode::unsupported, Subject::device, what,
                 "use --device " + device + ", another variant of the model, or allow a fallback");
  }
  plan.warnings.push_back("running on " + device + ": " + what);
  for (DeviceCandidate& candidate : plan.candidates) {
    if (candidate.verdict == DeviceVerdict::chosen) {
      candidate.verdict = DeviceVerdict::rejected;
      candidate.reason = what;
    } else if (candidate.device == device && candidate.engine == plan.engine) {
      candidate.verdict = DeviceVerdict::chosen;
      candidate.reason.clear();
    }
  }
  plan.chosen = device;
  return {};
}

ByteCount growth(ByteCount before, ByteCount after) {
  return ByteCount(after.count() - std::min(before.count(), after.count()));
}

}  // namespace

Result<void> check(const LoadSpec& spec) {
  std::string missing;
  if (spec.key.empty()) missing = "key";
  if (spec.engine == nullptr) missing = "engine";
  if (!spec.plan.chosen) missing = "device";
  if (missing.empty()) return {};
  return Error(ErrorCode::invalid_argument, Subject::other,
               "the load of '" + spec.model + "' has no " + missing);
}

Result<std::unique_ptr<LoadedModel>> load(const LoadSpec& spec, std::uint64_t generation,
                                          const ThreadBudget& budget, const base::Clock& clock) {
  const engine::EngineInfo& engine = spec.engine->info();
  engine::LoadRequest request = spec.request;
  request.device = *spec.plan.chosen;
  request.threads = budget.grant(request.threads);
  request.allow_fallback = spec.plan.fallback != DeviceFallback::never;

  LoadedInfo info;
  info.key = spec.key;
  info.model = spec.model;
  info.engine = engine.name;
  info.engine_version = engine.version;
  info.plan = spec.plan;
  info.generation = generation;

  std::shared_ptr<const void> files;
  if (spec.hold_files) {
    Result<std::shared_ptr<const void>> held = spec.hold_files();
    if (!held) return std::move(held).error();
    files = *std::move(held);
  }
  std::shared_ptr<const void> prepared;
  if (spec.prepare) {
    Result<std::shared_ptr<const void>> done = spec.prepare(request);
    if (!done) return std::move(done).error();
    prepared = *std::move(done);
  }
  info.estimate = spec.engine->estimate(request);
  const ByteCount before = resident_memory();
  const auto begin = std::chrono::steady_clock::now();
  Result<std::unique_ptr<engine::Session>> session = spec.engine->load(request);
  info.load_time = std::chrono::steady_clock::now() - begin;
  prepared.reset();
  if (!session)
    return std::move(session).error().with_context("load " + spec.model + " with " + engine.name);
  if (*session == nullptr) {
    return Error(ErrorCode::internal, Subject::engine,
                 engine.name + " loaded " + spec.model + " and returned nothing");
  }
  if (Result<void> accepted =
          accept_device(info.plan, spec.model, engine.name, (*session)->device());
      !accepted) {
    return std::move(accepted).error();
  }
  info.resident = growth(before, resident_memory());
  info.loaded_at = clock.system_now();
  return std::make_unique<LoadedModel>(std::move(info), *std::move(session), engine.concurrency,
                                       std::move(files));
}

}  // namespace modelhub::runtime
