// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// HubCore's way from a name, or a file of the user's, to a model that is loaded.
#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "device/plan.h"
#include "hub/chain.h"
#include "hub/compile_cache.h"
#include "hub/held_file.h"
#include "hub/hub_core.h"
#include "hub/model_core.h"
#include "hub/pull.h"
#include "hub/recipe.h"

namespace modelhub::hub {
namespace {

// The peak of a load, for each byte of the model's files; what engines estimate too.
constexpr std::uint64_t k_peak_per_byte = 2;
constexpr int k_attempts = 3;  // to load a model that others remove while it is being loaded

// Whether what tuning found may decide.
bool leaves_choice(const LoadOptions& options) {
  return options.device == "auto" && options.engine.empty() && options.threads == 0;
}

// A user's own file in the words of what lies in the store.
InstalledModel installed_of(const Resolved& resolved, const OwnModel& own) {
  const store::ModelRecord record = record_of(resolved);
  InstalledModel model{record.id.name,
                       record.id.version,
                       record.id.variant,
                       record.task,
                       record.license,
                       record.format,
                       record.key(),
                       {},
                       own.bytes(),
                       {},
                       {},
                       {}};
  for (const OwnFile& file : own.files)
    model.files.push_back({file.path, file.role, file.stat.size, file.sha256, file.location});
  model.installed_at = model.last_used = std::chrono::system_clock::now();
  return model;
}

std::vector<engine::EngineFile> files_where_they_lie(const OwnModel& own) {
  std::vector<engine::EngineFile> files;
  for (const OwnFile& file : own.files)
    files.push_back({file.role, file.path.string(), file.location});
  return files;
}

// What was looked at and what is loaded must be the same: the user may write to his file.
Result<std::shared_ptr<const void>> check_unchanged(const OwnModel& own) {
  for (const OwnFile& file : own.files) {
    const Result<base::FileStat> now = base::FileSystem::real().stat(file.location);
    if (now && is_same_file(*now, file.stat)) continue;
    return Error(ErrorCode::checksum_mismatch, Subject::model,
                 file.location + " is not the file any more that it was when it was opened",
                 "open it anew by its path");
  }
  return std::shared_ptr<const void>();
}

Error not_a_file(const std::string& reference) {
  return {ErrorCode::invalid_argument, Subject::usage,
          "how " + reference + " is fed and read stands in the catalog",
          "--recipe, --size, --labels, --color, --scale, --mean and --std are for a file of your "
          "own, named by its path"};
}

// The model that a recipe of aligned faces needs besides its own.
const Stage* find_detector_stage(const Variant& variant) {
  for (const Stage& stage : variant.stages) {
    if (stage.role == "detector") return &stage;
  }
  return nullptr;
}

}  // namespace

// One ensure_ready() on its way.
struct HubCore::ReadyFlow {
  Promise<Model> promise;
  std::weak_ptr<HubCore> hub;
  std::string reference;
  LoadOptions options;
  std::shared_ptr<const OwnModel> own;   // of a file of the user's, after begin_file()
  std::optional<Resolved> resolved;      // after begin()
  std::optional<vision::Recipe> recipe;  // after begin()
  std::vector<std::string> labels;       // after begin()
  std::optional<Model> detector;         // after find_detector()
  bool is_stage = false;                 // of another flow, which waits for it
  int attempts = 1;

  ReadyFlow(Promise<Model> p, std::weak_ptr<HubCore> h, std::string r, LoadOptions o)
      : promise(std::move(p)), hub(std::move(h)), reference(std::move(r)), options(std::move(o)) {}

  void fail(Error error) const { promise.complete(std::move(error)); }
};

Job<Model> HubCore::ensure_ready(const std::weak_ptr<HubCore>& self,
                                 const std::shared_ptr<base::Executor>& executor,
                                 const std::string& reference, const LoadOptions& options) {
  const auto flow = std::make_shared<ReadyFlow>(Promise<Model>(executor), self, reference, options);
  if (refuse_in_fork(flow->promise)) return flow->promise.job();
  if (Result<DeviceRequest> request = DeviceRequest::parse(options.device); !request) {
    flow->fail(std::move(request).error());
    return flow->promise.job();
  }
  if (means_file(reference, *catalog())) {
    // To hash a file takes its time.
    pulls_->post([this, flow] { begin_file(flow); });
  } else {
    steps_->post([this, flow] { begin(flow); });
  }
  return flow->promise.job();
}

std::string HubCore::tuned_folder(const ModelEntry& entry, TunedScope scope, const Digest& model) {
  return tuned_folder_name(scope, model, engines_.offers(engines_of(entry)), inventory().devices,
                           threads());
}

Result<void> HubCore::keep_tuned(const ModelEntry& entry, TunedScope scope, const Digest& fallback,
                                 const Digest& chosen, const TuneReport& report) {
  const TunedChoice choice =
      choice_of(report, chosen, base::to_rfc3339(std::chrono::system_clock::now()));
  if (Result<void> kept = hub::keep_tuned(*store_, tuned_folder(entry, TunedScope::variant, chosen),
                                          within_variant(choice));
      !kept) {
    return kept;
  }
  if (scope == TunedScope::variant) return {};
  return hub::keep_tuned(*store_, tuned_folder(entry, TunedScope::name, fallback), choice);
}

std::optional<TunedChoice> HubCore::find_tuned(const ReadyFlow& flow, const Digest& model) {
  const LoadOptions& options = flow.options;
  if (flow.own || !leaves_choice(options)) return std::nullopt;
  std::optional<TunedChoice> found =
      hub::find_tuned(*store_, tuned_folder(*flow.resolved->entry, TunedScope::variant, model));
  if (found && options.precision && *options.precision != found->precision) return std::nullopt;
  return found;
}

Result<Resolved> HubCore::resolve_for_load(const std::string& reference,
                                           const LoadOptions& options) {
  Result<Resolved> resolved = resolve(reference, catalog::Purpose::run, options.engine);
  if (!resolved || !leaves_choice(options)) return resolved;
  const Result<Reference> parsed = parse_reference(reference);
  if (!parsed || !is_choice(*parsed)) return resolved;
  const Digest fallback = record_of(*resolved).key();
  const std::optional<TunedChoice> tuned =
      hub::find_tuned(*store_, tuned_folder(*resolved->entry, TunedScope::name, fallback));
  if (!tuned) return resolved;
  Resolved wanted = *resolved;
  for (const VariantCandidate& candidate : resolved->candidates) {
    if (candidate.variant->id == tuned->variant && candidate.is_usable)
      wanted.variant = candidate.variant;
  }
  const bool is_other = wanted.variant != resolved->variant;
  if (record_of(wanted).key() != tuned->key ||
      !allows(options.precision, *tuned, is_other && has_reduced_precision(*wanted.variant))) {
    return resolved;
  }
  const Result<std::optional<InstalledModel>> installed = find_installed(wanted);
  if (is_other && !(installed && *installed)) return resolved;
  annotate(*tuned, wanted.candidates);
  return wanted;
}

Result<DevicePlan> HubCore::plan(const Resolved& resolved, const LoadOptions& options) {
  Result<DeviceRequest> request = DeviceRequest::parse(options.device);
  if (!request) return std::move(request).error();
  device::ModelNeeds needs{resolved.variant->devices, resolved.engines(), {}};
  for (const ModelFile& file : resolved.variant->files)
    needs.memory = needs.memory + ByteCount(k_peak_per_byte * file.bytes.count());
  const std::vector<device::EngineOffer> offers = engines_.offers(engines_of(*resolved.entry));
  device::Inventory inventory =
      inventory_now(device::wants_opencl(*request, offers) ? OpenCl::yes : OpenCl::no);
  add_own_memory(inventory, resolved, needs.memory);
  return device::plan(*request, inventory, offers, needs, options.fallback);
}

void HubCore::add_own_memory(device::Inventory& inventory, const Resolved& resolved,
                             ByteCount needed) const {
  if (inventory.devices.size() == 1) return;
  const std::string prefix = record_of(resolved).key().hex() + "/";
  for (const runtime::SlotStatus& slot : runtime_->status()) {
    const bool is_there = slot.state == runtime::SlotState::queued ||
                          slot.state == runtime::SlotState::loading ||
                          slot.state == runtime::SlotState::ready;
    for (Device& device : inventory.devices) {
      if (!is_there || device.id != slot.device || device.kind == DeviceKind::cpu) continue;
      // It lies there, or will: nobody loads it a second time elsewhere.
      if (slot.key.compare(0, prefix.size(), prefix) == 0)
        device.memory_free = std::max(device.memory_free, needed);
      if (slot.state == runtime::SlotState::ready && slot.leases == 0)
        device.memory_free = device.memory_free + slot.memory;
    }
  }
}

void HubCore::begin_file(const std::shared_ptr<ReadyFlow>& flow) {
  std::stop_source stop;
  const std::function<void()> request_stop = [&stop] { stop.request_stop(); };
  const std::stop_callback on_leave(flow->promise.stop_token(), request_stop);
  const std::stop_callback on_closing(closing_.get_token(), request_stop);
  Result<OwnResolved> own = resolve_file(flow->reference, flow->options, stop.get_token());
  if (!own) return flow->fail(std::move(own).error());
  flow->resolved = std::move(own->resolved);
  flow->own = std::move(own->model);
  if (take_recipe(flow)) load(flow, installed_of(*flow->resolved, *flow->own));
}

bool HubCore::take_recipe(const std::shared_ptr<ReadyFlow>& flow) {
  const Resolved& resolved = *flow->resolved;
  Result<vision::Recipe> recipe = to_executable(*resolved.variant->recipe);
  if (!recipe) {
    flow->fail(std::move(recipe).error().with_context("run " + resolved.to_string()));
    return false;
  }
  Result<std::vector<std::string>> labels = catalog::Catalog::labels_of(*resolved.variant->recipe);
  if (!labels) {
    flow->fail(std::move(labels).error());
    return false;
  }
  flow->recipe = *std::move(recipe);
  flow->labels = *std::move(labels);
  return true;
}

void HubCore::begin(const std::shared_ptr<ReadyFlow>& flow) {
  if (!flow->options.file.is_empty()) return flow->fail(not_a_file(flow->reference));
  Result<Resolved> resolved = resolve_for_load(flow->reference, flow->options);
  if (!resolved) return flow->fail(std::move(resolved).error());
  flow->resolved = *resolved;
  if (!take_recipe(flow)) return;
  if (flow->recipe->inputs.front().from == vision::InputSource::aligned_face)
    return find_detector(flow);
  install(flow);
}

// The detector first: it is small, and what is wrong with it shows before the model is fetched.
void HubCore::find_detector(const std::shared_ptr<ReadyFlow>& flow) {
  const Resolved& resolved = *flow->resolved;
  const Stage* const stage = find_detector_stage(*resolved.variant);
  if (stage == nullptr || flow->is_stage) {
    return flow->fail(Error(
        ErrorCode::invalid_argument, Subject::catalog,
        resolved.to_string() + (flow->is_stage ? " describes faces and cannot find any for another"
                                               : " describes faces, and no stage finds them"),
        R"(write "stages": [{"role": "detector", "ref": "yunet"}])"));
  }
  const auto part = std::make_shared<ReadyFlow>(Promise<Model>(steps_), flow->hub,
                                                stage->reference.to_string(), flow->options);
  part->is_stage = true;
  chain(part->promise.job(), flow->promise,
        [this, flow, context = stage_context(resolved, *stage)](Result<Model> detector) {
          if (!detector) return flow->fail(std::move(detector).error().with_context(context));
          if (detector->task() != "find_faces") {
            return flow->fail(Error(ErrorCode::invalid_argument, Subject::catalog,
                                    detector->name() + " is a model for the task '" +
                                        detector->task() + "', not 'find_faces'",
                                    "name another model as the detector")
                                  .with_context(context));
          }
          flow->detector = *std::move(detector);
          install(flow);
        });
  begin(part);
}

void HubCore::install(const std::shared_ptr<ReadyFlow>& flow) {
  Result<std::optional<InstalledModel>> installed = find_installed(*flow->resolved);
  if (!installed) return flow->fail(std::move(installed).error());
  if (*installed) return load(flow, **installed);
  if (options_.network == Network::offline) return flow->fail(offline_error(*flow->resolved));
  // Nothing is fetched for a device that is not here.
  if (Result<DevicePlan> plan = this->plan(*flow->resolved, flow->options); !plan)
    return flow->fail(std::move(plan).error().with_context("load " + flow->resolved->to_string()));
  chain(join_pull(*flow->resolved), flow->promise, [this, flow](Result<InstalledModel> pulled) {
    if (!pulled) return flow->fail(std::move(pulled).error());
    load(flow, *pulled);
  });
}

void HubCore::load(const std::shared_ptr<ReadyFlow>& flow, const InstalledModel& installed) {
  Result<runtime::LoadSpec> spec = load_spec(*flow, installed);
  if (!spec)
    return flow->fail(std::move(spec).error().with_context("load " + flow->resolved->to_string()));
  Progress progress;
  progress.phase = Phase::loading;
  progress.subject = flow->resolved->to_string();
  flow->promise.report(std::move(progress));
  auto again = plan_again(*flow, installed, spec->plan);
  const auto core = std::make_shared<ModelCore>(
      flow->hub, ModelCore::Parts{installed, *flow->recipe, flow->labels, *std::move(spec),
                                  std::move(again), flow->detector, parallel_});
  chain(runtime_->acquire(core->parts().load), flow->promise,
        [this, flow, core](Result<runtime::Lease> lease) {
          if (!lease) {
            Error error = std::move(lease).error();
            // Between the look at the store and the load another process may have removed it to
            // make room: a moment later it is as if it had never been here.
            if (error.code == ErrorCode::not_found && error.subject == Subject::model &&
                !flow->own && flow->attempts++ < k_attempts) {
              return begin(flow);
            }
            return flow->fail(std::move(error).with_context("load " + flow->resolved->to_string()));
          }
          if (Result<void> fits = core->check(*lease); !fits)
            return flow->fail(std::move(fits).error());
          flow->promise.complete(core->handle());
        });
}

std::function<Result<runtime::LoadSpec>()> HubCore::plan_again(const ReadyFlow& flow,
                                                               const InstalledModel& installed,
                                                               const DevicePlan& plan) {
  const bool is_choice = std::any_of(plan.candidates.begin(), plan.candidates.end(),
                                     [](const DeviceCandidate& candidate) {
                                       return kind_of_device(candidate.device) != DeviceKind::cpu;
                                     });
  if (!is_choice) return {};
  // A flow of its own: that one's promise keeps the Model, which keeps this function.
  const auto again =
      std::make_shared<ReadyFlow>(Promise<Model>(steps_), flow.hub, flow.reference, flow.options);
  again->own = flow.own;
  again->resolved = flow.resolved;
  return [again, installed]() -> Result<runtime::LoadSpec> {
    const std::shared_ptr<HubCore> core = again->hub.lock();
    if (!core) return Error(ErrorCode::cancelled, Subject::other, "the hub has gone");
    return core->load_spec(*again, installed);
  };
}

Result<runtime::LoadSpec> HubCore::load_spec(const ReadyFlow& flow,
                                             const InstalledModel& installed) {
  Result<DevicePlan> plan = this->plan(*flow.resolved, flow.options);
  if (!plan) return std::move(plan).error();
  Precision precision = flow.options.precision.value_or(Precision::exact);
  int threads = flow.options.threads;
  if (const std::optional<TunedChoice> tuned = find_tuned(flow, installed.key);
      tuned && follow(*tuned, *plan)) {
    precision = tuned->precision;
    threads = tuned->threads;
  }
  Result<std::shared_ptr<engine::Engine>> engine = engines_.find(plan->engine);
  if (!engine) return std::move(engine).error();
  Result<std::vector<engine::EngineFile>> files =
      flow.own ? Result(files_where_they_lie(*flow.own)) : engine_files(installed);
  if (!files) return std::move(files).error();

  runtime::LoadSpec spec;
  spec.key = installed.key.hex() + "/" + plan->engine + "/" + *plan->chosen + "/" +
             std::string(name_of(precision)) + "/" + std::to_string(threads);
  spec.model = flow.resolved->to_string();
  spec.engine = *std::move(engine);
  spec.request.format = installed.format;
  spec.request.files = *std::move(files);
  spec.request.settings = load_settings(*flow.resolved->variant->recipe);
  spec.request.settings.emplace_back("precision", name_of(precision));
  if (!flow.own) spec.request.settings.emplace_back("model", installed.name);
  spec.request.threads = threads;
  spec.plan = *std::move(plan);
  if (flow.own) {
    spec.hold_files = [own = flow.own] { return check_unchanged(*own); };
    return spec;
  }
  // Nobody makes room by removing what is loaded. Models may outlive the hub, never its store's
  // files: the lease needs no store.
  spec.hold_files = [hub = flow.hub, installed]() -> Result<std::shared_ptr<const void>> {
    const std::shared_ptr<HubCore> core = hub.lock();
    if (!core) return Error(ErrorCode::cancelled, Subject::other, "the hub has gone");
    Result<store::StoreLease> lease = core->store().lease(installed);
    if (!lease) return std::move(lease).error();
    core->store().touch_use(installed.key);
    return std::shared_ptr<const void>(std::make_shared<store::StoreLease>(*std::move(lease)));
  };
  add_derived_files(spec, flow, installed);
  return spec;
}

void HubCore::add_derived_files(runtime::LoadSpec& spec, const ReadyFlow& flow,
                                const InstalledModel& installed) {
  const std::shared_ptr<const Variant> variant = flow.resolved->variant;
  std::optional<CompiledParts> parts;
  if (spec.engine->info().keeps_compiled) {
    parts = CompiledParts{installed.key,     installed.bytes,
                          spec.plan.engine,  spec.engine->info().version,
                          *spec.plan.chosen, {}};
    for (const Device& device : inventory().devices) {
      if (device.id == parts->device) parts->features = device.features;
    }
  }
  if (!parts && !has_held_files(*variant)) return;
  spec.prepare = [self = flow.hub, parts,
                  variant](engine::LoadRequest& request) -> Result<std::shared_ptr<const void>> {
    const std::shared_ptr<HubCore> core = self.lock();
    if (!core) return Error(ErrorCode::cancelled, Subject::other, "the hub has gone");
    if (Result<void> done = take_out_held_files(core->store(), *variant, request); !done)
      return std::move(done).error();
    if (!parts) return std::shared_ptr<const void>();
    return offer_compile_cache(core->store(), *parts, core->options().log, request);
  };
}

// A single file is read where it lies; several must find each other under their own names.
Result<std::vector<engine::EngineFile>> HubCore::engine_files(const InstalledModel& installed) {
  std::string folder;
  if (installed.files.size() > 1) {
    Result<std::string> view = store_->view(installed);
    if (!view) return std::move(view).error();
    folder = *std::move(view);
  }
  std::vector<engine::EngineFile> files;
  for (const InstalledFile& file : installed.files) {
    const std::string path =
        folder.empty() ? file.location : base::join_path(folder, file.path.string());
    files.push_back({file.role, file.path.string(), path});
  }
  return files;
}

}  // namespace modelhub::hub
