// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "reports.h"

#include <chrono>
#include <optional>
#include <string>

#include "errors.h"

namespace modelhub::python {
namespace {

double seconds_of(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

py::object error_text(const std::optional<Error>& error) {
  if (!error) return py::none();
  return text_of(error->to_string());
}

}  // namespace

py::list texts(const std::vector<std::string>& values) {
  py::list list;
  for (const std::string& value : values) list.append(text_of(value));
  return list;
}

py::dict to_python(const InstalledFile& file) {
  py::dict dict;
  dict["name"] = file.path.string();
  dict["role"] = file.role;
  dict["bytes"] = file.bytes.count();
  dict["sha256"] = file.sha256.hex();
  dict["path"] = path_of(file.location);
  return dict;
}

py::dict to_python(const VerifiedFile& file) {
  py::dict dict;
  dict["name"] = file.path.string();
  dict["path"] = path_of(file.location);
  dict["verdict"] = name_of(file.verdict);
  dict["expected_sha256"] = file.expected.hex();
  dict["found_sha256"] = file.found ? py::object(py::str(file.found->hex())) : py::none();
  dict["detail"] = text_of(file.detail);
  return dict;
}

py::dict to_python(const PrunedItem& item) {
  py::dict dict;
  dict["kind"] = name_of(item.kind);
  dict["what"] = text_of(item.what);
  dict["bytes"] = item.bytes.count();
  return dict;
}

py::dict to_python(const VariantCandidate& candidate) {
  py::dict dict;
  dict["variant"] = candidate.variant->id;
  dict["format"] = candidate.variant->format;
  dict["usable"] = candidate.is_usable;
  dict["reason"] = text_of(candidate.reason);
  py::list needed;
  for (const EngineNeed& need : candidate.variant->engines) needed.append(need.name);
  dict["needs"] = needed;
  return dict;
}

py::dict to_python(const EngineDevice& device) {
  py::dict dict;
  dict["device"] = device.device;
  dict["usable"] = device.is_usable;
  dict["reason"] = text_of(device.reason);
  return dict;
}

py::dict to_python(const DeviceCandidate& candidate) {
  py::dict dict;
  dict["device"] = candidate.device;
  dict["engine"] = candidate.engine;
  dict["engine_version"] = candidate.engine_version;
  dict["verdict"] = name_of(candidate.verdict);
  dict["reason"] = text_of(candidate.reason);
  return dict;
}

py::dict to_python(const TuneCandidate& candidate) {
  py::dict dict;
  dict["variant"] = candidate.variant;
  dict["engine"] = candidate.engine;
  dict["engine_version"] = candidate.engine_version;
  dict["device"] = candidate.device;
  dict["precision"] = name_of(candidate.precision);
  dict["threads"] = candidate.threads;
  dict["is_default"] = candidate.is_default;
  dict["verdict"] = name_of(candidate.verdict);
  dict["remark"] = text_of(candidate.remark);
  dict["run_ms"] = candidate.run.count();
  dict["load_ms"] = candidate.load.count();
  dict["memory"] = candidate.memory.count();
  return dict;
}

py::dict to_python(const ModelVersion& version) {
  py::dict dict;
  dict["version"] = version.version;
  dict["released"] = version.released;
  dict["note"] = text_of(version.note);
  dict["origin"] = path_of(version.origin);
  py::list variants;
  for (const Variant& variant : version.variants) {
    py::dict one;
    one["id"] = variant.id;
    one["format"] = variant.format;
    one["precision"] = variant.precision;
    one["decode"] = variant.recipe ? variant.recipe->decode : "";
    one["labels"] = variant.recipe ? variant.recipe->labels : "";
    one["bytes"] = variant.download_bytes().count();
    py::list files;
    for (const ModelFile& file : variant.files) {
      py::dict described;
      described["name"] = file.path.string();
      described["role"] = file.role;
      described["bytes"] = file.bytes.count();
      described["sha256"] = file.sha256.hex();
      described["urls"] = texts(file.urls);
      files.append(described);
    }
    one["files"] = files;
    py::list input_size;
    if (variant.recipe && !variant.recipe->inputs.empty()) {
      input_size.append(variant.recipe->inputs.front().width);
      input_size.append(variant.recipe->inputs.front().height);
    }
    one["input_size"] = input_size;
    one["note"] = text_of(variant.note);
    variants.append(one);
  }
  dict["variants"] = variants;
  return dict;
}

py::dict to_python(const ModelSummary& summary) {
  py::dict dict;
  dict["name"] = summary.name;
  dict["task"] = summary.task;
  dict["title"] = text_of(summary.title);
  dict["license"] = summary.license;
  dict["default_version"] = summary.default_version;
  dict["versions"] = texts(summary.versions);
  dict["installed"] = texts(summary.installed);
  dict["bytes"] = summary.bytes.count();
  return dict;
}

py::dict to_python(const ModelEntry& entry) {
  py::dict dict;
  dict["name"] = entry.name;
  dict["task"] = entry.task;
  dict["title"] = text_of(entry.title);
  dict["license"] = entry.license;
  dict["homepage"] = entry.homepage;
  dict["commercial_use"] = text_of(entry.commercial_use);
  dict["note"] = text_of(entry.note);
  dict["aliases"] = texts(entry.aliases);
  dict["default_version"] = entry.default_version;
  dict["versions"] = list_of(entry.versions);
  return dict;
}

py::dict to_python(const InstalledModel& model) {
  py::dict dict;
  dict["reference"] = reference_of(model);
  dict["name"] = model.name;
  dict["version"] = model.version;
  dict["variant"] = model.variant;
  dict["task"] = model.task;
  dict["license"] = model.license;
  dict["format"] = model.format;
  dict["key"] = model.key.hex();
  dict["bytes"] = model.bytes.count();
  dict["files"] = list_of(model.files);
  dict["sources"] = texts(model.sources);
  dict["installed_at"] = seconds_of(model.installed_at);
  dict["last_used"] = seconds_of(model.last_used);
  return dict;
}

py::dict to_python(const VerifyReport& report) {
  py::dict dict;
  dict["reference"] = reference_of(report.model);
  dict["is_whole"] = report.is_whole();
  dict["bytes_hashed"] = report.hashed.count();
  dict["files"] = list_of(report.files);
  return dict;
}

py::dict to_python(const RepairReport& report) {
  py::dict dict;
  dict["reference"] = report.reference;
  dict["damaged"] = texts(report.files);
  dict["bytes_checked"] = report.checked.count();
  dict["bytes_received"] = report.received.count();
  dict["bytes_reused"] = report.reused.count();
  return dict;
}

py::dict to_python(const RegisterReport& report) {
  py::dict dict;
  dict["reference"] = report.reference;
  dict["model"] = to_python(report.model);
  dict["was_registered"] = report.was_registered;
  dict["is_trusted_on_first_use"] = report.is_trusted_on_first_use;
  dict["document"] = path_of(report.document);
  dict["assumptions"] = texts(report.assumptions);
  return dict;
}

py::dict to_python(const VersionSummary& version) {
  py::dict dict;
  dict["version"] = version.version;
  dict["released"] = version.released;
  dict["is_default"] = version.is_default;
  dict["is_users_choice"] = version.is_users_choice;
  dict["variants"] = texts(version.variants);
  dict["installed"] = texts(version.installed);
  dict["installed_bytes"] = version.installed_bytes.count();
  return dict;
}

py::dict to_python(const StoreStatistics& statistics) {
  py::dict dict;
  dict["budget"] = statistics.budget.count();
  dict["used"] = statistics.used.count();
  dict["reserved"] = statistics.reserved.count();
  dict["free_on_disk"] = statistics.free_on_disk.count();
  dict["models"] = statistics.models;
  dict["broken_manifests"] = statistics.broken_manifests;
  dict["blobs"] = statistics.blobs.count();
  dict["saved_by_sharing"] = statistics.saved_by_sharing.count();
  dict["pinned"] = statistics.pinned.count();
  dict["leased"] = statistics.leased.count();
  dict["evictable"] = statistics.evictable.count();
  dict["quarantine"] = statistics.quarantine.count();
  dict["derived"] = statistics.derived.count();
  dict["partials"] = statistics.partials.count();
  dict["unnamed"] = statistics.unnamed.count();
  dict["local"] = statistics.local.count();
  dict["hits"] = statistics.hits;
  dict["bytes_saved"] = statistics.bytes_saved.count();
  return dict;
}

py::dict to_python(const PruneReport& report) {
  py::dict dict;
  dict["items"] = list_of(report.items);
  dict["freed"] = report.freed.count();
  dict["used"] = report.used.count();
  return dict;
}

py::dict to_python(const RemoveReport& report) {
  py::dict dict;
  dict["references"] = texts(report.references);
  dict["forgotten"] = texts(report.forgotten);
  dict["bytes_freed"] = report.bytes_freed.count();
  return dict;
}

py::dict to_python(const UnloadReport& report) {
  py::dict dict;
  dict["references"] = texts(report.references);
  dict["bytes_returned"] = report.returned.count();
  return dict;
}

py::dict to_python(const PullPlan& plan) {
  py::dict dict;
  dict["reference"] = plan.reference;
  dict["title"] = text_of(plan.title);
  dict["license"] = plan.license;
  dict["is_installed"] = plan.is_installed;
  dict["bytes_total"] = plan.bytes_total.count();
  dict["bytes_to_fetch"] = plan.bytes_to_fetch.count();
  dict["stages"] = list_of(plan.stages);
  dict["candidates"] = list_of(plan.candidates);
  dict["assumptions"] = texts(plan.assumptions);
  return dict;
}

py::dict to_python(const Device& device) {
  py::dict dict;
  dict["id"] = device.id;
  dict["kind"] = name_of(device.kind);
  dict["name"] = text_of(device.name);
  dict["cores"] = device.cores;
  dict["memory_total"] = device.memory_total.count();
  dict["memory_free"] = device.memory_free.count();
  dict["features"] = texts(device.features);
  return dict;
}

py::dict to_python(const EngineReport& report) {
  py::dict dict;
  dict["name"] = report.name;
  dict["version"] = report.version;
  dict["path"] = path_of(report.path);
  dict["formats"] = texts(report.formats);
  dict["devices"] = list_of(report.devices);
  dict["problem"] = text_of(report.problem);
  return dict;
}

py::dict to_python(const LoadReport& report) {
  py::dict dict;
  dict["engine"] = report.engine;
  dict["device"] = report.device;
  dict["load_ms"] = report.duration.count();
  dict["memory"] = report.memory.count();
  dict["requested"] = report.plan.requested;
  dict["warnings"] = texts(report.plan.warnings);
  dict["tuned"] = text_of(report.plan.tuned);
  dict["candidates"] = list_of(report.plan.candidates);
  return dict;
}

py::dict to_python(const SelfTestResult& result) {
  py::dict dict;
  dict["model"] = result.model;
  dict["engine"] = result.engine;
  dict["engine_version"] = result.engine_version;
  dict["device"] = result.device;
  dict["verdict"] = name_of(result.verdict);
  dict["remark"] = text_of(result.remark);
  dict["error"] = error_text(result.error);
  dict["load_ms"] = result.load.count();
  dict["run_ms"] = result.run.count();
  return dict;
}

py::dict to_python(const TuneReport& report) {
  py::dict dict;
  dict["model"] = report.model;
  dict["picture"] = text_of(report.picture);
  dict["rounds"] = report.rounds;
  dict["candidates"] = list_of(report.candidates);
  dict["chosen"] = report.chosen ? py::object(py::int_(*report.chosen)) : py::none();
  dict["chosen_model"] = report.chosen_model;
  dict["reason"] = text_of(report.reason);
  dict["not_kept"] = error_text(report.not_kept);
  return dict;
}

}  // namespace modelhub::python
