// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "catalog/documents.h"

namespace modelhub::catalog {
namespace {

// Documents of schema 1 lie on disks of users: whatever a later version reads, it reads this as it
// is meant here.
class GoldenFileTest : public ::testing::Test {
 protected:
  GoldenFileTest()
      : catalog_(Catalog::load(base::FileSystem::real(),
                               {Layer::of_path(MODELHUB_TEST_SOURCE "/golden/catalog-v1.json")})
                     .value()),
        entry_(catalog_.find("everything").value()),
        version_(entry_->versions.at(0)),
        variant_(version_.variants.at(1)) {}

  const Catalog catalog_;
  const std::shared_ptr<const ModelEntry> entry_;
  const ModelVersion& version_;
  const Variant& variant_;
};

TEST_F(GoldenFileTest, ModelAndVersion) {
  EXPECT_EQ(entry_->task, "detect");
  EXPECT_EQ(entry_->title, "Uses every field of schema 1");
  EXPECT_EQ(entry_->license, "Apache-2.0");
  EXPECT_EQ(entry_->homepage, "https://example.org/");
  EXPECT_EQ(entry_->commercial_use, "not without asking");
  EXPECT_EQ(entry_->note, "a note on the model");
  EXPECT_EQ(entry_->aliases, std::vector<std::string>{"every-thing_1"});
  EXPECT_EQ(entry_->alternatives, std::vector<std::string>{"another"});
  EXPECT_EQ(entry_->default_version, "1.0");
  EXPECT_EQ(version_.released, "2026-11-23");
  EXPECT_EQ(version_.license, "MIT");
  EXPECT_EQ(version_.default_variant, "second");
  EXPECT_EQ(version_.note, "a note on the version");
  EXPECT_EQ(version_.origin, MODELHUB_TEST_SOURCE "/golden/catalog-v1.json");
}

TEST_F(GoldenFileTest, VariantAndFiles) {
  EXPECT_EQ(version_.variants[0].export_command, "export a.pt");
  EXPECT_EQ(version_.variants[0].files[0].role, "weights");
  EXPECT_EQ(variant_.format, "onnx");
  EXPECT_EQ(variant_.precision, "int8");
  ASSERT_EQ(variant_.engines.size(), 2U);
  EXPECT_EQ(variant_.engines[0].to_string(), "onnxruntime>=1.16");
  EXPECT_EQ(variant_.engines[1].to_string(), "opencv");
  EXPECT_EQ(variant_.devices, (std::vector<std::string>{"cpu", "gpu"}));
  EXPECT_EQ(license_of(*entry_, version_, variant_), "BSD-3-Clause");
  EXPECT_EQ(license_of(*entry_, version_, version_.variants[0]), "MIT");
  EXPECT_EQ(variant_.note, "a note on the variant");
  EXPECT_EQ(variant_.stages.at(0).role, "detector");
  EXPECT_EQ(variant_.stages.at(0).reference.to_string(), "yunet@2023mar");
  const ModelFile& file = variant_.files.at(0);
  EXPECT_EQ(file.path.string(), "dir/b.onnx");
  EXPECT_EQ(file.role, "graph");
  EXPECT_EQ(file.bytes.count(), 1000U);
  EXPECT_EQ(file.sha256.short_hex(), "8f2383e4dd3c");
  EXPECT_EQ(file.urls,
            (std::vector<std::string>{"https://example.org/b.tar.gz", "file:///srv/b.tar.gz"}));
  EXPECT_EQ(file.unpack->kind, "tar.gz");
  EXPECT_EQ(file.unpack->member, "b/b.onnx");
  EXPECT_EQ(file.installed_bytes().count(), 2000U);
  EXPECT_EQ(file.installed_digest().short_hex(), "34cd7e60aeff");
  EXPECT_EQ(file.attestation, "A/B");
  EXPECT_EQ(file.url_origin, "pattern");
  const HeldFile& held = variant_.files.at(1).holds.value();
  EXPECT_EQ(held.kind, "tar.gz");
  EXPECT_EQ(held.member, "c/c.bin");
  EXPECT_EQ(held.role, "weights");
  EXPECT_EQ(held.bytes.count(), 4000U);
  EXPECT_EQ(variant_.download_bytes().count(), 4000U);
  EXPECT_EQ(variant_.installed_bytes().count(), 5000U);
}

TEST_F(GoldenFileTest, Recipe) {
  const Recipe& recipe = *variant_.recipe;
  const RecipeInput& input = recipe.inputs.at(0);
  EXPECT_EQ(input.name, "images");
  EXPECT_EQ(input.from, "image");
  EXPECT_EQ(input.layout, "nhwc");
  EXPECT_EQ(input.dtype, "uint8");
  EXPECT_EQ(input.width, 320);
  EXPECT_EQ(input.height, 240);
  EXPECT_TRUE(input.is_dynamic);
  EXPECT_EQ(input.multiple_of, 32);
  EXPECT_EQ(input.color, "bgr");
  EXPECT_EQ(input.resize, "letterbox");
  EXPECT_EQ(input.anchor, "top_left");
  EXPECT_EQ(input.rounding, "floor");
  EXPECT_EQ(input.filter, "area");
  EXPECT_EQ(input.shorter_side, 256);
  EXPECT_EQ(input.pad_value, 114);
  EXPECT_EQ(input.scale, 0.5);
  EXPECT_EQ(input.mean, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(input.std, std::vector<double>{4});
  EXPECT_EQ(recipe.outputs.at(0).name, "out");
  EXPECT_EQ(recipe.outputs.at(1).role, "scores");
  EXPECT_EQ(recipe.decode, "yolo8");
  EXPECT_FALSE(recipe.decode_params.has("kind"));
  EXPECT_EQ(recipe.decode_params.numbers_of("strides"), (std::vector<double>{8, 16}));
  EXPECT_EQ(recipe.decode_params.texts_of("names"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(recipe.decode_params.find_text("method"), "x");
  EXPECT_EQ(recipe.decode_params.texts_of("method"), std::vector<std::string>{"x"});
  EXPECT_EQ(recipe.post.find_number("conf"), 0.25);
  EXPECT_EQ(recipe.post.numbers_of("conf"), std::vector<double>{0.25});
  EXPECT_EQ(recipe.post.find_flag("class_agnostic"), true);
  EXPECT_FALSE(recipe.post.find_number("class_agnostic").has_value());
  EXPECT_FALSE(recipe.post.find_number("absent").has_value());
  EXPECT_EQ(recipe.label_names, (std::vector<std::string>{"cat", "dog"}));
}

TEST_F(GoldenFileTest, GoldenAnswer) {
  const Golden& golden = *variant_.golden;
  EXPECT_EQ(golden.image.path.string(), "cat.jpg");
  EXPECT_EQ(golden.expect.at(0).label, "cat");
  EXPECT_EQ(golden.expect.at(0).class_id, 0);
  EXPECT_EQ(golden.expect.at(0).score, 0.5);
  EXPECT_EQ(golden.expect.at(0).box, (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(golden.min_count, 1);
  EXPECT_EQ(golden.max_count, 2);
  EXPECT_EQ(golden.text, "meow");
  EXPECT_EQ(golden.score_tolerance, 0.1);
  EXPECT_EQ(golden.box_tolerance, 5);
  EXPECT_TRUE(golden.top1);
}

}  // namespace
}  // namespace modelhub::catalog
