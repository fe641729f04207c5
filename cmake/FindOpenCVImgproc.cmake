# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
#
# OpenCV's core and imgproc only: target OpenCVImgproc::OpenCVImgproc. Debian's libopencv-imgproc-dev comes without the CMake
# package, which lies in libopencv-dev with half a gigabyte of dependencies, so that headers and libraries are looked for.
# Only tests and benchmarks use it.
find_path(OpenCVImgproc_INCLUDE_DIR opencv2/imgproc.hpp PATH_SUFFIXES opencv4)
find_library(OpenCVImgproc_core_LIBRARY opencv_core)
find_library(OpenCVImgproc_imgproc_LIBRARY opencv_imgproc)
mark_as_advanced(OpenCVImgproc_INCLUDE_DIR OpenCVImgproc_core_LIBRARY OpenCVImgproc_imgproc_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCVImgproc REQUIRED_VARS
  OpenCVImgproc_imgproc_LIBRARY OpenCVImgproc_core_LIBRARY OpenCVImgproc_INCLUDE_DIR)

if(OpenCVImgproc_FOUND AND NOT TARGET OpenCVImgproc::OpenCVImgproc)
  add_library(OpenCVImgproc::OpenCVImgproc INTERFACE IMPORTED)
  set_target_properties(OpenCVImgproc::OpenCVImgproc PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${OpenCVImgproc_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${OpenCVImgproc_imgproc_LIBRARY};${OpenCVImgproc_core_LIBRARY}")
endif()
