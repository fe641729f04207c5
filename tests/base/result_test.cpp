// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/result.h"

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

namespace modelhub {
namespace {

using Numbers = std::vector<int>;

static_assert(std::is_same_v<decltype(std::declval<Result<Numbers>>().value()), Numbers>);
static_assert(std::is_same_v<decltype(*std::declval<Result<Numbers>>()), Numbers>);
static_assert(std::is_same_v<decltype(std::declval<Result<Numbers>>().error()), Error>);
static_assert(std::is_same_v<decltype(std::declval<Result<Numbers>&>().value()), Numbers&>);
static_assert(
    std::is_same_v<decltype(std::declval<const Result<Numbers>&>().value()), const Numbers&>);
static_assert(!std::is_convertible_v<Result<int>, bool>, "a Result is no condition by accident");

Error some_error() { return {ErrorCode::io_error, Subject::store, "cannot read x"}; }
Result<Numbers> make_numbers() { return Numbers{1, 2, 3}; }

TEST(ResultTest, RangeForOverATemporarysValueIsSafe) {
  int sum = 0;
  for (const int number : make_numbers().value()) sum += number;
  for (const int number : *make_numbers()) sum += number;
  EXPECT_EQ(sum, 12);
}

TEST(ResultTest, ValueThrowsTheSameError) {
  const Result<int> failed = some_error();
  try {
    (void)failed.value();
    FAIL() << "value() of an error must throw";
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().code, ErrorCode::io_error);
    EXPECT_STREQ(exception.what(), "cannot read x");
  }
  EXPECT_THROW(Result<void>(some_error()).value(), Exception);
  EXPECT_NO_THROW(Result<void>().value());
}

TEST(ResultTest, HoldsWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> value = std::move(result).value();
  EXPECT_EQ(*value, 7);
}

TEST(ResultTest, ConvertsWhatTheValueConvertsFrom) {
  const Result<std::string> text = "abc";
  EXPECT_EQ(*text, "abc");
  const Result<double> number = 3;
  EXPECT_EQ(*number, 3.0);
}

TEST(ResultTest, ChainsPassErrorsThrough) {
  const auto half = [](int n) -> Result<int> {
    if (n % 2 != 0) return Error(ErrorCode::invalid_argument, Subject::usage, "odd");
    return n / 2;
  };
  EXPECT_EQ(Result<int>(8).and_then(half).and_then(half).value(), 2);
  EXPECT_EQ(Result<int>(6).and_then(half).and_then(half).error().message, "odd");
  EXPECT_EQ(Result<int>(6).transform([](int n) { return std::to_string(n); }).value(), "6");
  EXPECT_EQ(Result<int>(some_error()).transform([](int n) { return n; }).error().code,
            ErrorCode::io_error);
  const auto rename = [](Error error) { return std::move(error).with_context("open"); };
  EXPECT_EQ(Result<int>(some_error()).transform_error(rename).error().context, "open");
  EXPECT_EQ(Result<int>(1).transform_error(rename).value(), 1);
  EXPECT_EQ(Result<void>(some_error()).transform_error(rename).error().context, "open");
  EXPECT_EQ(Result<void>().and_then([] { return Result<int>(4); }).value(), 4);
}

TEST(ResultTest, ValueOrGivesTheFallbackOnlyForAnError) {
  EXPECT_EQ(Result<int>(1).value_or(2), 1);
  EXPECT_EQ(Result<int>(some_error()).value_or(2), 2);
  const Result<std::string> kept = std::string("a");
  EXPECT_EQ(kept.value_or("b"), "a");
}

#ifndef NDEBUG
TEST(ResultDeathTest, TheWrongStateIsCaughtInDeveloperBuilds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH((void)*Result<int>(some_error()), "has_value");
  EXPECT_DEATH((void)Result<int>(1).error(), "has_value");
}
#endif

}  // namespace
}  // namespace modelhub
