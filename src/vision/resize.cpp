// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/resize.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>
#include <vector>

#include "vision/pixel_rows.h"

namespace modelhub::vision {
namespace {

// OpenCV's INTER_LINEAR on 8 bits, as its resize.cpp computes it: coefficients of 11 bits rounded
// half to even, positions as float, a horizontal pass that keeps 19 bits, a vertical one that drops
// four of them before each product and truncates it. (Halving both sides is an average of four
// pixels in OpenCV; this arithmetic gives the same levels.)
constexpr int k_cv_one = 1 << 11;

struct CvPosition {
  std::int64_t index = 0;  // of the first tap; may be -1 for rows
  std::int16_t first = 0;  // weights of the two taps
  std::int16_t second = 0;
};

CvPosition cv_position(std::int64_t i, std::int64_t source, std::int64_t target) {
  const double scale = 1.0 / (static_cast<double>(target) / static_cast<double>(source));
  float fraction = static_cast<float>((static_cast<double>(i) + 0.5) * scale - 0.5);
  const auto index = static_cast<std::int64_t>(std::floor(fraction));
  fraction -= static_cast<float>(index);
  return {index, static_cast<std::int16_t>(std::nearbyint((1.0f - fraction) * k_cv_one)),
          static_cast<std::int16_t>(std::nearbyint(fraction * k_cv_one))};
}

class CvLinearRows final : public RowSource {
 public:
  CvLinearRows(const ImageView& picture, ColorOrder color, const ResizeTarget& target)
      : rows_(picture, color), target_(target) {
    columns_.reserve(static_cast<std::size_t>(target.columns));
    for (int i = 0; i < target.columns; ++i) columns_.push_back(column_at(target.first_column + i));
    const auto length = static_cast<std::size_t>(target.columns) * rows_.channels();
    for (Line& line : lines_) line.values.resize(length);
  }

  int planes() const override { return rows_.channels(); }

  void read(std::int64_t y, std::uint8_t* levels) override {
    const CvPosition at = cv_position(y, rows_.height(), target_.height);
    const std::int64_t last = rows_.height() - 1;
    const std::int64_t upper = std::clamp<std::int64_t>(at.index, 0, last);
    const std::int64_t lower = std::clamp<std::int64_t>(at.index + 1, 0, last);
    if (lines_[1].source_row == upper) std::swap(lines_[0], lines_[1]);
    fill(lines_[0], upper);
    if (lower != upper) fill(lines_[1], lower);
    blend(lines_[0].values, (lower != upper ? lines_[1] : lines_[0]).values, at, levels);
  }

 private:
  struct Column {
    std::uint32_t first_offset;  // bytes from the start of the row
    std::uint32_t second_offset;
    std::int32_t first;
    std::int32_t second;
  };
  // One source row after the horizontal pass, planar, shifted right by the four bits that the
  // vertical pass drops.
  struct Line {
    std::int64_t source_row = -1;
    std::vector<std::int16_t> values;
  };

  Column column_at(std::int64_t i) const {
    CvPosition at = cv_position(i, rows_.width(), target_.width);
    if (at.index < 0) at = {0, k_cv_one, 0};
    if (at.index >= rows_.width() - 1) at = {rows_.width() - 1, k_cv_one, 0};
    const auto step = static_cast<std::uint32_t>(rows_.channels());
    const std::uint32_t offset = static_cast<std::uint32_t>(at.index) * step;
    // A weight of nought must not read beyond the row.
    return {offset, at.second == 0 ? offset : offset + step, at.first, at.second};
  }

  void fill(Line& line, std::int64_t y) {
    if (line.source_row == y) return;
    line.source_row = y;
    const std::uint8_t* row = rows_.row(static_cast<int>(y));
    std::int16_t* out = line.values.data();
    if (rows_.channels() == 1) {
      for (const Column& c : columns_) *out++ = tap(row, c, 0);
      return;
    }
    const std::size_t width = columns_.size();
    const int r = rows_.offset_of(0);
    const int b = rows_.offset_of(2);
    for (std::size_t x = 0; x < width; ++x) {
      const Column& c = columns_[x];
      out[x] = tap(row, c, r);
      out[width + x] = tap(row, c, 1);
      out[2 * width + x] = tap(row, c, b);
    }
  }

  static std::int16_t tap(const std::uint8_t* row, const Column& c, int channel) {
    return static_cast<std::int16_t>(
        (row[c.first_offset + channel] * c.first + row[c.second_offset + channel] * c.second) >> 4);
  }

  static void blend(const std::vector<std::int16_t>& upper, const std::vector<std::int16_t>& lower,
                    const CvPosition& at, std::uint8_t* levels) {
    const std::int16_t* a = upper.data();
    const std::int16_t* b = lower.data();
    const std::size_t length = upper.size();
    for (std::size_t i = 0; i < length; ++i) {
      const int sum = ((a[i] * at.first) >> 16) + ((b[i] * at.second) >> 16);
      levels[i] = static_cast<std::uint8_t>((sum + 2) >> 2);
    }
  }

  PixelRows rows_;
  const ResizeTarget target_;
  std::vector<Column> columns_;
  Line lines_[2];
};

// Pillow's BILINEAR on 8 bits, as its Resample.c computes it: a triangle that is as wide as the
// shrinking makes it, weights of 22 bits that add up to one, a horizontal and then a vertical pass,
// each rounded to 8 bits.
constexpr int k_pil_bits = 22;

// Rows kept at most. Reached by pictures of millions of rows made very small; without it they would
// take the machine's memory before an allocation fails.
constexpr std::size_t k_most_bytes = std::size_t{1} << 30;

struct PilTaps {
  std::int64_t first = 0;   // source index
  std::size_t count = 0;    // at least 1
  std::size_t weights = 0;  // where they begin in PilAxis::weights
};

struct PilAxis {
  std::vector<PilTaps> taps;
  std::vector<std::int32_t> weights;
};

PilAxis pil_axis(std::int64_t source, std::int64_t target, std::int64_t first, int count) {
  const double scale = static_cast<double>(source) / static_cast<double>(target);
  const double support = std::max(scale, 1.0);
  const double narrowing = 1.0 / support;
  PilAxis axis;
  axis.taps.reserve(static_cast<std::size_t>(count));
  std::vector<double> raw;
  for (int i = 0; i < count; ++i) {
    const double center = (static_cast<double>(first + i) + 0.5) * scale;
    const auto begin = static_cast<std::int64_t>(std::max(0.0, center - support + 0.5));
    const auto end =
        std::min<std::int64_t>(source, static_cast<std::int64_t>(center + support + 0.5));
    raw.clear();
    double sum = 0;
    for (std::int64_t j = begin; j < end; ++j) {
      const double distance = std::abs((static_cast<double>(j) - center + 0.5) * narrowing);
      raw.push_back(std::max(0.0, 1.0 - distance));
      sum += raw.back();
    }
    axis.taps.push_back({begin, raw.size(), axis.weights.size()});
    for (const double weight : raw) {
      const double normal = sum != 0 ? weight / sum : weight;
      axis.weights.push_back(static_cast<std::int32_t>(0.5 + normal * (1 << k_pil_bits)));
    }
  }
  return axis;
}

std::uint8_t pil_level(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> k_pil_bits, 0, 255));
}

class PilBilinearRows final : public RowSource {
 public:
  PilBilinearRows(const ImageView& picture, ColorOrder color, const ResizeTarget& target)
      : rows_(picture, color),
        target_(target),
        columns_(pil_axis(picture.width, target.width, target.first_column, target.columns)),
        line_(static_cast<std::size_t>(target.columns) * rows_.channels()),
        sums_(line_) {
    const double scale = static_cast<double>(picture.height) / static_cast<double>(target.height);
    window_ = static_cast<std::size_t>(std::ceil(std::max(scale, 1.0))) * 2 + 1;
    window_ = std::min(window_, static_cast<std::size_t>(picture.height));
    if (window_ > k_most_bytes / line_) throw std::bad_alloc();
    ring_.resize(window_ * line_);
  }

  int planes() const override { return rows_.channels(); }

  void read(std::int64_t y, std::uint8_t* levels) override {
    const PilAxis axis = pil_axis(rows_.height(), target_.height, y, 1);
    const PilTaps& taps = axis.taps.front();
    const std::int64_t end = taps.first + static_cast<std::int64_t>(taps.count);
    for (next_row_ = std::max(next_row_, taps.first); next_row_ < end; ++next_row_) {
      fill(line_of(next_row_), rows_.row(static_cast<int>(next_row_)));
    }
    std::fill(sums_.begin(), sums_.end(), 1 << (k_pil_bits - 1));
    for (std::size_t k = 0; k < taps.count; ++k) {
      add(line_of(taps.first + static_cast<std::int64_t>(k)), axis.weights[k]);
    }
    for (std::size_t i = 0; i < line_; ++i) levels[i] = pil_level(sums_[i]);
  }

 private:
  std::uint8_t* line_of(std::int64_t source_row) {
    return ring_.data() + static_cast<std::size_t>(source_row) % window_ * line_;
  }

  void add(const std::uint8_t* line, std::int32_t weight) {
    std::int32_t* sums = sums_.data();
    for (std::size_t i = 0; i < line_; ++i) sums[i] += line[i] * weight;
  }

  void fill(std::uint8_t* out, const std::uint8_t* row) const {
    if (rows_.channels() == 1) {
      for (const PilTaps& taps : columns_.taps) *out++ = one_channel(row + taps.first, taps);
      return;
    }
    const std::size_t width = columns_.taps.size();
    const int first = rows_.offset_of(0);
    const int last = rows_.offset_of(2);
    for (std::size_t x = 0; x < width; ++x) {
      const PilTaps& taps = columns_.taps[x];
      const std::int32_t* weights = columns_.weights.data() + taps.weights;
      const std::uint8_t* pixel = row + taps.first * 3;
      std::int32_t sum[3] = {1 << (k_pil_bits - 1), 1 << (k_pil_bits - 1), 1 << (k_pil_bits - 1)};
      for (std::size_t k = 0; k < taps.count; ++k, pixel += 3) {
        for (int c = 0; c < 3; ++c) sum[c] += pixel[c] * weights[k];
      }
      out[x] = pil_level(sum[first]);
      out[width + x] = pil_level(sum[1]);
      out[2 * width + x] = pil_level(sum[last]);
    }
  }

  std::uint8_t one_channel(const std::uint8_t* pixel, const PilTaps& taps) const {
    const std::int32_t* weights = columns_.weights.data() + taps.weights;
    std::int32_t sum = 1 << (k_pil_bits - 1);
    for (std::size_t k = 0; k < taps.count; ++k) sum += pixel[k] * weights[k];
    return pil_level(sum);
  }

  PixelRows rows_;
  const ResizeTarget target_;
  const PilAxis columns_;
  const std::size_t line_;  // levels in a row: columns times planes
  std::vector<std::int32_t> sums_;
  std::size_t window_ = 0;          // source rows that one row of the result may need
  std::vector<std::uint8_t> ring_;  // the last `window_` source rows after the horizontal pass
  std::int64_t next_row_ = 0;       // source row that comes into the ring next
};

}  // namespace

Result<std::unique_ptr<RowSource>> open_rows(const ImageView& picture, ColorOrder color,
                                             Filter filter, const ResizeTarget& target) {
  try {
    if (filter == Filter::cv_linear) {
      return std::unique_ptr<RowSource>(std::make_unique<CvLinearRows>(picture, color, target));
    }
    return std::unique_ptr<RowSource>(std::make_unique<PilBilinearRows>(picture, color, target));
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::out_of_memory, Subject::input,
                 "no memory to resize a picture of " + std::to_string(picture.width) + "x" +
                     std::to_string(picture.height) + " pixels");
  }
}

}  // namespace modelhub::vision
