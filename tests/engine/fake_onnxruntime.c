/* SPDX-FileCopyrightText: 2026 The modelhub authors
 * SPDX-License-Identifier: Apache-2.0 */

/* Says that it is ONNX Runtime FAKE_VERSION, and offers no interface at all. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct api_base {
  const void* (*get_api)(uint32_t version);
  const char* (*get_version)(void);
};

static const void* get_api(uint32_t version) {
  fprintf(stderr, "The requested API version [%u] is not available\n", version);
  return NULL;
}

static const char* get_version(void) { return FAKE_VERSION; }

__attribute__((visibility("default"))) const struct api_base* OrtGetApiBase(void) {
  static const struct api_base base = {get_api, get_version};
  return &base;
}
