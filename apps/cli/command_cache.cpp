// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "commands.h"
#include "json_shapes.h"

namespace modelhub::cli {
namespace {

using Row = std::vector<std::string>;

int show_cache(const StoreStatistics& statistics, const Session& session) {
  const Console& console = session.console;
  if (console.is_json()) {
    Json document = new_document();
    document["home"] = session.hub.home();
    document["cache"] = to_json(statistics);
    console.print_json(document);
    return 0;
  }
  std::vector<Row> rows = {{"IN " + session.hub.home(), "BYTES"}};
  const auto add = [&](const char* what, ByteCount bytes) {
    rows.push_back({what, bytes.to_string()});
  };
  // What is usually nothing is shown only when it is something.
  const auto add_if_any = [&](const char* what, ByteCount bytes) {
    if (bytes != ByteCount()) add(what, bytes);
  };
  add("budget", statistics.budget);
  add("used", statistics.used);
  add("  files of models", statistics.blobs);
  add_if_any("    of pinned models", statistics.pinned);
  add_if_any("    of models in use", statistics.leased);
  add_if_any("  interrupted and running pulls", statistics.partials);
  add_if_any("  failed verification", statistics.quarantine);
  add_if_any("  made by engines", statistics.derived);
  add_if_any("  named by no model", statistics.unnamed);
  add_if_any("  copies for engines", statistics.view_copies);
  add_if_any("  your own files", statistics.local);
  add("would make room", statistics.evictable);
  add_if_any("reserved by running pulls", statistics.reserved);
  add_if_any("saved by sharing", statistics.saved_by_sharing);
  add_if_any("not fetched again", statistics.bytes_saved);
  add("free on the disk", statistics.free_on_disk);
  console.print_table(rows);
  console.print(std::to_string(statistics.models) + " models, " + std::to_string(statistics.hits) +
                " times one was there already");
  if (statistics.used > statistics.budget) {
    console.warn("more is used than the budget allows; modelhub prune --to " +
                 std::to_string(statistics.budget.count()) +
                 " removes what was not used for longest");
  }
  return 0;
}

}  // namespace

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all.empty() ? "-" : all;
}

int execute(const CacheCommand& command, const Session& session) {
  if (command.new_budget) {
    if (Result<void> set = session.hub.set_budget(*command.new_budget); !set)
      return session.console.fail(set.error());
  }
  Result<StoreStatistics> report = session.hub.cache();
  if (!report) return session.console.fail(report.error());
  return show_cache(*report, session);
}

int execute(const PruneCommand& command, const Session& session) {
  const Console& console = session.console;
  Result<PruneReport> report =
      session.hub.prune(command.dry_run ? DryRun::yes : DryRun::no, command.to);
  if (!report) return console.fail(report.error());
  if (console.is_json()) {
    Json document = new_document();
    document["dry_run"] = command.dry_run;
    document.update(to_json(*report));
    console.print_json(document);
    return 0;
  }
  for (const PrunedItem& item : report->items) {
    console.print((command.dry_run ? "would remove " : "removed ") + item.what + "   " +
                  std::string(name_of(item.kind)) + ", " + item.bytes.to_string());
  }
  console.say(report->freed.to_string() + (command.dry_run ? " would be freed" : " freed"));
  return 0;
}

int execute(const PinCommand& command, const Session& session) {
  const Console& console = session.console;
  Json document = new_document();
  document[command.pin ? "pinned" : "unpinned"] = Json::array();
  int exit_code = 0;
  for (const std::string& reference : command.models) {
    Result<std::vector<std::string>> done =
        command.pin ? session.hub.pin(reference) : session.hub.unpin(reference);
    if (!done) {
      const int code = console.fail(done.error());
      if (exit_code == 0) exit_code = code;
      continue;
    }
    for (const std::string& model : *done) {
      document[command.pin ? "pinned" : "unpinned"].push_back(model);
      if (!console.is_json()) console.print((command.pin ? "pinned " : "unpinned ") + model);
    }
  }
  if (console.is_json()) console.print_json(document);
  return exit_code;
}

int execute(const VersionsCommand& command, const Session& session) {
  const Console& console = session.console;
  Result<void> changed;
  if (!command.new_default.empty())
    changed = session.hub.set_default(command.model + "@" + command.new_default);
  if (command.clear_default) changed = session.hub.clear_default(command.model);
  if (!changed) return console.fail(changed.error());
  Result<std::vector<VersionSummary>> versions = session.hub.versions(command.model);
  if (!versions) return console.fail(versions.error());
  if (console.is_json()) {
    Json document = new_document();
    document["name"] = command.model;
    document["versions"] = Json::array();
    for (const VersionSummary& version : *versions)
      document["versions"].push_back(to_json(version));
    console.print_json(document);
    return 0;
  }
  std::vector<Row> rows = {{"VERSION", "RELEASED", "VARIANTS", "INSTALLED", "SIZE", ""}};
  for (const VersionSummary& version : *versions) {
    std::string mark = version.is_default ? "default" : "";
    if (version.is_users_choice) mark += " (your choice)";
    rows.push_back({version.version, version.released.empty() ? "-" : version.released,
                    joined(version.variants), joined(version.installed),
                    version.installed.empty() ? "-" : version.installed_bytes.to_string(), mark});
  }
  console.print_table(rows);
  return 0;
}

}  // namespace modelhub::cli
