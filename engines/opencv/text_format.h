// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "modelhub/engine_module.h"

namespace modelhub::opencv_engine {

// A message in protobuf's text format (protobuf.dev/reference/protobuf/textformat-spec): what
// .pbtxt and .prototxt files hold, as a tree, without knowing what fields there should be.
struct TextMessage {
  struct Field;

  std::vector<Field> fields;

  // The first field of this name; nullptr when there is none.
  const Field* find(std::string_view name) const;
  // The numbers of all fields of this name; one that is no number counts as -1.
  std::vector<std::int64_t> numbers(std::string_view name) const;
};

struct TextMessage::Field {
  std::string name;
  std::string value;  // of a scalar, without quotes
  bool is_message = false;
  TextMessage message;
};

// Throws engine_shared::Malformed that tells the line.
TextMessage parse_text_format(std::string_view text);

// Throws Failure that names the file: MH_IO_ERROR, MH_CORRUPT_DATA.
TextMessage read_text_file(const engine_module::File& file);

}  // namespace modelhub::opencv_engine
