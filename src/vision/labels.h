// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "modelhub/result.h"

namespace modelhub::vision {

// The names of a model's classes in the model's order. The first belongs to class `first_class`
// (DecodeSpec).
using Labels = std::span<const std::string>;

// One label a line; blank lines at the end are dropped, and so is the identifier that ImageNet's
// lists put before the words ("n02123045 tabby, tabby cat"). Errors: corrupt_data (Subject::input):
// no label, a blank line between two, or bytes that are not text; names `name`.
Result<std::vector<std::string>> parse_labels(std::string_view text, const std::string& name);

// The class id as text where there is no label for it.
std::string label_of(Labels labels, int class_id, int first_class);

// Class ids for what a user names: a label (upper and lower case alike; one of a list "tabby, tabby
// cat" is enough) or an id. Sorted, each once. Errors: invalid_argument (Subject::usage) that names
// the word, with the nearest label.
Result<std::vector<int>> resolve_classes(std::span<const std::string> names, Labels labels,
                                         int first_class);

}  // namespace modelhub::vision
