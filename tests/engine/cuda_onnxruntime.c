/* SPDX-FileCopyrightText: 2026 The modelhub authors
 * SPDX-License-Identifier: Apache-2.0 */

/* The ONNX Runtime that lies at REAL_LIBRARY, with a CUDA provider that is none, or with WEBGPU one
 * for WebGPU: so the paths for GPUs run on any machine. All else is the real library's, so a model
 * that was to go to the GPU is computed by the CPU. The build makes several libraries of it:
 *
 * - CUDA_MISSING: the provider is named, and cannot be appended: what it needs is missing
 * - CUDA_LATE: it can be appended once, and not again: the device was lost
 * - CUDA_WHOLE: it takes every node; that of WebGPU fails once two calls were made at once
 * - CUDA_NONE: it takes no node: the real library finds all on the CPU
 * - CUDA_SOME: it takes most nodes
 */

#include <dlfcn.h>

#include <onnxruntime_c_api.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { k_api_version = 16 };

#ifdef WEBGPU
#define PROVIDER "WebGpuExecutionProvider"
#else
#define PROVIDER "CUDAExecutionProvider"
#endif

static const OrtApi* g_real;
static OrtApi g_api;
static char g_options[256];
#ifdef CUDA_LATE
static int g_appended;
#endif

/* The real provider's options are the provider's business: here they are a text. */
static OrtStatusPtr ORT_API_CALL create_options(OrtCUDAProviderOptionsV2** options) {
  *options = (OrtCUDAProviderOptionsV2*)(void*)g_options;
  g_options[0] = 0;
  return NULL;
}

static void ORT_API_CALL release_options(OrtCUDAProviderOptionsV2* options) { (void)options; }

static OrtStatusPtr ORT_API_CALL update_options(OrtCUDAProviderOptionsV2* options,
                                                const char* const* keys, const char* const* values,
                                                size_t count) {
  (void)options;
  for (size_t i = 0; i < count; ++i) {
    const size_t used = strlen(g_options);
    snprintf(g_options + used, sizeof g_options - used, " %s=%s", keys[i], values[i]);
  }
  return NULL;
}

static OrtStatusPtr ORT_API_CALL append(OrtSessionOptions* session,
                                        const OrtCUDAProviderOptionsV2* options) {
  (void)session;
  (void)options;
#ifdef CUDA_MISSING
  char text[512];
  snprintf(text, sizeof text,
           "/onnxruntime_src/provider_bridge_ort.cc:1 Get() Failed to load "
           "libonnxruntime_providers_cuda.so: libcudnn.so.9: cannot open shared object file; was "
           "asked for%s",
           g_options);
  return g_real->CreateStatus(ORT_FAIL, text);
#endif
#ifdef CUDA_LATE
  if (g_appended++ > 0) return g_real->CreateStatus(ORT_FAIL, "CUDA failure 999: GPU is lost");
#endif
  return NULL;
}

#ifdef WEBGPU
static OrtStatusPtr ORT_API_CALL append_by_name(OrtSessionOptions* session, const char* name,
                                                const char* const* keys, const char* const* values,
                                                size_t count) {
  if (strcmp(name, "WebGPU") != 0)
    return g_real->SessionOptionsAppendExecutionProvider(session, name, keys, values, count);
#ifdef CUDA_MISSING
  return g_real->CreateStatus(
      ORT_FAIL,
      "/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 "
      "onnxruntime::webgpu::WebGpuContext::Initialize(const WebGpuContextConfig&)::<lambda()> "
      "adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a "
      "WebGPU adapter: No supported adapters\n");
#else
  return NULL;
#endif
}
#endif

static OrtStatusPtr ORT_API_CALL available(char*** names, int* count) {
  static char gpu[] = PROVIDER;
  static char cpu[] = "CPUExecutionProvider";
  static char* all[] = {gpu, cpu};
  *names = all;
  *count = 2;
  return NULL;
}

static OrtStatusPtr ORT_API_CALL release_available(char** names, int count) {
  (void)names;
  (void)count;
  return NULL;
}

static OrtStatusPtr ORT_API_CALL add_entry(OrtSessionOptions* session, const char* key,
                                           const char* value) {
#ifdef CUDA_WHOLE
  if (strcmp(key, "session.disable_cpu_ep_fallback") == 0) return NULL;
#endif
  return g_real->AddSessionConfigEntry(session, key, value);
}

#ifdef CUDA_SOME
static OrtLoggingFunction g_log;
static char g_log_id[256];

static OrtStatusPtr ORT_API_CALL create_env(OrtLoggingFunction log, void* log_param,
                                            OrtLoggingLevel level, const char* id,
                                            const OrtThreadingOptions* threads, OrtEnv** env) {
  g_log = log;
  return g_real->CreateEnvWithCustomLoggerAndGlobalThreadPools(log, log_param, level, id, threads,
                                                               env);
}

static OrtStatusPtr ORT_API_CALL set_log_id(OrtSessionOptions* session, const char* id) {
  snprintf(g_log_id, sizeof g_log_id, "%s", id);
  (void)session; /* or the real library would say the same with other numbers */
  return NULL;
}

static OrtStatusPtr ORT_API_CALL create_session(const OrtEnv* env, const char* path,
                                                const OrtSessionOptions* options,
                                                OrtSession** session) {
  OrtStatusPtr status = g_real->CreateSession(env, path, options, session);
  if (status == NULL && g_log_id[0] != 0) {
    g_log(NULL, ORT_LOGGING_LEVEL_VERBOSE, "onnxruntime", g_log_id, "session_state.cc:1",
          "Node placements");
    g_log(NULL, ORT_LOGGING_LEVEL_VERBOSE, "onnxruntime", g_log_id, "session_state.cc:1",
          " Node(s) placed on [CPUExecutionProvider]. Number of nodes: 3");
    g_log(NULL, ORT_LOGGING_LEVEL_VERBOSE, "onnxruntime", g_log_id, "session_state.cc:1",
          " Node(s) placed on [" PROVIDER "]. Number of nodes: 120");
  }
  return status;
}
#endif

#if defined(WEBGPU) && defined(CUDA_WHOLE)
/* As the real provider, whose sessions share one device that nobody guards. */
static atomic_int g_inside;
static atomic_int g_has_met;

static void enter(void) {
  if (atomic_fetch_add(&g_inside, 1) > 0) atomic_store(&g_has_met, 1);
}

static void leave(void) { atomic_fetch_sub(&g_inside, 1); }

static OrtStatusPtr after_meeting(void) {
  if (!atomic_load(&g_has_met)) return NULL;
  return g_real->CreateStatus(ORT_FAIL, "WebGPU: two calls at once");
}

static OrtStatusPtr ORT_API_CALL create_alone(const OrtEnv* env, const char* path,
                                              const OrtSessionOptions* options,
                                              OrtSession** session) {
  enter();
  OrtStatusPtr status = after_meeting();
  if (status == NULL) status = g_real->CreateSession(env, path, options, session);
  leave();
  return status;
}

static OrtStatusPtr ORT_API_CALL run_alone(OrtSession* session, const OrtRunOptions* options,
                                           const char* const* input_names,
                                           const OrtValue* const* inputs, size_t input_count,
                                           const char* const* output_names, size_t output_count,
                                           OrtValue** outputs) {
  enter();
  OrtStatusPtr status = after_meeting();
  if (status == NULL)
    status = g_real->Run(session, options, input_names, inputs, input_count, output_names,
                         output_count, outputs);
  leave();
  return status;
}

static void ORT_API_CALL release_alone(OrtSession* session) {
  enter();
  g_real->ReleaseSession(session);
  leave();
}
#endif

static const OrtApiBase* real_base(void) {
  void* const library = dlopen(REAL_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  const OrtApiBase* (*get)(void) = NULL;
  void* const symbol = library == NULL ? NULL : dlsym(library, "OrtGetApiBase");
  if (symbol == NULL) return NULL;
  memcpy(&get, &symbol, sizeof symbol);
  return get();
}

static const OrtApi* ORT_API_CALL get_api(uint32_t version) {
  const OrtApiBase* const base = real_base();
  if (base == NULL || version != k_api_version) return NULL;
  g_real = base->GetApi(version);
  if (g_real == NULL) return NULL;
  /* What version 16 ends with: the real table may be shorter than this header's. */
  memcpy(&g_api, g_real, offsetof(OrtApi, KernelContext_GetResource) + sizeof(void*));
  g_api.CreateCUDAProviderOptions = create_options;
  g_api.ReleaseCUDAProviderOptions = release_options;
  g_api.UpdateCUDAProviderOptions = update_options;
  g_api.SessionOptionsAppendExecutionProvider_CUDA_V2 = append;
#ifdef WEBGPU
  g_api.SessionOptionsAppendExecutionProvider = append_by_name;
#endif
  g_api.GetAvailableProviders = available;
  g_api.ReleaseAvailableProviders = release_available;
  g_api.AddSessionConfigEntry = add_entry;
#ifdef CUDA_SOME
  g_api.CreateEnvWithCustomLoggerAndGlobalThreadPools = create_env;
  g_api.SetSessionLogId = set_log_id;
  g_api.CreateSession = create_session;
#endif
#if defined(WEBGPU) && defined(CUDA_WHOLE)
  g_api.CreateSession = create_alone;
  g_api.Run = run_alone;
  g_api.ReleaseSession = release_alone;
#endif
  return &g_api;
}

static const char* ORT_API_CALL get_version(void) {
  const OrtApiBase* const base = real_base();
  return base == NULL ? "1.0.0" : base->GetVersionString();
}

__attribute__((visibility("default"))) const OrtApiBase* ORT_API_CALL OrtGetApiBase(void) {
  static const OrtApiBase base = {get_api, get_version};
  return &base;
}
