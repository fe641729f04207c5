// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "ov_library.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "shared/library_folders.h"

namespace modelhub::openvino_engine {
namespace {

namespace fs = std::filesystem;
using engine_module::Failure;

// What the library's file is called: each release has a SONAME of its own, libopenvino_c.so.2640.
constexpr const char* k_name = "libopenvino_c.so";
// The first whose Python package holds the C interface. Tested are 2024.3, 2024.6, 2025.0, 2026.4.
constexpr int k_oldest_year = 2024;
constexpr int k_oldest_release = 3;
constexpr const char* k_next_step =
    "install OpenVINO (pip install openvino will do), or set OPENVINO_ROOT to the folder that "
    "holds it";

#if defined(__aarch64__)
constexpr const char* k_archive_folder = "runtime/lib/aarch64";
#else
constexpr const char* k_archive_folder = "runtime/lib/intel64";
#endif
// Of Intel's archives, below the folder of their libraries.
constexpr const char* k_tbb_of_archive = "../../3rdparty/tbb/lib";
constexpr const char* k_tbb = "libtbb.so.12";

struct Candidate {
  std::string path;
  OvApi api{};
  std::optional<ElementTypes> types;
  std::string build;
  std::string version;
  std::string refusal;  // why it cannot be used
};

// Sets a function of the table; of those that are missing it notes the first.
class Finder {
 public:
  explicit Finder(void* library) : library_(library) {}

  template <class Function>
  void find(const char* name, Function& function) {
    find_if_there(name, function);
    if (function == nullptr && missing_.empty()) missing_ = name;
  }
  template <class Function>
  void find_if_there(const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library_, name));
  }
  const std::string& missing() const { return missing_; }

 private:
  void* library_;
  std::string missing_;
};

// Returns the name of a function that is missing; empty when all are there.
std::string fill(OvApi& api, void* library) {
  Finder finder(library);
  finder.find("ov_get_openvino_version", api.get_openvino_version);
  finder.find("ov_version_free", api.version_free);
  finder.find("ov_get_error_info", api.get_error_info);
  finder.find("ov_free", api.free);
  finder.find("ov_core_create", api.core_create);
  finder.find("ov_core_read_model", api.core_read_model);
  finder.find("ov_core_compile_model", api.core_compile_model);
  finder.find("ov_core_set_property", api.core_set_property);
  finder.find("ov_core_import_model", api.core_import_model);
  finder.find("ov_model_free", api.model_free);
  finder.find("ov_compiled_model_export_model", api.compiled_model_export_model);
  finder.find("ov_compiled_model_get_property", api.compiled_model_get_property);
  finder.find("ov_compiled_model_inputs_size", api.compiled_model_inputs_size);
  finder.find("ov_compiled_model_input_by_index", api.compiled_model_input_by_index);
  finder.find("ov_compiled_model_input_by_name", api.compiled_model_input_by_name);
  finder.find("ov_compiled_model_outputs_size", api.compiled_model_outputs_size);
  finder.find("ov_compiled_model_output_by_index", api.compiled_model_output_by_index);
  finder.find("ov_compiled_model_output_by_name", api.compiled_model_output_by_name);
  finder.find("ov_compiled_model_create_infer_request", api.compiled_model_create_infer_request);
  finder.find("ov_compiled_model_free", api.compiled_model_free);
  finder.find("ov_port_get_any_name", api.port_get_any_name);
  finder.find("ov_port_get_partial_shape", api.port_get_partial_shape);
  finder.find("ov_port_get_element_type", api.port_get_element_type);
  finder.find("ov_output_const_port_free", api.output_const_port_free);
  finder.find("ov_partial_shape_free", api.partial_shape_free);
  finder.find("ov_infer_request_set_tensor_by_const_port",
              api.infer_request_set_tensor_by_const_port);
  finder.find("ov_infer_request_get_tensor_by_const_port",
              api.infer_request_get_tensor_by_const_port);
  finder.find("ov_infer_request_infer", api.infer_request_infer);
  finder.find("ov_infer_request_free", api.infer_request_free);
  finder.find("ov_tensor_create", api.tensor_create);
  finder.find("ov_tensor_create_from_host_ptr", api.tensor_create_from_host_ptr);
  finder.find("ov_tensor_get_element_type", api.tensor_get_element_type);
  finder.find("ov_tensor_get_shape", api.tensor_get_shape);
  finder.find("ov_shape_free", api.shape_free);
  finder.find("ov_tensor_get_byte_size", api.tensor_get_byte_size);
  finder.find("ov_tensor_data", api.tensor_data);
  finder.find("ov_tensor_free", api.tensor_free);
  finder.find_if_there("ov_get_last_err_msg", api.get_last_err_msg);
  finder.find_if_there("ov_util_set_log_callback", api.util_set_log_callback);
  return finder.missing();
}

std::string build_of(const OvApi& api) {
  OvVersion version{};
  if (api.get_openvino_version(&version) != k_ov_ok || version.build_number == nullptr) return {};
  std::string build = version.build_number;
  api.version_free(&version);
  return build;
}

std::string oldest() {
  return std::to_string(k_oldest_year) + "." + std::to_string(k_oldest_release);
}

bool is_too_old(const std::string& version) {
  int year = 0;
  int release = 0;
  if (std::sscanf(version.c_str(), "%d.%d", &year, &release) != 2) return true;
  return year < k_oldest_year || (year == k_oldest_year && release < k_oldest_release);
}

// `path` is a path, or a bare name for the system to find.
void* open_library(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library != nullptr) return library;
  // Intel's archives keep TBB apart, for a script that sets LD_LIBRARY_PATH. A library that is
  // open already is not looked for.
  const fs::path tbb = fs::path(path).parent_path() / k_tbb_of_archive / k_tbb;
  std::error_code error;
  if (fs::exists(tbb, error)) (void)dlopen(tbb.c_str(), RTLD_NOW | RTLD_LOCAL);
  return dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // leaves the reason in dlerror()
}

// Nothing when there is no such library.
std::optional<Candidate> open_candidate(const std::string& path) {
  Candidate candidate;
  candidate.path = path;
  void* const library = open_library(path);
  if (library == nullptr) {
    const char* const reason = dlerror();
    if (path.find('/') == std::string::npos) return std::nullopt;
    candidate.refusal = reason != nullptr ? reason : path + " cannot be opened";
    return candidate;
  }
  const std::string missing = fill(candidate.api, library);
  if (candidate.api.get_openvino_version == nullptr || candidate.api.version_free == nullptr) {
    candidate.refusal =
        path + " is no OpenVINO, or one older than " + oldest() + ", the oldest that can be used";
    return candidate;
  }
  candidate.path =
      engine_shared::library_of(reinterpret_cast<const void*>(candidate.api.get_openvino_version));
  candidate.build = build_of(candidate.api);
  candidate.version = candidate.build.substr(0, candidate.build.find('-'));
  const std::string what = "OpenVINO " + candidate.version + " (" + candidate.path + ")";
  if (is_too_old(candidate.version)) {
    candidate.refusal = what + " is too old, " + oldest() + " is the oldest that can be used";
  } else if (!missing.empty()) {
    candidate.refusal = what + " cannot be used, it has no function " + missing;
  } else {
    candidate.types.emplace(candidate.api);
    if (!candidate.types->is_known())
      candidate.refusal = what + " is too new: its types of elements are not the known ones";
  }
  return candidate;
}

// "libopenvino_c.so.2640" before "libopenvino_c.so.2540", and both before the plain name, which
// belongs to a development package.
std::vector<std::string> libraries_in(const fs::path& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  fs::directory_iterator item(folder, error);
  for (; !error && item != fs::directory_iterator(); item.increment(error)) {
    const std::string name = item->path().filename().string();
    if (name == k_name || name.rfind(std::string(k_name) + ".", 0) == 0)
      paths.push_back(item->path().string());
  }
  std::sort(paths.rbegin(), paths.rend());
  return paths;
}

// The first that can be used; else the reason of the first that cannot.
std::optional<Candidate> first_usable(const std::vector<std::string>& paths, std::string& refusal) {
  for (const std::string& path : paths) {
    auto candidate = open_candidate(path);
    if (candidate && candidate->refusal.empty()) return candidate;
    if (candidate && refusal.empty()) refusal = candidate->refusal;
  }
  return std::nullopt;
}

Candidate find_in_folder_of_user(const std::string& library_dir) {
  std::string refusal;
  // The folder itself; of a usual install; of the Python package; of Intel's archive.
  for (const char* const below : {"", "lib", "libs", k_archive_folder}) {
    const fs::path folder = fs::path(library_dir) / below;
    if (auto found = first_usable(libraries_in(folder), refusal)) return *std::move(found);
  }
  if (refusal.empty())
    refusal = "there is no " + std::string(k_name) + " in " + library_dir + ", its lib, libs or " +
              k_archive_folder;
  throw Failure(MH_UNSUPPORTED, MH_ABOUT_ENGINE, refusal,
                "set OPENVINO_ROOT to the folder of an OpenVINO");
}

// Where Intel's archives are unpacked, as its guide says; the newest first.
std::vector<fs::path> folders_of_archives() {
  std::vector<fs::path> folders;
  std::error_code error;
  fs::directory_iterator item("/opt/intel", error);
  for (; !error && item != fs::directory_iterator(); item.increment(error)) {
    if (item->path().filename().string().rfind("openvino", 0) == 0)
      folders.push_back(item->path() / k_archive_folder);
  }
  std::sort(folders.rbegin(), folders.rend());
  return folders;
}

Candidate find_anywhere() {
  std::vector<fs::path> folders;
  for (const std::string& folder : engine_shared::library_folders()) {
    // An install keeps the libraries of OpenVINO together in a folder beside the module.
    if (folders.empty()) folders.push_back(fs::path(folder) / "openvino");
    folders.emplace_back(folder);
  }
  const std::vector<fs::path> archives = folders_of_archives();
  folders.insert(folders.end(), archives.begin(), archives.end());
  std::string refusal;
  for (const fs::path& folder : folders) {
    if (auto found = first_usable(libraries_in(folder), refusal)) return *std::move(found);
  }
  if (auto found = first_usable({k_name}, refusal)) return *std::move(found);
  if (refusal.empty())
    refusal = "the library of OpenVINO (" + std::string(k_name) + ") is not on this machine";
  throw Failure(MH_UNSUPPORTED, MH_ABOUT_ENGINE, refusal, k_next_step);
}

// Held by all for a call, and by one alone that must know why its call failed.
std::shared_mutex& last_error_mutex() {
  static std::shared_mutex mutex;
  return mutex;
}

}  // namespace

OvLibrary::OvLibrary(const std::optional<std::string>& library_dir) {
  Candidate found = library_dir ? find_in_folder_of_user(*library_dir) : find_anywhere();
  api_ = found.api;
  types_ = std::move(found.types);
  version_ = std::move(found.version);
  build_ = std::move(found.build);
  path_ = std::move(found.path);
}

void OvLibrary::check(OvStatus status) const {
  if (status == k_ov_ok) return;
  const std::unique_ptr<const char, void (*)(const char*)> detail(
      api_.get_last_err_msg != nullptr ? api_.get_last_err_msg() : nullptr, api_.free);
  throw OvError(status, detail != nullptr ? detail.get() : api_.get_error_info(status));
}

void OvLibrary::attempt(const std::function<OvStatus()>& call) const {
  {
    const std::shared_lock<std::shared_mutex> lock(last_error_mutex());
    if (call() == k_ov_ok) return;
  }
  const std::unique_lock<std::shared_mutex> lock(last_error_mutex());
  check(call());
}

std::string OvLibrary::text(const std::function<OvStatus(char** text)>& get) const {
  char* text = nullptr;
  check(get(&text));
  const std::unique_ptr<char, void (*)(const char*)> owner(text, api_.free);
  return text != nullptr ? text : "";
}

}  // namespace modelhub::openvino_engine
