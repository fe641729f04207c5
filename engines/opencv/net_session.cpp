// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "net_session.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <opencv2/dnn.hpp>

#include "opencv_failure.h"
#include "process_state.h"
#include "shared/usable_cores.h"

namespace modelhub::opencv_engine {
namespace {

using engine_module::Description;
using engine_module::Failure;
using engine_module::Inputs;
using engine_module::LoadRequest;
using engine_module::Output;
using engine_module::TensorSpec;

using Sides = std::vector<int>;  // as OpenCV has them

// Stand in for open sides to see what follows from them: the sizes that most models are made for
// divide the second without a rest, and networks have strides up to 64.
constexpr int k_trial_sides[] = {320, 640};

std::int64_t product(const std::vector<std::int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

bool is_open(const TensorSpec& spec) {
  return std::any_of(spec.shape.begin(), spec.shape.end(),
                     [](std::int64_t side) { return side < 0; });
}

bool fits(const std::vector<std::int64_t>& wanted, const std::vector<std::int64_t>& given) {
  return std::equal(wanted.begin(), wanted.end(), given.begin(), given.end(),
                    [](std::int64_t w, std::int64_t g) { return w < 0 || w == g; });
}

cv::dnn::Net read_net(const LoadRequest& request) {
  const std::string& graph = request.file("graph").path;
  if (request.format == "onnx") return cv::dnn::readNetFromONNX(graph);
  if (request.format == "caffe")
    return cv::dnn::readNetFromCaffe(graph, request.file("weights").path);
  const engine_module::File* const text = find_text_graph(request);
  return cv::dnn::readNetFromTensorflow(graph, text != nullptr ? text->path : std::string());
}

ModelSketch sketch(const LoadRequest& request, const Version& opencv) {
  if (request.format == "onnx") return sketch_onnx(request, opencv);
  if (request.format == "caffe") return sketch_caffe(request, opencv);
  return sketch_tensorflow(request, opencv);
}

// Finds out what outputs a network has, without running it.
class Outputs {
 public:
  Outputs(cv::dnn::Net& net, const ModelSketch& sketch) : net_(net), sketch_(sketch) {}

  std::vector<TensorSpec> find() {
    std::vector<TensorSpec> outputs = sketch_.outputs;
    if (outputs.empty()) {
      for (const std::string& name : net_.getUnconnectedOutLayersNames())
        outputs.push_back({name, MH_FLOAT32, {}});
    }
    const bool is_any_open = std::any_of(sketch_.inputs.begin(), sketch_.inputs.end(), &is_open);
    std::vector<std::vector<std::int64_t>> shapes = shapes_for(outputs, k_trial_sides[0]);
    if (is_any_open) {
      const auto others = shapes_for(outputs, k_trial_sides[1]);
      for (std::size_t i = 0; i < shapes.size(); ++i) open_what_differs(shapes[i], others[i]);
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      TensorSpec& output = outputs[i];
      if (is_as_long_as_found(output.name) && shapes[i].size() == 4) shapes[i][2] = -1;
      output.dtype = MH_FLOAT32;
      // OpenCV has at least two sides, and a few layers drop or add one of length 1.
      const bool is_declared = !is_open(output) && !output.shape.empty() && !is_any_open &&
                               product(output.shape) == product(shapes[i]);
      if (!is_declared) output.shape = std::move(shapes[i]);
    }
    return outputs;
  }

 private:
  static void open_what_differs(std::vector<std::int64_t>& shape,
                                const std::vector<std::int64_t>& other) {
    for (std::size_t i = 0; i < shape.size() && i < other.size(); ++i) {
      if (shape[i] != other[i]) shape[i] = -1;
    }
  }

  // A detector's last layer gives as many boxes as it finds; OpenCV announces the most.
  bool is_as_long_as_found(const std::string& output) const {
    return net_.getLayer(net_.getLayerId(output))->type == "DetectionOutput";
  }

  std::vector<std::vector<std::int64_t>> shapes_for(const std::vector<TensorSpec>& outputs,
                                                    int trial_side) const {
    std::vector<Sides> inputs;
    for (const TensorSpec& input : sketch_.inputs) {
      Sides sides;
      for (const std::int64_t side : input.shape)
        sides.push_back(side < 0 ? trial_side : static_cast<int>(side));
      inputs.push_back(std::move(sides));
    }
    std::vector<int> ids;
    std::vector<std::vector<Sides>> in;
    std::vector<std::vector<Sides>> out;
    net_.getLayersShapes(inputs, ids, in, out);
    std::vector<std::vector<std::int64_t>> shapes;
    for (const TensorSpec& output : outputs) {
      const auto id = std::find(ids.begin(), ids.end(), net_.getLayerId(output.name));
      const std::size_t index = static_cast<std::size_t>(id - ids.begin());
      if (id == ids.end() || out[index].empty())
        CV_Error(cv::Error::StsObjectNotFound, "the output '" + output.name + "' is lost");
      shapes.emplace_back(out[index][0].begin(), out[index][0].end());
    }
    return shapes;
  }

  cv::dnn::Net& net_;
  const ModelSketch& sketch_;
};

// Never more than there are processors: OpenCV's threads would complain to stderr.
int threads_for(int wanted) {
  if (wanted < 1) return engine_shared::usable_cores();
  return std::min(wanted, std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
}

class NetSession final : public engine_module::Session {
 public:
  NetSession(const LoadRequest& request, const Version& opencv)
      : opencv_(opencv),
        model_(request.file("graph").name),
        threads_(threads_for(request.threads)) {
    const ModelSketch sketch = opencv_engine::sketch(request, opencv);
    const InsideOpenCv inside(threads_);
    try {
      net_ = read_net(request);
      net_.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
      net_.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
      description_ = {sketch.inputs, Outputs(net_, sketch).find(), "cpu:0"};
    } catch (const cv::Exception& error) {
      throw explain_load(error, inside.complaint(), model_, opencv_);
    }
    is_any_open_ = std::any_of(sketch.inputs.begin(), sketch.inputs.end(), &is_open);
  }

  Description describe() const override { return description_; }

  std::vector<Output> run(const Inputs& inputs) override {
    const InsideOpenCv inside(threads_);
    try {
      for (const mh_tensor& tensor : inputs) net_.setInput(wrap(tensor), tensor.name);
      std::vector<cv::String> names;
      for (const TensorSpec& output : description_.outputs) names.push_back(output.name);
      std::vector<cv::Mat> results;
      net_.forward(results, names);
      std::vector<Output> outputs;
      for (std::size_t i = 0; i < results.size(); ++i)
        outputs.push_back(unwrap(description_.outputs[i], results[i]));
      return outputs;
    } catch (const cv::Exception& error) {
      throw explain_run(error, model_, is_any_open_, opencv_);
    }
  }

 private:
  // Borrows the tensor's memory where it holds floats; setInput() copies in any case.
  cv::Mat wrap(const mh_tensor& tensor) const {
    Sides sides;
    for (std::uint32_t i = 0; i < tensor.rank; ++i) {
      if (tensor.shape[i] < 1 || tensor.shape[i] > std::numeric_limits<int>::max()) {
        throw Failure(MH_INVALID_ARGUMENT, MH_ABOUT_INPUT,
                      "input '" + std::string(tensor.name) + "' of " + model_ + " has a side of " +
                          std::to_string(tensor.shape[i]) + ": OpenCV takes 1 to 2147483647");
      }
      sides.push_back(static_cast<int>(tensor.shape[i]));
    }
    const int type = tensor.dtype == MH_UINT8 ? CV_8U : CV_32F;
    cv::Mat given(static_cast<int>(sides.size()), sides.data(), type,
                  const_cast<void*>(tensor.data));
    if (type == CV_32F) return given;
    cv::Mat floats;
    given.convertTo(floats, CV_32F);
    return floats;
  }

  // OpenCV writes over its results in the next run.
  Output unwrap(const TensorSpec& spec, const cv::Mat& result) const {
    cv::Mat floats = result;
    if (result.depth() != CV_32F || !result.isContinuous()) result.convertTo(floats, CV_32F);
    const auto* const first = floats.ptr<float>();
    std::vector<float> values(first, first + floats.total());
    std::vector<std::int64_t> shape(floats.size.p, floats.size.p + floats.dims);
    if (!fits(spec.shape, shape)) {
      const auto count = static_cast<std::int64_t>(values.size());
      if (is_open(spec) || product(spec.shape) != count) {
        throw Failure(MH_INTERNAL, MH_ABOUT_ENGINE,
                      "OpenCV gave " + std::to_string(count) + " numbers for the output '" +
                          spec.name + "' of " + model_ + ", not those that it had announced");
      }
      shape = spec.shape;
    }
    return Output::of(spec.name, MH_FLOAT32, std::move(shape), std::move(values));
  }

  const Version opencv_;
  const std::string model_;
  const int threads_;
  const ThreadsBorrowed borrowed_;
  bool is_any_open_ = false;
  cv::dnn::Net net_;
  Description description_;
};

}  // namespace

std::unique_ptr<engine_module::Session> load_net(const LoadRequest& request,
                                                 const Version& opencv) {
  return std::make_unique<NetSession>(request, opencv);
}

}  // namespace modelhub::opencv_engine
