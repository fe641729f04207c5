// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "commands.h"
#include "json_shapes.h"
#include <modelhub/version.h>

namespace modelhub::cli {
namespace {

std::string describe(const Device& device) {
  std::string text = device.name;
  if (device.memory_total.count() > 0) text += ", " + device.memory_total.to_string();
  if (device.memory_free != device.memory_total)
    text += " (" + device.memory_free.to_string() + " free)";
  if (!device.driver.empty()) text += ", driver " + device.driver;
  if (!device.pci.empty()) text += ", PCI " + device.pci;
  if (!device.uuid.empty()) text += ", " + device.uuid;
  for (const std::string& feature : device.features)
    text += (&feature == &device.features.front() ? ", " : " ") + feature;
  return text;
}

// What is to be known of a device that can be used.
std::string after_comma(const std::string& reason) { return reason.empty() ? "" : ", " + reason; }

void print_engine(const EngineReport& engine, const Console& console) {
  if (!engine.problem.empty()) {
    console.print("  " + (engine.name.empty() ? engine.path : engine.name) + ": " + engine.problem);
    return;
  }
  for (const EngineDevice& device : engine.devices) {
    console.print("  " + engine.name + " " + engine.version + " on " + device.device + ": " +
                  (device.is_usable ? "usable" + after_comma(device.reason) : device.reason));
  }
}

// The findings of doctor, in the order in which they were made.
class Checkup {
 public:
  explicit Checkup(const Console& console) : console_(console) {}

  void good(const std::string& area, const std::string& text) { add("ok", area, text, {}); }
  void bad(const std::string& area, const Error& error) {
    add("PROBLEM", area, error.message, error.hint);
    if (exit_code_ == 0) exit_code_ = exit_code_of(error);
  }
  // Worth knowing, but nothing is broken.
  void note(const std::string& area, const std::string& text, const std::string& hint) {
    add("note", area, text, hint);
  }

  int finish() const {
    if (console_.is_json()) {
      Json document = new_document();
      document["ok"] = exit_code_ == 0;
      document["checks"] = checks_;
      console_.print_json(document);
    }
    return exit_code_;
  }

 private:
  void add(const char* verdict, const std::string& area, const std::string& text,
           const std::string& hint) {
    checks_.push_back({{"verdict", verdict}, {"area", area}, {"text", text}, {"hint", hint}});
    if (console_.is_json()) return;
    console_.print(std::string(verdict) + std::string(9 - std::string(verdict).size(), ' ') + area +
                   ": " + text);
    if (!hint.empty()) console_.print("         hint: " + hint);
  }

  const Console& console_;
  Json checks_ = Json::array();
  int exit_code_ = 0;
};

void check_models(const Session& session, Checkup& checkup) {
  if (Result<void> writable = session.hub.check_home(); !writable) {
    checkup.bad("home", writable.error());
  } else {
    checkup.good("home", session.hub.home() + " can be written");
  }
  const Result<ModelList> list = session.hub.list();
  if (!list) {
    checkup.bad("store", list.error());
    return;
  }
  std::size_t installed = 0;
  for (const ModelSummary& model : list->models) installed += model.installed.size();
  checkup.good("catalog", std::to_string(list->models.size()) + " models");
  checkup.good("store", std::to_string(installed) + " models installed");
  for (const Error& broken : list->broken) checkup.bad("store", broken);
}

void check_engines(const Session& session, Checkup& checkup) {
  const std::vector<EngineReport> engines = session.hub.engines();
  bool can_run = false;
  for (const EngineReport& engine : engines) {
    if (!engine.problem.empty()) {
      checkup.bad("engine", Error(ErrorCode::unsupported, Subject::engine,
                                  engine.path + ": " + engine.problem));
      continue;
    }
    for (const EngineDevice& device : engine.devices) {
      const std::string text = engine.name + " " + engine.version + " on " + device.device;
      can_run |= device.is_usable;
      if (device.is_usable) {
        checkup.good("engine", text + after_comma(device.reason));
      } else {
        checkup.note("engine", text + ": " + device.reason, {});
      }
    }
  }
  if (!can_run) {
    checkup.bad(
        "engine",
        Error(ErrorCode::unsupported, Subject::engine, "no engine can run a model here",
              "scripts/setup installs ONNX Runtime and OpenVINO; MODELHUB_ENGINE_PATH names more "
              "folders"));
  }
}

}  // namespace

int execute(const DevicesCommand&, const Session& session) {
  const Console& console = session.console;
  const std::vector<Device> devices = session.hub.devices();
  const std::vector<DeviceNote> notes = session.hub.device_notes();
  const std::vector<EngineReport> engines = session.hub.engines();
  if (console.is_json()) {
    Json document = new_document();
    document["devices"] = Json::array();
    for (const Device& device : devices) document["devices"].push_back(to_json(device));
    document["notes"] = Json::array();
    for (const DeviceNote& note : notes)
      document["notes"].push_back({{"source", note.source}, {"reason", note.reason}});
    document["engines"] = Json::array();
    for (const EngineReport& engine : engines) document["engines"].push_back(to_json(engine));
    console.print_json(document);
    return 0;
  }
  for (const Device& device : devices) console.print(device.id + "   " + describe(device));
  for (const DeviceNote& note : notes) console.print("note: " + note.reason);
  console.print("engines:");
  for (const EngineReport& engine : engines) print_engine(engine, console);
  if (engines.empty()) console.print("  none was found; modelhub doctor says where it looked");
  return 0;
}

int execute(const DoctorCommand&, const Session& session) {
  Checkup checkup(session.console);
  checkup.good("modelhub", MODELHUB_VERSION);
  check_models(session, checkup);
  for (const Device& device : session.hub.devices())
    checkup.good("device", device.id + ", " + describe(device));
  for (const DeviceNote& note : session.hub.device_notes()) checkup.note("device", note.reason, {});
  check_engines(session, checkup);
  return checkup.finish();
}

}  // namespace modelhub::cli
