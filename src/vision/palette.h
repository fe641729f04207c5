// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "modelhub/draw.h"

namespace modelhub::vision {

// The colour of a class: always the same one for one id, so that it keeps from picture to picture.
Color color_of_class(int class_id, std::span<const Color> palette);

// Black or white, whichever is easier to read on `background`.
Color text_color_on(Color background);

// The contrast of two colours from 1 to 21, as WCAG 2.1 defines it.
double contrast_of(Color a, Color b);

}  // namespace modelhub::vision
