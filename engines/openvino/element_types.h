// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "modelhub/engine.h"
#include "ov_api.h"

namespace modelhub::openvino_engine {

// The numbers that this release of OpenVINO gives to the types of elements. They changed with
// releases (uint8 was 14, then 17, then 16), so the library is asked how many bits each number
// stands for: the order of the types has stayed.
//
// Thread safety: constant after construction.
class ElementTypes {
 public:
  explicit ElementTypes(const OvApi& api);

  // False when the order is not the one known here.
  bool is_known() const { return !rows_.empty(); }
  // 0 when engine.h has no such type (texts, 4 bits, unsigned 32 and 64 bits).
  mh_dtype dtype_of(OvElementType type) const;
  // REQUIRES: one of engine.h's.
  OvElementType type_of(mh_dtype dtype) const;

 private:
  struct Row {
    OvElementType type;
    mh_dtype dtype;
  };
  std::vector<Row> rows_;
};

}  // namespace modelhub::openvino_engine
