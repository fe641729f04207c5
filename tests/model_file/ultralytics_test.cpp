// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/ultralytics.h"

#include <gmock/gmock.h>

#include "model_file/model_file.h"
#include "support/shared_folder.h"

namespace modelhub::model_file {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Metadata = std::map<std::string, std::string>;

UltralyticsFacts facts_of(Metadata metadata) {
  metadata.emplace("task", "detect");
  return read_ultralytics(metadata).value().value();
}

TEST(UltralyticsTest, ReadsTheMetadataOfARealExport) {
  const std::string path = test::shared_path(
      "mirror/sha256/79e76a60125f08fcf99a5201aeab871a61565a380e3ae4a4fed6b4e3de15efd6");
  const ModelFacts model = read_model_file(base::FileSystem::real(), path, "yolov8n.onnx").value();
  const UltralyticsFacts facts = read_ultralytics(model.metadata).value().value();
  EXPECT_EQ(facts.task, "detect");
  EXPECT_EQ(facts.head, "Detect");
  EXPECT_EQ(facts.version, "8.4.115");
  EXPECT_EQ(facts.width, 640);
  EXPECT_EQ(facts.height, 640);
  EXPECT_EQ(facts.stride, 32);
  EXPECT_EQ(facts.batch, 1);
  EXPECT_FALSE(facts.end2end);
  EXPECT_FALSE(facts.nms);
  ASSERT_EQ(facts.names.size(), 80U);
  EXPECT_EQ(facts.names[0], "person");
  EXPECT_EQ(facts.names[79], "toothbrush");
}

TEST(UltralyticsTest, WithoutATaskItIsNotTheirs) {
  EXPECT_FALSE(read_ultralytics({}).value());
  EXPECT_FALSE(read_ultralytics({{"stride", "32"}, {"names", "{0: 'a'}"}}).value());
}

TEST(UltralyticsTest, SizesAreHeightAndWidthOrOneNumber) {
  EXPECT_EQ(facts_of({{"imgsz", "[480, 640]"}}).height, 480);
  EXPECT_EQ(facts_of({{"imgsz", "[480, 640]"}}).width, 640);
  EXPECT_EQ(facts_of({{"imgsz", "(320, 320)"}}).width, 320);
  EXPECT_EQ(facts_of({{"imgsz", "224"}}).height, 224);
  EXPECT_EQ(facts_of({}).width, 0);
  EXPECT_EQ(facts_of({{"stride", "32.0"}}).stride, 32);
}

TEST(UltralyticsTest, FlagsAreReadWhereverTheyStand) {
  EXPECT_TRUE(facts_of({{"end2end", "True"}}).end2end);
  EXPECT_FALSE(facts_of({{"end2end", "None"}}).end2end);
  EXPECT_TRUE(facts_of({{"args", "{'nms': True}"}}).nms);
  EXPECT_FALSE(facts_of({{"args", "{'half': True}"}}).nms);
}

TEST(UltralyticsTest, NamesComeInTheOrderOfTheirNumbers) {
  EXPECT_THAT(facts_of({{"names", "{1: 'b', 0: 'a'}"}}).names, ElementsAre("a", "b"));
  EXPECT_THAT(facts_of({{"names", "['a', 'b']"}}).names, ElementsAre("a", "b"));
}

TEST(UltralyticsTest, AValueOfAnotherKindIsNamed) {
  const auto refused = [](const std::string& key, const std::string& value) {
    const auto facts = read_ultralytics({{"task", "detect"}, {key, value}});
    ASSERT_FALSE(facts) << key << " " << value;
    EXPECT_EQ(facts.error().code, ErrorCode::corrupt_data);
    EXPECT_THAT(facts.error().message, HasSubstr("metadata '" + key));
  };
  for (const char* names : {"'person'", "{1: 'a'}", "{0: 'a', 2: 'b'}", "{0: 1}", "{'0': 'a'}",
                            "{0: 'a', 0: 'b'}", "[1]", "eval('x')"})
    refused("names", names);
  for (const char* size : {"[640]", "[640, 640, 3]", "['a', 'b']", "0", "-1", "2000000", "1e300",
                           "[1.5, 2]", "None None"})
    refused("imgsz", size);
  refused("stride", "'x'");
  refused("batch", "{}");
  refused("end2end", "1");
  refused("args", "[]");
  refused("args", "{'nms': 'yes'}");
}

}  // namespace
}  // namespace modelhub::model_file
