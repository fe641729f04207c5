// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ort_library.h"
#include "ort_provider.h"
#include "shared/compiled_file.h"

namespace modelhub::onnxruntime_engine {

struct GraphSource {
  std::string path;
  bool is_one_file = true;  // no weights lie in other files
};

// What the threads of a session do while there is nothing for them to do.
enum class Waiting {
  asleep,
  awake,  // for a moment, during and after each run, then they sleep. Of a compiled graph only
};

struct GraphOptions {
  int threads = 0;  // for one run; 0: one for each core that this process may use
  Waiting waiting = Waiting::asleep;
};

// For one run, never 0.
int threads_of(const GraphOptions& options);
// Older ones would stay awake for tens of milliseconds.
bool can_wait_awake(const OrtLibrary& library);

// Who makes a compiled file: a library, and how this engine uses it.
std::string maker_of(const OrtLibrary& library);

// The optimised graph that an earlier load has kept; null when there is none that can be used.
// Throws nothing of ONNX Runtime: then there is none.
OrtPtr<OrtSession> find_compiled_graph(const OrtLibrary& library,
                                       const engine_shared::CompileCache& cache,
                                       const GraphOptions& options);

// The same model once more, with other options: the compiled graph, or where that is gone the model
// at `path`. Nothing is kept. Throws OrtError.
OrtPtr<OrtSession> reopen_graph(const OrtLibrary& library, const engine_shared::FileTrace& compiled,
                                const std::string& path, const GraphOptions& options);

struct OpenedGraph {
  OrtPtr<OrtSession> session;
  bool is_compiled = false;  // else its threads sleep, whatever the options say
};

// Reads a model. With a cache it keeps the optimised graph, with its weights beside it,
// and goes on with what it kept, as later loads do. Throws OrtError.
OpenedGraph open_graph(const OrtLibrary& library, const GraphSource& source,
                       const engine_shared::CompileCache* cache, const GraphOptions& options);

// A model on a GPU, all of it or in part.
struct GpuGraph {
  OrtPtr<OrtSession> session;
  bool is_whole = true;
  // If not: both 0 when ONNX Runtime does not tell how many.
  int nodes_on_gpu = 0;
  int nodes_on_cpu = 0;
};

enum class CpuNodes {
  refused,  // one that the provider does not have makes it fail
  allowed,
};

// Reads the model at `path`. What ONNX Runtime makes ready for a GPU is not kept. Throws OrtError.
GpuGraph open_graph_on_gpu(const OrtLibrary& library, const std::string& path,
                           const GraphOptions& options, const Provider& provider,
                           CpuNodes cpu_nodes);

}  // namespace modelhub::onnxruntime_engine
