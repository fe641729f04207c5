# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
#
# Compiles text files into a library, with nothing but CMake itself.
#
# modelhub_embed_texts(OUTPUT.cpp FUNCTION files...) makes a source file that defines
# modelhub::catalog::FUNCTION() (src/catalog/builtin.h); it is made again when a file changes.
#
# When run as a script (cmake -P) it writes that file: -DOUTPUT, -DFUNCTION, -DFILES (with '|' between).

function(modelhub_embed_texts output function)
  list(JOIN ARGN "|" files)
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" "-DFUNCTION=${function}" "-DFILES=${files}"
            -P "${PROJECT_SOURCE_DIR}/cmake/modelhub_embed_texts.cmake"
    DEPENDS ${ARGN} "${PROJECT_SOURCE_DIR}/cmake/modelhub_embed_texts.cmake"
    COMMENT "Embedding ${function}"
    VERBATIM)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  string(REPLACE "|" ";" files "${FILES}")
  set(rows "")
  foreach(file IN LISTS files)
    file(SIZE "${file}" bytes)
    # Compilers need not take a longer literal, and none of our documents should be so long.
    if(bytes GREATER 60000)
      message(FATAL_ERROR "${file} has ${bytes} bytes, more than one string literal may hold: split it")
    endif()
    file(READ "${file}" text)
    # Half of a document is indentation, which would be parsed at every start. Lines stay what they are, for errors; a JSON
    # string cannot hold a newline, nor does a list of labels begin its lines with blanks.
    string(REGEX REPLACE "\n +" "\n" text "${text}")
    if(text MATCHES "\\)modelhub\"")
      message(FATAL_ERROR "${file} has the characters that end the literal")
    endif()
    get_filename_component(name "${file}" NAME)
    string(APPEND rows "    {\"${name}\", R\"modelhub(${text})modelhub\"},\n")
  endforeach()
  file(WRITE "${OUTPUT}"
"// Made by cmake/modelhub_embed_texts.cmake; do not edit.
#include \"catalog/builtin.h\"

namespace modelhub::catalog {
namespace {
constexpr EmbeddedText k_${FUNCTION}[] = {
${rows}};
}  // namespace
std::span<const EmbeddedText> ${FUNCTION}() { return k_${FUNCTION}; }
}  // namespace modelhub::catalog
")
endif()
