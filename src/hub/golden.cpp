// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/golden.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>
#include <variant>
#include <vector>

namespace modelhub::hub {
namespace {

// What an item of any task has that an expectation can speak of.
struct Item {
  std::string label;
  std::optional<int> class_id;
  double score = 0;
  std::optional<Box> box;
};

Item item_of(const Detection& d) { return {d.label, d.class_id, d.score, d.box}; }
Item item_of(const Classification& c) { return {c.label, c.class_id, c.score, std::nullopt}; }
Item item_of(const Face& f) { return {"", std::nullopt, f.score, f.box}; }
Item item_of(const Word& w) { return {w.text, std::nullopt, w.score, w.box}; }

std::string number(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string text_of(const Box& box) {
  std::string text;
  for (const float side : box.xyxy()) text += (text.empty() ? "(" : ", ") + number(side, "%.0f");
  return text + ")";
}

// "bus 0.83 (12, 229, 799, 741)"
std::string text_of(const std::string& label, std::optional<int> class_id,
                    std::optional<double> score, std::optional<Box> box) {
  std::string text = label;
  if (text.empty() && class_id) text = "class " + std::to_string(*class_id);
  if (text.empty()) text = "an item";
  if (score) text += " " + number(*score, "%.3f");
  if (box) text += " " + text_of(*box);
  return text;
}

std::string text_of(const Item& item) {
  return text_of(item.label, item.class_id, item.score, item.box);
}

std::optional<Box> box_of(const GoldenExpectation& expected) {
  if (expected.box.size() != 4) return std::nullopt;
  const std::vector<double>& b = expected.box;
  return Box{static_cast<float>(b[0]), static_cast<float>(b[1]), static_cast<float>(b[2]),
             static_cast<float>(b[3])};
}

std::string text_of(const GoldenExpectation& expected) {
  return text_of(expected.label, expected.class_id, expected.score, box_of(expected));
}

bool is_same_class(const GoldenExpectation& expected, const Item& item) {
  return (expected.label.empty() || expected.label == item.label) &&
         (!expected.class_id || expected.class_id == item.class_id);
}

// The farthest corner, in pixels; 0 where one of the two says nothing of a box.
double distance(const GoldenExpectation& expected, const Item& item) {
  const std::optional<Box> wanted = box_of(expected);
  if (!wanted || !item.box) return 0;
  double farthest = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const double apart = std::abs(wanted->xyxy()[i] - item.box->xyxy()[i]);
    farthest = std::max(farthest, apart);
  }
  return farthest;
}

bool fits(const GoldenExpectation& expected, const Item& item, const GoldenAnswer& golden) {
  if (!is_same_class(expected, item)) return false;
  if (expected.score && !(std::abs(*expected.score - item.score) <= golden.score_tolerance))
    return false;
  return distance(expected, item) <= golden.box_tolerance;
}

// What is most like the expectation, for the message.
std::string nearest_to(const GoldenExpectation& expected, const std::vector<Item>& items) {
  const Item* nearest = nullptr;
  for (const Item& item : items) {
    if (!is_same_class(expected, item)) continue;
    if (nearest == nullptr || distance(expected, item) < distance(expected, *nearest))
      nearest = &item;
  }
  if (nearest != nullptr) return "the nearest is " + text_of(*nearest);
  return items.empty() ? "nothing was found" : "the best is " + text_of(items.front());
}

std::optional<std::string> difference_of(const GoldenAnswer& golden, std::vector<Item> items) {
  const int count = static_cast<int>(items.size());
  const int least = golden.min_count.value_or(0);
  const int most = golden.max_count.value_or(count);
  if (count < least || count > most) {
    std::string wanted = std::to_string(least);
    if (!golden.max_count) wanted = "at least " + wanted;
    if (least != most && golden.max_count) wanted += " to " + std::to_string(most);
    return std::to_string(count) + " answers, expected " + wanted;
  }
  if (golden.top1 && !golden.expect.empty()) {
    if (items.empty()) return "no answer, expected " + text_of(golden.expect.front());
    if (!is_same_class(golden.expect.front(), items.front())) {
      return "first is " + text_of(items.front()) + ", expected " + text_of(golden.expect.front());
    }
  }
  for (const GoldenExpectation& expected : golden.expect) {
    const auto found = std::find_if(items.begin(), items.end(),
                                    [&](const Item& item) { return fits(expected, item, golden); });
    if (found == items.end())
      return "expected " + text_of(expected) + ", " + nearest_to(expected, items);
    items.erase(found);
  }
  return std::nullopt;
}

// The first line in which they differ says more than both texts.
std::optional<std::string> difference_of(const std::string& expected, const std::string& read) {
  if (expected == read) return std::nullopt;
  std::istringstream wanted(expected);
  std::istringstream found(read);
  for (int line = 1;; ++line) {
    std::string want;
    std::string have;
    const bool wants = static_cast<bool>(std::getline(wanted, want));
    const bool has = static_cast<bool>(std::getline(found, have));
    if (!wants && !has) return "one of the texts lacks the last line break";
    if (want == have && wants && has) continue;
    const auto shown = [](bool is_there, const std::string& text) {
      return is_there ? "'" + text + "'" : std::string("the end of the text");
    };
    return "line " + std::to_string(line) + ": expected " + shown(wants, want) + ", read " +
           shown(has, have);
  }
}

}  // namespace

std::optional<std::string> difference(const GoldenAnswer& golden, const Answer& answer) {
  if (const auto* text = std::get_if<Text>(&answer); text != nullptr && !golden.text.empty()) {
    if (std::optional<std::string> differs = difference_of(golden.text, text->string()))
      return differs;
  }
  return std::visit(
      [&](const auto& found) {
        std::vector<Item> items;
        for (const auto& item : found) items.push_back(item_of(item));
        return difference_of(golden, std::move(items));
      },
      answer);
}

}  // namespace modelhub::hub
