// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/module.h"
#include "modelhub/result.h"

namespace modelhub::engine {

struct RegistryOptions {
  // searched in this order, not below; one that is not there is skipped
  std::vector<std::string> directories;
  ModuleOptions module;
  // More settings, which take some time to find out: asked for when a module is opened. Those of
  // `module` go before them. May be empty.
  std::function<std::vector<EngineSetting>()> found_settings;

  RegistryOptions() {}  // user-provided: see coroutine.h
};

// A module that cannot be used, or is hidden by one of the same name in an earlier folder.
struct BrokenModule {
  std::string path;
  std::string reason;
};

// Where engines lie by themselves, seen from this library or, when it is linked statically, from
// the program: <here>/modelhub/engines, <here>/../lib/modelhub/engines and the same with the
// install's own name of lib.
std::vector<std::string> default_engine_directories();

// Knows the engines of this machine: the files modelhub_engine_<name>.so of some folders.
//
// Invariants:    nothing is opened before it is asked for: making a registry and names() only list
//                folders. Of libraries that several engines bring the newest serves the process,
//                in whatever order they are asked for. A module that cannot be opened hides
//                nothing: the next one of its name is tried. What was found stays the same until
//                the end; a module that is installed later needs a new registry.
// Thread safety: all methods from any thread. Opening one engine does not hold up another.
// Errors:        a broken module is an entry of broken(), never an error of anything else.
class Registry {
 public:
  explicit Registry(RegistryOptions options);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Of the modules that lie there, opened or not; each once, in the order found.
  std::vector<std::string> names();
  // Errors: unsupported, Subject::engine: there is no such engine, or its module is broken (with
  // the reason).
  Result<std::shared_ptr<Engine>> find(const std::string& name);
  // Of these names all that can be opened; of none: of all. The others are left alone: to open one
  // loads its libraries, tens of milliseconds.
  std::vector<std::shared_ptr<Engine>> engines(const std::vector<std::string>& only = {});
  std::vector<EngineInfo> infos(const std::vector<std::string>& only = {});
  // After opening all.
  std::vector<BrokenModule> broken();
  // Opens the engine whose libraries must be there before those of others that bring the same. Who
  // loads OpenCV by other ways than an engine calls it before.
  void open_first();

 private:
  struct Entry;

  void scan();
  Result<std::shared_ptr<Engine>> open(Entry& entry);
  void open_modules(Entry& entry);

  const RegistryOptions options_;
  std::once_flag scanned_;
  std::vector<std::unique_ptr<Entry>> entries_;  // constant after scanned_
};

}  // namespace modelhub::engine
