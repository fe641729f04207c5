// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/engine_host.h"

#include <set>
#include <string_view>
#include <utility>

#include "vision/video.h"

namespace modelhub::hub {
namespace {

std::vector<std::string> folders_of(const HubOptions& options) {
  std::vector<std::string> folders = options.engine_path;
  for (std::string& folder : engine::default_engine_directories())
    folders.push_back(std::move(folder));
  return folders;
}

// "0,2", where cuda:1 is broken.
std::vector<engine::EngineSetting> settings_of(const device::Inventory& inventory) {
  constexpr std::string_view k_family = "cuda:";
  std::string numbers;
  for (const Device& device : inventory.devices) {
    if (device.id.rfind(k_family, 0) != 0) continue;
    numbers += (numbers.empty() ? "" : ",") + device.id.substr(k_family.size());
  }
  if (numbers.empty()) return {};
  return {{"", "cuda_devices", numbers}};
}

engine::RegistryOptions registry_options(const HubOptions& options,
                                         std::function<const device::Inventory&()> inventory) {
  engine::RegistryOptions registry;
  registry.directories = folders_of(options);
  for (const auto& [name, value] : options.engine_settings) {
    const std::size_t dot = name.find('.');
    const bool is_for_all = dot == std::string::npos;
    registry.module.settings.push_back(
        {is_for_all ? "" : name.substr(0, dot), is_for_all ? name : name.substr(dot + 1), value});
  }
  registry.module.log = options.log;
  registry.found_settings = [inventory = std::move(inventory)] { return settings_of(inventory()); };
  return registry;
}

}  // namespace

EngineNames engines_of(const ModelEntry& entry) {
  std::set<std::string> names;
  for (const ModelVersion& version : entry.versions) {
    for (const Variant& variant : version.variants) {
      if (variant.engines.empty()) return {};
      for (const EngineNeed& need : variant.engines) names.insert(need.name);
    }
  }
  return {names.begin(), names.end()};
}

EngineHost::EngineHost(const HubOptions& options,
                       std::function<const device::Inventory&()> inventory)
    : folders_(folders_of(options)), registry_(registry_options(options, std::move(inventory))) {}

Result<Video> EngineHost::open_video(const std::string& source, const VideoOptions& options) {
  registry_.open_first();
  return vision::VideoSource::open(folders_, source, options);
}

Capabilities EngineHost::capabilities(const EngineNames& only) {
  Capabilities capabilities;
  for (const engine::EngineInfo& info : registry_.infos(only)) {
    Capabilities::Engine able{info.name, info.version, info.formats, {}};
    for (const engine::DeviceOffer& offer : info.devices) {
      // Which variant a plain name means must not hang on what only some requests may use.
      if (offer.is_usable && !device::is_by_name_only(offer.device))
        able.devices.push_back(offer.device);
    }
    if (!able.devices.empty()) capabilities.engines.push_back(std::move(able));
  }
  return capabilities;
}

std::vector<device::EngineOffer> EngineHost::offers(const EngineNames& only) {
  std::vector<device::EngineOffer> offers;
  for (const engine::EngineInfo& info : registry_.infos(only)) {
    for (const engine::DeviceOffer& offer : info.devices) {
      offers.push_back({info.name, info.version, offer.device, offer.is_usable, offer.reason});
    }
  }
  return offers;
}

std::vector<EngineReport> EngineHost::reports() {
  std::vector<EngineReport> reports;
  for (const engine::EngineInfo& info : registry_.infos()) {
    EngineReport report;
    report.name = info.name;
    report.version = info.version;
    report.path = info.module_path;
    report.formats = info.formats;
    for (const engine::DeviceOffer& offer : info.devices) {
      report.devices.push_back({offer.device, offer.is_usable, offer.reason});
    }
    reports.push_back(std::move(report));
  }
  for (const engine::BrokenModule& broken : registry_.broken()) {
    EngineReport report;
    report.path = broken.path;
    report.problem = broken.reason;
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace modelhub::hub
