// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/ir_file.h"

#include <gmock/gmock.h>

#include "model_file/xml_reader.h"
#include "support/shared_folder.h"

namespace modelhub::model_file {
namespace {

using ::testing::HasSubstr;

// Two inputs of the same graph as a converter writes it, the second without names of its own.
std::string small_ir() {
  return R"(<?xml version="1.0"?>
<!-- made by hand -->
<net name="small" version="11">
  <layers>
    <layer id="0" name="parameter_0" type="Parameter" version="opset1">
      <data shape="?,3,32..64,64" element_type="u8"/>
      <output><port id="0" precision="U8" names="images,alias"><dim>-1</dim><dim>3</dim></port></output>
    </layer>
    <layer id="1" name="weights" type="Const" version="opset1">
      <data element_type="f16" shape="10" offset="0" size="20"/>
      <output><port id="0" precision="FP16"><dim>10</dim></port></output>
    </layer>
    <layer id="2" name="axes" type="Const" version="opset1">
      <data element_type="i64" shape="1" offset="20" size="8"/>
      <output><port id="0" precision="I64"><dim>1</dim></port></output>
    </layer>
    <layer id="3" name="soft" type="Softmax" version="opset1">
      <input><port id="0"><dim>1</dim></port></input>
      <output><port id="1" precision="FP32" names="a\,b"><dim>1</dim><dim>10</dim></port></output>
    </layer>
    <layer id="4" name="soft/sink_port_0" type="Result" version="opset1"/>
  </layers>
  <edges>
    <edge from-layer="3" from-port="1" to-layer="4" to-port="0"/>
  </edges>
  <rt_info><model_info><model_type value="YOLO"/><labels value="cat &amp; dog"/></model_info></rt_info>
</net>
)";
}

TEST(IrFileTest, TellsTensorsWeightsAndModelInfo) {
  const ModelFacts facts = read_ir(small_ir(), "folder/small.xml").value();
  EXPECT_EQ(facts.format, "openvino_ir");
  EXPECT_EQ(facts.precision, "float16");
  ASSERT_EQ(facts.inputs.size(), 1U);
  EXPECT_EQ(facts.inputs[0].to_string(), "images [?,3,?,64] uint8");
  ASSERT_EQ(facts.outputs.size(), 1U);
  EXPECT_EQ(facts.outputs[0].to_string(), "a,b [1,10] float32");
  EXPECT_EQ(facts.outputs[0].made_by, "Softmax");
  ASSERT_EQ(facts.other_files.size(), 1U);
  EXPECT_EQ(facts.other_files[0].string(), "small.bin");
  EXPECT_EQ(facts.metadata.at("model_info.model_type"), "YOLO");
  EXPECT_EQ(facts.metadata.at("model_info.labels"), "cat & dog");
}

TEST(IrFileTest, ReadsARealModelOfTheZoo) {
  const std::string path = test::shared_path(
      "mirror/sha256/6a393e1a58607cf65ff58b437b0aeb0bf6c46a18926e1c5718374c804c419faa");
  const ModelFacts facts =
      read_model_file(base::FileSystem::real(), path, "person-detection-0200.xml").value();
  ASSERT_EQ(facts.inputs.size(), 1U);
  EXPECT_EQ(facts.inputs[0].to_string(), "image [1,3,256,256] float32");
  ASSERT_EQ(facts.outputs.size(), 1U);
  EXPECT_EQ(facts.outputs[0].to_string(), "detection_out [1,1,200,7] float32");
  EXPECT_EQ(facts.outputs[0].made_by, "DetectionOutput");
  EXPECT_EQ(facts.precision, "float16");
  EXPECT_EQ(facts.other_files[0].string(), "person-detection-0200.bin");
}

TEST(IrFileTest, WhatIsNoGraphIsRefused) {
  const auto refused = [](const std::string& text, const std::string& words) {
    const Result<ModelFacts> facts = read_ir(text, "x.xml");
    ASSERT_FALSE(facts) << text;
    EXPECT_EQ(facts.error().code, ErrorCode::corrupt_data);
    EXPECT_THAT(facts.error().message, HasSubstr("x.xml"));
    EXPECT_THAT(facts.error().message, HasSubstr(words)) << text;
  };
  refused("", "ends in the middle");
  refused("<html></html>", "its root is <html>");
  refused("<net></net>", "no input or no output");
  refused("<net><layers></net>", "does not end as it began");
  refused("<!DOCTYPE a [<!ENTITY x 'y'>]><net/>", "document type");
  refused("<net a='&x;'></net>", "not XML's own");
  refused("<net>&#0;</net>", "stands for no letter");
  refused("<net/><net/>", "more than one root");
  refused("<net/>text", "outside of its elements");
  refused("<net a=b></net>", "no quotes");
  refused("<net \xff=''></net>", "not UTF-8");
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<net>";
  refused(deep, "nested more than 64 deep");
}

TEST(IrFileTest, EachPlaceWhereItMayBeCutOffIsTold) {
  const std::string whole = small_ir();
  const std::size_t end = whole.rfind("</net>") + 6;
  for (std::size_t length = 0; length < end; ++length) {
    const Result<ModelFacts> facts = read_ir(whole.substr(0, length), "x.xml");
    ASSERT_FALSE(facts) << length;
    EXPECT_EQ(facts.error().code, ErrorCode::corrupt_data) << length;
  }
}

TEST(XmlReaderTest, GoesThroughElementsWithTheirPathsAttributesAndTexts) {
  XmlReader xml("<a x='1' y=\"&lt;&#x41;&#66;\"><b/> t&gt;1 <c>2</c></a>");
  std::string seen;
  while (xml.advance()) {
    seen += xml.tag() == XmlReader::Tag::begin ? "+" : "-";
    for (const std::string& name : xml.path()) seen += name;
    if (xml.tag() == XmlReader::Tag::begin && xml.name() == "a") seen += xml.attribute("y");
    if (xml.tag() == XmlReader::Tag::end && xml.name() == "c") seen += xml.text();
    seen += " ";
  }
  EXPECT_EQ(xml.problem(), nullptr);
  EXPECT_EQ(seen, "+a<AB +ab -ab +ac -ac2 -a ");
}

}  // namespace
}  // namespace modelhub::model_file
