// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/onnx_file.h"

#include <chrono>
#include <fstream>

#include <gmock/gmock.h>

#include "model_file/onnx_writer.h"
#include "support/scratch.h"
#include "support/shared_folder.h"

namespace modelhub::model_file {
namespace {

using test::OnnxWriter;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OnnxFileTest : public ::testing::Test {
 protected:
  Result<ModelFacts> read(const std::string& content, const std::string& name = "best.onnx") const {
    return read_model_file(base::FileSystem::real(), scratch_.write("model", content), name);
  }
  void expect_bad(const std::string& content, const std::string& words) const {
    const Result<ModelFacts> facts = read(content);
    ASSERT_FALSE(facts) << words;
    EXPECT_EQ(facts.error().code, ErrorCode::corrupt_data);
    EXPECT_EQ(facts.error().subject, Subject::model);
    EXPECT_THAT(facts.error().message, HasSubstr("best.onnx"));
    EXPECT_THAT(facts.error().message, HasSubstr(words));
    EXPECT_FALSE(facts.error().hint.empty());
  }
  static std::string mirror(const std::string& digest) {
    return test::shared_path("mirror/sha256/" + digest);
  }
  static ModelFacts read_mirror(const std::string& digest) {
    return read_model_file(base::FileSystem::real(), mirror(digest), "model.onnx").value();
  }

  test::ScratchFolder scratch_;
};

TEST_F(OnnxFileTest, TellsTensorsOperatorsAndMetadata) {
  OnnxWriter model;
  model.inputs = {{"images", {-1, 3, 320, -1}, 10}, {"w", {4}}};
  model.operators = {"Conv", "Softmax"};
  model.metadata = {{"task", "detect"}, {"names", "{0: 'caf\xC3\xA9'}"}};
  const ModelFacts facts = read(model.encode()).value();
  EXPECT_EQ(facts.format, "onnx");
  EXPECT_EQ(facts.opset, 17);
  EXPECT_EQ(facts.written_by, "tests 1.0");
  EXPECT_EQ(facts.precision, "float32");
  ASSERT_EQ(facts.inputs.size(), 1U) << "w is a weight";
  EXPECT_EQ(facts.inputs[0].to_string(), "images [?,3,320,?] float16");
  ASSERT_EQ(facts.outputs.size(), 1U);
  EXPECT_EQ(facts.outputs[0].to_string(), "output0 [1,84,8400] float32");
  EXPECT_EQ(facts.outputs[0].made_by, "Softmax");
  EXPECT_EQ(facts.metadata.at("task"), "detect");
  EXPECT_EQ(facts.metadata.at("names"), "{0: 'caf\xC3\xA9'}");
  EXPECT_TRUE(facts.other_files.empty());
}

TEST_F(OnnxFileTest, AShapeThatIsNotToldIsNoScalar) {
  OnnxWriter model;
  model.outputs = {{"y", {}, 1, false}, {"z", {}}};
  const ModelFacts facts = read(model.encode()).value();
  EXPECT_FALSE(facts.outputs[0].shape);
  EXPECT_EQ(facts.outputs[1].shape, Shape());
}

TEST_F(OnnxFileTest, PrecisionIsThatOfTheWeights) {
  OnnxWriter model;
  model.weights = {{"a", 10}, {"b", 10}, {"c", 1}};
  EXPECT_EQ(read(model.encode())->precision, "float16");
  model.weights = {{"a", 16}, {"b", 16}, {"c", 1}};
  EXPECT_EQ(read(model.encode())->precision, "bfloat16");
  for (const char* op : {"QLinearConv", "DynamicQuantizeLinear", "ConvInteger"}) {
    model.operators = {op, "Conv"};
    EXPECT_EQ(read(model.encode())->precision, "int8") << op;
  }
  model.operators = {"Conv"};
  model.weights.clear();
  model.inputs[0].type = 10;
  EXPECT_EQ(read(model.encode())->precision, "float16");
}

TEST_F(OnnxFileTest, WeightsInOtherFilesAreNamedOnce) {
  OnnxWriter model;
  model.weights = {{"a", 1, "best.onnx.data"}, {"b", 1, "best.onnx.data"}, {"c", 1, "more/c.bin"}};
  const ModelFacts facts = read(model.encode()).value();
  ASSERT_EQ(facts.other_files.size(), 2U);
  EXPECT_EQ(facts.other_files[0].string(), "best.onnx.data");
  EXPECT_EQ(facts.other_files[1].string(), "more/c.bin");
}

TEST_F(OnnxFileTest, WeightsOutsideOfTheFolderAreRefused) {
  for (const char* outside : {"../secret", "/etc/passwd", "a/../../b", "c:\\x"}) {
    OnnxWriter model;
    model.weights = {{"a", 1, outside}};
    expect_bad(model.encode(), "not a path inside of its folder");
  }
}

TEST_F(OnnxFileTest, SaysWhatItIsInPlaceOfAModel) {
  expect_bad("", "it is empty");
  expect_bad("PK\x03\x04 and so on", "zip archive");
  expect_bad("\x80\x02}q", "pickle");
  expect_bad("\x89HDF\r\n\x1a\n", "HDF5");
  expect_bad("version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS pointer");
  expect_bad("<!DOCTYPE html><html>", "web page");
  expect_bad("<?xml version=\"1.0\"?><net/>", "XML");
  expect_bad("just some text", "it is no ONNX model");
  expect_bad(std::string(5000, '\0'), "it is no ONNX model");
}

TEST_F(OnnxFileTest, EachPlaceWhereItMayBeCutOffIsTold) {
  const std::string whole = test::ultralytics_detector({"box", "bag"}).encode();
  ASSERT_TRUE(read(whole));
  int complaints = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Result<ModelFacts> facts = read(whole.substr(0, length));
    // Between two of the outermost fields it is a shorter model.
    if (facts) continue;
    EXPECT_EQ(facts.error().code, ErrorCode::corrupt_data) << length;
    ++complaints;
  }
  EXPECT_GT(complaints, static_cast<int>(whole.size()) - 20);
}

TEST_F(OnnxFileTest, HostileFilesEndWithAnError) {
  using namespace engine::tiny_onnx;
  using engine::tiny_protobuf::varint;
  const std::string head = number(1, 8);
  expect_bad(head + std::string("\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), "ends in the middle");
  expect_bad(head + std::string(11, '\xff'), "no ONNX model");
  expect_bad(head + bytes(7, bytes(11, bytes(1, std::string(5000, 'n')))), "longer than any");
  expect_bad(head + bytes(7, bytes(11, bytes(1, "\xff\xfe"))), "not UTF-8");
  expect_bad(head + bytes(7, varint((11 << 3) | 0) + varint(5)), "no ONNX model");
  std::string sides;
  for (int i = 0; i < 100; ++i) sides += bytes(1, number(1, 1));
  expect_bad(head + bytes(7, bytes(11, bytes(2, bytes(1, bytes(2, sides))))), "more than 64 sides");
}

TEST_F(OnnxFileTest, AFileCannotMakeItKeepMoreThanAModelSays) {
  using namespace engine::tiny_onnx;
  std::string inputs;
  for (int i = 0; i < 200'000; ++i) inputs += bytes(11, bytes(1, "input" + std::to_string(i)));
  expect_bad(number(1, 8) + bytes(7, inputs), "more names and metadata");
  std::string metadata;
  for (int i = 0; i < 12; ++i)
    metadata += bytes(14, bytes(1, "k" + std::to_string(i)) + bytes(2, std::string(1 << 21, 'v')));
  expect_bad(number(1, 8) + bytes(7, bytes(2, "g")) + metadata, "more names and metadata");
}

TEST_F(OnnxFileTest, AMissingFileAndAFolderAreTold) {
  const auto at = [&](const std::string& path) {
    return read_model_file(base::FileSystem::real(), path, "x.onnx").error();
  };
  EXPECT_EQ(at(scratch_.path("none")).code, ErrorCode::not_found);
  EXPECT_EQ(exit_code_of(at(scratch_.path("none"))), 3);
  EXPECT_EQ(at(scratch_.path()).code, ErrorCode::io_error);
  EXPECT_THAT(at(scratch_.path()).message, HasSubstr("is a folder"));
}

// ---- files that others have made ----

TEST_F(OnnxFileTest, ReadsAnExportOfUltralytics) {
  const ModelFacts facts =
      read_mirror("79e76a60125f08fcf99a5201aeab871a61565a380e3ae4a4fed6b4e3de15efd6");
  EXPECT_EQ(facts.opset, 20);
  EXPECT_EQ(facts.precision, "float32");
  ASSERT_EQ(facts.inputs.size(), 1U);
  EXPECT_EQ(facts.inputs[0].to_string(), "images [1,3,640,640] float32");
  ASSERT_EQ(facts.outputs.size(), 1U);
  EXPECT_EQ(facts.outputs[0].to_string(), "output0 [1,84,8400] float32");
  EXPECT_EQ(facts.metadata.at("task"), "detect");
  EXPECT_EQ(facts.metadata.at("imgsz"), "[640, 640]");
}

TEST_F(OnnxFileTest, ReadsAQuantisedClassifierOfTheModelZoo) {
  const ModelFacts facts =
      read_mirror("cc028fe6cae7bc11a4ff53cfc9b79c920e8be65ce33a904ec3e2a8f66d77f95f");
  EXPECT_EQ(facts.opset, 12) << "the standard operators', not com.microsoft's";
  EXPECT_EQ(facts.precision, "int8");
  EXPECT_EQ(facts.inputs[0].to_string(), "input [?,3,224,224] float32");
  EXPECT_EQ(facts.outputs[0].to_string(), "output [?,1000] float32");
  EXPECT_EQ(facts.outputs[0].made_by, "DequantizeLinear");
  EXPECT_TRUE(facts.metadata.empty());
}

TEST_F(OnnxFileTest, ReadsTheTwelveOutputsOfYuNet) {
  const ModelFacts facts =
      read_mirror("8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4");
  EXPECT_EQ(facts.written_by, "pytorch 1.7");
  ASSERT_EQ(facts.outputs.size(), 12U);
  EXPECT_EQ(facts.outputs[0].to_string(), "cls_8 [1,6400,1] float32");
  EXPECT_EQ(facts.outputs[11].to_string(), "kps_32 [1,400,10] float32");
}

TEST_F(OnnxFileTest, WeightsThatOldFilesListAsInputsAreNone) {
  const ModelFacts facts =
      read_mirror("34cd7e60aeff28744c657de7a3dc64e872d506741de66987f3426f2b79f88017");
  ASSERT_EQ(facts.inputs.size(), 1U) << "of the 210 that UltraFace lists";
  EXPECT_EQ(facts.inputs[0].to_string(), "input [1,3,240,320] float32");
  ASSERT_EQ(facts.outputs.size(), 2U);
  EXPECT_EQ(facts.outputs[0].made_by, "Softmax");
}

TEST_F(OnnxFileTest, ReadsFilesOfPaddleWhoseWeightsAreAttributes) {
  const ModelFacts detection =
      read_mirror("30a86f5731181461d08021402766601e4302a9b9b9666be8aff402696339cdff");
  EXPECT_EQ(detection.inputs[0].to_string(), "x [?,3,?,?] float32");
  EXPECT_EQ(detection.outputs[0].made_by, "Sigmoid");
  EXPECT_EQ(detection.precision, "float32");
  const ModelFacts recognition =
      read_mirror("06b3e6af6c59a1ba5d53790ed8c2e4b2de389870b6cf5a97f349f3412cb269c0");
  EXPECT_EQ(recognition.inputs[0].to_string(), "x [?,3,48,?] float32");
  EXPECT_EQ(recognition.outputs[0].to_string(), "softmax_11.tmp_0 [?,?,6625] float32");
}

}  // namespace
}  // namespace modelhub::model_file
