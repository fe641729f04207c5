// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace modelhub::engine {

// A frozen graph for the text graph of SSD MobileNet v2 (COCO, 2018_03_29), in place of
// TensorFlow's: the same layers under the same names, an eighth of the channels, and weights out of
// a sequence that is the same on every machine. It finds nothing that is in a picture; what it
// finds is as good as any to see whether two programs run it in the same way.
//
// `text_graph` is the content of the .pbtxt file: the layers are read from it.
std::string make_ssd_stand_in(const std::string& text_graph);

}  // namespace modelhub::engine
