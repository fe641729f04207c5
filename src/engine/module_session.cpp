// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/module_session.h"

#include <new>
#include <utility>
#include <vector>

#include "engine/checks.h"

namespace modelhub::engine {
namespace {

mh_tensor to_c(const Session::Input& input, const std::string& name) {
  const Tensor& tensor = *input.tensor;
  return {name.c_str(),
          tensor.shape().empty() ? nullptr : tensor.shape().data(),
          tensor.data(),
          tensor.bytes(),
          static_cast<mh_dtype>(tensor.dtype()),
          static_cast<std::uint32_t>(tensor.shape().size())};
}

class ModuleSession final : public Session {
 public:
  ModuleSession(std::shared_ptr<LoadedModule> module, mh_session* handle, std::string model)
      : module_(std::move(module)), handle_(handle), model_(std::move(model)) {}

  ~ModuleSession() override {
    if (!module_->is_forked_copy()) module_->api().unload(handle_);
  }
  ModuleSession(const ModuleSession&) = delete;
  ModuleSession& operator=(const ModuleSession&) = delete;

  // Once, before anybody else sees the session.
  Result<void> describe() {
    mh_session_info info{};
    info.size = sizeof info;
    CallError error;
    const mh_status status = module_->api().describe(handle_, &info, error.get());
    if (status != MH_OK) return error.to_error(status, module_->name());
    auto inputs = copy_specs(info.inputs, info.input_count, module_->name());
    if (!inputs) return std::move(inputs).error();
    auto outputs = copy_specs(info.outputs, info.output_count, module_->name());
    if (!outputs) return std::move(outputs).error();
    inputs_ = *std::move(inputs);
    outputs_ = *std::move(outputs);
    device_ = text_of(info.device);
    gives_words_ = info.gives_words != 0;
    if (device_.empty())
      return broken_contract(module_->name(), "a session does not name its device");
    return {};
  }

  const std::vector<TensorSpec>& inputs() const override { return inputs_; }
  const std::vector<TensorSpec>& outputs() const override { return outputs_; }
  const std::string& device() const override { return device_; }
  bool gives_words() const override { return gives_words_; }

  Result<RunResult> run(std::span<const Input> given) override try {
    if (module_->is_forked_copy()) return module_->forked("run " + model_);
    if (auto checked = check_inputs(given, inputs_, model_); !checked)
      return std::move(checked).error();
    const std::vector<std::string> names = names_of(given);
    std::vector<mh_tensor> tensors;
    for (std::size_t i = 0; i < given.size(); ++i) tensors.push_back(to_c(given[i], names[i]));
    mh_run_request request{};
    request.size = sizeof request;
    request.inputs = tensors.data();
    request.input_count = tensors.size();

    const mh_result* answer = nullptr;
    CallError error;
    const mh_status status = module_->api().run(handle_, &request, &answer, error.get());
    if (status != MH_OK) return error.to_error(status, module_->name());
    if (answer == nullptr) return broken_contract(module_->name(), "run gave no result");
    const auto release = [this](const mh_result* result) {
      module_->api().release(handle_, result);
    };
    const std::unique_ptr<const mh_result, decltype(release)> owner(answer, release);
    return copy_result(*answer);
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::out_of_memory, Subject::engine, "no memory left to run the model");
  }

 private:
  // With a NUL at the end, which a string_view need not have.
  static std::vector<std::string> names_of(std::span<const Input> inputs) {
    std::vector<std::string> names;
    for (const Input& input : inputs) names.emplace_back(input.name);
    return names;
  }

  Result<RunResult> copy_result(const mh_result& answer) const {
    Result<std::vector<NamedTensor>> outputs = copy_outputs(answer);
    if (!outputs) return std::move(outputs).error();
    // Engines of version 1 have results without the last two members.
    if (!MH_HAS(&answer, word_count) || (answer.word_count == 0 && !gives_words_))
      return RunResult{*std::move(outputs), {}};
    if (!gives_words_)
      return broken_contract(module_->name(), "a run gave words that describe did not promise");
    Result<std::vector<Word>> words = copy_words(answer.words, answer.word_count, module_->name());
    if (!words) return std::move(words).error();
    return RunResult{*std::move(outputs), *std::move(words)};
  }

  Result<std::vector<NamedTensor>> copy_outputs(const mh_result& answer) const {
    if (answer.output_count != outputs_.size() ||
        (!outputs_.empty() && answer.outputs == nullptr)) {
      return broken_contract(module_->name(), "a run gave " + std::to_string(answer.output_count) +
                                                  " outputs of " + std::to_string(outputs_.size()));
    }
    std::vector<NamedTensor> copies;
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      Result<NamedTensor> copy = copy_output(answer.outputs[i], outputs_[i], module_->name());
      if (!copy) return std::move(copy).error();
      copies.push_back(*std::move(copy));
    }
    return copies;
  }

  const std::shared_ptr<LoadedModule> module_;
  mh_session* const handle_;
  const std::string model_;
  // Constant after describe().
  std::vector<TensorSpec> inputs_;
  std::vector<TensorSpec> outputs_;
  std::string device_;
  bool gives_words_ = false;
};

}  // namespace

Result<std::unique_ptr<Session>> wrap_session(std::shared_ptr<LoadedModule> module,
                                              mh_session* handle, const std::string& model) {
  auto session = std::make_unique<ModuleSession>(std::move(module), handle, model);
  if (auto described = session->describe(); !described) return std::move(described).error();
  return std::unique_ptr<Session>(std::move(session));
}

}  // namespace modelhub::engine
