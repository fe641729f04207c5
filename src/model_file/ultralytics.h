// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "modelhub/result.h"

namespace modelhub::model_file {

// What the exporter of Ultralytics writes into the metadata of a model: the repr() of Python
// values.
struct UltralyticsFacts {
  std::string task;         // "detect", "classify", "segment", "pose", "obb"
  std::string head;         // the class of the last layer: "Detect", "RTDETRDecoder"; may be empty
  std::string description;  // "Ultralytics YOLOv8n model trained on coco.yaml"; may be empty
  std::string version;      // of Ultralytics; may be empty
  std::string license;      // as it is written there; may be empty
  std::vector<std::string> names;  // of the classes, in the order of their ids
  int width = 0;                   // imgsz in pixels; 0 when not told
  int height = 0;
  int stride = 0;        // 0 when not told
  int batch = 1;         // pictures at once
  bool end2end = false;  // the head leaves nothing to suppress
  bool nms = false;      // suppression was exported along with the model
};

// Nothing when the metadata declares no task: then it is not theirs.
// Errors: corrupt_data (subject model) that names the key whose value is not what it should be.
Result<std::optional<UltralyticsFacts>> read_ultralytics(
    const std::map<std::string, std::string>& metadata);

}  // namespace modelhub::model_file
