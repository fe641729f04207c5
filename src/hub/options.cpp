// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/options.h"

#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/file_system.h"

namespace modelhub {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    std::string_view part = text.substr(0, end);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

bool is_on(std::string_view value) {
  return !value.empty() && value != "0" && value != "false" && value != "no" && value != "off";
}

std::vector<HostToken> tokens_of_environment() {
  std::vector<HostToken> tokens;
  for (const std::string& pair : split(variable("MODELHUB_TOKENS"), ',')) {
    const std::size_t equals = pair.find('=');
    // Without a token it is an error that open() can tell: the environment is only read here.
    tokens.push_back(
        {pair.substr(0, equals), equals == std::string::npos ? "" : pair.substr(equals + 1)});
  }
  if (std::string token = variable("HF_TOKEN"); !token.empty())
    tokens.push_back({"https://huggingface.co", std::move(token)});
  return tokens;
}

// Empty when there is none: only a file that was named must exist.
std::string usual_token_file() {
  std::string folder = variable("XDG_CONFIG_HOME");
  if (folder.empty() && !variable("HOME").empty()) folder = variable("HOME") + "/.config";
  if (folder.empty()) return "";
  std::string path = folder + "/modelhub/tokens";
  return base::FileSystem::real().stat(path) ? path : "";
}

}  // namespace

std::string_view name_of(Precision precision) {
  return precision == Precision::exact ? "exact" : "golden";
}

Result<Precision> parse_precision(std::string_view text) {
  for (const Precision precision : {Precision::exact, Precision::golden}) {
    if (name_of(precision) == text) return precision;
  }
  return Error(ErrorCode::invalid_argument, Subject::usage,
               "'" + std::string(text) + "' is no precision", "use exact or golden");
}

HubOptions HubOptions::from_environment() {
  HubOptions options;
  options.home = variable("MODELHUB_HOME");
  if (const std::string user_home = variable("HOME"); options.home.empty() && !user_home.empty()) {
    options.home = user_home + "/.omni_dev/models";
  }
  options.catalogs = split(variable("MODELHUB_CATALOG"), ':');
  options.mirrors = split(variable("MODELHUB_MIRRORS"), ',');
  options.licenses = split(variable("MODELHUB_LICENSES"), ',');
  options.engine_path = split(variable("MODELHUB_ENGINE_PATH"), ':');
  // After our own those that curl and OpenSSL know: the first that is set.
  for (const char* name : {"MODELHUB_CA_FILE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"}) {
    if (options.ca_file.empty()) options.ca_file = variable(name);
  }
  options.tokens = tokens_of_environment();
  options.token_file = variable("MODELHUB_TOKEN_FILE");
  if (options.token_file.empty()) options.token_file = usual_token_file();
  if (is_on(variable("MODELHUB_OFFLINE"))) options.network = Network::offline;
  if (const std::string root = variable("ONNXRUNTIME_ROOT"); !root.empty()) {
    options.engine_settings["onnxruntime.library_dir"] = root;
  }
  if (const std::string root = variable("OPENVINO_ROOT"); !root.empty()) {
    options.engine_settings["openvino.library_dir"] = root;
  }
  return options;
}

}  // namespace modelhub
