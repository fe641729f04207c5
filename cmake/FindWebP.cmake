# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
#
# libwebp, as WebP::webp (the name of its own CMake package, which distributions leave out).
find_package(WebP CONFIG QUIET)
if(NOT TARGET WebP::webp)
  find_path(WebP_INCLUDE_DIR webp/decode.h)
  find_library(WebP_LIBRARY webp)
  mark_as_advanced(WebP_INCLUDE_DIR WebP_LIBRARY)
  include(FindPackageHandleStandardArgs)
  find_package_handle_standard_args(WebP REQUIRED_VARS WebP_LIBRARY WebP_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "On Debian and Ubuntu: apt install libwebp-dev")
  if(WebP_FOUND)
    add_library(WebP::webp UNKNOWN IMPORTED)
    set_target_properties(WebP::webp PROPERTIES
      IMPORTED_LOCATION "${WebP_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${WebP_INCLUDE_DIR}")
  endif()
endif()
