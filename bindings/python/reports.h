// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "interpreter.h"
#include <modelhub/hub.h>

namespace modelhub::python {

// The library's values as dictionaries; model_hub/reports.py makes its classes of them. Sizes are
// bytes, times seconds (since 1970 where they are dates) or milliseconds where the name says so.

py::dict to_python(const ModelSummary& summary);
py::dict to_python(const ModelEntry& entry);
py::dict to_python(const InstalledModel& model);
py::dict to_python(const VerifyReport& report);
py::dict to_python(const RepairReport& report);
py::dict to_python(const RegisterReport& report);
py::dict to_python(const VersionSummary& version);
py::dict to_python(const StoreStatistics& statistics);
py::dict to_python(const PruneReport& report);
py::dict to_python(const RemoveReport& report);
py::dict to_python(const UnloadReport& report);
py::dict to_python(const PullPlan& plan);
py::dict to_python(const Device& device);
py::dict to_python(const EngineReport& report);
py::dict to_python(const LoadReport& report);
py::dict to_python(const SelfTestResult& result);
py::dict to_python(const TuneReport& report);

// What those hold.
py::dict to_python(const InstalledFile& file);
py::dict to_python(const VerifiedFile& file);
py::dict to_python(const PrunedItem& item);
py::dict to_python(const ModelVersion& version);
py::dict to_python(const VariantCandidate& candidate);
py::dict to_python(const EngineDevice& device);
py::dict to_python(const DeviceCandidate& candidate);
py::dict to_python(const TuneCandidate& candidate);

template <class T>
py::list list_of(const std::vector<T>& values) {
  py::list list;
  for (const T& value : values) list.append(to_python(value));
  return list;
}
py::list texts(const std::vector<std::string>& values);

}  // namespace modelhub::python
