// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/model_id.h"

#include <gtest/gtest.h>

#include "base/hasher.h"

namespace modelhub::store {
namespace {

RelPath path(const char* text) { return RelPath::parse(text).value(); }

TEST(ModelIdTest, AcceptsOnlyWhatIsSafeInAFileName) {
  EXPECT_TRUE((ModelId{"yolov8n", "8.4.0", "onnx-fp32"}.check()));
  EXPECT_TRUE((ModelId{"a", "2023mar+1~rc", "A_b"}.check()));
  for (const std::string bad :
       {"", ".", "..", ".hidden", "a/b", "a@b", "a:b", "a b", "-x", "a\nb", "ä"}) {
    EXPECT_EQ((ModelId{bad, "1", "v"}.check().error().code), ErrorCode::invalid_argument) << bad;
    EXPECT_EQ((ModelId{"n", bad, "v"}.check().error().code), ErrorCode::invalid_argument) << bad;
    EXPECT_EQ((ModelId{"n", "1", bad}.check().error().subject), Subject::model) << bad;
  }
  EXPECT_TRUE((ModelId{std::string(48, 'n'), "1", "v"}.check()));
  EXPECT_FALSE((ModelId{std::string(49, 'n'), "1", "v"}.check()));
}

TEST(ModelIdTest, ManifestNamesGoThereAndBack) {
  const ModelId id{"yolov8n", "8.4.0", "onnx-fp32"};
  EXPECT_EQ(id.manifest_name(), "yolov8n@8.4.0@onnx-fp32.json");
  EXPECT_EQ(ModelId::parse_manifest_name(id.manifest_name()).value(), id);
  for (const char* bad :
       {"", ".json", "a@b.json", "a@b@c", "a@b@c@d.json", "a@@c.json", "x/../a@b@c.json"}) {
    EXPECT_EQ(ModelId::parse_manifest_name(bad).error().code, ErrorCode::invalid_argument) << bad;
  }
}

// The text of docs/formats/store.md; anybody can compute a key with sha256sum.
TEST(ModelIdTest, KeyIsTheDocumentedOne) {
  const Digest a = base::sha256_of("a");
  const Digest b = base::sha256_of("b");
  const std::string text =
      "modelhub-model-key 1\nyolox_s\n0.1.1\nonnx-fp32\n"
      "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  a/graph.onnx\n"
      "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  b.bin\n";
  const ModelId id{"yolox_s", "0.1.1", "onnx-fp32"};
  EXPECT_EQ(model_key(id, {{path("a/graph.onnx"), a}, {path("b.bin"), b}}), base::sha256_of(text));
  // printf '<the text>' | sha256sum
  EXPECT_EQ(base::sha256_of(text).hex(),
            "cddb4c4f9cde3441efda9a473fb8b8194bcb6bc59e3fcece97d11fcd6d6a89f8");
}

TEST(ModelIdTest, KeyDoesNotDependOnTheOrderOfFilesButOnEverythingElse) {
  const Digest a = base::sha256_of("a");
  const Digest b = base::sha256_of("b");
  const ModelId id{"n", "1", "v"};
  const Digest key = model_key(id, {{path("p"), a}, {path("q"), b}});
  EXPECT_EQ(key, model_key(id, {{path("q"), b}, {path("p"), a}}));
  EXPECT_NE(key, model_key(id, {{path("p"), b}, {path("q"), a}}));
  EXPECT_NE(key, model_key(id, {{path("p"), a}}));
  EXPECT_NE(key, model_key({"n", "1", "w"}, {{path("p"), a}, {path("q"), b}}));
  EXPECT_NE(key, model_key({"n", "2", "v"}, {{path("p"), a}, {path("q"), b}}));
  EXPECT_NE(key, model_key({"m", "1", "v"}, {{path("p"), a}, {path("q"), b}}));
}

}  // namespace
}  // namespace modelhub::store
