// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "modelhub/answers.h"

namespace modelhub::vision {

// A box that a model proposes.
struct Candidate {
  Box box;
  float score = 0;
  int class_id = 0;
  std::size_t index = 0;  // in the model's output: breaks ties, finds landmarks
};

// Best score first, ties in the model's order: the same answer on every machine. At most `most`
// stay.
void sort_and_cut(std::vector<Candidate>& candidates, std::size_t most);

enum class AcrossClasses { no, yes };

struct NmsLimits {
  float iou = 0.7f;  // a box that overlaps a better one by more than this goes
  AcrossClasses across_classes = AcrossClasses::no;
  std::size_t max_kept = 300;
};

// Greedy non-maximum suppression as torchvision's: going from the best down, a candidate stays
// unless it overlaps one that stayed. Costs candidates times kept, and stops when max_kept have
// been found. REQUIRES: sort_and_cut() was called.
std::vector<Candidate> suppress(std::span<const Candidate> sorted, const NmsLimits& limits);

}  // namespace modelhub::vision
