// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <regex>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "support/sanitized.h"
#include "transfer/ranged_fixture.h"

namespace modelhub::transfer {
namespace {

using test::RangedFile;

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

// ---- data and journal that lie ----

struct Damage {
  std::string name;
  std::function<void(const std::string& data, const std::string& journal)> inflict;
  std::uint64_t most_sent;  // of the file's 24 MiB; 14 MiB were there
};

class DamagedPartialTest : public RangedFixture, public ::testing::WithParamInterface<Damage> {};

TEST_P(DamagedPartialTest, IsNotBelieved) {
  const RangedFile file(24 * k_mib + 77);
  leave_partial(file, 14 * k_mib);
  GetParam().inflict(data(), journal());
  const Result<Fetched> fetched = fetch(file, {serve(file)});
  ASSERT_TRUE(arrived(fetched, file.content()));
  // Under a sanitizer the hashing lags behind: then fewer segments are proved, and all may go.
  EXPECT_LE(bytes_sent_since(),
            test::k_is_sanitized ? file.size() + k_sent_ahead : GetParam().most_sent);
}

void flip_byte(const std::string& path, std::uint64_t at) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(static_cast<std::streamoff>(at));
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(byte);
}

std::vector<Damage> all_damages() {
  constexpr std::uint64_t k_missing = 11 * k_mib;
  constexpr std::uint64_t k_all = 28 * k_mib;  // with what connections that are given up had coming
  return {
      {"AFlippedByteInAFinishedSegment",
       [](const auto& data, const auto&) { flip_byte(data, 5 * k_mib); }, k_missing + k_segment},
      // The last, unfinished segment has no digest: only the whole one tells, and all goes again.
      {"AFlippedByteInAnUnfinishedSegment",
       [](const auto& data, const auto&) { flip_byte(data, 13 * k_mib); }, 2 * k_all},
      {"DataThatIsShorter",
       [](const auto& data, const auto&) { std::filesystem::resize_file(data, 6 * k_mib); },
       k_missing + 2 * k_segment + k_segment},
      {"DataThatIsLonger",
       [](const auto& data, const auto&) { std::filesystem::resize_file(data, 40 * k_mib); },
       k_missing},
      {"DataOfZeros",
       [](const auto& data, const auto&) {
         std::filesystem::resize_file(data, 0);
         std::filesystem::resize_file(data, 24 * k_mib + 77);
       },
       2 * k_all},
      {"NoData", [](const auto& data, const auto&) { std::filesystem::remove(data); }, k_all},
      {"NoJournal", [](const auto&, const auto& journal) { std::filesystem::remove(journal); },
       k_all},
      {"AnEmptyJournal", [](const auto&, const auto& journal) { write_file(journal, ""); }, k_all},
      {"AJournalOfGarbage",
       [](const auto&, const auto& journal) {
         write_file(journal, *test::generated_content(5000, 9));
       },
       k_all},
      {"AJournalOfOneEndlessLine",
       [](const auto&, const auto& journal) { write_file(journal, std::string(5'000'000, '7')); },
       k_all},
      {"AJournalTornInTheMiddle",
       [](const auto&, const auto& journal) {
         const std::string whole = test::content_of(journal);
         write_file(journal, whole.substr(0, whole.size() / 2));
       },
       k_all},
      {"AJournalTornInItsLastLine",
       [](const auto&, const auto& journal) {
         const std::string whole = test::content_of(journal);
         write_file(journal, whole.substr(0, whole.size() - 3));
       },
       k_all},
      {"AJournalOfANewerVersion",
       [](const auto&, const auto& journal) {
         write_file(journal, std::regex_replace(test::content_of(journal), std::regex("[0-9]+"),
                                                "999", std::regex_constants::format_first_only));
       },
       k_all},
      {"AJournalThatIsAFolder",
       [](const auto&, const auto& journal) {
         std::filesystem::remove(journal);
         std::filesystem::create_directories(journal);
       },
       k_all},
      {"AJournalWithOtherDigests",
       [](const auto&, const auto& journal) {
         write_file(journal,
                    std::regex_replace(test::content_of(journal), std::regex("[0-9a-f]{64}"),
                                       base::sha256_of("other").hex()));
       },
       k_all},
  };
}

INSTANTIATE_TEST_SUITE_P(With, DamagedPartialTest, ::testing::ValuesIn(all_damages()),
                         [](const auto& one) { return one.param.name; });

// ---- journals that are well formed and lie: docs/formats/journal.md ----

class LyingJournalTest : public RangedFixture {
 protected:
  static constexpr std::uint64_t k_size = 24 * k_mib + 77;

  // Puts a partial of file_ into the folder: this data, and a journal that makes these claims.
  void put(const std::string& data_content, const std::string& claims,
           const std::string& version = "1") const {
    const std::string text = "modelhub-journal " + version + "\ndigest " + file_.digest().hex() +
                             "\nbytes " + std::to_string(k_size) + "\nsource " +
                             server_.url("/m.onnx") + "\nvalidator \"v1\"\n" + claims;
    write_file(data(), data_content);
    write_file(journal(), text + "end " + base::sha256_of(text).hex() + "\n");
  }
  std::string chunk_claims() const {
    std::string lines;
    std::size_t index = 0;
    for (const Digest& digest : digests_of_segments(*file_.content()))
      lines += "chunk " + std::to_string(index++) + " " + digest.hex() + "\n";
    return lines;
  }
  const RangedFile file_{k_size};
  const std::string zeros_ = std::string(k_size, '\0');
};

TEST_F(LyingJournalTest, ThatTellsTheTruthSavesEveryRequest) {
  put(*file_.content(), chunk_claims());
  const Result<Fetched> fetched = fetch(file_, {serve(file_)});
  ASSERT_TRUE(arrived(fetched, file_.content()));
  EXPECT_EQ(server_.request_count(), 0U);
  EXPECT_EQ(fetched->reused.count(), k_size);
}

TEST_F(LyingJournalTest, ACompletePartialThatIsOnlySaidToBeThereNeedsNoRequestEither) {
  put(*file_.content(), "unproved 0 " + std::to_string(k_size) + "\n");
  ASSERT_TRUE(arrived(fetch(file_, {serve(file_)}), file_.content()));
  EXPECT_EQ(server_.request_count(), 0U);
}

TEST_F(LyingJournalTest, ThatClaimsChunksOfZerosIsFoundOut) {
  put(zeros_, chunk_claims());
  ASSERT_TRUE(arrived(fetch(file_, {serve(file_)}), file_.content()));
  EXPECT_LE(server_.body_bytes_sent(), k_size + k_sent_ahead);
}

TEST_F(LyingJournalTest, ThatClaimsBytesOfZerosIsFoundOut) {
  put(zeros_, "unproved 0 " + std::to_string(k_size) + "\n");
  ASSERT_TRUE(arrived(fetch(file_, {serve(file_)}), file_.content()));
  EXPECT_LE(server_.body_bytes_sent(), k_size + k_sent_ahead);
}

TEST_F(LyingJournalTest, ThatHasTheDigestsOfItsOwnWrongBytesIsFoundOut) {
  std::string wrong = *file_.content();
  wrong[9 * k_mib] = static_cast<char>(wrong[9 * k_mib] ^ 1);
  std::string claims;
  std::size_t index = 0;
  for (const Digest& digest : digests_of_segments(wrong))
    claims += "chunk " + std::to_string(index++) + " " + digest.hex() + "\n";
  put(wrong, claims);
  ASSERT_TRUE(arrived(fetch(file_, {serve(file_)}), file_.content()));
  EXPECT_LE(server_.body_bytes_sent(), k_size + k_sent_ahead);
}

TEST_F(LyingJournalTest, WithImpossibleClaimsIsPassedOver) {
  for (const std::string& claim :
       {std::string("chunk 99 ") + base::sha256_of("x").hex() + "\n", std::string("chunk 0 abc\n"),
        std::string("unproved 5 5\n"), std::string("unproved 0 99999999999\n"),
        std::string("unproved 0 99999999999999999999999999\n"), std::string("chunk\n")}) {
    transfer_.reset();
    bytes_sent_since();
    put(zeros_, claim);
    ASSERT_TRUE(arrived(fetch(file_, {serve(file_)}), file_.content())) << claim;
    EXPECT_LE(bytes_sent_since(), k_size + k_sent_ahead) << claim;
  }
}

TEST_F(LyingJournalTest, OfANewerVersionIsNotGoneOnWith) {
  put(*file_.content(), chunk_claims(), "2");
  const Result<Fetched> fetched = fetch(file_, {serve(file_)});
  ASSERT_TRUE(arrived(fetched, file_.content()));
  EXPECT_EQ(fetched->reused.count(), 0U);
}

TEST_F(LyingJournalTest, TornAnywhereIsNotBelieved) {
  const RangedFile file(9 * k_mib);
  leave_partial(file, 6 * k_mib);
  const std::string whole = test::content_of(journal());
  const std::string data_then = test::content_of(data());
  const std::size_t cuts = test::k_is_sanitized ? 6 : 24;
  const std::size_t step = std::max<std::size_t>(1, whole.size() / cuts);
  for (std::size_t cut = 0; cut < whole.size(); cut += step) {
    transfer_.reset();
    write_file(data(), data_then);
    write_file(journal(), whole.substr(0, cut));
    ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content())) << "cut at " << cut;
  }
}

}  // namespace
}  // namespace modelhub::transfer
