// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "commands.h"
#include "json_shapes.h"
#include "waiting.h"

namespace modelhub::cli {
namespace {

int first_failure(int so_far, int code) { return so_far != 0 ? so_far : code; }

void print_dry_run(const PullPlan& plan, const Console& console) {
  console.print(plan.reference + (plan.is_installed ? " is installed"
                                                    : ": " + plan.bytes_to_fetch.to_string() +
                                                          " to fetch, licence " + plan.license));
}

int pull_one(const std::string& reference, const PullCommand& command, const Session& session,
             Json& results) {
  const Console& console = session.console;
  Result<PullPlan> plan = session.hub.plan_pull(reference);
  if (!plan) return console.fail(plan.error());
  if (command.dry_run) {
    results.push_back(to_json(*plan));
    if (!console.is_json()) {
      for (const PullPlan& stage : plan->stages) print_dry_run(stage, console);
      print_dry_run(*plan, console);
    }
    return 0;
  }
  announce_pull(*plan, session);
  Result<InstalledModel> model = wait_for(session.hub.pull(reference), console);
  if (!model) return console.fail(model.error());
  results.push_back(to_json(*model));
  if (!console.is_json()) {
    console.print(plan->reference +
                  (plan->is_installed
                       ? " is installed already"
                       : " installed, " + plan->bytes_total.to_string() + " verified"));
  }
  return 0;
}

// The hub takes an empty reference for all that is installed.
std::vector<std::string> all_if_none(const std::vector<std::string>& models) {
  return models.empty() ? std::vector<std::string>{""} : models;
}

void print_repair(const RepairReport& report, const Console& console) {
  console.print(report.reference + (report.was_damaged()
                                        ? ": repaired, " + report.received.to_string() +
                                              " fetched, " + report.reused.to_string() + " reused"
                                        : ": ok"));
  for (const std::string& file : report.files) console.print("  " + file);
}

}  // namespace

void announce_pull(const PullPlan& plan, const Session& session) {
  for (const PullPlan& stage : plan.stages) announce_pull(stage, session);
  if (plan.is_installed || session.network == Network::offline) return;
  session.console.say("pulling " + plan.reference + ", " + plan.bytes_to_fetch.to_string() +
                      "; licence: " + plan.license);
}

int execute(const PullCommand& command, const Session& session) {
  Json document = new_document();
  document["models"] = Json::array();
  int exit_code = 0;
  for (const std::string& reference : command.models) {
    exit_code = first_failure(exit_code, pull_one(reference, command, session, document["models"]));
    if (is_interrupted()) break;
  }
  if (session.console.is_json()) session.console.print_json(document);
  return exit_code;
}

int execute(const VerifyCommand& command, const Session& session) {
  const Console& console = session.console;
  const VerifyMode mode = command.full ? VerifyMode::full : VerifyMode::stamps;
  Json document = new_document();
  document["models"] = Json::array();
  int exit_code = 0;
  std::size_t count = 0;
  for (const std::string& reference : all_if_none(command.models)) {
    Result<std::vector<VerifyReport>> reports = session.hub.verify(reference, mode);
    if (!reports) {
      exit_code = first_failure(exit_code, console.fail(reports.error()));
      continue;
    }
    for (const VerifyReport& report : *reports) {
      ++count;
      document["models"].push_back(to_json(report));
      if (!report.is_whole()) exit_code = first_failure(exit_code, 5);
      if (console.is_json()) continue;
      console.print(reference_of(report.model) + (report.is_whole() ? ": ok" : ": DAMAGED"));
      for (const VerifiedFile& file : report.files) {
        if (file.verdict != FileVerdict::ok) console.print("  " + file.detail);
      }
    }
  }
  if (console.is_json()) console.print_json(document);
  if (!console.is_json() && count == 0 && exit_code == 0)
    console.say("nothing is installed in " + session.hub.home());
  if (exit_code == 5) console.say("hint: modelhub repair MODEL fetches the damaged parts again");
  return exit_code;
}

int execute(const RepairCommand& command, const Session& session) {
  const Console& console = session.console;
  Json document = new_document();
  document["models"] = Json::array();
  int exit_code = 0;
  std::size_t count = 0;
  for (const std::string& reference : all_if_none(command.models)) {
    Result<std::vector<RepairReport>> reports = wait_for(session.hub.repair(reference), console);
    if (!reports) {
      exit_code = first_failure(exit_code, console.fail(reports.error()));
      if (is_interrupted()) break;
      continue;
    }
    for (const RepairReport& report : *reports) {
      ++count;
      document["models"].push_back(to_json(report));
      if (!console.is_json()) print_repair(report, console);
    }
  }
  if (console.is_json()) console.print_json(document);
  if (!console.is_json() && count == 0 && exit_code == 0)
    console.say("nothing is installed in " + session.hub.home());
  return exit_code;
}

int execute(const RemoveCommand& command, const Session& session) {
  const Console& console = session.console;
  Json document = new_document();
  document["removed"] = Json::array();
  int exit_code = 0;
  for (const std::string& reference : command.models) {
    const DryRun dry_run = command.dry_run ? DryRun::yes : DryRun::no;
    Result<RemoveReport> report = command.forget ? session.hub.forget(reference, dry_run)
                                                 : session.hub.remove(reference, dry_run);
    if (!report) {
      exit_code = first_failure(exit_code, console.fail(report.error()));
      continue;
    }
    for (const std::string& removed : report->references) {
      document["removed"].push_back(removed);
      if (!console.is_json())
        console.print((command.dry_run ? "would remove " : "removed ") + removed);
    }
    for (const std::string& forgotten : report->forgotten) {
      document["forgotten"].push_back(forgotten);
      if (!console.is_json())
        console.print((command.dry_run ? "would forget " : "forgot ") + forgotten);
    }
    if (!console.is_json()) {
      console.say(report->bytes_freed.to_string() +
                  (command.dry_run ? " would be freed" : " freed"));
    }
  }
  if (console.is_json()) console.print_json(document);
  return exit_code;
}

}  // namespace modelhub::cli
