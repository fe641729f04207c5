// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/label_layout.h"

#include <algorithm>
#include <limits>

namespace modelhub::vision {
namespace {

// What each later place in the order of preference costs, as a part of the label: a trifle does not
// move a label away from its corner.
constexpr double k_cost_of_place = 0.03;
// How far a label looks for a free place, in steps of half its height: further away nobody would
// know whose it is.
constexpr int k_most_steps = 24;

double area_of(const PixelRect& rect) {
  return rect.is_empty() ? 0 : static_cast<double>(rect.width()) * rect.height();
}

// Finds the place of one label.
class Placer {
 public:
  Placer(int width, int height, std::span<const LabelRequest> requests,
         std::span<const PixelRect> placed)
      : width_(width), height_(height), requests_(requests), placed_(placed) {}

  PixelRect place(const LabelRequest& request) {
    size_ = request;
    const PixelRect& box = request.box;
    const int right = box.right - request.width;
    const int above = box.top - request.height;
    const int lowest = box.bottom - request.height;
    try_at(box.left, above);
    try_at(right, above);
    try_at(box.left, box.top);
    try_at(right, box.top);
    try_at(box.left, box.bottom);
    try_at(right, box.bottom);
    try_at(box.left - request.width, box.top);
    try_at(box.right, box.top);
    try_at(box.left, lowest);
    try_at(right, lowest);
    if (covers_text_) try_column(box.left, std::max(above, 0));
    if (!is_found_) keep(box.left, box.top);
    return best_;
  }

 private:
  // From `top` on, ever further up and down.
  void try_column(int left, int top) {
    const int step = std::max(1, size_.height / 2);
    for (int i = 1; i <= k_most_steps && covers_text_; ++i) {
      try_at(left, top + i * step);
      try_at(left, top - i * step);
    }
  }

  // Sideways a label is pushed into the picture; above or below the picture there is no place.
  void try_at(int left, int top) {
    if (top >= 0 && top + size_.height <= height_) keep(left, top);
  }

  void keep(int left, int top) {
    left = std::clamp(left, 0, std::max(width_ - size_.width, 0));
    top = std::clamp(top, 0, std::max(height_ - size_.height, 0));
    const PixelRect rect = {left, top, left + size_.width, top + size_.height};
    // To cover another label is worse than anything else.
    const double most_text = is_found_ ? text_ : std::numeric_limits<double>::max();
    double text = 0;
    for (const PixelRect& other : placed_) {
      text += area_of(intersection_of(rect, other));
      if (text > most_text) return;
    }
    const double cost = cost_of(rect);
    if (is_found_ && text == text_ && cost >= cost_) return;
    is_found_ = true;
    covers_text_ = text > 0;
    text_ = text;
    cost_ = cost;
    best_ = rect;
  }

  // In pixels of the label. To cover what is in a box counts by the part of the box: a large one
  // loses little.
  double cost_of(const PixelRect& rect) {
    const double area = area_of(rect);
    double cost = tried_++ * k_cost_of_place * area;
    for (const LabelRequest& other : requests_) {
      const double common = area_of(intersection_of(rect, other.box));
      if (common > 0) cost += area * common / area_of(other.box);
    }
    return cost;
  }

  const int width_;
  const int height_;
  const std::span<const LabelRequest> requests_;
  const std::span<const PixelRect> placed_;
  LabelRequest size_;
  int tried_ = 0;
  bool is_found_ = false;
  bool covers_text_ = true;
  double text_ = 0;  // how much of other labels the best place covers
  double cost_ = 0;
  PixelRect best_;
};

}  // namespace

std::vector<PixelRect> place_labels(std::span<const LabelRequest> requests, int picture_width,
                                    int picture_height) {
  std::vector<PixelRect> places;
  places.reserve(requests.size());
  for (const LabelRequest& request : requests) {
    places.push_back(Placer(picture_width, picture_height, requests, places).place(request));
  }
  return places;
}

}  // namespace modelhub::vision
