// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csetjmp>
#include <cstdio>

#include <png.h>

namespace modelhub::vision {

// libpng's errors come by longjmp. It must not jump over a C++ object with a destructor, so every
// call of libpng runs inside attempt(), whose callable has only plain locals.
struct PngErrors {
  std::jmp_buf back = {};
  char text[160] = {};

  // False when libpng gave up; text says why.
  template <class F>
  bool attempt(const F& calls) {
    if (setjmp(back) != 0) return false;  // NOLINT(cert-err52-cpp): libpng knows nothing else
    calls();
    return true;
  }
};

// To be given to libpng with a PngErrors as the error pointer; warnings are dropped.
[[noreturn]] inline void leave_png(png_structp codec, png_const_charp message) {
  auto* const errors = static_cast<PngErrors*>(png_get_error_ptr(codec));
  std::snprintf(errors->text, sizeof errors->text, "%s", message);
  std::longjmp(errors->back, 1);  // NOLINT(cert-err52-cpp)
}
inline void drop_png_warning(png_structp, png_const_charp) {}

}  // namespace modelhub::vision
