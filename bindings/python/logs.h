// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "interpreter.h"
#include <modelhub/log.h>

namespace modelhub::python {

// What hubs are opened with: keeps what they log until deliver_logs() (interpreter.h) hands it to
// Python. Thread safety: any thread.
LogSink log_sink();

// In the child of a fork: what waits is the parent's to tell, and one of its threads may be holding
// the queue.
void forget_logs();

// The Python function (level, message); level 0 is debug, 1 information, 2 a warning.
void set_log_handler(py::object handler);

}  // namespace modelhub::python
