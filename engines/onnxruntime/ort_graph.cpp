// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "ort_graph.h"

#include <malloc.h>

#include <cstdlib>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "ort_environment.h"
#include "ort_failure.h"

namespace modelhub::onnxruntime_engine {
namespace {

using engine_shared::CompileCache;
using engine_shared::CompiledFile;

// Goes up when make_options() changes what an optimised graph looks like.
constexpr const char* k_options_version = "1";

// Whose threads compute: pools of several sessions slow each other down.
enum class Threads {
  shared,  // by all sessions of the process
  own,
};

OrtPtr<OrtSessionOptions> make_options(const OrtLibrary& library, Threads whose, int threads) {
  const OrtApi& api = library.api();
  OrtSessionOptions* raw = nullptr;
  library.check(api.CreateSessionOptions(&raw));
  OrtPtr<OrtSessionOptions> options(raw, api.ReleaseSessionOptions);
  if (whose == Threads::shared)
    library.check(api.DisablePerSessionThreads(raw));
  else
    library.check(api.SetIntraOpNumThreads(raw, threads));
  library.check(api.SetInterOpNumThreads(raw, 1));
  library.check(api.SetSessionExecutionMode(raw, ORT_SEQUENTIAL));
  library.check(api.SetSessionGraphOptimizationLevel(raw, ORT_ENABLE_ALL));
  // Threads that wait sleep and do not spin, since pools that spin slow each other down. A first
  // measurement, with other builds on the same two cores (YOLOv8n, two threads, ONNX Runtime 1.32):
  // 16 runs of two models at once took 2.6 s asleep and 9.0 s spinning. With less load one model
  // alone took 77 to 95 ms asleep and 67 ms spinning (best of 15).
  library.check(api.AddSessionConfigEntry(raw, "session.intra_op.allow_spinning", "0"));
  return options;
}

// Whether a session could not be made only because the environment has no threads to share: a
// program that uses ONNX Runtime itself, and did so first, has made it without.
bool lacks_shared_threads(const OrtError& error) {
  return std::string(error.what()).find("CreateEnvWithGlobalThreadPools") != std::string::npos;
}

// What makes a session of options, to which it may add.
using Create = std::function<OrtStatus*(OrtEnv*, OrtSessionOptions*, OrtSession**)>;

OrtPtr<OrtSession> make_session(const OrtLibrary& library, const GraphOptions& options,
                                const Create& create) {
  OrtEnv* const environment = environment_of(library);
  // Never 0: ONNX Runtime would then pin its threads to cores, which fails in many containers.
  const int threads = options.threads > 0 ? options.threads : shared_threads();
  const auto make = [&](Threads whose) {
    const OrtPtr<OrtSessionOptions> made = make_options(library, whose, threads);
    OrtSession* session = nullptr;
    library.check(create(environment, made.get(), &session));
    return OrtPtr<OrtSession>(session, library.api().ReleaseSession);
  };
  if (threads != shared_threads()) return make(Threads::own);
  try {
    return make(Threads::shared);
  } catch (const OrtError& error) {
    if (!lacks_shared_threads(error)) throw;
    return make(Threads::own);
  }
}

// Neither copies the file nor the weights in it.
OrtPtr<OrtSession> map_session(const OrtLibrary& library, std::string_view file,
                               const GraphOptions& options) {
  const OrtApi& api = library.api();
  return make_session(
      library, options, [&](OrtEnv* environment, OrtSessionOptions* raw, OrtSession** session) {
        for (const char* const key : {"session.use_ort_model_bytes_directly",
                                      "session.use_ort_model_bytes_for_initializers"})
          library.check(api.AddSessionConfigEntry(raw, key, "1"));
        library.check(api.AddSessionConfigEntry(raw, "session.load_model_format", "ORT"));
        return api.CreateSessionFromArray(environment, file.data(), file.size(), raw, session);
      });
}

// With `save_as` it also writes the optimised graph there.
OrtPtr<OrtSession> read_session(const OrtLibrary& library, const std::string& path,
                                const std::string& save_as, const GraphOptions& options) {
  const OrtApi& api = library.api();
  return make_session(
      library, options, [&](OrtEnv* environment, OrtSessionOptions* raw, OrtSession** session) {
        if (!save_as.empty()) {
          library.check(api.SetOptimizedModelFilePath(raw, save_as.c_str()));
          library.check(api.AddSessionConfigEntry(raw, "session.save_model_format", "ORT"));
        }
        return api.CreateSession(environment, path.c_str(), raw, session);
      });
}

// The number that follows "placed on [<provider>]" in the lines; 0 when there is none. ONNX Runtime
// has no other way of asking that all versions offer.
int nodes_placed_on(const std::string& provider, const std::vector<std::string>& lines) {
  const std::string before = "placed on [" + provider + "]. Number of nodes: ";
  for (const std::string& line : lines) {
    const std::size_t found = line.find(before);
    if (found != std::string::npos) return std::atoi(line.c_str() + found + before.size());
  }
  return 0;
}

}  // namespace

std::string maker_of(const OrtLibrary& library) {
  return "ONNX Runtime " + library.version() + "\n" + library.api().GetBuildInfoString() +
         "\noptions " + k_options_version;
}

std::optional<ReadyGraph> find_compiled_graph(const OrtLibrary& library, const CompileCache& cache,
                                              const GraphOptions& options) {
  std::optional<CompiledFile> file = cache.find();
  if (!file) return std::nullopt;
  try {
    OrtPtr<OrtSession> session = map_session(library, file->content(), options);
    return ReadyGraph{std::move(file), std::move(session)};
  } catch (const OrtError& error) {
    cache.discard(error.what());
    return std::nullopt;
  }
}

ReadyGraph open_graph(const OrtLibrary& library, const std::string& path, const CompileCache* cache,
                      const GraphOptions& options) {
  OrtPtr<OrtSession> session(nullptr, library.api().ReleaseSession);
  const bool is_kept = cache != nullptr && cache->keep([&](const std::string& save_as) {
    session = read_session(library, path, save_as, options);
  });
  if (is_kept) {
    // Before the file is mapped: both at once would be the most memory that the load takes.
    session.reset();
#ifdef __GLIBC__
    // What was needed to make the file is several times its size; it comes in pieces that the
    // allocator would keep, and it will not be needed again.
    ::malloc_trim(0);
#endif
    if (auto kept = find_compiled_graph(library, *cache, options)) return *std::move(kept);
  }
  // Graphs that cannot be saved can still be run.
  if (session == nullptr) session = read_session(library, path, "", options);
  return {std::nullopt, std::move(session)};
}

GpuGraph open_graph_on_gpu(const OrtLibrary& library, const std::string& path,
                           const GraphOptions& options, const Provider& provider,
                           CpuNodes cpu_nodes) {
  const OrtApi& api = library.api();
  const auto create = [&](const std::function<void(OrtSessionOptions*)>& prepare) {
    return make_session(library, options,
                        [&](OrtEnv* environment, OrtSessionOptions* raw, OrtSession** session) {
                          provider.append(raw);
                          prepare(raw);
                          return api.CreateSession(environment, path.c_str(), raw, session);
                        });
  };
  // Refused first, in any case: that it succeeds is the proof.
  try {
    return {create([&](OrtSessionOptions* raw) {
      library.check(api.AddSessionConfigEntry(raw, "session.disable_cpu_ep_fallback", "1"));
    })};
  } catch (const OrtError& error) {
    if (cpu_nodes == CpuNodes::refused || !is_about_cpu_nodes(error)) throw;
  }
  const SessionLog log;
  GpuGraph graph{create([&](OrtSessionOptions* raw) {
    library.check(api.SetSessionLogId(raw, log.id().c_str()));
    library.check(api.SetSessionLogSeverityLevel(raw, ORT_LOGGING_LEVEL_VERBOSE));
  })};
  graph.is_whole = false;
  graph.nodes_on_gpu = nodes_placed_on(provider.ort_name, log.lines());
  graph.nodes_on_cpu = nodes_placed_on("CPUExecutionProvider", log.lines());
  return graph;
}

}  // namespace modelhub::onnxruntime_engine
