// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "json_shapes.h"

#include <cmath>

namespace modelhub::cli {
namespace {

// A float as people would write it: 0.8341 and not 0.834099888...
double rounded(double value, int decimals) {
  const double factor = std::pow(10.0, decimals);
  return std::round(value * factor) / factor;
}

double pixels_of(float coordinate) { return rounded(coordinate, 2); }
double milliseconds_of(std::chrono::duration<double, std::milli> duration) {
  return rounded(duration.count(), 3);
}

Json to_json(const Box& box) {
  return Json::array({pixels_of(box.x1), pixels_of(box.y1), pixels_of(box.x2), pixels_of(box.y2)});
}

Json to_json(const ModelFile& file) {
  Json json;
  json["path"] = file.path.string();
  json["role"] = file.role;
  json["bytes"] = file.bytes.count();
  json["sha256"] = file.sha256.hex();
  json["urls"] = file.urls;
  if (!file.attestation.empty()) json["attestation"] = file.attestation;
  if (!file.url_origin.empty()) json["url_origin"] = file.url_origin;
  if (file.unpack) {
    json["unpack"] = {{"kind", file.unpack->kind},
                      {"member", file.unpack->member},
                      {"bytes", file.unpack->bytes.count()},
                      {"sha256", file.unpack->sha256.hex()}};
  }
  return json;
}

Json to_json(const Variant& variant) {
  Json json;
  json["id"] = variant.id;
  json["format"] = variant.format;
  json["precision"] = variant.precision;
  json["engines"] = Json::array();
  for (const EngineNeed& engine : variant.engines) json["engines"].push_back(engine.to_string());
  json["bytes"] = variant.download_bytes().count();
  json["files"] = Json::array();
  for (const ModelFile& file : variant.files) json["files"].push_back(to_json(file));
  if (!variant.license.empty()) json["license"] = variant.license;
  if (!variant.export_command.empty()) json["export_command"] = variant.export_command;
  if (!variant.note.empty()) json["note"] = variant.note;
  return json;
}

Json to_json(const ModelVersion& version) {
  Json json;
  json["version"] = version.version;
  if (!version.released.empty()) json["released"] = version.released;
  if (!version.license.empty()) json["license"] = version.license;
  json["origin"] = version.origin;
  if (!version.note.empty()) json["note"] = version.note;
  json["variants"] = Json::array();
  for (const Variant& variant : version.variants) json["variants"].push_back(to_json(variant));
  return json;
}

Json to_json(const DeviceCandidate& candidate) {
  Json json;
  json["device"] = candidate.device;
  json["engine"] = candidate.engine;
  json["engine_version"] = candidate.engine_version;
  json["verdict"] = name_of(candidate.verdict);
  json["reason"] = candidate.reason;
  return json;
}

struct AnswerWriter {
  Json& result;

  void operator()(const Detections& detections) const {
    result["detections"] = Json::array();
    for (const Detection& d : detections) {
      result["detections"].push_back({{"label", d.label},
                                      {"class_id", d.class_id},
                                      {"score", score_of(d.score)},
                                      {"box", to_json(d.box)}});
    }
    add_near_miss(detections.near_miss);
  }
  void operator()(const Classifications& classes) const {
    result["classes"] = Json::array();
    for (const Classification& c : classes) {
      result["classes"].push_back(
          {{"label", c.label}, {"class_id", c.class_id}, {"score", score_of(c.score)}});
    }
  }
  void operator()(const Faces& faces) const {
    result["faces"] = Json::array();
    for (const Face& face : faces) result["faces"].push_back(cli::to_json(face));
    add_near_miss(faces.near_miss);
  }
  void operator()(const Text& text) const {
    result["text"] = text.string();
    result["words"] = Json::array();
    for (const Word& word : text) {
      result["words"].push_back({{"text", word.text},
                                 {"score", score_of(word.score)},
                                 {"box", to_json(word.box)},
                                 {"line", word.line},
                                 {"paragraph", word.paragraph},
                                 {"block", word.block}});
    }
  }
  void add_near_miss(const std::optional<NearMiss>& near_miss) const {
    if (near_miss)
      result["near_miss"] = {{"label", near_miss->label}, {"score", score_of(near_miss->score)}};
  }
};

}  // namespace

double score_of(float score) { return rounded(score, 4); }

Json to_json(const Face& face) {
  Json json;
  json["score"] = score_of(face.score);
  json["box"] = to_json(face.box);
  json["landmarks"] = Json::array();
  for (const Point& point : face.landmarks) {
    json["landmarks"].push_back(Json::array({pixels_of(point.x), pixels_of(point.y)}));
  }
  if (!face.embedding.empty()) {
    json["embedding"] = Json::array();
    for (const float number : face.embedding) json["embedding"].push_back(rounded(number, 6));
  }
  return json;
}

Json new_document() {
  Json document;
  document["schema_version"] = k_schema_version;
  return document;
}

Json to_json(const ModelSummary& summary) {
  Json json;
  json["name"] = summary.name;
  json["task"] = summary.task;
  json["title"] = summary.title;
  json["default_version"] = summary.default_version;
  json["versions"] = summary.versions;
  json["installed"] = summary.installed;
  json["bytes"] = summary.bytes.count();
  json["license"] = summary.license;
  return json;
}

Json to_json(const InstalledModel& model) {
  Json json;
  json["name"] = model.name;
  json["version"] = model.version;
  json["variant"] = model.variant;
  json["task"] = model.task;
  json["license"] = model.license;
  json["key"] = model.key.hex();
  json["bytes"] = model.bytes.count();
  json["files"] = Json::array();
  for (const InstalledFile& file : model.files) {
    json["files"].push_back({{"path", file.path.string()},
                             {"role", file.role},
                             {"bytes", file.bytes.count()},
                             {"sha256", file.sha256.hex()},
                             {"location", file.location}});
  }
  return json;
}

Json to_json(const ModelEntry& entry) {
  Json json;
  json["name"] = entry.name;
  json["task"] = entry.task;
  json["title"] = entry.title;
  json["license"] = entry.license;
  if (!entry.commercial_use.empty()) json["commercial_use"] = entry.commercial_use;
  json["homepage"] = entry.homepage;
  json["aliases"] = entry.aliases;
  json["default_version"] = entry.default_version;
  if (!entry.note.empty()) json["note"] = entry.note;
  json["versions"] = Json::array();
  for (const ModelVersion& version : entry.versions) json["versions"].push_back(to_json(version));
  return json;
}

Json to_json(const PullPlan& plan) {
  Json json;
  json["reference"] = plan.reference;
  json["license"] = plan.license;
  json["is_installed"] = plan.is_installed;
  json["bytes_total"] = plan.bytes_total.count();
  json["bytes_to_fetch"] = plan.bytes_to_fetch.count();
  if (!plan.stages.empty()) {
    json["stages"] = Json::array();
    for (const PullPlan& stage : plan.stages) json["stages"].push_back(to_json(stage));
  }
  return json;
}

Json to_json(const VerifyReport& report) {
  Json json;
  json["reference"] = reference_of(report.model);
  json["mode"] = report.mode == VerifyMode::full ? "full" : "stamps";
  json["ok"] = report.is_whole();
  json["bytes_hashed"] = report.hashed.count();
  json["files"] = Json::array();
  for (const VerifiedFile& file : report.files) {
    Json entry;
    entry["path"] = file.path.string();
    entry["location"] = file.location;
    entry["verdict"] = name_of(file.verdict);
    entry["expected_sha256"] = file.expected.hex();
    if (file.found) entry["found_sha256"] = file.found->hex();
    entry["expected_bytes"] = file.expected_bytes.count();
    if (file.found_bytes) entry["found_bytes"] = file.found_bytes->count();
    if (!file.detail.empty()) entry["detail"] = file.detail;
    json["files"].push_back(std::move(entry));
  }
  return json;
}

Json to_json(const RepairReport& report) {
  Json json;
  json["reference"] = report.reference;
  json["damaged"] = report.files;
  json["bytes_checked"] = report.checked.count();
  json["bytes_received"] = report.received.count();
  json["bytes_reused"] = report.reused.count();
  return json;
}

Json to_json(const RegisterReport& report) {
  Json json = to_json(report.model);
  json["reference"] = report.reference;
  json["was_registered"] = report.was_registered;
  json["is_trusted_on_first_use"] = report.is_trusted_on_first_use;
  json["document"] = report.document;
  json["assumptions"] = report.assumptions;
  return json;
}

Json to_json(const VersionSummary& version) {
  Json json;
  json["version"] = version.version;
  if (!version.released.empty()) json["released"] = version.released;
  json["is_default"] = version.is_default;
  json["is_users_choice"] = version.is_users_choice;
  json["variants"] = version.variants;
  json["installed"] = version.installed;
  json["installed_bytes"] = version.installed_bytes.count();
  return json;
}

Json to_json(const StoreStatistics& statistics) {
  Json json;
  json["budget"] = statistics.budget.count();
  json["used"] = statistics.used.count();
  json["reserved"] = statistics.reserved.count();
  json["free_on_disk"] = statistics.free_on_disk.count();
  json["models"] = statistics.models;
  json["broken_manifests"] = statistics.broken_manifests;
  json["blobs"] = statistics.blobs.count();
  json["saved_by_sharing"] = statistics.saved_by_sharing.count();
  json["pinned"] = statistics.pinned.count();
  json["leased"] = statistics.leased.count();
  json["evictable"] = statistics.evictable.count();
  json["quarantine"] = statistics.quarantine.count();
  json["derived"] = statistics.derived.count();
  json["abandoned"] = statistics.abandoned.count();
  json["unnamed"] = statistics.unnamed.count();
  json["partials"] = statistics.partials.count();
  json["view_copies"] = statistics.view_copies.count();
  json["local"] = statistics.local.count();
  json["hits"] = statistics.hits;
  json["bytes_saved"] = statistics.bytes_saved.count();
  return json;
}

Json to_json(const PruneReport& report) {
  Json json;
  json["items"] = Json::array();
  for (const PrunedItem& item : report.items) {
    json["items"].push_back({{"kind", std::string(name_of(item.kind))},
                             {"what", item.what},
                             {"bytes", item.bytes.count()}});
  }
  json["freed"] = report.freed.count();
  json["used"] = report.used.count();
  return json;
}

Json to_json(const Device& device) {
  Json json;
  json["id"] = device.id;
  json["kind"] = name_of(device.kind);
  json["name"] = device.name;
  if (!device.uuid.empty()) json["uuid"] = device.uuid;
  if (!device.pci.empty()) json["pci"] = device.pci;
  if (!device.driver.empty()) json["driver"] = device.driver;
  if (device.cores > 0) json["cores"] = device.cores;
  json["memory_bytes"] = device.memory_total.count();
  json["memory_free_bytes"] = device.memory_free.count();
  json["features"] = device.features;
  return json;
}

Json to_json(const DevicePlan& plan) {
  Json json;
  json["requested"] = plan.requested;
  json["chosen"] = plan.chosen.value_or("");
  json["engine"] = plan.engine;
  json["fallback"] = name_of(plan.fallback);
  json["candidates"] = Json::array();
  for (const DeviceCandidate& candidate : plan.candidates)
    json["candidates"].push_back(to_json(candidate));
  json["warnings"] = plan.warnings;
  if (!plan.tuned.empty()) json["tuned"] = plan.tuned;
  return json;
}

Json to_json(const EngineReport& report) {
  Json json;
  json["name"] = report.name;
  json["version"] = report.version;
  json["path"] = report.path;
  json["formats"] = report.formats;
  json["devices"] = Json::array();
  for (const EngineDevice& device : report.devices) {
    json["devices"].push_back(
        {{"device", device.device}, {"usable", device.is_usable}, {"reason", device.reason}});
  }
  if (!report.problem.empty()) json["problem"] = report.problem;
  return json;
}

Json to_json(const SelfTestResult& result) {
  Json json;
  json["model"] = result.model;
  json["engine"] = result.engine;
  json["engine_version"] = result.engine_version;
  json["device"] = result.device;
  json["verdict"] = name_of(result.verdict);
  json["remark"] = result.remark;
  json["load_ms"] = milliseconds_of(result.load);
  json["run_ms"] = milliseconds_of(result.run);
  if (result.error) json["error"] = to_json(*result.error)["error"];
  return json;
}

Json to_json(const TuneCandidate& candidate) {
  Json json;
  json["variant"] = candidate.variant;
  json["engine"] = candidate.engine;
  json["engine_version"] = candidate.engine_version;
  json["device"] = candidate.device;
  json["precision"] = name_of(candidate.precision);
  json["threads"] = candidate.threads;
  json["default"] = candidate.is_default;
  json["verdict"] = name_of(candidate.verdict);
  json["remark"] = candidate.remark;
  json["load_ms"] = milliseconds_of(candidate.load);
  json["run_ms"] = milliseconds_of(candidate.run);
  json["memory_bytes"] = candidate.memory.count();
  if (candidate.error) json["error"] = to_json(*candidate.error)["error"];
  return json;
}

Json to_json(const TuneReport& report) {
  Json json;
  json["model"] = report.model;
  json["picture"] = report.picture;
  json["rounds"] = report.rounds;
  json["reason"] = report.reason;
  json["chosen"] = report.chosen ? Json(*report.chosen) : Json();
  json["chosen_model"] = report.chosen ? Json(report.chosen_model) : Json();
  json["kept"] = !report.not_kept && report.chosen;
  json["candidates"] = Json::array();
  for (const TuneCandidate& candidate : report.candidates)
    json["candidates"].push_back(to_json(candidate));
  return json;
}

Json to_json(const Error& error) {
  Json json;
  json["error"] = {{"code", name_of(error.code)}, {"message", error.message}, {"hint", error.hint}};
  return json;
}

void add_answer(Json& result, const Answer& answer) {
  const StepTimes& times = times_of(answer);
  result["decode_ms"] = milliseconds_of(times.decode);
  result["pre_ms"] = milliseconds_of(times.pre);
  result["infer_ms"] = milliseconds_of(times.infer);
  result["post_ms"] = milliseconds_of(times.post);
  std::visit(AnswerWriter{result}, answer);
}

}  // namespace modelhub::cli
