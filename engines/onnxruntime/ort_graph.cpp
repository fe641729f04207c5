// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "ort_graph.h"

#include <malloc.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "ort_environment.h"
#include "ort_failure.h"
#include "shared/onnx_file.h"
#include "shared/onnx_outline.h"

namespace modelhub::onnxruntime_engine {
namespace {

namespace fs = std::filesystem;
using engine_shared::CompileCache;
using engine_shared::CompiledFile;

// Goes up when make_options() changes what an optimised graph looks like.
constexpr const char* k_options_version = "2";

// Whose threads compute: pools of several sessions slow each other down.
enum class Threads {
  shared,  // by all sessions of the process
  own,
};

// How long threads wait awake, in microseconds: longer than the pauses within a run, so that none
// of its steps waits for a thread to wake up. bench/infer shows what it brings; with 100 and 300
// runs are not faster, and threads take more of the time between runs.
constexpr const char* k_awake_us = "50";

OrtPtr<OrtSessionOptions> make_options(const OrtLibrary& library, Threads whose,
                                       const GraphOptions& wanted) {
  const OrtApi& api = library.api();
  OrtSessionOptions* raw = nullptr;
  library.check(api.CreateSessionOptions(&raw));
  OrtPtr<OrtSessionOptions> options(raw, api.ReleaseSessionOptions);
  if (whose == Threads::shared)
    library.check(api.DisablePerSessionThreads(raw));
  else
    library.check(api.SetIntraOpNumThreads(raw, threads_of(wanted)));
  library.check(api.SetInterOpNumThreads(raw, 1));
  library.check(api.SetSessionExecutionMode(raw, ORT_SEQUENTIAL));
  library.check(api.SetSessionGraphOptimizationLevel(raw, ORT_ENABLE_ALL));
  // Pools that stay awake slow each other down. A first measurement, with other builds on the same
  // two cores (YOLOv8n, two threads, ONNX Runtime 1.32, awake for as long as it does by default):
  // 16 runs of two models at once took 2.6 s asleep and 9.0 s awake.
  const bool is_awake = wanted.waiting == Waiting::awake;
  library.check(
      api.AddSessionConfigEntry(raw, "session.intra_op.allow_spinning", is_awake ? "1" : "0"));
  if (is_awake)
    library.check(api.AddSessionConfigEntry(raw, "session.intra_op.spin_duration_us", k_awake_us));
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
  const auto make = [&](Threads whose) {
    const OrtPtr<OrtSessionOptions> made = make_options(library, whose, options);
    OrtSession* session = nullptr;
    library.check(create(environment, made.get(), &session));
    return OrtPtr<OrtSession>(session, library.api().ReleaseSession);
  };
  // Those of the pool that all share sleep.
  if (options.waiting == Waiting::awake || threads_of(options) != shared_threads())
    return make(Threads::own);
  try {
    return make(Threads::shared);
  } catch (const OrtError& error) {
    if (!lacks_shared_threads(error)) throw;
    return make(Threads::own);
  }
}

// A model in memory whose weights lie in files of `folder`; ONNX Runtime maps them there.
OrtStatus* create_from_outline(const OrtLibrary& library, std::string_view outline,
                               const fs::path& folder, OrtEnv* environment,
                               OrtSessionOptions* options, OrtSession** session) {
  const OrtApi& api = library.api();
  library.check(api.AddSessionConfigEntry(
      options, "session.model_external_initializers_file_folder_path", folder.c_str()));
  return api.CreateSessionFromArray(environment, outline.data(), outline.size(), options, session);
}

// What is left of it is unmapped: ONNX Runtime maps the weights itself.
std::string graph_of(CompiledFile compiled) { return std::string(compiled.graph()); }

// Neither optimises the graph again nor copies its weights.
OrtPtr<OrtSession> map_session(const OrtLibrary& library, const std::string& graph,
                               const std::string& path, const GraphOptions& options) {
  return make_session(
      library, options, [&](OrtEnv* environment, OrtSessionOptions* raw, OrtSession** session) {
        library.check(library.api().SetSessionGraphOptimizationLevel(raw, ORT_DISABLE_ALL));
        return create_from_outline(library, graph, fs::path(path).parent_path(), environment, raw,
                                   session);
      });
}

OrtPtr<OrtSession> read_session(const OrtLibrary& library, const std::string& path,
                                const GraphOptions& options) {
  return make_session(library, options,
                      [&](OrtEnv* environment, OrtSessionOptions* raw, OrtSession** session) {
                        return library.api().CreateSession(environment, path.c_str(), raw, session);
                      });
}

// Where the optimised graph shall be written: two files of one folder.
struct SaveAs {
  std::string weights;
  std::string graph;
};

void save_optimised(const OrtLibrary& library, OrtSessionOptions* options, const SaveAs& to) {
  const OrtApi& api = library.api();
  library.check(api.SetOptimizedModelFilePath(options, to.graph.c_str()));
  library.check(api.AddSessionConfigEntry(options,
                                          "session.optimized_model_external_initializers_file_name",
                                          fs::path(to.weights).filename().c_str()));
  library.check(api.AddSessionConfigEntry(
      options, "session.optimized_model_external_initializers_min_size_in_bytes", "1024"));
}

// From the model's outline: so ONNX Runtime maps the weights one after the other while it lays them
// out anew. When it reads the file itself, it has all of them twice. Null when that saves little:
// lists of numbers and the constants of nodes stay in the outline.
OrtPtr<OrtSession> save_from_outline(const OrtLibrary& library, const std::string& path,
                                     const SaveAs& to, const GraphOptions& options) {
  const fs::path file = fs::canonical(path);
  const std::string outline =
      engine_shared::onnx_outline_of({"graph", path, path}, file.filename().string());
  if (outline.size() > fs::file_size(file) / 2) return {nullptr, library.api().ReleaseSession};
  return make_session(
      library, options, [&](OrtEnv* environment, OrtSessionOptions* raw, OrtSession** session) {
        save_optimised(library, raw, to);
        return create_from_outline(library, outline, file.parent_path(), environment, raw, session);
      });
}

// Reads a model and writes its optimised graph.
OrtPtr<OrtSession> save_session(const OrtLibrary& library, const GraphSource& source,
                                const SaveAs& to, const GraphOptions& options) {
  try {
    if (source.is_one_file) {
      if (auto session = save_from_outline(library, source.path, to, options)) return session;
    }
  } catch (const std::exception&) {
    // What is wrong with the model is better told of its own file.
  }
  return make_session(
      library, options, [&](OrtEnv* environment, OrtSessionOptions* raw, OrtSession** session) {
        save_optimised(library, raw, to);
        return library.api().CreateSession(environment, source.path.c_str(), raw, session);
      });
}

// ONNX Runtime does not always notice that a disk is full.
void check_saved(const SaveAs& saved) {
  const engine_shared::OnnxFile graph =
      engine_shared::read_onnx_file({"graph", saved.graph, saved.graph});
  for (const engine_shared::OnnxFile::ExternalFile& file : graph.external_files) {
    if (file.location != fs::path(saved.weights).filename())
      throw std::runtime_error("its weights lie in " + file.location);
    if (file.end > fs::file_size(saved.weights))
      throw std::runtime_error("the disk did not take all of it");
  }
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

// Never 0: ONNX Runtime would then pin its threads to cores, which fails in many containers.
int threads_of(const GraphOptions& options) {
  return options.threads > 0 ? options.threads : shared_threads();
}

bool can_wait_awake(const OrtLibrary& library) {
  constexpr int k_first_that_can_be_told_how_long = 26;
  return library.is_at_least(k_first_that_can_be_told_how_long);
}

std::string maker_of(const OrtLibrary& library) {
  return "ONNX Runtime " + library.version() + "\n" + library.api().GetBuildInfoString() +
         "\noptions " + k_options_version;
}

OrtPtr<OrtSession> find_compiled_graph(const OrtLibrary& library, const CompileCache& cache,
                                       const GraphOptions& options) {
  OrtPtr<OrtSession> session(nullptr, library.api().ReleaseSession);
  std::optional<CompiledFile> file = cache.find();
  if (!file) return session;
  try {
    session = map_session(library, graph_of(*std::move(file)), cache.path(), options);
  } catch (const OrtError& error) {
    cache.discard(error.what());
  }
  return session;
}

OrtPtr<OrtSession> reopen_graph(const OrtLibrary& library, const engine_shared::FileTrace& compiled,
                                const std::string& path, const GraphOptions& options) {
  const std::optional<std::string> there = compiled.path();
  if (std::optional<CompiledFile> file =
          there ? CompiledFile::open(*there, maker_of(library)) : std::nullopt) {
    try {
      return map_session(library, graph_of(*std::move(file)), *there, options);
    } catch (const OrtError&) {  // it was just renamed
    }
  }
  return read_session(library, path, options);
}

OpenedGraph open_graph(const OrtLibrary& library, const GraphSource& source,
                       const CompileCache* cache, const GraphOptions& options) {
  OrtPtr<OrtSession> session(nullptr, library.api().ReleaseSession);
  GraphOptions asleep = options;
  asleep.waiting = Waiting::asleep;
  const bool is_kept = cache != nullptr &&
                       cache->keep_parts([&](const std::string& weights, const std::string& graph) {
                         const SaveAs to{weights, graph};
                         session = save_session(library, source, to, asleep);
                         check_saved(to);
                       });
  if (is_kept) {
    // Before the file is mapped: both at once would be the most memory that the load takes.
    session.reset();
#ifdef __GLIBC__
    // What was needed to make the file is several times its size; it comes in pieces that the
    // allocator would keep, and it will not be needed again.
    ::malloc_trim(0);
#endif
    session = find_compiled_graph(library, *cache, options);
    if (session != nullptr) return {std::move(session), true};
  }
  // Graphs that cannot be saved can still be run.
  if (session == nullptr) session = read_session(library, source.path, asleep);
  return {std::move(session), false};
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
