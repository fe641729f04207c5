// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/answers.h"

#include <algorithm>
#include <cmath>
#include <ostream>

namespace modelhub {

std::ostream& operator<<(std::ostream& out, const Box& box) {
  return out << '(' << std::lround(box.x1) << ", " << std::lround(box.y1) << ") "
             << std::lround(box.width()) << " x " << std::lround(box.height());
}

float iou_of(const Box& a, const Box& b) {
  const float width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  const float height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  const float common = width > 0 && height > 0 ? width * height : 0.0f;
  const float all = a.width() * a.height() + b.width() * b.height() - common;
  return all > 0 ? common / all : 0.0f;
}

}  // namespace modelhub
