// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/self_test.h"

#include <utility>

#include "hub/golden.h"
#include "hub/hub_core.h"

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

}  // namespace

Result<std::vector<SelfTestResult>> SelfTest::run(const std::vector<std::string>& references) {
  // A name that was mistyped is told before anything is fetched.
  std::vector<Resolved> wanted;
  for (const std::string& reference : references) {
    Result<Resolved> resolved = trial_.core().resolve(reference, catalog::Purpose::pull);
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
  Result<Resolved> runnable = trial_.core().resolve(result.model, catalog::Purpose::run);
  if (!runnable) return give_up(runnable.error());
  Result<DevicePlan> plan = trial_.core().plan(*runnable, LoadOptions());
  if (!plan) return give_up(plan.error());
  if (Result<InstalledModel> pulled = trial_.pull(result.model); !pulled) {
    if (trial_.is_stopped()) return std::move(pulled).error();
    return give_up(pulled.error());
  }
  const Result<Image> picture =
      runnable->variant->golden ? trial_.golden_picture(*runnable) : grey_picture();
  for (const DeviceCandidate& candidate : plan->candidates) {
    if (!can_run(candidate)) continue;
    if (trial_.is_stopped())
      return Error(ErrorCode::cancelled, Subject::other, "the self-test was cancelled");
    result.engine = candidate.engine;
    result.engine_version = candidate.engine_version;
    result.device = candidate.device;
    trial_.tell(result.model + " with " + candidate.engine + " on " + candidate.device);
    results.push_back(result);
    try_engine(*runnable, picture, results.back());
  }
  return {};
}

void SelfTest::try_engine(const Resolved& resolved, const Result<Image>& picture,
                          SelfTestResult& result) {
  LoadOptions options;
  options.device = result.device;
  options.engine = result.engine;
  options.fallback = DeviceFallback::never;
  Result<Model> model = trial_.load(result.model, options);
  if (!model) return fail(result, model.error());
  if (!picture) return fail(result, picture.error());
  if (Result<ModelLease> lease = model->lease()) result.load = lease->report().duration;
  Result<Answer> first = model->run(*picture);
  if (!first) return fail(result, first.error());
  Result<Answer> second = model->run(*picture);
  if (!second) return fail(result, second.error());
  result.run = run_time_of(*second);
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

}  // namespace hub
}  // namespace modelhub
