/* SPDX-FileCopyrightText: 2026 The modelhub authors
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The border between modelhub (the host) and an inference engine, in plain C.
 *
 * An engine is a shared library named modelhub_engine_<name>.so that exports one function,
 * modelhub_engine_api(). It may be written in any language and built with any compiler. In C++ use
 * modelhub/engine_module.h, which makes the table out of two classes. docs/engines.md is the guide;
 * the program engine_conformance tests a finished module.
 *
 *     api = modelhub_engine_api(MH_ENGINE_ABI)
 *     api->open() -> engine            one for each hub; settings and a log come along
 *       api->probe()                   what it is, which devices it can use, why not the others
 *       api->estimate()                memory that a load will take
 *       api->load() -> session         a model in memory
 *         api->describe()              its inputs and outputs, the device it really runs on
 *         api->run() -> result         as often as wanted; each result goes back by
 *         api->release()
 *       api->unload()
 *     api->close()
 *
 * Border:    No C++ type, no exception, no longjmp crosses, and no memory that one side made and
 *            the other must free.
 * Ownership: What the host passes in is valid until the call returns (mh_host: until close()
 *            returns); an engine copies what it keeps. What an engine hands out stays the engine's
 *            and is valid as long as the text beside it says. The host never writes to it.
 * Text:      UTF-8, ends with a NUL, never NULL.
 * Threads:   The host serialises open, probe and close of one engine. load, estimate, describe and
 *            unload come from any thread, several at once, for different sessions. For run see
 *            mh_concurrency. The host unloads a session when no run of it is under way and all its
 *            results are released, and closes an engine when all its sessions are unloaded.
 *            Modules are opened with RTLD_NOW | RTLD_LOCAL and never closed.
 * Silence:   An engine does not print, exit, read the environment, change the locale or install
 *            signal handlers. What it has to tell goes to mh_host.log, what can be set comes as
 *            settings.
 *
 * How this header evolves, so that old engines run in new hosts and the other way round:
 *   1. Structs that begin with `size` grow, at their end only. `size` says how large the struct is
 *      for the side that made it; read or write a member only if MH_HAS(pointer, member).
 *      Members that are marked "later" came after version 1; all others both sides have. The host
 * makes mh_host, mh_load_request, mh_run_request, mh_error and the empty mh_probe, mh_estimate,
 * mh_session_info: it sets `size` and zeroes the rest; the engine fills members and leaves `size`
 * alone. The engine makes mh_engine_api and mh_result: it sets `size` and zeroes what it does not
 * know.
 *   2. Structs without `size` are elements of arrays and never change.
 *   3. Numbers (status, dtype, ...) get new values, never new meanings. What the other side does
 *      with one that it does not know stands beside them.
 *   4. What cannot be done so raises MH_ENGINE_ABI. A host refuses a table of another ABI.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_ENGINE_ABI 1u

/* Is `member` there, in a struct made by the other side? */
#define MH_HAS(pointer, member)                                   \
  ((const char*)&(pointer)->member + sizeof((pointer)->member) <= \
   (const char*)(pointer) + (pointer)->size)

#if defined(__GNUC__)
#define MH_ENGINE_EXPORT __attribute__((visibility("default")))
#else
#define MH_ENGINE_EXPORT
#endif

/* How a call ended. The host treats a value that it does not know as MH_INTERNAL. */
typedef uint32_t mh_status;
enum {
  MH_OK = 0,
  MH_INVALID_ARGUMENT =
      1, /* what the caller asks can never work: an input of another shape, an unknown setting */
  MH_CORRUPT_DATA = 2, /* a file of the model is not what it claims to be */
  MH_UNSUPPORTED = 3,  /* understood, but not possible with this engine, library or machine */
  MH_OUT_OF_MEMORY = 4,
  MH_IO_ERROR = 5, /* a file could not be read */
  MH_BUSY = 6,     /* taken by somebody else (a device); the same call may work later */
  MH_INTERNAL = 7  /* everything else: a bug, here or in the library behind the engine */
};

/* What a failure is about. The host treats a value that it does not know as MH_ABOUT_ENGINE. */
typedef uint32_t mh_subject;
enum {
  MH_ABOUT_ENGINE = 0, /* the engine or the library behind it */
  MH_ABOUT_MODEL = 1,  /* a file of the model */
  MH_ABOUT_INPUT = 2,  /* a tensor passed to run */
  MH_ABOUT_DEVICE = 3
};

/* The reason of a failure. The host provides it; the engine fills it if, and only if, it returns
 * something other than MH_OK. Texts that are too long are cut; they always end with a NUL. */
typedef struct mh_error {
  size_t size;
  mh_subject subject;
  /* One sentence that names the thing: "a.onnx needs opset 22; this library reads up to 19". */
  char message[2048];
  /* The next thing to do or type; may be empty. */
  char hint[1024];
} mh_error;

/* Element types of tensors. The values are those of modelhub::DType and will never change. */
typedef uint32_t mh_dtype;
enum {
  MH_FLOAT32 = 1,
  MH_FLOAT16 = 2,
  MH_BFLOAT16 = 3,
  MH_FLOAT64 = 4,
  MH_UINT8 = 5,
  MH_INT8 = 6,
  MH_UINT16 = 7,
  MH_INT16 = 8,
  MH_INT32 = 9,
  MH_INT64 = 10,
  MH_BOOL = 11 /* one byte, 0 or 1 */
};

/* A dense array in row-major order. */
typedef struct mh_tensor {
  const char* name;     /* as the model calls it */
  const int64_t* shape; /* `rank` sides, each >= 0; NULL when rank is 0 (a scalar) */
  const void* data;     /* aligned for its type, and often no better; NULL only if empty */
  size_t byte_count;    /* the product of the sides times the size of an element */
  mh_dtype dtype;
  uint32_t rank;
} mh_tensor;

/* What a model says about one of its inputs or outputs. */
typedef struct mh_tensor_spec {
  const char* name;
  const int64_t* shape; /* -1 where the model leaves a side open; NULL when rank is 0 */
  mh_dtype dtype;
  uint32_t rank;
} mh_tensor_spec;

/* An option as a pair of texts. Unknown keys are ignored: they may be meant for another version. */
typedef struct mh_setting {
  const char* key;
  const char* value;
} mh_setting;

/* One file of a model. */
typedef struct mh_file {
  const char* role; /* "graph", "weights", "config", "labels", "dictionary" */
  const char* name; /* its path inside the model, "yolov8n.onnx": for messages */
  const char* path; /* where its bytes lie, under any name; to be read only */
} mh_file;

/* Whether a device can be used, and if not, why. */
typedef struct mh_device_offer {
  const char* device; /* "cpu:0", "cuda:0" */
  /* What is missing and what to do about it: one line. When usable: empty, or what only a load can
   * tell. */
  const char* reason;
  uint32_t is_usable; /* 0 or 1 */
  uint32_t reserved;  /* 0 */
} mh_device_offer;

typedef uint32_t mh_log_level;
enum { MH_LOG_DEBUG = 0, MH_LOG_INFO = 1, MH_LOG_WARNING = 2 };

/* What the host gives an engine when it opens it. Valid until close() has returned. */
typedef struct mh_host {
  size_t size;
  uint32_t abi; /* MH_ENGINE_ABI of the host */
  uint32_t reserved;
  /* Takes a line of text; may be called from any thread at any time between open and close. Tell
   * here what is worth knowing but no error; what is returned as an error is not logged as well. */
  void (*log)(void* log_context, mh_log_level level, const char* message);
  void* log_context;
  const mh_setting* settings; /* for example {"library_dir", "/opt/onnxruntime/lib"} */
  size_t setting_count;
} mh_host;

/* How calls of run for one session may overlap. Different sessions always run side by side. The
 * host treats a value that it does not know as MH_ONE_AT_A_TIME. */
typedef uint32_t mh_concurrency;
enum {
  MH_ONE_AT_A_TIME = 0, /* the host never calls run twice at once for a session */
  MH_SHARED = 1         /* any number of threads at once */
};

/* What an engine is. Texts and arrays are valid until the next probe, or close. */
typedef struct mh_probe {
  size_t size;
  const char* version; /* of the library behind the engine, "1.32.0"; "" when it is not there */
  /* What it reads, in the words of the catalog: "onnx". */
  const char* const* formats;
  size_t format_count;
  /* Every device that the engine could use on some machine, usable here or not. */
  const mh_device_offer* devices;
  size_t device_count;
  mh_concurrency concurrency;
  uint32_t reserved;
  /* Later: 0 or 1: does a load keep what it compiles in the file that its setting `cache_file`
   * names, and find it there? */
  uint32_t keeps_compiled;
  uint32_t reserved_2;
} mh_probe;

typedef struct mh_load_request {
  size_t size;
  const char* format; /* one of mh_probe.formats */
  const mh_file* files;
  size_t file_count;
  const char* device; /* "cpu:0" */
  uint32_t threads;   /* how many one run may use; 0: the engine's own choice */
  /* 0 or 1: may (parts of) the model run on the CPU when the device is another? */
  uint32_t is_fallback_allowed;
  const mh_setting* settings; /* for this load alone */
  size_t setting_count;
} mh_load_request;

typedef struct mh_estimate {
  size_t size;
  uint64_t peak_bytes; /* memory that loading takes at its peak; better too much than too little */
} mh_estimate;

/* What a loaded model is. Texts and arrays are valid until unload. */
typedef struct mh_session_info {
  size_t size;
  const mh_tensor_spec* inputs;
  size_t input_count;
  const mh_tensor_spec* outputs;
  size_t output_count;
  const char* device; /* where it really runs, found out after the load */
  /* Later: 0 or 1: do its results have words? Then it may have no outputs. */
  uint32_t gives_words;
  uint32_t reserved;
} mh_session_info;

typedef struct mh_run_request {
  size_t size;
  /* Each input of the model once, in any order. The host has checked names, types and shapes. */
  const mh_tensor* inputs;
  size_t input_count;
} mh_run_request;

/* What begins with a word, as bits. Every first word of a paragraph is the first of a line too, and
 * every first word of a block that of a paragraph. The host ignores bits that it does not know. */
typedef uint32_t mh_word_begins;
enum { MH_BEGINS_LINE = 1, MH_BEGINS_PARAGRAPH = 2, MH_BEGINS_BLOCK = 4 };

/* A word that was read in a picture. Words come in the order of reading, and they are the whole
 * text: a blank stands between two words of a line, a line break after each line, an empty line
 * between two paragraphs. The first word begins a block. */
typedef struct mh_word {
  const char* text; /* at least one character, no line break */
  /* In pixels of the tensor that holds the picture, from its top left corner: (x1, y1) is inside,
   * (x2, y2) just outside. All four are finite. */
  float x1;
  float y1;
  float x2;
  float y2;
  float confidence; /* 0 to 1 */
  mh_word_begins begins;
} mh_word;

/* What a run gave. The engine owns it and everything that it points to, until release().
 * Answers that are neither tensors nor words will be further members, as arrays with a count. */
typedef struct mh_result {
  size_t size;
  const mh_tensor* outputs; /* all outputs, in the order of mh_session_info.outputs */
  size_t output_count;
  /* Later: only if mh_session_info.gives_words. No words are an answer too: nothing to read. */
  const mh_word* words;
  size_t word_count;
} mh_result;

typedef struct mh_engine mh_engine;   /* the engine's own */
typedef struct mh_session mh_session; /* the engine's own */

/* The functions of an engine. No member may be NULL. `error` is never NULL. */
typedef struct mh_engine_api {
  size_t size;  /* sizeof(mh_engine_api) when the engine was built */
  uint32_t abi; /* MH_ENGINE_ABI when the engine was built */
  uint32_t reserved;
  const char* name; /* lower_snake_case, the <name> of the module's file name; lives for ever */

  /* Starts the engine: cheap, no model, no device. A library behind the engine that is missing is
   * no failure here: probe() says so, in the reasons of its devices. */
  mh_status (*open)(const mh_host* host, mh_engine** engine, mh_error* error);
  void (*close)(mh_engine* engine);

  /* May be called again: what is plugged in, or free, can change. */
  mh_status (*probe)(mh_engine* engine, mh_probe* probe, mh_error* error);

  /* Looks at the sizes of the files at most. */
  mh_status (*estimate)(mh_engine* engine, const mh_load_request* request, mh_estimate* estimate,
                        mh_error* error);

  /* MH_UNSUPPORTED comes with the sentence that a user needs: what the model wants, what is here,
   * what to do. No failure leaves memory or a file open behind. */
  mh_status (*load)(mh_engine* engine, const mh_load_request* request, mh_session** session,
                    mh_error* error);
  void (*unload)(mh_session* session);
  mh_status (*describe)(mh_session* session, mh_session_info* info, mh_error* error);

  mh_status (*run)(mh_session* session, const mh_run_request* request, const mh_result** result,
                   mh_error* error);
  /* From any thread, also while the session runs. */
  void (*release)(mh_session* session, const mh_result* result);
} mh_engine_api;

/* The one symbol of a module. Returns a table that lives as long as the module, or NULL when the
 * engine cannot work with a host of this ABI. Does nothing else. */
MH_ENGINE_EXPORT const mh_engine_api* modelhub_engine_api(uint32_t host_abi);
typedef const mh_engine_api* (*mh_engine_api_function)(uint32_t host_abi);

#ifdef __cplusplus
} /* extern "C" */
#endif
