# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install` lays down, and the package that find_package(modelhub) finds there or in the build tree.

include(CMakePackageConfigHelpers)

set(MODELHUB_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/modelhub)

install(TARGETS modelhub EXPORT modelhub-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(MODELHUB_BUILD_CLI)
  # The program and the library keep finding each other when the tree is moved. The same in the build tree: where the run path
  # is replaced by an install, CMake makes room for that with colons, and each of them means the working directory.
  set_target_properties(modelhub_cli PROPERTIES
    INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}" BUILD_WITH_INSTALL_RPATH ON)
  install(TARGETS modelhub_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY include/modelhub ${PROJECT_BINARY_DIR}/include/modelhub
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT modelhub-targets NAMESPACE modelhub:: DESTINATION ${MODELHUB_INSTALL_CMAKEDIR})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/modelhub-config.cmake.in
  ${PROJECT_BINARY_DIR}/modelhub-config.cmake INSTALL_DESTINATION ${MODELHUB_INSTALL_CMAKEDIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/modelhub-config-version.cmake COMPATIBILITY SameMinorVersion)
configure_file(${CMAKE_CURRENT_LIST_DIR}/FindWebP.cmake ${PROJECT_BINARY_DIR}/FindWebP.cmake COPYONLY)
install(FILES ${PROJECT_BINARY_DIR}/modelhub-config.cmake ${PROJECT_BINARY_DIR}/modelhub-config-version.cmake
              ${PROJECT_BINARY_DIR}/FindWebP.cmake
        DESTINATION ${MODELHUB_INSTALL_CMAKEDIR})
export(EXPORT modelhub-targets NAMESPACE modelhub:: FILE ${PROJECT_BINARY_DIR}/modelhub-targets.cmake)
