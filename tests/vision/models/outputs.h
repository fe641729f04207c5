// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "vision/decode.h"

namespace modelhub::vision {

// An output as an engine would give it.
inline NamedTensor output_of(std::string name, Shape shape, const std::vector<float>& values) {
  Tensor tensor = Tensor::allocate(DType::float32, std::move(shape)).value();
  EXPECT_EQ(tensor.as<float>().size(), values.size()) << name;
  std::copy(values.begin(), values.end(), tensor.as<float>().begin());
  return {std::move(name), std::move(tensor)};
}

inline std::vector<NamedTensor> one(NamedTensor output) {
  std::vector<NamedTensor> outputs;
  outputs.push_back(std::move(output));
  return outputs;
}

// A picture that fills its canvas pixel by pixel: boxes stay as they are.
inline Placement same_size(int width, int height) {
  Placement p;
  p.source_width = p.canvas_width = width;
  p.source_height = p.canvas_height = height;
  p.scaled_width = width;
  p.scaled_height = height;
  return p;
}

template <class T>
void expect_error(const Result<T>& result, ErrorCode code, Subject subject,
                  const std::string& words) {
  ASSERT_FALSE(result.has_value()) << words;
  EXPECT_EQ(result.error().code, code);
  EXPECT_EQ(result.error().subject, subject);
  EXPECT_NE(result.error().message.find(words), std::string::npos) << result.error().message;
}

inline void expect_box(const Box& box, float x1, float y1, float x2, float y2) {
  EXPECT_NEAR(box.x1, x1, 1e-3);
  EXPECT_NEAR(box.y1, y1, 1e-3);
  EXPECT_NEAR(box.x2, x2, 1e-3);
  EXPECT_NEAR(box.y2, y2, 1e-3);
}

}  // namespace modelhub::vision
