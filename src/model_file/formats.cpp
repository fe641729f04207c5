// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/formats.h"

#include <algorithm>
#include <array>

namespace modelhub::model_file {
namespace {

enum class Way {
  yolo_export,  // a checkpoint of PyTorch, most likely one of Ultralytics
  torch_export,
  keras,
  tensorflow,
  tflite,
  tensorrt,
  caffe,
  darknet,
  paddle,
  ir_weights,
  archive,
  own_tool,  // whatever wrote it can write ONNX too
};

struct Format {
  std::string_view ending;
  std::string_view what;  // goes on after "x.pt is "
  Way way;
};

constexpr std::string_view k_runs_code =
    "which can execute code when it is read, so modelhub never loads it";

constexpr Format k_formats[] = {
    {".pt", "a PyTorch checkpoint (a pickle), ", Way::yolo_export},
    {".pth", "a PyTorch checkpoint (a pickle), ", Way::torch_export},
    {".ckpt", "a checkpoint (a pickle), ", Way::torch_export},
    {".pkl", "a Python pickle, ", Way::torch_export},
    {".pickle", "a Python pickle, ", Way::torch_export},
    {".joblib", "a Python pickle, ", Way::torch_export},
    {".torchscript", "a TorchScript archive, which no engine here reads", Way::torch_export},
    {".safetensors",
     "weights without a graph: what computes with them is in the program that saved them",
     Way::torch_export},
    {".h5", "a Keras model, which no engine here reads", Way::keras},
    {".hdf5", "a Keras model, which no engine here reads", Way::keras},
    {".keras", "a Keras model, which no engine here reads", Way::keras},
    {".pb", "a TensorFlow graph, which cannot be registered", Way::tensorflow},
    {".tflite", "a TensorFlow Lite model, which no engine here reads", Way::tflite},
    {".engine", "a TensorRT engine, compiled for one GPU and one TensorRT", Way::tensorrt},
    {".trt", "a TensorRT engine, compiled for one GPU and one TensorRT", Way::tensorrt},
    {".plan", "a TensorRT engine, compiled for one GPU and one TensorRT", Way::tensorrt},
    {".caffemodel", "the weights of a Caffe model, which cannot be registered", Way::caffe},
    {".prototxt", "the graph of a Caffe model, which cannot be registered", Way::caffe},
    {".weights", "the weights of a Darknet model, which no engine here reads", Way::darknet},
    {".pdmodel", "a PaddlePaddle model, which no engine here reads", Way::paddle},
    {".mlmodel", "a Core ML model, which no engine here reads", Way::own_tool},
    {".mlpackage", "a Core ML model, which no engine here reads", Way::own_tool},
    {".ncnn", "an ncnn model, which no engine here reads", Way::own_tool},
    {".mnn", "an MNN model, which no engine here reads", Way::own_tool},
    {".rknn", "an RKNN model, compiled for one processor", Way::own_tool},
    {".ort", "ONNX Runtime's own format, which only the version that wrote it is sure to read",
     Way::own_tool},
    {".gguf", "a language model, which no engine here reads", Way::own_tool},
    {".bin", "the weights of a model without their graph", Way::ir_weights},
    {".zip", "an archive", Way::archive},
    {".tar", "an archive", Way::archive},
    {".gz", "an archive", Way::archive},
    {".tgz", "an archive", Way::archive},
    {".bz2", "an archive", Way::archive},
};
constexpr std::array<std::string_view, 2> k_readable = {".onnx", ".xml"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool ends_with(std::string_view name, std::string_view ending) {
  return name.size() > ending.size() && std::equal(ending.rbegin(), ending.rend(), name.rbegin(),
                                                   [](char e, char n) { return e == lower(n); });
}

const Format* format_of(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(k_formats), std::end(k_formats),
                   [&](const Format& format) { return ends_with(name, format.ending); });
  return found == std::end(k_formats) ? nullptr : found;
}

// As a shell takes it for one word.
std::string quoted(const std::string& text) {
  constexpr std::string_view k_plain = "._-/+:@%=,";
  const bool is_plain = std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           k_plain.find(c) != std::string_view::npos;
  });
  if (is_plain) return text;
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

std::string with_ending(const std::string& name, std::string_view old_ending,
                        std::string_view ending) {
  return name.substr(0, name.size() - old_ending.size()) + std::string(ending);
}

std::string way_out(const Format& format, const std::string& name) {
  const std::string onnx = with_ending(name, format.ending, ".onnx");
  switch (format.way) {
    case Way::yolo_export:
      return "yolo export model=" + quoted(name) + " format=onnx opset=17 writes " + onnx +
             ", if it is a model of Ultralytics; others: torch.onnx.export() in the program "
             "that defines the model";
    case Way::torch_export:
      return "torch.onnx.export() in the program that defines the model writes an ONNX file";
    case Way::keras:
      return "tf2onnx writes an ONNX file: python -m tf2onnx.convert --keras " + quoted(name) +
             " --output " + quoted(onnx);
    case Way::tensorflow:
      return "python -m tf2onnx.convert --graphdef " + quoted(name) + " --output " + quoted(onnx) +
             " --inputs NAMES --outputs NAMES writes an ONNX file";
    case Way::tflite:
      return "python -m tf2onnx.convert --tflite " + quoted(name) + " --output " + quoted(onnx) +
             " writes an ONNX file";
    case Way::tensorrt: return "use the ONNX file that it was compiled from";
    case Way::caffe:
    case Way::darknet:
    case Way::paddle: return "convert it to ONNX first";
    case Way::ir_weights:
      return "of an OpenVINO IR name the .xml beside it: " +
             with_ending(name, format.ending, ".xml");
    case Way::archive: return "unpack it, and name the model's file in it";
    case Way::own_tool: return "export the model to ONNX where it was made";
  }
  return {};
}

}  // namespace

bool has_model_ending(std::string_view name) {
  return format_of(name) != nullptr ||
         std::any_of(k_readable.begin(), k_readable.end(),
                     [&](std::string_view ending) { return ends_with(name, ending); });
}

bool is_ir_name(std::string_view name) { return ends_with(name, ".xml"); }

std::optional<Error> refusal_of(const std::string& name) {
  const Format* const format = format_of(name);
  if (format == nullptr) return std::nullopt;
  std::string message = name + " is " + std::string(format->what);
  if (message.ends_with(", ")) message += k_runs_code;
  return Error(ErrorCode::unsupported, Subject::model, std::move(message), way_out(*format, name));
}

}  // namespace modelhub::model_file
