// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "model_source.h"
#include "ov_core.h"
#include "ov_library.h"
#include "shared/compiled_file.h"

namespace modelhub::openvino_engine {

// A model inside OpenVINO, on the CPU.
//
// Thread safety: run() from many threads at once. Each has an infer request of its own, kept for a
//                later run. As many compute at once as CoreOptions::runs says, others wait.
class CpuSession final : public engine_module::Session {
 public:
  // What OpenVINO has made ready, perhaps out of a file: then it goes on reading its weights there.
  struct Compiled {
    std::optional<engine_shared::CompiledFile> file;
    OvPtr<OvCompiledModel> model;
  };

  // Throws Failure.
  static std::unique_ptr<CpuSession> load(const std::shared_ptr<const OvLibrary>& library,
                                          const ModelSource& source, const CoreOptions& options,
                                          const engine_shared::CompileCache& cache,
                                          const engine_module::Host& host);

  engine_module::Description describe() const override;
  std::vector<engine_module::Output> run(const engine_module::Inputs& inputs) override;

 private:
  struct Port {
    OvPtr<OvPort> port;
    engine_module::TensorSpec spec;
  };
  class Answer;
  struct PortFunctions;

  CpuSession(std::shared_ptr<const OvLibrary> library, std::string model, Compiled compiled);

  void read_ports(const ModelSource& source);
  std::vector<Port> ports(const PortFunctions& functions,
                          const std::vector<std::string>& names) const;
  Port read_port(OvPtr<OvPort> port, const std::string& name) const;
  // What OpenVINO says about the compiled model.
  std::string property(const char* key) const;

  OvPtr<OvInferRequest> take_request();
  void give_request(OvPtr<OvInferRequest> request) noexcept;
  OvPtr<OvTensor> wrap(const mh_tensor& tensor) const;
  engine_module::Output unwrap(const Port& port, const std::shared_ptr<Answer>& answer) const;

  const std::shared_ptr<const OvLibrary> library_;
  const std::string model_;
  const Compiled compiled_;
  // Constant after load().
  std::vector<Port> inputs_;
  std::vector<Port> outputs_;
  std::string device_;
  std::mutex mutex_;
  std::vector<OvPtr<OvInferRequest>>
      idle_;  // guarded by mutex_; as many as there were runs at once
};

}  // namespace modelhub::openvino_engine
