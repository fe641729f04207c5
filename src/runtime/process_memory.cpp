// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/process_memory.h"

#include <malloc.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>

namespace modelhub::runtime {

ByteCount resident_memory() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t all_pages = 0;
  std::uint64_t resident_pages = 0;
  if (!(file >> all_pages >> resident_pages)) return {};
  return ByteCount(resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
}

void return_freed_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace modelhub::runtime
