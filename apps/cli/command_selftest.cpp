// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "commands.h"
#include "json_shapes.h"
#include "waiting.h"

namespace modelhub::cli {
namespace {

void print(const std::vector<SelfTestResult>& results, const Console& console) {
  std::vector<std::vector<std::string>> rows = {
      {"MODEL", "ENGINE", "DEVICE", "ANSWER", "LOAD", "RUN", "REMARK"}};
  for (const SelfTestResult& result : results) {
    rows.push_back(
        {result.model, result.engine.empty() ? "-" : result.engine + " " + result.engine_version,
         result.device.empty() ? "-" : result.device, std::string(name_of(result.verdict)),
         milliseconds(result.load), milliseconds(result.run), result.remark});
  }
  console.print_table(rows);
}

bool did_run(const SelfTestResult& result) {
  return result.verdict != SelfTestVerdict::refused && result.verdict != SelfTestVerdict::failed;
}

// A wrong answer, or a failure, of any engine. That an engine refuses a model matters only when no
// other runs it.
int exit_code_of(const std::vector<SelfTestResult>& results) {
  for (const SelfTestResult& result : results) {
    if (result.verdict == SelfTestVerdict::wrong) {
      return modelhub::exit_code_of(
          Error(ErrorCode::checksum_mismatch, Subject::model, result.remark));
    }
    const bool has_run = std::any_of(results.begin(), results.end(), [&](const auto& other) {
      return other.model == result.model && did_run(other);
    });
    const bool matters = result.verdict == SelfTestVerdict::failed ||
                         (result.verdict == SelfTestVerdict::refused && !has_run);
    if (matters) return modelhub::exit_code_of(*result.error);
  }
  return 0;
}

}  // namespace

int execute(const SelfTestCommand& command, const Session& session) {
  const Console& console = session.console;
  for (const std::string& model : command.models) {
    Result<PullPlan> plan = session.hub.plan_pull(model);
    if (!plan) return console.fail(plan.error());
    announce_pull(*plan, session);
  }
  const Result<std::vector<SelfTestResult>> results =
      wait_for(session.hub.self_test(command.models), console);
  if (!results) return console.fail(results.error());
  if (console.is_json()) {
    Json document = new_document();
    document["results"] = Json::array();
    for (const SelfTestResult& result : *results) document["results"].push_back(to_json(result));
    console.print_json(document);
  } else if (results->empty()) {
    console.say("no model is installed; modelhub selftest NAME pulls one and tests it");
  } else {
    print(*results, console);
  }
  return exit_code_of(*results);
}

}  // namespace modelhub::cli
