// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "modelhub/export.h"

namespace modelhub MODELHUB_API {

// What models say about a picture. Everywhere: boxes in pixels of the original picture as a person
// sees it (after EXIF orientation), origin at the top left, x to the right, y down; scores from 0
// to 1; lists sorted by falling score, words in the order of reading.

struct Point {
  float x = 0;
  float y = 0;
};

// Corners: (x1, y1) inside, (x2, y2) just outside; x2 - x1 is the width.
struct Box {
  float x1 = 0;
  float y1 = 0;
  float x2 = 0;
  float y2 = 0;

  float width() const { return x2 - x1; }
  float height() const { return y2 - y1; }
  std::array<float, 4> xyxy() const { return {x1, y1, x2, y2}; }
  std::array<float, 4> xywh() const { return {x1, y1, width(), height()}; }
};
std::ostream& operator<<(std::ostream& out, const Box& box);  // "(x1, y1) w x h", whole pixels

// Area of the intersection over area of the union; 0 when both are empty.
float iou_of(const Box& a, const Box& b);

struct Detection {
  std::string label;  // "person"; the class id as text when the model has no labels
  int class_id = 0;   // the model's own numbering
  float score = 0;
  Box box;
};

struct Classification {
  std::string label;
  int class_id = 0;
  float score = 0;
};

struct Face {
  float score = 0;
  Box box;
  // the model's own order; right eye, left eye, nose, right and left mouth corner for YuNet
  std::vector<Point> landmarks;
  // What sets it apart from other faces, in the model's own numbers: see faces.h. Empty unless the
  // model describes faces.
  std::vector<float> embedding;
};

// A word that was read. Words come in the order of reading, not by their score.
struct Word {
  std::string text;  // UTF-8
  float score = 0;   // how sure the reader is
  Box box;
  // Where it stands, counted through the picture from 0: words of one line have the same number.
  int line = 0;
  int paragraph = 0;
  int block = 0;  // a column, a heading, a caption
};

// How long each step of one call took, wall time.
struct StepTimes {
  std::chrono::duration<double, std::milli> decode{0};
  std::chrono::duration<double, std::milli> pre{0};
  std::chrono::duration<double, std::milli> infer{0};
  std::chrono::duration<double, std::milli> post{0};
};

// The best candidate that did not reach the threshold, so that "nothing found" can say how near it
// was.
struct NearMiss {
  std::string label;
  float score = 0;
};

// The answers to one picture. They behave as containers of their items.
struct Detections {
  std::vector<Detection> items;
  StepTimes times;
  std::optional<NearMiss> near_miss;  // only when items is empty

  auto begin() const { return items.begin(); }
  auto end() const { return items.end(); }
  auto size() const { return items.size(); }
  bool empty() const { return items.empty(); }
  const Detection& operator[](std::size_t i) const { return items[i]; }
};

struct Classifications {
  std::vector<Classification> items;
  StepTimes times;

  auto begin() const { return items.begin(); }
  auto end() const { return items.end(); }
  auto size() const { return items.size(); }
  bool empty() const { return items.empty(); }
  const Classification& operator[](std::size_t i) const { return items[i]; }
};

struct Faces {
  std::vector<Face> items;
  StepTimes times;
  std::optional<NearMiss> near_miss;

  auto begin() const { return items.begin(); }
  auto end() const { return items.end(); }
  auto size() const { return items.size(); }
  bool empty() const { return items.empty(); }
  const Face& operator[](std::size_t i) const { return items[i]; }
};

struct Text {
  std::vector<Word> items;  // the words; none when there is nothing to read
  std::string text;         // see string()
  StepTimes times;

  // The whole text: a blank between the words of a line, a line break after each line, an empty
  // line between paragraphs. Where the reader saw something without letters it may have a blank
  // that stands for no word.
  const std::string& string() const { return text; }

  auto begin() const { return items.begin(); }
  auto end() const { return items.end(); }
  auto size() const { return items.size(); }
  bool empty() const { return items.empty(); }
  const Word& operator[](std::size_t i) const { return items[i]; }
};

}  // namespace MODELHUB_API
