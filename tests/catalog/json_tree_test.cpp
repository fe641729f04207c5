// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "catalog/json_tree.h"

#include <gtest/gtest.h>

namespace modelhub::catalog {
namespace {

TEST(JsonTreeTest, EveryValueKnowsItsLine) {
  const JsonNode root =
      parse_json("{\n \"a\": 1,\n \"b\": [\n  true,\n  null\n ],\n \"c\": 2\n}\n", "x").value();
  EXPECT_EQ(root.line, 1);
  EXPECT_EQ(root.find("a")->line, 2);
  EXPECT_EQ(root.find("b")->line, 3);
  EXPECT_EQ(root.find("b")->items[0].line, 4);
  EXPECT_EQ(root.find("b")->items[1].line, 5);
  EXPECT_EQ(root.find("c")->line, 7);  // a number ends at the newline, and belongs to its own line
  EXPECT_EQ(root.find("d"), nullptr);
}

TEST(JsonTreeTest, KeepsNumbersTextsAndFlags) {
  const JsonNode root =
      parse_json(R"([9007199254740993, -1, 0.5, "ä\u00e9\n", false])", "x").value();
  EXPECT_TRUE(root.items[0].is_integer);
  EXPECT_EQ(root.items[0].integer, 9007199254740993U);
  EXPECT_FALSE(root.items[1].is_integer);
  EXPECT_EQ(root.items[1].number, -1);
  EXPECT_EQ(root.items[2].number, 0.5);
  EXPECT_EQ(root.items[3].text, "äé\n");
  EXPECT_EQ(root.items[4].kind, JsonNode::Kind::boolean);
}

void expect_refused(const std::string& text, const std::string& place, const std::string& what) {
  const Result<JsonNode> root = parse_json(text, "file.json");
  ASSERT_FALSE(root) << text;
  EXPECT_EQ(root.error().code, ErrorCode::corrupt_data);
  EXPECT_EQ(root.error().subject, Subject::catalog);
  EXPECT_EQ(root.error().message.rfind("file.json:" + place + ": ", 0), 0U) << root.error().message;
  EXPECT_NE(root.error().message.find(what), std::string::npos) << root.error().message;
  EXPECT_FALSE(root.error().hint.empty());
}

TEST(JsonTreeTest, WrongJsonIsNamedWithItsLine) {
  expect_refused("{\n\"a\": 1\n\"b\": 2\n}", "3", "not valid JSON");
  expect_refused("{\n\"a\": 1,\n}", "3", "not valid JSON");
  expect_refused("{\n\"a\": tru\n}", "2", "not valid JSON");
  expect_refused("{\n\"a\": \"text\n\"}", "2", "not valid JSON");
  expect_refused("{\n\"a\": 1", "2", "unexpected end of input");
  expect_refused("", "1", "unexpected end of input");
  expect_refused("{} x", "1", "not valid JSON");
  expect_refused("[\n1e999]", "2", "not valid JSON");
  expect_refused("\"\xff\"", "1", "UTF-8");
  expect_refused("<html>\n</html>", "1", "not valid JSON");
}

TEST(JsonTreeTest, AKeyThatStandsTwiceIsRefused) {
  expect_refused("{\"a\": 1,\n \"a\": 2}", "2", "the key \"a\" stands here twice");
}

TEST(JsonTreeTest, DeepNestingIsRefusedAndDoesNotOverflowTheStack) {
  expect_refused(std::string(1'000'000, '['), "1", "nested more than 64 deep");
  EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']'), "x"));
}

}  // namespace
}  // namespace modelhub::catalog
