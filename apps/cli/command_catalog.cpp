// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "commands.h"
#include "json_shapes.h"

namespace modelhub::cli {
namespace {

int print_summaries(const std::vector<ModelSummary>& summaries, const Console& console) {
  if (console.is_json()) {
    Json document = new_document();
    document["models"] = Json::array();
    for (const ModelSummary& summary : summaries) document["models"].push_back(to_json(summary));
    console.print_json(document);
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {
      {"MODEL", "TASK", "VERSION", "SIZE", "LICENSE", "INSTALLED"}};
  for (const ModelSummary& summary : summaries) {
    std::string installed;
    for (const std::string& reference : summary.installed) {
      const std::size_t at = reference.find('@');
      installed += (installed.empty() ? "" : ", ") +
                   (at == std::string::npos ? reference : reference.substr(at + 1));
    }
    rows.push_back({summary.name, summary.task, summary.default_version, summary.bytes.to_string(),
                    summary.license, installed.empty() ? "-" : installed});
  }
  if (rows.size() > 1) console.print_table(rows);
  if (rows.size() == 1) console.say("no model matches");
  return 0;
}

void print_variant(const Variant& variant, const Console& console) {
  std::string engines;
  for (const EngineNeed& engine : variant.engines) {
    engines += (engines.empty() ? "" : ", ") + engine.to_string();
  }
  std::string how = ", can be pulled, not run";
  if (variant.recipe) how = ", runs with any engine that reads " + variant.format;
  if (!engines.empty()) how = ", runs with " + engines;
  console.print("    " + variant.id + "   " + variant.format + ", " + variant.precision + how);
  for (const ModelFile& file : variant.files) {
    console.print("      " + file.path.string() + "   " + file.bytes.to_string() +
                  "   sha256:" + file.sha256.hex());
    for (const std::string& url : file.urls) console.print("        " + url);
  }
}

}  // namespace

int execute(const ListCommand& command, const Session& session) {
  Result<ModelList> list = session.hub.list();
  if (!list) return session.console.fail(list.error());
  if (command.installed_only) {
    std::erase_if(list->models,
                  [](const ModelSummary& summary) { return summary.installed.empty(); });
  }
  for (const Error& broken : list->broken) session.console.warn(broken.message);
  return print_summaries(list->models, session.console);
}

int execute(const SearchCommand& command, const Session& session) {
  Result<std::vector<ModelSummary>> found =
      session.hub.search(command.text, command.task, command.license);
  if (!found) return session.console.fail(found.error());
  return print_summaries(*found, session.console);
}

int execute(const ShowCommand& command, const Session& session) {
  const Console& console = session.console;
  Result<ModelEntry> entry = session.hub.show(command.model);
  if (!entry) return console.fail(entry.error());
  if (console.is_json()) {
    Json document = new_document();
    document["model"] = to_json(*entry);
    console.print_json(document);
    return 0;
  }
  console.print(entry->name + "   " + entry->title);
  console.print("  task      " + entry->task);
  console.print("  licence   " + entry->license);
  if (!entry->homepage.empty()) console.print("  homepage  " + entry->homepage);
  std::string aliases;
  for (const std::string& alias : entry->aliases) aliases += (aliases.empty() ? "" : ", ") + alias;
  if (!aliases.empty()) console.print("  aliases   " + aliases);
  for (const ModelVersion& version : entry->versions) {
    console.print("  " + entry->name + "@" + version.version +
                  (version.version == entry->default_version ? "   (default)" : ""));
    if (!version.note.empty()) console.print("    " + version.note);
    for (const Variant& variant : version.variants) print_variant(variant, console);
  }
  return 0;
}

}  // namespace modelhub::cli
