// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/loaded_model.h"

#include <utility>

#include "base/fork_generation.h"

namespace modelhub::runtime {

LoadedModel::LoadedModel(LoadedInfo info, std::unique_ptr<engine::Session> session,
                         engine::Concurrency concurrency, std::shared_ptr<const void> files)
    : info_(std::move(info)),
      files_(std::move(files)),
      session_(std::move(session)),
      concurrency_(concurrency),
      fork_generation_(base::fork_generation()) {}

LoadedModel::~LoadedModel() {
  if (fork_generation_ != base::fork_generation()) (void)session_.release();
}

Result<RunOutput> LoadedModel::run(std::span<const engine::Session::Input> inputs) {
  if (fork_generation_ != base::fork_generation()) {
    return Error(ErrorCode::unsupported, Subject::model,
                 info_.model + " was loaded by the process that forked",
                 "open a new Hub in the child process");
  }
  std::unique_lock<std::mutex> alone(one_at_a_time_, std::defer_lock);
  if (concurrency_ == engine::Concurrency::one_at_a_time) alone.lock();
  const auto begin = std::chrono::steady_clock::now();
  Result<engine::RunResult> result = session_->run(inputs);
  const auto end = std::chrono::steady_clock::now();
  if (!result) return std::move(result).error().with_context("run " + info_.model);
  return RunOutput{std::move(result->outputs), std::move(result->words), end - begin};
}

}  // namespace modelhub::runtime
