// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/preprocess.h"

#include <algorithm>
#include <array>
#include <bit>
#include <new>
#include <type_traits>
#include <vector>

#include "vision/resize.h"

namespace modelhub::vision {
namespace {

// Of the picture, or of the canvas where that is larger: a seventh of the 1.95 ms that 1546 x 1213
// pixels took on one thread (`bench/infer --scenario classify`). Below, a helper is not worth it.
constexpr std::int64_t k_band_pixels = 256 * 1024;

// The part of the canvas that shows the picture.
struct Window {
  std::int64_t first_column;  // of the scaled picture
  std::int64_t first_row;
  int left;  // on the canvas
  int top;
  int columns;
  int rows;
};

Window window_of(const Placement& p) {
  Window w;
  w.first_column = std::max<std::int64_t>(0, -p.left);
  w.first_row = std::max<std::int64_t>(0, -p.top);
  w.left = static_cast<int>(std::max<std::int64_t>(0, p.left));
  w.top = static_cast<int>(std::max<std::int64_t>(0, p.top));
  w.columns = static_cast<int>(
      std::min<std::int64_t>(p.scaled_width - w.first_column, p.canvas_width - w.left));
  w.rows = static_cast<int>(
      std::min<std::int64_t>(p.scaled_height - w.first_row, p.canvas_height - w.top));
  return w;
}

// Writes levels as elements of the tensor: level * gain + bias, which is (x * scale - mean) / std.
template <class T>
class Canvas {
 public:
  Canvas(const InputSpec& input, const Placement& placement, T* data)
      : channels_(input.color == ColorOrder::gray ? 1 : 3),
        width_(placement.canvas_width),
        height_(placement.canvas_height),
        is_planar_(input.layout == Layout::nchw),
        pad_(input.pad_value),
        data_(data) {
    for (int c = 0; c < channels_; ++c) {
      gain_[c] = static_cast<float>(input.scale / input.std[c]);
      bias_[c] = static_cast<float>(-input.mean[c] / input.std[c]);
    }
  }

  // Columns [begin, end) of row y get the padding.
  void pad(int y, int begin, int end) {
    for (int c = 0; c < channels_; ++c) {
      const T value = element(pad_, c);
      T* out = at(y, begin, c);
      if (is_planar_) {
        std::fill(out, out + (end - begin), value);
      } else {
        for (int x = begin; x < end; ++x, out += channels_) *out = value;
      }
    }
  }

  // `count` pixels of four bytes; channel c is in byte offsets[c].
  void put(int y, int left, const std::uint32_t* pixels, int count, std::array<int, 3> offsets) {
    for (int c = 0; c < channels_; ++c) {
      // The byte as a shift of the whole: converts to float without taking pixels apart first.
      const int shift =
          8 * (std::endian::native == std::endian::little ? offsets[c] : 3 - offsets[c]);
      T* out = at(y, left, c);
      if (is_planar_ || channels_ == 1) {
        put_channel<1>(pixels, count, shift, c, out);
      } else {
        put_channel<3>(pixels, count, shift, c, out);
      }
    }
  }

 private:
  T element(std::uint8_t level, int c) const {
    if constexpr (std::is_same_v<T, std::uint8_t>) {
      return level;
    } else {
      return static_cast<float>(level) * gain_[c] + bias_[c];
    }
  }

  template <int k_step>
  void put_channel(const std::uint32_t* pixels, int count, int shift, int c, T* out) const {
    for (int x = 0; x < count; ++x) {
      out[x * k_step] = element(static_cast<std::uint8_t>(pixels[x] >> shift), c);
    }
  }

  T* at(int y, int x, int c) {
    const auto pixel = [&](std::size_t row) { return row * width_ + static_cast<std::size_t>(x); };
    return is_planar_ ? data_ + pixel(static_cast<std::size_t>(c) * height_ + y)
                      : data_ + pixel(static_cast<std::size_t>(y)) * channels_ + c;
  }

  const int channels_;
  const std::size_t width_;
  const std::size_t height_;
  const bool is_planar_;
  const std::uint8_t pad_;
  T* const data_;
  std::array<float, 3> gain_ = {1, 1, 1};
  std::array<float, 3> bias_ = {0, 0, 0};
};

// Rows of the canvas.
struct Band {
  int begin;
  int end;
};

template <class T>
void draw_band(const InputSpec& input, const Placement& placement, const Window& window, Band band,
               RowSource& rows, T* data) {
  Canvas<T> canvas(input, placement, data);
  std::vector<std::uint32_t> pixels(static_cast<std::size_t>(window.columns));
  const std::array<int, 3> offsets = {rows.offset_of(0), rows.offset_of(1), rows.offset_of(2)};
  for (int y = band.begin; y < band.end; ++y) {
    const int row = y - window.top;
    if (row < 0 || row >= window.rows) {
      canvas.pad(y, 0, placement.canvas_width);
      continue;
    }
    rows.read(window.first_row + row, pixels.data());
    canvas.pad(y, 0, window.left);
    canvas.put(y, window.left, pixels.data(), window.columns, offsets);
    canvas.pad(y, window.left + window.columns, placement.canvas_width);
  }
}

Result<void> check_picture(const ImageView& picture) {
  if (picture.is_empty()) {
    return Error(ErrorCode::invalid_argument, Subject::input, "the picture has no pixels");
  }
  const std::int64_t row = std::int64_t{picture.width} * channels_of(picture.format);
  if (picture.stride >= row) return {};
  return Error(ErrorCode::invalid_argument, Subject::input,
               "the picture's stride of " + std::to_string(picture.stride) +
                   " bytes is less than a row of " + std::to_string(row));
}

// A picture for an input, drawn band by band.
class Drawing {
 public:
  Drawing(const ImageView& picture, const InputSpec& input, const Placement& placement)
      : picture_(picture), input_(input), placement_(placement), window_(window_of(placement)) {}

  // How many bands are worth it.
  int bands(const Help& help) const {
    if (help.parallel == nullptr) return 1;
    const int threads = help.threads > 0 ? std::min(help.threads, help.parallel->threads())
                                         : help.parallel->threads();
    const std::int64_t read = std::int64_t{picture_.width} * picture_.height;
    const std::int64_t written = std::int64_t{placement_.canvas_width} * placement_.canvas_height;
    const std::int64_t worth = std::max(read, written) / k_band_pixels;
    return static_cast<int>(
        std::clamp<std::int64_t>(worth, 1, std::min(threads, placement_.canvas_height)));
  }

  // Never throws: it may run on a thread that belongs to nobody.
  Result<void> draw(int band, int bands, Tensor& tensor) const {
    try {
      return draw_rows(band, bands, tensor);
    } catch (const std::bad_alloc&) {
      return no_memory_to_resize(picture_);
    }
  }

 private:
  Result<void> draw_rows(int band, int bands, Tensor& tensor) const {
    auto rows = open_rows(
        picture_, input_.color, input_.filter,
        {placement_.scaled_width, placement_.scaled_height, window_.first_column, window_.columns});
    if (!rows) return std::move(rows).error();
    const auto edge = [&](int i) {
      return static_cast<int>(std::int64_t{placement_.canvas_height} * i / bands);
    };
    const Band part{edge(band), edge(band + 1)};
    if (input_.dtype == DType::uint8) {
      draw_band(input_, placement_, window_, part, **rows, tensor.as<std::uint8_t>().data());
    } else {
      draw_band(input_, placement_, window_, part, **rows, tensor.as<float>().data());
    }
    return {};
  }

  const ImageView picture_;
  const InputSpec& input_;
  const Placement& placement_;
  const Window window_;
};

Shape shape_of(const InputSpec& input, const Placement& p) {
  const std::int64_t channels = input.color == ColorOrder::gray ? 1 : 3;
  if (input.layout == Layout::nchw) return {1, channels, p.canvas_height, p.canvas_width};
  return {1, p.canvas_height, p.canvas_width, channels};
}

}  // namespace

Result<Placement> preprocess(const ImageView& picture, const InputSpec& input, Tensor& tensor,
                             const Help& help) {
  if (auto checked = check_picture(picture); !checked) return std::move(checked).error();
  Result<Placement> placement = place(picture.width, picture.height, input);
  if (!placement) return placement;
  Shape shape = shape_of(input, *placement);
  if (tensor.data() == nullptr || tensor.dtype() != input.dtype || tensor.shape() != shape) {
    auto made = Tensor::allocate(input.dtype, std::move(shape));
    if (!made) return std::move(made).error();
    tensor = *std::move(made);
  }
  const Drawing drawing(picture, input, *placement);
  const int bands = drawing.bands(help);
  if (bands == 1) {
    if (Result<void> drawn = drawing.draw(0, 1, tensor); !drawn) return std::move(drawn).error();
    return placement;
  }
  std::vector<Result<void>> drawn(static_cast<std::size_t>(bands));
  help.parallel->run(bands, [&](int band) {
    drawn[static_cast<std::size_t>(band)] = drawing.draw(band, bands, tensor);
  });
  for (Result<void>& part : drawn) {
    if (!part) return std::move(part).error();
  }
  return placement;
}

}  // namespace modelhub::vision
