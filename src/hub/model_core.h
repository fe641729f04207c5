// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "modelhub/model.h"
#include "runtime/runtime.h"
#include "vision/pipeline.h"
#include "vision/recipe.h"

namespace modelhub::hub {

class HubCore;

// What a ModelLease points to: a lease of the runtime with the report about its load.
class LeaseCore {
 public:
  LeaseCore(runtime::Lease lease, LoadReport report, std::optional<ModelLease> detector)
      : lease_(std::move(lease)), report_(std::move(report)), detector_(std::move(detector)) {}
  const LoadReport& report() const { return report_; }
  const runtime::Lease& lease() const { return lease_; }

 private:
  const runtime::Lease lease_;
  const LoadReport report_;
  const std::optional<ModelLease> detector_;
};

// What a Model points to: everything about a model that is constant once it was resolved, and the
// way back to the hub.
//
// Thread safety: all methods from any thread.
class ModelCore : public std::enable_shared_from_this<ModelCore> {
 public:
  struct Parts {
    InstalledModel installed;
    vision::Recipe recipe;
    std::vector<std::string> labels;
    runtime::LoadSpec load;  // as it was loaded first
    // Plans a later load anew; empty: that is as the first.
    std::function<Result<runtime::LoadSpec>()> plan_again;
    std::optional<Model> detector;  // finds the faces that a model of aligned faces describes
    std::shared_ptr<base::ParallelFor> parallel;  // for large pictures
  };

  ModelCore(std::weak_ptr<HubCore> hub, Parts parts)
      : hub_(std::move(hub)),
        parts_(std::move(parts)),
        load_(std::make_shared<const runtime::LoadSpec>(parts_.load)) {}

  Model handle() { return Model(shared_from_this()); }
  const Parts& parts() const { return parts_; }

  Result<ModelLease> lease();
  Result<void> warmup();
  Result<ByteCount> unload();
  Result<Answer> run(const ImageView& image, const RunOptions& options);
  Result<Signature> signature();
  Result<std::vector<NamedTensor>> infer(std::span<const NamedTensor> inputs);

  // That what the loaded model gives is what its recipe says.
  Result<void> check(const runtime::Lease& lease) const;

 private:
  Result<std::shared_ptr<HubCore>> hub() const;
  Result<runtime::Lease> acquire();
  // How it is loaded, or was the last time.
  std::shared_ptr<const runtime::LoadSpec> current_load();
  Result<vision::AnswerOptions> answer_options(const RunOptions& options) const;
  // What the engine gave for one picture.
  struct Inferred {
    runtime::RunOutput output;
    vision::Placement placement;
    StepTimes times;
  };
  // Prepares a picture and runs the engine.
  Result<Inferred> infer_picture(const ImageView& image, const runtime::Lease& lease);
  // The faces that the detector finds, each described.
  Result<Answer> run_on_faces(const ImageView& image, const RunOptions& options);
  Result<std::vector<float>> describe(const ImageView& aligned_face, const runtime::Lease& lease,
                                      StepTimes& times);
  Result<Answer> decode(const runtime::RunOutput& output, const vision::Placement& placement,
                        const vision::AnswerOptions& options) const;
  // The tensors of an earlier call, to be written over: saves their pages.
  vision::Prepared take_prepared();
  void give_prepared(vision::Prepared prepared);

  const std::weak_ptr<HubCore> hub_;
  const Parts parts_;
  std::mutex mutex_;
  std::shared_ptr<const runtime::LoadSpec> load_;  // guarded by mutex_
  std::vector<vision::Prepared> idle_;  // guarded by mutex_; as many as there were calls at once
};

}  // namespace modelhub::hub
