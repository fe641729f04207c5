// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/nms.h"

#include <algorithm>

namespace modelhub::vision {

void sort_and_cut(std::vector<Candidate>& candidates, std::size_t most) {
  const auto is_better = [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.index < b.index;
  };
  if (candidates.size() > most) {
    std::nth_element(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(most),
                     candidates.end(), is_better);
    candidates.resize(most);
  }
  std::sort(candidates.begin(), candidates.end(), is_better);
}

std::vector<Candidate> suppress(std::span<const Candidate> sorted, const NmsLimits& limits) {
  std::vector<Candidate> kept;
  for (const Candidate& candidate : sorted) {
    if (kept.size() == limits.max_kept) break;
    const bool is_covered = std::any_of(kept.begin(), kept.end(), [&](const Candidate& better) {
      const bool compete =
          limits.across_classes == AcrossClasses::yes || better.class_id == candidate.class_id;
      return compete && iou_of(better.box, candidate.box) > limits.iou;
    });
    if (!is_covered) kept.push_back(candidate);
  }
  return kept;
}

}  // namespace modelhub::vision
