// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "target.h"
#include "tesseract/line_recogniser.h"

// What stands between a damaged file and Tesseract, which would end the process.
MODELHUB_FUZZ_TARGET(traineddata) {
  using namespace modelhub;
  try {
    tesseract_engine::check_line_recogniser(tesseract_engine::open_traineddata(input, "fuzz"),
                                            "fuzz");
  } catch (const engine_module::Failure& failure) {
    MODELHUB_FUZZ_REQUIRE(failure.message().find("fuzz") != std::string::npos);
    MODELHUB_FUZZ_REQUIRE(failure.subject() == static_cast<mh_subject>(MH_ABOUT_MODEL));
  }
}
