// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "face_settings.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace modelhub::dlib_engine {
namespace {

using engine_module::Failure;
using engine_module::LoadRequest;

// Each doubling takes four times the memory and time; what is found in a pixel blown up to 256 is
// no face.
constexpr double k_most_doublings = 4;

constexpr const char* k_hint = "change the recipe's decode parameters";

Failure wrong(const std::string& key, const std::string& value, const std::string& wanted) {
  return Failure(MH_INVALID_ARGUMENT, MH_ABOUT_MODEL,
                 "the model's " + key + " is '" + value + "', it must be " + wanted, k_hint);
}

Failure cannot(const std::string& key, const std::string& value, const std::string& able) {
  return Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                 "the model wants " + key + " '" + value + "', the dlib engine has " + able,
                 k_hint);
}

// A number from `least` to `most`, or `otherwise` where the request has none.
double number_or(const LoadRequest& request, const std::string& key, double least, double most,
                 double otherwise) {
  const std::optional<std::string> text = request.setting(key);
  if (!text) return otherwise;
  double number = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, failure] = std::from_chars(text->data(), end, number);
  if (failure != std::errc() || stop != end || !(number >= least && number <= most)) {
    const auto rounded = [](double value) { return std::to_string(std::lround(value)); };
    throw wrong(key, *text, "a number from " + rounded(least) + " to " + rounded(most));
  }
  return number;
}

DetectorKind detector_of(const LoadRequest& request) {
  const std::optional<std::string> word = request.setting("detector");
  if (!word) {
    const bool has_file = std::any_of(request.files.begin(), request.files.end(),
                                      [](const auto& file) { return file.role == "detector"; });
    return has_file ? DetectorKind::cnn : DetectorKind::hog;
  }
  if (*word == "hog") return DetectorKind::hog;
  if (*word == "cnn") return DetectorKind::cnn;
  throw cannot("detector", *word, "hog and cnn");
}

}  // namespace

FaceSettings read_settings(const LoadRequest& request) {
  FaceSettings settings;
  settings.detector = detector_of(request);
  const double upsample = number_or(request, "upsample", 0, k_most_doublings, settings.upsample);
  settings.upsample = static_cast<int>(upsample);
  if (settings.upsample != upsample) {
    throw wrong("upsample", *request.setting("upsample"), "a whole number");
  }
  settings.chip_padding = number_or(request, "chip_padding", 0, 1, settings.chip_padding);
  constexpr double k_any_size = 1 << 20;
  if (number_or(request, "chip_size", 1, k_any_size, k_chip_size) != k_chip_size) {
    throw cannot("chip_size", *request.setting("chip_size"),
                 "a network for chips of " + std::to_string(k_chip_size) + " pixels");
  }
  constexpr double k_any_count = 1 << 20;
  if (number_or(request, "jitter", 0, k_any_count, 0) != 0) {
    throw cannot("jitter", *request.setting("jitter"), "none: each face is described once");
  }
  return settings;
}

}  // namespace modelhub::dlib_engine
