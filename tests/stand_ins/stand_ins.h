// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace modelhub::test {

// Models whose real weights the tests cannot have: graphs with the same kinds of layers in the same
// order, the same inputs and outputs, and what follows them, but with fewer channels and with
// weights out of a sequence that is the same on every machine. They find nothing that is in a
// picture; what they find is as good as any to see whether two programs feed and read them in the
// same way. tests/reference/stand_ins.py is the other program.

// Classifiers of 1000 classes.
std::string make_resnet50();            // version v1-12 of the catalog
std::string make_whole_resnet50();      // with all channels, 102 MB: what loading it takes is real
std::string make_squeezenet();          // 1.1
std::string make_efficientnet_lite4();  // 11

// Detectors.
std::string make_yolox_s();
std::string make_yolox_tiny();
std::string make_yolov8s();
std::string make_ssd_mobilenet_v1();  // 12: the graph scales, decodes and suppresses by itself
// A frozen graph of TensorFlow, SSD MobileNet v2 (COCO, 2018_03_29). `text_graph` is the content of
// OpenCV's .pbtxt for it: the layers are read from there.
std::string make_ssd_mobilenet_v2(const std::string& text_graph);
// MobileNet-SSD of Caffe, 20 classes and the background.
struct CaffeFiles {
  std::string prototxt;
  std::string caffemodel;
};
CaffeFiles make_mobilenet_ssd();

struct StandInFile {
  std::string path;
  std::string role;  // as in a catalog document
  std::string content;
};

// Every model above by its name; that of Caffe, which is in no catalog, is "mobilenet_ssd".
std::vector<std::string> names_of_stand_ins();
// The files of one, in the order of a catalog document. `shared` is the folder with mirror/.
// Throws std::runtime_error when there is no such model, or a file of the mirror is missing.
std::vector<StandInFile> files_of_stand_in(const std::string& model, const std::string& shared);

}  // namespace modelhub::test
