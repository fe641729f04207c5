// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "modelhub/catalog.h"
#include "modelhub/result.h"

namespace modelhub::catalog {

// A document of one model, in the newest schema: what read_document() makes of it is the same model
// again. Golden answers and stages are left out; those who write models down have none.
// Errors: those of read_document(), for what no document can say: a name with a blank, a text with
//         control characters. `origin` names the document in them.
Result<std::string> write_document(const ModelEntry& model, const std::string& origin);

}  // namespace modelhub::catalog
