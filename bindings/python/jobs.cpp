// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "jobs.h"

namespace modelhub::python {

py::dict to_python(const Progress& progress) {
  py::dict dict;
  dict["phase"] = name_of(progress.phase);
  dict["subject"] = progress.subject;
  dict["bytes_done"] = progress.bytes_done;
  dict["bytes_total"] = progress.bytes_total;
  dict["bytes_per_second"] = progress.bytes_per_second;
  dict["eta"] = progress.eta ? py::cast(static_cast<double>(progress.eta->count())) : py::none();
  return dict;
}

void AnyJob::wait(const py::object& observer) const {
  Progress shown;
  const auto show = [&] {
    if (observer.is_none()) return;
    Progress now = progress();
    const bool is_new = now.phase != shown.phase || now.subject != shown.subject ||
                        now.bytes_done != shown.bytes_done || now.bytes_total != shown.bytes_total;
    shown = std::move(now);
    if (is_new) observer(to_python(shown));
  };
  try {
    while (!wait_a_slice()) {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      show();
    }
    show();
  } catch (py::error_already_set&) {  // Ctrl-C, or what the observer raised
    cancel();
    throw;
  }
  deliver_logs();
}

void bind_jobs(py::module_& module) {
  py::class_<AnyJob>(module, "Job")
      .def("wait", &AnyJob::wait, py::arg("observer") = py::none())
      .def("result", &AnyJob::result)
      .def("is_done", &AnyJob::is_done)
      .def("cancel", &AnyJob::cancel)
      .def("progress", [](const AnyJob& job) { return to_python(job.progress()); })
      .def("when_done", [](const AnyJob& job,
                           const py::object& callable) { job.when_done(callback_of(callable)); })
      .def("on_progress", [](const AnyJob& job, const py::object& callable) {
        job.on_progress(callback_of(callable));
      });
}

}  // namespace modelhub::python
