// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// MobileNet-SSD of Caffe for the 20 classes of Pascal VOC (its authors' deploy.prototxt), with
// batch normalisation in the convolutions and an eighth of the channels.
#include <map>
#include <sstream>

#include "engine/tiny_caffe.h"
#include "stand_ins/stand_ins.h"
#include "stand_ins/weights.h"

namespace modelhub::test {
namespace {

namespace tiny_caffe = engine::tiny_caffe;

constexpr int k_voc_classes = 21;  // with the background

struct CaffeBlock {
  const char* name;
  int channels;
  int stride;
};
constexpr CaffeBlock k_caffe_blocks[] = {
    {"conv1", 64, 1},   {"conv2", 128, 2},  {"conv3", 128, 1},  {"conv4", 256, 2},
    {"conv5", 256, 1},  {"conv6", 512, 2},  {"conv7", 512, 1},  {"conv8", 512, 1},
    {"conv9", 512, 1},  {"conv10", 512, 1}, {"conv11", 512, 1}, {"conv12", 1024, 2},
    {"conv13", 1024, 1}};
constexpr CaffeBlock k_caffe_extra[] = {
    {"conv14", 512, 2}, {"conv15", 256, 2}, {"conv16", 256, 2}, {"conv17", 128, 2}};

// A map that is searched, with the sizes of its boxes in pixels; without a largest there are fewer.
struct Search {
  const char* map;
  int smallest;
  int largest;
};
constexpr Search k_searches[] = {{"conv11", 60, 0},      {"conv13", 105, 150},
                                 {"conv14_2", 150, 195}, {"conv15_2", 195, 240},
                                 {"conv16_2", 240, 285}, {"conv17_2", 285, 300}};

// Of a convolution.
struct Filters {
  int inputs;
  int outputs;
  int kernel = 1;
  int stride = 1;
  int groups = 1;
  float gain = 1;
  float bias_spread = 0.1F;
};

class MobileNetSsd {
 public:
  CaffeFiles make() {
    text_ << "name: \"MobileNet-SSD\"\ninput: \"data\"\n"
             "input_shape { dim: 1 dim: 3 dim: 300 dim: 300 }\n";
    add_backbone();
    std::string boxes;
    std::string scores;
    std::string priors;
    for (const Search& search : k_searches) {
      const int count = search.largest == 0 ? 3 : 6;
      boxes += bottom(add_predictor(search, "loc", 4 * count, 0.5F));
      scores += bottom(add_predictor(search, "conf", k_voc_classes * count, 0.7F));
      priors += bottom(add_priors(search));
    }
    add_answer(boxes, scores, priors);
    return {text_.str(), weights_file_};
  }

 private:
  static std::string bottom(const std::string& name) { return " bottom: \"" + name + "\""; }

  void layer(const std::string& name, const std::string& type, const std::string& bottoms,
             const std::string& parameters, const std::string& top = {}) {
    text_ << "layer { name: \"" << name << "\" type: \"" << type << "\"" << bottoms << " top: \""
          << (top.empty() ? name : top) << "\"\n  " << parameters << " }\n";
  }

  void conv(const std::string& name, const std::string& from, const Filters& filters) {
    std::ostringstream parameters;
    parameters << "convolution_param { num_output: " << filters.outputs
               << " kernel_size: " << filters.kernel;
    if (filters.kernel == 3) parameters << " pad: 1";
    if (filters.stride != 1) parameters << " stride: " << filters.stride;
    if (filters.groups != 1) parameters << " group: " << filters.groups;
    parameters << " }";
    layer(name, "Convolution", bottom(from), parameters.str());

    const std::int64_t inputs = filters.inputs / filters.groups;
    const std::int64_t each = inputs * filters.kernel * filters.kernel;
    const auto count = static_cast<std::size_t>(filters.outputs);
    const float spread = filters.gain * spread_of_layer(each);
    // A filter of a depthwise convolution sees one channel, and is to keep what is even in it.
    const bool is_balanced = filters.groups == 1 && from != "data";
    const std::vector<float> weights =
        is_balanced ? weights_.filters(spread, count, static_cast<std::size_t>(each))
                    : weights_.around(0, spread, count * static_cast<std::size_t>(each));
    weights_file_ += tiny_caffe::layer(
        name, "Convolution",
        tiny_caffe::blob({filters.outputs, inputs, filters.kernel, filters.kernel}, weights) +
            tiny_caffe::blob({filters.outputs}, weights_.around(0, filters.bias_spread, count)));
  }

  // A convolution with what makes all below 0 to 0, in place.
  void conv_and_relu(const std::string& name, const std::string& from, Filters filters) {
    filters.gain = 1.1F;  // gives back what balanced filters take away
    conv(name, from, filters);
    layer(name + "/relu", "ReLU", bottom(name), "", name);
  }

  void add_backbone() {
    int channels = 32 / k_divisor;
    std::string last = "conv0";
    conv_and_relu(last, "data", {3, channels, 3, 2});
    for (const CaffeBlock& block : k_caffe_blocks) {
      const std::string name = block.name;
      conv_and_relu(name + "/dw", last, {channels, channels, 3, block.stride, channels});
      conv_and_relu(name, name + "/dw", {channels, block.channels / k_divisor});
      channels = channels_[name] = block.channels / k_divisor;
      last = name;
    }
    for (const CaffeBlock& block : k_caffe_extra) {
      const std::string name = block.name;
      const int half = block.channels / 2 / k_divisor;
      conv_and_relu(name + "_1", last, {channels, half});
      conv_and_relu(name + "_2", name + "_1", {half, block.channels / k_divisor, 3, block.stride});
      last = name + "_2";
      channels = channels_[last] = block.channels / k_divisor;
    }
  }

  std::string add_predictor(const Search& search, const std::string& what, int channels,
                            float gain) {
    const std::string name = std::string(search.map) + "_mbox_" + what;
    Filters filters = {channels_[search.map], channels};
    filters.gain = gain;
    filters.bias_spread = 0;
    conv(name, search.map, filters);
    layer(name + "_perm", "Permute", bottom(name),
          "permute_param { order: 0 order: 2 order: 3 order: 1 }");
    layer(name + "_flat", "Flatten", bottom(name + "_perm"), "flatten_param { axis: 1 }");
    return name + "_flat";
  }

  std::string add_priors(const Search& search) {
    const std::string name = std::string(search.map) + "_mbox_priorbox";
    std::ostringstream parameters;
    parameters << "prior_box_param { min_size: " << search.smallest << ".0";
    if (search.largest != 0) parameters << " max_size: " << search.largest << ".0";
    parameters << " aspect_ratio: 2.0";
    if (search.largest != 0) parameters << " aspect_ratio: 3.0";
    parameters << " flip: true clip: false variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2"
                  " offset: 0.5 }";
    layer(name, "PriorBox", bottom(search.map) + bottom("data"), parameters.str());
    return name;
  }

  void add_answer(const std::string& boxes, const std::string& scores, const std::string& priors) {
    layer("mbox_loc", "Concat", boxes, "concat_param { axis: 1 }");
    layer("mbox_conf", "Concat", scores, "concat_param { axis: 1 }");
    layer("mbox_priorbox", "Concat", priors, "concat_param { axis: 2 }");
    layer("mbox_conf_reshape", "Reshape", bottom("mbox_conf"),
          "reshape_param { shape { dim: 0 dim: -1 dim: 21 } }");
    layer("mbox_conf_softmax", "Softmax", bottom("mbox_conf_reshape"), "softmax_param { axis: 2 }");
    layer("mbox_conf_flatten", "Flatten", bottom("mbox_conf_softmax"), "flatten_param { axis: 1 }");
    layer("detection_out", "DetectionOutput",
          bottom("mbox_loc") + bottom("mbox_conf_flatten") + bottom("mbox_priorbox"),
          "detection_output_param { num_classes: 21 share_location: true background_label_id: 0\n"
          "    nms_param { nms_threshold: 0.45 top_k: 100 } code_type: CENTER_SIZE\n"
          "    keep_top_k: 100 confidence_threshold: 0.25 }");
  }

  std::ostringstream text_;
  std::string weights_file_;
  std::map<std::string, int> channels_;
  Weights weights_{300};
};

}  // namespace

CaffeFiles make_mobilenet_ssd() { return MobileNetSsd().make(); }

}  // namespace modelhub::test
