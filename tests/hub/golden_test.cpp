// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/golden.h"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

namespace modelhub::hub {
namespace {

using ::testing::HasSubstr;

const Detection k_bus{"bus", 5, 0.83F, {35, 230, 798, 775}};
const Detection k_person{"person", 0, 0.91F, {672, 374, 810, 879}};

Detections detections(std::vector<Detection> items) {
  Detections answer;
  answer.items = std::move(items);
  return answer;
}

GoldenExpectation expected(const Detection& d) {
  return {d.label, d.class_id, d.score, {d.box.x1, d.box.y1, d.box.x2, d.box.y2}};
}

GoldenAnswer golden(const std::vector<Detection>& wanted) {
  GoldenAnswer golden;
  for (const Detection& d : wanted) golden.expect.push_back(expected(d));
  golden.min_count = golden.max_count = static_cast<int>(wanted.size());
  return golden;
}

std::string difference_text(const GoldenAnswer& golden, const Answer& answer) {
  return difference(golden, answer).value_or("none");
}

TEST(GoldenTest, TheSameAnswerInAnyOrderIsRight) {
  EXPECT_EQ(difference(golden({k_bus, k_person}), detections({k_person, k_bus})), std::nullopt);
}

TEST(GoldenTest, ToleratesSmallDifferencesOnly) {
  Detection moved = k_bus;
  moved.box.x2 += 2.9F;
  moved.score -= 0.015F;
  EXPECT_EQ(difference(golden({k_bus}), detections({moved})), std::nullopt);
  moved.box.x2 += 0.2F;
  EXPECT_THAT(
      difference_text(golden({k_bus}), detections({moved})),
      HasSubstr(
          "expected bus 0.830 (35, 230, 798, 775), the nearest is bus 0.815 (35, 230, 801, 775)"));
  moved = k_bus;
  moved.score -= 0.03F;
  EXPECT_THAT(difference_text(golden({k_bus}), detections({moved})), HasSubstr("bus 0.800"));
}

TEST(GoldenTest, AScoreThatIsNoNumberIsWrong) {
  Detection broken = k_bus;
  broken.score = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(difference(golden({k_bus}), detections({broken})), std::nullopt);
}

TEST(GoldenTest, AnotherClassIsWrongWhateverItsBox) {
  Detection other = k_bus;
  other.label = "truck";
  EXPECT_THAT(difference_text(golden({k_bus}), detections({other})),
              HasSubstr("the best is truck"));
  other = k_bus;
  other.class_id = 6;
  EXPECT_NE(difference(golden({k_bus}), detections({other})), std::nullopt);
}

TEST(GoldenTest, OneAnswerDoesNotServeTwoExpectations) {
  const GoldenAnswer twice = golden({k_bus, k_bus});
  EXPECT_EQ(difference_text(twice, detections({k_bus, k_person})).rfind("expected bus", 0), 0U);
}

TEST(GoldenTest, CountsWhatWasFound) {
  EXPECT_EQ(difference_text(golden({k_bus}), detections({})), "0 answers, expected 1");
  GoldenAnswer range = golden({});
  range.max_count = 3;
  EXPECT_EQ(difference(range, detections({k_bus})), std::nullopt);
  range.min_count = 2;
  EXPECT_EQ(difference_text(range, detections({k_bus})), "1 answers, expected 2 to 3");
  range.max_count.reset();
  EXPECT_EQ(difference_text(range, detections({k_bus})), "1 answers, expected at least 2");
}

TEST(GoldenTest, WithoutACountMoreMayBeFound) {
  GoldenAnswer open = golden({k_bus});
  open.min_count.reset();
  open.max_count.reset();
  EXPECT_EQ(difference(open, detections({k_bus, k_person})), std::nullopt);
  EXPECT_THAT(difference_text(open, detections({})), HasSubstr("nothing was found"));
}

TEST(GoldenTest, TheBestClassMustComeFirstWhereTheCatalogSaysSo) {
  Classifications classes;
  classes.items = {{"tabby", 281, 0.5F}, {"Egyptian cat", 285, 0.49F}};
  GoldenAnswer golden;
  golden.expect.push_back({"Egyptian cat", 285, std::nullopt, {}});
  EXPECT_EQ(difference(golden, classes), std::nullopt);
  golden.top1 = true;
  EXPECT_THAT(difference_text(golden, classes), HasSubstr("first is tabby 0.500"));
  EXPECT_THAT(difference_text(golden, Classifications()), HasSubstr("no answer"));
}

TEST(GoldenTest, FacesHaveBoxesAndNoLabels) {
  Faces faces;
  faces.items.push_back({0.9F, {10, 10, 50, 60}, {}, {}});
  GoldenAnswer golden;
  golden.expect.push_back({"", std::nullopt, 0.9, {11, 9, 50, 60}});
  EXPECT_EQ(difference(golden, faces), std::nullopt);
  golden.box_tolerance = 0.5;
  EXPECT_THAT(difference_text(golden, faces), HasSubstr("expected an item 0.900 (11, 9, 50, 60)"));
}

Text text_of(std::string read) {
  Text text;
  text.text = std::move(read);
  text.items.push_back({});
  return text;
}

TEST(GoldenTest, ATextIsRightToTheLetter) {
  GoldenAnswer golden;
  golden.text = "one two\nthree\n";
  EXPECT_EQ(difference(golden, text_of("one two\nthree\n")), std::nullopt);
  EXPECT_EQ(difference_text(golden, text_of("one two\nthrea\n")),
            "line 2: expected 'three', read 'threa'");
  EXPECT_EQ(difference_text(golden, text_of("one two\n")),
            "line 2: expected 'three', read the end of the text");
  EXPECT_EQ(difference_text(golden, text_of("one two\nthree\nfour\n")),
            "line 3: expected the end of the text, read 'four'");
  EXPECT_THAT(difference_text(golden, text_of("one two\nthree")), HasSubstr("last line break"));
}

}  // namespace
}  // namespace modelhub::hub
