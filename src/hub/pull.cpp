// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/pull.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "hub/intake.h"

namespace modelhub::hub {
namespace {

void report_phase(const std::function<void(Progress)>& report, const std::string& subject,
                  Phase phase) {
  Progress progress;
  progress.phase = phase;
  progress.subject = subject;
  report(std::move(progress));
}

store::ModelId id_of(const InstalledModel& model) {
  return {model.name, model.version, model.variant};
}

// How the catalog says to fetch what ends up as `digest`: of the same model if it still has it.
std::optional<ModelFile> catalogued_file(const catalog::Catalog& catalog,
                                         const InstalledModel& model, const Digest& digest) {
  const Result<std::shared_ptr<const ModelEntry>> entry = catalog.find(model.name);
  if (!entry) return std::nullopt;
  for (const ModelVersion& version : (*entry)->versions) {
    for (const Variant& variant : version.variants) {
      for (const ModelFile& file : variant.files) {
        if (file.installed_digest() == digest) return file;
      }
    }
  }
  return std::nullopt;
}

// A damaged blob as something to fetch.
ModelFile file_for(const store::RepairBlob& damaged, const InstalledModel& model,
                   const catalog::Catalog& catalog) {
  if (std::optional<ModelFile> file = catalogued_file(catalog, model, damaged.digest))
    return *std::move(file);
  // The catalog has forgotten it: mirrors may still have it, and where it came from.
  return {damaged.path, "weights", damaged.bytes, damaged.digest, model.sources, {}, {}, {}};
}

}  // namespace

store::ModelRecord record_of(const Resolved& resolved) {
  store::ModelRecord record;
  record.id = {resolved.entry->name, resolved.version->version, resolved.variant->id};
  record.task = resolved.entry->task;
  record.license = resolved.license();
  record.format = resolved.variant->format;
  for (const ModelFile& file : resolved.variant->files)
    record.files.push_back({file.path, file.role, file.installed_bytes(), file.installed_digest()});
  return record;
}

Result<InstalledModel> pull_model(const Resolved& resolved, const IntakeTools& tools,
                                  const std::stop_token& stop,
                                  const std::function<void(Progress)>& report) {
  const std::string subject = resolved.to_string();
  const auto explain = [&](Error error) {
    return std::move(error).with_context("pull " + subject);
  };
  report_phase(report, subject, Phase::downloading);
  Result<Intake> intake = bring(subject, resolved.variant->files, tools, stop, report);
  if (!intake) return explain(std::move(intake).error());

  report_phase(report, subject, Phase::publishing);
  store::ModelRecord record = record_of(resolved);
  record.sources = std::move(intake->sources);
  return tools.store.publish(record, std::move(intake->staged)).transform_error(explain);
}

Result<RepairReport> repair_model(const InstalledModel& model, const catalog::Catalog& catalog,
                                  const IntakeTools& tools, const std::stop_token& stop,
                                  const std::function<void(Progress)>& report) {
  const std::string subject = id_of(model).to_string();
  const auto explain = [&](Error error) {
    return std::move(error).with_context("repair " + subject);
  };
  report_phase(report, subject, Phase::verifying);
  const auto tell = [&](ByteCount done, ByteCount total) {
    Progress progress;
    progress.phase = Phase::verifying;
    progress.subject = subject;
    progress.bytes_done = done.count();
    progress.bytes_total = total.count();
    report(std::move(progress));
  };
  Result<VerifyReport> found = tools.store.verify(id_of(model), VerifyMode::full, tell, stop);
  if (!found) return explain(std::move(found).error());
  RepairReport repaired;
  repaired.reference = subject;
  repaired.checked = found->hashed;
  if (found->is_whole()) return repaired;

  std::vector<ModelFile> files;
  for (const store::RepairBlob& damaged : tools.store.plan_repair(*found).blobs) {
    repaired.files.push_back(damaged.path.string());
    files.push_back(file_for(damaged, model, catalog));
  }
  Result<Intake> intake = bring(subject, std::move(files), tools, stop, report);
  if (!intake) return explain(std::move(intake).error());
  repaired.received = intake->received;
  repaired.reused = intake->reused;
  report_phase(report, subject, Phase::publishing);
  if (Result<void> put = tools.store.put_blobs(intake->staged); !put)
    return explain(std::move(put).error());
  return repaired;
}

}  // namespace modelhub::hub
