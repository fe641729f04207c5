// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modelhub/byte_count.h"
#include "modelhub/error.h"
#include "modelhub/export.h"
#include "modelhub/options.h"
#include "modelhub/result.h"

namespace modelhub MODELHUB_API {

// What became of one way to run a model.
enum class TuneVerdict {
  chosen,   // loads take this way from now on
  slower,   // answers right, and lost; `remark` says by how much
  wrong,    // answers something else; `remark` says what
  refused,  // the engine, or the device, cannot run this model
  failed,   // something else went wrong
  skipped,  // a variant that was not tried; `remark` says why and what would try it
};

std::string_view name_of(TuneVerdict verdict);

// Which variants of a model are compared. A reference that names a variant, or a plain name for
// which the user chose one, leaves no choice.
enum class TuneVariants {
  installed,  // what is here already, and the default
  all,        // the others are pulled first, which may evict models that were not used for long
};

// Errors: invalid_argument, for anything but "installed" and "all".
Result<TuneVariants> parse_tune_variants(std::string_view text);

// One way to run a model on this machine.
//
// Thread safety: a value.
struct TuneCandidate {
  std::string variant;         // "onnx-fp32"
  std::string engine;          // "openvino"; empty for a variant that no engine came to
  std::string engine_version;  // "2026.4.1"
  std::string device;          // "cpu:0"
  Precision precision = Precision::exact;
  int threads = 0;          // of one run
  bool is_default = false;  // what a load takes when nothing was tuned
  TuneVerdict verdict = TuneVerdict::slower;
  std::string remark;          // one line: why it lost; empty for the chosen one
  std::optional<Error> error;  // of refused and failed
  // From the picture in memory to its answer: the median of all rounds, or of the first runs for
  // what was left out after them; 0 when it never answered right.
  std::chrono::duration<double, std::milli> run{0};
  std::chrono::duration<double, std::milli> load{0};
  ByteCount memory;  // by how much the process grew; the first load of an engine has its libraries
};

struct TuneReport {
  std::string model;                      // the default: "yolov8n@8.4.0:onnx-fp32"
  std::string picture;                    // that all of them answered
  int rounds = 0;                         // that were compared
  std::vector<TuneCandidate> candidates;  // the default first
  std::optional<std::size_t> chosen;      // of `candidates`; nothing when none answers right
  std::string chosen_model;               // "yolov8n@8.4.0:onnx-int8"; empty with `chosen`
  std::string reason;                     // why that one, with both times
  // Why the result could not be kept, so that loads do not know of it: a home that is full or
  // cannot be written.
  std::optional<Error> not_kept;
};

struct TuneOptions {
  // golden: also ways and variants that compute with fewer bits, as long as the answer stays within
  // the catalog's tolerances. From then on loads that do not ask for a precision may use one of
  // them.
  Precision precision = Precision::exact;
  // What loads of the plain name follow from then on, as long as it is installed.
  TuneVariants variants = TuneVariants::installed;
  // A picture (a path) for a model without a golden one. What counts as right is then the exact
  // answer of the default: the same items, scores within 0.02, corners within 3 pixels.
  std::string picture;

  TuneOptions() {}
};

}  // namespace MODELHUB_API
