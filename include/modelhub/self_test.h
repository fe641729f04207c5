// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "modelhub/error.h"
#include "modelhub/export.h"

namespace modelhub MODELHUB_API {

// What came of the catalog's golden picture.
enum class SelfTestVerdict {
  right,      // the catalog's answer, within its tolerances
  wrong,      // another answer
  refused,    // the engine, or the device, cannot run this model; `remark` says why
  failed,     // something else went wrong: a picture that cannot be had, a damaged file
  unchecked,  // it runs, but the catalog has no golden answer for this variant
};

std::string_view name_of(SelfTestVerdict verdict);

// One variant of a model on one device with one engine of this machine.
//
// Thread safety: a value.
struct SelfTestResult {
  std::string model;           // "yolov8n@8.4.0:onnx-fp32"
  std::string engine;          // "onnxruntime"
  std::string engine_version;  // "1.32.0"
  std::string device;          // "cpu:0"
  SelfTestVerdict verdict = SelfTestVerdict::unchecked;
  std::string remark;          // one line: what differs, or why not; empty when right
  std::optional<Error> error;  // of refused and failed
  // Wall times; 0 when it was not loaded or not run. The first run is not counted: it is slower
  // than the others.
  std::chrono::duration<double, std::milli> load{0};
  std::chrono::duration<double, std::milli> run{0};
};

}  // namespace MODELHUB_API
