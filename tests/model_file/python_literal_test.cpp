// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/python_literal.h"

#include <gmock/gmock.h>

namespace modelhub::model_file {
namespace {

using Kind = PythonValue::Kind;
using ::testing::HasSubstr;

PythonValue parse(std::string_view text) { return parse_python_literal(text, "x").value(); }

void expect_refused(std::string_view text, const std::string& words) {
  const Result<PythonValue> value = parse_python_literal(text, "the metadata 'names'");
  ASSERT_FALSE(value) << text;
  EXPECT_EQ(value.error().code, ErrorCode::corrupt_data);
  EXPECT_EQ(value.error().subject, Subject::model);
  EXPECT_THAT(value.error().message, HasSubstr("the metadata 'names' is not a Python literal"));
  EXPECT_THAT(value.error().message, HasSubstr(words)) << text;
}

TEST(PythonLiteralTest, ReadsWhatReprWritesOfSimpleValues) {
  EXPECT_EQ(parse("None").kind, Kind::none);
  EXPECT_TRUE(parse("True").flag);
  EXPECT_FALSE(parse(" False\n").flag);
  EXPECT_EQ(parse("False").kind, Kind::boolean);
  EXPECT_EQ(parse("-32").integer, -32);
  EXPECT_EQ(parse("32").real, 32.0);
  EXPECT_EQ(parse("0.7").real, 0.7);
  EXPECT_EQ(parse("0.7").kind, Kind::real);
  EXPECT_EQ(parse("1e-05").real, 1e-05);
  EXPECT_EQ(parse("-9223372036854775808").integer, INT64_MIN);
}

TEST(PythonLiteralTest, ReadsTextsWithBothQuotesAndAllEscapes) {
  EXPECT_EQ(parse("'traffic light'").text, "traffic light");
  EXPECT_EQ(parse("\"driver's seat\"").text, "driver's seat");
  EXPECT_EQ(parse(R"('a\\b\'c\"d\n\t\r')").text, "a\\b'c\"d\n\t\r");
  EXPECT_EQ(parse(R"('\xe9\u20ac\U0001f600\101\0')").text,
            std::string("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80") + "A" + std::string(1, '\0'));
  EXPECT_EQ(parse("'\xE7\x8C\xAB'").text, "\xE7\x8C\xAB");
  EXPECT_EQ(parse("''").text, "");
}

TEST(PythonLiteralTest, ReadsListsTuplesAndDictsInTheirOrder) {
  const PythonValue names = parse("{0: 'person', 1: 'bus', }");
  ASSERT_EQ(names.kind, Kind::dict);
  ASSERT_EQ(names.members.size(), 2U);
  EXPECT_EQ(names.members[1].key.integer, 1);
  EXPECT_EQ(names.members[1].value.text, "bus");
  const PythonValue size = parse("[640, 480]");
  ASSERT_EQ(size.items.size(), 2U);
  EXPECT_EQ(size.items[0].integer, 640);
  EXPECT_EQ(parse("(17, 3)").items.size(), 2U);
  EXPECT_EQ(parse("(1,)").items.size(), 1U);
  EXPECT_TRUE(parse("()").items.empty());
  EXPECT_TRUE(parse("{}").members.empty());
  const PythonValue args = parse("{'data': None, 'nms': True, 'deep': [{'a': (1, 2)}]}");
  EXPECT_TRUE(args.find("nms")->flag);
  EXPECT_EQ(args.find("deep")->items[0].find("a")->items[1].integer, 2);
  EXPECT_EQ(args.find("none"), nullptr);
}

TEST(PythonLiteralTest, NothingIsEvaluatedAndNothingIsGuessed) {
  expect_refused("", "ends where a value should stand");
  expect_refused("__import__('os').system('x')", "'__import__' is no literal");
  expect_refused("open", "'open' is no literal");
  expect_refused("true", "'true' is no literal");
  expect_refused("nan", "'nan' is no literal");
  expect_refused("1 + 1", "something follows");
  expect_refused("'a' 'b'", "something follows");
  expect_refused("b'bytes'", "is no literal");
  expect_refused("{1, 2}", "expected a colon");
  expect_refused("[1 2]", "expected a comma");
  expect_refused("(1)", "a tuple of one has a comma");
  expect_refused("[1,,2]", "begins no value");
  expect_refused("{[1]: 2}", "cannot be a key");
  expect_refused("{1: 2", "expected a comma");
  expect_refused("0x10", "no number");
  expect_refused("1e999", "no number");
  expect_refused("99999999999999999999", "no number");
  expect_refused("-", "no number");
}

TEST(PythonLiteralTest, TextsThatAreNoTextsAreRefused) {
  expect_refused("'open", "has no end");
  expect_refused("'a\nb'", "a line ends");
  expect_refused("'\\", "an escape that no repr() writes");
  expect_refused(R"('\N{DASH}')", "an escape that no repr() writes");
  expect_refused(R"('\x1')", "cut short");
  expect_refused(R"('\u12')", "cut short");
  expect_refused(R"('\ud800')", "stands for no letter");
  expect_refused(R"('\U00110000')", "stands for no letter");
  expect_refused("'\xff'", "not UTF-8");
}

TEST(PythonLiteralTest, DepthAndLengthAreBounded) {
  expect_refused(std::string(100'000, '['), "more than 32 levels");
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "{1:";
  expect_refused(deep, "more than 32 levels");
  std::string list = "[";
  for (int i = 0; i < 200'001; ++i) list += "0,";
  expect_refused(list + "]", "more than 200000 values");
}

TEST(PythonLiteralTest, AnErrorSaysWhere) {
  const Result<PythonValue> value = parse_python_literal("{0: person}", "names");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().message,
            "names is not a Python literal: at character 5: 'person' is no literal");
}

}  // namespace
}  // namespace modelhub::model_file
