// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "modelhub/rel_path.h"
#include "modelhub/result.h"
#include "modelhub/tensor.h"

namespace modelhub::model_file {

// A tensor that a model takes or gives, as its file declares it.
struct TensorFacts {
  std::string name;
  std::string element_type;  // "float32", "uint8", ... as name_of(DType); or another format's word
  std::optional<Shape> shape;  // -1 where a side is open; nothing when the file does not say
  std::string made_by;         // of an output: the operator that computes it; empty when not known

  // "images [1,3,640,640] float32"
  std::string to_string() const;
};

// What a model's file says of itself.
struct ModelFacts {
  std::string format;      // "onnx", "openvino_ir": as in the catalog
  std::string written_by;  // "pytorch 2.1"; may be empty
  std::int64_t opset = 0;  // of ONNX's standard operators; 0 when not told
  std::string precision;   // "float32", "float16", "int8": of its weights, as in the catalog
  std::vector<TensorFacts> inputs;  // without weights that are listed as inputs
  std::vector<TensorFacts> outputs;
  // Texts that whoever exported the model put in: ONNX's metadata_props, the model_info of an IR.
  std::map<std::string, std::string> metadata;
  // Where more of the model lies, relative to the folder of the file: weights.
  std::vector<RelPath> other_files;
};

// Reads the headers of a model's file and none of its weights: a few milliseconds and a few MB at
// most, whatever the file says. `name` is what people call it; its ending decides the format.
//
// Errors: all about the model. not_found, io_error; corrupt_data when it is cut off or something
//         else; unsupported with the way out for formats that cannot be run (see formats.h).
// Thread safety: any thread; nothing is kept.
Result<ModelFacts> read_model_file(base::FileSystem& files, const std::string& path,
                                   const std::string& name);

}  // namespace modelhub::model_file
