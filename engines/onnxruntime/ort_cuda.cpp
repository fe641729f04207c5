// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "ort_cuda.h"

#include <charconv>
#include <iterator>
#include <sstream>

#include "ort_environment.h"
#include "ort_failure.h"

namespace modelhub::onnxruntime_engine {
namespace {

using engine_module::DeviceOffer;

constexpr const char* k_cuda_ort_name = "CUDAExecutionProvider";

void append_cuda(const OrtLibrary& library, OrtSessionOptions* session,
                 const CudaOptions& options) {
  const OrtApi& api = library.api();
  OrtCUDAProviderOptionsV2* raw = nullptr;
  library.check(api.CreateCUDAProviderOptions(&raw));
  const OrtPtr<OrtCUDAProviderOptionsV2> provider(raw, api.ReleaseCUDAProviderOptions);
  const std::string device = std::to_string(options.device);
  const char* const keys[] = {"device_id", "use_tf32"};
  const char* const values[] = {device.c_str(), options.is_exact ? "0" : "1"};
  library.check(api.UpdateCUDAProviderOptions(raw, keys, values, std::size(keys)));
  library.check(api.SessionOptionsAppendExecutionProvider_CUDA_V2(session, raw));
}

// Why the library cannot use a GPU; empty when it can.
std::string refusal_of(const OrtLibrary& library, int device) try {
  // Before anything else: a provider's library logs while it is opened.
  environment_of(library);
  OrtSessionOptions* raw = nullptr;
  library.check(library.api().CreateSessionOptions(&raw));
  const OrtPtr<OrtSessionOptions> session(raw, library.api().ReleaseSessionOptions);
  append_cuda(library, raw, {device, true});
  return {};
} catch (const OrtError& error) {
  return "ONNX Runtime " + library.version() +
         " here cannot use its CUDA provider: " + plain_text_of(error);
}

}  // namespace

std::vector<int> cuda_devices_of(const engine_module::Host& host) {
  std::vector<int> devices;
  std::istringstream list(host.setting("cuda_devices").value_or(""));
  for (std::string text; std::getline(list, text, ',');) {
    int device = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), device);
    if (error == std::errc() && end == text.data() + text.size() && device >= 0)
      devices.push_back(device);
  }
  return devices;
}

std::vector<DeviceOffer> offer_cuda(const OrtLibrary& library, const std::vector<int>& devices) {
  const std::string name = "ONNX Runtime " + library.version();
  // That it has none can be believed.
  if (!library.has_provider(k_cuda_ort_name))
    return {{"cuda:0", false, name + " here has no CUDA provider"}};
  if (devices.empty())
    return {{"cuda:0", false, name + " here has a CUDA provider, but no GPU of NVIDIA was found"}};
  std::vector<DeviceOffer> offers;
  for (const int device : devices) {
    std::string reason = refusal_of(library, device);
    const bool is_usable = reason.empty();
    offers.push_back({"cuda:" + std::to_string(device), is_usable, std::move(reason)});
  }
  return offers;
}

Provider cuda_provider(const OrtLibrary& library, const CudaOptions& options) {
  const auto append = [&library, options](OrtSessionOptions* session) {
    append_cuda(library, session, options);
  };
  return {"cuda:" + std::to_string(options.device), "CUDA", k_cuda_ort_name, append};
}

}  // namespace modelhub::onnxruntime_engine
