// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/formats.h"

#include <gmock/gmock.h>

#include "model_file/model_file.h"
#include "support/scratch.h"

namespace modelhub::model_file {
namespace {

using ::testing::HasSubstr;

TEST(FormatsTest, ACheckpointGetsTheCommandThatExportsIt) {
  const Error error = refusal_of("runs/best.pt").value();
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_EQ(exit_code_of(error), 7);
  EXPECT_THAT(error.message, HasSubstr("can execute code"));
  EXPECT_THAT(error.hint, HasSubstr("yolo export model=runs/best.pt format=onnx"));
  EXPECT_THAT(error.hint, HasSubstr("runs/best.onnx"));
}

TEST(FormatsTest, TheCommandCanBePastedWhateverTheFileIsCalled) {
  EXPECT_THAT(refusal_of("my model's best.pt")->hint,
              HasSubstr(R"(model='my model'\''s best.pt' format=onnx)"));
  EXPECT_THAT(refusal_of("a;rm -rf b.tflite")->hint, HasSubstr("'a;rm -rf b.tflite'"));
}

TEST(FormatsTest, EveryOtherFormatGetsItsSentence) {
  for (const auto& [name, words] : {std::pair("x.safetensors", "weights without a graph"),
                                    {"x.pb", "TensorFlow graph"},
                                    {"x.tflite", "TensorFlow Lite"},
                                    {"x.ENGINE", "TensorRT engine"},
                                    {"x.pth", "checkpoint"},
                                    {"x.h5", "Keras"},
                                    {"x.caffemodel", "Caffe"},
                                    {"x.weights", "Darknet"},
                                    {"x.pdmodel", "PaddlePaddle"},
                                    {"x.mlmodel", "Core ML"},
                                    {"x.ort", "ONNX Runtime's own"},
                                    {"x.bin", "without their graph"},
                                    {"x.tar.gz", "archive"},
                                    {"x.torchscript", "TorchScript"},
                                    {"x.gguf", "language model"}}) {
    const std::optional<Error> error = refusal_of(name);
    ASSERT_TRUE(error) << name;
    EXPECT_EQ(error->code, ErrorCode::unsupported) << name;
    EXPECT_THAT(error->message, HasSubstr(words)) << name;
    EXPECT_FALSE(error->hint.empty()) << name;
    EXPECT_TRUE(has_model_ending(name)) << name;
  }
}

TEST(FormatsTest, WhatCanBeReadIsNotRefused) {
  for (const char* name : {"best.onnx", "BEST.ONNX", "a/b.xml", "noending", ".pt"})
    EXPECT_FALSE(refusal_of(name)) << name;
  EXPECT_TRUE(has_model_ending("best.onnx"));
  EXPECT_TRUE(has_model_ending("b.xml"));
  EXPECT_FALSE(has_model_ending("yolov8n"));
  EXPECT_FALSE(has_model_ending(".onnx"));
  EXPECT_TRUE(is_ir_name("a.XML"));
}

TEST(FormatsTest, AMissingFileIsMissingBeforeItIsOfTheWrongKind) {
  const test::ScratchFolder scratch;
  const auto error_of = [&](const std::string& path) {
    return read_model_file(base::FileSystem::real(), path, path).error();
  };
  EXPECT_EQ(error_of(scratch.path("none.pt")).code, ErrorCode::not_found);
  EXPECT_EQ(error_of(scratch.write("there.pt", "PK")).code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace modelhub::model_file
