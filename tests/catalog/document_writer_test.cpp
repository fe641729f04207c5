// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "catalog/document_writer.h"

#include <gmock/gmock.h>

#include "catalog/catalog.h"

namespace modelhub::catalog {
namespace {

using ::testing::HasSubstr;

Catalog load(const std::string& document) {
  return Catalog::load(base::FileSystem::real(), {Layer::of_text("written.json", document)})
      .value();
}

TEST(DocumentWriterTest, EveryModelOfTheBuiltInCatalogSurvivesBeingWrittenDown) {
  const Catalog built_in = Catalog::load(base::FileSystem::real(), {Layer::built_in()}).value();
  ASSERT_GT(built_in.models().size(), 10U);
  for (const auto& entry : built_in.models()) {
    const Result<std::string> text = write_document(*entry, "written.json");
    ASSERT_TRUE(text) << entry->name << ": " << text.error().to_string();
    const ModelEntry read = *load(*text).find(entry->name).value();
    // Written once more it is the same text: nothing was lost on the way there and back.
    EXPECT_EQ(write_document(read, "written.json").value(), *text) << entry->name;
    ASSERT_EQ(read.versions.size(), entry->versions.size());
    EXPECT_EQ(read.aliases, entry->aliases);
    EXPECT_EQ(read.default_version, entry->default_version);
    for (std::size_t v = 0; v < read.versions.size(); ++v) {
      ASSERT_EQ(read.versions[v].variants.size(), entry->versions[v].variants.size());
      for (std::size_t i = 0; i < read.versions[v].variants.size(); ++i) {
        const Variant& one = read.versions[v].variants[i];
        const Variant& other = entry->versions[v].variants[i];
        EXPECT_EQ(one.id, other.id);
        EXPECT_EQ(one.files.at(0).sha256, other.files.at(0).sha256);
        EXPECT_EQ(one.files.at(0).holds.has_value(), other.files.at(0).holds.has_value());
        EXPECT_EQ(one.recipe.has_value(), other.recipe.has_value());
        if (!one.recipe) continue;
        EXPECT_EQ(one.recipe->decode_params.values, other.recipe->decode_params.values);
        EXPECT_EQ(one.recipe->post.values, other.recipe->post.values);
        EXPECT_EQ(one.recipe->inputs.at(0).mean, other.recipe->inputs.at(0).mean);
        EXPECT_EQ(one.recipe->labels, other.recipe->labels);
      }
    }
  }
}

TEST(DocumentWriterTest, WhatNoDocumentCanSayIsRefused) {
  const Catalog built_in = Catalog::load(base::FileSystem::real(), {Layer::built_in()}).value();
  const ModelEntry good = *built_in.find("yolox_nano").value();
  const auto refused = [](const ModelEntry& entry, const std::string& words) {
    const Result<std::string> text = write_document(entry, "written.json");
    ASSERT_FALSE(text) << words;
    EXPECT_EQ(text.error().code, ErrorCode::corrupt_data);
    EXPECT_EQ(text.error().subject, Subject::catalog);
    EXPECT_THAT(text.error().message, HasSubstr("written.json"));
    EXPECT_THAT(text.error().message, HasSubstr(words));
  };
  ModelEntry entry = good;
  entry.name = "Not A Name";
  refused(entry, "name");
  entry = good;
  entry.title = "a\x1b[2Jb";
  refused(entry, "control character");
  entry = good;
  entry.versions.clear();
  EXPECT_TRUE(write_document(entry, "written.json")) << "it may add to another layer";
  entry = good;
  entry.versions[0].variants[0].recipe->label_names = {"a\x1b[2J"};
  refused(entry, "control character");
}

TEST(DocumentWriterTest, BytesThatAreNoTextDoNotSpoilTheDocument) {
  const Catalog built_in = Catalog::load(base::FileSystem::real(), {Layer::built_in()}).value();
  ModelEntry entry = *built_in.find("yolox_nano").value();
  entry.title = "caf\xE9";
  const Result<std::string> text = write_document(entry, "written.json");
  ASSERT_TRUE(text);
  EXPECT_EQ(load(*text).find("yolox_nano").value()->title, "caf\xEF\xBF\xBD");
}

}  // namespace
}  // namespace modelhub::catalog
