// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// The extension module model_hub._core: the public API of modelhub, one to one, for the Python
// sources in model_hub/ only. _core.pyi describes it.
#include "errors.h"
#include "hub_face.h"
#include "interpreter.h"
#include "jobs.h"
#include "logs.h"
#include "model_face.h"
#include "pictures.h"
#include "reports.h"
#include <modelhub/version.h>

PYBIND11_MODULE(_core, module) {
  namespace mh = modelhub::python;
  module.attr("version") = MODELHUB_VERSION;
  module.def("set_error_factory", &mh::set_error_factory);
  module.def("set_log_handler", &mh::set_log_handler);
  module.def("deliver_logs", &mh::deliver_logs);
  module.def("error_faces", &mh::error_faces);
  module.def("begin_exit", &mh::begin_exit);
  module.def("begin_child", [] {
    mh::forget_helper();
    mh::forget_logs();
  });
  module.def("shown_url", &modelhub::shown_url);
  module.def("recipe_kinds", [] { return mh::texts(modelhub::recipe_kinds()); });
  mh::bind_jobs(module);
  mh::bind_pictures(module);
  mh::bind_models(module);
  mh::bind_hub(module);
}
