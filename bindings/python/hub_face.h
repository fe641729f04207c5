// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "interpreter.h"

namespace modelhub::python {

void bind_hub(py::module_& module);

}  // namespace modelhub::python
