// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace modelhub::test {

// The stand-ins have this part of the channels of their models.
constexpr int k_divisor = 8;

// How far from 0 the weights of a layer go that adds up `inputs` numbers for each of its own, so
// that the spread of numbers stays the same from layer to layer (He et al., arXiv 1502.01852).
inline float spread_of_layer(std::int64_t inputs) {
  return std::sqrt(6.0F / static_cast<float>(inputs));
}

// Numbers for the weights of a stand-in: a sequence that is the same on every machine, to the bit.
class Weights {
 public:
  explicit Weights(std::uint32_t seed) : state_(seed) {}

  // Evenly from middle - spread to middle + spread.
  std::vector<float> around(float middle, float spread, std::size_t count) {
    std::vector<float> values(count);
    // The product of two floats is exact as a double: a compiler may join it with the sum or not.
    for (float& value : values)
      value = static_cast<float>(double{middle} + double{spread} * double{next()});
    return values;
  }

  // `filters` times `each` weights. The sum of a filter is 0, as training leaves it more or less:
  // what all that it looks at have in common goes, and what differs between pictures stays. Without
  // it a deep network with such weights says the same of every picture.
  std::vector<float> filters(float spread, std::size_t filters, std::size_t each) {
    std::vector<float> values = around(0, spread, filters * each);
    for (std::size_t begin = 0; begin < values.size(); begin += each) {
      double sum = 0;
      for (std::size_t i = begin; i < begin + each; ++i) sum += double{values[i]};
      const double mean = sum / static_cast<double>(each);
      for (std::size_t i = begin; i < begin + each; ++i)
        values[i] = static_cast<float>(double{values[i]} - mean);
    }
    return values;
  }

 private:
  // From -1 to 1.
  float next() {
    state_ = state_ * 1664525U + 1013904223U;
    return static_cast<float>(static_cast<std::int32_t>(state_ >> 8) - (1 << 23)) /
           static_cast<float>(1 << 23);
  }

  std::uint32_t state_;
};

}  // namespace modelhub::test
