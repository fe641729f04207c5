// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/hub_core.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <system_error>
#include <utility>

#include "base/executor.h"
#include "catalog/document_writer.h"
#include "hub/chain.h"
#include "hub/pull.h"
#include "hub/registration.h"
#include "hub/self_test.h"
#include "hub/tokens.h"
#include "hub/trial.h"
#include "hub/tuner.h"
#include "modelhub/closest_match.h"

namespace modelhub::hub {
namespace {

constexpr std::size_t k_parallel_pulls = 4;  // models; their files share transfer's limits anyway
constexpr std::size_t k_step_threads = 2;
// A picture that takes longer is not waited for unless somebody says so.
constexpr std::chrono::minutes k_fetch_deadline{2};

Result<std::string> default_home() {
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr || found->pw_dir == nullptr || *found->pw_dir == '\0') {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 "this user has no home directory to keep models in",
                 "say where with --home DIR, MODELHUB_HOME or HubOptions::home");
  }
  return std::string(found->pw_dir) + "/.omni_dev/models";
}

std::vector<catalog::Layer> layers_of(const HubOptions& options) {
  std::vector<catalog::Layer> layers = {catalog::Layer::built_in()};
  if (!options.system_catalog.empty())
    layers.push_back(catalog::Layer::of_directory(options.system_catalog));
  layers.push_back(catalog::Layer::of_directory(store::Layout(options.home).catalog()));
  for (const std::string& path : options.catalogs) layers.push_back(catalog::Layer::of_path(path));
  return layers;
}

transfer::TransferOptions transfer_options(const HubOptions& options) {
  transfer::TransferOptions transfer;
  transfer.mirrors = options.mirrors;
  transfer.network =
      options.network == Network::offline ? transfer::Network::off : transfer::Network::allowed;
  transfer.ca_file = options.ca_file;
  for (const HostToken& token : options.tokens)
    transfer.tokens.push_back({token.origin, token.token});
  transfer.limit_rate = options.limit_rate;
  transfer.connections_per_file = options.connections;
  transfer.deadline = options.download_deadline;
  transfer.log = options.log;
  return transfer;
}

// What models may take on a device when nobody says; 0 when its size is not known.
ByteCount usual_memory_budget(const Device& device) {
  const std::uint64_t total = device.memory_total.count();
  return ByteCount(device.kind == DeviceKind::cpu ? total / 5 * 4 : total / 10 * 9);
}

Error no_such_engine(const std::string& engine, const Capabilities& all) {
  std::vector<std::string> names;
  for (const Capabilities::Engine& able : all.engines) names.push_back(able.name);
  const std::optional<std::string> meant = closest_match(engine, names);
  return {ErrorCode::unsupported, Subject::engine,
          "the engine '" + engine + "' cannot be used here" +
              (meant ? "; did you mean '" + *meant + "'?" : ""),
          "modelhub doctor lists the engines and what is wrong with them"};
}

}  // namespace

Error offline_error(const Resolved& resolved) {
  return {ErrorCode::offline, Subject::model,
          resolved.to_string() + " is not installed, and fetching is switched off",
          "modelhub pull " + resolved.to_string() + " without --offline and MODELHUB_OFFLINE"};
}

std::string stage_context(const Resolved& resolved, const Stage& stage) {
  return "the " + stage.role + " of " + resolved.to_string();
}

Result<std::shared_ptr<HubCore>> HubCore::open(HubOptions options) {
  if (options.home.empty()) {
    Result<std::string> home = default_home();
    if (!home) return std::move(home).error();
    options.home = *std::move(home);
  }
  // The store first: a home that cannot be read is its error, not that of the documents in it.
  store::StoreOptions store_options;
  store_options.home = options.home;
  store_options.log = options.log;
  Result<std::unique_ptr<store::Store>> store = store::Store::open(std::move(store_options));
  if (!store) return std::move(store).error();
  Result<std::vector<HostToken>> tokens = collect_tokens(base::FileSystem::real(), options);
  if (!tokens) return std::move(tokens).error();
  options.tokens = *std::move(tokens);
  Result<catalog::Catalog> catalog =
      catalog::Catalog::load(base::FileSystem::real(), layers_of(options));
  if (!catalog) return std::move(catalog).error();
  try {
    return std::shared_ptr<HubCore>(
        new HubCore(std::move(options), *std::move(catalog), *std::move(store)));
  } catch (const std::system_error& error) {
    return base::no_thread(error);
  }
}

HubCore::HubCore(HubOptions options, catalog::Catalog catalog, std::unique_ptr<store::Store> store)
    : options_(std::move(options)),
      catalog_(std::make_shared<const catalog::Catalog>(std::move(catalog))),
      store_(std::move(store)),
      documents_(base::FileSystem::real(), store_->layout().catalog()),
      fork_generation_(base::fork_generation()),
      engines_(options_, [this]() -> const device::Inventory& { return inventory(); }),
      callbacks_(
          std::make_shared<base::Executor>("mh-callbacks", 1, base::Executor::Role::callbacks)),
      steps_(std::make_shared<base::Executor>("mh-steps", k_step_threads,
                                              base::Executor::Role::workers)),
      pulls_(std::make_shared<base::Executor>("mh-pulls", k_parallel_pulls,
                                              base::Executor::Role::workers)),
      transfer_(std::make_unique<transfer::Transfer>(transfer_options(options_), steps_)),
      runtime_(std::make_unique<runtime::Runtime>(runtime_options(), steps_)),
      parallel_(std::make_shared<base::ParallelFor>(threads())),
      flights_(steps_) {}

HubCore::~HubCore() {
  closing_.request_stop();  // pulls that run end soon
  if (tests_) tests_->stop();
  pulls_->stop();
  steps_->stop();
  runtime_.reset();
  transfer_.reset();
  callbacks_->stop();
}

runtime::RuntimeOptions HubCore::runtime_options() {
  runtime::RuntimeOptions runtime;
  runtime.threads = options_.threads;
  runtime.keep_alive = options_.keep_alive;
  runtime.memory_budget = [this](const std::string& id) {
    for (const Device& device : inventory().devices) {
      if (device.id != id) continue;
      const bool is_named = device.kind == DeviceKind::cpu && options_.memory_budget != ByteCount();
      return is_named ? options_.memory_budget : usual_memory_budget(device);
    }
    return ByteCount();
  };
  return runtime;
}

const device::Inventory& HubCore::inventory() {
  std::call_once(inventory_probed_, [this] { inventory_ = device::probe(); });
  return inventory_;
}

device::Inventory HubCore::inventory_now(OpenCl opencl) {
  const device::Inventory& first = inventory();
  const bool has_gpu = std::any_of(first.devices.begin(), first.devices.end(),
                                   [](const Device& d) { return d.kind != DeviceKind::cpu; });
  device::ProbeOptions options;
  if (opencl == OpenCl::yes) {
    options.opencl = device::k_opencl_library;
  } else if (!has_gpu) {
    return first;
  }
  return device::probe(options);
}

// A plain name means what the user chose for it, if anything.
Result<Reference> HubCore::parse_reference(const std::string& text) const {
  if (means_file(text, *catalog())) {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 text + " is a file, not a model of the catalog",
                 "modelhub register " + text + " makes a model of it; modelhub run " + text +
                     " PICTURE uses it where it lies");
  }
  Result<Reference> reference = Reference::parse(text);
  if (!reference || reference->version) return reference;
  Result<std::shared_ptr<const ModelEntry>> entry = catalog()->find(reference->name);
  if (!entry) return reference;  // whoever resolves it says so
  Result<std::optional<store::DefaultVersion>> chosen = store_->default_of((*entry)->name);
  if (!chosen) return std::move(chosen).error();
  if (!*chosen) return reference;
  reference->version = (*chosen)->version;
  if (!reference->variant && !(*chosen)->variant.empty()) reference->variant = (*chosen)->variant;
  return reference;
}

Result<catalog::ResolveOptions> HubCore::abilities(const ModelEntry& entry,
                                                   const std::string& engine) {
  catalog::ResolveOptions options;
  EngineNames names = engines_of(entry);
  if (!names.empty() && !engine.empty()) names.push_back(engine);
  options.capabilities = engines_.capabilities(names);
  options.engine = engine;
  const std::vector<Capabilities::Engine>& all = options.capabilities.engines;
  const bool is_here =
      std::any_of(all.begin(), all.end(), [&](const auto& able) { return able.name == engine; });
  if (!engine.empty() && !is_here) return no_such_engine(engine, engines_.capabilities());
  return options;
}

bool HubCore::is_choice(const Reference& reference) const {
  if (reference.variant) return false;
  catalog::ResolveOptions any;
  any.purpose = catalog::Purpose::pull;
  const Result<Resolved> resolved = catalog()->resolve(reference, any);
  return resolved && resolved->version->variants.size() > 1;
}

Result<Resolved> HubCore::resolve(const std::string& reference, catalog::Purpose purpose,
                                  const std::string& engine) {
  Result<Reference> parsed = parse_reference(reference);
  if (!parsed) return std::move(parsed).error();
  catalog::ResolveOptions options;
  const std::shared_ptr<const catalog::Catalog> known = catalog();
  // To ask the engines opens their libraries, which takes longer than many a pull.
  if (purpose == catalog::Purpose::run || is_choice(*parsed)) {
    const Result<std::shared_ptr<const ModelEntry>> entry = known->find(parsed->name);
    if (!entry) return entry.error();
    Result<catalog::ResolveOptions> able = abilities(**entry, engine);
    if (!able) return std::move(able).error();
    options = *std::move(able);
  }
  options.purpose = purpose;
  if (options_.licenses.empty()) return known->resolve(*parsed, options);
  if (Result<Resolved> any = known->resolve(*parsed, options)) {
    Result<std::optional<InstalledModel>> installed = find_installed(*any);
    if (installed && *installed) return any;
  }
  options.licenses.allowed = options_.licenses;
  return known->resolve(*parsed, options);
}

Result<std::optional<InstalledModel>> HubCore::find_installed(const Resolved& resolved) const {
  const store::ModelRecord record = record_of(resolved);
  Result<std::optional<InstalledModel>> installed = store_->find(record.id);
  if (installed && *installed && (*installed)->key != record.key())
    return std::optional<InstalledModel>();
  return installed;
}

std::vector<LoadedModelStatus> HubCore::loaded() const {
  std::vector<LoadedModelStatus> all;
  const auto now = std::chrono::steady_clock::now();
  for (const runtime::SlotStatus& slot : runtime_->status()) {
    if (!slot.info) continue;
    LoadedModelStatus status;
    status.model = slot.model;
    status.engine = slot.info->engine + " " + slot.info->engine_version;
    status.device = slot.info->plan.chosen.value_or("");
    status.memory = slot.memory;
    status.leases = slot.leases;
    status.loads = slot.loads;
    status.loaded_at = slot.info->loaded_at;
    status.unused_for = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::max(std::chrono::steady_clock::duration::zero(), now - slot.last_used));
    all.push_back(std::move(status));
  }
  return all;
}

Result<runtime::Unloaded> HubCore::unload(const std::string& key) {
  // Who has just been given an answer may be ahead of the thread that gave it, which holds its
  // lease a moment longer. A lease that is really held outlasts this.
  constexpr auto k_patience = std::chrono::milliseconds(250);
  constexpr auto k_pause = std::chrono::milliseconds(1);
  const auto deadline = std::chrono::steady_clock::now() + k_patience;
  while (true) {
    Result<runtime::Unloaded> unloaded = runtime_->unload(key, runtime::UnloadPolicy::refuse).get();
    if (unloaded) return unloaded;
    const bool is_busy = unloaded.error().code == ErrorCode::busy;
    if (!is_busy || std::chrono::steady_clock::now() > deadline) return unloaded;
    std::this_thread::sleep_for(k_pause);
  }
}

Result<void> HubCore::unload_all_of(const InstalledModel& model) {
  const std::string prefix = model.key.hex() + "/";
  for (const runtime::SlotStatus& slot : runtime_->status()) {
    if (slot.key.compare(0, prefix.size(), prefix) != 0) continue;
    if (Result<runtime::Unloaded> unloaded = unload(slot.key); !unloaded)
      return std::move(unloaded).error();
  }
  return {};
}

Job<InstalledModel> HubCore::pull(const std::string& reference) {
  Promise<InstalledModel> promise(callbacks_);
  if (refuse_in_fork(promise)) return promise.job();
  steps_->post([this, promise, reference] {
    Result<Resolved> resolved = resolve(reference, catalog::Purpose::pull);
    if (!resolved) {
      promise.complete(std::move(resolved).error());
      return;
    }
    // Its stages first: a model that is installed can be run.
    std::vector<Resolved> models;
    for (const Stage& stage : resolved->variant->stages) {
      Result<Resolved> part = resolve(stage.reference.to_string(), catalog::Purpose::pull);
      if (!part) {
        promise.complete(std::move(part).error().with_context(stage_context(*resolved, stage)));
        return;
      }
      models.push_back(*std::move(part));
    }
    models.push_back(*std::move(resolved));
    pull_in_order(promise, std::make_shared<const std::vector<Resolved>>(std::move(models)), 0);
  });
  return promise.job();
}

void HubCore::pull_in_order(const Promise<InstalledModel>& promise,
                            const std::shared_ptr<const std::vector<Resolved>>& models,
                            std::size_t next) {
  const auto go_on = [this, promise, models, next](Result<InstalledModel> pulled) {
    if (!pulled || next + 1 == models->size()) {
      promise.complete(std::move(pulled));
    } else {
      pull_in_order(promise, models, next + 1);
    }
  };
  const Resolved& resolved = (*models)[next];
  Result<std::optional<InstalledModel>> installed = find_installed(resolved);
  if (!installed) return go_on(std::move(installed).error());
  if (*installed) return go_on(**std::move(installed));
  if (options_.network == Network::offline) return go_on(offline_error(resolved));
  chain(join_pull(resolved), promise, go_on);
}

Job<InstalledModel> HubCore::join_pull(const Resolved& resolved) {
  return flights_.join(resolved.to_string(), [this, &resolved](const PullFlights::Lead& lead) {
    pulls_->post([this, resolved, lead] { run_pull(resolved, lead); });
  });
}

void HubCore::run_pull(const Resolved& resolved, const PullFlights::Lead& lead) {
  std::stop_source stop;
  const std::function<void()> request_stop = [&stop] { stop.request_stop(); };
  const std::stop_callback on_leave(lead.stop_token(), request_stop);
  const std::stop_callback on_closing(closing_.get_token(), request_stop);
  // Another process, or a flight that ended a moment ago, may have done it.
  Result<std::optional<InstalledModel>> installed = find_installed(resolved);
  if (installed && *installed) {
    lead.complete(**std::move(installed));
    return;
  }
  lead.complete(pull_model(resolved, intake_tools(), stop.get_token(),
                           [&lead](const Progress& progress) { lead.report(progress); }));
}

Job<RegisterReport> HubCore::register_model(const std::string& source,
                                            const RegisterOptions& options) {
  Promise<RegisterReport> promise(callbacks_);
  if (refuse_in_fork(promise)) return promise.job();
  if (is_remote(source) && options_.network == Network::offline) {
    promise.complete(Error(ErrorCode::offline, Subject::model,
                           "a URL is fetched to register it, and fetching is switched off",
                           "name a file, or leave --offline and MODELHUB_OFFLINE out"));
    return promise.job();
  }
  pulls_->post([this, promise, source, options] {
    std::stop_source stop;
    const std::function<void()> request_stop = [&stop] { stop.request_stop(); };
    const std::stop_callback on_leave(promise.stop_token(), request_stop);
    const std::stop_callback on_closing(closing_.get_token(), request_stop);
    const RegistrationTools tools{
        {*store_, *transfer_, options_.log, "registering it again"},
        base::FileSystem::real(),
        digests_,
        documents_,
        [this](std::vector<catalog::Layer> more) { return load_catalog(std::move(more)); }};
    Result<RegisterReport> report =
        hub::register_model(source, options, tools, stop.get_token(),
                            [&promise](const Progress& progress) { promise.report(progress); });
    if (report) {
      if (Result<void> loaded = reload_catalog(); !loaded) report = std::move(loaded).error();
    }
    promise.complete(std::move(report));
  });
  return promise.job();
}

Job<std::vector<std::byte>> HubCore::fetch(const std::string& url, const FetchOptions& options) {
  Promise<std::vector<std::byte>> promise(callbacks_);
  if (refuse_in_fork(promise)) return promise.job();
  transfer::ReadLimits limits{options.max_bytes, options.deadline};
  if (limits.deadline.count() == 0) limits.deadline = options_.download_deadline;
  if (limits.deadline.count() == 0) limits.deadline = k_fetch_deadline;
  pulls_->post([this, promise, url, limits] {
    std::stop_source stop;
    const std::function<void()> request_stop = [&stop] { stop.request_stop(); };
    const std::stop_callback on_leave(promise.stop_token(), request_stop);
    const std::stop_callback on_closing(closing_.get_token(), request_stop);
    Result<std::vector<std::byte>> bytes = transfer_->read(
        url, limits, [&promise](Progress progress) { promise.report(std::move(progress)); },
        stop.get_token());
    // It is the user who named it; the network has done its part.
    if (!bytes && bytes.error().code == ErrorCode::not_found) {
      Error error = std::move(bytes).error();
      error.subject = Subject::remote_input;
      bytes = std::move(error);
    }
    promise.complete(std::move(bytes));
  });
  return promise.job();
}

std::shared_ptr<const catalog::Catalog> HubCore::catalog() const {
  std::lock_guard lock(catalog_mutex_);
  return catalog_;
}

Result<catalog::Catalog> HubCore::load_catalog(std::vector<catalog::Layer> more) const {
  std::vector<catalog::Layer> layers = layers_of(options_);
  layers.insert(layers.end(), more.begin(), more.end());
  return catalog::Catalog::load(base::FileSystem::real(), layers);
}

Result<void> HubCore::reload_catalog() {
  Result<catalog::Catalog> loaded = load_catalog({});
  if (!loaded) return std::move(loaded).error();
  auto fresh = std::make_shared<const catalog::Catalog>(*std::move(loaded));
  std::lock_guard lock(catalog_mutex_);
  catalog_.swap(fresh);
  return {};
}

// A catalog of one model, so that engines are chosen and refused as for any other.
Result<HubCore::OwnResolved> HubCore::resolve_file(const std::string& path,
                                                   const LoadOptions& options,
                                                   const std::stop_token& stop) {
  Result<OwnModel> own =
      look_at({path, path, options.file}, base::FileSystem::real(), digests_, stop);
  if (!own) return std::move(own).error();
  const std::string name = name_from_file(path);
  const ModelEntry entry = entry_of(*own, {name.empty() ? "model" : name,
                                           own->files.front().sha256.short_hex(),
                                           {},
                                           path.substr(path.rfind('/') + 1)});
  Result<std::string> document = catalog::write_document(entry, path);
  if (!document) return std::move(document).error();
  Result<catalog::Catalog> alone =
      catalog::Catalog::load(base::FileSystem::real(), {catalog::Layer::of_text(path, *document)});
  if (!alone) return std::move(alone).error();
  Result<catalog::ResolveOptions> able = abilities(entry, options.engine);
  if (!able) return std::move(able).error();
  Result<Resolved> resolved = alone->resolve(Reference{entry.name, {}, {}}, *able);
  if (!resolved) return std::move(resolved).error();
  return OwnResolved{*std::move(resolved), std::make_shared<const OwnModel>(*std::move(own))};
}

Job<std::vector<RepairReport>> HubCore::repair(std::vector<InstalledModel> models) {
  Promise<std::vector<RepairReport>> promise(callbacks_);
  if (refuse_in_fork(promise)) return promise.job();
  if (options_.network == Network::offline) {
    promise.complete(Error(ErrorCode::offline, Subject::model,
                           "a repair fetches what is damaged, and fetching is switched off",
                           "modelhub verify --full only looks"));
    return promise.job();
  }
  pulls_->post([this, promise, models = std::move(models)] {
    std::stop_source stop;
    const std::function<void()> request_stop = [&stop] { stop.request_stop(); };
    const std::stop_callback on_leave(promise.stop_token(), request_stop);
    const std::stop_callback on_closing(closing_.get_token(), request_stop);
    std::vector<RepairReport> reports;
    for (const InstalledModel& model : models) {
      Result<RepairReport> report =
          repair_model(model, *catalog(), intake_tools(), stop.get_token(),
                       [&promise](const Progress& progress) { promise.report(progress); });
      if (!report) {
        promise.complete(std::move(report).error());
        return;
      }
      reports.push_back(*std::move(report));
    }
    promise.complete(std::move(reports));
  });
  return promise.job();
}

template <class T>
Job<T> HubCore::run_trial(const std::weak_ptr<HubCore>& self,
                          std::function<Result<T>(const Trial& trial)> run) {
  Promise<T> promise(callbacks_);
  if (refuse_in_fork(promise)) return promise.job();
  try {
    std::lock_guard lock(tests_mutex_);
    if (!tests_) {
      tests_ = std::make_unique<base::Executor>("mh-tests", 1, base::Executor::Role::workers);
    }
    tests_->post([this, self, promise, run = std::move(run)] {
      std::stop_source stop;
      const std::function<void()> request_stop = [&stop] { stop.request_stop(); };
      const std::stop_callback on_leave(promise.stop_token(), request_stop);
      const std::stop_callback on_closing(closing_.get_token(), request_stop);
      const Trial trial(*this, self, stop.get_token(),
                        [promise](Progress progress) { promise.report(std::move(progress)); });
      promise.complete(run(trial));
    });
  } catch (const std::system_error& error) {
    promise.complete(base::no_thread(error));
  }
  return promise.job();
}

Job<std::vector<SelfTestResult>> HubCore::self_test(const std::weak_ptr<HubCore>& self,
                                                    std::vector<std::string> references) {
  return run_trial<std::vector<SelfTestResult>>(
      self, [references = std::move(references)](const Trial& trial) {
        return SelfTest(trial).run(references);
      });
}

Job<TuneReport> HubCore::tune(const std::weak_ptr<HubCore>& self, const std::string& reference,
                              const TuneOptions& options) {
  return run_trial<TuneReport>(self, [reference, options](const Trial& trial) {
    return Tuner(trial, options).run(reference);
  });
}

}  // namespace modelhub::hub
