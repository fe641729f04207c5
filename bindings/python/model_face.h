// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "interpreter.h"
#include <modelhub/model.h>

namespace modelhub::python {

py::object to_python(const Model& model);

void bind_models(py::module_& module);

}  // namespace modelhub::python
