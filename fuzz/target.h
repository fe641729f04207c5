// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace modelhub::fuzz {

// Takes any bytes. Must not crash, hang, or break what MODELHUB_FUZZ_REQUIRE says.
using Target = void (*)(std::string_view input);

// Puts a target into the table of the replay program.
struct Registration {
  Registration(const char* name, Target target);
};

[[noreturn]] inline void fail(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
  std::abort();
}

}  // namespace modelhub::fuzz

#define MODELHUB_FUZZ_REQUIRE(condition) \
  ((condition) ? void() : ::modelhub::fuzz::fail(#condition, __FILE__, __LINE__))

// MODELHUB_FUZZ_TARGET(name) { ... input ... }
//
// One of a fuzzer's program, or one of all in the replay program: see CMakeLists.txt.
#ifdef MODELHUB_FUZZ_REPLAY
#define MODELHUB_FUZZ_TARGET(name)                                                \
  static void fuzz_##name(std::string_view input);                                \
  static const ::modelhub::fuzz::Registration name##_target(#name, &fuzz_##name); \
  static void fuzz_##name(std::string_view input)
#else
#define MODELHUB_FUZZ_TARGET(name)                                                    \
  static void fuzz_##name(std::string_view input);                                    \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);  \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    fuzz_##name(std::string_view(reinterpret_cast<const char*>(data), size));         \
    return 0;                                                                         \
  }                                                                                   \
  static void fuzz_##name(std::string_view input)
#endif
