// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/tuner.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

#include "hub/golden.h"
#include "hub/hub_core.h"
#include "hub/tuned_choice.h"

namespace modelhub {

std::string_view name_of(TuneVerdict verdict) {
  switch (verdict) {
    case TuneVerdict::chosen: return "chosen";
    case TuneVerdict::slower: return "slower";
    case TuneVerdict::wrong: return "wrong";
    case TuneVerdict::refused: return "refused";
    case TuneVerdict::failed: return "failed";
    case TuneVerdict::skipped: return "skipped";
  }
  return "unknown";
}

Result<TuneVariants> parse_tune_variants(std::string_view text) {
  if (text == "installed") return TuneVariants::installed;
  if (text == "all") return TuneVariants::all;
  return Error(ErrorCode::invalid_argument, Subject::usage,
               "'" + std::string(text) + "' does not say which variants to compare",
               "installed or all");
}

namespace hub {
namespace {

using Clock = std::chrono::steady_clock;

// A difference of the medians that is less is none.
constexpr double k_noise = 1.03;
constexpr double k_rounds_to_win = 0.7;  // of all rounds
// Memory that differs by less is the same: what else grows meanwhile blurs it.
constexpr double k_less_memory = 0.9;

constexpr int k_first_runs = 2;     // after the one that warms up
constexpr double k_hopeless = 1.5;  // times the fastest of the first runs
constexpr int k_least_rounds = 5;
constexpr int k_most_rounds = 25;
constexpr std::chrono::seconds k_race_time{15};

// The engines that compute with fewer bits when a load lets them ("precision" = "golden").
constexpr std::array<std::string_view, 1> k_with_fewer_bits = {"openvino"};

std::string milliseconds(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 10 ? "%.2f ms" : "%.1f ms", value);
  return text;
}

std::string ratio(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

// All cores, half of them (one thread a core where two share one), and one.
std::vector<int> thread_counts(const std::string& device, int budget) {
  if (kind_of_device(device) != DeviceKind::cpu) return {budget};
  std::vector<int> counts = {budget};
  for (const int count : {budget / 2, 1}) {
    if (count >= 1 && count < counts.back()) counts.push_back(count);
  }
  return counts;
}

// What the default has found is right for the others.
struct GoldenOf {
  GoldenAnswer& golden;

  void operator()(const Detections& found) const {
    for (const Detection& d : found)
      golden.expect.push_back({d.label, d.class_id, d.score, corners(d.box)});
    set_count(found.size());
  }
  void operator()(const Classifications& found) const {
    for (const Classification& c : found)
      golden.expect.push_back({c.label, c.class_id, c.score, {}});
    golden.top1 = true;
  }
  void operator()(const Faces& found) const {
    for (const Face& f : found)
      golden.expect.push_back({"", std::nullopt, f.score, corners(f.box)});
    set_count(found.size());
  }
  void operator()(const Text& found) const { golden.text = found.string(); }

 private:
  static std::vector<double> corners(const Box& box) { return {box.x1, box.y1, box.x2, box.y2}; }
  void set_count(std::size_t count) const {
    golden.min_count = golden.max_count = static_cast<int>(count);
  }
};

}  // namespace

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

TuneDecision decide_tuning(const std::vector<TimedWay>& ways, std::size_t fallback) {
  std::vector<double> medians;
  medians.reserve(ways.size());
  for (const TimedWay& way : ways) medians.push_back(median_of(way.milliseconds));
  const double fastest = *std::min_element(medians.begin(), medians.end());
  const auto has_less_memory = [&](std::size_t a, std::size_t b) {
    return static_cast<double>(ways[a].memory.count()) <
           static_cast<double>(ways[b].memory.count()) * k_less_memory;
  };
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < ways.size(); ++i) {
    if (medians[i] > fastest * k_noise) continue;
    // Of equals the default, else the first.
    if (!best || has_less_memory(i, *best) || (i == fallback && !has_less_memory(*best, i)))
      best = i;
  }
  const double before = medians[fallback];
  const std::string default_time = milliseconds(before);
  if (*best == fallback)
    return {fallback, "nothing is faster than the default (" + default_time + ")"};
  const std::vector<double>& ours = ways[*best].milliseconds;
  const std::vector<double>& theirs = ways[fallback].milliseconds;
  std::size_t won = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) won += ours[i] < theirs[i] ? 1U : 0U;
  const std::string score = std::to_string(won) + " of " + std::to_string(ours.size()) + " rounds";
  const bool is_equal = before <= fastest * k_noise;
  if (is_equal) {
    return {*best, milliseconds(medians[*best]) + ", as fast as the default (" + default_time +
                       "), with less memory"};
  }
  if (static_cast<double>(won) < k_rounds_to_win * static_cast<double>(ours.size())) {
    return {fallback, "nothing is faster than the default (" + default_time +
                          ") by more than noise: the nearest was, in " + score};
  }
  return {*best, milliseconds(medians[*best]) + ", " + ratio(medians[*best] / before) +
                     " of the default's " + default_time + ", faster in " + score};
}

Result<TuneReport> Tuner::run(const std::string& reference) {
  HubCore& core = trial_.core();
  Result<Resolved> resolved = core.resolve(reference, catalog::Purpose::run);
  if (!resolved) return std::move(resolved).error();
  const Result<Reference> parsed = core.parse_reference(reference);
  if (parsed && core.is_choice(*parsed)) scope_ = TunedScope::name;
  report_.model = resolved->to_string();
  if (Result<void> entered = enter(*resolved); !entered) return std::move(entered).error();
  if (Result<void> found = find_picture(*resolved); !found) return std::move(found).error();
  if (scope_ == TunedScope::name) {
    if (Result<void> entered = enter_others(*resolved); !entered) return std::move(entered).error();
  }
  list_all_ways();
  for (Way& way : ways_) {
    if (trial_.is_stopped()) {
      unload_all();
      return cancelled();
    }
    trial_.tell(way.reference + " with " + name_of(way));
    try_way(way);
  }
  leave_out_slow_ones();
  const Result<void> raced = race();
  if (raced) decide();
  unload_all();
  if (!raced) return raced.error();
  for (Way& way : ways_) report_.candidates.push_back(std::move(way.candidate));
  for (TuneCandidate& candidate : left_out_) report_.candidates.push_back(std::move(candidate));
  if (report_.chosen) keep();
  return std::move(report_);
}

Result<void> Tuner::enter(Resolved resolved) {
  HubCore& core = trial_.core();
  Result<DevicePlan> plan = core.plan(resolved, LoadOptions());
  if (!plan) return std::move(plan).error();
  Result<InstalledModel> installed = trial_.pull(resolved.to_string());
  if (!installed) return std::move(installed).error();
  Entrant entrant{std::move(resolved), installed->key, *std::move(plan), {}};
  // Where there is none to be had, whoever loads it says so.
  if (Result<store::StoreLease> lease = core.store().lease(*installed); lease)
    entrant.lease = *std::move(lease);
  entrants_.push_back(std::move(entrant));
  return {};
}

Result<void> Tuner::enter_others(const Resolved& fallback) {
  for (const VariantCandidate& other : fallback.candidates) {
    if (other.variant == fallback.variant) continue;
    const Variant& variant = *other.variant;
    Reference reference = fallback.reference();
    reference.variant = variant.id;
    const std::string name = reference.to_string();
    if (has_reduced_precision(variant) && options_.precision == Precision::exact) {
      leave_out(variant, TuneVerdict::skipped,
                "computes with " + variant.precision + ": --precision golden tries it");
      continue;
    }
    Result<Resolved> resolved = trial_.core().resolve(name, catalog::Purpose::run);
    if (!resolved) {
      leave_out(variant, TuneVerdict::refused,
                other.reason.empty() ? resolved.error().message : other.reason, resolved.error());
      continue;
    }
    const Result<std::optional<InstalledModel>> installed = trial_.core().find_installed(*resolved);
    if (options_.variants == TuneVariants::installed && !(installed && *installed)) {
      leave_out(variant, TuneVerdict::skipped,
                "is not installed: modelhub pull " + name + ", or --variants all");
      continue;
    }
    if (Result<void> entered = enter(*std::move(resolved)); !entered) {
      if (trial_.is_stopped()) return cancelled();
      leave_out(variant, TuneVerdict::failed, entered.error().message, entered.error());
    }
  }
  return {};
}

void Tuner::leave_out(const Variant& variant, TuneVerdict verdict, std::string remark,
                      std::optional<Error> error) {
  TuneCandidate candidate;
  candidate.variant = variant.id;
  candidate.verdict = verdict;
  candidate.remark = std::move(remark);
  candidate.error = std::move(error);
  left_out_.push_back(std::move(candidate));
}

void Tuner::keep() {
  const std::string& variant = report_.candidates[*report_.chosen].variant;
  for (const Entrant& entrant : entrants_) {
    if (entrant.resolved.variant->id != variant) continue;
    report_.chosen_model = entrant.resolved.to_string();
    const Result<void> kept = trial_.core().keep_tuned(*entrant.resolved.entry, scope_,
                                                       entrants_.front().key, entrant.key, report_);
    if (!kept) report_.not_kept = kept.error();
  }
}

Result<void> Tuner::find_picture(const Resolved& resolved) {
  if (!options_.picture.empty()) {
    report_.picture = options_.picture;
    Result<Image> image = Image::load(options_.picture);
    if (!image) return std::move(image).error();
    picture_ = *std::move(image);
    return {};
  }
  // Of the default, else of another variant: they stand for the same model.
  Resolved with_golden = resolved;
  for (const VariantCandidate& candidate : resolved.candidates) {
    if (with_golden.variant->golden || scope_ == TunedScope::variant) break;
    if (candidate.variant->golden) with_golden.variant = candidate.variant;
  }
  if (!with_golden.variant->golden) {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 "the catalog has no golden picture for " + report_.model,
                 "name a picture with something in it to find: --picture FILE");
  }
  golden_ = *with_golden.variant->golden;
  report_.picture = with_golden.variant->golden->image.path.string();
  Result<Image> image = trial_.golden_picture(with_golden);
  if (!image) return std::move(image).error();
  picture_ = *std::move(image);
  return {};
}

void Tuner::list_ways(const Entrant& entrant) {
  const int budget = trial_.core().threads();
  for (const DeviceCandidate& device : entrant.plan.candidates) {
    if (!can_run(device)) continue;
    std::vector<Precision> precisions = {Precision::exact};
    if (options_.precision == Precision::golden &&
        std::find(k_with_fewer_bits.begin(), k_with_fewer_bits.end(), device.engine) !=
            k_with_fewer_bits.end()) {
      precisions.push_back(Precision::golden);
    }
    for (const Precision precision : precisions) {
      for (const int threads : thread_counts(device.device, budget)) {
        Way way;
        way.reference = entrant.resolved.to_string();
        way.candidate.variant = entrant.resolved.variant->id;
        way.candidate.engine = device.engine;
        way.candidate.engine_version = device.engine_version;
        way.candidate.device = device.device;
        way.candidate.precision = precision;
        way.candidate.threads = threads;
        way.candidate.is_default = &entrant == &entrants_.front() &&
                                   device.verdict == DeviceVerdict::chosen &&
                                   precision == Precision::exact && threads == budget;
        ways_.push_back(std::move(way));
      }
    }
  }
}

void Tuner::list_all_ways() {
  for (const Entrant& entrant : entrants_) list_ways(entrant);
  // First, as it may have to say what is right.
  std::stable_partition(ways_.begin(), ways_.end(),
                        [](const Way& way) { return way.candidate.is_default; });
}

void Tuner::try_way(Way& way) {
  TuneCandidate& candidate = way.candidate;
  const auto fail = [&](const Error& error) {
    candidate.verdict =
        error.code == ErrorCode::unsupported ? TuneVerdict::refused : TuneVerdict::failed;
    candidate.remark = error.message;
    candidate.error = error;
  };
  LoadOptions options;
  options.device = candidate.device;
  options.engine = candidate.engine;
  options.fallback = DeviceFallback::never;
  options.precision = candidate.precision;
  options.threads = candidate.threads;
  Result<Model> model = trial_.load(way.reference, options);
  if (!model) return fail(model.error());
  Result<ModelLease> lease = model->lease();
  if (!lease) return fail(lease.error());
  candidate.load = lease->report().duration;
  candidate.memory = lease->report().memory;
  Result<Answer> answer = model->run(*picture_);  // the first run is slower than the others
  if (!answer) return fail(answer.error());
  check_answer(way, *answer);
  if (candidate.verdict == TuneVerdict::wrong) {
    (void)model->unload();
    return;
  }
  for (int i = 0; i < k_first_runs; ++i) {
    answer = model->run(*picture_);
    if (!answer) return fail(answer.error());
    way.milliseconds.push_back(run_time_of(*answer).count());
  }
  candidate.run = std::chrono::duration<double, std::milli>(
      *std::min_element(way.milliseconds.begin(), way.milliseconds.end()));
  way.model = *std::move(model);
}

void Tuner::check_answer(Way& way, const Answer& answer) {
  if (!golden_) {
    // A picture of the user's: the first way that answers says what is right.
    std::visit(GoldenOf{golden_.emplace()}, answer);
    return;
  }
  if (std::optional<std::string> wrong = difference(*golden_, answer)) {
    way.candidate.verdict = TuneVerdict::wrong;
    way.candidate.remark = *std::move(wrong);
  }
}

// Racing what has no chance would only take time and memory.
void Tuner::leave_out_slow_ones() {
  double fastest = 0;
  for (const Way& way : ways_) {
    const double time = way.candidate.run.count();
    if (way.model && (fastest == 0 || time < fastest)) fastest = time;
  }
  for (Way& way : ways_) {
    if (!way.model || way.candidate.is_default) continue;
    const double times = way.candidate.run.count() / fastest;
    if (times <= k_hopeless) continue;
    way.candidate.remark = "left out after the first runs: " + ratio(times) + " times the fastest";
    (void)way.model->unload();
    way.model.reset();
  }
}

// Round by round, so that what slows the machine down for a while slows all of them down.
Result<void> Tuner::race() {
  std::vector<Way*> runners;
  for (Way& way : ways_) {
    way.milliseconds.clear();
    if (way.model) runners.push_back(&way);
  }
  if (runners.empty()) return {};
  const auto deadline = Clock::now() + k_race_time;
  for (int round = 0; round < k_most_rounds; ++round) {
    if (round >= k_least_rounds && Clock::now() > deadline) break;
    if (trial_.is_stopped()) return cancelled();
    trial_.tell(report_.model + ", round " + std::to_string(round + 1) + " of " +
                std::to_string(k_most_rounds) + " at most");
    // Whoever comes first is not always the same one.
    std::rotate(runners.begin(), runners.begin() + 1, runners.end());
    for (Way* way : runners) {
      Result<Answer> answer = way->model->run(*picture_);
      if (!answer) return std::move(answer).error();
      way->milliseconds.push_back(run_time_of(*answer).count());
    }
    ++report_.rounds;
  }
  return {};
}

void Tuner::decide() {
  std::vector<TimedWay> timed;
  std::vector<std::size_t> indices;
  std::size_t fallback = 0;
  for (std::size_t i = 0; i < ways_.size(); ++i) {
    Way& way = ways_[i];
    if (way.milliseconds.empty()) continue;
    way.candidate.run = std::chrono::duration<double, std::milli>(median_of(way.milliseconds));
    if (way.candidate.is_default) fallback = timed.size();
    indices.push_back(i);
    timed.push_back({way.milliseconds, way.candidate.memory});
  }
  if (timed.empty()) {
    report_.reason = "nothing answers right";
    return;
  }
  const TuneDecision decision = decide_tuning(timed, fallback);
  report_.chosen = indices[decision.chosen];
  report_.reason = decision.reason;
  const TuneCandidate& best = ways_[*report_.chosen].candidate;
  for (const std::size_t i : indices) {
    TuneCandidate& candidate = ways_[i].candidate;
    if (i == *report_.chosen) {
      candidate.verdict = TuneVerdict::chosen;
      continue;
    }
    candidate.remark = milliseconds(candidate.run.count()) + ", " +
                       ratio(candidate.run / best.run) + " of the chosen one's " +
                       milliseconds(best.run.count());
  }
}

// Somebody else may be using it: then it stays.
void Tuner::unload_all() {
  for (Way& way : ways_) {
    if (way.model) (void)way.model->unload();
  }
}

std::string Tuner::name_of(const Way& way) const {
  const TuneCandidate& candidate = way.candidate;
  return candidate.engine + " on " + candidate.device + ", " +
         std::string(modelhub::name_of(candidate.precision)) + ", " +
         std::to_string(candidate.threads) + (candidate.threads == 1 ? " thread" : " threads");
}

Error Tuner::cancelled() const {
  return {ErrorCode::cancelled, Subject::other, "the tuning was cancelled"};
}

}  // namespace hub
}  // namespace modelhub
