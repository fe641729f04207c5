// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/journal.h"

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "support/memory_file_system.h"
#include "support/scratch.h"
#include "transfer/chunks.h"

namespace modelhub::transfer {
namespace {

using ::testing::HasSubstr;

Journal sample_journal() {
  Journal journal{base::sha256_of("the file"),
                  ByteCount(10'000'000),
                  "https://a.example/m.onnx",
                  "\"v1\"",
                  {},
                  {}};
  journal.chunks.emplace(0, base::sha256_of("chunk 0"));
  journal.chunks.emplace(2, base::sha256_of("chunk 2"));
  journal.unproved.add({4'194'304, 5'000'000});
  return journal;
}

// The text with a right last line for what it is now.
std::string sealed(const std::string& text) {
  return text + "end " + base::sha256_of(text).hex() + "\n";
}

TEST(JournalTest, IsReadAsItWasWritten) {
  const Journal written = sample_journal();
  const Result<Journal> read = Journal::parse(written.to_text());
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->digest, written.digest);
  EXPECT_EQ(read->bytes, written.bytes);
  EXPECT_EQ(read->source, written.source);
  EXPECT_EQ(read->validator, written.validator);
  EXPECT_EQ(read->chunks, written.chunks);
  EXPECT_EQ(read->unproved, written.unproved);
  EXPECT_EQ(read->boot, "");
  Journal passing = written;
  passing.boot = "4a9a0d7e-6d9b-4f38-8f2c-0d5c1b1a8a55";
  EXPECT_EQ(Journal::parse(passing.to_text())->boot, passing.boot);
}

TEST(JournalTest, LooksAsTheGoldenFilesDo) {
  const std::string folder = MODELHUB_TRANSFER_GOLDEN;
  Journal journal = sample_journal();
  for (const std::string name : {"/journal-v1", "/journal-passing-v1"}) {
    const std::string golden = test::content_of(folder + name);
    ASSERT_FALSE(golden.empty()) << name;
    EXPECT_EQ(journal.to_text(), golden);
    EXPECT_TRUE(Journal::parse(golden)) << name;
    journal.boot = "4a9a0d7e-6d9b-4f38-8f2c-0d5c1b1a8a55";
  }
}

TEST(JournalTest, EveryTruncationAndEveryFlippedBitIsRefused) {
  const std::string text = sample_journal().to_text();
  for (std::size_t size = 0; size < text.size(); ++size) {
    ASSERT_FALSE(Journal::parse(text.substr(0, size))) << size;
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string bad = text;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    ASSERT_FALSE(Journal::parse(bad)) << at;
  }
}

TEST(JournalTest, ANewerVersionIsRefusedByName) {
  const Error error = Journal::parse("modelhub-journal 2\nanything\n").error();
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_THAT(error.message, HasSubstr("version 2"));
}

TEST(JournalTest, UnknownLinesSayNothing) {
  std::string text = sample_journal().to_text();
  text.erase(text.rfind("end "));
  EXPECT_TRUE(Journal::parse(sealed(text + "mood good\n")));
}

TEST(JournalTest, LinesThatCannotBeAreRefused) {
  const std::string head = "modelhub-journal 1\ndigest " + base::sha256_of("x").hex() + "\n";
  const std::string digest = base::sha256_of("c").hex();
  EXPECT_TRUE(Journal::parse(sealed(head + "bytes 5000000\nchunk 1 " + digest + "\n")));
  for (const std::string& line :
       {std::string("bytes 0\n"), std::string("bytes -1\n"), std::string("bytes\n"),
        "bytes 5000000\nchunk 2 " + digest + "\n",
        "bytes 5000000\nchunk 1 " + digest + "\nchunk 1 " + digest + "\n",
        std::string("bytes 5000000\nchunk 0 abc\n"), std::string("bytes 10\nunproved 5 11\n"),
        std::string("bytes 10\nunproved 5 5\n"), std::string("bytes 10\nunproved x 5\n"),
        std::string("source somewhere\nbytes 10\n")}) {
    EXPECT_EQ(Journal::parse(sealed(head + line)).error().code, ErrorCode::corrupt_data) << line;
  }
}

TEST(JournalTest, AServersWordsCannotBreakOutOfTheirLine) {
  Journal journal = sample_journal();
  journal.validator = "\"v\r\nchunk 1 x\"";
  EXPECT_EQ(Journal::parse(journal.to_text())->validator, "\"vchunk 1 x\"");
}

class PassingJournalTest : public ::testing::Test {
 protected:
  PassingJournalTest() {
    EXPECT_TRUE(files_.make_directories("/f"));
    EXPECT_TRUE(files_.sync_directory("/"));
    EXPECT_TRUE(save_journal(files_, path_, sample_journal()));
  }
  // One that claims more, the more the later.
  void pass(std::uint64_t turn) { pass(turn, files_.boot()); }
  void pass(std::uint64_t turn, const std::string& boot) {
    Journal journal = sample_journal();
    journal.boot = boot;
    journal.unproved.add({5'000'000, 6'000'000 + turn * 1000});
    const Result<void> saved = save_passing_journal(files_, path_, journal, turn);
    ASSERT_TRUE(saved) << saved.error().to_string();
  }
  std::uint64_t claimed() { return load_journal(files_, path_)->claimed(); }

  const std::string path_ = "/f/journal";
  const std::uint64_t lasting_ = sample_journal().claimed();
  test::MemoryFileSystem files_;
};

TEST_F(PassingJournalTest, ClaimsWhatTheLastingOneDoesNotYet) {
  EXPECT_EQ(claimed(), lasting_);
  for (std::uint64_t turn = 0; turn < 5; ++turn) {
    pass(turn);
    EXPECT_EQ(claimed(), lasting_ + 1'000'000 + turn * 1000);
  }
  EXPECT_TRUE(has_journal(files_, path_));
}

TEST_F(PassingJournalTest, CountsForNothingAfterARestart) {
  pass(0);
  pass(1, "another run of the machine");
  EXPECT_EQ(claimed(), lasting_ + 1'000'000);
  const std::string boot = files_.boot();
  files_.power_cut(test::Loss::random, 1);
  EXPECT_NE(files_.boot(), boot);
  pass(0, boot);
  pass(1, boot);
  EXPECT_EQ(claimed(), lasting_);
}

TEST_F(PassingJournalTest, ATornOneLeavesTheOneBefore) {
  pass(0);
  pass(1);
  Result<std::unique_ptr<base::WritableFile>> file =
      files_.create(path_ + "-passing-1", base::CreateMode::append, 0644);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->truncate(100));
  EXPECT_EQ(claimed(), lasting_ + 1'000'000);
}

TEST_F(PassingJournalTest, AShorterOneTakesThePlaceOfALonger) {
  pass(0);
  Journal shorter{base::sha256_of("the file"), ByteCount(10'000'000), {}, {}, {}, {}};
  shorter.unproved.add({0, 10'000'000});
  shorter.boot = files_.boot();
  ASSERT_TRUE(save_passing_journal(files_, path_, shorter, 2));
  EXPECT_EQ(claimed(), 10'000'000U);
}

TEST_F(PassingJournalTest, GoesWithTheOther) {
  pass(0);
  pass(1);
  remove_journals(files_, path_);
  EXPECT_FALSE(has_journal(files_, path_));
  EXPECT_TRUE(files_.list("/f")->empty());
}

TEST(JournalTest, IsOldOrNewAfterAPowerCutNeverBoth) {
  test::MemoryFileSystem files;
  ASSERT_TRUE(files.make_directories("/f"));
  ASSERT_TRUE(files.sync_directory("/"));
  ASSERT_TRUE(save_journal(files, "/f/journal", sample_journal()));
  Journal later = sample_journal();
  later.chunks.emplace(1, base::sha256_of("chunk 1"));
  ASSERT_TRUE(save_journal(files, "/f/journal", later));
  files.power_cut(test::Loss::all, 1);
  EXPECT_EQ(load_journal(files, "/f/journal")->chunks.size(), 3U);
  EXPECT_EQ(load_journal(files, "/f/none").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace modelhub::transfer
