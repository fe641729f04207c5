// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/image.h"
#include "target.h"

// All decoders: the first bytes choose.
MODELHUB_FUZZ_TARGET(picture) {
  using namespace modelhub;
  DecodeOptions options;
  options.max_pixels = 1'000'000;
  const Result<Image> image =
      Image::decode(std::as_bytes(std::span(input.data(), input.size())), "fuzz", options);
  if (!image) {
    MODELHUB_FUZZ_REQUIRE(image.error().subject == Subject::input);
    MODELHUB_FUZZ_REQUIRE(image.error().message.find("fuzz") != std::string::npos);
    return;
  }
  MODELHUB_FUZZ_REQUIRE(!image->is_empty() && image->format() == PixelFormat::rgb8);
  MODELHUB_FUZZ_REQUIRE(static_cast<std::uint64_t>(image->width()) * image->height() <=
                        options.max_pixels);
}
