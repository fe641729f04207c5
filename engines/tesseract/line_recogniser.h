// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "traineddata.h"

namespace modelhub::tesseract_engine {

// Goes through the recogniser of lines as Tesseract will read it: its layers and their sizes, its
// characters, how outputs become characters, its dictionaries. Tesseract asserts where this throws:
// it would end the process. Throws Failure.
void check_line_recogniser(const TrainedData& data, const std::string& name);

}  // namespace modelhub::tesseract_engine
