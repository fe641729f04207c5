// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "ov_failure.h"

#include <cctype>
#include <sstream>
#include <string_view>

namespace modelhub::openvino_engine {
namespace {

using engine_module::Failure;

constexpr const char* k_export_differently =
    "export the model with standard operators, or try another engine";

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool begins_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// OpenVINO's text in one line, without the lines that say where in its sources it happened.
std::string plain(const std::string& text) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    const bool is_place = begins_with(line, "Exception from ") ||
                          begins_with(line, "FrontEnd API failed with ") ||
                          (begins_with(line, "Check '") && has(line, "' failed at "));
    if (line.empty() || is_place) continue;
    result += (result.empty() ? "" : "; ") + line;
  }
  return result.empty() ? "it gives no reason" : result;
}

// What stands behind `before`, up to the end of that line; empty when `before` is not there.
std::string rest_of_line(const std::string& text, std::string_view before) {
  const std::size_t found = text.find(before);
  if (found == std::string::npos) return {};
  const std::size_t begin = found + before.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

// "QLinearConv-12, com.microsoft.QLinearAdd" without the versions of the operators.
std::string without_versions(const std::string& operators) {
  std::string result;
  for (std::size_t i = 0; i < operators.size(); ++i) {
    if (operators[i] == '-') {
      while (i + 1 < operators.size() && std::isdigit(static_cast<unsigned char>(operators[i + 1])))
        ++i;
      continue;
    }
    result += operators[i];
  }
  return result;
}

std::string operators_of(const std::string& text, std::string_view before) {
  return without_versions(rest_of_line(text, before));
}

std::string the_operators(const std::string& names) {
  return (has(names, ",") ? "the operators " : "the operator ") + names;
}

// Operators that OpenVINO does not have, and those that it has but not as the model uses them.
struct Operators {
  std::string missing;
  std::string misused;

  static Operators of(const std::string& text) {
    Operators found;
    found.missing = operators_of(text, "No conversion rule found for operations: ");
    if (found.missing.empty())  // before 2024
      found.missing = operators_of(text, "does not support the following ONNX operations: ");
    if (found.missing.empty())
      found.missing = operators_of(text, "doesn't contain the operation with type: ");
    found.misused = operators_of(text, "Conversion is failed for: ");
    return found;
  }
  bool is_any() const { return !missing.empty() || !misused.empty(); }

  Failure failure(const std::string& model, const std::string& openvino) const {
    std::string what = model + " uses ";
    if (!missing.empty()) what += the_operators(missing) + ", which " + openvino + " does not have";
    if (!misused.empty()) {
      what += (missing.empty() ? "" : ", and ") + the_operators(misused) + ", which " +
              (missing.empty() ? openvino : "it") + " cannot read as they are used there";
    }
    const bool is_quantised = has(missing, "QLinear") || has(misused, "QLinear");
    return Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL, what,
                   is_quantised ? "use the onnxruntime engine, or a float32 variant of the model"
                                : k_export_differently);
  }
};

bool is_memory(const OvError& error) {
  return has(error.what(), "bad_alloc") || has(error.what(), "Failed to allocate");
}

}  // namespace

Failure explain_read(const OvError& error, const std::string& model, const std::string& version) {
  const std::string text = error.what();
  const std::string openvino = "OpenVINO " + version;
  if (is_memory(error))
    return Failure(MH_OUT_OF_MEMORY, MH_ABOUT_ENGINE, "no memory left to load " + model);
  if (const Operators operators = Operators::of(text); operators.is_any())
    return operators.failure(model, openvino);
  if (has(text, "Empty weights data in bin file")) {
    return Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL,
                   model + " has its weights in another file, which is missing or empty",
                   "a model of this format has two files: the .xml with the role graph, and the "
                   ".bin with the role weights");
  }
  // It has the operators, so something about the file is wrong.
  return Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL,
                 "cannot load " + model + ": " + openvino + " says: " + plain(text),
                 "verify the model's files and pull it again, or export it again");
}

Failure explain_compile(const OvError& error, const std::string& model,
                        const std::string& version) {
  if (is_memory(error))
    return Failure(MH_OUT_OF_MEMORY, MH_ABOUT_ENGINE, "no memory left to load " + model);
  return Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                 "OpenVINO " + version + " cannot run " + model + ": " + plain(error.what()),
                 k_export_differently);
}

Failure explain_run(const OvError& error, const std::string& model) {
  if (is_memory(error))
    return Failure(MH_OUT_OF_MEMORY, MH_ABOUT_ENGINE, "no memory left to run " + model);
  return Failure(MH_INTERNAL, MH_ABOUT_ENGINE,
                 "OpenVINO failed to run " + model + ": " + plain(error.what()));
}

}  // namespace modelhub::openvino_engine
