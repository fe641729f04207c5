/* SPDX-FileCopyrightText: 2026 The modelhub authors
 * SPDX-License-Identifier: Apache-2.0 */

/* An engine in plain C11: proof that modelhub/engine.h needs no C++. Its model is a file that
 * begins with "double"; the output y is twice the input x, any number of float32. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modelhub/engine.h"

struct mh_engine {
  const mh_host* host;
};

struct mh_session {
  char device[32];
};

/* One allocation for each run: `result` first, so that the host's pointer is the block. */
struct answer {
  mh_result result;
  mh_tensor tensor;
  int64_t shape[1];
  float values[];
};

static const int64_t k_any_length[1] = {-1};
static const mh_tensor_spec k_input = {"x", k_any_length, MH_FLOAT32, 1};
static const mh_tensor_spec k_output = {"y", k_any_length, MH_FLOAT32, 1};
static const char* const k_formats[] = {"doubler"};
static const mh_device_offer k_devices[] = {{"cpu:0", "", 1, 0},
                                            {"cuda:0", "this engine is made of C alone", 0, 0}};

static mh_status fail(mh_error* error, mh_status status, mh_subject subject, const char* what,
                      const char* name) {
  error->subject = subject;
  snprintf(error->message, sizeof error->message, "%s: %s", name, what);
  snprintf(error->hint, sizeof error->hint, "%s", "write 'double' into the model file");
  return status;
}

static mh_status doubler_open(const mh_host* host, mh_engine** engine, mh_error* error) {
  *engine = malloc(sizeof **engine);
  if (*engine == NULL) return fail(error, MH_OUT_OF_MEMORY, MH_ABOUT_ENGINE, "no memory", "open");
  (*engine)->host = host;
  return MH_OK;
}

static void doubler_close(mh_engine* engine) { free(engine); }

static mh_status doubler_probe(mh_engine* engine, mh_probe* probe, mh_error* error) {
  (void)engine;
  (void)error;
  probe->version = "11";
  probe->formats = k_formats;
  probe->format_count = 1;
  probe->devices = k_devices;
  probe->device_count = 2;
  probe->concurrency = MH_SHARED;
  return MH_OK;
}

static mh_status doubler_estimate(mh_engine* engine, const mh_load_request* request,
                                  mh_estimate* estimate, mh_error* error) {
  (void)engine;
  (void)request;
  (void)error;
  estimate->peak_bytes = 4096;
  return MH_OK;
}

static mh_status doubler_load(mh_engine* engine, const mh_load_request* request,
                              mh_session** session, mh_error* error) {
  if (request->file_count != 1) {
    return fail(error, MH_INVALID_ARGUMENT, MH_ABOUT_MODEL, "a model of one file is wanted",
                "load");
  }
  const mh_file* file = &request->files[0];
  if (strcmp(request->device, "cpu:0") != 0) {
    return fail(error, MH_UNSUPPORTED, MH_ABOUT_DEVICE, "only cpu:0 can be used", request->device);
  }
  FILE* in = fopen(file->path, "rb");
  if (in == NULL) return fail(error, MH_IO_ERROR, MH_ABOUT_MODEL, "cannot be read", file->name);
  char word[7] = {0};
  const size_t length = fread(word, 1, 6, in);
  fclose(in);
  if (length != 6 || strcmp(word, "double") != 0) {
    return fail(error, MH_CORRUPT_DATA, MH_ABOUT_MODEL, "this is no model of the doubler",
                file->name);
  }
  *session = calloc(1, sizeof **session);
  if (*session == NULL)
    return fail(error, MH_OUT_OF_MEMORY, MH_ABOUT_ENGINE, "no memory", file->name);
  snprintf((*session)->device, sizeof(*session)->device, "%s", request->device);
  engine->host->log(engine->host->log_context, MH_LOG_DEBUG, "doubling");
  return MH_OK;
}

static void doubler_unload(mh_session* session) { free(session); }

static mh_status doubler_describe(mh_session* session, mh_session_info* info, mh_error* error) {
  (void)error;
  info->inputs = &k_input;
  info->input_count = 1;
  info->outputs = &k_output;
  info->output_count = 1;
  info->device = session->device;
  return MH_OK;
}

static mh_status doubler_run(mh_session* session, const mh_run_request* request,
                             const mh_result** result, mh_error* error) {
  (void)session;
  const mh_tensor* x = &request->inputs[0];
  const float* from = x->data;
  struct answer* answer = malloc(sizeof *answer + x->byte_count);
  if (answer == NULL) return fail(error, MH_OUT_OF_MEMORY, MH_ABOUT_ENGINE, "no memory", "run");
  const size_t count = x->byte_count / sizeof(float);
  for (size_t i = 0; i < count; ++i) answer->values[i] = 2 * from[i];
  answer->shape[0] = x->shape[0];
  answer->tensor = (mh_tensor){"y", answer->shape, answer->values, x->byte_count, MH_FLOAT32, 1};
  answer->result = (mh_result){sizeof(mh_result), &answer->tensor, 1, NULL, 0};
  *result = &answer->result;
  return MH_OK;
}

static void doubler_release(mh_session* session, const mh_result* result) {
  (void)session;
  free((void*)result);
}

const mh_engine_api* modelhub_engine_api(uint32_t host_abi) {
  static const mh_engine_api api = {
      .size = sizeof(mh_engine_api),
      .abi = MH_ENGINE_ABI,
      .name = "doubler",
      .open = doubler_open,
      .close = doubler_close,
      .probe = doubler_probe,
      .estimate = doubler_estimate,
      .load = doubler_load,
      .unload = doubler_unload,
      .describe = doubler_describe,
      .run = doubler_run,
      .release = doubler_release,
  };
  return host_abi == MH_ENGINE_ABI ? &api : NULL;
}
