// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/trial.h"

#include <optional>
#include <utility>

#include "hub/hub_core.h"
#include "hub/intake.h"

namespace modelhub::hub {

bool can_run(const DeviceCandidate& candidate) {
  return candidate.verdict == DeviceVerdict::chosen || candidate.verdict == DeviceVerdict::usable;
}

std::chrono::duration<double, std::milli> run_time_of(const Answer& answer) {
  const StepTimes& times = times_of(answer);
  return times.pre + times.infer + times.post;
}

template <class T>
Result<T> Trial::wait_for(const Job<T>& job) const {
  job.on_progress(report_);
  const std::stop_callback on_stop(stop_, [&job] { job.cancel(); });
  return job.get();
}

Result<InstalledModel> Trial::pull(const std::string& reference) const {
  return wait_for(core_.pull(reference));
}

Result<Model> Trial::load(const std::string& reference, const LoadOptions& options) const {
  return wait_for(core_.ensure_ready(self_, core_.steps(), reference, options));
}

Result<Image> Trial::golden_picture(const Resolved& resolved) const {
  const ModelFile& file = resolved.variant->golden->image;
  const Digest digest = file.installed_digest();
  std::optional<Intake> intake;  // while it is there nobody removes the picture
  if (!core_.store().has_blob(digest, file.installed_bytes()).value_or(false)) {
    if (core_.options().network == Network::offline) {
      return Error(ErrorCode::offline, Subject::model,
                   "its picture, " + file.path.string() + ", is not here, and fetching is off",
                   "do this once without --offline");
    }
    Result<Intake> brought = bring("the picture of " + resolved.to_string(), {file},
                                   core_.intake_tools(), stop_, report_);
    if (!brought) return std::move(brought).error();
    intake = *std::move(brought);
    if (Result<void> put = core_.store().put_blobs(intake->staged); !put)
      return std::move(put).error();
  }
  return Image::load(core_.store().layout().blob(digest));
}

void Trial::tell(const std::string& subject) const {
  Progress progress;
  progress.phase = Phase::testing;
  progress.subject = subject;
  report_(std::move(progress));
}

}  // namespace modelhub::hub
