// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "commands.h"
#include "json_shapes.h"
#include "waiting.h"

namespace modelhub::cli {
namespace {

void print(const TuneReport& report, const Console& console) {
  std::vector<std::vector<std::string>> rows = {{"VARIANT", "ENGINE", "DEVICE", "PRECISION",
                                                 "THREADS", "RUN", "LOAD", "MEMORY", "VERDICT",
                                                 "REMARK"}};
  for (const TuneCandidate& candidate : report.candidates) {
    std::string remark = candidate.remark;
    if (candidate.is_default) remark = remark.empty() ? "the default" : "the default; " + remark;
    if (candidate.engine.empty()) {  // a variant that no engine came to
      rows.push_back({candidate.variant, "-", "-", "-", "-", "-", "-", "-",
                      std::string(name_of(candidate.verdict)), std::move(remark)});
      continue;
    }
    rows.push_back({candidate.variant, candidate.engine + " " + candidate.engine_version,
                    candidate.device, std::string(name_of(candidate.precision)),
                    std::to_string(candidate.threads), milliseconds(candidate.run),
                    milliseconds(candidate.load),
                    candidate.memory.count() > 0 ? candidate.memory.to_string() : "-",
                    std::string(name_of(candidate.verdict)), std::move(remark)});
  }
  console.print_table(rows);
}

// When nothing answers right: as `selftest` would end.
int exit_code_of(const TuneReport& report, const Console& console) {
  if (report.chosen) return 0;
  for (const TuneCandidate& candidate : report.candidates) {
    if (candidate.verdict == TuneVerdict::wrong) {
      return console.fail(Error(ErrorCode::checksum_mismatch, Subject::model,
                                "no engine here gives the right answer of " + report.model,
                                "modelhub verify --full " + report.model + " looks at its files"));
    }
  }
  for (const TuneCandidate& candidate : report.candidates) {
    if (candidate.error) return console.fail(*candidate.error);
  }
  return 0;
}

// What will be fetched, with the licence of each.
Result<void> announce(const TuneCommand& command, const Session& session) {
  // What cannot be run is told before anything is fetched for it.
  Result<PullPlan> plan = session.hub.plan_pull(command.model, PullPurpose::run);
  if (!plan) return std::move(plan).error();
  // Without what an earlier tuning chose.
  Result<PullPlan> fallback = session.hub.plan_pull(command.model, PullPurpose::install);
  if (!fallback) return std::move(fallback).error();
  announce_pull(*fallback, session);
  Result<Reference> reference = Reference::parse(fallback->reference);
  Result<Reference> asked = Reference::parse(command.model);
  if (command.options.variants != TuneVariants::all || !reference || !asked || asked->variant)
    return {};
  for (const VariantCandidate& candidate : plan->candidates) {
    const bool is_left_out =
        command.options.precision == Precision::exact && has_reduced_precision(*candidate.variant);
    if (!candidate.is_usable || is_left_out) continue;
    reference->variant = candidate.variant->id;
    const std::string name = reference->to_string();
    if (name == fallback->reference) continue;
    if (Result<PullPlan> other = session.hub.plan_pull(name, PullPurpose::install); other)
      announce_pull(*other, session);
  }
  return {};
}

}  // namespace

int execute(const TuneCommand& command, const Session& session) {
  const Console& console = session.console;
  if (Result<void> announced = announce(command, session); !announced)
    return console.fail(announced.error());
  const Result<TuneReport> report =
      wait_for(session.hub.tune(command.model, command.options), console);
  if (!report) return console.fail(report.error());
  if (console.is_json()) {
    Json document = new_document();
    document["tuning"] = to_json(*report);
    console.print_json(document);
  } else {
    print(*report, console);
  }
  if (report->chosen) {
    const TuneCandidate& best = report->candidates[*report->chosen];
    console.say(report->chosen_model + " runs with " + best.engine + " on " + best.device + ", " +
                std::string(name_of(best.precision)) + ", " + std::to_string(best.threads) +
                (best.threads == 1 ? " thread: " : " threads: ") + report->reason);
  }
  if (report->not_kept) console.warn("not kept for later: " + report->not_kept->message);
  return exit_code_of(*report, console);
}

}  // namespace modelhub::cli
