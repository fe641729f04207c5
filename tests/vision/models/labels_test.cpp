// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/labels.h"

#include <gtest/gtest.h>

namespace modelhub::vision {
namespace {

using Words = std::vector<std::string>;
const Words k_labels = {"person", "bicycle", "traffic light", "tabby, tabby cat"};

TEST(LabelsTest, AreReadLineByLine) {
  EXPECT_EQ(*parse_labels("person\nbicycle\n", "f"), (Words{"person", "bicycle"}));
  EXPECT_EQ(*parse_labels("person\r\ntraffic light\r\n\r\n", "f"),
            (Words{"person", "traffic light"}));
  EXPECT_EQ(*parse_labels("\xEF\xBB\xBFperson", "f"), (Words{"person"}));
}

TEST(LabelsTest, ImageNetsIdentifiersAreDropped) {
  EXPECT_EQ(*parse_labels("n02123045 tabby, tabby cat\nn0212304 x\nnine lives\n", "f"),
            (Words{"tabby, tabby cat", "n0212304 x", "nine lives"}));
}

TEST(LabelsTest, AFileThatIsNoListIsRefusedByName) {
  for (const std::string& text :
       {std::string(), std::string("\n\n"), std::string("a\n\nb\n"), std::string("a\0b", 3)}) {
    const auto refused = parse_labels(text, "my.txt");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::corrupt_data);
    EXPECT_EQ(refused.error().subject, Subject::input);
    EXPECT_NE(refused.error().message.find("my.txt"), std::string::npos);
  }
  EXPECT_NE(parse_labels("a\n\nb\n", "f").error().message.find("line 2"), std::string::npos);
}

TEST(LabelsTest, AClassWithoutALabelIsItsNumber) {
  EXPECT_EQ(label_of(k_labels, 1, 0), "bicycle");
  EXPECT_EQ(label_of(k_labels, 1, 1), "person");
  EXPECT_EQ(label_of(k_labels, 0, 1), "0");
  EXPECT_EQ(label_of(k_labels, 4, 0), "4");
  EXPECT_EQ(label_of({}, 7, 0), "7");
  EXPECT_EQ(label_of(k_labels, -2147483647, 2147483647), "-2147483647");
}

TEST(ResolveClassesTest, TakesNamesAndNumbers) {
  EXPECT_EQ(*resolve_classes(Words{"Traffic Light", "0", "person"}, k_labels, 0),
            (std::vector<int>{0, 2}));
  EXPECT_EQ(*resolve_classes(Words{"person"}, k_labels, 1), (std::vector<int>{1}));
  EXPECT_EQ(*resolve_classes(Words{"tabby cat"}, k_labels, 0), (std::vector<int>{3}));
  EXPECT_EQ(*resolve_classes(Words{}, k_labels, 0), std::vector<int>());
  EXPECT_EQ(*resolve_classes(Words{"900"}, {}, 0), (std::vector<int>{900}));
}

TEST(ResolveClassesTest, OneNameMayBeSeveralClasses) {
  const Words labels = {"crane", "kite", "crane"};
  EXPECT_EQ(*resolve_classes(Words{"crane"}, labels, 0), (std::vector<int>{0, 2}));
}

void expect_unknown(const Result<std::vector<int>>& refused, const std::string& hint) {
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(refused.error().subject, Subject::usage);
  EXPECT_NE(refused.error().hint.find(hint), std::string::npos) << refused.error().hint;
}

TEST(ResolveClassesTest, AnUnknownNameGetsTheNearest) {
  expect_unknown(resolve_classes(Words{"persn"}, k_labels, 0), "did you mean 'person'?");
  expect_unknown(resolve_classes(Words{"bicylce"}, k_labels, 0), "did you mean 'bicycle'?");
  expect_unknown(resolve_classes(Words{"zeppelin"}, k_labels, 0), "0 (person) to 3");
  expect_unknown(resolve_classes(Words{""}, k_labels, 0), "0 (person) to 3");
  expect_unknown(resolve_classes(Words{"4"}, k_labels, 0), "0 (person) to 3");
  expect_unknown(resolve_classes(Words{"0"}, k_labels, 1), "1 (person) to 4");
  expect_unknown(resolve_classes(Words{"person"}, {}, 0), "by number");
}

}  // namespace
}  // namespace modelhub::vision
