// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "ort_library.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "shared/library_folders.h"

namespace modelhub::onnxruntime_engine {
namespace {

namespace fs = std::filesystem;
using engine_module::Failure;

// By SONAME first: the plain name belongs to the development package.
constexpr const char* k_names[] = {"libonnxruntime.so.1", "libonnxruntime.so"};
constexpr int k_oldest_minor = 16;
constexpr const char* k_next_step =
    "install ONNX Runtime, or set ONNXRUNTIME_ROOT to the folder that holds it";

struct Candidate {
  std::string version;
  std::string path;
  const OrtApi* api = nullptr;
  std::string refusal;  // why it cannot be used
};

bool is_older_than(int oldest_minor, const std::string& version) {
  int major = 0;
  int minor = 0;
  if (std::sscanf(version.c_str(), "%d.%d", &major, &minor) != 2) return true;
  return major < 1 || (major == 1 && minor < oldest_minor);
}

// `name` is a path, or a bare name for the system to find. Nothing when there is no such library.
std::optional<Candidate> open_candidate(const std::string& name) {
  void* const library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const reason = dlerror();
    if (name.find('/') == std::string::npos) return std::nullopt;
    return Candidate{"", name, nullptr, reason != nullptr ? reason : name + " cannot be opened"};
  }
  const auto get_base =
      reinterpret_cast<const OrtApiBase*(ORT_API_CALL*)()>(dlsym(library, "OrtGetApiBase"));
  if (get_base == nullptr) return Candidate{"", name, nullptr, name + " is no ONNX Runtime"};
  Candidate candidate;
  candidate.path = engine_shared::library_of(reinterpret_cast<const void*>(get_base));
  candidate.version = get_base()->GetVersionString();
  const std::string what = "ONNX Runtime " + candidate.version + " (" + candidate.path + ")";
  // Asked first: GetApi() of an old library prints to stderr.
  if (is_older_than(k_oldest_minor, candidate.version)) {
    candidate.refusal = what + " is too old, 1." + std::to_string(k_oldest_minor) +
                        " is the oldest that can be used";
    return candidate;
  }
  candidate.api = get_base()->GetApi(k_api_version);
  if (candidate.api == nullptr) {
    candidate.refusal = what + " is too new: it no longer has version " +
                        std::to_string(k_api_version) + " of its interface";
  }
  return candidate;
}

std::vector<std::string> libraries_in(const fs::path& folder) {
  std::vector<std::string> paths;
  for (const char* const name : k_names) {
    std::error_code error;
    if (fs::exists(folder / name, error)) paths.push_back((folder / name).string());
  }
  return paths;
}

// As libraries_in(), and also libonnxruntime.so.1.32.0, which is all that the Python package has.
std::vector<std::string> libraries_of_any_version_in(const fs::path& folder) {
  std::vector<std::string> paths = libraries_in(folder);
  std::vector<std::string> versioned;
  std::error_code error;
  fs::directory_iterator item(folder, error);
  for (; !error && item != fs::directory_iterator(); item.increment(error)) {
    const std::string name = item->path().filename().string();
    if (name.rfind(std::string(k_names[0]) + ".", 0) == 0)
      versioned.push_back(item->path().string());
  }
  std::sort(versioned.rbegin(), versioned.rend());
  paths.insert(paths.end(), versioned.begin(), versioned.end());
  return paths;
}

Candidate find_in_folder_of_user(const std::string& library_dir) {
  std::string refusal;
  for (const fs::path& folder : {fs::path(library_dir), fs::path(library_dir) / "lib"}) {
    for (const std::string& path : libraries_of_any_version_in(folder)) {
      const auto candidate = open_candidate(path);
      if (candidate && candidate->refusal.empty()) return *candidate;
      if (candidate && refusal.empty()) refusal = candidate->refusal;
    }
  }
  if (refusal.empty())
    refusal = "there is no " + std::string(k_names[0]) + " in " + library_dir + " or its lib/";
  throw Failure(MH_UNSUPPORTED, MH_ABOUT_ENGINE, refusal,
                "set ONNXRUNTIME_ROOT to the folder of an ONNX Runtime");
}

Candidate find_anywhere() {
  std::vector<std::string> names;
  for (const std::string& folder : engine_shared::library_folders()) {
    for (std::string& path : libraries_in(folder)) names.push_back(std::move(path));
  }
  names.insert(names.end(), std::begin(k_names), std::end(k_names));
  std::string refusal;
  for (const std::string& name : names) {
    const auto candidate = open_candidate(name);
    if (candidate && candidate->refusal.empty()) return *candidate;
    if (candidate && refusal.empty()) refusal = candidate->refusal;
  }
  if (refusal.empty())
    refusal =
        "the library of ONNX Runtime (" + std::string(k_names[0]) + ") is not on this machine";
  throw Failure(MH_UNSUPPORTED, MH_ABOUT_ENGINE, refusal, k_next_step);
}

}  // namespace

OrtLibrary::OrtLibrary(const std::optional<std::string>& library_dir) {
  Candidate found = library_dir ? find_in_folder_of_user(*library_dir) : find_anywhere();
  version_ = std::move(found.version);
  path_ = std::move(found.path);
  api_ = found.api;
}

bool OrtLibrary::has_provider(const std::string& name) const {
  char** names = nullptr;
  int count = 0;
  check(api_->GetAvailableProviders(&names, &count));
  const bool found = std::find(names, names + count, name) != names + count;
  check(api_->ReleaseAvailableProviders(names, count));
  return found;
}

bool OrtLibrary::is_at_least(int minor) const { return !is_older_than(minor, version_); }

void OrtLibrary::check(OrtStatus* status) const {
  if (status == nullptr) return;
  const OrtPtr<OrtStatus> owner(status, api_->ReleaseStatus);
  throw OrtError(api_->GetErrorCode(status), api_->GetErrorMessage(status));
}

}  // namespace modelhub::onnxruntime_engine
