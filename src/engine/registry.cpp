// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/registry.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/word_list.h"

namespace modelhub::engine {

// The modules of one name, the first one first.
struct Registry::Entry {
  std::string name;
  std::vector<std::string> paths;

  std::once_flag opened;
  // Constant after `opened`.
  std::shared_ptr<Engine> engine;
  std::vector<BrokenModule> broken;
};

namespace {

namespace fs = std::filesystem;

// Of two libraries of one soname the first that is opened serves the whole process. OpenVINO brings
// a TBB that is newer than the one of the system, which OpenCV's libraries need; a newer one serves
// both, an older one does not. What an engine that we do not know needs, nobody knows.
constexpr std::string_view k_opened_first = "openvino";
constexpr std::array<std::string_view, 3> k_without_tbb{"dlib", "onnxruntime", "tesseract"};

// Sorted, so that the order does not depend on the file system.
std::vector<std::string> modules_in(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  fs::directory_iterator item(directory, error);
  for (; !error && item != fs::directory_iterator(); item.increment(error)) {
    if (engine_name_of(item->path().string()).empty()) continue;
    paths.push_back(fs::absolute(item->path(), error).lexically_normal().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Is this file there already, perhaps by another path (/lib is often a link to /usr/lib)?
bool is_listed(const std::vector<std::string>& paths, const std::string& path) {
  return std::any_of(paths.begin(), paths.end(), [&](const std::string& other) {
    std::error_code error;
    return other == path || fs::equivalent(other, path, error);
  });
}

bool may_bring_tbb(std::string_view engine) {
  return engine != k_opened_first &&
         std::find(k_without_tbb.begin(), k_without_tbb.end(), engine) == k_without_tbb.end();
}

void add_unique(std::vector<std::string>& directories, const fs::path& directory) {
  std::string text = directory.lexically_normal().string();
  if (std::find(directories.begin(), directories.end(), text) == directories.end()) {
    directories.push_back(std::move(text));
  }
}

}  // namespace

std::vector<std::string> default_engine_directories() {
  std::vector<std::string> directories;
  // The address of any function of this library tells which file it came from.
  Dl_info info{};
  std::error_code error;
  fs::path here;
  if (dladdr(reinterpret_cast<void*>(&default_engine_directories), &info) != 0 &&
      info.dli_fname != nullptr) {
    here = fs::canonical(info.dli_fname, error).parent_path();
  }
  // A statically linked program has only argv[0] there, which is no path when it was found by PATH.
  if (here.empty()) here = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (here.empty()) return directories;
  add_unique(directories, here / "modelhub/engines");
  add_unique(directories, here / ".." / "lib" / "modelhub/engines");
  add_unique(directories, here / ".." / MODELHUB_INSTALL_LIBDIR / "modelhub/engines");
  return directories;
}

Registry::Registry(RegistryOptions options) : options_(std::move(options)) {}
Registry::~Registry() = default;

void Registry::scan() {
  for (const std::string& directory : options_.directories) {
    for (std::string& path : modules_in(directory)) {
      const std::string name = engine_name_of(path);
      const auto same =
          std::find_if(entries_.begin(), entries_.end(), [&](auto& e) { return e->name == name; });
      if (same == entries_.end()) {
        auto entry = std::make_unique<Entry>();
        entry->name = name;
        entry->paths.push_back(std::move(path));
        entries_.push_back(std::move(entry));
      } else if (!is_listed((*same)->paths, path)) {
        (*same)->paths.push_back(std::move(path));
      }
    }
  }
}

void Registry::open_modules(Entry& entry) {
  ModuleOptions module = options_.module;
  if (options_.found_settings) {
    for (EngineSetting& found : options_.found_settings())
      module.settings.push_back(std::move(found));
  }
  for (const std::string& path : entry.paths) {
    if (entry.engine != nullptr) {
      entry.broken.push_back({path, "hidden by " + entry.engine->info().module_path});
      continue;
    }
    Result<std::shared_ptr<Engine>> engine = open_module(path, module);
    if (engine) {
      entry.engine = *std::move(engine);
    } else {
      entry.broken.push_back({path, engine.error().message});
    }
  }
}

Result<std::shared_ptr<Engine>> Registry::open(Entry& entry) {
  std::call_once(entry.opened, [&] {
    if (may_bring_tbb(entry.name)) open_first();
    open_modules(entry);
  });
  if (entry.engine != nullptr) return entry.engine;
  return Error(ErrorCode::unsupported, Subject::engine,
               "the engine '" + entry.name + "' cannot be used: " + entry.broken.front().reason,
               "run 'modelhub doctor' to see all engines");
}

void Registry::open_first() {
  std::call_once(scanned_, [this] { scan(); });
  for (const auto& entry : entries_) {
    if (entry->name == k_opened_first) (void)open(*entry);
  }
}

std::vector<std::string> Registry::names() {
  std::call_once(scanned_, [this] { scan(); });
  std::vector<std::string> names;
  for (const auto& entry : entries_) names.push_back(entry->name);
  return names;
}

Result<std::shared_ptr<Engine>> Registry::find(const std::string& name) {
  std::string known;
  for (const std::string& other : names()) known += (known.empty() ? "" : ", ") + other;
  for (const auto& entry : entries_) {
    if (entry->name == name) return open(*entry);
  }
  return Error(ErrorCode::unsupported, Subject::engine,
               "there is no engine '" + name + "' here; found: " + (known.empty() ? "none" : known),
               "put modelhub_engine_" + name + ".so into a folder that MODELHUB_ENGINE_PATH names");
}

std::vector<std::shared_ptr<Engine>> Registry::engines(const std::vector<std::string>& only) {
  std::call_once(scanned_, [this] { scan(); });
  std::vector<std::shared_ptr<Engine>> engines;
  for (const auto& entry : entries_) {
    if (!only.empty() && !base::contains(only, entry->name)) continue;
    if (auto engine = open(*entry)) engines.push_back(*std::move(engine));
  }
  return engines;
}

std::vector<EngineInfo> Registry::infos(const std::vector<std::string>& only) {
  std::vector<EngineInfo> infos;
  for (const auto& engine : engines(only)) infos.push_back(engine->info());
  return infos;
}

std::vector<BrokenModule> Registry::broken() {
  engines();
  std::vector<BrokenModule> all;
  for (const auto& entry : entries_)
    all.insert(all.end(), entry->broken.begin(), entry->broken.end());
  return all;
}

}  // namespace modelhub::engine
