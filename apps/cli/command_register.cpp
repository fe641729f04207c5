// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "commands.h"
#include "json_shapes.h"
#include "waiting.h"

namespace modelhub::cli {

void tell_assumptions(const std::vector<std::string>& assumptions, const Console& console) {
  for (const std::string& assumption : assumptions) console.say("  " + assumption);
}

int execute(const RegisterCommand& command, const Session& session) {
  const Console& console = session.console;
  Result<RegisterReport> report =
      wait_for(session.hub.register_model(command.source, command.options), console);
  if (!report) return console.fail(report.error());
  if (console.is_json()) {
    Json document = new_document();
    document["model"] = to_json(*report);
    console.print_json(document);
    return 0;
  }
  const InstalledFile& graph = report->model.files.front();
  console.print(report->reference +
                (report->was_registered ? " is registered already: " : " registered: ") +
                report->model.bytes.to_string() + ", sha256:" + graph.sha256.hex());
  tell_assumptions(report->assumptions, console);
  if (!report->was_registered)
    console.say("modelhub run " + report->model.name + " PICTURE runs it; modelhub rm --forget " +
                report->model.name + " forgets it");
  return 0;
}

}  // namespace modelhub::cli
