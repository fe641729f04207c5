// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

// jpeglib.h uses FILE and size_t without including what declares them.
#include <csetjmp>
#include <cstddef>
#include <cstdio>

// The numbers in jerror.h depend on what jpeglib.h has defined, so the order matters.
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#ifndef JCS_EXTENSIONS
#error "modelhub needs libjpeg-turbo: another libjpeg gives other pixels and has no BGR"
#endif

namespace modelhub::vision {

// libjpeg's errors come by longjmp. It must not jump over a C++ object with a destructor, so every
// call of libjpeg runs inside attempt(), whose callable has only plain locals.
struct JpegErrors : jpeg_error_mgr {
  std::jmp_buf back = {};
  int failed_code = 0;
  char text[JMSG_LENGTH_MAX] = {};

  // False when libjpeg gave up; failed_code and text say why.
  template <class F>
  bool attempt(const F& calls) {
    if (setjmp(back) != 0) return false;  // NOLINT(cert-err52-cpp): libjpeg knows nothing else
    calls();
    return true;
  }
};

// Leaves attempt() with the message that libjpeg has prepared.
[[noreturn]] inline void leave_jpeg(j_common_ptr codec) {
  auto* const errors = static_cast<JpegErrors*>(codec->err);
  errors->failed_code = errors->msg_code;
  errors->format_message(codec, errors->text);
  std::longjmp(errors->back, 1);  // NOLINT(cert-err52-cpp)
}

// Fills in the table of `errors`; nothing is ever printed.
inline jpeg_error_mgr* quiet_jpeg_errors(JpegErrors& errors) {
  jpeg_std_error(&errors);
  errors.error_exit = leave_jpeg;
  errors.output_message = [](j_common_ptr) {};
  errors.emit_message = [](j_common_ptr, int) {};
  return &errors;
}

}  // namespace modelhub::vision
