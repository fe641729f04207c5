// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

// What this engine uses of OpenVINO's C interface, declared here by hand: so the engine is built on
// every machine, and one build works with every OpenVINO from 2024.3 on. OpenVINO's own headers
// would tie it to one release, because they number the element types differently from release to
// release; ElementTypes asks the library instead.
//
// Rules of that interface: what a function returns through a T** belongs to the caller, who gives
// it back by the T's own free function; texts by ov_free. A status is 0, or a negative number.

namespace modelhub::openvino_engine {

extern "C" {

struct OvCore;
struct OvModel;
struct OvCompiledModel;
struct OvInferRequest;
struct OvTensor;
struct OvPort;  // an input or output of a compiled model

using OvStatus = int;
inline constexpr OvStatus k_ov_ok = 0;
using OvElementType = unsigned;

struct OvVersion {
  const char* build_number;  // "2026.4.0-21345-0123abc-releases/2026/4"
  const char* description;
};

struct OvShape {
  std::int64_t rank;
  std::int64_t* dims;
};

struct OvDimension {
  std::int64_t min;
  std::int64_t max;  // -1: no limit
};

struct OvPartialShape {
  OvDimension rank;
  OvDimension* dims;  // NULL when the rank is open
};

// Takes one line without an end of line; may be called from any thread.
using OvLogCallback = void (*)(const char* message);

}  // extern "C"

// The functions, each called ov_<member> in the library.
struct OvApi {
  OvStatus (*get_openvino_version)(OvVersion* version);
  void (*version_free)(OvVersion* version);
  const char* (*get_error_info)(OvStatus status);
  void (*free)(const char* text);

  OvStatus (*core_create)(OvCore** core);
  OvStatus (*core_read_model)(const OvCore* core, const char* graph, const char* weights,
                              OvModel** model);
  // As many arguments follow as `argument_count` says: a key and a value, both const char*, in
  // turn.
  OvStatus (*core_compile_model)(const OvCore* core, const OvModel* model, const char* device,
                                 std::size_t argument_count, OvCompiledModel** compiled, ...);
  // One key and one value follow.
  OvStatus (*core_set_property)(const OvCore* core, const char* device, ...);
  OvStatus (*core_import_model)(const OvCore* core, const char* content, std::size_t size,
                                const char* device, OvCompiledModel** compiled);
  void (*model_free)(OvModel* model);

  OvStatus (*compiled_model_export_model)(const OvCompiledModel* compiled, const char* path);
  OvStatus (*compiled_model_get_property)(const OvCompiledModel* compiled, const char* key,
                                          char** value);
  OvStatus (*compiled_model_inputs_size)(const OvCompiledModel* compiled, std::size_t* count);
  OvStatus (*compiled_model_input_by_index)(const OvCompiledModel* compiled, std::size_t index,
                                            OvPort** port);
  OvStatus (*compiled_model_input_by_name)(const OvCompiledModel* compiled, const char* name,
                                           OvPort** port);
  OvStatus (*compiled_model_outputs_size)(const OvCompiledModel* compiled, std::size_t* count);
  OvStatus (*compiled_model_output_by_index)(const OvCompiledModel* compiled, std::size_t index,
                                             OvPort** port);
  OvStatus (*compiled_model_output_by_name)(const OvCompiledModel* compiled, const char* name,
                                            OvPort** port);
  OvStatus (*compiled_model_create_infer_request)(const OvCompiledModel* compiled,
                                                  OvInferRequest** request);
  void (*compiled_model_free)(OvCompiledModel* compiled);

  OvStatus (*port_get_any_name)(const OvPort* port, char** name);
  OvStatus (*port_get_partial_shape)(const OvPort* port, OvPartialShape* shape);
  OvStatus (*port_get_element_type)(const OvPort* port, OvElementType* type);
  void (*output_const_port_free)(OvPort* port);
  void (*partial_shape_free)(OvPartialShape* shape);

  OvStatus (*infer_request_set_tensor_by_const_port)(OvInferRequest* request, const OvPort* port,
                                                     const OvTensor* tensor);
  OvStatus (*infer_request_get_tensor_by_const_port)(const OvInferRequest* request,
                                                     const OvPort* port, OvTensor** tensor);
  OvStatus (*infer_request_infer)(OvInferRequest* request);
  void (*infer_request_free)(OvInferRequest* request);

  OvStatus (*tensor_create)(OvElementType type, OvShape shape, OvTensor** tensor);
  // The tensor keeps the pointer: the memory must outlive it.
  OvStatus (*tensor_create_from_host_ptr)(OvElementType type, OvShape shape, void* data,
                                          OvTensor** tensor);
  OvStatus (*tensor_get_element_type)(const OvTensor* tensor, OvElementType* type);
  OvStatus (*tensor_get_shape)(const OvTensor* tensor, OvShape* shape);
  OvStatus (*shape_free)(OvShape* shape);
  OvStatus (*tensor_get_byte_size)(const OvTensor* tensor, std::size_t* bytes);
  OvStatus (*tensor_data)(const OvTensor* tensor, void** data);
  void (*tensor_free)(OvTensor* tensor);

  // Of later releases than the oldest that can be used: NULL where they are missing.
  const char* (*get_last_err_msg)();
  void (*util_set_log_callback)(OvLogCallback callback);
};

}  // namespace modelhub::openvino_engine
