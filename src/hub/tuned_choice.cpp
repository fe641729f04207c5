// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/tuned_choice.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

#include "base/file_system.h"
#include "base/hasher.h"
#include "hub/trial.h"

namespace modelhub::hub {
namespace {

constexpr const char* k_tuned_file = "tuned";
constexpr const char* k_first_line = "modelhub-tuned 2";
constexpr ByteCount k_most_bytes(std::uint64_t{256} * 1024);

// Lines are "key<tab>value", and a loser has three more tabs.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\t' || c == '\r') c = ' ';
  }
  return text;
}

std::string text_of(const TunedChoice& choice) {
  std::string text = std::string(k_first_line) + "\n";
  const auto add = [&](const char* key, const std::string& value) {
    text += std::string(key) + "\t" + one_line(value) + "\n";
  };
  add("variant", choice.variant);
  add("key", choice.key.hex());
  add("engine", choice.engine);
  add("device", choice.device);
  add("precision", std::string(name_of(choice.precision)));
  add("threads", std::to_string(choice.threads));
  add("when", choice.when);
  add("reason", choice.reason);
  for (const TunedChoice::Loser& loser : choice.losers) {
    text += "loser\t" + one_line(loser.variant) + "\t" + one_line(loser.engine) + "\t" +
            one_line(loser.device) + "\t" + one_line(loser.remark) + "\n";
  }
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> parse_threads(std::string_view text) {
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < 1) return std::nullopt;
  return value;
}

// Nothing for a text that is not whole.
std::optional<TunedChoice> parse(std::string_view text) {
  if (text.empty() || text.back() != '\n') return std::nullopt;
  text.remove_suffix(1);
  const std::vector<std::string_view> lines = split(text, '\n');
  if (lines.front() != k_first_line) return std::nullopt;
  std::map<std::string_view, std::string_view> values;
  TunedChoice choice;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string_view> parts = split(lines[i], '\t');
    if (parts.front() == "loser" && parts.size() == 5) {
      choice.losers.push_back({std::string(parts[1]), std::string(parts[2]), std::string(parts[3]),
                               std::string(parts[4])});
    } else if (parts.size() == 2) {
      values.emplace(parts[0], parts[1]);
    }
  }
  const Result<Precision> precision = parse_precision(values["precision"]);
  const std::optional<int> threads = parse_threads(values["threads"]);
  const Result<Digest> key = Digest::parse(values["key"]);
  choice.variant = values["variant"];
  choice.engine = values["engine"];
  choice.device = values["device"];
  choice.when = values["when"];
  choice.reason = values["reason"];
  if (!precision || !threads || !key || choice.variant.empty() || choice.engine.empty() ||
      choice.device.empty()) {
    return std::nullopt;
  }
  choice.key = *key;
  choice.precision = *precision;
  choice.threads = *threads;
  return choice;
}

}  // namespace

TunedChoice choice_of(const TuneReport& report, const Digest& key, std::string when) {
  const TuneCandidate& best = report.candidates[*report.chosen];
  TunedChoice choice{
      best.variant,    key,           best.engine, best.device, best.precision, best.threads,
      std::move(when), report.reason, {}};
  // The best of each engine first: that is what the plan says of it.
  std::vector<const TuneCandidate*> losers;
  for (const TuneCandidate& candidate : report.candidates) {
    // What kept a variant out, such as that it was not installed, may be otherwise tomorrow.
    if (&candidate != &best && !candidate.engine.empty()) losers.push_back(&candidate);
  }
  const auto time_of = [](const TuneCandidate* candidate) {
    return candidate->run.count() > 0 ? candidate->run.count()
                                      : std::numeric_limits<double>::infinity();
  };
  std::stable_sort(losers.begin(), losers.end(),
                   [&](const auto* a, const auto* b) { return time_of(a) < time_of(b); });
  for (const TuneCandidate* loser : losers)
    choice.losers.push_back({loser->variant, loser->engine, loser->device, loser->remark});
  return choice;
}

TunedChoice within_variant(TunedChoice choice) {
  std::vector<TunedChoice::Loser>& losers = choice.losers;
  losers.erase(std::remove_if(losers.begin(), losers.end(),
                              [&](const auto& loser) { return loser.variant != choice.variant; }),
               losers.end());
  return choice;
}

std::string tuned_folder_name(TunedScope scope, const Digest& model,
                              const std::vector<device::EngineOffer>& offers,
                              const std::vector<Device>& devices, int threads) {
  std::vector<std::string> lines;
  lines.reserve(offers.size() + devices.size());
  for (const device::EngineOffer& offer : offers) {
    lines.push_back(offer.engine + " " + offer.version + " " + offer.device +
                    (offer.is_usable ? "" : " unusable"));
  }
  for (const Device& device : devices) {
    std::string line = device.id + " " + device.name + " " + device.driver;
    for (const std::string& feature : device.features) line += " " + feature;
    lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end());
  std::string text = "tuned 2\n" + std::string(scope == TunedScope::name ? "name" : "variant") +
                     "\n" + model.hex() + "\n" + std::to_string(threads) + "\n";
  for (const std::string& line : lines) text += line + "\n";
  return "tuned-" + base::sha256_of(text).hex();
}

Result<void> keep_tuned(store::Store& store, const std::string& folder, const TunedChoice& choice) {
  const std::string text = text_of(choice);
  Result<store::DerivedFolder> kept = store.derive(folder, k_most_bytes);
  if (!kept) return std::move(kept).error();
  // In a folder that is there already this replaces what an earlier tuning left.
  if (Result<void> done = base::write_file_atomically(
          base::FileSystem::real(), base::join_path(kept->path(), k_tuned_file), text, 0666);
      !done) {
    return done;
  }
  return kept->keep();
}

std::optional<TunedChoice> find_tuned(const store::Store& store, const std::string& folder) {
  const std::string path = base::join_path(store.layout().derived(folder), k_tuned_file);
  const Result<std::string> text =
      base::read_whole_file(base::FileSystem::real(), path, k_most_bytes);
  return text ? parse(*text) : std::nullopt;
}

bool allows(const std::optional<Precision>& asked, const TunedChoice& choice, bool is_reduced) {
  const bool has_fewer_bits = is_reduced || choice.precision == Precision::golden;
  return !asked || (*asked == Precision::golden) == has_fewer_bits;
}

void annotate(const TunedChoice& choice, std::vector<VariantCandidate>& candidates) {
  for (VariantCandidate& candidate : candidates) {
    if (candidate.variant->id == choice.variant) candidate.reason = "chosen by tuning";
    if (!candidate.is_usable || candidate.variant->id == choice.variant) continue;
    // The first of them is the best.
    const auto loser =
        std::find_if(choice.losers.begin(), choice.losers.end(),
                     [&](const auto& one) { return one.variant == candidate.variant->id; });
    if (loser != choice.losers.end()) candidate.reason = loser->remark;
  }
}

bool follow(const TunedChoice& choice, DevicePlan& plan) {
  const auto wanted = std::find_if(
      plan.candidates.begin(), plan.candidates.end(), [&](const DeviceCandidate& candidate) {
        return candidate.engine == choice.engine && candidate.device == choice.device;
      });
  if (wanted == plan.candidates.end() || !can_run(*wanted)) return false;
  for (DeviceCandidate& candidate : plan.candidates) {
    if (!can_run(candidate)) continue;
    candidate.verdict = DeviceVerdict::usable;
    candidate.reason = "comes after the tuned one";
    for (const TunedChoice::Loser& loser : choice.losers) {
      if (loser.engine != candidate.engine || loser.device != candidate.device) continue;
      candidate.reason = loser.remark;
      break;
    }
  }
  wanted->verdict = DeviceVerdict::chosen;
  wanted->reason.clear();
  plan.engine = wanted->engine;
  plan.chosen = wanted->device;
  plan.tuned = "on " + choice.when.substr(0, choice.when.find('T')) + ": " + choice.variant +
               " with " + choice.engine + " on " + choice.device + ", " +
               std::string(name_of(choice.precision)) + ", " + std::to_string(choice.threads) +
               (choice.threads == 1 ? " thread" : " threads") + "; " + choice.reason;
  return true;
}

}  // namespace modelhub::hub
