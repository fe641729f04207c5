// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/label_layout.h"

#include <algorithm>
#include <limits>

namespace modelhub::vision {
namespace {

// Further places down inside a box that are tried; more would leave the label far from its corner.
constexpr int k_steps_down = 8;

class Placer {
 public:
  Placer(int width, int height, std::span<const PixelRect> placed)
      : width_(width), height_(height), placed_(placed) {}

  PixelRect place(const LabelRequest& request) {
    const PixelRect& box = request.box;
    const int right = box.right - request.width;
    try_at(request, box.left, box.top - request.height);
    try_at(request, box.left, box.top);
    try_at(request, right, box.top - request.height);
    try_at(request, right, box.top);
    try_at(request, box.left, box.bottom);
    try_at(request, box.left, box.bottom - request.height);
    try_at(request, right, box.bottom);
    for (int step = 1; step <= k_steps_down && covered_ > 0; ++step) {
      const int top = box.top + step * request.height;
      if (top + request.height > box.bottom) break;
      try_at(request, box.left, top);
      try_at(request, right, top);
    }
    if (covered_ == k_nothing_found) keep(request, std::max(box.left, 0), std::max(box.top, 0));
    return best_;
  }

 private:
  static constexpr long long k_nothing_found = std::numeric_limits<long long>::max();

  // A place is taken over an earlier one only when it covers less. Sideways a label is pushed into
  // the picture; above or below the picture there is no place.
  void try_at(const LabelRequest& request, int left, int top) {
    if (covered_ == 0 || top < 0 || top + request.height > height_) return;
    keep(request, left, top);
  }

  void keep(const LabelRequest& request, int left, int top) {
    left = std::clamp(left, 0, std::max(width_ - request.width, 0));
    top = std::clamp(top, 0, std::max(height_ - request.height, 0));
    const PixelRect rect = {left, top, left + request.width, top + request.height};
    long long covered = 0;
    for (const PixelRect& other : placed_) {
      const PixelRect common = intersection_of(rect, other);
      if (!common.is_empty()) covered += static_cast<long long>(common.width()) * common.height();
    }
    if (covered >= covered_) return;
    covered_ = covered;
    best_ = rect;
  }

  const int width_;
  const int height_;
  const std::span<const PixelRect> placed_;
  PixelRect best_;
  long long covered_ = k_nothing_found;
};

}  // namespace

std::vector<PixelRect> place_labels(std::span<const LabelRequest> requests, int picture_width,
                                    int picture_height) {
  std::vector<PixelRect> places;
  places.reserve(requests.size());
  for (const LabelRequest& request : requests) {
    places.push_back(Placer(picture_width, picture_height, places).place(request));
  }
  return places;
}

}  // namespace modelhub::vision
