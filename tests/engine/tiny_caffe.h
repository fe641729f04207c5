// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/tiny_protobuf.h"

namespace modelhub::engine::tiny_caffe {

// Writes the weights of Caffe's networks (NetParameter), a layer at a time, without Caffe. The
// numbers are those of the fields in its caffe.proto.

inline std::string blob(const std::vector<std::int64_t>& sides, const std::vector<float>& values) {
  using namespace tiny_protobuf;
  std::string shape;
  for (const std::int64_t side : sides) shape += number(1, static_cast<std::uint64_t>(side));
  return bytes(7, bytes(7, shape) + bytes(5, raw(values)));
}

inline std::string layer(const std::string& name, const std::string& type,
                         const std::string& blobs) {
  using namespace tiny_protobuf;
  return bytes(100, bytes(1, name) + bytes(2, type) + blobs);
}

}  // namespace modelhub::engine::tiny_caffe
