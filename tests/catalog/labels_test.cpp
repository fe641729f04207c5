// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "catalog/catalog.h"

namespace modelhub::catalog {
namespace {

TEST(LabelsTest, BuiltInListsHaveTheirNumberOfNames) {
  EXPECT_EQ(Catalog::labels("coco80").value().size(), 80U);
  EXPECT_EQ(Catalog::labels("coco90").value().size(), 90U);
  EXPECT_EQ(Catalog::labels("imagenet1k").value().size(), 1000U);
}

TEST(LabelsTest, IdsHaveTheNamesThatTheModelsMean) {
  const std::vector<std::string> coco = Catalog::labels("coco80").value();
  EXPECT_EQ(coco[0], "person");
  EXPECT_EQ(coco[5], "bus");
  EXPECT_EQ(coco[79], "toothbrush");
  const std::vector<std::string> imagenet = Catalog::labels("imagenet1k").value();
  EXPECT_EQ(imagenet[281], "tabby, tabby cat");
  EXPECT_EQ(imagenet[258], "Samoyed, Samoyede");
  EXPECT_EQ(Catalog::labels("coco90").value()[89], "toothbrush");
}

TEST(LabelsTest, AnUnknownListIsNamedWithThoseThatExist) {
  const Result<std::vector<std::string>> labels = Catalog::labels("coco8000");
  ASSERT_FALSE(labels);
  EXPECT_EQ(labels.error().code, ErrorCode::not_found);
  EXPECT_EQ(labels.error().subject, Subject::catalog);
  EXPECT_EQ(
      labels.error().message,
      "this modelhub has no list of labels named 'coco8000'; it has coco80, coco90, imagenet1k");
}

TEST(LabelsTest, ARecipeBringsItsOwnNamesOrNamesAListOrHasNone) {
  Recipe recipe;
  EXPECT_TRUE(Catalog::labels_of(recipe).value().empty());
  recipe.labels = "coco80";
  EXPECT_EQ(Catalog::labels_of(recipe).value().size(), 80U);
  recipe.label_names = {"person"};
  EXPECT_EQ(Catalog::labels_of(recipe).value(), std::vector<std::string>{"person"});
}

}  // namespace
}  // namespace modelhub::catalog
