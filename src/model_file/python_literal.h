// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modelhub/result.h"

namespace modelhub::model_file {

// A value as Python's repr() writes it. Exporters put such texts into the metadata of models.
//
// Thread safety: a value.
struct PythonValue {
  enum class Kind { none, boolean, integer, real, text, list, dict };

  Kind kind = Kind::none;
  bool flag = false;
  std::int64_t integer = 0;
  double real = 0;                 // of an integer too
  std::string text;                // UTF-8
  std::vector<PythonValue> items;  // a list or a tuple
  struct Member;
  std::vector<Member> members;  // a dict, in its order

  // Null when this is no dict, or has no such text for a key.
  const PythonValue* find(std::string_view key) const;
};

struct PythonValue::Member {
  PythonValue key;
  PythonValue value;
};

// Reads exactly one literal: None, True, False, numbers, texts, lists, tuples and dicts of these.
// Nothing is evaluated: sums, calls, names, sets, bytes and texts side by side are refused.
// Errors: corrupt_data (subject model) that says at which character; also for more than 32 levels
//         or 200,000 values. The message begins with "what".
Result<PythonValue> parse_python_literal(std::string_view text, const std::string& what);

}  // namespace modelhub::model_file
