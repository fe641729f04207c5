# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
#
# cmake -DREADELF=... -DFILES=a;b -P run_paths.cmake: none of them looks for libraries in the working directory, where a stranger's
# file may lie. An empty part of a run path means that folder.
if(NOT FILES)
  message(FATAL_ERROR "no files")
endif()
foreach(file IN LISTS FILES)
  execute_process(COMMAND "${READELF}" -d "${file}" OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
  if(NOT dynamic MATCHES "NEEDED")
    message(FATAL_ERROR "cannot read what ${file} needs")
  endif()
  if(dynamic MATCHES "path: \\[(:[^]]*|[^]]*::[^]]*|[^]]*:)\\]")
    message(SEND_ERROR "${file} has the run path [${CMAKE_MATCH_1}]")
  endif()
endforeach()
