/* SPDX-FileCopyrightText: 2026 The modelhub authors
 * SPDX-License-Identifier: Apache-2.0 */

/* Says that it is OpenVINO FAKE_VERSION. With FAKE_ALL it has all functions that the engine asks
 * for, each of which fails; with FAKE_NO_VERSION it is a library without any of them, and with
 * FAKE_NEEDS_TBB one that needs such a library. */

#include <stddef.h>

#define EXPORT __attribute__((visibility("default")))

struct version {
  const char* build_number;
  const char* description;
};

#ifdef FAKE_NO_VERSION
EXPORT int something_else(void);
int something_else(void) { return 0; }
#else
#ifdef FAKE_NEEDS_TBB
int something_else(void);
EXPORT int needs_something_else(void);
int needs_something_else(void) { return something_else(); }
#endif

EXPORT int ov_get_openvino_version(struct version* version);
EXPORT void ov_version_free(struct version* version);

int ov_get_openvino_version(struct version* version) {
  version->build_number = FAKE_VERSION "-1-fake";
  version->description = "fake";
  return 0;
}

void ov_version_free(struct version* version) { version->build_number = NULL; }
#endif

#ifdef FAKE_ALL
#define FAIL(name)       \
  EXPORT int name(void); \
  int name(void) { return -1; }

FAIL(ov_get_error_info)
FAIL(ov_free)
FAIL(ov_core_create)
FAIL(ov_core_read_model)
FAIL(ov_core_compile_model)
FAIL(ov_core_set_property)
FAIL(ov_core_import_model)
FAIL(ov_model_free)
FAIL(ov_compiled_model_export_model)
FAIL(ov_compiled_model_get_property)
FAIL(ov_compiled_model_inputs_size)
FAIL(ov_compiled_model_input_by_index)
FAIL(ov_compiled_model_input_by_name)
FAIL(ov_compiled_model_outputs_size)
FAIL(ov_compiled_model_output_by_index)
FAIL(ov_compiled_model_output_by_name)
FAIL(ov_compiled_model_create_infer_request)
FAIL(ov_compiled_model_free)
FAIL(ov_port_get_any_name)
FAIL(ov_port_get_partial_shape)
FAIL(ov_port_get_element_type)
FAIL(ov_output_const_port_free)
FAIL(ov_partial_shape_free)
FAIL(ov_infer_request_set_tensor_by_const_port)
FAIL(ov_infer_request_get_tensor_by_const_port)
FAIL(ov_infer_request_infer)
FAIL(ov_infer_request_free)
FAIL(ov_tensor_create)
FAIL(ov_tensor_create_from_host_ptr)
FAIL(ov_tensor_get_element_type)
FAIL(ov_tensor_get_shape)
FAIL(ov_shape_free)
FAIL(ov_tensor_get_byte_size)
FAIL(ov_tensor_data)
FAIL(ov_tensor_free)
#endif
