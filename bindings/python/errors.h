// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "interpreter.h"
#include <modelhub/result.h>

namespace modelhub::python {

// The Python function (code, builtin, message, context, hint, subject, retryable) -> exception that
// makes the exceptions of the package. Until it is set, errors are RuntimeErrors.
void set_error_factory(py::object factory);

// The exception that an error is in Python: its class follows the one table, python_exception_of().
[[noreturn]] void raise(const Error& error);

// The value, or the error as a Python exception. Needs the GIL.
template <class T>
T unwrap(Result<T> result) {
  if (!result) raise(result.error());
  return *std::move(result);
}
inline void unwrap(const Result<void>& result) {
  if (!result) raise(result.error());
}

// Text for people: bytes that are no UTF-8 (a file's name may be any) show as U+FFFD.
py::str text_of(std::string_view text);
// A path as os.fsdecode() gives it.
py::str path_of(std::string_view path);

// Every (code, subject, exception) that can occur, for the test that none lacks a class.
py::list error_faces();

}  // namespace modelhub::python
