// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "device/plan.h"

#include <algorithm>

#include "base/word_list.h"

namespace modelhub::device {
namespace {

std::string_view family_of(std::string_view id) { return id.substr(0, id.find(':')); }

// Preferred first.
int rank_of(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::gpu: return 0;
    case DeviceKind::npu: return 1;
    case DeviceKind::cpu: return 2;
  }
  return 3;
}

// One device with one engine, judged apart from what was asked for.
struct Judged {
  const Device* device = nullptr;
  std::string engine;
  std::string version;
  bool is_offered = false;  // the engine can use the device
  bool is_listed = false;   // the model is catalogued for it
  bool is_full = false;     // it has less memory free than the model needs
  std::string reason;       // why not, when it is not offered, not listed or full
};

enum class Full { counts, is_ignored };

class Planner {
 public:
  Planner(const DeviceRequest& request, const Inventory& inventory,
          const std::vector<EngineOffer>& offers, const ModelNeeds& needs, DeviceFallback policy)
      : request_(request),
        inventory_(inventory),
        offers_(offers),
        needs_(needs),
        policy_(request.is_strict() ? DeviceFallback::never : policy) {}

  Result<DevicePlan> run() {
    collect_devices();
    for (const Device& device : devices_) {
      for (const std::string& engine : engines()) judged_.push_back(judge(device, engine));
    }
    const Judged* chosen = choose(Full::counts);
    if (chosen == nullptr) return refusal(reasons_of_request());
    std::string passed_over = reasons_above(*chosen);
    if (policy_ == DeviceFallback::never && !passed_over.empty()) {
      chosen = choose(Full::is_ignored);
      passed_over = reasons_above(*chosen);
    }
    DevicePlan plan = describe(*chosen);
    if (!passed_over.empty()) {
      // With "auto" the best kind of device of this machine counts as asked for.
      if (policy_ == DeviceFallback::never) return refusal(passed_over);
      plan.warnings.push_back("running on " + chosen->device->id + ": " + passed_over);
    }
    return plan;
  }

 private:
  // What was found, and what an engine can use without our having found it (no driver library,
  // another vendor's GPU).
  void collect_devices() {
    devices_ = inventory_.devices;
    for (const EngineOffer& offer : offers_) {
      const bool is_known =
          std::any_of(devices_.begin(), devices_.end(), [&](const Device& device) {
            return device.id == offer.device || family_of(device.id) == offer.device;
          });
      if (is_known || !offer.is_usable) continue;
      if (is_by_name_only(offer.device) && offer.device != request_.string()) continue;
      Device device;
      device.id = offer.device.find(':') == std::string::npos ? offer.device + ":0" : offer.device;
      device.kind = kind_of_device(device.id);
      device.name = device.id;
      devices_.push_back(std::move(device));
    }
    std::stable_sort(devices_.begin(), devices_.end(), [](const Device& a, const Device& b) {
      return rank_of(a.kind) < rank_of(b.kind);
    });
  }

  std::vector<std::string> engines() const {
    if (!needs_.engines.empty()) return needs_.engines;
    std::vector<std::string> names;
    for (const EngineOffer& offer : offers_) {
      if (!base::contains(names, offer.engine)) names.push_back(offer.engine);
    }
    return names;
  }

  // The offer that speaks for a device: its own, one for the family, or what the engine says about
  // a sibling that it cannot use either ("no CUDA provider" is said once, for cuda:0).
  const EngineOffer* find_offer(const std::string& engine, const Device& device) const {
    const EngineOffer* sibling = nullptr;
    for (const EngineOffer& offer : offers_) {
      if (offer.engine != engine || family_of(offer.device) != family_of(device.id)) continue;
      if (offer.device == device.id || offer.device == family_of(device.id)) return &offer;
      if (!offer.is_usable) sibling = &offer;
    }
    return sibling;
  }

  Judged judge(const Device& device, const std::string& engine) const {
    Judged judged;
    judged.device = &device;
    judged.engine = engine;
    judged.is_listed = needs_.devices.empty() || base::contains(needs_.devices, device.id) ||
                       base::contains(needs_.devices, name_of(device.kind)) ||
                       base::contains(needs_.devices, family_of(device.id));
    const auto installed =
        std::find_if(offers_.begin(), offers_.end(),
                     [&](const EngineOffer& offer) { return offer.engine == engine; });
    if (installed == offers_.end()) {
      judged.reason = "the engine " + engine + " is not installed";
      return judged;
    }
    judged.version = installed->version;
    const EngineOffer* const offer = find_offer(engine, device);
    judged.is_offered = offer != nullptr && offer->is_usable;
    if (!judged.is_offered) {
      judged.reason = device.id + " found, but " + engine + " " + judged.version + " cannot use it";
      if (offer != nullptr && !offer->reason.empty()) judged.reason += ": " + offer->reason;
    } else if (!judged.is_listed) {
      judged.reason = "this variant of the model is made for " + base::join(needs_.devices, ", ") +
                      ", not for " + device.id;
    } else if (is_full(device)) {
      judged.is_full = true;
      judged.reason = device.id + " is full: " + device.memory_free.to_string() + " of its " +
                      device.memory_total.to_string() + " are free, the model needs about " +
                      needs_.memory.to_string();
    }
    return judged;
  }

  // What main memory has free says little: the system makes room there.
  bool is_full(const Device& device) const {
    return device.kind != DeviceKind::cpu && device.memory_total != ByteCount() &&
           device.memory_free < needs_.memory;
  }

  const Judged* choose(Full full) const {
    const auto first = [&](const auto& accepts) -> const Judged* {
      const auto found = std::find_if(judged_.begin(), judged_.end(), accepts);
      return found == judged_.end() ? nullptr : &*found;
    };
    const auto suits = [&](const Judged& j) { return j.is_offered && j.is_listed; };
    const auto is_wanted = [&](const Judged& j) { return suits(j) && request_.accepts(*j.device); };
    const auto has_room = [&](const Judged& j) { return !j.is_full || full == Full::is_ignored; };
    const Judged* chosen = first([&](const Judged& j) { return is_wanted(j) && has_room(j); });
    if (chosen == nullptr && policy_ != DeviceFallback::never)
      chosen = first([&](const Judged& j) { return suits(j) && has_room(j); });
    if (chosen == nullptr) chosen = first(is_wanted);
    if (chosen == nullptr && policy_ != DeviceFallback::never) chosen = first(suits);
    if (chosen == nullptr && policy_ == DeviceFallback::any)
      chosen = first([](const Judged& j) { return j.is_offered; });
    return chosen;
  }

  // Why nothing was taken of a better kind than `chosen`, or of what was asked for; empty when
  // nothing was passed over.
  std::string reasons_above(const Judged& chosen) const {
    if (!request_.accepts(*chosen.device)) return reasons_of_request();
    if (request_.kind() != DeviceRequest::Kind::automatic) return {};
    std::vector<std::string> reasons;
    for (const Judged& judged : judged_) {
      if (rank_of(judged.device->kind) < rank_of(chosen.device->kind) &&
          !base::contains(reasons, judged.reason)) {
        reasons.push_back(judged.reason);
      }
    }
    for (const DeviceNote& note : inventory_.notes) {
      if (note.is_fault && chosen.device->kind == DeviceKind::cpu) reasons.push_back(note.reason);
    }
    if (!chosen.is_listed) reasons.push_back(chosen.reason);
    return base::join(reasons, "; ");
  }

  // Why no device that was asked for can be used.
  std::string reasons_of_request() const {
    std::vector<std::string> reasons;
    for (const Judged& judged : judged_) {
      if (request_.accepts(*judged.device) && !judged.reason.empty() &&
          !base::contains(reasons, judged.reason)) {
        reasons.push_back(judged.reason);
      }
    }
    if (!reasons.empty()) return base::join(reasons, "; ");
    const bool exists = std::any_of(devices_.begin(), devices_.end(),
                                    [&](const Device& device) { return request_.accepts(device); });
    if (exists) return "no engine is installed";
    std::string text = request_.kind() == DeviceRequest::Kind::gpu
                           ? "this machine has no GPU that can be seen"
                           : "this machine has no " + request_.string();
    if (!is_by_name_only(request_.string())) {
      for (const DeviceNote& note : inventory_.notes) text += "; " + note.reason;
      return text;
    }
    // No driver was asked for it.
    for (const EngineOffer& offer : offers_) {
      if (offer.device == request_.string() && !offer.reason.empty()) text += "; " + offer.reason;
    }
    return text;
  }

  Error refusal(const std::string& reasons) const {
    const std::string what = request_.kind() == DeviceRequest::Kind::automatic
                                 ? "no device can be used as asked"
                                 : "the device '" + request_.string() + "' cannot be used";
    std::string hint = "run 'modelhub doctor' to see what each engine can use here";
    if (!request_.is_strict()) {
      hint += policy_ == DeviceFallback::any ? "" : ", or allow a fallback to another device";
    } else if (request_.kind() == DeviceRequest::Kind::exact) {
      hint = "use --device auto, or run 'modelhub devices' to see what each engine can use here";
    }
    return {ErrorCode::unsupported, Subject::device, what + ": " + reasons, hint};
  }

  DevicePlan describe(const Judged& chosen) const {
    DevicePlan plan;
    plan.requested = request_.string();
    plan.chosen = chosen.device->id;
    plan.engine = chosen.engine;
    plan.fallback = policy_;
    for (const Judged& judged : judged_) {
      DeviceCandidate candidate{judged.device->id, judged.engine, judged.version,
                                DeviceVerdict::rejected, judged.reason};
      if (&judged == &chosen) {
        candidate.verdict = DeviceVerdict::chosen;
        candidate.reason.clear();
      } else if (judged.is_offered && judged.is_listed && !judged.is_full) {
        candidate.verdict = DeviceVerdict::usable;
        candidate.reason =
            request_.accepts(*judged.device) ? "comes after the chosen one" : "was not asked for";
      }
      plan.candidates.push_back(std::move(candidate));
    }
    return plan;
  }

  const DeviceRequest& request_;
  const Inventory& inventory_;
  const std::vector<EngineOffer>& offers_;
  const ModelNeeds& needs_;
  const DeviceFallback policy_;
  std::vector<Device> devices_;  // in order of preference; not changed once judged_ points into it
  std::vector<Judged> judged_;
};

}  // namespace

bool wants_opencl(const DeviceRequest& request, const std::vector<EngineOffer>& offers) {
  constexpr std::string_view k_opencl = "opencl";
  if (request.kind() == DeviceRequest::Kind::gpu || family_of(request.string()) == k_opencl)
    return true;
  return request.kind() == DeviceRequest::Kind::automatic &&
         std::any_of(offers.begin(), offers.end(), [&](const EngineOffer& offer) {
           return offer.is_usable && family_of(offer.device) == k_opencl;
         });
}

bool is_by_name_only(std::string_view id) { return family_of(id) == "webgpu"; }

DeviceFallback default_fallback(const DeviceRequest& request) {
  return request.is_strict() ? DeviceFallback::never : DeviceFallback::any;
}

Result<DevicePlan> plan(const DeviceRequest& request, const Inventory& inventory,
                        const std::vector<EngineOffer>& offers, const ModelNeeds& needs,
                        DeviceFallback policy) {
  return Planner(request, inventory, offers, needs, policy).run();
}

}  // namespace modelhub::device
