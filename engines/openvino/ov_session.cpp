// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "ov_session.h"

#include <new>
#include <optional>
#include <utility>

#include "ov_failure.h"

namespace modelhub::openvino_engine {
namespace {

using engine_module::Description;
using engine_module::Failure;
using engine_module::Host;
using engine_module::Inputs;
using engine_module::Output;
using engine_module::TensorSpec;
using engine_shared::CompileCache;
using engine_shared::CompiledFile;

OvPtr<OvCompiledModel> compile(const OvLibrary& library, const OvCore* core,
                               const ModelSource& source) {
  const OvApi& api = library.api();
  OvModel* raw_model = nullptr;
  try {
    library.attempt([&] {
      return api.core_read_model(core, source.graph.c_str(),
                                 source.weights.empty() ? nullptr : source.weights.c_str(),
                                 &raw_model);
    });
  } catch (const OvError& error) {
    throw explain_read(error, source.name, library.version());
  }
  const OvPtr<OvModel> model(raw_model, api.model_free);
  OvCompiledModel* compiled = nullptr;
  library.attempt([&] { return api.core_compile_model(core, raw_model, "CPU", 0, &compiled); });
  return {compiled, api.compiled_model_free};
}

// What an earlier load compiled; nothing when that cannot be used.
std::optional<CpuSession::Compiled> read_cache(const OvLibrary& library, const OvCore* core,
                                               const CompileCache& cache) {
  std::optional<CompiledFile> file = cache.find();
  if (!file) return std::nullopt;
  OvCompiledModel* compiled = nullptr;
  try {
    library.attempt([&] {
      return library.api().core_import_model(core, file->content().data(), file->content().size(),
                                             "CPU", &compiled);
    });
  } catch (const OvError& failure) {
    cache.discard(failure.what());
    return std::nullopt;
  }
  return CpuSession::Compiled{std::move(file), {compiled, library.api().compiled_model_free}};
}

}  // namespace

// What the outputs of a run borrow: its request, which goes back when the last of them is released.
class CpuSession::Answer {
 public:
  Answer(CpuSession& session, OvPtr<OvInferRequest> request)
      : session_(session), request_(std::move(request)) {}
  ~Answer() {
    // One that failed may be in any state.
    if (is_done_) session_.give_request(std::move(request_));
  }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  OvInferRequest* request() const { return request_.get(); }
  void set_done() { is_done_ = true; }

 private:
  CpuSession& session_;
  OvPtr<OvInferRequest> request_;
  bool is_done_ = false;
};

// Those of the inputs, or those of the outputs.
struct CpuSession::PortFunctions {
  decltype(OvApi::compiled_model_inputs_size) count;
  decltype(OvApi::compiled_model_input_by_index) by_index;
  decltype(OvApi::compiled_model_input_by_name) by_name;
};

CpuSession::CpuSession(std::shared_ptr<const OvLibrary> library, std::string model,
                       Compiled compiled)
    : library_(std::move(library)), model_(std::move(model)), compiled_(std::move(compiled)) {}

std::unique_ptr<CpuSession> CpuSession::load(const std::shared_ptr<const OvLibrary>& library,
                                             const ModelSource& source, const CoreOptions& options,
                                             const CompileCache& cache, const Host& host) try {
  const OvCore* const core = core_of(*library, options);
  std::optional<Compiled> compiled = read_cache(*library, core, cache);
  if (!compiled) {
    compiled.emplace(Compiled{std::nullopt, compile(*library, core, source)});
    cache.keep([&](const std::string& path) {
      library->attempt([&] {
        return library->api().compiled_model_export_model(compiled->model.get(), path.c_str());
      });
    });
  }
  std::unique_ptr<CpuSession> session(new CpuSession(library, source.name, *std::move(compiled)));
  session->read_ports(source);
  const std::string devices = session->property("EXECUTION_DEVICES");
  session->device_ = devices == "CPU" ? "cpu:0" : devices;
  host.log(MH_LOG_DEBUG, source.name + " computes in " +
                             session->property("INFERENCE_PRECISION_HINT") + ", with " +
                             session->property("INFERENCE_NUM_THREADS") + " threads for " +
                             session->property("NUM_STREAMS") + " runs at once");
  return session;
} catch (const OvError& error) {
  throw explain_compile(error, source.name, library->version());
}

void CpuSession::read_ports(const ModelSource& source) {
  const OvApi& api = library_->api();
  inputs_ = ports({api.compiled_model_inputs_size, api.compiled_model_input_by_index,
                   api.compiled_model_input_by_name},
                  source.inputs);
  outputs_ = ports({api.compiled_model_outputs_size, api.compiled_model_output_by_index,
                    api.compiled_model_output_by_name},
                   source.outputs);
}

std::vector<CpuSession::Port> CpuSession::ports(const PortFunctions& functions,
                                                const std::vector<std::string>& names) const {
  std::size_t count = 0;
  library_->check(functions.count(compiled_.model.get(), &count));
  std::vector<Port> ports;
  for (std::size_t i = 0; i < count; ++i) {
    OvPort* port = nullptr;
    if (names.size() == count) {
      library_->check(functions.by_name(compiled_.model.get(), names[i].c_str(), &port));
      ports.push_back(read_port({port, library_->api().output_const_port_free}, names[i]));
      continue;
    }
    library_->check(functions.by_index(compiled_.model.get(), i, &port));
    OvPtr<OvPort> owner(port, library_->api().output_const_port_free);
    const std::string name =
        library_->text([&](char** text) { return library_->api().port_get_any_name(port, text); });
    ports.push_back(read_port(std::move(owner), name));
  }
  return ports;
}

CpuSession::Port CpuSession::read_port(OvPtr<OvPort> port, const std::string& name) const {
  const OvApi& api = library_->api();
  const std::string what = "'" + name + "' of " + model_;
  TensorSpec spec;
  spec.name = name;
  OvElementType type = 0;
  library_->check(api.port_get_element_type(port.get(), &type));
  spec.dtype = library_->types().dtype_of(type);
  if (spec.dtype == 0) {
    throw Failure(
        MH_UNSUPPORTED, MH_ABOUT_MODEL,
        what + " has elements that are texts, unsigned 32 or 64 bits, or less than 8 bits",
        "export the model with float32, int32 or int64 there");
  }
  OvPartialShape shape{};
  library_->check(api.port_get_partial_shape(port.get(), &shape));
  const OvPtr<OvPartialShape> owner(&shape, api.partial_shape_free);
  if (shape.rank.min != shape.rank.max) {
    throw Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL, what + " leaves open how many sides it has",
                  "export the model with a fixed number of sides there");
  }
  for (std::int64_t i = 0; i < shape.rank.max; ++i) {
    const OvDimension& side = shape.dims[i];
    spec.shape.push_back(side.min == side.max ? side.max : -1);
  }
  return {std::move(port), std::move(spec)};
}

std::string CpuSession::property(const char* key) const {
  return library_->text([&](char** text) {
    return library_->api().compiled_model_get_property(compiled_.model.get(), key, text);
  });
}

Description CpuSession::describe() const {
  Description description;
  for (const Port& port : inputs_) description.inputs.push_back(port.spec);
  for (const Port& port : outputs_) description.outputs.push_back(port.spec);
  description.device = device_;
  return description;
}

OvPtr<OvInferRequest> CpuSession::take_request() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!idle_.empty()) {
      OvPtr<OvInferRequest> request = std::move(idle_.back());
      idle_.pop_back();
      return request;
    }
  }
  OvInferRequest* request = nullptr;
  library_->check(
      library_->api().compiled_model_create_infer_request(compiled_.model.get(), &request));
  return {request, library_->api().infer_request_free};
}

void CpuSession::give_request(OvPtr<OvInferRequest> request) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  try {
    idle_.push_back(std::move(request));
  } catch (const std::bad_alloc&) {  // then it is freed
  }
}

OvPtr<OvTensor> CpuSession::wrap(const mh_tensor& tensor) const {
  // OpenVINO takes inputs as writable and does not write to them. It wants an address even for no
  // bytes.
  static char nothing = 0;
  void* const data = tensor.data != nullptr ? const_cast<void*>(tensor.data) : &nothing;
  const OvShape shape{tensor.rank, const_cast<std::int64_t*>(tensor.shape)};
  OvTensor* raw = nullptr;
  library_->check(library_->api().tensor_create_from_host_ptr(
      library_->types().type_of(tensor.dtype), shape, data, &raw));
  return {raw, library_->api().tensor_free};
}

Output CpuSession::unwrap(const Port& port, const std::shared_ptr<Answer>& answer) const {
  const OvApi& api = library_->api();
  OvTensor* raw = nullptr;
  library_->check(
      api.infer_request_get_tensor_by_const_port(answer->request(), port.port.get(), &raw));
  const OvPtr<OvTensor> tensor(raw, api.tensor_free);
  Output output;
  output.name = port.spec.name;
  OvElementType type = 0;
  library_->check(api.tensor_get_element_type(raw, &type));
  output.dtype = library_->types().dtype_of(type);
  OvShape shape{};
  library_->check(api.tensor_get_shape(raw, &shape));
  output.shape.assign(shape.dims, shape.dims + shape.rank);
  (void)api.shape_free(&shape);
  library_->check(api.tensor_get_byte_size(raw, &output.byte_count));
  void* data = nullptr;
  library_->check(api.tensor_data(raw, &data));
  // The answer lends out the request's own memory.
  output.data = std::shared_ptr<const void>(answer, data);
  return output;
}

std::vector<Output> CpuSession::run(const Inputs& inputs) try {
  const OvApi& api = library_->api();
  const auto answer = std::make_shared<Answer>(*this, take_request());
  std::vector<OvPtr<OvTensor>> tensors;
  for (const Port& port : inputs_) {
    tensors.push_back(wrap(inputs[port.spec.name]));
    library_->check(api.infer_request_set_tensor_by_const_port(answer->request(), port.port.get(),
                                                               tensors.back().get()));
  }
  library_->check(api.infer_request_infer(answer->request()));
  answer->set_done();
  std::vector<Output> outputs;
  for (const Port& port : outputs_) outputs.push_back(unwrap(port, answer));
  return outputs;
} catch (const OvError& error) {
  throw explain_run(error, model_);
}

}  // namespace modelhub::openvino_engine
