# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
#
# Finds the C header of ONNX Runtime (1.16 or newer), and where its library lies if that is known. Nothing links the
# library: the engine opens it when it runs.
#
# Looked at, in this order: ONNXRUNTIME_ROOT (CMake or environment), a CMake package "onnxruntime", pkg-config,
# build/deps/onnxruntime (made by scripts/setup), the system's folders.
#
# Gives  OnnxRuntimeHeaders_FOUND, OnnxRuntimeHeaders_VERSION (1.<ORT_API_VERSION>), OnnxRuntimeHeaders_INCLUDE_DIR,
#        OnnxRuntimeHeaders_LIBRARY_DIR (empty when unknown), the target OnnxRuntimeHeaders::OnnxRuntimeHeaders

set(_roots ${ONNXRUNTIME_ROOT} $ENV{ONNXRUNTIME_ROOT})

find_package(onnxruntime CONFIG QUIET)
if(TARGET onnxruntime::onnxruntime)
  get_target_property(_config_includes onnxruntime::onnxruntime INTERFACE_INCLUDE_DIRECTORIES)
  get_target_property(_config_library onnxruntime::onnxruntime LOCATION)
  if(_config_library)
    get_filename_component(_config_library_dir "${_config_library}" DIRECTORY)
  endif()
endif()

find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(PC_ONNXRUNTIME QUIET libonnxruntime)
endif()

set(_suffixes include include/onnxruntime include/onnxruntime/core/session onnxruntime onnxruntime/core/session)
# Three steps, because find_path() looks into its hints for all suffixes before anything else.
find_path(OnnxRuntimeHeaders_INCLUDE_DIR onnxruntime_c_api.h HINTS ${_roots} PATH_SUFFIXES ${_suffixes} NO_DEFAULT_PATH)
find_path(OnnxRuntimeHeaders_INCLUDE_DIR onnxruntime_c_api.h
  HINTS ${_config_includes} ${PC_ONNXRUNTIME_INCLUDE_DIRS} "${PROJECT_SOURCE_DIR}/build/deps/onnxruntime"
  PATH_SUFFIXES ${_suffixes} NO_DEFAULT_PATH)
find_path(OnnxRuntimeHeaders_INCLUDE_DIR onnxruntime_c_api.h PATH_SUFFIXES onnxruntime onnxruntime/core/session)
mark_as_advanced(OnnxRuntimeHeaders_INCLUDE_DIR)

if(OnnxRuntimeHeaders_INCLUDE_DIR)
  file(STRINGS "${OnnxRuntimeHeaders_INCLUDE_DIR}/onnxruntime_c_api.h" _line REGEX "#define ORT_API_VERSION [0-9]+")
  string(REGEX MATCH "[0-9]+$" _api_version "${_line}")
  set(OnnxRuntimeHeaders_VERSION "1.${_api_version}")
endif()

# The library belongs to the headers if it lies beside them.
set(OnnxRuntimeHeaders_LIBRARY_DIR "")
foreach(_dir ${_roots} ${_config_library_dir} ${PC_ONNXRUNTIME_LIBRARY_DIRS}
        "${PROJECT_SOURCE_DIR}/build/deps/onnxruntime")
  foreach(_sub "" /lib)
    file(GLOB _libraries "${_dir}${_sub}/libonnxruntime.so*")
    if(_libraries AND NOT OnnxRuntimeHeaders_LIBRARY_DIR)
      get_filename_component(OnnxRuntimeHeaders_LIBRARY_DIR "${_dir}${_sub}" ABSOLUTE)
    endif()
  endforeach()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OnnxRuntimeHeaders
  REQUIRED_VARS OnnxRuntimeHeaders_INCLUDE_DIR VERSION_VAR OnnxRuntimeHeaders_VERSION)

if(OnnxRuntimeHeaders_FOUND AND NOT TARGET OnnxRuntimeHeaders::OnnxRuntimeHeaders)
  add_library(OnnxRuntimeHeaders::OnnxRuntimeHeaders INTERFACE IMPORTED)
  set_target_properties(OnnxRuntimeHeaders::OnnxRuntimeHeaders PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${OnnxRuntimeHeaders_INCLUDE_DIR}")
endif()
