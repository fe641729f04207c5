// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/palette.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace modelhub::vision {
namespace {

// Okabe and Ito's colours without their black, then Paul Tol's "muted": chosen by both so that
// people with any kind of colour blindness tell them apart. Neighbours, which the first classes of
// a model get, differ most.
constexpr std::array<Color, 16> k_palette = {{
    {213, 94, 0},     // vermilion
    {86, 180, 233},   // sky blue
    {240, 228, 66},   // yellow
    {0, 158, 115},    // bluish green
    {204, 121, 167},  // reddish purple
    {0, 114, 178},    // blue
    {230, 159, 0},    // orange
    {136, 34, 85},    // wine
    {68, 170, 153},   // teal
    {204, 102, 119},  // rose
    {51, 34, 136},    // indigo
    {221, 204, 119},  // sand
    {17, 119, 51},    // green
    {136, 204, 238},  // cyan
    {170, 68, 153},   // purple
    {153, 153, 51},   // olive
}};

std::uint8_t mixed(int a, int b, int percent_of_b) {
  return static_cast<std::uint8_t>((a * (100 - percent_of_b) + b * percent_of_b + 50) / 100);
}

Color mixed(Color color, int with, int percent) {
  return {mixed(color.red, with, percent), mixed(color.green, with, percent),
          mixed(color.blue, with, percent)};
}

// Relative luminance of sRGB, WCAG 2.1.
double luminance_of(Color color) {
  const auto linear = [](std::uint8_t value) {
    const double part = value / 255.0;
    return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue);
}

}  // namespace

Color color_of_class(int class_id, std::span<const Color> palette) {
  const auto id = static_cast<unsigned>(class_id);
  if (!palette.empty()) return palette[id % palette.size()];
  const Color color = k_palette[id % k_palette.size()];
  // The second and third round of classes get the same colours lighter and darker.
  switch (id / k_palette.size() % 3) {
    case 1: return mixed(color, 255, 45);
    case 2: return mixed(color, 0, 40);
    default: return color;
  }
}

double contrast_of(Color a, Color b) {
  const auto [dark, light] = std::minmax({luminance_of(a), luminance_of(b)});
  return (light + 0.05) / (dark + 0.05);
}

Color text_color_on(Color background) {
  constexpr Color k_black = {0, 0, 0};
  constexpr Color k_white = {255, 255, 255};
  return contrast_of(background, k_white) >= contrast_of(background, k_black) ? k_white : k_black;
}

}  // namespace modelhub::vision
