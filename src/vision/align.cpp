// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/align.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <new>
#include <vector>

#include "vision/pixel_rows.h"

namespace modelhub::vision {
namespace {

// Where ArcFace's template has the five points, in a face of 112 x 112 pixels: the numbers that
// InsightFace publishes and OpenCV's FaceRecognizerSF has too.
constexpr int k_side = 112;
constexpr std::array<Point, 5> k_five_points = {{{38.2946F, 51.6963F},
                                                 {73.5318F, 51.5014F},
                                                 {56.0252F, 71.7366F},
                                                 {41.5493F, 92.3655F},
                                                 {70.7299F, 92.2041F}}};

Error no_similarity(const char* why) {
  return Error(ErrorCode::invalid_argument, Subject::other, why);
}

bool is_finite(const Similarity& s) {
  return std::isfinite(s.a) && std::isfinite(s.b) && std::isfinite(s.dx) && std::isfinite(s.dy);
}

struct Mean {
  double x = 0;
  double y = 0;
};

Mean mean_of(std::span<const Point> points) {
  Mean mean;
  for (const Point& point : points) {
    mean.x += point.x;
    mean.y += point.y;
  }
  const auto count = static_cast<double>(points.size());
  return {mean.x / count, mean.y / count};
}

// Columns and rows of a picture: [left, right) x [top, bottom).
struct Region {
  int left = 0;
  int top = 0;
  int right = 0;
  int bottom = 0;

  int width() const { return right - left; }
  bool is_empty() const { return right <= left || bottom <= top; }
};

// The pixels that a face of `side` pixels is made of, when `to_picture` says where it lies.
Region region_of(const Similarity& to_picture, int side, const ImageView& picture) {
  const auto last = static_cast<float>(side - 1);
  Point low = to_picture({0, 0});
  Point high = low;
  for (const Point& corner : {Point{last, 0}, Point{0, last}, Point{last, last}}) {
    const Point p = to_picture(corner);
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  // One more on each side: the four pixels around a point, and the rounding of the corners.
  const auto inside = [](double value, int length) {
    return static_cast<int>(std::clamp(value, 0.0, static_cast<double>(length)));
  };
  return {inside(std::floor(low.x) - 1, picture.width),
          inside(std::floor(low.y) - 1, picture.height),
          inside(std::floor(high.x) + 3, picture.width),
          inside(std::floor(high.y) + 3, picture.height)};
}

// A part of a picture as pixels of three bytes, black around.
class Crop {
 public:
  Crop(const ImageView& picture, const Region& region) : region_(region) {
    if (region.is_empty()) return;
    PixelRows rows(picture, ColorOrder::rgb);
    for (int c = 0; c < 3; ++c) offsets_[c] = rows.offset_of(c);
    pixels_.reserve(static_cast<std::size_t>(region.width()) * 3 *
                    static_cast<std::size_t>(region.bottom - region.top));
    for (int y = region.top; y < region.bottom; ++y) {
      const std::uint8_t* row = rows.row(y);
      pixels_.insert(pixels_.end(), row + 3 * static_cast<std::ptrdiff_t>(region.left),
                     row + 3 * static_cast<std::ptrdiff_t>(region.right));
    }
  }

  // Red, green and blue between the four pixels around (x, y).
  void sample(double x, double y, std::uint8_t* rgb) const {
    const double column = std::floor(x);
    const double row = std::floor(y);
    const double wx = x - column;
    const double wy = y - row;
    const std::uint8_t* const corners[] = {at(column, row), at(column + 1, row),
                                           at(column, row + 1), at(column + 1, row + 1)};
    const double weights[] = {(1 - wx) * (1 - wy), wx * (1 - wy), (1 - wx) * wy, wx * wy};
    for (int c = 0; c < 3; ++c) {
      double level = 0;
      for (int i = 0; i < 4; ++i) level += weights[i] * corners[i][offsets_[c]];
      rgb[c] = static_cast<std::uint8_t>(std::lround(level));
    }
  }

 private:
  const std::uint8_t* at(double x, double y) const {
    static constexpr std::uint8_t k_black[3] = {0, 0, 0};
    if (x < region_.left || x >= region_.right || y < region_.top || y >= region_.bottom) {
      return k_black;
    }
    const auto row = static_cast<std::size_t>(y) - static_cast<std::size_t>(region_.top);
    const auto column = static_cast<std::size_t>(x) - static_cast<std::size_t>(region_.left);
    return pixels_.data() + 3 * (row * static_cast<std::size_t>(region_.width()) + column);
  }

  const Region region_;
  std::array<int, 3> offsets_ = {0, 1, 2};
  std::vector<std::uint8_t> pixels_;
};

Error no_face(const Error& why) {
  return Error(ErrorCode::corrupt_data, Subject::model,
               "the landmarks that the detector found are no face's: " + why.message,
               "report this with the picture; another detector may do better");
}

}  // namespace

Point Similarity::operator()(const Point& point) const {
  return {static_cast<float>(a * point.x - b * point.y + dx),
          static_cast<float>(b * point.x + a * point.y + dy)};
}

Result<Similarity> Similarity::inverse() const {
  const double scale = a * a + b * b;
  Similarity back;
  back.a = a / scale;
  back.b = -b / scale;
  back.dx = -(back.a * dx - back.b * dy);
  back.dy = -(back.b * dx + back.a * dy);
  if (is_finite(back)) return back;
  return no_similarity("everything is mapped to one point");
}

// Around their means, the points are best matched by a = sum(p . q) / sum(p . p) and
// b = sum(p x q) / sum(p . p): in the plane Umeyama's solution needs no decomposition.
Result<Similarity> fit_similarity(std::span<const Point> from, std::span<const Point> to) {
  if (from.empty() || from.size() != to.size()) return no_similarity("points without a partner");
  const Mean center = mean_of(from);
  const Mean wanted = mean_of(to);
  double spread = 0;
  double along = 0;
  double across = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const double px = from[i].x - center.x;
    const double py = from[i].y - center.y;
    const double qx = to[i].x - wanted.x;
    const double qy = to[i].y - wanted.y;
    spread += px * px + py * py;
    along += px * qx + py * qy;
    across += px * qy - py * qx;
  }
  Similarity fit;
  fit.a = along / spread;
  fit.b = across / spread;
  fit.dx = wanted.x - (fit.a * center.x - fit.b * center.y);
  fit.dy = wanted.y - (fit.b * center.x + fit.a * center.y);
  if (is_finite(fit)) return fit;
  return no_similarity("points in one place, or nowhere");
}

int side_of(FaceTemplate) { return k_side; }

Result<Image> align_face(const ImageView& picture, std::span<const Point> landmarks,
                         FaceTemplate face_template) try {
  if (landmarks.size() < k_five_points.size()) {
    return Error(ErrorCode::unsupported, Subject::model,
                 "the detector gives " + std::to_string(landmarks.size()) +
                     " landmarks for a face; " + std::to_string(k_five_points.size()) +
                     " are needed to turn it upright",
                 "name a detector with landmarks as the model's stage, such as yunet");
  }
  const Result<Similarity> to_template =
      fit_similarity(landmarks.first(k_five_points.size()), k_five_points);
  if (!to_template) return no_face(to_template.error());
  const Result<Similarity> to_picture = to_template->inverse();
  if (!to_picture) return no_face(to_picture.error());
  const int side = side_of(face_template);
  Result<Image> face = Image::create(side, side, PixelFormat::rgb8);
  if (!face) return face;
  const Crop crop(picture, region_of(*to_picture, side, picture));
  for (int y = 0; y < side; ++y) {
    std::uint8_t* out = face->row(y);
    for (int x = 0; x < side; ++x, out += 3) {
      // In double: a float has no room for a 32nd of a pixel at the far end of a large picture.
      crop.sample(to_picture->a * x - to_picture->b * y + to_picture->dx,
                  to_picture->b * x + to_picture->a * y + to_picture->dy, out);
    }
  }
  return face;
} catch (const std::bad_alloc&) {
  return Error(ErrorCode::out_of_memory, Subject::input, "no memory left to turn a face upright");
}

}  // namespace modelhub::vision
