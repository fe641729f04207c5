// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "modelhub/result.h"

namespace modelhub::catalog {

// A JSON document whose every value knows its line, so that errors can say where.
//
// Thread safety: a value.
struct JsonNode {
  enum class Kind { null, boolean, number, text, array, object };

  Kind kind = Kind::null;
  int line = 0;             // from 1; where the value ends, or where an array or object begins
  bool flag = false;        // boolean
  bool is_integer = false;  // number: without fraction and not negative, in `integer` as well
  std::uint64_t integer = 0;
  double number = 0;
  std::string text;
  struct Member;
  std::vector<Member> members;  // object, in the order of the document
  std::vector<JsonNode> items;  // array

  // Null when the object has no such member.
  const JsonNode* find(std::string_view key) const;
};

struct JsonNode::Member {
  std::string name;
  JsonNode value;
};

// "a string", "an object", ...
std::string_view name_of(JsonNode::Kind kind);

// Parses strict JSON. `origin` names the document in errors: "origin:line: what is wrong".
// Errors: corrupt_data (subject catalog): not JSON, a key twice in an object, nested more than 64
// deep.
Result<JsonNode> parse_json(std::string_view text, const std::string& origin);

}  // namespace modelhub::catalog
