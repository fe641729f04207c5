// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "catalog/documents.h"

namespace modelhub::catalog {
namespace {

using Json = nlohmann::ordered_json;

// A folder of its own that goes with the test.
class LayersTest : public ::testing::Test {
 protected:
  LayersTest() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "modelhub-layers-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~LayersTest() override { std::filesystem::remove_all(folder_); }

  std::string put(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  Result<Catalog> load(const std::vector<Layer>& layers) {
    return Catalog::load(base::FileSystem::real(), layers);
  }

  std::string folder_;
};

std::vector<std::string> versions_of(const Catalog& catalog, const std::string& model) {
  std::vector<std::string> versions;
  for (const ModelVersion& version : catalog.find(model).value()->versions)
    versions.push_back(version.version);
  return versions;
}

TEST_F(LayersTest, VersionsAreSortedNewestFirstAsVersions) {
  const Catalog catalog =
      load_texts({text_of(document_json({model_json(
                     "m", {version_json("12"), version_json("100"), version_json("9")})}))})
          .value();
  EXPECT_EQ(versions_of(catalog, "m"), (std::vector<std::string>{"100", "12", "9"}));
  EXPECT_EQ(catalog.find("m").value()->default_version, "100");
}

TEST_F(LayersTest, ALaterLayerAddsAVersionAliasesAndADefault) {
  Json patch = document_json({{{"name", "m"},
                               {"aliases", {"mm"}},
                               {"default_version", "2"},
                               {"versions", {version_json("2")}}}});
  const Catalog catalog =
      load_texts({text_of(document_json({model_json("m", {version_json("1"), version_json("3")})})),
                  text_of(patch)})
          .value();
  const auto entry = catalog.find("mm").value();
  EXPECT_EQ(entry->name, "m");
  EXPECT_EQ(entry->license, "MIT");
  EXPECT_EQ(entry->default_version, "2");
  EXPECT_EQ(versions_of(catalog, "m"), (std::vector<std::string>{"3", "2", "1"}));
  EXPECT_EQ(entry->versions[1].origin, "layer1.json");
  EXPECT_EQ(entry->versions[2].origin, "layer0.json");
}

TEST_F(LayersTest, ALaterLayerWinsForEachVersionAndLeavesTheOthers) {
  const Catalog catalog =
      load_texts(
          {text_of(document_json({model_json("m", {version_json("1"), version_json("2")})})),
           text_of(document_json({model_json("m", {version_json("2", {variant_json("other")})})}))})
          .value();
  const auto entry = catalog.find("m").value();
  ASSERT_EQ(entry->versions.size(), 2U);
  EXPECT_EQ(entry->versions[0].variants[0].id, "other");
  EXPECT_EQ(entry->versions[1].variants[0].id, "onnx-fp32");
}

TEST_F(LayersTest, ALaterLayerTakesANameOrAliasFromAnEarlierOne) {
  Json first = document_json();
  first["models"][0]["aliases"] = {"nick", "net"};
  const Catalog by_name =
      load_texts({text_of(first), text_of(document_json({model_json("nick")}))}).value();
  EXPECT_EQ(by_name.find("nick").value()->name, "nick");
  EXPECT_EQ(by_name.find("m").value()->aliases, std::vector<std::string>{"net"});
  Json second = document_json({model_json("n")});
  second["models"][0]["aliases"] = {"Net"};
  const Catalog by_alias = load_texts({text_of(first), text_of(second)}).value();
  EXPECT_EQ(by_alias.find("net").value()->name, "n");
  EXPECT_EQ(by_alias.find("m").value()->aliases, std::vector<std::string>{"nick"});
}

void expect_misfit(const std::vector<std::string>& texts, const std::string& message) {
  const Result<Catalog> catalog = load_texts(texts);
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().code, ErrorCode::corrupt_data);
  EXPECT_EQ(catalog.error().subject, Subject::catalog);
  EXPECT_EQ(catalog.error().message, message);
}

TEST_F(LayersTest, WhatDoesNotFitTheEarlierLayersIsNamed) {
  const std::string base = text_of(document_json());
  for (const std::string field : {"task", "title", "license", "versions"}) {
    Json document = document_json({model_json("n")});
    document["models"][0].erase(field);
    expect_misfit({base, text_of(document)},
                  "layer1.json:4: models[0]: the mandatory field \"" + field +
                      "\" is missing; no earlier layer knows the model 'n'");
  }
  expect_misfit({base, text_of(document_json({{{"name", "m"}, {"default_version", "9"}}}))},
                "layer1.json:4: models[0]: default_version: m has no version '9'");
  expect_misfit(
      {base, text_of(document_json({{{"name", "m"}, {"aliases", {"n"}}}, model_json("n")}))},
      "layer1.json:10: models[1]: the name or alias 'n' belongs to 'm' already");
  Json named = document_json({model_json("n")});
  named["models"][0]["aliases"] = {"M"};
  expect_misfit({base, text_of(named)},
                "layer1.json:4: models[0]: the alias 'M' is the name of the model 'm'");
  expect_misfit(
      {text_of(document_json({model_json("a_b")})), text_of(document_json({model_json("ab")}))},
      "layer1.json:4: models[0]: 'ab' is only another spelling of 'a_b', which an earlier layer "
      "has");
}

TEST_F(LayersTest, AFolderIsReadInTheOrderOfNamesAndOtherFilesAreLeftAlone) {
  put("20.json", text_of(document_json({{{"name", "m"}, {"title", "second"}}})));
  put("10.json", text_of(document_json()));
  put("10.json~", "{");
  put(".30.json.swp", "{");
  put(".hidden.json", "{");
  put("README", "x");
  std::filesystem::create_directory(folder_ + "/sub.json");
  const Catalog catalog = load({Layer::of_directory(folder_)}).value();
  EXPECT_EQ(catalog.find("m").value()->title, "second");
  EXPECT_EQ(catalog.find("m").value()->versions[0].origin, folder_ + "/10.json");
  EXPECT_TRUE(load({Layer::of_path(folder_)}));
}

TEST_F(LayersTest, AnAbsentFolderIsNothingAnAbsentFileIsAnError) {
  EXPECT_TRUE(load({Layer::of_directory(folder_ + "/absent")}).value().models().empty());
  const Result<Catalog> catalog = load({Layer::of_path(folder_ + "/absent.json")});
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().code, ErrorCode::not_found);
  EXPECT_EQ(catalog.error().subject, Subject::catalog);
  EXPECT_NE(catalog.error().message.find(folder_ + "/absent.json"), std::string::npos);
  EXPECT_EQ(exit_code_of(catalog.error()), 1);
}

TEST_F(LayersTest, AnErrorInAFileNamesTheFileAndTheLine) {
  const std::string path = put("broken.json", "{\n  \"schema\": 1,\n  \"models\": [,]\n}\n");
  for (const Layer& layer : {Layer::of_path(path), Layer::of_directory(folder_)}) {
    const Result<Catalog> catalog = load({Layer::built_in(), layer});
    ASSERT_FALSE(catalog);
    EXPECT_EQ(catalog.error().code, ErrorCode::corrupt_data);
    EXPECT_EQ(catalog.error().message.rfind(path + ":3: not valid JSON", 0), 0U)
        << catalog.error().message;
  }
}

TEST_F(LayersTest, AFileThatIsTooLargeIsRefusedUnread) {
  const std::string path = put("large.json", "");
  std::filesystem::resize_file(path, (16 << 20) + 1);
  const Result<Catalog> catalog = load({Layer::of_path(path)});
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().code, ErrorCode::corrupt_data);
  EXPECT_EQ(catalog.error().subject, Subject::catalog);
}

TEST_F(LayersTest, AnEmptyFileIsNoDocument) {
  const std::string path = put("empty.json", "");
  EXPECT_EQ(load({Layer::of_path(path)}).error().code, ErrorCode::corrupt_data);
}

}  // namespace
}  // namespace modelhub::catalog
