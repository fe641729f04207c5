// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "modelhub/image.h"

namespace modelhub::vision {

// Pictures to files in memory. `dpi` is written when it is not 0. The view is not empty.
// Errors: out_of_memory; unsupported (a side that the format cannot hold).
Result<std::vector<std::byte>> encode_png(const ImageView& view, int dpi);
// Quality 92, colour at full resolution: chroma at half would smear the lines of boxes.
// Alpha is blended on white.
Result<std::vector<std::byte>> encode_jpeg(const ImageView& view, int dpi);

}  // namespace modelhub::vision
