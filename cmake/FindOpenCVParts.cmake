# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
#
# Single modules of OpenCV, each with core: find_package(OpenCVParts 4.6 COMPONENTS imgproc) gives OpenCVParts::imgproc.
# Debian's libopencv-imgproc-dev and libopencv-dnn-dev come without the CMake package, which lies in libopencv-dev with half
# a gigabyte of dependencies, so that headers and libraries are looked for. Another OpenCV: CMAKE_PREFIX_PATH or
# OpenCVParts_ROOT.
find_path(OpenCVParts_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4)
mark_as_advanced(OpenCVParts_INCLUDE_DIR)
if(OpenCVParts_INCLUDE_DIR)
  file(STRINGS "${OpenCVParts_INCLUDE_DIR}/opencv2/core/version.hpp" _lines
       REGEX "#define CV_VERSION_(MAJOR|MINOR|REVISION) +[0-9]+")
  list(TRANSFORM _lines REPLACE "[^0-9]" "")
  list(JOIN _lines "." OpenCVParts_VERSION)
endif()

foreach(_part IN ITEMS core ${OpenCVParts_FIND_COMPONENTS})
  find_library(OpenCVParts_${_part}_LIBRARY opencv_${_part})
  mark_as_advanced(OpenCVParts_${_part}_LIBRARY)
  set(OpenCVParts_${_part}_FOUND FALSE)
  if(OpenCVParts_${_part}_LIBRARY AND EXISTS "${OpenCVParts_INCLUDE_DIR}/opencv2/${_part}.hpp")
    set(OpenCVParts_${_part}_FOUND TRUE)
    if(NOT TARGET OpenCVParts::${_part})
      add_library(OpenCVParts::${_part} INTERFACE IMPORTED)
      set_target_properties(OpenCVParts::${_part} PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES "${OpenCVParts_INCLUDE_DIR}"
        INTERFACE_LINK_LIBRARIES "${OpenCVParts_${_part}_LIBRARY};${OpenCVParts_core_LIBRARY}")
    endif()
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCVParts REQUIRED_VARS OpenCVParts_core_LIBRARY OpenCVParts_INCLUDE_DIR
  VERSION_VAR OpenCVParts_VERSION HANDLE_VERSION_RANGE HANDLE_COMPONENTS)
