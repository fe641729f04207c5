// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// The engine for OpenCV's dnn module, with the real library. Where an answer must be right, the
// test asks OpenCV itself, in the way of its samples: blobFromImage, setInput, forward.

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>

#include "engine/conformance.h"
#include "engine/engine_fixture.h"
#include "engine/module.h"
#include "engine/tiny_caffe.h"
#include "engine/tiny_onnx.h"
#include "engine/tiny_tensorflow.h"
#include "stand_ins/stand_ins.h"

#if defined(__SANITIZE_ADDRESS__)
// OpenCV's threads may still be ending when LeakSanitizer looks at them, which it does not survive.
extern "C" __attribute__((visibility("default"))) const char* __asan_default_options() {
  return "detect_leaks=0";
}
#endif

namespace modelhub::engine {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Pointwise;

const std::string k_module = MODELHUB_OPENCV_MODULE;

// As in onnxruntime_test.cpp: by the build's own idea of where the shared folder is.
std::string mirror(const std::string& digest) {
  std::string path = MODELHUB_TEST_SHARED "/mirror/sha256/" + digest;
  return std::filesystem::exists(path) ? path : std::string();
}

std::string text_graph() {
  return mirror("341be6ea1bb95300db0e99d80b9dacb8bf73f29a63ee5cf0d42e928b3b0ab21a");
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// A picture with edges everywhere.
cv::Mat pattern(int width, int height) {
  cv::Mat picture(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int i = x / 37 * 5 + y / 29 * 11;
      picture.at<cv::Vec3b>(y, x) =
          cv::Vec3b(static_cast<unsigned char>(i * 23), static_cast<unsigned char>(i * 41 + x),
                    static_cast<unsigned char>(i * 67 + y));
    }
  }
  return picture;
}

Tensor tensor_of(const cv::Mat& blob) {
  Tensor tensor =
      Tensor::allocate(DType::float32, Shape(blob.size.p, blob.size.p + blob.dims)).value();
  std::copy(blob.ptr<float>(), blob.ptr<float>() + blob.total(), tensor.as<float>().begin());
  return tensor;
}

Tensor ramp(const Shape& shape) {
  Tensor tensor = Tensor::allocate(DType::float32, shape).value();
  for (std::size_t i = 0; i < tensor.as<float>().size(); ++i)
    tensor.as<float>()[i] = static_cast<float>(i % 7) - 2;
  return tensor;
}

std::vector<float> floats_of(const Tensor& tensor) {
  return {tensor.as<float>().begin(), tensor.as<float>().end()};
}
std::vector<float> floats_of(const cv::Mat& mat) {
  return {mat.ptr<float>(), mat.ptr<float>() + mat.total()};
}

// y = 2 x + [1, 2, 3] over the channels.
std::string tiny_tensorflow_graph() {
  using namespace tiny_tensorflow;
  return placeholder("x", {-1, 2, 2, 3}) + floats("two", {}, {2}) +
         node("doubled", "Mul", {"x", "two"}, type_attribute("T", k_float)) +
         floats("b", {3}, {1, 2, 3}) +
         node("y", "BiasAdd", {"doubled", "b"}, type_attribute("T", k_float));
}

// A convolution of 1 x 1 from three channels to two.
constexpr const char* k_tiny_prototxt =
    "name: \"tiny\"  # a comment {\n"
    "input: \"data\"\n"
    "input_shape { dim: 1 dim: 3 dim: 2 dim: 2 }\n"
    "layer { name: \"y\" type: \"Convolution\" bottom: \"data\" top: \"y\"\n"
    "  convolution_param { num_output: 2 kernel_size: 1 } }\n";

std::string tiny_caffemodel() {
  using namespace tiny_caffe;
  return layer("y", "Convolution", blob({2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}) + blob({2}, {10, 20}));
}

// y = relu(conv(x)), 1 x 1.
std::string tiny_onnx_graph(const std::string& last_node) {
  using namespace tiny_onnx;
  Graph graph;
  graph.nodes = {node("Conv", {"x", "w", "b"}, {"c"}, {attribute("kernel_shape", {1, 1})}),
                 last_node};
  graph.weights = {float_weight("w", {2, 3, 1, 1}, {1, 2, 3, -4, -5, -6}),
                   float_weight("b", {2}, {1, 2})};
  graph.inputs = {value("x", {1, 3, 2, 2})};
  graph.outputs = {value("y", {1, 2, 2, 2})};
  return graph.encode();
}
std::string tiny_onnx_model() {
  return tiny_onnx::encode_model(tiny_onnx_graph(tiny_onnx::node("Relu", {"c"}, {"y"})));
}

class OpenCvTest : public EngineTest {
 protected:
  static std::shared_ptr<Engine> engine() { return open_module(k_module).value(); }

  LoadRequest onnx(const std::string& content) const {
    LoadRequest request;
    request.format = "onnx";
    request.files = {{"graph", "m.onnx", write("m.onnx", content)}};
    request.threads = 1;
    return request;
  }
  LoadRequest tensorflow(const std::string& graph, const std::string& text = {}) const {
    LoadRequest request;
    request.format = "tensorflow";
    request.files = {{"graph", "m.pb", write("m.pb", graph)}};
    if (!text.empty()) request.files.push_back({"config", "m.pbtxt", write("m.pbtxt", text)});
    request.threads = 1;
    return request;
  }
  LoadRequest caffe(const std::string& prototxt, const std::string& weights) const {
    LoadRequest request;
    request.format = "caffe";
    request.files = {{"graph", "m.prototxt", write("m.prototxt", prototxt)},
                     {"weights", "m.caffemodel", write("m.caffemodel", weights)}};
    request.threads = 1;
    return request;
  }

  static std::unique_ptr<Session> load(const LoadRequest& request) {
    auto session = engine()->load(request);
    EXPECT_TRUE(session) << session.error().to_string();
    return session ? *std::move(session) : nullptr;
  }
  static Error refusal(const LoadRequest& request) {
    auto session = engine()->load(request);
    if (session) return {ErrorCode::internal, Subject::other, "it was loaded"};
    return std::move(session).error();
  }
  static std::vector<NamedTensor> run(Session& session, const std::string& input,
                                      const Tensor& tensor) {
    auto answer = session.run(std::vector<Session::Input>{{input, &tensor}});
    EXPECT_TRUE(answer) << answer.error().to_string();
    return answer ? std::move(answer->outputs) : std::vector<NamedTensor>();
  }
};

TEST_F(OpenCvTest, TellsVersionFormatsAndDevices) {
  const EngineInfo info = engine()->info();
  EXPECT_EQ(info.version, cv::getVersionString());
  EXPECT_THAT(info.formats, ElementsAre("caffe", "onnx", "tensorflow"));
  EXPECT_EQ(info.concurrency, Concurrency::one_at_a_time);
  ASSERT_EQ(info.devices.size(), 2U);
  EXPECT_TRUE(info.devices[0].is_usable);
  EXPECT_FALSE(info.devices[1].is_usable);
  EXPECT_EQ(info.devices[1].reason, "this engine runs models on the CPU only");
}

TEST_F(OpenCvTest, RunsAFrozenGraphOfTensorFlow) {
  const auto session = load(tensorflow(tiny_tensorflow_graph()));
  ASSERT_NE(session, nullptr);
  ASSERT_EQ(session->inputs().size(), 1U);
  EXPECT_EQ(session->inputs()[0].name, "x");
  EXPECT_THAT(session->inputs()[0].shape, ElementsAre(1, 3, 2, 2));
  const auto outputs = run(*session, "x", ramp({1, 3, 2, 2}));
  ASSERT_EQ(outputs.size(), 1U);
  EXPECT_EQ(outputs[0].name, "y");
  EXPECT_THAT(outputs[0].tensor.shape(), ElementsAre(1, 3, 2, 2));
  EXPECT_THAT(floats_of(outputs[0].tensor), ElementsAre(-3, -1, 1, 3, 6, 8, 10, -2, 1, 3, 5, 7));
}

TEST_F(OpenCvTest, RunsANetworkOfCaffe) {
  const auto session = load(caffe(k_tiny_prototxt, tiny_caffemodel()));
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(session->inputs()[0].name, "data");
  EXPECT_THAT(session->inputs()[0].shape, ElementsAre(1, 3, 2, 2));
  Tensor x = Tensor::allocate(DType::float32, {1, 3, 2, 2}).value();
  std::fill(x.as<float>().begin(), x.as<float>().end(), 1.0F);
  const auto outputs = run(*session, "data", x);
  ASSERT_EQ(outputs.size(), 1U);
  EXPECT_THAT(floats_of(outputs[0].tensor), ElementsAre(16, 16, 16, 16, 35, 35, 35, 35));
}

TEST_F(OpenCvTest, RunsAnOnnxGraph) {
  const auto session = load(onnx(tiny_onnx_model()));
  ASSERT_NE(session, nullptr);
  ASSERT_EQ(session->outputs().size(), 1U);
  EXPECT_EQ(session->outputs()[0].name, "y");
  EXPECT_THAT(session->outputs()[0].shape, ElementsAre(1, 2, 2, 2));
  Tensor x = Tensor::allocate(DType::float32, {1, 3, 2, 2}).value();
  std::fill(x.as<float>().begin(), x.as<float>().end(), 1.0F);
  EXPECT_THAT(floats_of(run(*session, "x", x)[0].tensor), ElementsAre(7, 7, 7, 7, 0, 0, 0, 0));
}

TEST_F(OpenCvTest, TakesPicturesAsBytes) {
  using namespace tiny_onnx;
  Graph graph;
  graph.nodes = {node("Cast", {"x"}, {"f"}, {attribute("to", 1)}), node("Relu", {"f"}, {"y"})};
  graph.inputs = {value("x", {-1, 1, 1, 4}, k_uint8)};
  graph.outputs = {value("y", {-1, 1, 1, 4})};
  const auto session = load(onnx(encode_model(graph.encode())));
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(session->inputs()[0].dtype, DType::uint8);
  EXPECT_THAT(session->inputs()[0].shape, ElementsAre(1, 1, 1, 4)) << "an open batch is 1";
  Tensor x = Tensor::allocate(DType::uint8, {1, 1, 1, 4}).value();
  for (int i = 0; i < 4; ++i)
    x.as<std::uint8_t>()[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(60 * i);
  EXPECT_THAT(floats_of(run(*session, "x", x)[0].tensor), ElementsAre(0, 60, 120, 180));
}

TEST_F(OpenCvTest, LeavesSidesOpenThatTheModelLeavesOpen) {
  using namespace tiny_onnx;
  Graph graph;
  graph.nodes = {node("Relu", {"x"}, {"y"})};
  graph.inputs = {value("x", {1, 3, -1, -1})};
  graph.outputs = {value("y", {1, 3, -1, -1})};
  const auto session = load(onnx(encode_model(graph.encode())));
  ASSERT_NE(session, nullptr);
  EXPECT_THAT(session->inputs()[0].shape, ElementsAre(1, 3, -1, -1));
  EXPECT_THAT(session->outputs()[0].shape, ElementsAre(1, 3, -1, -1));
  EXPECT_THAT(run(*session, "x", ramp({1, 3, 4, 5}))[0].tensor.shape(), ElementsAre(1, 3, 4, 5));
  EXPECT_THAT(run(*session, "x", ramp({1, 3, 7, 2}))[0].tensor.shape(), ElementsAre(1, 3, 7, 2));
  const Tensor empty = Tensor::allocate(DType::float32, {1, 3, 0, 2}).value();
  const auto refused = session->run(std::vector<Session::Input>{{"x", &empty}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
}

// What OpenCV itself gives, in the way of its samples.
std::vector<float> by_hand(cv::dnn::Net net, const cv::Mat& blob, std::vector<int>* shape) {
  net.setInput(blob);
  const cv::Mat result = net.forward();
  shape->assign(result.size.p, result.size.p + result.dims);
  return floats_of(result);
}

TEST_F(OpenCvTest, FindsWithSsdMobileNetV2WhatOpenCvsOwnPipelineFinds) {
  if (text_graph().empty()) GTEST_SKIP() << "no mirror";
  const std::string text = content_of(text_graph());
  const LoadRequest request = tensorflow(test::make_ssd_mobilenet_v2(text), text);
  const auto session = load(request);
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(session->inputs()[0].name, "image_tensor");
  EXPECT_THAT(session->inputs()[0].shape, ElementsAre(1, 3, -1, -1));
  EXPECT_EQ(session->outputs()[0].name, "detection_out");
  EXPECT_THAT(session->outputs()[0].shape, ElementsAre(1, 1, -1, 7));
  const cv::dnn::Net net =
      cv::dnn::readNetFromTensorflow(request.files[0].path, request.files[1].path);
  std::size_t most = 0;
  for (const cv::Size size : {cv::Size(640, 480), cv::Size(300, 300), cv::Size(210, 500)}) {
    const cv::Mat blob = cv::dnn::blobFromImage(pattern(size.width, size.height), 1.0,
                                                cv::Size(300, 300), cv::Scalar(), true, false);
    std::vector<int> shape;
    const std::vector<float> expected = by_hand(net, blob, &shape);
    const auto outputs = run(*session, "image_tensor", tensor_of(blob));
    ASSERT_EQ(outputs.size(), 1U);
    EXPECT_EQ(outputs[0].tensor.shape(), Shape(shape.begin(), shape.end()));
    EXPECT_THAT(floats_of(outputs[0].tensor), Pointwise(FloatNear(1e-5F), expected));
    std::size_t sure = 0;
    for (std::size_t row = 0; row + 7 <= expected.size(); row += 7) {
      sure += expected[row + 2] > 0.5F ? 1 : 0;
      EXPECT_GE(expected[row + 1], 1.0F) << "0 is the background";
      EXPECT_LE(expected[row + 1], 90.0F);
    }
    most = std::max(most, sure);
  }
  EXPECT_GT(most, 3U) << "the stand-in must find something, or nothing is compared";
}

TEST_F(OpenCvTest, SaysThatADetectorsGraphNeedsItsTextGraph) {
  using namespace tiny_tensorflow;
  const Error error =
      refusal(tensorflow(tiny_tensorflow_graph() + node("nms", "NonMaxSuppressionV2", {"y"})));
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_THAT(error.message, HasSubstr("m.pb holds more than a network (the operator "
                                       "NonMaxSuppressionV2)"));
  EXPECT_THAT(error.hint, HasSubstr("'config'"));
}

TEST_F(OpenCvTest, SaysWhatAFileIsThatIsNoModel) {
  const auto expect = [](const LoadRequest& request, const char* message) {
    const Error error = refusal(request);
    EXPECT_EQ(error.code, ErrorCode::corrupt_data) << message << ": " << error.message;
    EXPECT_EQ(error.subject, Subject::model);
    EXPECT_THAT(error.message, HasSubstr(message));
  };
  const std::string graph = tiny_tensorflow_graph();
  expect(tensorflow(""), "cannot load m.pb: it is empty");
  expect(tensorflow("<html></html>"), "cannot load m.pb: it is a web page");
  expect(tensorflow("just text"), "cannot load m.pb: it is no frozen graph of TensorFlow");
  expect(tensorflow("\x08\x01\x12\x05hello"), "cannot load m.pb: it is a SavedModel");
  expect(tensorflow(graph.substr(0, graph.size() - 9)), "cannot load m.pb: it ends in the middle");
  expect(tensorflow(graph, "node { name: \"x\"\n op }"),
         "cannot load m.pbtxt: line 2: 'op' has no value");
  expect(tensorflow(graph, "# {\nnode {"), "cannot load m.pbtxt: line 2: it ends before a '}'");
  expect(tensorflow(graph, "a: 1"), "cannot load m.pbtxt: it is no text graph of TensorFlow");
  expect(caffe("<html>", tiny_caffemodel()), "cannot load m.prototxt: it is a web page");
  expect(caffe("name: 'x'", tiny_caffemodel()),
         "cannot load m.prototxt: it is no network of Caffe");
  expect(caffe("layer { name: 'a }", tiny_caffemodel()), "line 1: a text has no end");
  expect(caffe(k_tiny_prototxt, ""), "cannot load m.caffemodel: it is empty");
  expect(caffe(k_tiny_prototxt, "just text"), "cannot load m.caffemodel: it holds no weights");
  expect(onnx("just text"), "cannot load m.onnx: it is no ONNX model");
  expect(onnx(tiny_onnx_model().substr(0, 90)), "cannot load m.onnx: it ends in the middle");
}

TEST_F(OpenCvTest, SaysThatAFileCannotBeRead) {
  LoadRequest request = caffe(k_tiny_prototxt, tiny_caffemodel());
  request.files[1].path = path("missing");
  EXPECT_EQ(refusal(request).code, ErrorCode::io_error);
  EXPECT_THAT(refusal(request).message, HasSubstr("m.caffemodel"));
  request.files.pop_back();
  EXPECT_EQ(refusal(request).code, ErrorCode::invalid_argument);
  EXPECT_THAT(refusal(request).message, HasSubstr("the role 'weights'"));
}

TEST_F(OpenCvTest, SaysThatANetworkIsForTraining) {
  const Error error =
      refusal(caffe("layer { name: 'd' type: 'Data' top: 'data' }", tiny_caffemodel()));
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_EQ(error.message, "m.prototxt has no input: it is a network for training");
}

// A field that OpenCV's own description of Caffe does not have: protobuf says where.
TEST_F(OpenCvTest, PassesOnWhatOpenCvSaysAndPrintsNothing) {
  const std::string network = std::string(k_tiny_prototxt) +
                              "layer { name: 'a' type: 'Levitate' "
                              "bottom: 'y' top: 'a' magic: 3 }\n";
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  const Error error = refusal(caffe(network, tiny_caffemodel()));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_THAT(error.message, MatchesRegex("OpenCV 4\\.[0-9.]+ cannot load m.prototxt: .*"));
  EXPECT_THAT(error.message, testing::Not(HasSubstr(".cpp:")));
}

// Small graphs that OpenCV refuses, or runs and gets wrong: for 4.6 each was seen to be so.
struct Limit {
  const char* name;
  std::string model;
  const char* message;
  int fixed_minor;  // 0: not yet
  bool is_run_wrongly;
};

std::vector<Limit> limits() {
  using namespace tiny_onnx;
  const auto with = [](std::vector<std::string> nodes, std::vector<std::string> weights,
                       std::uint64_t opset = 13, Sides output = {1, 3, 2, 2}) {
    Graph graph;
    graph.nodes = std::move(nodes);
    graph.weights = std::move(weights);
    graph.inputs = {value("x", {1, 3, 2, 2})};
    graph.outputs = {value("y", output)};
    return encode_model(graph.encode(), opset);
  };
  const std::string scale = float_weight("s", {}, {0.5F});
  const std::string zero = tensor("z", k_int8, {}, std::string(1, '\0'));
  const std::string then = bytes(1, node("Identity", {"x"}, {"y"})) + bytes(12, value("y", {1}));
  return {
      {"ClipWithInputs", with({node("Clip", {"x", "low"}, {"y"})}, {float_weight("low", {}, {0})}),
       "its Clip 'Clip_y' has its limits as inputs", 7, false},
      {"Float16",
       with({node("Add", {"x", "w"}, {"y"})},
            {tensor("w", k_float16, {3, 1, 1}, std::string(6, '\0'))}),
       "its weights are float16", 7, false},
      {"DynamicQuantisation",
       with({node("DynamicQuantizeLinear", {"x"}, {"q", "s", "z"}),
             node("DequantizeLinear", {"q", "s", "z"}, {"y"})},
            {}),
       "is of a model that is quantised while it runs", 0, false},
      {"Qdq",
       with({node("DequantizeLinear", {"q", "s", "z"}, {"w"}),
             node("Conv", {"x", "w"}, {"y"}, {attribute("kernel_shape", {1, 1})})},
            {scale, zero, tensor("q", k_int8, {3, 3, 1, 1}, "123456789")}),
       "is of a model that is quantised with pairs of QuantizeLinear and DequantizeLinear", 7,
       false},
      {"ControlFlow",
       with({node("If", {"c"}, {"y"},
                  {graph_attribute("then_branch", then), graph_attribute("else_branch", then)})},
            {tensor("c", 9, {}, std::string(1, '\1'))}),
       "", 0, false},
      {"AnotherDomain", with({node("Gelu", {"x"}, {"y"}, {}, "com.microsoft")}, {}),
       "it has no operator Gelu of 'com.microsoft'", 99, false},
      {"UnknownOperator", with({node("Levitate", {"x"}, {"y"})}, {}), "it has no operator Levitate",
       99, false},
      {"TheTailOfYolov8",
       with({node("Reshape", {"x", "shape"}, {"a"}), node("Mul", {"a", "strides"}, {"y"})},
            {int64_weight("shape", {1, 3, 4}), float_weight("strides", {1, 4}, {1, 2, 3, 4})}, 13,
            {1, 3, 4}),
       "its Mul 'Mul_y' stretches a constant over other sides than the second, as YOLOv8 does", 7,
       false},
      {"SoftmaxWithoutAxis", with({node("Softmax", {"x"}, {"y"})}, {}),
       "its Softmax 'Softmax_y' does not name the side that it goes over", 9, true},
      {"UnequalSplit",
       with({node("Split", {"x", "sizes"}, {"a", "b"}, {attribute("axis", 1)}),
             node("Concat", {"b", "a"}, {"y"}, {attribute("axis", 1)})},
            {int64_weight("sizes", {1, 2})}),
       "its Split 'Split_a' has unequal sizes as an input", 8, false},
      {"ConstantDividedByPicture",
       with({node("Exp", {"x"}, {"e"}), node("Div", {"k", "e"}, {"y"})},
            {float_weight("k", {1, 3, 1, 1}, {1, 2, 3})}),
       "its Div 'Div_y' divides a constant of several numbers", 7, true},
  };
}

class OpenCvLimitTest : public OpenCvTest, public testing::WithParamInterface<Limit> {};

TEST_P(OpenCvLimitTest, IsToldBeforeTrying) {
  const Limit& limit = GetParam();
  if (limit.fixed_minor > 0 && cv::getVersionMinor() >= limit.fixed_minor)
    GTEST_SKIP() << "this OpenCV can";
  const LoadRequest request = onnx(limit.model);
  testing::internal::CaptureStderr();
  const Error error = refusal(request);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(error.code, ErrorCode::unsupported) << error.message;
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_THAT(error.message,
              HasSubstr(std::string("OpenCV ") + cv::getVersionString() + " cannot run m.onnx: "));
  EXPECT_THAT(error.message, HasSubstr(limit.message));
  EXPECT_THAT(error.hint, HasSubstr("use the engine onnxruntime"));

  // OpenCV itself: nobody is refused for nothing.
  if (limit.is_run_wrongly || cv::getVersionMinor() != 6) return;
  const auto level = cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  const auto try_it = [&] {
    cv::dnn::Net net = cv::dnn::readNetFromONNX(request.files[0].path);
    net.setInput(cv::Mat(std::vector<int>{1, 3, 2, 2}, CV_32F, cv::Scalar(1)));
    net.forward();
  };
  EXPECT_THROW(try_it(), cv::Exception);
  cv::utils::logging::setLogLevel(level);
}

std::string name_of_limit(const testing::TestParamInfo<Limit>& limit) { return limit.param.name; }

INSTANTIATE_TEST_SUITE_P(OpenCv, OpenCvLimitTest, testing::ValuesIn(limits()), name_of_limit);

TEST_F(OpenCvTest, RefusesWeightsInOtherFiles) {
  using namespace tiny_onnx;
  Graph graph;
  graph.nodes = {node("Add", {"x", "w"}, {"y"})};
  graph.weights = {external_weight("w", {3, 1, 1}, {{"location", "w.bin"}})};
  graph.inputs = {value("x", {1, 3, 2, 2})};
  graph.outputs = {value("y", {1, 3, 2, 2})};
  const Error error = refusal(onnx(encode_model(graph.encode())));
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_THAT(error.message, HasSubstr("it keeps weights in another file ('w.bin')"));
}

// OpenCV would read behind the end of what there is.
TEST_F(OpenCvTest, RefusesWeightsThatAreShorterThanTheirShape) {
  using namespace tiny_onnx;
  Graph graph;
  graph.nodes = {node("Add", {"x", "w"}, {"y"})};
  graph.weights = {float_weight("w", {3, 1000, 1000}, {1, 2, 3})};
  graph.inputs = {value("x", {1, 3, 1000, 1000})};
  graph.outputs = {value("y", {1, 3, 1000, 1000})};
  const Error error = refusal(onnx(encode_model(graph.encode())));
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_THAT(error.message, HasSubstr("the weight 'w' has 3 elements, its shape says another"));
}

TEST_F(OpenCvTest, RefusesInputsOfOtherTypes) {
  using namespace tiny_onnx;
  Graph graph;
  graph.nodes = {node("Cast", {"x"}, {"y"}, {attribute("to", 1)})};
  graph.inputs = {value("x", {1, 3}, k_int64)};
  graph.outputs = {value("y", {1, 3})};
  const Error error = refusal(onnx(encode_model(graph.encode())));
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_THAT(error.message, HasSubstr("its input 'x' takes neither float32 nor uint8"));
}

TEST_F(OpenCvTest, RefusesToRunOnAGpu) {
  LoadRequest request = onnx(tiny_onnx_model());
  request.device = "cuda:0";
  EXPECT_EQ(refusal(request).code, ErrorCode::unsupported);
  EXPECT_EQ(refusal(request).subject, Subject::device);
}

int on_error(int, const char*, const char*, const char*, int, void*) { return 0; }

TEST_F(OpenCvTest, GivesTheProgramItsOwnSettingsBack) {
  cv::setNumThreads(2);
  int own = 0;
  cv::redirectError(&on_error, &own);
  const auto level = cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_ERROR);
  {
    const auto session = load(onnx(tiny_onnx_model()));
    ASSERT_NE(session, nullptr);
    run(*session, "x", ramp({1, 3, 2, 2}));
    EXPECT_EQ(cv::getNumThreads(), 1) << "what the request says, while the model is loaded";
    EXPECT_EQ(cv::utils::logging::getLogLevel(), cv::utils::logging::LOG_LEVEL_ERROR);
  }
  EXPECT_EQ(cv::getNumThreads(), 2);
  void* data = nullptr;
  EXPECT_EQ(cv::redirectError(nullptr, nullptr, &data), &on_error);
  EXPECT_EQ(data, &own);
  cv::utils::logging::setLogLevel(level);
}

TEST_F(OpenCvTest, RunsSessionsWithOtherNumbersOfThreadsAtOnce) {
  const auto engine = this->engine();
  LoadRequest request = onnx(tiny_onnx_model());
  const Tensor x = ramp({1, 3, 2, 2});
  std::vector<std::unique_ptr<Session>> sessions;
  for (const int threads : {1, 2, 1, 2}) {
    request.threads = threads;
    sessions.push_back(engine->load(request).value());
  }
  const std::vector<float> right = floats_of(run(*sessions[0], "x", x)[0].tensor);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (const auto& session : sessions) {
    threads.emplace_back([&wrong, &right, &x, session = session.get()] {
      for (int i = 0; i < 50; ++i) {
        const auto answer = session->run(std::vector<Session::Input>{{"x", &x}});
        if (!answer || floats_of((*answer)[0].tensor) != right) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(OpenCvTest, TakesNoMoreThreadsThanThereAreProcessorsAndPrintsNothing) {
  LoadRequest request = onnx(tiny_onnx_model());
  request.threads = 1000;
  testing::internal::CaptureStderr();
  const auto session = load(request);
  run(*session, "x", ramp({1, 3, 2, 2}));
  EXPECT_EQ(cv::getNumThreads(), static_cast<int>(std::thread::hardware_concurrency()));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

std::vector<ConformanceCase> models_for_conformance() {
  ConformanceCase c;
  c.module = k_module;
  c.format = "onnx";
  c.open_side = 64;
  std::vector<ConformanceCase> cases;
  const std::pair<const char*, const char*> files[] = {
      {"mobilenetv2-12-int8.onnx",
       "cc028fe6cae7bc11a4ff53cfc9b79c920e8be65ce33a904ec3e2a8f66d77f95f"},
      {"version-RFB-320.onnx", "34cd7e60aeff28744c657de7a3dc64e872d506741de66987f3426f2b79f88017"}};
  for (const auto& [name, digest] : files) {
    c.files = {{"graph", name, mirror(digest)}};
    if (!c.files[0].path.empty()) cases.push_back(c);
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(OpenCv, EngineConformance, testing::ValuesIn(models_for_conformance()),
                         name_of_case);

}  // namespace
}  // namespace modelhub::engine
