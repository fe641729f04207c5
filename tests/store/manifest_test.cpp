// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/manifest.h"

#include <cerrno>

#include "store/store_fixture.h"
#include "support/faulty_file_system.h"

namespace modelhub::store {
namespace {

using test::FaultyFileSystem;

const std::string k_golden = MODELHUB_STORE_GOLDEN;

class ManifestTest : public StoreTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(publish(id_, {{"yolox_s.onnx", "graph"}, {"labels/coco.txt", "labels"}}));
    ASSERT_TRUE(publish(other_id_, {{"yunet.onnx", "yunet"}}));
    text_ = read_file(path_);
  }

  std::string replaced(const std::string& from, const std::string& to) const {
    std::string text = text_;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
  }

  // The manifest is reported by its path, and the other model is still there.
  Error error_for(const std::string& text) {
    overwrite_file(path_, text);
    const Result<std::optional<InstalledModel>> found = store_->find(id_);
    const Listing listing = store_->list().value();
    EXPECT_EQ(listing.models.size(), 1u);
    EXPECT_EQ(listing.broken.size(), 1u);
    if (found || listing.broken.size() != 1) {
      ADD_FAILURE() << "accepted: " << text;
      return {};
    }
    EXPECT_EQ(listing.broken.front().message, found.error().message);
    EXPECT_EQ(found.error().subject, Subject::store);
    EXPECT_NE(found.error().message.find(path_), std::string::npos);
    EXPECT_FALSE(found.error().hint.empty());
    return found.error();
  }

  const std::string path_ = home_ + "/models/yolox_s@0.1.1@onnx-fp32.json";
  std::string text_;
};

TEST_F(ManifestTest, TheGoldenManifestIsWrittenAndRead) {
  const std::string golden = read_file(k_golden + "/yolox_s@0.1.1@onnx-fp32.json");
  EXPECT_EQ(text_, golden);
  const Manifest manifest = parse_manifest(golden, "golden").value();
  EXPECT_EQ(manifest.record.id, id_);
  EXPECT_EQ(manifest.record.files.size(), 2u);
  EXPECT_EQ(manifest.installed_at, clock_.now);
}

TEST_F(ManifestTest, FieldsOfALaterVersionSurviveARewrite) {
  const std::string golden = read_file(k_golden + "/with_unknown_fields.json");
  overwrite_file(path_, golden);
  clock_.now += std::chrono::hours(1);
  ASSERT_TRUE(publish(id_, {{"yolox_s.onnx", "graph"}, {"labels/coco.txt", "labels"}}));
  std::string expected = golden;
  const std::string old_time = "2026-11-23T05:00:00Z";
  expected.replace(expected.find(old_time), old_time.size(), "2026-11-23T06:00:00Z");
  EXPECT_EQ(read_file(path_), expected);
}

TEST_F(ManifestTest, AnUnknownFieldOfAFileGoesWithItsBytes) {
  overwrite_file(path_, read_file(k_golden + "/with_unknown_fields.json"));
  ASSERT_TRUE(publish(id_, {{"yolox_s.onnx", "another graph"}, {"labels/coco.txt", "labels"}}));
  const std::string text = read_file(path_);
  EXPECT_EQ(text.find("about_the_graph"), std::string::npos);
  EXPECT_NE(text.find("about_the_labels"), std::string::npos);
}

TEST_F(ManifestTest, WrongJsonIsReportedWithLineAndPlace) {
  const Error error = error_for("{\n  \"schema\": 1,\n  oops");
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_NE(error.message.find("line 3"), std::string::npos) << error.message;
}

TEST_F(ManifestTest, EachTruncationIsAnErrorAndNothingWorse) {
  for (std::size_t size = 0; size + 2 < text_.size(); size += 7) {
    EXPECT_EQ(parse_manifest(text_.substr(0, size), "m").error().code, ErrorCode::corrupt_data)
        << size;
  }
}

TEST_F(ManifestTest, ANewerSchemaIsUnsupportedAndNeitherReplacedNorRemoved) {
  const std::string newer = replaced("\"schema\": 1", "\"schema\": 2");
  const Error error = error_for(newer);
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_NE(error.message.find("schema 2"), std::string::npos);
  EXPECT_NE(error.hint.find("upgrade"), std::string::npos);
  EXPECT_EQ(publish(id_, {{"a", "b"}}).error().code, ErrorCode::unsupported);
  EXPECT_EQ(store_->remove(id_).error().code, ErrorCode::unsupported);
  EXPECT_EQ(read_file(path_), newer);
}

TEST_F(ManifestTest, APathThatLeavesTheModelIsRefused) {
  for (const char* bad : {"../../../etc/passwd", "/etc/passwd", "a/../b", "a\\\\b", ""}) {
    const Error error = error_for(replaced("labels/coco.txt", bad));
    EXPECT_EQ(error.code, ErrorCode::corrupt_data);
    EXPECT_NE(error.message.find("files[1].path"), std::string::npos) << error.message;
  }
}

TEST_F(ManifestTest, ADigestOf63DigitsIsRefused) {
  const std::string hex = digest_of("graph").hex();
  const Error error = error_for(replaced(hex, hex.substr(1)));
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_NE(error.message.find("files[0].sha256"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("63 characters"), std::string::npos) << error.message;
}

TEST_F(ManifestTest, EveryFieldIsNeededAndTyped) {
  const std::vector<std::pair<std::string, std::string>> changes{
      {"\"schema\": 1", "\"schema\": 0"},
      {"\"schema\": 1", "\"schema\": \"1\""},
      {"\"schema\": 1", "\"other\": 1"},
      {"\"task\": \"detect\"", "\"task\": 7"},
      {"\"license\"", "\"licence\""},
      {"\"bytes\": 5", "\"bytes\": -5"},
      {"\"bytes\": 5", "\"bytes\": 5.5"},
      {"\"bytes\": 5", "\"bytes\": 99999999999999999999"},
      {"\"role\": \"graph\"", "\"role\": null"},
      {"\"files\": [", "\"files\": [ 1,"},
      {"\"files\"", "\"fils\""},
      {"\"sources\": [", "\"sources\": [ {},"},
      {"\"installed_at\": \"2026-11-23T05:00:00Z\"", "\"installed_at\": \"2026-11-31T05:00:00Z\""},
      {"\"installed_at\": \"2026-11-23T05:00:00Z\"", "\"installed_at\": \"yesterday\""},
      {"\"labels/coco.txt\"", "\"yolox_s.onnx\""},
      {"\"yolox_s.onnx\"", "\"other.onnx\""},  // the key does not fit any more
      {"\"version\": \"0.1.1\"", "\"version\": \"0.1.2\""},
      {"\"name\": \"yolox_s\"", "\"name\": \"../yolox_s\""},
  };
  for (const auto& [from, to] : changes) {
    EXPECT_EQ(error_for(replaced(from, to)).code, ErrorCode::corrupt_data) << to;
  }
  EXPECT_EQ(error_for("[]").code, ErrorCode::corrupt_data);
  EXPECT_EQ(error_for(std::string(100'000, '[')).code, ErrorCode::corrupt_data);
}

TEST_F(ManifestTest, AManifestUnderTheNameOfAnotherModelIsRefused) {
  const Error error = error_for(read_file(home_ + "/models/yunet@2023mar@onnx-fp32.json"));
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_NE(error.message.find("yunet@2023mar"), std::string::npos);
}

TEST_F(ManifestTest, AFileThatIsNoManifestIsReportedByItsName) {
  overwrite_file(home_ + "/models/notes.json", "{}");
  overwrite_file(home_ + "/models/notes.txt", "not looked at");
  const Listing listing = store_->list().value();
  EXPECT_EQ(listing.models.size(), 2u);
  ASSERT_EQ(listing.broken.size(), 1u);
  EXPECT_NE(listing.broken.front().message.find("notes.json"), std::string::npos);
}

TEST_F(ManifestTest, OneUnreadableManifestDoesNotHideTheOthers) {
  FaultyFileSystem faulty(files_);
  const auto store = open_store(home_, faulty);
  faulty.set_rule([this](const FaultyFileSystem::Call& call) {
    return call.name == "open" && call.path == path_ ? EIO : 0;
  });
  const Listing listing = store->list().value();
  EXPECT_EQ(listing.models.size(), 1u);
  ASSERT_EQ(listing.broken.size(), 1u);
  EXPECT_EQ(listing.broken.front().code, ErrorCode::io_error);
}

TEST_F(ManifestTest, ABrokenManifestCanBeRemovedWithItsBlobs) {
  overwrite_file(path_, replaced("\"task\"", "\"tusk\""));
  const Removal removal = store_->remove(id_).value();
  EXPECT_EQ(removal.freed, ByteCount(11));
  EXPECT_TRUE(store_->list().value().broken.empty());
}

TEST_F(ManifestTest, ABrokenManifestCanBePublishedOver) {
  overwrite_file(path_, "{");
  EXPECT_TRUE(publish(id_, {{"yolox_s.onnx", "graph"}}));
  EXPECT_TRUE(store_->find(id_).value());
}

TEST_F(ManifestTest, ABlobThatOnlyABrokenOrNewerManifestNamesIsKept) {
  ASSERT_TRUE(publish(other_id_, {{"yunet.onnx", "graph"}}));  // shared with the first
  overwrite_file(path_, replaced("\"schema\": 1", "\"schema\": 2"));
  EXPECT_EQ(store_->remove(other_id_).value().kept_blobs, 1u);
  EXPECT_EQ(read_file(blob("graph")), "graph");
}

}  // namespace
}  // namespace modelhub::store
