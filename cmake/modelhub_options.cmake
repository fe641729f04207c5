# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
#
# What a build can choose, and the compile settings that every target of the project shares.

option(BUILD_SHARED_LIBS "Build libmodelhub as a shared library" OFF)
option(MODELHUB_DEVELOPER "Warnings are errors; for those who work on modelhub itself" OFF)
option(MODELHUB_BUILD_CLI "Build the command line" ${PROJECT_IS_TOP_LEVEL})
option(MODELHUB_BUILD_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(MODELHUB_BUILD_PYTHON "Build the Python package's extension module; needs pybind11. pip sets it" OFF)
option(MODELHUB_BUILD_TESTS "Build the tests" OFF)
option(MODELHUB_BUILD_BENCHMARKS "Build the benchmarks" OFF)
option(MODELHUB_BUILD_FUZZERS "Build the programs of libFuzzer in fuzz/; needs clang and the preset fuzz" OFF)
option(MODELHUB_PRECOMPILE "Compile the standard library's headers once for all modules: for builds from nothing" OFF)
set(MODELHUB_SANITIZE "" CACHE STRING "Sanitizers for all targets: address,undefined or thread")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# The command line and the engines lie in the same places of the build tree as in an installed one.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()

# libmodelhub links what its modules found in their own folders.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
find_package(Threads REQUIRED)

# The settings of every target; not exported.
add_library(modelhub_settings INTERFACE)
target_compile_options(modelhub_settings INTERFACE -Wall -Wextra -Wpedantic -Wshadow
                       $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual>)
if(MODELHUB_DEVELOPER)
  target_compile_options(modelhub_settings INTERFACE -Werror)
endif()
target_compile_definitions(modelhub_settings INTERFACE $<$<NOT:$<CONFIG:Release>>:_GLIBCXX_ASSERTIONS>)
if(MODELHUB_SANITIZE)
  target_compile_options(modelhub_settings INTERFACE -fsanitize=${MODELHUB_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  target_link_options(modelhub_settings INTERFACE -fsanitize=${MODELHUB_SANITIZE})
  # A null pointer that is followed ends the process under AddressSanitizer anyway, with its place: to look at each
  # reference for it would take a fifth of the time of compiling.
  # With what a sanitizer adds, g++ 12 takes the destructor of an empty std::optional for one of a value. Builds without
  # a sanitizer keep the warning.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(modelhub_settings INTERFACE -Wno-maybe-uninitialized)
  endif()
  if(MODELHUB_SANITIZE MATCHES "undefined")
    target_compile_options(modelhub_settings INTERFACE -fno-sanitize=null,vptr)
  endif()
  # With g++ these two take another quarter; the fuzzed build, by clang, has them. AddressSanitizer's checks as calls, where
  # they would be some ten instructions each, take a sixth.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND MODELHUB_SANITIZE MATCHES "address")
    target_compile_options(modelhub_settings INTERFACE
      -fno-sanitize=alignment,object-size --param=asan-instrumentation-with-call-threshold=0)
  endif()
  # A tenth, and what it makes faster is the program.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(modelhub_settings INTERFACE -fno-tree-pta)
  endif()
endif()

# modelhub_add_module(NAME sources... [DEPENDS modules...] [LIBRARIES third-party...])
#
# A module is a static library of its own: what it may use is what it links. libmodelhub is made of their objects.
function(modelhub_add_module name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LIBRARIES" ${ARGN})
  set(target modelhub_${name})
  add_library(${target} STATIC ${arg_UNPARSED_ARGUMENTS})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM arg_DEPENDS PREPEND modelhub_)
  target_link_libraries(${target} PUBLIC ${arg_DEPENDS} Threads::Threads PRIVATE modelhub_settings ${arg_LIBRARIES})
  if(MODELHUB_PRECOMPILE AND name STREQUAL "base")
    target_precompile_headers(${target} PRIVATE <algorithm> <atomic> <chrono> <condition_variable> <deque> <filesystem>
      <fstream> <functional> <map> <memory> <mutex> <optional> <set> <span> <sstream> <string> <string_view>
      <system_error> <thread> <unordered_map> <utility> <variant> <vector>)
  elseif(MODELHUB_PRECOMPILE AND NOT name STREQUAL "vision")  # which has a source in C
    target_precompile_headers(${target} REUSE_FROM modelhub_base)
  endif()
  set_property(GLOBAL APPEND PROPERTY MODELHUB_MODULES ${target})
  set_property(GLOBAL APPEND PROPERTY MODELHUB_LIBRARIES ${arg_LIBRARIES})
endfunction()
