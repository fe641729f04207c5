// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ort_graph.h"
#include "ort_library.h"
#include "ort_live_session.h"
#include "ort_provider.h"

namespace modelhub::onnxruntime_engine {

// A model inside ONNX Runtime.
//
// Thread safety: run() from many threads at once.
class GraphSession final : public engine_module::Session {
 public:
  // On the CPU, with request.threads for one run; 0: one for each core that this process may use.
  // What an earlier load has kept (CompileCache) is mapped, and the model's files are not looked
  // at. Throws Failure.
  static std::unique_ptr<GraphSession> load(const std::shared_ptr<const OrtLibrary>& library,
                                            const engine_module::LoadRequest& request,
                                            const engine_module::Host& host);

  // On a GPU. Where operators run that its provider has not, request.is_fallback_allowed says;
  // describe() tells when all of them came to be on the CPU. Nothing is kept. Throws Failure.
  static std::unique_ptr<GraphSession> load_on_gpu(const std::shared_ptr<const OrtLibrary>& library,
                                                   const engine_module::LoadRequest& request,
                                                   const Provider& provider,
                                                   const engine_module::Host& host);
  ~GraphSession() override;
  GraphSession(const GraphSession&) = delete;
  GraphSession& operator=(const GraphSession&) = delete;

  engine_module::Description describe() const override { return description_; }
  std::vector<engine_module::Output> run(const engine_module::Inputs& inputs) override;

 private:
  // `turn`: Provider::turn.
  GraphSession(std::shared_ptr<const OrtLibrary> library, std::string model,
               std::unique_ptr<PoolSeat> seat, std::shared_ptr<LiveSession> session,
               std::mutex* turn = nullptr);

  void read_description();
  OrtPtr<OrtValue> wrap(const mh_tensor& tensor) const;
  engine_module::Output unwrap(const std::string& name, OrtPtr<OrtValue> value) const;

  const std::shared_ptr<const OrtLibrary> library_;
  const std::string model_;
  std::mutex* const turn_;
  const std::unique_ptr<PoolSeat> seat_;  // null: it computes with one thread, or on a GPU alone
  // Constant after load().
  std::shared_ptr<LiveSession> session_;
  OrtPtr<OrtMemoryInfo> memory_;
  engine_module::Description description_;
};

}  // namespace modelhub::onnxruntime_engine
