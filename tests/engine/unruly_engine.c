/* SPDX-FileCopyrightText: 2026 The modelhub authors
 * SPDX-License-Identifier: Apache-2.0 */

/* An engine that breaks its contract. UNRULY_TABLE, set by the build, breaks the table itself;
 * otherwise the first word of the model file says what goes wrong. The host must turn all of it
 * into errors. */

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "modelhub/engine.h"

#define UNRULY_NO_SYMBOL 1
#define UNRULY_NO_TABLE 2
#define UNRULY_NEWER_ABI 3
#define UNRULY_SMALL_TABLE 4
#define UNRULY_NO_RUN 5
#define UNRULY_NAME 6

#ifndef UNRULY_TABLE
#define UNRULY_TABLE 0
#endif

struct mh_engine {
  int unused;
};

struct mh_session {
  char fault[32];
};

static struct mh_engine k_engine;
static struct mh_session k_session;

static const int64_t k_two[1] = {2};
static const int64_t k_three[1] = {3};
static const int64_t k_negative[1] = {-2};
static const float k_values[3] = {1, 2, 3};

static int has_fault(const char* fault) { return strcmp(k_session.fault, fault) == 0; }

static mh_status unruly_open(const mh_host* host, mh_engine** engine, mh_error* error) {
  (void)host;
  (void)error;
  *engine = &k_engine;
  return MH_OK;
}

static void unruly_close(mh_engine* engine) { (void)engine; }

static mh_status unruly_probe(mh_engine* engine, mh_probe* probe, mh_error* error) {
  static const char* const formats[] = {"unruly"};
  static const mh_device_offer devices[] = {{"cpu:0", NULL, 1, 0}};
  (void)engine;
  (void)error;
  probe->formats = formats; /* version stays NULL */
  probe->format_count = 1;
  probe->devices = devices;
  probe->device_count = 1;
  probe->concurrency = 77; /* unknown: one at a time */
  return MH_OK;
}

static mh_status unruly_estimate(mh_engine* engine, const mh_load_request* request,
                                 mh_estimate* estimate, mh_error* error) {
  (void)engine;
  (void)request;
  (void)estimate;
  (void)error;
  return MH_INTERNAL;
}

static mh_status unruly_load(mh_engine* engine, const mh_load_request* request,
                             mh_session** session, mh_error* error) {
  (void)engine;
  FILE* in = fopen(request->files[0].path, "rb");
  if (in == NULL || fscanf(in, "%31s", k_session.fault) != 1) k_session.fault[0] = '\0';
  if (in != NULL) fclose(in);
  if (has_fault("no_reason")) return MH_UNSUPPORTED;
  if (has_fault("unknown_status")) {
    strcpy(error->message, "something new");
    return 1234;
  }
  if (has_fault("full_message")) {
    memset(error->message, 'x', sizeof error->message);
    memset(error->hint, 'y', sizeof error->hint);
    return MH_UNSUPPORTED;
  }
  if (!has_fault("null_session")) *session = &k_session;
  return MH_OK;
}

static void unruly_unload(mh_session* session) { (void)session; }

static mh_status unruly_describe(mh_session* session, mh_session_info* info, mh_error* error) {
  static mh_tensor_spec outputs[2];
  (void)session;
  (void)error;
  outputs[0] = outputs[1] = (mh_tensor_spec){"y", k_two, MH_FLOAT32, 1};
  if (has_fault("unknown_type")) outputs[0].dtype = 99;
  if (has_fault("missing_shape")) outputs[0].shape = NULL;
  if (has_fault("negative_spec")) outputs[0].shape = k_negative;
  info->outputs = has_fault("null_specs") ? NULL : outputs;
  info->output_count = has_fault("same_names") ? 2 : 1;
  info->device = has_fault("no_device") ? "" : "cpu:0";
  info->gives_words = strncmp(k_session.fault, "words", 5) == 0 && !has_fault("words_unasked");
  return MH_OK;
}

/* The second word has the fault. */
static void give_words(mh_result* answer) {
  static mh_word words[2];
  words[0] =
      (mh_word){"one", 0, 0, 10, 10, 1, MH_BEGINS_LINE | MH_BEGINS_PARAGRAPH | MH_BEGINS_BLOCK};
  words[1] = (mh_word){"\xC3\xA9\xE4\xB8\x96\xF0\x9F\x98\x80", 10, 0, 20, 10, 0.5f, 1u << 31};
  if (has_fault("words_no_text")) words[1].text = NULL;
  if (has_fault("words_empty")) words[1].text = "";
  if (has_fault("words_latin1")) words[1].text = "caf\xE9";
  if (has_fault("words_overlong")) words[1].text = "\xC0\xAF";
  if (has_fault("words_surrogate")) words[1].text = "\xED\xA0\x80";
  if (has_fault("words_cut")) words[1].text = "\xF0\x9F\x98";
  if (has_fault("words_two_lines")) words[1].text = "one\ntwo";
  if (has_fault("words_nan")) words[1].x2 = NAN;
  if (has_fault("words_inside_out")) words[1].x2 = 9;
  if (has_fault("words_percent")) words[1].confidence = 95;
  if (has_fault("words_sure_nan")) words[1].confidence = NAN;
  if (has_fault("words_loose")) words[1].begins = MH_BEGINS_BLOCK;
  if (has_fault("words_unopened")) words[0].begins = MH_BEGINS_LINE;
  answer->words = has_fault("words_null") ? NULL : words;
  answer->word_count = 2;
}

static mh_status unruly_run(mh_session* session, const mh_run_request* request,
                            const mh_result** result, mh_error* error) {
  static mh_tensor output;
  static mh_result answer;
  (void)session;
  (void)request;
  (void)error;
  output = (mh_tensor){"y", k_two, k_values, 2 * sizeof(float), MH_FLOAT32, 1};
  answer = (mh_result){sizeof answer, &output, 1, NULL, 0};
  if (strncmp(k_session.fault, "words", 5) == 0) give_words(&answer);
  if (has_fault("old_result")) {
    give_words(&answer);
    answer.size = offsetof(mh_result, words);
  }
  if (has_fault("other_name")) output.name = "z";
  if (has_fault("other_shape")) output.shape = k_three;
  if (has_fault("negative_shape")) output.shape = k_negative;
  if (has_fault("other_type")) output.dtype = MH_INT32;
  if (has_fault("other_size")) output.byte_count = 3 * sizeof(float);
  if (has_fault("null_data")) output.data = NULL;
  if (has_fault("no_outputs")) answer.output_count = 0;
  if (has_fault("null_outputs")) answer.outputs = NULL;
  if (!has_fault("null_result")) *result = &answer;
  return MH_OK;
}

static void unruly_release(mh_session* session, const mh_result* result) {
  (void)session;
  (void)result;
}

#if UNRULY_TABLE == UNRULY_NO_SYMBOL
#define modelhub_engine_api modelhub_engine_something_else
const mh_engine_api* modelhub_engine_api(uint32_t host_abi);
#endif

const mh_engine_api* modelhub_engine_api(uint32_t host_abi) {
  static mh_engine_api api = {
      .size = UNRULY_TABLE == UNRULY_SMALL_TABLE ? 40 : sizeof(mh_engine_api),
      .abi = UNRULY_TABLE == UNRULY_NEWER_ABI ? MH_ENGINE_ABI + 1 : MH_ENGINE_ABI,
      .name = UNRULY_TABLE == UNRULY_NAME ? "somebody_else" : "unruly",
      .open = unruly_open,
      .close = unruly_close,
      .probe = unruly_probe,
      .estimate = unruly_estimate,
      .load = unruly_load,
      .unload = unruly_unload,
      .describe = unruly_describe,
      .run = UNRULY_TABLE == UNRULY_NO_RUN ? NULL : unruly_run,
      .release = unruly_release,
  };
  (void)host_abi;
  return UNRULY_TABLE == UNRULY_NO_TABLE ? NULL : &api;
}
