// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/self_test.h"

#include <optional>
#include <utility>

#include "device/plan.h"
#include "hub/golden.h"
#include "hub/hub_core.h"
#include "hub/intake.h"

namespace modelhub {

std::string_view name_of(SelfTestVerdict verdict) {
  switch (verdict) {
    case SelfTestVerdict::right: return "right";
    case SelfTestVerdict::wrong: return "wrong";
    case SelfTestVerdict::refused: return "refused";
    case SelfTestVerdict::failed: return "failed";
    case SelfTestVerdict::unchecked: return "unchecked";
  }
  return "unknown";
}

namespace hub {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

// On a grey picture: what runs without a golden one.
Result<Image> grey_picture() {
  constexpr int k_side = 320;
  return Image::create(k_side, k_side, PixelFormat::rgb8);
}

void fail(SelfTestResult& result, const Error& error) {
  const bool is_refusal = error.code == ErrorCode::unsupported;
  result.verdict = is_refusal ? SelfTestVerdict::refused : SelfTestVerdict::failed;
  result.remark = error.message;
  result.error = error;
}

bool can_run(const DeviceCandidate& candidate) {
  return candidate.verdict == DeviceVerdict::chosen || candidate.verdict == DeviceVerdict::usable;
}

Milliseconds time_of(const Answer& answer) {
  const StepTimes& times = times_of(answer);
  return times.pre + times.infer + times.post;
}

}  // namespace

Result<std::vector<SelfTestResult>> SelfTest::run(const std::vector<std::string>& references) {
  // A name that was mistyped is told before anything is fetched.
  std::vector<Resolved> wanted;
  for (const std::string& reference : references) {
    Result<Resolved> resolved = core_.resolve(reference, catalog::Purpose::pull);
    if (!resolved) return std::move(resolved).error();
    wanted.push_back(*std::move(resolved));
  }
  std::vector<SelfTestResult> results;
  for (const Resolved& resolved : wanted) {
    if (Result<void> tested = test(resolved, results); !tested) return std::move(tested).error();
  }
  return results;
}

Result<void> SelfTest::test(const Resolved& resolved, std::vector<SelfTestResult>& results) {
  SelfTestResult result;
  result.model = resolved.to_string();
  const auto give_up = [&](const Error& error) {
    fail(result, error);
    results.push_back(std::move(result));
    return Result<void>();
  };
  Result<Resolved> runnable = core_.resolve(result.model, catalog::Purpose::run);
  if (!runnable) return give_up(runnable.error());
  Result<DevicePlan> plan = core_.plan(*runnable, LoadOptions());
  if (!plan) return give_up(plan.error());
  if (Result<InstalledModel> pulled = wait_for(core_.pull(result.model)); !pulled) {
    if (stop_.stop_requested()) return std::move(pulled).error();
    return give_up(pulled.error());
  }
  const Result<Image> picture = golden_picture(*runnable);
  for (const DeviceCandidate& candidate : plan->candidates) {
    if (!can_run(candidate)) continue;
    if (stop_.stop_requested())
      return Error(ErrorCode::cancelled, Subject::other, "the self-test was cancelled");
    result.engine = candidate.engine;
    result.engine_version = candidate.engine_version;
    result.device = candidate.device;
    tell(result.model + " with " + candidate.engine + " on " + candidate.device);
    results.push_back(result);
    try_engine(*runnable, picture, results.back());
  }
  return {};
}

Result<Image> SelfTest::golden_picture(const Resolved& resolved) {
  const std::optional<Golden>& golden = resolved.variant->golden;
  if (!golden) return grey_picture();
  const ModelFile& file = golden->image;
  const Digest digest = file.installed_digest();
  std::optional<Intake> intake;  // while it is there nobody removes the picture
  if (!core_.store().has_blob(digest, file.installed_bytes()).value_or(false)) {
    if (core_.options().network == Network::offline) {
      return Error(ErrorCode::offline, Subject::model,
                   "its picture, " + file.path.string() + ", is not here, and fetching is off",
                   "run the self-test once without --offline");
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

void SelfTest::try_engine(const Resolved& resolved, const Result<Image>& picture,
                          SelfTestResult& result) {
  LoadOptions options;
  options.device = result.device;
  options.engine = result.engine;
  options.fallback = DeviceFallback::never;
  Result<Model> model = wait_for(core_.ensure_ready(self_, core_.steps(), result.model, options));
  if (!model) return fail(result, model.error());
  if (!picture) return fail(result, picture.error());
  if (Result<ModelLease> lease = model->lease()) result.load = lease->report().duration;
  Result<Answer> first = model->run(*picture);
  if (!first) return fail(result, first.error());
  Result<Answer> second = model->run(*picture);
  if (!second) return fail(result, second.error());
  result.run = time_of(*second);
  if (!resolved.variant->golden) {
    result.verdict = SelfTestVerdict::unchecked;
    result.remark = "the catalog has no golden answer for it";
  } else if (std::optional<std::string> wrong = difference(*resolved.variant->golden, *first)) {
    result.verdict = SelfTestVerdict::wrong;
    result.remark = *std::move(wrong);
  } else {
    result.verdict = SelfTestVerdict::right;
  }
  (void)model->unload();  // somebody may be using it: then it stays
}

template <class T>
Result<T> SelfTest::wait_for(const Job<T>& job) {
  job.on_progress(report_);
  const std::stop_callback on_stop(stop_, [&job] { job.cancel(); });
  return job.get();
}

void SelfTest::tell(const std::string& subject) const {
  Progress progress;
  progress.phase = Phase::testing;
  progress.subject = subject;
  report_(std::move(progress));
}

}  // namespace hub
}  // namespace modelhub
