// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "ort_failure.h"

#include <cctype>
#include <string_view>

namespace modelhub::onnxruntime_engine {
namespace {

using engine_module::Failure;

constexpr const char* k_export_differently =
    "export the model with standard operators, or try another engine";

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The number that follows `words`; empty when they are not there.
std::string number_after(const std::string& text, std::string_view words) {
  const std::size_t found = text.find(words);
  if (found == std::string::npos) return {};
  std::size_t end = found + words.size();
  while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
  return text.substr(found + words.size(), end - found - words.size());
}

// ONNX Runtime's text in one line, without the place in its sources ("/src/.../model.cc:180
// Model(...) ") and without the path of the file, which names a blob of the store.
std::string plain(const std::string& text) {
  std::string line;
  for (const char c : text) line += c == '\n' ? ' ' : c;
  const std::size_t source = line.find(".cc:");
  const std::size_t end = source == std::string::npos ? source : line.find(") ", source);
  if (end != std::string::npos) line.erase(0, end + 2);
  constexpr std::string_view k_failed = " failed:";
  const std::size_t failed = line.find(k_failed);
  if (line.rfind("Load model from ", 0) == 0 && failed != std::string::npos)
    line.erase(0, failed + k_failed.size());
  return line;
}

// What stands between `before` and the next space; empty when `before` is not there.
std::string word_after(const std::string& text, std::string_view before) {
  const std::size_t found = text.find(before);
  if (found == std::string::npos) return {};
  const std::size_t begin = found + before.size();
  return text.substr(begin, text.find(' ', begin) - begin);
}

// The line that follows `before`; empty when `before` is not there.
std::string rest_after(const std::string& text, std::string_view before) {
  const std::size_t found = text.find(before);
  if (found == std::string::npos) return {};
  const std::size_t begin = found + before.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

bool is_memory(const OrtError& error) {
  const std::string_view text = error.what();
  return has(text, "bad_alloc") || has(text, "Failed to allocate memory") ||
         (has(text, "CUDA") && has(text, "out of memory"));
}

// A model that is newer than the library: "1.16.3 reads up to 19" in place of two lines of advice
// to its authors.
Failure too_new(const std::string& needs, const std::string& limit, const std::string& version,
                const std::string& remedy) {
  return Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                 needs + "; ONNX Runtime " + version + " reads up to " + limit,
                 remedy + ", or set ONNXRUNTIME_ROOT to a newer ONNX Runtime");
}

}  // namespace

Failure explain_load(const OrtError& error, const std::string& model,
                     const engine_shared::OnnxFile& file, const std::string& version) {
  const std::string text = error.what();
  if (const std::string limit = number_after(text, "is till opset "); !limit.empty()) {
    return too_new(model + " needs opset " + std::to_string(file.opset()), limit, version,
                   "export the model with opset=17");
  }
  if (const std::string limit = number_after(text, "max supported IR version: "); !limit.empty()) {
    return too_new(
        model + " has version " + std::to_string(file.ir_version) + " of the ONNX format", limit,
        version, "save the model with ir_version=" + limit);
  }
  if (const std::string op = word_after(text, "No Op registered for "); !op.empty()) {
    return Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                   model + " uses the operator " + op + ", which ONNX Runtime " + version +
                       " does not have in opset " + std::to_string(file.opset()),
                   k_export_differently);
  }
  if (is_memory(error))
    return Failure(MH_OUT_OF_MEMORY, MH_ABOUT_ENGINE, "no memory left to load " + model);
  const std::string what = "ONNX Runtime " + version + " cannot load " + model + ": " + plain(text);
  if (error.code() == ORT_NO_SUCHFILE) return Failure(MH_IO_ERROR, MH_ABOUT_MODEL, what);
  if (error.code() == ORT_INVALID_PROTOBUF || error.code() == ORT_NO_MODEL) {
    return Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL, what,
                   "verify the model's files, or pull it again");
  }
  // An operator that nobody has registered makes a graph "invalid" too.
  if (has(text, "nvalid model") && !has(text, "is not a registered function/op")) {
    return Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL, what,
                   "check the model with onnx.checker, or export it again");
  }
  return Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL, what, k_export_differently);
}

std::string plain_text_of(const OrtError& error) { return plain(error.what()); }

bool is_about_gpu(const OrtError& error) {
  const std::string_view text = error.what();
  return is_about_cpu_nodes(error) || has(text, "CUDA") || has(text, "CUBLAS") ||
         has(text, "CUDNN") || has(text, "providers_cuda") || has(text, "WebGPU") ||
         has(text, "webgpu");
}

bool is_about_cpu_nodes(const OrtError& error) {
  return has(error.what(), "fallback to CPU EP has been explicitly disabled");
}

Failure explain_gpu(const OrtError& error, const std::string& name, const Provider& provider,
                    const std::string& version) {
  const std::string& device = provider.device;
  if (is_memory(error)) {
    return Failure(MH_OUT_OF_MEMORY, MH_ABOUT_DEVICE,
                   "no memory left on " + device + " to load " + name);
  }
  const std::string library = "ONNX Runtime " + version;
  if (is_about_cpu_nodes(error)) {
    return Failure(MH_UNSUPPORTED, MH_ABOUT_DEVICE,
                   "the " + provider.name + " provider of " + library + " cannot run all of " +
                       name + " on " + device,
                   "allow a fallback, and the rest runs on the CPU; or use --device cpu");
  }
  // "adapter: No supported adapters", or "device: ..."
  if (const std::string why = rest_after(error.what(), "Failed to get a WebGPU "); !why.empty()) {
    return Failure(MH_UNSUPPORTED, MH_ABOUT_DEVICE,
                   library + " cannot use " + device + ": no WebGPU " + why,
                   "install libvulkan1 and the Vulkan driver of the GPU, or use --device cpu");
  }
  return Failure(MH_UNSUPPORTED, MH_ABOUT_DEVICE,
                 library + " cannot load " + name + " on " + device + ": " + plain_text_of(error),
                 "use --device cpu, or see what modelhub doctor says about " + device);
}

Failure explain_run(const OrtError& error, const std::string& model) {
  if (is_memory(error))
    return Failure(MH_OUT_OF_MEMORY, MH_ABOUT_ENGINE, "no memory left to run " + model);
  const std::string what = "ONNX Runtime failed to run " + model + ": " + plain(error.what());
  if (error.code() == ORT_INVALID_ARGUMENT)
    return Failure(MH_INVALID_ARGUMENT, MH_ABOUT_INPUT, what);
  return Failure(MH_INTERNAL, MH_ABOUT_ENGINE, what);
}

}  // namespace modelhub::onnxruntime_engine
