// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/hub.h"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

#include "hub/hub_core.h"
#include "hub/own_model.h"
#include "hub/pull.h"
#include "hub/registration.h"
#include "transfer/url.h"

namespace modelhub {
namespace {

store::ModelId id_of(const InstalledModel& model) {
  return {model.name, model.version, model.variant};
}

bool matches(const InstalledModel& model, const Reference& reference) {
  return model.name == reference.name &&
         (!reference.version || compare_versions(*reference.version, model.version) == 0) &&
         (!reference.variant || *reference.variant == model.variant);
}

// `loaded`: "yolov8n@8.4.0:onnx-fp32".
bool matches(const std::string& loaded, const Reference& reference) {
  const Result<Reference> model = Reference::parse(loaded);
  return model && model->name == reference.name &&
         (!reference.version || compare_versions(*reference.version, *model->version) == 0) &&
         (!reference.variant || reference.variant == model->variant);
}

// What a plain name would fetch, without asking any engine; 0 when nothing can be chosen.
ByteCount default_bytes(const catalog::Catalog& catalog, const ModelEntry& entry) {
  catalog::ResolveOptions options;
  options.purpose = catalog::Purpose::pull;
  const Result<Resolved> resolved = catalog.resolve(Reference{entry.name, {}, {}}, options);
  return resolved ? resolved->variant->download_bytes() : ByteCount();
}

ModelSummary summary_of(const ModelEntry& entry, const catalog::Catalog& catalog) {
  ModelSummary summary;
  summary.name = entry.name;
  summary.task = entry.task;
  summary.title = entry.title;
  summary.license = entry.license;
  summary.default_version = entry.default_version;
  for (const ModelVersion& version : entry.versions) summary.versions.push_back(version.version);
  summary.bytes = default_bytes(catalog, entry);
  return summary;
}

// A model that is installed though no document speaks of it any more.
ModelSummary summary_of(const InstalledModel& model) {
  ModelSummary summary;
  summary.name = model.name;
  summary.task = model.task;
  summary.title = "not in the catalog";
  summary.license = model.license;
  summary.default_version = model.version;
  summary.bytes = model.bytes;
  return summary;
}

// Says of each model what of it is installed, and adds the models that no document knows.
class InstalledMarks {
 public:
  explicit InstalledMarks(std::vector<ModelSummary>& summaries) : summaries_(summaries) {
    for (std::size_t i = 0; i < summaries_.size(); ++i) places_.emplace(summaries_[i].name, i);
  }

  enum class Unknown { leave_out, add };
  void mark(const InstalledModel& model, Unknown unknown) {
    const auto [at, is_new] = places_.emplace(model.name, summaries_.size());
    if (is_new && unknown == Unknown::leave_out) {
      places_.erase(at);
      return;
    }
    if (is_new) {
      summaries_.push_back(summary_of(model));
      only_installed_from_ = std::min(only_installed_from_, at->second);
    }
    ModelSummary& summary = summaries_[at->second];
    summary.installed.push_back(reference_of(model));
    if (at->second < only_installed_from_) return;
    std::vector<std::string>& versions = summary.versions;
    if (std::find(versions.begin(), versions.end(), model.version) == versions.end())
      versions.push_back(model.version);
  }

 private:
  std::vector<ModelSummary>& summaries_;
  std::unordered_map<std::string, std::size_t> places_;  // by name
  std::size_t only_installed_from_ = std::numeric_limits<std::size_t>::max();
};

// Names may be typed as aliases; those of models that are only installed are taken as they are.
Result<Reference> installed_reference(const std::string& text, const catalog::Catalog& catalog) {
  Result<Reference> reference = Reference::parse(text);
  if (!reference) return reference;
  if (Result<std::shared_ptr<const ModelEntry>> entry = catalog.find(reference->name))
    reference->name = (*entry)->name;
  return reference;
}

Result<std::vector<InstalledModel>> find_installed(const std::string& text, hub::HubCore& core) {
  Result<store::Listing> listing = core.store().list();
  if (!listing) return std::move(listing).error();
  if (text.empty()) return std::move(listing->models);
  Result<Reference> reference = installed_reference(text, *core.catalog());
  if (!reference) return std::move(reference).error();
  std::vector<InstalledModel> found;
  for (InstalledModel& model : listing->models) {
    if (matches(model, *reference)) found.push_back(std::move(model));
  }
  if (!found.empty()) return found;
  // A name that nobody knows deserves "did you mean"; a known one is simply not installed.
  Result<std::shared_ptr<const ModelEntry>> entry = core.catalog()->find(reference->name);
  if (!entry) return std::move(entry).error();
  return Error(ErrorCode::not_found, Subject::model, text + " is not installed",
               "modelhub list --installed shows what is");
}

// REQUIRES: they may go.
Result<RemoveReport> remove_all(const std::vector<InstalledModel>& models, DryRun dry_run,
                                hub::HubCore& core) {
  RemoveReport report;
  for (const InstalledModel& model : models) {
    report.references.push_back(reference_of(model));
    if (dry_run == DryRun::yes) {
      report.bytes_freed += model.bytes;
      continue;
    }
    if (Result<void> unloaded = core.unload_all_of(model); !unloaded)
      return std::move(unloaded).error();
    Result<store::Removal> removal = core.store().remove(id_of(model));
    if (!removal) return std::move(removal).error().with_context("rm " + reference_of(model));
    report.bytes_freed += removal->freed;
  }
  return report;
}

// Does something to every installed model that the reference matches, and names them.
template <class Action>
Result<std::vector<std::string>> for_each_installed(const std::string& reference,
                                                    hub::HubCore& core, Action action) {
  Result<std::vector<InstalledModel>> models = find_installed(reference, core);
  if (!models) return std::move(models).error();
  std::vector<std::string> references;
  for (const InstalledModel& model : *models) {
    if (Result<void> done = action(model); !done) return std::move(done).error();
    references.push_back(reference_of(model));
  }
  return references;
}

// A model that was asked for, or one that it works with.
enum class StageLevel { model, stage };

Result<PullPlan> plan_of(const std::string& reference, PullPurpose purpose, StageLevel level,
                         const LoadOptions& options, hub::HubCore& core) {
  Result<Resolved> resolved = purpose == PullPurpose::run
                                  ? core.resolve_for_load(reference, options)
                                  : core.resolve(reference, catalog::Purpose::pull, options.engine);
  if (!resolved) return std::move(resolved).error();
  Result<std::optional<InstalledModel>> installed = core.find_installed(*resolved);
  if (!installed) return std::move(installed).error();
  PullPlan plan;
  plan.reference = resolved->to_string();
  plan.title = resolved->entry->title;
  plan.license = resolved->license();
  plan.is_installed = installed->has_value();
  plan.bytes_total = resolved->variant->download_bytes();
  if (purpose == PullPurpose::run) plan.candidates = resolved->candidates;
  for (const ModelFile& file : resolved->variant->files) {
    Result<bool> is_here = core.store().has_blob(file.installed_digest(), file.installed_bytes());
    if (!plan.is_installed && !is_here.value_or(false)) plan.bytes_to_fetch += file.bytes;
  }
  if (purpose == PullPurpose::run && !plan.is_installed) {
    if (Result<DevicePlan> device = core.plan(*resolved, options); !device)
      return std::move(device).error().with_context("load " + plan.reference);
  }
  if (level == StageLevel::stage) return plan;
  for (const Stage& stage : resolved->variant->stages) {
    Result<PullPlan> part =
        plan_of(stage.reference.to_string(), purpose, StageLevel::stage, options, core);
    if (!part) return std::move(part).error().with_context(hub::stage_context(*resolved, stage));
    plan.stages.push_back(*std::move(part));
  }
  return plan;
}

// The handle of a task, from a job for any model. What lies between the two does not wait for the
// user's callbacks.
template <class Typed>
Job<Typed> typed_job(const std::shared_ptr<hub::HubCore>& core, const std::string& reference,
                     const LoadOptions& options, const std::string& task) {
  const Job<Model> any = core->ensure_ready(core, core->steps(), reference, options);
  Promise<Typed> promise(core->callbacks());
  any.on_progress([promise](const Progress& progress) { promise.report(progress); });
  const auto keep = std::make_shared<std::stop_callback<std::function<void()>>>(
      promise.stop_token(), [any] { any.cancel(); });
  any.then([promise, task, keep](Result<Model> model) {
    if (!model) {
      promise.complete(std::move(model).error());
    } else if (model->task() != task) {
      promise.complete(Error(
          ErrorCode::invalid_argument, Subject::model,
          model->name() + " is a model for the task '" + model->task() + "', not '" + task + "'",
          "modelhub search --task " + task + " lists those that are"));
    } else {
      promise.complete(Typed(*std::move(model)));
    }
  });
  return promise.job();
}

// A file of the user's: there is nothing to pull.
Result<PullPlan> plan_file(const std::string& path, const LoadOptions& options,
                           hub::HubCore& core) {
  Result<hub::HubCore::OwnResolved> own = core.resolve_file(path, options, {});
  if (!own) return std::move(own).error();
  PullPlan plan;
  plan.reference = own->resolved.to_string();
  plan.title = own->resolved.entry->title;
  plan.license = own->resolved.license();
  plan.is_installed = true;
  plan.bytes_total = own->model->bytes();
  plan.candidates = own->resolved.candidates;
  plan.assumptions = own->model->recipe.assumptions;
  return plan;
}

struct Registered {
  std::string name;
  std::vector<std::string> versions;
};

// The versions of a registered model that a reference means: all of them without a version.
Result<Registered> find_registered(const std::string& text, hub::HubCore& core) {
  Result<Reference> reference = Reference::parse(text);
  if (!reference) return std::move(reference).error();
  Result<std::shared_ptr<const ModelEntry>> entry = core.catalog()->find(reference->name);
  if (!entry) return std::move(entry).error();
  Registered registered{(*entry)->name, {}};
  for (const ModelVersion& version : (*entry)->versions) {
    if (reference->version && compare_versions(*reference->version, version.version) != 0) continue;
    if (!core.documents().has_written(version.origin)) {
      return Error(ErrorCode::invalid_argument, Subject::usage,
                   (*entry)->name + "@" + version.version +
                       " was not registered: it is known from " + version.origin,
                   "modelhub rm " + text + " removes what is installed of it");
    }
    registered.versions.push_back(version.version);
  }
  if (!registered.versions.empty()) return registered;
  return Error(ErrorCode::not_found, Subject::model,
               (*entry)->name + " has no version '" + reference->version.value_or("") + "'",
               "modelhub versions " + (*entry)->name + " lists them");
}

}  // namespace

std::string shown_url(const std::string& url) {
  const Result<transfer::Url> parsed = transfer::parse_url(url);
  return parsed ? parsed->shown : transfer::redacted(url);
}

std::string reference_of(const InstalledModel& model) { return id_of(model).to_string(); }

Hub::Hub(std::shared_ptr<hub::HubCore> core) : core_(std::move(core)) {}
Hub::~Hub() = default;
Hub::Hub(Hub&&) noexcept = default;
Hub& Hub::operator=(Hub&&) noexcept = default;

Result<Hub> Hub::open(HubOptions options) {
  return hub::HubCore::open(std::move(options)).transform([](std::shared_ptr<hub::HubCore> core) {
    return Hub(std::move(core));
  });
}

const std::string& Hub::home() const { return core_->options().home; }
Result<void> Hub::check_home() const { return core_->store().check_writable(); }

Result<ModelList> Hub::list() const {
  ModelList list;
  const std::shared_ptr<const catalog::Catalog> catalog = core_->catalog();
  for (const auto& entry : catalog->models()) list.models.push_back(summary_of(*entry, *catalog));
  Result<store::Listing> listing = core_->store().list(store::LastUse::left_out);
  if (!listing) return std::move(listing).error();
  list.models.reserve(list.models.size() + listing->models.size());
  InstalledMarks marks(list.models);
  for (const InstalledModel& model : listing->models)
    marks.mark(model, InstalledMarks::Unknown::add);
  list.broken = std::move(listing->broken);
  return list;
}

Result<std::vector<ModelSummary>> Hub::search(const std::string& text, const std::string& task,
                                              const std::string& license) const {
  catalog::SearchOptions options;
  options.text = text;
  options.task = task;
  options.license = license;
  std::vector<ModelSummary> summaries;
  const std::shared_ptr<const catalog::Catalog> catalog = core_->catalog();
  for (const auto& entry : catalog->search(options))
    summaries.push_back(summary_of(*entry, *catalog));
  Result<store::Listing> listing = core_->store().list(store::LastUse::left_out);
  if (!listing) return std::move(listing).error();
  InstalledMarks marks(summaries);
  for (const InstalledModel& model : listing->models)
    marks.mark(model, InstalledMarks::Unknown::leave_out);
  return summaries;
}

Result<ModelEntry> Hub::show(const std::string& name) const {
  Result<Reference> reference = Reference::parse(name);
  if (!reference) return std::move(reference).error();
  return core_->catalog()->find(reference->name).transform([](const auto& entry) {
    return *entry;
  });
}

Result<std::vector<InstalledModel>> Hub::installed() const { return find_installed("", *core_); }

Result<PullPlan> Hub::plan_pull(const std::string& reference, PullPurpose purpose,
                                const LoadOptions& options) const {
  if (purpose == PullPurpose::run && hub::means_file(reference, *core_->catalog()))
    return plan_file(reference, options, *core_);
  return plan_of(reference, purpose, StageLevel::model, options, *core_);
}

Job<InstalledModel> Hub::pull(const std::string& reference) const { return core_->pull(reference); }

Result<std::vector<VerifyReport>> Hub::verify(const std::string& reference, VerifyMode mode) const {
  Result<std::vector<InstalledModel>> models = find_installed(reference, *core_);
  if (!models) return std::move(models).error();
  std::vector<VerifyReport> reports;
  for (const InstalledModel& model : *models) {
    Result<VerifyReport> report = core_->store().verify(id_of(model), mode);
    if (!report) return std::move(report).error().with_context("verify " + reference_of(model));
    reports.push_back(*std::move(report));
  }
  return reports;
}

Job<std::vector<RepairReport>> Hub::repair(const std::string& reference) const {
  Result<std::vector<InstalledModel>> models = find_installed(reference, *core_);
  if (models) return core_->repair(*std::move(models));
  Promise<std::vector<RepairReport>> promise(core_->callbacks());
  promise.complete(std::move(models).error());
  return promise.job();
}

Result<std::vector<VersionSummary>> Hub::versions(const std::string& name) const {
  Result<ModelEntry> entry = show(name);
  if (!entry) return std::move(entry).error();
  Result<store::Listing> listing = core_->store().find_any_version(entry->name);
  if (!listing) return std::move(listing).error();
  Result<std::optional<store::DefaultVersion>> chosen = core_->store().default_of(entry->name);
  if (!chosen) return std::move(chosen).error();
  const std::string meant = *chosen ? (*chosen)->version : entry->default_version;
  std::vector<VersionSummary> summaries;
  for (const ModelVersion& version : entry->versions) {
    VersionSummary summary;
    summary.version = version.version;
    summary.released = version.released;
    for (const Variant& variant : version.variants) summary.variants.push_back(variant.id);
    summaries.push_back(std::move(summary));
  }
  for (const InstalledModel& model : listing->models) {
    auto at = std::find_if(summaries.begin(), summaries.end(), [&](const VersionSummary& s) {
      return compare_versions(s.version, model.version) == 0;
    });
    // Installed, and no document speaks of it any more.
    if (at == summaries.end()) {
      at = summaries.insert(at, VersionSummary());
      at->version = model.version;
    }
    at->installed.push_back(model.variant);
    at->installed_bytes += model.bytes;
  }
  for (VersionSummary& summary : summaries) {
    summary.is_default = compare_versions(summary.version, meant) == 0;
    summary.is_users_choice = summary.is_default && chosen->has_value();
  }
  return summaries;
}

Result<void> Hub::set_default(const std::string& reference) const {
  Result<Reference> wanted = Reference::parse(reference);
  if (!wanted) return std::move(wanted).error();
  if (!wanted->version) {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 reference + " names no version to make the default",
                 "modelhub versions " + wanted->name + " lists them");
  }
  catalog::ResolveOptions options;
  options.purpose = catalog::Purpose::pull;
  Result<Resolved> resolved = core_->catalog()->resolve(*wanted, options);
  if (!resolved) return std::move(resolved).error();
  return core_->store().set_default(
      resolved->entry->name,
      store::DefaultVersion{resolved->version->version, wanted->variant.value_or("")});
}

Result<void> Hub::clear_default(const std::string& name) const {
  Result<ModelEntry> entry = show(name);
  if (!entry) return std::move(entry).error();
  return core_->store().clear_default(entry->name);
}

Result<std::vector<std::string>> Hub::pin(const std::string& reference) const {
  return for_each_installed(reference, *core_, [&](const InstalledModel& model) {
    return core_->store().pin(id_of(model));
  });
}

Result<std::vector<std::string>> Hub::unpin(const std::string& reference) const {
  return for_each_installed(reference, *core_, [&](const InstalledModel& model) {
    return core_->store().unpin(id_of(model));
  });
}

Result<StoreStatistics> Hub::cache() const { return core_->store().statistics(); }
Result<void> Hub::set_budget(ByteCount budget) const { return core_->store().set_budget(budget); }

Result<PruneReport> Hub::prune(DryRun dry_run, std::optional<ByteCount> to) const {
  store::PruneOptions options;
  options.is_dry_run = dry_run == DryRun::yes;
  options.to = to;
  return core_->store().prune(options);
}

Result<RemoveReport> Hub::remove(const std::string& reference, DryRun dry_run) const {
  Result<std::vector<InstalledModel>> models = find_installed(reference, *core_);
  if (!models) return std::move(models).error();
  for (const InstalledModel& model : *models) {
    Result<void> again = hub::check_recoverable(model, *core_->catalog(), core_->documents(),
                                                base::FileSystem::real());
    if (!again) return std::move(again).error();
  }
  return remove_all(*models, dry_run, *core_);
}

Result<UnloadReport> Hub::unload(const std::string& reference) const {
  std::optional<Reference> wanted;
  if (!reference.empty()) {
    Result<Reference> parsed = installed_reference(reference, *core_->catalog());
    if (!parsed) return std::move(parsed).error();
    wanted = *std::move(parsed);
  }
  UnloadReport report;
  std::optional<Error> failure;
  bool is_known = !wanted;
  for (const runtime::SlotStatus& slot : core_->runtime().status()) {
    if (wanted && !matches(slot.model, *wanted)) continue;
    is_known = true;
    Result<runtime::Unloaded> unloaded = core_->unload(slot.key);
    if (!unloaded) {
      failure = std::move(unloaded).error();
    } else if (unloaded->was_loaded) {
      report.references.push_back(slot.model);
      report.returned += unloaded->returned;
    }
  }
  if (failure) return *std::move(failure);
  if (is_known) return report;
  if (Result<std::shared_ptr<const ModelEntry>> entry = core_->catalog()->find(wanted->name);
      !entry)
    return std::move(entry).error();
  return report;
}

Result<RemoveReport> Hub::forget(const std::string& reference, DryRun dry_run) const {
  Result<Registered> registered = find_registered(reference, *core_);
  if (!registered) return std::move(registered).error();
  const std::string& name = registered->name;
  RemoveReport report;
  for (const std::string& version : registered->versions) {
    const std::string one = name + "@" + version;
    Result<std::vector<InstalledModel>> models = find_installed(one, *core_);
    if (!models && models.error().code != ErrorCode::not_found) return std::move(models).error();
    if (models) {
      Result<RemoveReport> removed = remove_all(*models, dry_run, *core_);
      if (!removed) return std::move(removed).error();
      report.bytes_freed += removed->bytes_freed;
      for (std::string& text : removed->references) report.references.push_back(std::move(text));
    }
    if (dry_run == DryRun::no) {
      if (Result<void> done = core_->documents().remove(name, version); !done)
        return std::move(done).error().with_context("rm --forget " + one);
    }
    report.forgotten.push_back(one);
  }
  if (dry_run == DryRun::yes) return report;
  const Result<std::optional<store::DefaultVersion>> chosen = core_->store().default_of(name);
  const bool is_gone = chosen && *chosen &&
                       std::find(registered->versions.begin(), registered->versions.end(),
                                 (*chosen)->version) != registered->versions.end();
  if (is_gone) (void)core_->store().clear_default(name);
  if (Result<void> loaded = core_->reload_catalog(); !loaded) return std::move(loaded).error();
  return report;
}

Job<RegisterReport> Hub::register_model(const std::string& source,
                                        const RegisterOptions& options) const {
  return core_->register_model(source, options);
}

Job<std::vector<std::byte>> Hub::fetch(const std::string& url, const FetchOptions& options) const {
  return core_->fetch(url, options);
}

Job<Model> Hub::ensure_ready(const std::string& reference, const LoadOptions& options) const {
  return core_->ensure_ready(core_, core_->callbacks(), reference, options);
}

Job<Detector> Hub::detector(const std::string& reference, const LoadOptions& options) const {
  return typed_job<Detector>(core_, reference, options, "detect");
}
Job<Classifier> Hub::classifier(const std::string& reference, const LoadOptions& options) const {
  return typed_job<Classifier>(core_, reference, options, "classify");
}
Job<FaceFinder> Hub::face_finder(const std::string& reference, const LoadOptions& options) const {
  return typed_job<FaceFinder>(core_, reference, options, "find_faces");
}
Job<TextReader> Hub::text_reader(const std::string& reference, const LoadOptions& options) const {
  return typed_job<TextReader>(core_, reference, options, "read_text");
}

Job<std::vector<SelfTestResult>> Hub::self_test(const std::vector<std::string>& references) const {
  std::vector<std::string> wanted = references;
  if (wanted.empty()) {
    Result<std::vector<InstalledModel>> installed = find_installed("", *core_);
    if (!installed) {
      Promise<std::vector<SelfTestResult>> promise(core_->callbacks());
      promise.complete(std::move(installed).error());
      return promise.job();
    }
    for (const InstalledModel& model : *installed) wanted.push_back(reference_of(model));
  }
  return core_->self_test(core_, std::move(wanted));
}

Job<FaceRecognizer> Hub::face_recognizer(const std::string& reference,
                                         const LoadOptions& options) const {
  return typed_job<FaceRecognizer>(core_, reference, options, "recognize_faces");
}

Job<TuneReport> Hub::tune(const std::string& reference, const TuneOptions& options) const {
  return core_->tune(core_, reference, options);
}

Result<Video> Hub::open_video(const std::string& source, const VideoOptions& options) const {
  return core_->engines().open_video(source, options);
}

std::vector<LoadedModelStatus> Hub::loaded() const { return core_->loaded(); }
std::vector<Device> Hub::devices() const {
  return core_->inventory_now(hub::HubCore::OpenCl::yes).devices;
}
std::vector<DeviceNote> Hub::device_notes() const {
  return core_->inventory_now(hub::HubCore::OpenCl::yes).notes;
}
std::vector<EngineReport> Hub::engines() const { return core_->engines().reports(); }

}  // namespace modelhub
