// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "commands.h"
#include "json_shapes.h"
#include "waiting.h"

namespace modelhub::cli {
namespace {

void print(const TuneReport& report, const Console& console) {
  std::vector<std::vector<std::string>> rows = {
      {"ENGINE", "DEVICE", "PRECISION", "THREADS", "RUN", "LOAD", "MEMORY", "VERDICT", "REMARK"}};
  for (const TuneCandidate& candidate : report.candidates) {
    std::string remark = candidate.remark;
    if (candidate.is_default) remark = remark.empty() ? "the default" : "the default; " + remark;
    rows.push_back({candidate.engine + " " + candidate.engine_version, candidate.device,
                    std::string(name_of(candidate.precision)), std::to_string(candidate.threads),
                    milliseconds(candidate.run), milliseconds(candidate.load),
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

}  // namespace

int execute(const TuneCommand& command, const Session& session) {
  const Console& console = session.console;
  Result<PullPlan> plan = session.hub.plan_pull(command.model, PullPurpose::run);
  if (!plan) return console.fail(plan.error());
  announce_pull(*plan, console);
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
    console.say(report->model + " runs with " + best.engine + " on " + best.device + ", " +
                std::string(name_of(best.precision)) + ", " + std::to_string(best.threads) +
                (best.threads == 1 ? " thread: " : " threads: ") + report->reason);
  }
  if (report->not_kept) console.warn("not kept for later: " + report->not_kept->message);
  return exit_code_of(*report, console);
}

}  // namespace modelhub::cli
