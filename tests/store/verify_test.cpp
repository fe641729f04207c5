// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <fstream>
#include <stop_token>

#include "store/chunk_record.h"
#include "store/store_fixture.h"
#include "support/faulty_file_system.h"

namespace modelhub::store {
namespace {

using test::FaultyFileSystem;

class VerifyTest : public StoreTest {
 protected:
  void SetUp() override {
    // More than a chunk, so that its border matters.
    static const std::string content = [] {
      std::string bytes;
      for (std::size_t i = 0; i < k_chunk_bytes + 5000; ++i)
        bytes += static_cast<char>(i * 31 + i / 4096);
      return bytes;
    }();
    content_ = content;
    ASSERT_TRUE(publish(id_, {{"big.onnx", content_}, {"labels.txt", "labels"}}));
  }

  // The report of a model whose first file is damaged and whose second is fine.
  VerifiedFile verdict(VerifyMode mode) {
    const VerifyReport report = store_->verify(id_, mode).value();
    EXPECT_EQ(report.files.size(), 2u);
    EXPECT_EQ(report.files.back().verdict, FileVerdict::ok);
    EXPECT_FALSE(report.is_whole());
    EXPECT_NE(report.files.front().detail.find(blob(content_)), std::string::npos);
    return report.files.front();
  }
  std::optional<ChunkRecord> chunk_record() {
    return load_chunk_record(files_, store_->layout(), digest_of(content_),
                             ByteCount(content_.size()));
  }
  void flip_byte_in_place(std::size_t at) {
    std::filesystem::permissions(blob(content_), std::filesystem::perms::owner_all);
    std::fstream file(blob(content_), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(content_[at] ^ 1));
  }

  std::string content_;
};

TEST_F(VerifyTest, AFreshModelIsBelievedByItsStamps) {
  const VerifyReport report = store_->verify(id_, VerifyMode::stamps).value();
  EXPECT_TRUE(report.is_whole());
  EXPECT_EQ(report.hashed, ByteCount());
  EXPECT_EQ(report.model.name, "yolox_s");
}

TEST_F(VerifyTest, FullReadsEveryByteAndRecordsTheChunks) {
  EXPECT_TRUE(chunk_record()->chunks.empty());
  const VerifyReport report = store_->verify(id_, VerifyMode::full).value();
  EXPECT_TRUE(report.is_whole());
  EXPECT_EQ(report.hashed, ByteCount(content_.size() + 6));
  const std::optional<ChunkRecord> record = chunk_record();
  ASSERT_EQ(record->chunks.size(), 2u);
  EXPECT_EQ(record->chunks[0], digest_of(content_.substr(0, k_chunk_bytes)));
  EXPECT_EQ(record->chunks[1], digest_of(content_.substr(k_chunk_bytes)));
}

TEST_F(VerifyTest, AFlippedByteIsReportedWithBothDigests) {
  flip_byte_in_place(content_.size() / 2);
  for (const VerifyMode mode : {VerifyMode::stamps, VerifyMode::full}) {
    const VerifiedFile file = verdict(mode);
    EXPECT_EQ(file.verdict, FileVerdict::digest_differs);
    EXPECT_EQ(file.expected, digest_of(content_));
    ASSERT_TRUE(file.found);
    EXPECT_NE(*file.found, file.expected);
    EXPECT_NE(file.detail.find(file.expected.hex()), std::string::npos);
    EXPECT_NE(file.detail.find(file.found->hex()), std::string::npos);
  }
}

TEST_F(VerifyTest, BitsThatRotUnderAnUnchangedStampAreFoundByFullAndThenByStamps) {
  ASSERT_TRUE(store_->verify(id_, VerifyMode::full).value().is_whole());
  const auto mtime = std::filesystem::last_write_time(blob(content_));
  flip_byte_in_place(5);
  std::filesystem::last_write_time(blob(content_), mtime);
  EXPECT_TRUE(store_->verify(id_, VerifyMode::stamps).value().is_whole());
  EXPECT_EQ(verdict(VerifyMode::full).verdict, FileVerdict::digest_differs);
  EXPECT_EQ(chunk_record()->chunks.size(), 2u);  // they tell what to mend
  EXPECT_EQ(verdict(VerifyMode::stamps).verdict, FileVerdict::digest_differs);
}

TEST_F(VerifyTest, ATruncatedBlobHasTheWrongSize) {
  std::filesystem::permissions(blob(content_), std::filesystem::perms::owner_all);
  std::filesystem::resize_file(blob(content_), 100);
  for (const VerifyMode mode : {VerifyMode::stamps, VerifyMode::full}) {
    const VerifiedFile file = verdict(mode);
    EXPECT_EQ(file.verdict, FileVerdict::wrong_size);
    EXPECT_EQ(file.found_bytes, ByteCount(100));
    EXPECT_EQ(file.expected_bytes, ByteCount(content_.size()));
  }
}

TEST_F(VerifyTest, ARemovedBlobIsMissing) {
  std::filesystem::remove(blob(content_));
  for (const VerifyMode mode : {VerifyMode::stamps, VerifyMode::full}) {
    EXPECT_EQ(verdict(mode).verdict, FileVerdict::missing);
  }
}

TEST_F(VerifyTest, AReplacedBlobOfTheSameSizeIsHashedAgain) {
  std::string other = content_;
  other.back() = static_cast<char>(other.back() + 1);
  overwrite_file(blob(content_), other);
  const VerifiedFile file = verdict(VerifyMode::stamps);
  EXPECT_EQ(file.verdict, FileVerdict::digest_differs);
  EXPECT_EQ(file.found, digest_of(other));
}

TEST_F(VerifyTest, AReplacedBlobOfTheSameBytesIsHashedOnceAndThenBelieved) {
  overwrite_file(blob(content_), content_);
  VerifyReport report = store_->verify(id_, VerifyMode::stamps).value();
  EXPECT_TRUE(report.is_whole());
  EXPECT_EQ(report.hashed, ByteCount(content_.size()));
  report = store_->verify(id_, VerifyMode::stamps).value();
  EXPECT_EQ(report.hashed, ByteCount());
}

TEST_F(VerifyTest, AFolderInPlaceOfABlobIsUnreadable) {
  std::filesystem::remove(blob(content_));
  std::filesystem::create_directory(blob(content_));
  EXPECT_EQ(verdict(VerifyMode::stamps).verdict, FileVerdict::unreadable);
}

TEST_F(VerifyTest, ADiskThatCannotBeReadIsAVerdictToo) {
  FaultyFileSystem faulty(files_);
  const auto store = open_store(home_, faulty);
  for (const char* call : {"open", "read_at"}) {
    faulty.set_rule([this, call](const FaultyFileSystem::Call& c) {
      return c.name == call && c.path == blob(content_) ? EIO : 0;
    });
    const VerifyReport report = store->verify(id_, VerifyMode::full).value();
    EXPECT_EQ(report.files[0].verdict, FileVerdict::unreadable);
    EXPECT_NE(report.files[0].detail.find("Input/output error"), std::string::npos);
    EXPECT_EQ(report.files[1].verdict, FileVerdict::ok);
  }
}

TEST_F(VerifyTest, WithoutChunkRecordsTheyAreMadeAgain) {
  const std::string path = store_->layout().chunk_record(digest_of(content_));
  for (const char* torn : {"", "{", "null", "{\"schema\": 9}", "[1]"}) {
    overwrite_file(path, torn);
    const VerifyReport report = store_->verify(id_, VerifyMode::stamps).value();
    EXPECT_TRUE(report.is_whole());
    EXPECT_EQ(report.hashed, ByteCount(content_.size()));
    EXPECT_EQ(chunk_record()->chunks.size(), 2u);
  }
}

TEST_F(VerifyTest, ChunkDigestsOfTheTransferAreKept) {
  std::vector<StagedFile> staged;
  staged.push_back(store_->stage(digest_of("new"), ByteCount(3)).value());
  ASSERT_TRUE(fetch(files_, staged.front(), "new"));
  ASSERT_TRUE(staged.front().complete(digest_of("new"), ByteCount(3), {digest_of("new")}));
  ASSERT_TRUE(store_->publish(record_of(other_id_, {{"a", "new"}}), std::move(staged)));
  const auto record = load_chunk_record(files_, store_->layout(), digest_of("new"), ByteCount(3));
  EXPECT_EQ(record->chunks, std::vector<Digest>{digest_of("new")});
}

TEST_F(VerifyTest, ProgressReachesTheTotalAndTheWorkCanBeStopped) {
  ByteCount last, total;
  const auto progress = [&](ByteCount done, ByteCount all) {
    EXPECT_GE(done, last);
    last = done;
    total = all;
  };
  ASSERT_TRUE(store_->verify(id_, VerifyMode::full, progress));
  EXPECT_EQ(total, ByteCount(content_.size() + 6));
  EXPECT_EQ(last, total);
  std::stop_source stop;
  const auto stopping = [&stop](ByteCount, ByteCount) { stop.request_stop(); };
  EXPECT_EQ(store_->verify(id_, VerifyMode::full, stopping, stop.get_token()).error().code,
            ErrorCode::cancelled);
}

TEST_F(VerifyTest, AModelThatIsNotInstalledIsNotFound) {
  const Error error = store_->verify(other_id_, VerifyMode::full).error();
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_EQ(error.subject, Subject::model);
}

TEST_F(VerifyTest, ADamagedBlobIsFetchedAgainByTheNextPullAlsoWhenItIsShared) {
  ASSERT_TRUE(publish(other_id_, {{"shared.onnx", content_}}));
  flip_byte_in_place(7);
  EXPECT_EQ(verdict(VerifyMode::full).verdict, FileVerdict::digest_differs);
  EXPECT_FALSE(store_->stage(digest_of(content_), ByteCount(content_.size())).value().is_present());
  ASSERT_TRUE(publish(id_, {{"big.onnx", content_}, {"labels.txt", "labels"}}));
  EXPECT_TRUE(store_->verify(id_, VerifyMode::full).value().is_whole());
  EXPECT_TRUE(store_->verify(other_id_, VerifyMode::full).value().is_whole());
}

TEST_F(VerifyTest, ATruncatedOrReplacedBlobIsFetchedAgainByTheNextPull) {
  for (const std::string& damage : {std::string("short"), std::string(content_.size(), 'x')}) {
    overwrite_file(blob(content_), damage);
    ASSERT_TRUE(publish(id_, {{"big.onnx", content_}, {"labels.txt", "labels"}}));
    EXPECT_TRUE(store_->verify(id_, VerifyMode::full).value().is_whole());
  }
}

TEST_F(VerifyTest, ABlobThatARemovalHadTakenAwayIsGivenBack) {
  std::filesystem::rename(blob(content_),
                          blob(content_) + ".removing" + base::Owner::current().unique_suffix());
  EXPECT_TRUE(store_->verify(id_, VerifyMode::stamps).value().is_whole());
  EXPECT_EQ(names_in(store_->layout().blobs()).size(), 2u);
}

TEST_F(VerifyTest, TheRecordOfABlobIsAsTheGoldenFileSays) {
  const Digest digest = digest_of("a blob");
  const ByteCount bytes(k_chunk_bytes + 5);
  ChunkRecord record;
  record.chunks = {digest_of("chunk 0"), digest_of("chunk 1")};
  record.stamp = Stamp{4711, bytes, 1'700'000'000'123'456'789};
  ASSERT_TRUE(save_chunk_record(files_, store_->layout(), digest, bytes, record));
  const std::string golden = read_file(std::string(MODELHUB_STORE_GOLDEN) + "/chunks.json");
  ASSERT_FALSE(golden.empty());
  EXPECT_EQ(read_file(store_->layout().chunk_record(digest)), golden);
  const auto read = load_chunk_record(files_, store_->layout(), digest, bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->chunks, record.chunks);
  EXPECT_EQ(read->stamp, record.stamp);
}

TEST(FileVerdictTest, EveryVerdictHasAName) {
  EXPECT_EQ(name_of(FileVerdict::ok), "ok");
  EXPECT_EQ(name_of(FileVerdict::missing), "missing");
  EXPECT_EQ(name_of(FileVerdict::wrong_size), "wrong_size");
  EXPECT_EQ(name_of(FileVerdict::digest_differs), "digest_differs");
  EXPECT_EQ(name_of(FileVerdict::unreadable), "unreadable");
}

}  // namespace
}  // namespace modelhub::store
