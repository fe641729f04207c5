// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "errors.h"

namespace modelhub::python {
namespace {

PyObject* g_factory = nullptr;  // never released: it may be needed until the very end

const char* name_of(Subject subject) {
  switch (subject) {
    case Subject::other: return "other";
    case Subject::usage: return "usage";
    case Subject::input: return "input";
    case Subject::model: return "model";
    case Subject::catalog: return "catalog";
    case Subject::network: return "network";
    case Subject::store: return "store";
    case Subject::device: return "device";
    case Subject::engine: return "engine";
    case Subject::remote_input: return "remote_input";
  }
  return "other";
}

}  // namespace

void set_error_factory(py::object factory) { g_factory = factory.release().ptr(); }

void raise(const Error& error) {
  if (g_factory == nullptr) throw std::runtime_error(error.to_string());
  const py::object exception = py::reinterpret_borrow<py::object>(g_factory)(
      modelhub::name_of(error.code), python_exception_of(error), text_of(error.message),
      text_of(error.context), text_of(error.hint), name_of(error.subject), error.retryable);
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
  throw py::error_already_set();
}

py::str text_of(std::string_view text) {
  PyObject* const decoded =
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
  if (decoded == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

py::str path_of(std::string_view path) {
  PyObject* const decoded =
      PyUnicode_DecodeFSDefaultAndSize(path.data(), static_cast<Py_ssize_t>(path.size()));
  if (decoded == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

py::list error_faces() {
  py::list faces;
  for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code) {
    for (int subject = 0; subject <= static_cast<int>(Subject::remote_input); ++subject) {
      const Error error(static_cast<ErrorCode>(code), static_cast<Subject>(subject), "");
      faces.append(py::make_tuple(modelhub::name_of(error.code), name_of(error.subject),
                                  python_exception_of(error)));
    }
  }
  return faces;
}

}  // namespace modelhub::python
