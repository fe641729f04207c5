// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "ort_library.h"
#include "ort_provider.h"
#include "shared/compiled_file.h"

namespace modelhub::onnxruntime_engine {

// A model that ONNX Runtime has made ready, perhaps out of a file: then it goes on reading its
// weights there.
struct ReadyGraph {
  std::optional<engine_shared::CompiledFile> file;
  OrtPtr<OrtSession> session;
};

struct GraphOptions {
  int threads = 0;  // for one run; 0: one for each core that this process may use
};

// Who makes a compiled file: a library, and how this engine uses it.
std::string maker_of(const OrtLibrary& library);

// The optimised graph that an earlier load has kept; nothing when there is none that can be used.
// Throws nothing of ONNX Runtime: then there is none.
std::optional<ReadyGraph> find_compiled_graph(const OrtLibrary& library,
                                              const engine_shared::CompileCache& cache,
                                              const GraphOptions& options);

// Reads the model at `path`. With a cache it keeps the optimised graph, in ONNX Runtime's own
// format, and goes on with what it kept, as later loads do. Throws OrtError.
ReadyGraph open_graph(const OrtLibrary& library, const std::string& path,
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
