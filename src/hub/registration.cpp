// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/registration.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "catalog/document_writer.h"
#include "hub/first_use.h"
#include "hub/pull.h"
#include "model_file/formats.h"
#include "model_file/utf8.h"
#include "transfer/url.h"

namespace modelhub::hub {
namespace {

constexpr std::string_view k_file_scheme = "file://";
constexpr const char* k_first_version = "1";

Error usage_error(std::string message, std::string hint) {
  return {ErrorCode::invalid_argument, Subject::usage, std::move(message), std::move(hint)};
}

// "https://a/b/best.onnx?..." -> "best.onnx"
std::string file_name_of(const transfer::Url& url) {
  const std::string path = url.shown.substr(0, url.shown.find('?'));
  return path.substr(path.rfind('/') + 1);
}

bool is_file_url(const std::string& url) { return url.starts_with(k_file_scheme); }

// What an entry says of its model, whatever it says about where its files come from and what they
// are called there.
Result<std::string> essence_of(const ModelEntry& entry, const ModelVersion& version) {
  ModelEntry bare;
  bare.name = entry.name;
  bare.task = entry.task;
  bare.title = bare.license = "-";
  bare.versions = {version};
  bare.versions.front().license.clear();
  bare.versions.front().note.clear();
  for (Variant& variant : bare.versions.front().variants) {
    int number = 0;
    for (ModelFile& file : variant.files) {
      file.urls.clear();
      file.path = RelPath::parse("file" + std::to_string(number++)).value();
    }
  }
  return catalog::write_document(bare, "the model");
}

Resolved resolved_of(const ModelEntry& entry) {
  const auto shared = std::make_shared<const ModelEntry>(entry);
  const ModelVersion& version = shared->versions.front();
  return {shared,
          std::shared_ptr<const ModelVersion>(shared, &version),
          std::shared_ptr<const Variant>(shared, &version.variants.front()),
          {}};
}

class Registration {
 public:
  Registration(const std::string& source, const RegisterOptions& options,
               const RegistrationTools& tools, const std::stop_token& stop,
               const std::function<void(Progress)>& report)
      : source_(source), options_(options), tools_(tools), stop_(stop), report_(report) {}

  Result<RegisterReport> run() {
    const bool remote = is_remote(source_);
    if (remote || is_file_url(source_)) {
      Result<transfer::Url> url = transfer::parse_url(source_);
      if (!url) return std::move(url).error();
      url_ = *std::move(url);
    }
    shown_ = remote ? url_.shown : url_.is_file() ? url_.file_path : source_;
    if (Result<void> named = settle_name(remote ? file_name_of(url_) : shown_); !named)
      return std::move(named).error();
    Result<RegisterReport> result = remote ? register_url() : register_file();
    if (!result) return std::move(result).error().with_context("register " + shown_);
    return result;
  }

 private:
  // ---- names ----

  Result<void> settle_name(const std::string& file) {
    name_ = options_.name.empty() ? name_from_file(file) : options_.name;
    version_ = options_.version.empty() ? k_first_version : options_.version;
    const auto is_good = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    const bool is_name = !name_.empty() && name_.size() <= store::ModelId::k_max_part &&
                         name_.front() != '_' && std::all_of(name_.begin(), name_.end(), is_good);
    if (!is_name) {
      const std::string better = name_from_file(name_ + ".");
      return usage_error(options_.name.empty()
                             ? "no name can be made of '" + file.substr(0, 120) + "'"
                             : "'" + name_.substr(0, 80) +
                                   "' cannot name a model: names are lower-case "
                                   "letters, digits and '_', at most 48",
                         "--name " + (better.empty() ? "my_model" : better));
    }
    // What the store takes and the catalog does not: '~'.
    const bool is_version = version_.find('~') == std::string::npos &&
                            store::ModelId{name_, version_, "v"}.check().has_value();
    if (!is_version) {
      return usage_error("'" + version_.substr(0, 80) +
                             "' cannot be a version: versions are letters, digits "
                             "and any of '._+-', at most 48, a letter or digit first",
                         "--version 2");
    }
    return {};
  }

  // The version that is registered already; nothing when there is none. An error when the name
  // cannot be had.
  Result<std::optional<ModelVersion>> find_registered() {
    Result<catalog::Catalog> catalog = tools_.load_catalog({});
    if (!catalog) return std::move(catalog).error();
    const Result<std::shared_ptr<const ModelEntry>> entry = catalog->find(name_);
    if (!entry) return std::optional<ModelVersion>();
    known_ = *entry;
    if (known_->name != name_) {
      return usage_error(
          "'" + name_ + "' is another name or spelling of the model '" + known_->name + "'",
          "choose another with --name");
    }
    for (const ModelVersion& version : known_->versions) {
      if (!tools_.documents.has_written(version.origin)) {
        return usage_error("'" + name_ + "' is a model of the catalog (" + version.origin + ")",
                           "choose another name: --name my_" + name_);
      }
    }
    for (const ModelVersion& version : known_->versions) {
      if (compare_versions(version.version, version_) == 0) return std::optional(version);
    }
    return std::optional<ModelVersion>();
  }

  Error taken(const std::string& why) const {
    const std::string reference = name_ + "@" + version_;
    return usage_error(
        reference + " is registered already, " + why,
        "--version adds another version, --name another model; modelhub rm --forget " + reference +
            " forgets this one first");
  }

  Result<ModelEntry> entry(const OwnModel& model, const std::vector<std::string>& urls,
                           const std::string& note) const {
    ModelEntry entry =
        entry_of(model, {name_, version_, options_.license, shown_.substr(shown_.rfind('/') + 1)});
    if (known_ && known_->task != entry.task) {
      return usage_error("'" + name_ + "' is a model for the task '" + known_->task +
                             "', this one is for '" + entry.task + "'",
                         "give it a name of its own with --name");
    }
    ModelVersion& version = entry.versions.front();
    version.note = model_file::printable(note, 500);
    version.license = entry.license;  // of this file: another version may have another
    std::vector<ModelFile>& files = version.variants.front().files;
    for (std::size_t i = 0; i < files.size(); ++i) files[i].urls = {urls[i]};
    return entry;
  }

  // ---- a file ----

  Result<RegisterReport> register_file() {
    Result<OwnModel> model =
        look_at({shown_, shown_, options_.file}, tools_.files, tools_.digests, stop_);
    if (!model) return std::move(model).error();
    const Digest& digest = model->files.front().sha256;
    if (options_.sha256 && digest != *options_.sha256) return other_file(digest);
    std::vector<std::string> urls;
    for (const OwnFile& file : model->files) {
      Result<transfer::Url> url = transfer::parse_url(file.location);
      if (!url) return std::move(url).error();
      urls.push_back(url->text);
    }
    Result<std::optional<ModelVersion>> registered = find_registered();
    if (!registered) return std::move(registered).error();
    Result<ModelEntry> entry =
        this->entry(*model, urls, "registered from " + model->files.front().location);
    if (!entry) return std::move(entry).error();
    if (*registered) return register_again(*model, *entry, **registered);
    Result<Intake> intake = bring(reference(*entry), entry->versions.front().variants.front().files,
                                  tools_.intake, stop_, report_);
    if (!intake) return std::move(intake).error();
    return complete(*model, *entry, *std::move(intake), store::Pinned::yes);
  }

  Error other_file(const Digest& found) const {
    return {ErrorCode::checksum_mismatch, Subject::model,
            shown_ + " has the SHA-256 " + found.hex() + ", not " + options_.sha256->hex() +
                " as was told",
            "it is another file than the one that was meant"};
  }

  // The same bytes under the same name: what is missing of them is brought, no more.
  Result<RegisterReport> register_again(const OwnModel& model, const ModelEntry& entry,
                                        const ModelVersion& registered) {
    const ModelEntry& known = *known_;
    const auto same_files = [](const ModelVersion& a, const ModelVersion& b) {
      std::set<Digest> one;
      std::set<Digest> other;
      for (const Variant& variant : a.variants)
        for (const ModelFile& file : variant.files) one.insert(file.sha256);
      for (const Variant& variant : b.variants)
        for (const ModelFile& file : variant.files) other.insert(file.sha256);
      return one == other;
    };
    if (!same_files(entry.versions.front(), registered))
      return taken("with other files: " + registered.note);
    ModelEntry there = known;
    there.versions = {registered};
    ModelVersion spelled = entry.versions.front();
    spelled.version = registered.version;  // "1" and "1.0" are the same version
    const Result<std::string> one = essence_of(known, registered);
    const Result<std::string> other = essence_of(entry, spelled);
    if (!one) return one.error();
    if (!other) return other.error();
    if (*one != *other) return taken("with the same bytes, but to be fed or read in another way");
    return bring_back(model, there);
  }

  // What is registered and may have been removed, or never arrived.
  Result<RegisterReport> bring_back(const OwnModel& model, const ModelEntry& entry) {
    const Resolved resolved = resolved_of(entry);
    const store::ModelRecord record = record_of(resolved);
    Result<std::optional<InstalledModel>> installed = tools_.intake.store.find(record.id);
    if (!installed) return std::move(installed).error();
    if (!*installed || (*installed)->key != record.key()) {
      Result<Intake> intake =
          bring(resolved.to_string(), resolved.variant->files, tools_.intake, stop_, report_);
      if (!intake) return std::move(intake).error();
      Result<InstalledModel> published =
          publish(resolved, *std::move(intake), pinned_for(resolved.variant->files));
      if (!published) return std::move(published).error();
      *installed = *std::move(published);
    }
    RegisterReport report = report_of(model, resolved, **std::move(installed));
    report.was_registered = true;
    return report;
  }

  // ---- a URL ----

  Result<RegisterReport> register_url() {
    if (std::optional<Error> refused = model_file::refusal_of(file_name_of(url_)))
      return *std::move(refused);
    if (model_file::is_ir_name(file_name_of(url_))) {
      return usage_error(shown_ + " is the graph of an OpenVINO IR, whose weights are another file",
                         "download both into one folder, and register the .xml");
    }
    Result<std::optional<ModelVersion>> registered = find_registered();
    if (!registered) return std::move(registered).error();
    if (*registered) return register_url_again(**registered);
    Result<FirstUse> arrived = fetch();
    if (!arrived) return without_mirrors(std::move(arrived).error());
    store::StagedFile& staged = arrived->intake.staged.front();
    const std::string path = staged.is_present()
                                 ? tools_.intake.store.layout().blob(arrived->sha256)
                                 : staged.data_path();
    Result<OwnModel> model = read_headers({path, file_name_of(url_), options_.file}, tools_.files);
    if (!model) return std::move(model).error();
    if (!model->facts.other_files.empty()) {
      return usage_error("the weights of " + shown_ +
                             " lie in other files: " + model->facts.other_files.front().string(),
                         "download all of them into one folder, and register the file there");
    }
    OwnFile file{
        graph_path(file_name_of(url_), model->facts.format), "graph", {}, {}, arrived->sha256};
    file.stat.size = arrived->bytes;
    model->files.push_back(std::move(file));
    const std::string note =
        options_.sha256 ? "registered from " + shown_
                        : "registered from " + shown_ + "; its digest is what arrived then";
    Result<ModelEntry> entry = this->entry(*model, {url_.text}, note);
    if (!entry) return std::move(entry).error();
    Result<RegisterReport> done =
        complete(*model, *entry, std::move(arrived->intake), store::Pinned::no);
    if (done && !options_.sha256) {
      done->is_trusted_on_first_use = true;
      std::string sentence = "nobody has vouched for it: sha256 " + arrived->sha256.hex() +
                             " is what arrived, and is demanded from now on";
      if (url_.scheme == "http")
        sentence += "; over plain http anybody on the way may have changed it";
      done->assumptions.push_back(std::move(sentence));
    }
    return done;
  }

  // What a mirror could help is found by digest; here there is none.
  static Error without_mirrors(Error error) {
    if (error.hint.find("--mirror") != std::string::npos)
      error.hint = "check the address, or download it by other means and register the file";
    return error;
  }

  // Its digest is pinned: what the URL serves now is asked when it is pulled.
  Result<RegisterReport> register_url_again(const ModelVersion& registered) {
    const ModelFile& file = registered.variants.front().files.front();
    const bool is_same_url =
        std::find(file.urls.begin(), file.urls.end(), url_.text) != file.urls.end();
    if (!is_same_url) return taken("from elsewhere: " + registered.note);
    if (options_.sha256 && *options_.sha256 != file.sha256) return other_file(file.sha256);
    if (!options_.file.is_empty())
      return taken("and how it is fed and read stands in its document");
    ModelEntry entry = *known_;
    entry.versions = {registered};
    return bring_back(OwnModel(), entry);
  }

  Result<FirstUse> fetch() {
    if (!options_.sha256)
      return fetch_first(url_with_credentials(), shown_, tools_.intake, stop_, report_);
    Result<transfer::RemoteFile> remote =
        tools_.intake.transfer.look_at(url_with_credentials(), stop_);
    if (!remote) return std::move(remote).error();
    const std::vector<ModelFile> files = {{graph_path(file_name_of(url_), "onnx"),
                                           "graph",
                                           remote->bytes,
                                           *options_.sha256,
                                           {url_with_credentials()},
                                           {},
                                           {},
                                           {}}};
    Result<Intake> intake = bring(shown_, files, tools_.intake, stop_, report_);
    if (!intake) return std::move(intake).error();
    return FirstUse{*std::move(intake), *options_.sha256, remote->bytes};
  }

  // As it was typed: those are used now, and never written down.
  const std::string& url_with_credentials() const { return source_; }

  // ---- the end ----

  static std::string reference(const ModelEntry& entry) { return resolved_of(entry).to_string(); }

  // What nobody could fetch again is not removed to make room for others.
  static store::Pinned pinned_for(const std::vector<ModelFile>& files) {
    const bool is_local = std::all_of(files.begin(), files.end(), [](const ModelFile& file) {
      return std::all_of(file.urls.begin(), file.urls.end(), is_file_url);
    });
    return is_local ? store::Pinned::yes : store::Pinned::no;
  }

  Result<InstalledModel> publish(const Resolved& resolved, Intake intake, store::Pinned pinned) {
    Progress progress;
    progress.phase = Phase::publishing;
    progress.subject = resolved.to_string();
    report_(std::move(progress));
    store::ModelRecord record = record_of(resolved);
    record.sources = std::move(intake.sources);
    return tools_.intake.store.publish(record, std::move(intake.staged), pinned);
  }

  Result<RegisterReport> complete(const OwnModel& model, const ModelEntry& entry, Intake intake,
                                  store::Pinned pinned) {
    const std::string path = tools_.documents.path_of(name_, version_);
    Result<std::string> text = catalog::write_document(entry, path);
    if (!text) return std::move(text).error();
    // What does not go with the other documents would keep every catalog of this home from loading.
    Result<catalog::Catalog> with_it = tools_.load_catalog({catalog::Layer::of_text(path, *text)});
    if (!with_it) return std::move(with_it).error();
    if (Result<void> added = tools_.documents.add(name_, version_, *text); !added) {
      if (added.error().code != ErrorCode::busy) return std::move(added).error();
      return lost(model, entry, std::move(intake));
    }
    const Resolved resolved = resolved_of(entry);
    Result<InstalledModel> published = tools_.load_catalog({}).and_then(
        [&](const catalog::Catalog&) { return publish(resolved, std::move(intake), pinned); });
    if (!published) {
      (void)tools_.documents.remove(name_, version_);
      return std::move(published).error();
    }
    return report_of(model, resolved, *std::move(published));
  }

  // Somebody else has registered the name while this one was at work.
  Result<RegisterReport> lost(const OwnModel& model, const ModelEntry& entry, Intake intake) {
    Result<std::optional<ModelVersion>> registered = find_registered();
    if (!registered) return std::move(registered).error();
    if (!*registered) {
      return Error(ErrorCode::busy, Subject::model,
                   name_ + "@" + version_ + " was registered and forgotten meanwhile", "try again")
          .as_retryable();
    }
    // Let go first: what is here would be waited for.
    { const Intake dropped = std::move(intake); }
    return register_again(model, entry, **registered);
  }

  RegisterReport report_of(const OwnModel& model, const Resolved& resolved,
                           InstalledModel installed) const {
    RegisterReport report{resolved.to_string(),
                          std::move(installed),
                          false,
                          false,
                          tools_.documents.path_of(resolved.entry->name, resolved.version->version),
                          model.recipe.assumptions};
    if (resolved.license() == "NOASSERTION")
      report.assumptions.emplace_back("it does not say its licence; --license ID tells it");
    return report;
  }

  const std::string& source_;
  const RegisterOptions& options_;
  const RegistrationTools& tools_;
  const std::stop_token stop_;
  const std::function<void(Progress)>& report_;
  transfer::Url url_;  // of a URL
  std::string shown_;  // the path, or the URL without secrets
  std::string name_;
  std::string version_;
  std::shared_ptr<const ModelEntry> known_;  // under that name; may be null
};

}  // namespace

bool is_remote(const std::string& source) {
  return source.find("://") != std::string::npos && !is_file_url(source);
}

Result<RegisterReport> register_model(const std::string& source, const RegisterOptions& options,
                                      const RegistrationTools& tools, const std::stop_token& stop,
                                      const std::function<void(Progress)>& report) {
  return Registration(source, options, tools, stop, report).run();
}

Result<void> check_recoverable(const InstalledModel& model, const catalog::Catalog& catalog,
                               const RegisteredDocuments& documents, base::FileSystem& files) {
  catalog::ResolveOptions options;
  options.purpose = catalog::Purpose::pull;
  const Result<Resolved> resolved =
      catalog.resolve(Reference{model.name, model.version, model.variant}, options);
  if (!resolved || !documents.has_written(resolved->version->origin)) return {};
  for (const ModelFile& file : resolved->variant->files) {
    const bool is_somewhere =
        std::any_of(file.urls.begin(), file.urls.end(), [&](const std::string& url) {
          if (!is_file_url(url)) return true;
          const Result<transfer::Url> parsed = transfer::parse_url(url);
          const auto stat = parsed ? files.stat(parsed->file_path) : parsed.error();
          return stat && stat->kind == base::FileKind::regular && stat->size == file.bytes;
        });
    if (is_somewhere) continue;
    const std::string reference = model.name + "@" + model.version;
    return Error(ErrorCode::invalid_argument, Subject::model,
                 "what is installed is the only copy of " + reference + ": " +
                     resolved->version->note + ", and it does not lie there any more",
                 "modelhub rm --forget " + reference + " removes it for good");
  }
  return {};
}

}  // namespace modelhub::hub
