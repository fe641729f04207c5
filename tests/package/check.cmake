# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
#
# Builds and runs consumer/ against modelhub, as FROM says: its build tree, or an installed and then moved tree.

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "failed (${code}): ${ARGV}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
if(FROM STREQUAL "install")
  run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/first)
  # A package that only works where it was installed is broken for every distribution.
  file(RENAME ${WORK_DIR}/first ${WORK_DIR}/moved)
  set(prefix ${WORK_DIR}/moved)
  run(${WORK_DIR}/moved/bin/modelhub --home ${WORK_DIR}/home list)
else()
  set(prefix ${BUILD_DIR})
endif()
# The same build program: make need not be here.
run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${CONSUMER_DIR} -B ${WORK_DIR}/consumer -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_BUILD_TYPE=Debug)
run(${CMAKE_COMMAND} --build ${WORK_DIR}/consumer)
run(${WORK_DIR}/consumer/consumer)
