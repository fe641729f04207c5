// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/faces.h"

#include <limits>

#include <gtest/gtest.h>

#include "outputs.h"

namespace modelhub {
namespace {

using vision::expect_error;

using Numbers = std::vector<float>;

const FaceMeasure k_euclidean(FaceMetric::euclidean, 0.6f);
const FaceMeasure k_cosine(FaceMetric::cosine, 1 - 0.363f);

TEST(FaceMeasureTest, EuclideanIsTheLengthOfTheDifference) {
  const Numbers a = {1, 2, 3};
  const Numbers b = {1, 5, -1};
  EXPECT_FLOAT_EQ(k_euclidean.distance(a, b).value(), 5);
  EXPECT_FLOAT_EQ(k_euclidean.distance(b, a).value(), 5);
  EXPECT_EQ(k_euclidean.distance(a, a).value(), 0);
}

TEST(FaceMeasureTest, CosineLooksAtTheDirectionOnly) {
  EXPECT_FLOAT_EQ(k_cosine.distance(Numbers{1, 0}, Numbers{0, 7}).value(), 1);
  EXPECT_FLOAT_EQ(k_cosine.distance(Numbers{1, 0}, Numbers{-3, 0}).value(), 2);
  EXPECT_FLOAT_EQ(k_cosine.distance(Numbers{1, 1}, Numbers{1, 0}).value(), 1 - 0.70710678f);
  const Numbers a = {0.3f, 0.7f, -0.2f};
  EXPECT_NEAR(k_cosine.distance(a, Numbers{3, 7, -2}).value(), 0, 1e-6);
  EXPECT_GE(k_cosine.distance(a, a).value(), 0);
  // Noughts have no direction.
  EXPECT_EQ(k_cosine.distance(a, Numbers{0, 0, 0}).value(), 1);
}

TEST(FaceMeasureTest, TheThresholdIsStillOnePerson) {
  EXPECT_TRUE(k_euclidean.is_same_person(0.6f));
  EXPECT_FALSE(k_euclidean.is_same_person(std::nextafter(0.6f, 1.0f)));
  EXPECT_FALSE(k_euclidean.is_same_person(std::numeric_limits<float>::quiet_NaN()));
}

TEST(FaceMeasureTest, WhatCannotBeComparedIsAnError) {
  expect_error(k_euclidean.distance(Numbers{}, Numbers{1}), ErrorCode::invalid_argument,
               Subject::usage, "without an embedding");
  expect_error(k_cosine.distance(Numbers{1}, Numbers{}), ErrorCode::invalid_argument,
               Subject::usage, "without an embedding");
  expect_error(k_cosine.distance(Numbers{1, 2}, Numbers{1}), ErrorCode::invalid_argument,
               Subject::usage, "embeddings of 2 and 1 numbers");
}

TEST(FaceMeasureTest, TheGalleryTellsTheMarginToTheNextPerson) {
  const std::vector<KnownFace> gallery = {
      {"ann", {0, 0}}, {"bob", {1, 0}}, {"ann", {0.1f, 0}}, {"cy", {0, 3}}};
  const FaceMatch match = k_euclidean.find_nearest(Numbers{0.3f, 0}, gallery).value();
  EXPECT_EQ(match.index, 2u);
  EXPECT_FLOAT_EQ(match.distance, 0.2f);
  // Not the other picture of ann, which is nearer than bob.
  ASSERT_TRUE(match.margin);
  EXPECT_FLOAT_EQ(*match.margin, 0.5f);
  EXPECT_TRUE(match.is_same_person);
}

TEST(FaceMeasureTest, AStrangerIsNobodyOfTheGallery) {
  const std::vector<KnownFace> gallery = {{"ann", {0, 0}}, {"ann", {0, 1}}};
  const FaceMatch match = k_euclidean.find_nearest(Numbers{0, 5}, gallery).value();
  EXPECT_EQ(match.index, 1u);
  EXPECT_FALSE(match.is_same_person);
  EXPECT_FALSE(match.margin) << "there is no other person";
}

TEST(FaceMeasureTest, AGalleryThatCannotBeComparedIsAnError) {
  expect_error(k_euclidean.find_nearest(Numbers{1}, {}), ErrorCode::invalid_argument,
               Subject::usage, "gallery has no faces");
  const std::vector<KnownFace> gallery = {{"ann", {0, 0}}, {"bob", {1}}};
  const auto match = k_euclidean.find_nearest(Numbers{1, 2}, gallery);
  expect_error(match, ErrorCode::invalid_argument, Subject::usage, "2 and 1 numbers");
  EXPECT_NE(match.error().to_string().find("bob"), std::string::npos);
}

TEST(FaceMeasureTest, MetricsHaveTheirCataloguedNames) {
  EXPECT_EQ(name_of(FaceMetric::euclidean), "euclidean");
  EXPECT_EQ(name_of(FaceMetric::cosine), "cosine");
}

}  // namespace
}  // namespace modelhub
