// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "catalog/spelling.h"
#include "modelhub/catalog.h"

namespace modelhub {
namespace {

template <class T>
std::optional<T> find_param(const RecipeParams& params, std::string_view name) {
  const auto found = params.values.find(name);
  if (found == params.values.end()) return std::nullopt;
  const T* value = std::get_if<T>(&found->second);
  return value != nullptr ? std::optional<T>(*value) : std::nullopt;
}

Error bad_reference(std::string_view text, const std::string& why) {
  return {ErrorCode::invalid_argument, Subject::usage,
          "'" + std::string(text.substr(0, 120)) + "' is not a model: " + why,
          "write name[@version][:variant], as in yolox_s@0.1.1rc0:onnx-fp32"};
}

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= catalog::k_max_token &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' ||
                  c == '-' || c == '+';
         });
}

}  // namespace

Result<Reference> Reference::parse(std::string_view text) {
  Reference reference;
  std::string_view rest = text;
  if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) {
    reference.variant = std::string(rest.substr(colon + 1));
    rest = rest.substr(0, colon);
  }
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    reference.version = std::string(rest.substr(at + 1));
    rest = rest.substr(0, at);
  }
  reference.name = std::string(rest);
  if (reference.name.empty()) return bad_reference(text, "it has no name");
  if (!is_token(reference.name))
    return bad_reference(text, "its name has a character that no name has");
  if (reference.version && !is_token(*reference.version)) {
    return bad_reference(text, "what follows '@' is not a version");
  }
  if (reference.variant && !is_token(*reference.variant)) {
    return bad_reference(text, "what follows ':' is not a variant");
  }
  return reference;
}

std::string Reference::to_string() const {
  std::string text = name;
  if (version) text += "@" + *version;
  if (variant) text += ":" + *variant;
  return text;
}

std::optional<double> RecipeParams::find_number(std::string_view name) const {
  return find_param<double>(*this, name);
}
std::optional<bool> RecipeParams::find_flag(std::string_view name) const {
  return find_param<bool>(*this, name);
}
std::optional<std::string> RecipeParams::find_text(std::string_view name) const {
  return find_param<std::string>(*this, name);
}
std::vector<double> RecipeParams::numbers_of(std::string_view name) const {
  if (const auto one = find_number(name)) return {*one};
  return find_param<std::vector<double>>(*this, name).value_or(std::vector<double>());
}
std::vector<std::string> RecipeParams::texts_of(std::string_view name) const {
  if (const auto one = find_text(name)) return {*one};
  return find_param<std::vector<std::string>>(*this, name).value_or(std::vector<std::string>());
}

ByteCount Variant::installed_bytes() const {
  ByteCount sum;
  for (const ModelFile& file : files) sum += file.installed_bytes();
  return sum;
}

ByteCount Variant::download_bytes() const {
  ByteCount sum;
  for (const ModelFile& file : files) sum += file.bytes;
  return sum;
}

bool has_reduced_precision(const Variant& variant) {
  return variant.precision != "float32" && variant.precision != "float64";
}

const std::string& license_of(const ModelEntry& entry, const ModelVersion& version,
                              const Variant& variant) {
  if (!variant.license.empty()) return variant.license;
  return version.license.empty() ? entry.license : version.license;
}

bool LicensePolicy::allows(std::string_view license) const {
  return allowed.empty() || std::any_of(allowed.begin(), allowed.end(), [&](const std::string& id) {
           return catalog::equal_ignoring_case(id, license);
         });
}

Result<LicensePolicy> LicensePolicy::parse(std::string_view list) {
  LicensePolicy policy;
  while (true) {
    const std::size_t comma = list.find(',');
    std::string_view id = list.substr(0, comma);
    while (!id.empty() && id.front() == ' ') id.remove_prefix(1);
    while (!id.empty() && id.back() == ' ') id.remove_suffix(1);
    if (id.empty()) {
      return Error(ErrorCode::invalid_argument, Subject::usage,
                   "the list of licences has an empty place",
                   "write SPDX ids with commas between, as in Apache-2.0,MIT");
    }
    policy.allowed.emplace_back(id);
    if (comma == std::string_view::npos) return policy;
    list.remove_prefix(comma + 1);
  }
}

Reference Resolved::reference() const { return {entry->name, version->version, variant->id}; }

std::vector<std::string> Resolved::engines() const {
  for (const VariantCandidate& candidate : candidates) {
    if (candidate.variant == variant) return candidate.engines;
  }
  return {};
}

}  // namespace modelhub
