// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "modelhub/catalog.h"
#include "modelhub/device.h"
#include "modelhub/export.h"
#include "modelhub/job.h"
#include "modelhub/model.h"
#include "modelhub/options.h"
#include "modelhub/own_model.h"
#include "modelhub/result.h"
#include "modelhub/self_test.h"
#include "modelhub/store.h"
#include "modelhub/tune.h"
#include "modelhub/video.h"

namespace modelhub MODELHUB_API {

namespace hub {
class HubCore;
}

// One model of the catalog, with what of it is installed.
struct ModelSummary {
  std::string name;
  std::string task;
  std::string title;
  std::string license;
  std::string default_version;
  std::vector<std::string> versions;   // newest first; of the catalog, else those installed
  std::vector<std::string> installed;  // references: "yolov8n@8.4.0:onnx-fp32"
  ByteCount bytes;                     // of what the plain name stands for
};

// What a model is wanted for: to be there, or to run here and now.
enum class PullPurpose { install, run };

// What a pull would do.
struct PullPlan {
  std::string reference;  // in full: name@version:variant
  std::string title;
  std::string license;
  bool is_installed = false;
  ByteCount bytes_total;     // of the whole model
  ByteCount bytes_to_fetch;  // of the files that are not here yet
  // Of the models that it works with (a recogniser's detector), which are pulled with it and not
  // part of the numbers above.
  std::vector<PullPlan> stages;
  // Only with PullPurpose::run: of this version, best first, and why the others were not taken.
  std::vector<VariantCandidate> candidates;
  // Of a file of the user's own, named by its path: what it says and what is taken for granted.
  std::vector<std::string> assumptions;
};

// What an engine says about one device.
struct EngineDevice {
  std::string device;  // "cpu:0"
  bool is_usable = false;
  std::string reason;  // why not; when usable empty, or what only a load can tell
};

// An engine module as doctor shows it.
struct EngineReport {
  std::string name;  // empty when the module could not be read
  std::string version;
  std::string path;
  std::vector<std::string> formats;
  std::vector<EngineDevice> devices;
  std::string problem;  // why it cannot be used; empty when it can
};

// "yolov8n@8.4.0:onnx-fp32".
std::string reference_of(const InstalledModel& model);

// A URL as it may be shown: without user and password, and without what follows a '?', where signed
// URLs carry their secrets ("https://host/a.jpg?...").
std::string shown_url(const std::string& url);

// Everything that exists.
struct ModelList {
  std::vector<ModelSummary> models;  // those of the catalog, then those that are only installed
  // Manifests of the store that cannot be read: each names the file and says what to do.
  std::vector<Error> broken;
};

enum class DryRun { no, yes };

// One version of a model, with what of it is installed.
struct VersionSummary {
  std::string version;
  std::string released;                // a date, or empty
  bool is_default = false;             // what the plain name means
  bool is_users_choice = false;        // and it is the user who said so
  std::vector<std::string> variants;   // in the catalog
  std::vector<std::string> installed;  // variants
  ByteCount installed_bytes;
};

struct RemoveReport {
  std::vector<std::string> references;
  // Registered models that are not known any more: name@version. Only by Hub::forget().
  std::vector<std::string> forgotten;
  ByteCount bytes_freed;
};

struct UnloadReport {
  std::vector<std::string> references;  // what was in memory and is not any more
  ByteCount returned;                   // by how much the process shrank
};

// Gets models onto this machine and runs them.
//
//     auto hub = modelhub::Hub::open().value();
//     auto detector = hub.detector("yolov8n").get().value();
//     for (const auto& d : detector.detect(image).value()) std::cout << d.label << ' ' << d.score
//     << ' ' << d.box << '\n';
//
// A model is named by a reference: name[@version][:variant]. Where a model is to be run, the path
// of a user's own file does as well: what has a '/', or ends as files of models do ("best.onnx")
// and names no model. It is used where it lies; see own_model.h.
//
// Ownership:     destroying the hub cancels its jobs, waits for its threads and unloads its models;
//                handles that are left answer `cancelled`. It may be destroyed inside a callback.
//                Models, jobs and leases may outlive it.
// Thread safety: all methods from any thread; several processes may use one home.
// Errors:        everything that depends on the world returns Result or Job. Nothing throws.
// After a fork:  the child must not use the hub of its parent (its calls answer `unsupported`); it
//                may open its own.
class Hub {
 public:
  // Reads the catalog; touches neither the network nor an engine, and creates nothing on disk.
  // Errors: invalid_argument, corrupt_data (a catalog document: file, line, what), io_error (a home
  // that cannot be read),
  //         unsupported (a store of a newer layout).
  static Result<Hub> open(HubOptions options = HubOptions());
  ~Hub();
  Hub(Hub&&) noexcept;
  Hub& operator=(Hub&&) noexcept;

  const std::string& home() const;
  // Whether models can be installed there: writes a small file and removes it; a home that does not
  // exist yet is not made.
  // Errors: io_error, no_space, unsupported.
  Result<void> check_home() const;

  // What exists. No network.
  Result<ModelList> list() const;
  // Models whose name, alias, title or task contains every word of `text`; empty options match all.
  Result<std::vector<ModelSummary>> search(const std::string& text, const std::string& task = {},
                                           const std::string& license = {}) const;
  // Errors: not_found with what may have been meant.
  Result<ModelEntry> show(const std::string& name) const;
  // What is installed and can be read; list() names what cannot.
  Result<std::vector<InstalledModel>> installed() const;

  // What pull() would do, or ensure_ready() before it loads. Errors: as theirs, as far as no
  // network is needed.
  // `options`, for PullPurpose::run: which engine, and how a file of the user's own is read.
  Result<PullPlan> plan_pull(const std::string& reference,
                             PullPurpose purpose = PullPurpose::install,
                             const LoadOptions& options = {}) const;
  // Installs a model, after those that it works with; done at once when it is installed. Any number
  // of callers cause one download.
  // Errors: not_found, invalid_argument (a licence that is not allowed), offline, unavailable,
  // timed_out, unauthorized, checksum_mismatch, corrupt_data, no_space, io_error, cancelled.
  Job<InstalledModel> pull(const std::string& reference) const;
  // Makes a model of a file of the user's own, or of a URL: reads what the file says of itself,
  // copies its bytes into the store, and writes a catalog document in the home. From then on it is
  // a model like any other, for everybody who uses this home. What came from a file is pinned.
  // Errors: not_found, unsupported and corrupt_data for what is no model that can be run;
  // invalid_argument for what is not told (names the option) and for names that are taken;
  // checksum_mismatch; those of pull().
  Job<RegisterReport> register_model(const std::string& source,
                                     const RegisterOptions& options = {}) const;

  // Looks at the files of installed models: all of them when `reference` is empty.
  Result<std::vector<VerifyReport>> verify(const std::string& reference, VerifyMode mode) const;
  // Reads every byte of installed models (all of them when `reference` is empty) and fetches what
  // is damaged; what is good is reused, and other models stay usable. Ends at the first failure.
  // Errors: as pull(); not_found when it is not installed.
  Job<std::vector<RepairReport>> repair(const std::string& reference) const;

  // Every version that exists, newest first. Errors: not_found.
  Result<std::vector<VersionSummary>> versions(const std::string& name) const;
  // What the plain name means from now on, for everybody who uses this home: name@version or
  // name@version:variant. Errors: not_found, invalid_argument (no version), io_error.
  Result<void> set_default(const std::string& reference) const;
  // It means again what the catalog says. No error when nothing was chosen.
  Result<void> clear_default(const std::string& name) const;

  // A pinned model is never removed to make room; remove() still removes it. Says what was pinned.
  // Errors: not_found, io_error.
  Result<std::vector<std::string>> pin(const std::string& reference) const;
  Result<std::vector<std::string>> unpin(const std::string& reference) const;
  Result<StoreStatistics> cache() const;
  // Kept in the home, for everybody who uses it. A budget below what is pinned or in use removes
  // nothing and stops new pulls. Errors: invalid_argument (0), io_error.
  Result<void> set_budget(ByteCount budget) const;
  // Removes what nothing needs: interrupted pulls of processes that are dead, quarantine, derived
  // and unnamed files; and with `to`, models, least recently used first, until no more than that is
  // used. Never what is pinned or in use. Errors: io_error.
  Result<PruneReport> prune(DryRun dry_run, std::optional<ByteCount> to = {}) const;

  // Removes every installed version and variant that the reference matches. Unloads them first.
  // What it leaves can be pulled again: of a registered model that lies nowhere else any more
  // nothing is removed. Errors: not_found, busy (somebody runs it), io_error, invalid_argument.
  Result<RemoveReport> remove(const std::string& reference, DryRun dry_run = DryRun::no) const;

  // Removes registered models for good: what is installed of them, then what the catalog knows.
  // Errors: not_found; invalid_argument for models that were not registered; busy, io_error.
  Result<RemoveReport> forget(const std::string& reference, DryRun dry_run = DryRun::no) const;

  // Resolves, pulls if missing, plans the device, loads: afterwards run() answers at once.
  // Errors: as pull(), and unsupported (no engine or device can run it: says why), out_of_memory,
  // corrupt_data.
  Job<Model> ensure_ready(const std::string& reference, const LoadOptions& options = {}) const;
  // The same for one task. Errors: invalid_argument when the model has another task.
  Job<Detector> detector(const std::string& reference, const LoadOptions& options = {}) const;
  Job<Classifier> classifier(const std::string& reference, const LoadOptions& options = {}) const;
  Job<FaceFinder> face_finder(const std::string& reference, const LoadOptions& options = {}) const;
  Job<TextReader> text_reader(const std::string& reference, const LoadOptions& options = {}) const;
  Job<FaceRecognizer> face_recognizer(const std::string& reference,
                                      const LoadOptions& options = {}) const;

  // Frees the memory of every loaded model that the reference matches, however and by whomever it
  // was loaded in this process; an empty one matches all. Blocks until the memory was given back.
  // That nothing of it is loaded is no error.
  // Errors: busy, while somebody holds a lease or runs one of them (the others are freed all the
  // same); not_found for a name that no model has, with what may have been meant.
  Result<UnloadReport> unload(const std::string& reference = {}) const;

  // Lets models answer the golden pictures of the catalog on this machine, with each engine on each
  // device that can run them; pulls what is missing. With no reference: all that is installed. What
  // it loaded is unloaded again, and so is what was loaded before and is not in use.
  // Errors: not_found and invalid_argument about a reference; cancelled. All else is in the
  // results.
  Job<std::vector<SelfTestResult>> self_test(const std::vector<std::string>& references = {}) const;

  // Finds the fastest way to run a model on this machine whose answer is still right: every engine
  // and device that can run it, with several numbers of threads, answers one picture; the rest run
  // it in turns, and the medians decide. Takes seconds to a minute, and memory for all of them; it
  // wants a machine that does nothing else. The result is kept in the home until the model, an
  // engine or the machine is another; loads that name neither device nor engine follow it.
  // Errors: those about the reference and the pull; invalid_argument when there is no picture to
  //         answer; cancelled. What goes wrong with one way is in the report.
  Job<TuneReport> tune(const std::string& reference, const TuneOptions& options = {}) const;

  // Brings what a URL (https or http) has into memory, a picture above all:
  //
  //     auto bytes = hub.fetch(url).get().value();
  //     auto image = modelhub::Image::decode(bytes, modelhub::shown_url(url)).value();
  //
  // With the proxies, certificates, tokens, redirects and attempts of a pull. Whatever comes is
  // taken: nobody knows its digest, and nothing of it is stored in the home. At most four at a
  // time, pulls included. Errors: not_found (Subject::remote_input: the server has no such thing),
  // unauthorized, unavailable, timed_out, offline, unsupported (Subject::input: too large;
  // Subject::network: another kind of URL), invalid_argument (no URL), out_of_memory, cancelled;
  // each message names the URL.
  Job<std::vector<std::byte>> fetch(const std::string& url, const FetchOptions& options = {}) const;

  // The frames of a video file of this machine, or of a camera: "camera:0". Needs the module
  // modelhub_video.so (OpenCV's videoio) where the engines are.
  // Errors: not_found, io_error, corrupt_data (Subject::input) about the video; unsupported: no
  // such module, or one that cannot be used: says what to install; invalid_argument.
  Result<Video> open_video(const std::string& source,
                           const VideoOptions& options = VideoOptions()) const;

  // What is in memory now, by load; the model of an ensure_ready() with several devices or engines
  // is there more than once.
  std::vector<LoadedModelStatus> loaded() const;

  // The devices of this machine as they are now, why there are not more, and what each engine says
  // of them. Opens the libraries of GPU drivers, OpenCL's among them: some take a second.
  std::vector<Device> devices() const;
  std::vector<DeviceNote> device_notes() const;
  std::vector<EngineReport> engines() const;

 private:
  explicit Hub(std::shared_ptr<hub::HubCore> core);

  std::shared_ptr<hub::HubCore> core_;
};

}  // namespace MODELHUB_API
