// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Lets pillow_parity.py resize pictures with our code: reads "kind width height to_width to_height
// shorter\n" and the RGB pixels from standard input, writes the levels of the result, until the
// input ends.
#include <iostream>
#include <string>
#include <vector>

#include "vision/preprocess.h"

int main() {
  using namespace modelhub;
  std::string kind;
  int width = 0;
  int height = 0;
  vision::InputSpec input;
  input.layout = vision::Layout::nhwc;
  input.dtype = DType::uint8;
  input.filter = vision::Filter::pil_bilinear;
  while (std::cin >> kind >> width >> height >> input.width >> input.height >> input.shorter_side) {
    std::cin.get();
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width) * height * 3);
    std::cin.read(reinterpret_cast<char*>(pixels.data()),
                  static_cast<std::streamsize>(pixels.size()));
    const auto resize = vision::parse_resize(kind);
    if (!std::cin || !resize) return 2;
    input.resize = *resize;
    Tensor tensor;
    const ImageView view{pixels.data(), width, height, std::ptrdiff_t{width} * 3,
                         PixelFormat::rgb8};
    const auto placement = vision::preprocess(view, input, tensor);
    if (!placement) {
      std::cerr << placement.error().to_string() << '\n';
      return 1;
    }
    std::cout.write(static_cast<const char*>(tensor.data()),
                    static_cast<std::streamsize>(tensor.bytes()));
  }
  return std::cin.eof() ? 0 : 2;
}
