// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <tuple>

#include "base/word_list.h"
#include "catalog/catalog.h"
#include "catalog/spelling.h"
#include "modelhub/closest_match.h"

namespace modelhub::catalog {
namespace {

using EntryPtr = std::shared_ptr<const ModelEntry>;
using VersionPtr = std::shared_ptr<const ModelVersion>;

// How near a variant is to running here; the order is that of preference.
enum class Reach {
  usable,
  engine_missing,  // it could be loaded where there is another engine or device
  not_fed,         // nobody has said how it is fed: there is no recipe
  never_loaded,    // its format can execute code
};

struct Judged {
  VariantCandidate candidate;
  Reach reach = Reach::usable;
  bool is_licensed = true;
};

// Reduced precision is only taken when asked for, when the catalog names it the default, or when
// nothing else can run.
int precision_rank(std::string_view precision) {
  if (precision == "float32" || precision == "float64") return 0;
  if (precision == "float16" || precision == "bfloat16") return 1;
  return 2;
}

// "gpu" stands for every device that is not a CPU: "cuda:0", "gpu:1".
bool has_device(const std::vector<std::string>& offered, const std::vector<std::string>& wanted) {
  if (wanted.empty()) return !offered.empty();
  return std::any_of(offered.begin(), offered.end(), [&](const std::string& device) {
    const std::string kind = device.substr(0, device.find(':'));
    return base::contains(wanted, kind) || (kind != "cpu" && base::contains(wanted, "gpu"));
  });
}

// Empty when the engine can run the variant here.
std::string why_not(const EngineNeed& need, const Variant& variant, const Capabilities& machine) {
  for (const Capabilities::Engine& engine : machine.engines) {
    if (engine.name != need.name) continue;
    const std::string who = engine.name + " " + engine.version;
    if (!need.min_version.empty() && compare_versions(engine.version, need.min_version) < 0) {
      return who + " is older than " + need.min_version;
    }
    if (!base::contains(engine.formats, variant.format))
      return who + " does not read " + variant.format;
    if (!has_device(engine.devices, variant.devices)) {
      return who + " has no usable device" +
             (variant.devices.empty() ? "" : " (" + base::join(variant.devices) + ")");
    }
    return {};
  }
  return need.to_string() + " is not here";
}

// Why an engine that was asked for by name is none for the variant.
std::string why_not_only(const std::string& only, const Variant& variant) {
  if (variant.engines.empty()) return only + " does not read " + variant.format;
  std::vector<std::string> names;
  for (const EngineNeed& need : variant.engines) names.push_back(need.to_string());
  return "it runs on " + base::join(names, " or ") + ", not on " + only;
}

std::vector<EngineNeed> needs_of(const Variant& variant, const Capabilities& machine) {
  if (!variant.engines.empty()) return variant.engines;
  std::vector<EngineNeed> readers;
  for (const Capabilities::Engine& engine : machine.engines) {
    if (base::contains(engine.formats, variant.format)) readers.push_back({engine.name, {}});
  }
  return readers;
}

void judge_engines(Judged& judged, const Variant& variant, const ResolveOptions& options) {
  const Capabilities& machine = options.capabilities;
  const std::string& only = options.engine;
  std::vector<std::string> reasons;
  for (const EngineNeed& need : needs_of(variant, machine)) {
    // What others could do does not count.
    if (!only.empty() && need.name != only) continue;
    std::string reason = why_not(need, variant, machine);
    if (reason.empty()) {
      judged.candidate.engines.push_back(need.name);
    } else {
      reasons.push_back(std::move(reason));
    }
  }
  if (!judged.candidate.engines.empty()) return;
  judged.reach = Reach::engine_missing;
  if (!reasons.empty()) {
    judged.candidate.reason = base::join(reasons, "; ");
  } else if (!only.empty()) {
    judged.candidate.reason = why_not_only(only, variant);
  } else {
    judged.candidate.reason = "no engine here reads " + variant.format;
  }
}

Judged judge(const EntryPtr& entry, const ModelVersion& version, const Variant& variant,
             const ResolveOptions& options) {
  Judged judged;
  judged.candidate.variant = std::shared_ptr<const Variant>(entry, &variant);
  const std::string& license = license_of(*entry, version, variant);
  if (is_executable_format(variant.format)) {
    judged.reach = Reach::never_loaded;
    judged.candidate.reason =
        "a ." + variant.format +
        " file can execute code when it is read, so modelhub pulls it and never loads it";
  } else if (!variant.recipe) {
    judged.reach = Reach::not_fed;
    judged.candidate.reason =
        variant.note.empty() ? "the catalog has no recipe for it" : variant.note;
  } else {
    judge_engines(judged, variant, options);
  }
  judged.is_licensed = options.licenses.allows(license);
  if (!judged.is_licensed) {
    judged.candidate.reason = "its licence " + license + " is not among the allowed ones";
  }
  judged.candidate.is_usable = judged.reach == Reach::usable && judged.is_licensed;
  return judged;
}

// All variants of a version, best first.
std::vector<Judged> rank(const EntryPtr& entry, const ModelVersion& version,
                         const ResolveOptions& options) {
  std::vector<Judged> ranked;
  for (const Variant& variant : version.variants)
    ranked.push_back(judge(entry, version, variant, options));
  const auto key = [&](const Judged& one) {
    const Variant& variant = *one.candidate.variant;
    return std::make_tuple(!one.is_licensed, one.reach, variant.id != version.default_variant,
                           precision_rank(variant.precision));
  };
  std::stable_sort(ranked.begin(), ranked.end(),
                   [&](const Judged& a, const Judged& b) { return key(a) < key(b); });
  return ranked;
}

Result<const ModelVersion*> pick_version(const ModelEntry& entry,
                                         const std::optional<std::string>& wanted) {
  const std::string& name = wanted.value_or(entry.default_version);
  for (const ModelVersion& version : entry.versions) {
    if (equal_ignoring_case(version.version, name)) return &version;
  }
  // "8.4" for "8.4.0"; exact spelling wins.
  for (const ModelVersion& version : entry.versions) {
    if (compare_versions(version.version, name) == 0) return &version;
  }
  std::vector<std::string> known;
  for (const ModelVersion& version : entry.versions) known.push_back(version.version);
  const std::vector<std::string> near = closest_matches(name, known, k_most_suggestions);
  return Error(ErrorCode::not_found, Subject::model,
               entry.name + " has no version '" + name + "'; it has " + base::join(known),
               near.empty() ? "modelhub show " + entry.name + " tells more" : did_you_mean(near));
}

Result<const Variant*> pick_variant(const ModelEntry& entry, const ModelVersion& version,
                                    const std::string& wanted) {
  std::vector<std::string> known;
  for (const Variant& variant : version.variants) {
    if (equal_ignoring_case(variant.id, wanted)) return &variant;
    known.push_back(variant.id);
  }
  const std::string reference = entry.name + "@" + version.version;
  const std::vector<std::string> near = closest_matches(wanted, known, k_most_suggestions);
  return Error(ErrorCode::not_found, Subject::model,
               reference + " has no variant '" + wanted + "'; it has " + base::join(known),
               near.empty() ? "modelhub show " + entry.name + " tells more" : did_you_mean(near));
}

std::string reference_text(const ModelEntry& entry, const ModelVersion& version,
                           const Variant& variant) {
  return Reference{entry.name, version.version, variant.id}.to_string();
}

// A variant of the same model that can run here: of the same version, else of the newest that has
// one.
std::string find_usable_sibling(const EntryPtr& entry, const ModelVersion& version,
                                const ResolveOptions& options) {
  std::vector<const ModelVersion*> versions = {&version};
  for (const ModelVersion& other : entry->versions) versions.push_back(&other);
  for (const ModelVersion* one : versions) {
    const Judged best = rank(entry, *one, options).front();
    if (best.candidate.is_usable) return reference_text(*entry, *one, *best.candidate.variant);
  }
  return {};
}

// Whether the default of a model would do under the same conditions.
bool is_eligible(const EntryPtr& entry, const ResolveOptions& options) {
  const Result<const ModelVersion*> version = pick_version(*entry, std::nullopt);
  if (!version) return false;
  const Judged best = rank(entry, **version, options).front();
  if (options.purpose == Purpose::run) return best.candidate.is_usable;
  return best.is_licensed && best.reach <= Reach::engine_missing;
}

ByteCount default_download(const EntryPtr& entry, const ResolveOptions& options) {
  const Result<const ModelVersion*> version = pick_version(*entry, std::nullopt);
  return version ? rank(entry, **version, options).front().candidate.variant->download_bytes()
                 : ByteCount();
}

}  // namespace

bool is_executable_format(std::string_view format) {
  constexpr std::array<std::string_view, 6> k_formats = {"pt",  "pth",  "pickle",
                                                         "pkl", "ckpt", "joblib"};
  return std::find(k_formats.begin(), k_formats.end(), format) != k_formats.end();
}

EntryPtr Catalog::find_alternative(const ModelEntry& to, const ResolveOptions& options) const {
  for (const std::string& name : to.alternatives) {
    const auto found = by_spelling_.find(fold(name));
    if (found == by_spelling_.end())
      continue;  // named by a document, but taken away by nobody's fault
    if (is_eligible(models_[found->second], options)) return models_[found->second];
  }
  EntryPtr smallest;
  for (const EntryPtr& entry : models_) {
    if (entry->task != to.task || entry->name == to.name || !is_eligible(entry, options)) continue;
    if (!smallest || default_download(entry, options) < default_download(smallest, options))
      smallest = entry;
  }
  return smallest;
}

namespace {

Error refuse_license(const Catalog& catalog, const EntryPtr& entry, const ModelVersion& version,
                     const Variant& variant, const ResolveOptions& options) {
  std::string message = entry->name + " is " + license_of(*entry, version, variant) +
                        ", which the allowed licences (" + base::join(options.licenses.allowed) +
                        ") do not include";
  std::string hint =
      "modelhub search --task " + entry->task + " --license " + options.licenses.allowed.front();
  if (const EntryPtr other = catalog.find_alternative(*entry, options)) {
    message += "; " + other->name + " is " + other->license;
    hint = "modelhub search --task " + entry->task + " --license " + other->license;
  }
  return {ErrorCode::invalid_argument, Subject::model, std::move(message), std::move(hint)};
}

// What a person can do when a variant cannot run here.
std::string way_out(const Catalog& catalog, const EntryPtr& entry, const ModelVersion& version,
                    const Judged& chosen, const ResolveOptions& options) {
  std::vector<std::string> ways;
  if (const std::string sibling = find_usable_sibling(entry, version, options); !sibling.empty()) {
    ways.push_back("modelhub run " + sibling + " can");
  }
  const std::string& command = chosen.candidate.variant->export_command;
  if (!command.empty()) ways.push_back("make a file that can be loaded: " + command);
  if (chosen.reach == Reach::engine_missing && !options.engine.empty()) {
    ways.emplace_back("leave out --engine, or name another: modelhub doctor lists them");
  } else if (ways.empty() && chosen.reach == Reach::engine_missing) {
    ways.emplace_back("modelhub doctor shows which engines were found, and why others were not");
  }
  if (ways.empty()) {
    if (const EntryPtr other = catalog.find_alternative(*entry, options)) {
      ways.push_back(other->name + " serves the same purpose and can be loaded: modelhub run " +
                     other->name);
    }
  }
  return base::join(ways, "; or ");
}

}  // namespace

Result<Resolved> Catalog::resolve(const Reference& reference, const ResolveOptions& options) const {
  const Result<EntryPtr> entry = find(reference.name);
  if (!entry) return entry.error();
  const Result<const ModelVersion*> version = pick_version(**entry, reference.version);
  if (!version) return version.error();
  const std::vector<Judged> ranked = rank(*entry, **version, options);
  auto chosen = ranked.begin();
  if (reference.variant) {
    const Result<const Variant*> variant = pick_variant(**entry, **version, *reference.variant);
    if (!variant) return variant.error();
    chosen = std::find_if(ranked.begin(), ranked.end(), [&](const Judged& one) {
      return one.candidate.variant.get() == *variant;
    });
  }
  const Variant& variant = *chosen->candidate.variant;
  if (!chosen->is_licensed) return refuse_license(*this, *entry, **version, variant, options);
  if (options.purpose == Purpose::run && !chosen->candidate.is_usable) {
    const Subject subject =
        chosen->reach == Reach::engine_missing ? Subject::engine : Subject::model;
    return Error(ErrorCode::unsupported, subject,
                 reference_text(**entry, **version, variant) +
                     " cannot run here: " + chosen->candidate.reason,
                 way_out(*this, *entry, **version, *chosen, options));
  }
  Resolved resolved{*entry, VersionPtr(*entry, *version), chosen->candidate.variant, {}};
  for (const Judged& one : ranked) resolved.candidates.push_back(one.candidate);
  return resolved;
}

}  // namespace modelhub::catalog
