// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/compile_cache.h"

#include <algorithm>
#include <utility>

#include "base/file_system.h"
#include "base/hasher.h"

namespace modelhub::hub {
namespace {

constexpr const char* k_setting = "cache_file";
constexpr const char* k_file_name = "compiled";

// A compiled model may have its weights in a wider type, and has code or a description besides.
ByteCount most_bytes_of(ByteCount model) {
  constexpr std::uint64_t k_wider = 2;
  constexpr std::uint64_t k_besides = 4 * 1024 * 1024;
  return ByteCount(model.count() * k_wider + k_besides);
}

// A line for each thing that matters, as for the key of a model.
std::string folder_name_of(const CompiledParts& parts, const engine::LoadRequest& request) {
  std::string text = "modelhub-compiled 2\n" + parts.model.hex() + "\n" + parts.engine + " " +
                     parts.engine_version + "\n" + parts.device + "\n";
  for (const std::string& feature : parts.features) text += feature + "\n";
  text += "threads=" + std::to_string(request.threads) + "\n";
  for (const auto& [key, value] : request.settings) text += key + "=" + value + "\n";
  return parts.engine + "-" + base::sha256_of(text).hex();
}

class OfferedCache {
 public:
  OfferedCache(store::DerivedFolder folder, LogSink log)
      : folder_(std::move(folder)), log_(std::move(log)) {}
  ~OfferedCache() {
    const Result<void> kept = folder_.keep();
    if (!kept && log_) log_(LogLevel::info, "not kept: " + kept.error().message);
  }
  OfferedCache(const OfferedCache&) = delete;
  OfferedCache& operator=(const OfferedCache&) = delete;

  std::string file() const { return base::join_path(folder_.path(), k_file_name); }

 private:
  store::DerivedFolder folder_;
  const LogSink log_;
};

}  // namespace

std::shared_ptr<const void> offer_compile_cache(store::Store& store, const CompiledParts& parts,
                                                const LogSink& log, engine::LoadRequest& request) {
  Result<store::DerivedFolder> folder =
      store.derive(folder_name_of(parts, request), most_bytes_of(parts.bytes));
  if (!folder) {
    if (log)
      log(LogLevel::info,
          "what " + parts.engine + " compiles is not kept: " + folder.error().message);
    return nullptr;
  }
  auto cache = std::make_shared<const OfferedCache>(*std::move(folder), log);
  request.settings.emplace_back(k_setting, cache->file());
  return cache;
}

}  // namespace modelhub::hub
