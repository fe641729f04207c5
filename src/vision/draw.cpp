// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/draw.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <new>
#include <optional>
#include <string>

#include "vision/canvas.h"
#include "vision/font.h"
#include "vision/label_layout.h"
#include "vision/palette.h"

namespace modelhub {
namespace {

using vision::Canvas;
using vision::Font;
using vision::PixelRect;
using vision::TextLine;

// A box as it will be drawn.
struct Mark {
  PixelRect rect;  // outside edge of the lines
  int line_width = 1;
  std::string label;
  Color color;
};

// Sizes in pixels for a picture: lines and text grow with it, and stay legible on the smallest.
struct Sizes {
  int line = 1;
  int font = 10;

  Sizes(const Image& image, const DrawOptions& options) {
    const double side = std::sqrt(static_cast<double>(image.width()) * image.height());
    const double line_width = options.line_width > 0 ? options.line_width : 0.8 + side * 0.0025;
    // 10 pixels are the least at which the font's letters have all their strokes; from there on the
    // text grows more slowly than the picture, as one looks closer at parts of a large one.
    const double font_size =
        options.font_size > 0 ? options.font_size : std::max(10.0, 4 + side * 0.018);
    constexpr double k_most_pixels = 2000;
    line = static_cast<int>(std::clamp(std::round(line_width), 1.0, k_most_pixels));
    font = static_cast<int>(std::clamp(std::round(font_size), 1.0, k_most_pixels));
  }

  // Between the text of a label and its edges.
  int padding() const { return std::max(2, font / 4); }
  int gap() const { return std::max(1, font / 7); }
};

std::string with_score(const std::string& label, float score) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%.2f", static_cast<double>(score));
  return label.empty() ? text.data() : label + " " + text.data();
}

// The box in whole pixels, its lines half outside; nothing where there is nothing to see.
std::optional<Mark> mark_of(const Box& box, const Canvas& canvas, int line_width) {
  for (const float value : box.xyxy()) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  const float width = static_cast<float>(canvas.width());
  const float height = static_cast<float>(canvas.height());
  if (box.x2 <= box.x1 || box.y2 <= box.y1 || box.x2 <= 0 || box.y2 <= 0 || box.x1 >= width ||
      box.y1 >= height) {
    return std::nullopt;
  }
  const auto pixel = [](float value, float most) {
    return static_cast<int>(std::lround(std::clamp(value, 0.0F, most)));
  };
  Mark mark;
  mark.rect = {pixel(box.x1, width), pixel(box.y1, height), pixel(box.x2, width),
               pixel(box.y2, height)};
  // The lines of a small box in a large picture must leave something of what is in it.
  const int shorter = std::min(mark.rect.width(), mark.rect.height());
  mark.line_width = std::clamp(shorter / 8, 1, line_width);
  // At the edge of the picture the line stays inside, where it can be seen.
  mark.rect = intersection_of(shrunk(mark.rect, -(mark.line_width / 2)), canvas.bounds());
  mark.rect.right = std::max(mark.rect.right, mark.rect.left + 1);
  mark.rect.bottom = std::max(mark.rect.bottom, mark.rect.top + 1);
  return mark;
}

void draw_box(Canvas& canvas, const Mark& mark) {
  // A dark seam on both sides lets a line of any colour stand out from any background.
  constexpr unsigned k_seam_opacity = 90;
  const int seam = std::max(1, mark.line_width / 4);
  if (mark.line_width > 1) {
    canvas.outline(shrunk(mark.rect, -seam), seam, {}, k_seam_opacity);
    canvas.outline(shrunk(mark.rect, mark.line_width), seam, {}, k_seam_opacity);
  }
  canvas.outline(mark.rect, mark.line_width, mark.color);
}

void draw_label(Canvas& canvas, const TextLine& text, const PixelRect& place, int padding,
                int baseline, Color color) {
  canvas.fill(place, color);
  canvas.text(text, place.left + padding, place.top + baseline, vision::text_color_on(color));
}

// First the boxes, then the labels over all of them; the best last, so that it lies on top, but the
// best chooses its place first.
Result<void> draw_marks(Canvas& canvas, const std::vector<Mark>& marks, const Sizes& sizes) {
  Result<Font> font = Font::open(sizes.font);
  if (!font) return std::move(font).error();
  const int padding = sizes.padding();
  const int gap = sizes.gap();
  std::vector<TextLine> texts;
  std::vector<vision::LabelRequest> requests;
  for (const Mark& mark : marks) {
    texts.push_back(font->lay_out(mark.label, canvas.width() - 2 * padding));
    requests.push_back(
        {mark.rect, texts.back().width + 2 * padding, font->ascent() + font->descent() + 2 * gap});
  }
  const std::vector<PixelRect> places = place_labels(requests, canvas.width(), canvas.height());
  for (std::size_t i = marks.size(); i-- > 0;) draw_box(canvas, marks[i]);
  for (std::size_t i = marks.size(); i-- > 0;) {
    if (texts[i].glyphs.empty()) continue;
    draw_label(canvas, texts[i], places[i], padding, gap + font->ascent(), marks[i].color);
  }
  return {};
}

// Colour needs three channels.
Result<void> prepare(Image& image) {
  if (image.is_empty()) {
    return Error(ErrorCode::invalid_argument, Subject::usage, "cannot draw on an empty image",
                 "load or create one first");
  }
  if (image.format() != PixelFormat::gray8) return {};
  Result<Image> colored = Image::create(image.width(), image.height(), PixelFormat::rgb8);
  if (!colored) return std::move(colored).error();
  for (int y = 0; y < image.height(); ++y) {
    const std::uint8_t* const from = image.row(y);
    std::uint8_t* const to = colored->row(y);
    for (int x = 0; x < image.width(); ++x)
      std::fill_n(to + 3 * static_cast<std::ptrdiff_t>(x), 3, from[x]);
  }
  image = *std::move(colored);
  return {};
}

Result<void> draw_detections(Image& image, const Detections& detections,
                             const DrawOptions& options) {
  const Sizes sizes(image, options);
  Canvas canvas(image);
  std::vector<Mark> marks;
  for (const Detection& detection : detections) {
    std::optional<Mark> mark = mark_of(detection.box, canvas, sizes.line);
    if (!mark) continue;
    mark->label = with_score(detection.label, detection.score);
    mark->color = vision::color_of_class(detection.class_id, options.palette);
    marks.push_back(*std::move(mark));
  }
  return draw_marks(canvas, marks, sizes);
}

void draw_landmarks(Canvas& canvas, const Face& face, int line_width, Color color) {
  // A ring of the opposite of the colour keeps a dot visible on skin and on hair.
  const float radius = std::max(1.5F, 0.8F * static_cast<float>(line_width));
  for (const Point& point : face.landmarks) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
    const float x = std::clamp(point.x, -10.0F, static_cast<float>(canvas.width()) + 10);
    const float y = std::clamp(point.y, -10.0F, static_cast<float>(canvas.height()) + 10);
    canvas.disc(x, y, radius * 1.5F, vision::text_color_on(color));
    canvas.disc(x, y, radius, color);
  }
}

Result<void> draw_faces(Image& image, const Faces& faces, const DrawOptions& options) {
  const Sizes sizes(image, options);
  Canvas canvas(image);
  const Color color = vision::color_of_class(1, options.palette);
  std::vector<Mark> marks;
  for (const Face& face : faces) {
    std::optional<Mark> mark = mark_of(face.box, canvas, sizes.line);
    if (!mark) continue;
    draw_landmarks(canvas, face, mark->line_width, vision::color_of_class(2, options.palette));
    mark->label = with_score({}, face.score);
    mark->color = color;
    marks.push_back(*std::move(mark));
  }
  return draw_marks(canvas, marks, sizes);
}

Result<void> draw_classes(Image& image, const Classifications& classes,
                          const DrawOptions& options) {
  if (classes.empty()) return {};
  const Sizes sizes(image, options);
  Result<Font> font = Font::open(sizes.font);
  if (!font) return std::move(font).error();
  Canvas canvas(image);
  const int padding = sizes.padding();
  const int line_height = font->ascent() + font->descent() + padding;
  // A banner that covered the picture would hide what it speaks of: the first line always, the
  // others in the upper half.
  const int fitting = std::max(1, (canvas.height() / 2 - 2 * padding) / line_height);
  std::vector<TextLine> lines;
  int widest = 0;
  for (std::size_t i = 0; i < classes.size() && i < static_cast<std::size_t>(fitting); ++i) {
    const std::string text = with_score({}, classes[i].score) + "  " + classes[i].label;
    lines.push_back(font->lay_out(text, canvas.width() - 4 * padding));
    widest = std::max(widest, lines.back().width);
  }
  constexpr unsigned k_opacity = 190;
  constexpr Color k_bar = {0, 114, 178};  // white text on it has a contrast of 5
  const int width = widest + 4 * padding;
  canvas.fill({0, 0, width, static_cast<int>(lines.size()) * line_height + padding}, {}, k_opacity);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const int top = padding + static_cast<int>(i) * line_height;
    const float part =
        std::isfinite(classes[i].score) ? std::clamp(classes[i].score, 0.0F, 1.0F) : 0;
    const int bar = static_cast<int>(std::lround(part * static_cast<float>(width)));
    const int margin = padding / 2;
    canvas.fill({0, top - margin, bar, top + line_height - padding + margin}, k_bar);
    canvas.text(lines[i], 2 * padding, top + font->ascent(), {255, 255, 255});
  }
  return {};
}

Result<void> draw_text(Image& image, const Text& text, const DrawOptions& options) {
  const Sizes sizes(image, options);
  Canvas canvas(image);
  for (const Word& word : text) {
    const std::optional<Mark> mark = mark_of(word.box, canvas, sizes.line);
    if (!mark) continue;
    canvas.outline(mark->rect, mark->line_width,
                   vision::color_of_class(word.line, options.palette));
  }
  return {};
}

template <class Answers, class Draw>
Result<void> draw_safely(Image& image, const Answers& answers, const DrawOptions& options,
                         const Draw& with) {
  try {
    if (Result<void> ready = prepare(image); !ready) return ready;
    return with(image, answers, options);
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::out_of_memory, Subject::other, "no memory to draw on the picture");
  }
}

}  // namespace

Result<void> draw(Image& image, const Detections& detections, const DrawOptions& options) {
  return draw_safely(image, detections, options, draw_detections);
}

Result<void> draw(Image& image, const Faces& faces, const DrawOptions& options) {
  return draw_safely(image, faces, options, draw_faces);
}

Result<void> draw(Image& image, const Text& text, const DrawOptions& options) {
  return draw_safely(image, text, options, draw_text);
}

Result<void> draw(Image& image, const Classifications& classes, const DrawOptions& options) {
  return draw_safely(image, classes, options, draw_classes);
}

}  // namespace modelhub
