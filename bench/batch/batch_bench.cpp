// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// Whether pictures are sooner answered together than one by one: the engine's run alone, on models
// that leave the first side of their input open. bench/README.md.
//
//     batch_bench MODEL [PICTURES] [ROUNDS]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "modelhub/modelhub.h"

namespace {

using modelhub::NamedTensor;
using modelhub::Shape;
using modelhub::Tensor;
using Milliseconds = std::chrono::duration<double, std::milli>;

// So many pictures of noise, the same at each call. All but the first side are the model's own.
NamedTensor pictures_for(const modelhub::TensorInfo& input, std::int64_t count) {
  Shape shape = input.shape;
  shape[0] = count;
  NamedTensor named{input.name, Tensor::allocate(input.dtype, shape).value()};
  unsigned state = 1;
  if (input.dtype == modelhub::DType::float32) {
    for (float& value : named.tensor.as<float>()) {
      state = state * 1664525U + 1013904223U;
      value = static_cast<float>(state >> 8U) / static_cast<float>(1U << 24U);
    }
  }
  return named;
}

double time_of(const modelhub::Model& model, const std::vector<NamedTensor>& inputs, int calls) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < calls; ++i) (void)model.infer(inputs).value();
  return Milliseconds(std::chrono::steady_clock::now() - begin).count() / calls;
}

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

// How far the answer for the first picture of many is from its answer alone.
double distance(const modelhub::Model& model, const std::vector<NamedTensor>& alone,
                const std::vector<NamedTensor>& together) {
  const auto one = model.infer(alone).value();
  const auto many = model.infer(together).value();
  const auto first = one.front().tensor.as<float>();
  const auto batch = many.front().tensor.as<float>();
  double most = 0;
  for (std::size_t i = 0; i < first.size(); ++i)
    most = std::max<double>(most, std::abs(first[i] - batch[i]));
  return most;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: batch_bench MODEL [PICTURES] [ROUNDS]\n");
    return 2;
  }
  const int count = argc > 2 ? std::max(2, std::atoi(argv[2])) : 8;
  const int rounds = argc > 3 ? std::max(1, std::atoi(argv[3])) : 9;
  const auto options = modelhub::HubOptions::from_environment();
  const auto hub = modelhub::Hub::open(options).value();
  const auto model = hub.ensure_ready(argv[1]).get().value();
  const auto lease = model.lease().value();
  const modelhub::Signature signature = model.signature().value();
  const modelhub::TensorInfo& input = signature.inputs.front();
  std::printf("%s with %s on %s: %s %s\n", argv[1], lease.report().engine.c_str(),
              lease.report().device.c_str(), input.name.c_str(),
              modelhub::to_string(input.shape).c_str());
  const bool is_open = !input.shape.empty() && input.shape.front() < 0 &&
                       std::count_if(input.shape.begin(), input.shape.end(),
                                     [](std::int64_t side) { return side < 0; }) == 1;
  if (!is_open || signature.inputs.size() != 1) {
    std::printf("one picture at a time: the first side is not open, or others are\n");
    return 0;
  }
  const std::vector<NamedTensor> alone = [&] {
    std::vector<NamedTensor> inputs;
    inputs.push_back(pictures_for(input, 1));
    return inputs;
  }();
  const std::vector<NamedTensor> together = [&] {
    std::vector<NamedTensor> inputs;
    inputs.push_back(pictures_for(input, count));
    return inputs;
  }();
  std::vector<double> one_by_one;
  std::vector<double> at_once;
  // The first round warms up.
  for (int round = 0; round <= rounds; ++round) {
    const double one = time_of(model, alone, count);
    const double many = time_of(model, together, 1) / count;
    if (round == 0) continue;
    one_by_one.push_back(one);
    at_once.push_back(many);
  }
  std::printf("one by one %.2f ms a picture, %d at once %.2f: %.2f x; answers differ by %.2g\n",
              median(one_by_one), count, median(at_once), median(at_once) / median(one_by_one),
              distance(model, alone, together));
  return 0;
}
