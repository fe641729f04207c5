// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/python_literal.h"

#include "model_file/utf8.h"
#include "target.h"

namespace {

using modelhub::model_file::PythonValue;

void look_at(const PythonValue& value) {
  MODELHUB_FUZZ_REQUIRE(modelhub::model_file::is_utf8(value.text));
  for (const PythonValue& item : value.items) look_at(item);
  for (const PythonValue::Member& member : value.members) {
    look_at(member.key);
    look_at(member.value);
  }
}

}  // namespace

// A text of a model's metadata.
MODELHUB_FUZZ_TARGET(python_literal) {
  const auto value = modelhub::model_file::parse_python_literal(input, "fuzz");
  if (value) return look_at(*value);
  MODELHUB_FUZZ_REQUIRE(value.error().code == modelhub::ErrorCode::corrupt_data);
  MODELHUB_FUZZ_REQUIRE(value.error().message.starts_with("fuzz is not a Python literal"));
}
