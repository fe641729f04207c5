// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/fork_generation.h"
#include "base/parallel_for.h"
#include "base/single_flight.h"
#include "catalog/catalog.h"
#include "device/probe.h"
#include "hub/engine_host.h"
#include "hub/intake.h"
#include "hub/own_model.h"
#include "hub/registered_documents.h"
#include "hub/tuned_choice.h"
#include "modelhub/hub.h"
#include "runtime/runtime.h"
#include "store/store.h"
#include "transfer/transfer.h"

namespace modelhub::hub {

class Trial;

// "for its detector, of sface@2021dec:onnx-fp32": what was going on when a stage failed.
std::string stage_context(const Resolved& resolved, const Stage& stage);
// It is not installed, and nothing may be fetched.
Error offline_error(const Resolved& resolved);

// What is behind a Hub: the modules, and the threads that carry a value from one to the next.
//
// Threads:       `pulls_` blocks on fetches (that many models are pulled at a time); `steps_` runs
//                the short steps between the modules and never blocks; `callbacks_` belongs to the
//                user's code; `tests_` runs one self-test at a time, on top of all that. The
//                modules have their own.
// Ownership:     tasks on these threads use the core by plain pointer: the destructor stops them in
//                an order in which nobody posts to what is gone, and joins. Model handles hold it
//                weakly.
// Thread safety: all methods from any thread.
class HubCore {
 public:
  static Result<std::shared_ptr<HubCore>> open(HubOptions options);
  ~HubCore();
  HubCore(const HubCore&) = delete;
  HubCore& operator=(const HubCore&) = delete;

  const HubOptions& options() const { return options_; }
  // As it is now: registering makes another.
  std::shared_ptr<const catalog::Catalog> catalog() const;
  store::Store& store() { return *store_; }
  EngineHost& engines() { return engines_; }
  // Where the user's own code is called.
  const std::shared_ptr<base::Executor>& callbacks() const { return callbacks_; }
  const std::shared_ptr<base::Executor>& steps() const { return steps_; }
  runtime::Runtime& runtime() { return *runtime_; }
  std::vector<LoadedModelStatus> loaded() const;
  // Frees one slot of the runtime. Blocks. Errors: busy when it is in use.
  Result<runtime::Unloaded> unload(const std::string& key);
  // Frees what is loaded of a model, on any device. Errors: busy when it is in use.
  Result<void> unload_all_of(const InstalledModel& model);
  // Looked up once, without OpenCL; constant afterwards.
  const device::Inventory& inventory();
  // As it is now: of a GPU others take and give back memory. Where neither OpenCL is asked for nor
  // a GPU was found it is the inventory above.
  enum class OpenCl { no, yes };
  device::Inventory inventory_now(OpenCl opencl);

  // With the version that a plain name stands for, where the user chose one. Errors:
  // invalid_argument, io_error.
  Result<Reference> parse_reference(const std::string& text) const;
  // A model that is installed is resolved whatever its licence: the allow-list is about pulling.
  // With an `engine` only what that one can run is usable. Errors: unsupported when it is not here.
  Result<Resolved> resolve(const std::string& reference, catalog::Purpose purpose,
                           const std::string& engine = {});
  // As a load would: a name without a variant means the one that tuning chose, while that is
  // installed and the options leave the choice.
  Result<Resolved> resolve_for_load(const std::string& reference, const LoadOptions& options);
  // On which device, with which engine.
  Result<DevicePlan> plan(const Resolved& resolved, const LoadOptions& options);
  // To resolve a model for a run here: with any engine, or only with the one of that name. Engines
  // that it cannot use are not opened. Errors: unsupported when the named one is not here.
  Result<catalog::ResolveOptions> abilities(const ModelEntry& entry, const std::string& engine);
  // Whether there are several variants of which the best here is meant.
  bool is_choice(const Reference& reference) const;
  // Nothing when it is not installed, or as other files than the catalog names now.
  Result<std::optional<InstalledModel>> find_installed(const Resolved& resolved) const;

  Job<InstalledModel> pull(const std::string& reference);
  Job<std::vector<RepairReport>> repair(std::vector<InstalledModel> models);
  Job<RegisterReport> register_model(const std::string& source, const RegisterOptions& options);
  Job<std::vector<std::byte>> fetch(const std::string& url, const FetchOptions& options);
  const RegisteredDocuments& documents() const { return documents_; }
  // Reads the documents anew. Errors: those of Catalog::load().
  Result<void> reload_catalog();

  // A user's own file as a model that is not in the catalog. Reads and hashes it. Blocks.
  struct OwnResolved {
    Resolved resolved;
    std::shared_ptr<const OwnModel> model;
  };
  Result<OwnResolved> resolve_file(const std::string& path, const LoadOptions& options,
                                   const std::stop_token& stop);
  // `self` is what the Model will point to; what is chained to the job runs on `executor`.
  Job<Model> ensure_ready(const std::weak_ptr<HubCore>& self,
                          const std::shared_ptr<base::Executor>& executor,
                          const std::string& reference, const LoadOptions& options);
  Job<std::vector<SelfTestResult>> self_test(const std::weak_ptr<HubCore>& self,
                                             std::vector<std::string> references);
  Job<TuneReport> tune(const std::weak_ptr<HubCore>& self, const std::string& reference,
                       const TuneOptions& options);
  // Of one run, at most.
  int threads() const { return runtime_->thread_budget().total(); }
  // `chosen` is the variant with the best way; with TunedScope::name `fallback` is what the name
  // means otherwise. Errors: as those of keep_tuned() of tuned_choice.h. REQUIRES: something was
  // chosen.
  Result<void> keep_tuned(const ModelEntry& entry, TunedScope scope, const Digest& fallback,
                          const Digest& chosen, const TuneReport& report);
  IntakeTools intake_tools() { return {*store_, *transfer_, options_.log}; }

 private:
  struct ReadyFlow;
  using PullFlights = base::SingleFlight<std::string, InstalledModel>;

  HubCore(HubOptions options, catalog::Catalog catalog, std::unique_ptr<store::Store> store);

  Result<catalog::Catalog> load_catalog(std::vector<catalog::Layer> more) const;

  // Answers for a hub that was copied into a child process, where it has no threads.
  template <class T>
  bool refuse_in_fork(const Promise<T>& promise) const;

  // Joins the pull of this model, or starts it; what is chained to the job runs on steps_.
  Job<InstalledModel> join_pull(const Resolved& resolved);
  // Pulls the models from `next` on, one after the other; the last one is the answer.
  void pull_in_order(const Promise<InstalledModel>& promise,
                     const std::shared_ptr<const std::vector<Resolved>>& models, std::size_t next);
  void run_pull(const Resolved& resolved, const PullFlights::Lead& lead);

  // The steps of ensure_ready.
  void begin(const std::shared_ptr<ReadyFlow>& flow);
  void begin_file(const std::shared_ptr<ReadyFlow>& flow);
  // What cannot be run is told before anything is fetched for it. False: the flow has failed.
  bool take_recipe(const std::shared_ptr<ReadyFlow>& flow);
  void find_detector(const std::shared_ptr<ReadyFlow>& flow);
  void install(const std::shared_ptr<ReadyFlow>& flow);
  void load(const std::shared_ptr<ReadyFlow>& flow, const InstalledModel& installed);
  Result<runtime::LoadSpec> load_spec(const ReadyFlow& flow, const InstalledModel& installed);
  // The same anew, each time that a handle needs the model again: what was full may be empty now.
  // Empty where there is nothing to choose from.
  std::function<Result<runtime::LoadSpec>()> plan_again(const ReadyFlow& flow,
                                                        const InstalledModel& installed,
                                                        const DevicePlan& plan);
  // Memory of a GPU that models of this hub hold and would give back counts as free.
  void add_own_memory(device::Inventory& inventory, const Resolved& resolved,
                      ByteCount needed) const;
  // Where what tuning found for this model is kept.
  std::string tuned_folder(const ModelEntry& entry, TunedScope scope, const Digest& model);
  // What tuning found, unless the options leave no choice.
  std::optional<TunedChoice> find_tuned(const ReadyFlow& flow, const Digest& model);
  // Runs a self-test or a tuning, one at a time: `run` blocks.
  template <class T>
  Job<T> run_trial(const std::weak_ptr<HubCore>& self,
                   std::function<Result<T>(const Trial& trial)> run);
  // Lets the engine of a load find what lies in an archive, and keep what it compiles.
  void add_derived_files(runtime::LoadSpec& spec, const ReadyFlow& flow,
                         const InstalledModel& installed);
  Result<std::vector<engine::EngineFile>> engine_files(const InstalledModel& installed);
  runtime::RuntimeOptions runtime_options();

  const HubOptions options_;
  mutable std::mutex catalog_mutex_;
  std::shared_ptr<const catalog::Catalog> catalog_;  // guarded by catalog_mutex_
  const std::unique_ptr<store::Store> store_;
  const RegisteredDocuments documents_;
  FileDigests digests_;
  const std::uint64_t fork_generation_;
  EngineHost engines_;
  std::once_flag inventory_probed_;
  device::Inventory inventory_;  // constant after inventory_probed_
  std::stop_source closing_;
  const std::shared_ptr<base::Executor> callbacks_;
  const std::shared_ptr<base::Executor> steps_;
  const std::shared_ptr<base::Executor> pulls_;
  std::mutex tests_mutex_;
  std::unique_ptr<base::Executor> tests_;  // guarded by tests_mutex_; since the first trial
  std::unique_ptr<transfer::Transfer> transfer_;
  std::unique_ptr<runtime::Runtime> runtime_;
  const std::shared_ptr<base::ParallelFor> parallel_;  // with large pictures
  PullFlights flights_;
};

template <class T>
bool HubCore::refuse_in_fork(const Promise<T>& promise) const {
  if (fork_generation_ == base::fork_generation()) return false;
  promise.complete(Error(ErrorCode::unsupported, Subject::other,
                         "this hub belongs to the process that forked",
                         "open a new Hub in the child process"));
  return true;
}

}  // namespace modelhub::hub
