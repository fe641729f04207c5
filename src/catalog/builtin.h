// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace modelhub::catalog {

// A file that was compiled in; see cmake/modelhub_embed_texts.cmake.
struct EmbeddedText {
  std::string_view name;  // without its folder: "yolox.json"
  std::string_view text;
};

std::span<const EmbeddedText> built_in_documents();
std::span<const EmbeddedText> built_in_labels();

}  // namespace modelhub::catalog
