// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "shared/library_folders.h"

#include <dlfcn.h>
#include <link.h>

#include <cstddef>
#include <filesystem>

namespace modelhub::engine_shared {

namespace fs = std::filesystem;

std::string library_of(const void* symbol) {
  Dl_info info{};
  if (dladdr(symbol, &info) == 0 || info.dli_fname == nullptr) return {};
  return info.dli_fname;
}

std::vector<std::string> library_folders() {
  const std::string module = library_of(reinterpret_cast<const void*>(&library_folders));
  if (module.empty()) return {};
  std::vector<std::string> folders = {fs::absolute(module).parent_path().string()};
  void* const self = dlopen(module.c_str(), RTLD_NOW | RTLD_NOLOAD);
  if (self == nullptr) return folders;
  Dl_serinfo size{};
  if (dlinfo(self, RTLD_DI_SERINFOSIZE, &size) == 0) {
    std::vector<std::max_align_t> memory(size.dls_size / sizeof(std::max_align_t) + 1);
    auto* const info = reinterpret_cast<Dl_serinfo*>(memory.data());
    info->dls_size = size.dls_size;
    info->dls_cnt = size.dls_cnt;
    const bool is_filled = dlinfo(self, RTLD_DI_SERINFO, info) == 0;
    for (unsigned i = 0; is_filled && i < info->dls_cnt; ++i) {
      // Not the working folder, which an empty part of a run path stands for.
      const fs::path folder = (info->dls_serpath + i)->dls_name;
      if (folder.is_absolute()) folders.push_back(folder.string());
    }
  }
  dlclose(self);
  return folders;
}

}  // namespace modelhub::engine_shared
