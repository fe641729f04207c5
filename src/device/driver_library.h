// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>

#include <cstring>
#include <string>

namespace modelhub::device {

// Opens a library of a driver; null with `reason` when there is none. Never closed again: a driver
// may leave threads behind, and opening it once more costs nothing.
inline void* open_driver_library(const std::string& name, std::string& reason) {
  void* const handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle != nullptr) return handle;
  const char* const text = ::dlerror();
  reason = text != nullptr ? text : name;
  return nullptr;
}

// False when the library has no such function; then `missing` is its name.
template <class Function>
bool find_symbol(void* library, const char* name, Function& function, std::string& missing) {
  void* const symbol = ::dlsym(library, name);
  if (symbol == nullptr) {
    missing = name;
    return false;
  }
  static_assert(sizeof symbol == sizeof function);
  std::memcpy(&function, &symbol,
              sizeof symbol);  // ISO C++ has no cast from an object to a function pointer
  return true;
}

}  // namespace modelhub::device
