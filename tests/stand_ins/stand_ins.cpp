// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "stand_ins/stand_ins.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace modelhub::test {
namespace {

constexpr const char* k_text_graph =
    "341be6ea1bb95300db0e99d80b9dacb8bf73f29a63ee5cf0d42e928b3b0ab21a";

struct OnnxStandIn {
  const char* model;
  const char* file;
  std::string (*make)();
};

constexpr OnnxStandIn k_onnx[] = {
    {"resnet50", "resnet50-v1-12.onnx", &make_resnet50},
    {"squeezenet", "squeezenet1.1-7.onnx", &make_squeezenet},
    {"efficientnet_lite4", "efficientnet-lite4-11.onnx", &make_efficientnet_lite4},
    {"yolox_s", "yolox_s.onnx", &make_yolox_s},
    {"yolox_tiny", "yolox_tiny.onnx", &make_yolox_tiny},
    {"yolov8s", "yolov8s.onnx", &make_yolov8s},
    {"ssd_mobilenet_v1", "ssd_mobilenet_v1_12.onnx", &make_ssd_mobilenet_v1},
};

std::vector<StandInFile> files_of_ssd_mobilenet_v2(const std::string& shared) {
  const std::string path = shared + "/mirror/sha256/" + k_text_graph;
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read the text graph " + path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return {{"frozen_inference_graph.pb", "graph", make_ssd_mobilenet_v2(text)},
          {"ssd_mobilenet_v2_coco_2018_03_29.pbtxt", "config", text}};
}

std::vector<StandInFile> files_of_mobilenet_ssd() {
  CaffeFiles files = make_mobilenet_ssd();
  return {{"MobileNetSSD_deploy.prototxt", "graph", std::move(files.prototxt)},
          {"MobileNetSSD_deploy.caffemodel", "weights", std::move(files.caffemodel)}};
}

}  // namespace

std::vector<std::string> names_of_stand_ins() {
  std::vector<std::string> names;
  for (const OnnxStandIn& row : k_onnx) names.emplace_back(row.model);
  names.insert(names.end(), {"ssd_mobilenet_v2", "mobilenet_ssd"});
  return names;
}

std::vector<StandInFile> files_of_stand_in(const std::string& model, const std::string& shared) {
  for (const OnnxStandIn& row : k_onnx) {
    if (row.model == model) return {{row.file, "graph", row.make()}};
  }
  if (model == "ssd_mobilenet_v2") return files_of_ssd_mobilenet_v2(shared);
  if (model == "mobilenet_ssd") return files_of_mobilenet_ssd();
  throw std::runtime_error("there is no stand-in for '" + model + "'");
}

}  // namespace modelhub::test
