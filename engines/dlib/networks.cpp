// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "networks.h"

#include <algorithm>

#include <dlib/dnn.h>

#include "model_file.h"

namespace modelhub::dlib_engine {
namespace {

// The two networks as their files have them: a file names each of its layers, and is refused where
// they differ from these.

// ResNet with 29 convolutions, of which each pair of 3x3 filters adds to what it got.
template <long Filters, int Stride, class Below>
using Convolution = dlib::affine<dlib::con<Filters, 3, 3, Stride, Stride, Below>>;
template <long Filters, int Stride, class Below>
using Pair = Convolution<Filters, 1, dlib::relu<Convolution<Filters, Stride, Below>>>;
template <long Filters, class Below>
using Residual = dlib::relu<dlib::add_prev1<Pair<Filters, 1, dlib::tag1<Below>>>>;
// Halves both sides; what is added is averaged down to them.
template <long Filters, class Below>
using Halving = dlib::relu<dlib::add_prev2<
    dlib::avg_pool<2, 2, 2, 2, dlib::skip1<dlib::tag2<Pair<Filters, 2, dlib::tag1<Below>>>>>>>;

template <class Below>
using Stem = dlib::max_pool<3, 3, 2, 2, dlib::relu<dlib::affine<dlib::con<32, 7, 7, 2, 2, Below>>>>;
template <class Below>
using Residuals32 = Residual<32, Residual<32, Residual<32, Below>>>;
template <class Below>
using Residuals64 = Residual<64, Residual<64, Residual<64, Halving<64, Below>>>>;
template <class Below>
using Residuals128 = Residual<128, Residual<128, Halving<128, Below>>>;
template <class Below>
using Residuals256 = Halving<256, Residual<256, Residual<256, Halving<256, Below>>>>;

using DescriptorNet = dlib::loss_metric<
    dlib::fc_no_bias<128, dlib::avg_pool_everything<Residuals256<Residuals128<Residuals64<
                              Residuals32<Stem<dlib::input_rgb_image_sized<k_chip_size>>>>>>>>>;

// Max-margin detection over a pyramid of the picture: three convolutions that halve it, three that
// do not, and one that gives the score.
template <long Filters, int Stride, class Below>
using Filter5 = dlib::relu<dlib::affine<dlib::con<Filters, 5, 5, Stride, Stride, Below>>>;
template <class Below>
using Shrink = Filter5<32, 2, Filter5<32, 2, Filter5<16, 2, Below>>>;
template <class Below>
using Look = Filter5<45, 1, Filter5<45, 1, Filter5<45, 1, Below>>>;

using DetectorNet = dlib::loss_mmod<
    dlib::con<1, 9, 9, 1, 1, Look<Shrink<dlib::input_rgb_image_pyramid<dlib::pyramid_down<6>>>>>>;

// More chips at a time are not faster on a CPU, and each takes some MB.
constexpr std::size_t k_batch = 8;

}  // namespace

struct Descriptor::Net {
  DescriptorNet net;
};

Descriptor::Descriptor(const engine_module::File& file) : net_(std::make_unique<Net>()) {
  read_model_file(file, "a face descriptor network of dlib",
                  [this](std::istream& in) { deserialize(net_->net, in); });
  length_ = static_cast<int>(net_->net.subnet().layer_details().get_num_outputs());
}

Descriptor::~Descriptor() = default;

std::vector<float> Descriptor::describe(const Chips& chips) {
  std::vector<float> numbers;
  numbers.reserve(chips.size() * static_cast<std::size_t>(length_));
  if (chips.size() == 0) return numbers;
  for (const auto& embedding : net_->net(chips, k_batch)) {
    numbers.insert(numbers.end(), embedding.begin(), embedding.end());
  }
  // What the layers remember of the last chips is memory that an idle model need not hold.
  net_->net.clean();
  return numbers;
}

struct CnnDetector::Net {
  DetectorNet net;
};

CnnDetector::CnnDetector(const engine_module::File& file) : net_(std::make_unique<Net>()) {
  read_model_file(file, "a face detector network of dlib",
                  [this](std::istream& in) { deserialize(net_->net, in); });
}

CnnDetector::~CnnDetector() = default;

std::vector<FoundFace> CnnDetector::find(const Picture& picture) {
  std::vector<FoundFace> faces;
  for (const dlib::mmod_rect& found : net_->net(picture)) {
    faces.push_back({found.rect, found.detection_confidence});
  }
  net_->net.clean();
  return faces;
}

}  // namespace modelhub::dlib_engine
