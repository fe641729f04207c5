# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
#
# The font of the labels, taken from the distribution and put into the library as it is.
# Sets MODELHUB_FONT_SOURCE: a C source that src/vision/font.cpp finds the font in.

find_file(MODELHUB_FONT_FILE DejaVuSans-Bold.ttf
  PATHS /usr/share/fonts /usr/local/share/fonts
  PATH_SUFFIXES truetype/dejavu dejavu dejavu-sans-fonts TTF truetype
  DOC "TrueType or OpenType font that labels are drawn in" NO_CMAKE_FIND_ROOT_PATH)
if(NOT MODELHUB_FONT_FILE OR NOT EXISTS "${MODELHUB_FONT_FILE}")
  message(FATAL_ERROR "No font for the labels: ${MODELHUB_FONT_FILE}.\n"
    "On Debian and Ubuntu: apt install fonts-dejavu-core. "
    "Or name another TrueType font: -DMODELHUB_FONT_FILE=/path/to/font.ttf")
endif()

# The assembler copies the file in no time, where a C array of 700,000 numbers takes seconds.
set(MODELHUB_FONT_SOURCE "${PROJECT_BINARY_DIR}/generated/font_data.c")
file(CONFIGURE OUTPUT "${MODELHUB_FONT_SOURCE}" @ONLY CONTENT [=[
/* Made by cmake/modelhub_font.cmake. */
__asm__(
    ".section .rodata\n"
    ".balign 16\n"
    ".hidden modelhub_font_begin\n"
    ".globl modelhub_font_begin\n"
    ".type modelhub_font_begin, %object\n"
    "modelhub_font_begin:\n"
    ".incbin \"@MODELHUB_FONT_FILE@\"\n"
    ".hidden modelhub_font_end\n"
    ".globl modelhub_font_end\n"
    ".type modelhub_font_end, %object\n"
    "modelhub_font_end:\n"
    ".byte 0\n"
    ".size modelhub_font_begin, modelhub_font_end - modelhub_font_begin\n"
    ".size modelhub_font_end, 1\n"
    ".previous\n");
/* ISO C wants a declaration in every file. */
extern const unsigned char modelhub_font_begin[];
]=])
set_source_files_properties("${MODELHUB_FONT_SOURCE}" PROPERTIES OBJECT_DEPENDS "${MODELHUB_FONT_FILE}")
