// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "ort_session.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "ort_failure.h"
#include "shared/compiled_file.h"
#include "shared/external_data.h"
#include "shared/onnx_file.h"

namespace modelhub::onnxruntime_engine {
namespace {

using engine_module::Description;
using engine_module::Failure;
using engine_module::Inputs;
using engine_module::Output;
using engine_module::TensorSpec;

struct TypeRow {
  ONNXTensorElementDataType ort;
  mh_dtype dtype;
  std::size_t bytes;
};

constexpr TypeRow k_types[] = {
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, MH_FLOAT32, 4},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, MH_FLOAT16, 2},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16, MH_BFLOAT16, 2},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE, MH_FLOAT64, 8},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, MH_UINT8, 1},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, MH_INT8, 1},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16, MH_UINT16, 2},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16, MH_INT16, 2},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, MH_INT32, 4},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, MH_INT64, 8},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL, MH_BOOL, 1},
};

// 0 when engine.h has no such type (texts, complex numbers, 4 bits).
mh_dtype dtype_of(ONNXTensorElementDataType type) {
  for (const TypeRow& row : k_types) {
    if (row.ort == type) return row.dtype;
  }
  return 0;
}

std::size_t size_of(mh_dtype dtype) {
  for (const TypeRow& row : k_types) {
    if (row.dtype == dtype) return row.bytes;
  }
  return 0;
}

ONNXTensorElementDataType ort_type_of(mh_dtype dtype) {
  for (const TypeRow& row : k_types) {
    if (row.dtype == dtype) return row.ort;
  }
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
}

// What ONNX Runtime writes ends at 2 GiB, and constants that are computed in advance make an
// optimised graph larger than the model.
bool can_be_kept(const OrtLibrary& library, const engine_module::LoadRequest& request) {
  // Older ones cannot be told where the weights of a graph in memory lie.
  constexpr int k_oldest_that_maps = 21;
  constexpr std::uintmax_t k_most_bytes = std::uintmax_t{1} << 30;
  std::uintmax_t bytes = 0;
  for (const engine_module::File& file : request.files) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(file.path, error);
    if (!error) bytes += size;
  }
  return bytes <= k_most_bytes && library.is_at_least(k_oldest_that_maps);
}

// Whose variants and options are no other model; a file of the user's own is one by itself.
std::string model_of(const engine_module::LoadRequest& request) {
  return request.setting("model").value_or(request.file("graph").path);
}

TensorSpec read_spec(const OrtLibrary& library, const OrtTypeInfo* type, std::string name,
                     const std::string& model) {
  const OrtApi& api = library.api();
  const OrtTensorTypeAndShapeInfo* info = nullptr;
  library.check(api.CastTypeInfoToTensorInfo(type, &info));
  ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  if (info != nullptr) library.check(api.GetTensorElementType(info, &element));
  TensorSpec spec;
  spec.dtype = dtype_of(element);
  if (spec.dtype == 0) {
    throw Failure(
        MH_UNSUPPORTED, MH_ABOUT_MODEL, "'" + name + "' of " + model + " is no tensor of numbers",
        "export the model without maps, sequences and texts (scikit-learn: zipmap=False)");
  }
  spec.name = std::move(name);
  std::size_t rank = 0;
  library.check(api.GetDimensionsCount(info, &rank));
  spec.shape.resize(rank);
  library.check(api.GetDimensions(info, spec.shape.data(), rank));
  for (std::int64_t& side : spec.shape) side = std::max<std::int64_t>(side, -1);
  return spec;
}

using Count = decltype(OrtApi::SessionGetInputCount);
using Name = decltype(OrtApi::SessionGetInputName);
using Type = decltype(OrtApi::SessionGetInputTypeInfo);

std::vector<TensorSpec> read_specs(const OrtLibrary& library, const OrtSession* session,
                                   Count get_count, Name get_name, Type get_type,
                                   const std::string& model) {
  const OrtApi& api = library.api();
  OrtAllocator* allocator = nullptr;
  library.check(api.GetAllocatorWithDefaultOptions(&allocator));
  std::size_t count = 0;
  library.check(get_count(session, &count));
  std::vector<TensorSpec> specs;
  for (std::size_t i = 0; i < count; ++i) {
    char* raw_name = nullptr;
    library.check(get_name(session, i, allocator, &raw_name));
    std::string name = raw_name;
    library.check(api.AllocatorFree(allocator, raw_name));
    OrtTypeInfo* raw_type = nullptr;
    library.check(get_type(session, i, &raw_type));
    const OrtPtr<OrtTypeInfo> type(raw_type, api.ReleaseTypeInfo);
    specs.push_back(read_spec(library, raw_type, std::move(name), model));
  }
  return specs;
}

}  // namespace

GraphSession::GraphSession(std::shared_ptr<const OrtLibrary> library, std::string model,
                           std::unique_ptr<PoolSeat> seat, std::shared_ptr<LiveSession> session,
                           std::mutex* turn)
    : library_(std::move(library)),
      model_(std::move(model)),
      turn_(turn),
      seat_(std::move(seat)),
      session_(std::move(session)),
      memory_(nullptr, library_->api().ReleaseMemoryInfo) {}

GraphSession::~GraphSession() {
  const std::unique_lock<std::mutex> turn = take_turn(turn_);
  session_.reset();
}

std::unique_ptr<GraphSession> GraphSession::load(const std::shared_ptr<const OrtLibrary>& library,
                                                 const engine_module::LoadRequest& request,
                                                 const engine_module::Host& host) {
  const engine_module::File& file = request.file("graph");
  const engine_shared::CompileCache cache(request, maker_of(*library), host);
  GraphOptions options{request.threads};
  auto seat = threads_of(options) > 1 ? std::make_unique<PoolSeat>(model_of(request)) : nullptr;
  if (seat != nullptr && seat->is_alone() && can_wait_awake(*library))
    options.waiting = Waiting::awake;
  engine_shared::OnnxFile model;  // looked at only if ONNX Runtime has to
  try {
    OpenedGraph opened{find_compiled_graph(*library, cache, options), true};
    if (opened.session == nullptr) {
      model = engine_shared::read_onnx_file(file);
      engine_shared::check_external_files(model, file, request.files);
      opened = open_graph(*library, {file.path, model.external_files.empty()},
                          can_be_kept(*library, request) ? &cache : nullptr, options);
    }
    LiveSession::Remake remake_asleep;
    if (opened.is_compiled && options.waiting == Waiting::awake) {
      auto compiled = std::make_shared<engine_shared::FileTrace>(cache.path());
      remake_asleep = [library, compiled, path = file.path, threads = request.threads] {
        return reopen_graph(*library, *compiled, path, {threads, Waiting::asleep});
      };
    }
    std::unique_ptr<GraphSession> session(new GraphSession(
        library, file.name, std::move(seat),
        std::make_shared<LiveSession>(std::move(opened.session), std::move(remake_asleep))));
    session->read_description();
    if (session->seat_ != nullptr) session->seat_->occupy(session->session_);
    return session;
  } catch (const OrtError& error) {
    throw explain_load(error, file.name, model, library->version());
  }
}

std::unique_ptr<GraphSession> GraphSession::load_on_gpu(
    const std::shared_ptr<const OrtLibrary>& library, const engine_module::LoadRequest& request,
    const Provider& provider, const engine_module::Host& host) {
  const engine_module::File& file = request.file("graph");
  const engine_shared::OnnxFile model = engine_shared::read_onnx_file(file);
  engine_shared::check_external_files(model, file, request.files);
  const std::string& device = provider.device;
  try {
    std::unique_lock<std::mutex> turn = take_turn(provider.turn);
    GpuGraph graph =
        open_graph_on_gpu(*library, file.path, {request.threads}, provider,
                          request.is_fallback_allowed ? CpuNodes::allowed : CpuNodes::refused);
    // Whoever frees the session takes it again.
    if (turn.owns_lock()) turn.unlock();
    // What runs on the CPU has the threads that all share.
    auto seat = graph.is_whole ? nullptr : std::make_unique<PoolSeat>(model_of(request));
    std::unique_ptr<GraphSession> session(
        new GraphSession(library, file.name, std::move(seat),
                         std::make_shared<LiveSession>(std::move(graph.session)), provider.turn));
    session->read_description();
    if (session->seat_ != nullptr) session->seat_->occupy(session->session_);
    session->description_.device = device;
    if (graph.nodes_on_gpu == 0 && graph.nodes_on_cpu > 0) {
      session->description_.device = "cpu:0";
    } else if (!graph.is_whole) {
      const std::string rest =
          graph.nodes_on_cpu > 0 ? std::to_string(graph.nodes_on_cpu) : std::string("some");
      host.log(MH_LOG_WARNING, file.name + " runs on " + device + ", but " + rest +
                                   " of its operators run on the CPU: the " + provider.name +
                                   " provider of ONNX Runtime " + library->version() +
                                   " does not have them");
    }
    return session;
  } catch (const OrtError& error) {
    if (is_about_gpu(error)) throw explain_gpu(error, file.name, provider, library->version());
    throw explain_load(error, file.name, model, library->version());
  }
}

void GraphSession::read_description() {
  const OrtApi& api = library_->api();
  OrtMemoryInfo* memory = nullptr;
  library_->check(api.CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));
  memory_.reset(memory);
  const std::shared_ptr<OrtSession> session = session_->get();
  description_.inputs = read_specs(*library_, session.get(), api.SessionGetInputCount,
                                   api.SessionGetInputName, api.SessionGetInputTypeInfo, model_);
  description_.outputs = read_specs(*library_, session.get(), api.SessionGetOutputCount,
                                    api.SessionGetOutputName, api.SessionGetOutputTypeInfo, model_);
  description_.device = "cpu:0";
}

OrtPtr<OrtValue> GraphSession::wrap(const mh_tensor& tensor) const {
  // ONNX Runtime takes inputs as writable and does not write to them. It wants an address even for
  // no bytes.
  static char nothing = 0;
  void* const data = tensor.data != nullptr ? const_cast<void*>(tensor.data) : &nothing;
  OrtValue* value = nullptr;
  library_->check(library_->api().CreateTensorWithDataAsOrtValue(
      memory_.get(), data, tensor.byte_count, tensor.shape, tensor.rank, ort_type_of(tensor.dtype),
      &value));
  return {value, library_->api().ReleaseValue};
}

Output GraphSession::unwrap(const std::string& name, OrtPtr<OrtValue> value) const {
  const OrtApi& api = library_->api();
  OrtTensorTypeAndShapeInfo* raw = nullptr;
  library_->check(api.GetTensorTypeAndShape(value.get(), &raw));
  const OrtPtr<OrtTensorTypeAndShapeInfo> info(raw, api.ReleaseTensorTypeAndShapeInfo);
  ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  library_->check(api.GetTensorElementType(raw, &element));
  std::size_t rank = 0;
  library_->check(api.GetDimensionsCount(raw, &rank));
  Output output;
  output.name = name;
  output.dtype = dtype_of(element);
  output.shape.resize(rank);
  library_->check(api.GetDimensions(raw, output.shape.data(), rank));
  std::size_t count = 0;
  library_->check(api.GetTensorShapeElementCount(raw, &count));
  output.byte_count = count * size_of(output.dtype);
  void* data = nullptr;
  library_->check(api.GetTensorMutableData(value.get(), &data));
  // The answer lends out ONNX Runtime's own memory.
  std::shared_ptr<OrtValue> owner(std::move(value));
  output.data = std::shared_ptr<const void>(std::move(owner), data);
  return output;
}

std::vector<Output> GraphSession::run(const Inputs& inputs) try {
  std::vector<const char*> input_names;
  std::vector<OrtPtr<OrtValue>> owners;
  std::vector<const OrtValue*> values;
  for (const mh_tensor& tensor : inputs) {
    input_names.push_back(tensor.name);
    owners.push_back(wrap(tensor));
    values.push_back(owners.back().get());
  }
  std::vector<const char*> output_names;
  for (const TensorSpec& spec : description_.outputs) output_names.push_back(spec.name.c_str());
  std::vector<OrtValue*> results(output_names.size(), nullptr);
  std::unique_lock<std::mutex> turn = take_turn(turn_);
  const std::shared_ptr<OrtSession> session = session_->get();
  OrtStatus* const status =
      library_->api().Run(session.get(), nullptr, input_names.data(), values.data(), values.size(),
                          output_names.data(), output_names.size(), results.data());
  if (turn.owns_lock()) turn.unlock();
  std::vector<OrtPtr<OrtValue>> owned;
  owned.reserve(results.size());
  for (OrtValue* const result : results) owned.emplace_back(result, library_->api().ReleaseValue);
  library_->check(status);
  std::vector<Output> outputs;
  for (std::size_t i = 0; i < owned.size(); ++i) {
    outputs.push_back(unwrap(description_.outputs[i].name, std::move(owned[i])));
  }
  return outputs;
} catch (const OrtError& error) {
  throw explain_run(error, model_);
}

}  // namespace modelhub::onnxruntime_engine
