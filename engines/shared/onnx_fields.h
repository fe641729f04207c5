// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace modelhub::engine_shared {

// Numbers of fields, from onnx.proto of ONNX 1.17; they never change.
namespace field {
inline constexpr std::uint64_t k_model_ir_version = 1;
inline constexpr std::uint64_t k_model_producer = 2;
inline constexpr std::uint64_t k_model_graph = 7;
inline constexpr std::uint64_t k_model_opset_import = 8;
inline constexpr std::uint64_t k_model_training_info = 20;
inline constexpr std::uint64_t k_model_functions = 25;
inline constexpr std::uint64_t k_opset_domain = 1;
inline constexpr std::uint64_t k_opset_version = 2;
inline constexpr std::uint64_t k_training_graphs[] = {1, 2};
inline constexpr std::uint64_t k_function_node = 7;
inline constexpr std::uint64_t k_graph_node = 1;
inline constexpr std::uint64_t k_graph_initializer = 5;
inline constexpr std::uint64_t k_graph_input = 11;
inline constexpr std::uint64_t k_graph_output = 12;
inline constexpr std::uint64_t k_graph_sparse_initializer = 15;
inline constexpr std::uint64_t k_node_input = 1;
inline constexpr std::uint64_t k_node_output = 2;
inline constexpr std::uint64_t k_node_name = 3;
inline constexpr std::uint64_t k_node_op_type = 4;
inline constexpr std::uint64_t k_node_attribute = 5;
inline constexpr std::uint64_t k_node_domain = 7;
inline constexpr std::uint64_t k_attribute_name = 1;
inline constexpr std::uint64_t k_attribute_real = 2;
inline constexpr std::uint64_t k_attribute_int = 3;
inline constexpr std::uint64_t k_attribute_text = 4;
inline constexpr std::uint64_t k_attribute_tensors[] = {5, 10};
inline constexpr std::uint64_t k_attribute_graphs[] = {6, 11};
inline constexpr std::uint64_t k_attribute_ints = 8;
inline constexpr std::uint64_t k_attribute_sparse_tensors[] = {22, 23};
inline constexpr std::uint64_t k_sparse_tensors[] = {1, 2};  // values and indices
inline constexpr std::uint64_t k_tensor_dims = 1;
inline constexpr std::uint64_t k_tensor_data_type = 2;
inline constexpr std::uint64_t k_tensor_floats = 4;
inline constexpr std::uint64_t k_tensor_int32s = 5;
inline constexpr std::uint64_t k_tensor_int64s = 7;
inline constexpr std::uint64_t k_tensor_raw = 9;
inline constexpr std::uint64_t k_tensor_doubles = 10;
inline constexpr std::uint64_t k_tensor_uint64s = 11;
inline constexpr std::uint64_t k_tensor_name = 8;
inline constexpr std::uint64_t k_tensor_external_data = 13;
inline constexpr std::uint64_t k_tensor_data_location = 14;
inline constexpr std::uint64_t k_entry_key = 1;
inline constexpr std::uint64_t k_entry_value = 2;
inline constexpr std::uint64_t k_value_name = 1;
inline constexpr std::uint64_t k_value_type = 2;
inline constexpr std::uint64_t k_type_tensor = 1;
inline constexpr std::uint64_t k_tensor_type_element = 1;
inline constexpr std::uint64_t k_tensor_type_shape = 2;
inline constexpr std::uint64_t k_shape_dimension = 1;
inline constexpr std::uint64_t k_dimension_value = 1;
}  // namespace field

inline constexpr std::int64_t k_data_is_external = 1;  // TensorProto.DataLocation

}  // namespace modelhub::engine_shared
