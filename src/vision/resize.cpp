// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/resize.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>
#include <vector>

#include "vision/pixel_rows.h"
#include "vision/resize_kernels.h"

namespace modelhub::vision {
namespace {

constexpr std::size_t k_lanes = 4;  // bytes of a pixel between the passes

// OpenCV's INTER_LINEAR on 8 bits, as its resize.cpp computes it: coefficients of 11 bits rounded
// half to even, positions as float, a horizontal pass that keeps 19 bits, a vertical one that drops
// four of them before each product and truncates it. (Halving both sides is an average of four
// pixels in OpenCV; this arithmetic gives the same levels.)
constexpr int k_cv_one = 1 << 11;

struct CvPosition {
  std::int64_t index = 0;  // of the first tap; may be -1
  int first = 0;           // weights of the two taps
  int second = 0;
};

CvPosition cv_position(std::int64_t i, std::int64_t source, std::int64_t target) {
  const double scale = 1.0 / (static_cast<double>(target) / static_cast<double>(source));
  float fraction = static_cast<float>((static_cast<double>(i) + 0.5) * scale - 0.5);
  const auto index = static_cast<std::int64_t>(std::floor(fraction));
  fraction -= static_cast<float>(index);
  return {index, static_cast<int>(std::nearbyint((1.0f - fraction) * k_cv_one)),
          static_cast<int>(std::nearbyint(fraction * k_cv_one))};
}

CvColumn cv_column(std::int64_t i, std::int64_t source, std::int64_t target) {
  CvPosition at = cv_position(i, source, target);
  if (at.index < 0) at = {0, k_cv_one, 0};
  if (at.index >= source - 1) at = {source - 1, k_cv_one, 0};
  const std::uint32_t offset = static_cast<std::uint32_t>(at.index) * 3;
  // A weight of nought must not read beyond the row.
  return {offset, at.second == 0 ? offset : offset + 3,
          static_cast<std::uint32_t>(at.first) | static_cast<std::uint32_t>(at.second) << 16};
}

class CvLinearRows final : public RowSource {
 public:
  CvLinearRows(const ImageView& picture, ColorOrder color, const ResizeTarget& target)
      : rows_(picture, color), height_(target.height) {
    columns_.reserve(static_cast<std::size_t>(target.columns));
    for (int i = 0; i < target.columns; ++i) {
      columns_.push_back(cv_column(target.first_column + i, picture.width, target.width));
    }
    for (Line& line : lines_) line.values.resize(columns_.size() * k_lanes);
  }

  int offset_of(int channel) const override { return rows_.offset_of(channel); }

  void read(std::int64_t y, std::uint32_t* pixels) override {
    const CvPosition at = cv_position(y, rows_.height(), height_);
    const std::int64_t last = rows_.height() - 1;
    const std::int64_t upper = std::clamp<std::int64_t>(at.index, 0, last);
    const std::int64_t lower = std::clamp<std::int64_t>(at.index + 1, 0, last);
    if (lines_[1].source_row == upper) std::swap(lines_[0], lines_[1]);
    fill(lines_[0], upper);
    if (lower != upper) fill(lines_[1], lower);
    const Line& below = lower != upper ? lines_[1] : lines_[0];
    cv_rows(lines_[0].values.data(), below.values.data(), at.first, at.second, below.values.size(),
            reinterpret_cast<std::uint8_t*>(pixels));
  }

 private:
  // One source row after the horizontal pass.
  struct Line {
    std::int64_t source_row = -1;
    std::vector<std::int16_t> values;
  };

  void fill(Line& line, std::int64_t y) {
    if (line.source_row == y) return;
    line.source_row = y;
    cv_columns(rows_.row(static_cast<int>(y)), columns_.data(), columns_.size(),
               line.values.data());
  }

  PixelRows rows_;
  const std::int64_t height_;
  std::vector<CvColumn> columns_;
  Line lines_[2];
};

// Pillow's BILINEAR on 8 bits, as its Resample.c computes it: a triangle that is as wide as the
// shrinking makes it, weights of 22 bits that add up to one, a horizontal and then a vertical pass,
// each rounded to 8 bits.

// Memory for rows and for weights at most, each. Reached by pictures of millions of rows made very
// small; without it they would take the machine's memory before an allocation fails.
constexpr std::size_t k_most_bytes = std::size_t{1} << 30;

// The taps of some places along one side.
class PilAxis {
 public:
  PilAxis(std::int64_t source, std::int64_t target)
      : source_(source),
        scale_(static_cast<double>(source) / static_cast<double>(target)),
        support_(std::max(scale_, 1.0)) {}

  // Source pixels that one place may need, at most.
  std::size_t most_taps() const {
    const std::size_t taps = static_cast<std::size_t>(std::ceil(support_)) * 2 + 1;
    return std::min(taps, static_cast<std::size_t>(source_));
  }
  const std::vector<PilTaps>& taps() const { return taps_; }
  const std::vector<PilPair>& pairs() const { return pairs_; }

  void clear() {
    taps_.clear();
    pairs_.clear();
  }
  void add(std::int64_t place) {
    const double center = (static_cast<double>(place) + 0.5) * scale_;
    // Half up by truncation, because Pillow does so.
    // NOLINTBEGIN(bugprone-incorrect-roundings)
    const auto begin = static_cast<std::int64_t>(std::max(0.0, center - support_ + 0.5));
    const auto end =
        std::min<std::int64_t>(source_, static_cast<std::int64_t>(center + support_ + 0.5));
    // NOLINTEND(bugprone-incorrect-roundings)
    raw_.clear();
    double sum = 0;
    for (std::int64_t j = begin; j < end; ++j) {
      const double distance = std::abs((static_cast<double>(j) - center + 0.5) * (1.0 / support_));
      raw_.push_back(std::max(0.0, 1.0 - distance));
      sum += raw_.back();
    }
    taps_.push_back({begin, raw_.size(), pairs_.size()});
    pairs_.resize(pairs_.size() + (raw_.size() + 3) / 4 * 2);
    for (std::size_t k = 0; k < raw_.size(); ++k) {
      const double weight = sum != 0 ? raw_[k] / sum : raw_[k];
      // NOLINTBEGIN(bugprone-incorrect-roundings)
      put(pairs_[taps_.back().pairs + k / 2], k % 2 * 16,
          static_cast<std::uint32_t>(0.5 + weight * (1 << k_pil_bits)));
      // NOLINTEND(bugprone-incorrect-roundings)
    }
  }

 private:
  static void put(PilPair& pair, std::size_t shift, std::uint32_t weight) {
    pair.high |= (weight >> k_pil_split) << shift;
    pair.low |= (weight & ((1U << k_pil_split) - 1)) << shift;
  }

  const std::int64_t source_;
  const double scale_;
  const double support_;  // source pixels to each side
  std::vector<PilTaps> taps_;
  std::vector<PilPair> pairs_;
  std::vector<double> raw_;
};

class PilBilinearRows final : public RowSource {
 public:
  static_assert(k_pil_rows <= PixelRows::k_rows);

  PilBilinearRows(const ImageView& picture, ColorOrder color, const ResizeTarget& target)
      : rows_(picture, color),
        columns_(picture.width, target.width),
        down_(picture.height, target.height),
        line_(static_cast<std::size_t>(target.columns) * k_lanes),
        kept_(down_.most_taps() + k_pil_rows - 1) {
    const auto columns = static_cast<std::size_t>(target.columns);
    if (kept_ > k_most_bytes / line_ ||
        columns_.most_taps() > k_most_bytes / sizeof(PilPair) / columns) {
      throw std::bad_alloc();
    }
    for (int i = 0; i < target.columns; ++i) columns_.add(target.first_column + i);
    ring_.resize(kept_ * line_);
  }

  int offset_of(int channel) const override { return rows_.offset_of(channel); }

  void read(std::int64_t y, std::uint32_t* pixels) override {
    down_.clear();
    down_.add(y);
    const PilTaps& taps = down_.taps().front();
    const std::int64_t end = taps.first + static_cast<std::int64_t>(taps.count);
    next_row_ = std::max(next_row_, taps.first);
    while (next_row_ < end) next_row_ += fill(next_row_);
    lines_.clear();
    for (std::int64_t row = taps.first; row < end; ++row) lines_.push_back(line_of(row));
    pil_rows(isa_, lines_.data(), down_.pairs().data(), taps.count, line_,
             reinterpret_cast<std::uint8_t*>(pixels));
  }

 private:
  std::uint8_t* line_of(std::int64_t source_row) {
    return ring_.data() + static_cast<std::size_t>(source_row) % kept_ * line_;
  }

  // The horizontal pass of some rows, also of those that only the next ones to be read need; how
  // many.
  int fill(std::int64_t first) {
    const int count = static_cast<int>(std::min<std::int64_t>(k_pil_rows, rows_.height() - first));
    PilRows rows;
    for (int i = 0; i < k_pil_rows; ++i) {
      if (i >= count) {
        rows[i] = rows[i - 1];
      } else {
        rows[i] = {rows_.row(static_cast<int>(first) + i), line_of(first + i)};
      }
    }
    pil_columns(isa_, rows, static_cast<std::size_t>(rows_.width()), columns_.taps().data(),
                columns_.taps().size(), columns_.pairs().data());
    return count;
  }

  const Isa isa_ = best_isa();
  PixelRows rows_;
  PilAxis columns_;
  PilAxis down_;            // of the row that is being read
  const std::size_t line_;  // bytes of a row after the horizontal pass
  // What one row of the result may need, and what may come with the last of these.
  const std::size_t kept_;
  std::vector<std::uint8_t> ring_;  // the last `kept_` source rows after the horizontal pass
  std::vector<const std::uint8_t*> lines_;
  std::int64_t next_row_ = 0;  // source row that comes into the ring next
};

}  // namespace

Error no_memory_to_resize(const ImageView& picture) {
  return {ErrorCode::out_of_memory, Subject::input,
          "no memory to resize a picture of " + std::to_string(picture.width) + "x" +
              std::to_string(picture.height) + " pixels",
          "cut it into smaller pictures"};
}

Result<std::unique_ptr<RowSource>> open_rows(const ImageView& picture, ColorOrder color,
                                             Filter filter, const ResizeTarget& target) {
  try {
    if (filter == Filter::cv_linear) {
      return std::unique_ptr<RowSource>(std::make_unique<CvLinearRows>(picture, color, target));
    }
    return std::unique_ptr<RowSource>(std::make_unique<PilBilinearRows>(picture, color, target));
  } catch (const std::bad_alloc&) {
    return no_memory_to_resize(picture);
  }
}

}  // namespace modelhub::vision
