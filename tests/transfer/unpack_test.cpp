// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/unpack.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "support/archives.h"
#include "support/faulty_file_system.h"
#include "support/scratch.h"
#include "transfer/libarchive.h"

namespace modelhub::transfer {
namespace {

using test::bz2_of;
using test::Packed;
using test::tar_gz_of;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string noise(std::size_t size, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

class UnpackTest : public ::testing::Test {
 protected:
  UnpackRequest request_for(UnpackKind kind, std::string_view result, std::string member = "") {
    return {kind, std::move(member), base::sha256_of(result), ByteCount(result.size())};
  }

  std::unique_ptr<Unpacker> start(const UnpackRequest& request, const std::string& archive) {
    scratch_.write("archive", archive);
    return Unpacker::start(*files_, request, archive_path_, data_path_, ByteCount(archive.size()))
        .value();
  }

  // The whole archive is there from the start.
  Result<Unpacked> unpack(const UnpackRequest& request, const std::string& archive) {
    const std::unique_ptr<Unpacker> unpacker = start(request, archive);
    unpacker->advance(archive.size());
    return unpacker->finish();
  }

  // Refused with this code; nothing is left behind. Gives the message.
  std::string refusal(const UnpackRequest& request, const std::string& archive, ErrorCode code) {
    const Result<Unpacked> unpacked = unpack(request, archive);
    EXPECT_FALSE(unpacked);
    EXPECT_FALSE(has_data());
    if (unpacked) return {};
    EXPECT_EQ(unpacked.error().code, code) << unpacked.error().to_string();
    EXPECT_EQ(unpacked.error().subject, Subject::model);
    EXPECT_THAT(unpacked.error().message, HasSubstr(archive_path_));
    return unpacked.error().message;
  }

  bool has_data() const { return std::filesystem::exists(data_path_); }
  std::string data() const { return test::content_of(data_path_); }

  test::ScratchFolder scratch_;
  const std::string archive_path_ = scratch_.path("archive");
  const std::string data_path_ = scratch_.path("data");
  test::FaultyFileSystem faulty_{base::FileSystem::real()};
  base::FileSystem* files_ = &base::FileSystem::real();
};

struct RealArchive {
  const char* archive;
  const char* result;
  std::uint64_t bytes;
};

class RealArchiveTest : public UnpackTest, public ::testing::WithParamInterface<RealArchive> {};

TEST_P(RealArchiveTest, OfDlibUnpacksToItsKnownDigest) {
  const char* const shared = std::getenv("MODELHUB_TEST_SHARED");
  ASSERT_NE(shared, nullptr);
  const std::string path = std::string(shared) + "/mirror/sha256/" + GetParam().archive;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not here";
  const UnpackRequest request{UnpackKind::bz2, "", Digest::parse(GetParam().result).value(),
                              ByteCount(GetParam().bytes)};
  const std::uint64_t size = std::filesystem::file_size(path);
  const auto unpacker =
      Unpacker::start(*files_, request, path, data_path_, ByteCount(size)).value();
  for (std::uint64_t prefix = 0; prefix < size; prefix += 100'000) unpacker->advance(prefix);
  unpacker->advance(size);
  const Result<Unpacked> unpacked = unpacker->finish();
  ASSERT_TRUE(unpacked) << unpacked.error().to_string();
  EXPECT_EQ(unpacked->digest, request.digest);
  const std::string content = data();
  EXPECT_EQ(base::sha256_of(content), request.digest);
  constexpr std::size_t k_chunk = 4 * 1024 * 1024;
  ASSERT_EQ(unpacked->chunks.size(),
            content.size() <= k_chunk ? 0 : (content.size() + k_chunk - 1) / k_chunk);
  for (std::size_t i = 0; i < unpacked->chunks.size(); ++i) {
    EXPECT_EQ(unpacked->chunks[i],
              base::sha256_of(std::string_view(content).substr(i * k_chunk, k_chunk)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Mirror, RealArchiveTest,
    ::testing::Values(
        RealArchive{"abb1f61041e434465855ce81c2bd546e830d28bcbed8d27ffbe5bb408b11553a",
                    "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30", 22466066},
        RealArchive{"6e787bbebf5c9efdb793f6cd1f023230c4413306605f24f299f12869f95aa472",
                    "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888", 9150489},
        RealArchive{"db9e9e40f092c118d5eb3e643935b216838170793559515541c56a2b50d9fc84",
                    "be467b1a76f482693de3b0f6a1ff91d092319be71523d4d4b0628f6a53fcb87a", 729940}));

TEST_F(UnpackTest, TakesTheNamedMemberOfATarGz) {
  const std::string graph = noise(300'000);
  const std::string archive = tar_gz_of({{"model/", "", S_IFDIR},
                                         {"model/checkpoint", noise(5'000, 2)},
                                         {"model/graph.pb", graph},
                                         {"model/more", "more"}});
  const Result<Unpacked> unpacked =
      unpack(request_for(UnpackKind::tar_gz, graph, "model/graph.pb"), archive);
  ASSERT_TRUE(unpacked) << unpacked.error().to_string();
  EXPECT_EQ(data(), graph);
  EXPECT_EQ(unpacked->bytes, ByteCount(graph.size()));
  EXPECT_TRUE(unpacked->chunks.empty());
}

TEST_F(UnpackTest, ALeadingDotDoesNotMatterOnEitherSide) {
  for (const auto& [packed, asked] : std::vector<std::pair<std::string, std::string>>{
           {"./a/b", "a/b"}, {"a/b", "./a/b"}, {"./././a/b", "./a/b"}}) {
    EXPECT_TRUE(unpack(request_for(UnpackKind::tar_gz, "x", asked), tar_gz_of({{packed, "x"}})))
        << packed << " as " << asked;
  }
}

TEST_F(UnpackTest, ANameThatIsNotAsciiMatchesByItsBytes) {
  const std::string name = "gr\xC3\xBC\xC3\x9F/\xE6\xA8\xA1\xE5\x9E\x8B.pb";
  EXPECT_TRUE(unpack(request_for(UnpackKind::tar_gz, "x", name), tar_gz_of({{name, "x"}})));
}

TEST_F(UnpackTest, OfTwoMembersWithOneNameTheFirstIsMeant) {
  const std::string archive = tar_gz_of({{"a", "first"}, {"a", "other"}});
  EXPECT_TRUE(unpack(request_for(UnpackKind::tar_gz, "first", "a"), archive));
  refusal(request_for(UnpackKind::tar_gz, "other", "a"), archive, ErrorCode::checksum_mismatch);
}

TEST_F(UnpackTest, NeedsNothingOfATarGzBehindTheMember) {
  const std::string graph = noise(200'000);
  const std::string archive = tar_gz_of({{"graph", graph}, {"rest", noise(2'000'000, 2)}});
  const auto unpacker = start(request_for(UnpackKind::tar_gz, graph, "graph"), archive);
  unpacker->advance(400'000);
  ASSERT_TRUE(unpacker->finish());
  EXPECT_EQ(data(), graph);
}

TEST_F(UnpackTest, AMissingMemberIsAnErrorThatListsWhatThereIs) {
  std::vector<Packed> members;
  for (int i = 0; i < 7; ++i) members.push_back({"folder/file" + std::to_string(i), "x"});
  const std::string message = refusal(request_for(UnpackKind::tar_gz, "x", "folder/graph.pb"),
                                      tar_gz_of(members), ErrorCode::corrupt_data);
  EXPECT_THAT(message, AllOf(HasSubstr("no file 'folder/graph.pb'"), HasSubstr("'folder/file0'"),
                             HasSubstr("'folder/file4' and 2 more"), Not(HasSubstr("file5"))));
}

TEST_F(UnpackTest, NamesFromAnArchiveCannotTalkToATerminal) {
  const std::string message =
      refusal(request_for(UnpackKind::tar_gz, "x", "graph"),
              tar_gz_of({{"\x1B[2Jred\n\x7F\xC2\x9B", "x"}, {std::string(90, 'n'), "x"}}),
              ErrorCode::corrupt_data);
  EXPECT_THAT(message, AllOf(HasSubstr("'?[2Jred" + std::string(4, '?') + "'"),
                             HasSubstr("'" + std::string(80, 'n') + "...'")));
}

TEST_F(UnpackTest, OnlyARegularFileMatches) {
  for (const Packed& member : std::vector<Packed>{{"graph", "", S_IFLNK, "/etc/passwd"},
                                                  {"graph", "", S_IFREG, "", "other"},
                                                  {"graph/", "", S_IFDIR},
                                                  {"graph", "", S_IFIFO},
                                                  {"graph", "", S_IFCHR},
                                                  {"graph", "", S_IFBLK}}) {
    const std::string asked = member.kind == S_IFDIR ? "graph/" : "graph";
    const std::string message =
        refusal(request_for(UnpackKind::tar_gz, "x", asked), tar_gz_of({{"other", "x"}, member}),
                ErrorCode::corrupt_data);
    EXPECT_THAT(message, HasSubstr("not a regular file"));
  }
}

TEST_F(UnpackTest, AMemberBehindALinkOfItsNameIsFound) {
  EXPECT_TRUE(unpack(request_for(UnpackKind::tar_gz, "x", "graph"),
                     tar_gz_of({{"graph", "", S_IFLNK, "/etc/passwd"}, {"graph", "x"}})));
  EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(data_path_)));
}

TEST_F(UnpackTest, WritesNowhereButToTheDataPath) {
  const std::string inside = scratch_.path("absolute");
  const std::string archive = tar_gz_of(
      {{inside, "evil"}, {"../evil", "evil"}, {"a/../../evil", "evil"}, {"graph", "good"}});
  EXPECT_TRUE(unpack(request_for(UnpackKind::tar_gz, "good", "graph"), archive));
  EXPECT_EQ(data(), "good");
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(scratch_.path()))
    ++count;
  EXPECT_EQ(count, 2U);
  EXPECT_FALSE(std::filesystem::exists(scratch_.path("../evil")));
}

TEST_F(UnpackTest, AMemberThatLeadsOutOfAFolderCannotBeAskedFor) {
  for (const char* const member :
       {"", "/etc/passwd", "..", "../a", "a/../b", "a/..", ".//etc/passwd", "./../a", "./"}) {
    const auto started = Unpacker::start(*files_, request_for(UnpackKind::tar_gz, "x", member),
                                         archive_path_, data_path_, ByteCount(1));
    ASSERT_FALSE(started) << member;
    EXPECT_EQ(started.error().code, ErrorCode::invalid_argument) << member;
  }
  for (const char* const member : {"..a", "a..", "...", "a/..b/c"}) {
    EXPECT_TRUE(unpack(request_for(UnpackKind::tar_gz, "x", member), tar_gz_of({{member, "x"}})))
        << member;
  }
}

TEST_F(UnpackTest, ConcatenatedBz2StreamsAreOneFile) {
  const std::string content = noise(50'000);
  const std::string archive = bz2_of(std::string_view(content).substr(0, 20'000)) +
                              bz2_of(std::string_view(content).substr(20'000));
  ASSERT_TRUE(unpack(request_for(UnpackKind::bz2, content), archive));
  EXPECT_EQ(data(), content);
}

TEST_F(UnpackTest, BytesAfterABz2AreRefused) {
  const std::string content = noise(50'000);
  for (const std::string& tail : {std::string(1, '\0'), std::string("BZh9 is not enough"),
                                  std::string(100'000, 'x'), test::gz_of("x")}) {
    const std::string message = refusal(request_for(UnpackKind::bz2, content),
                                        bz2_of(content) + tail, ErrorCode::corrupt_data);
    EXPECT_THAT(message,
                HasSubstr("follow its end, at byte " + std::to_string(bz2_of(content).size())));
  }
}

TEST_F(UnpackTest, ABz2CutShortAnywhereIsCorrupt) {
  const std::string content = "some weights " + noise(100);
  const std::string archive = bz2_of(content);
  for (std::size_t size = 0; size < archive.size(); ++size) {
    SCOPED_TRACE(size);
    refusal(request_for(UnpackKind::bz2, content), archive.substr(0, size),
            ErrorCode::corrupt_data);
  }
}

TEST_F(UnpackTest, ATarGzCutShortBeforeTheMembersEndIsCorrupt) {
  const std::string content = noise(3'000);
  const std::string archive = tar_gz_of({{"other", noise(2'000, 2)}, {"graph", content}});
  for (std::size_t size = 0; size < archive.size(); size += 7) {
    SCOPED_TRACE(size);
    const Result<Unpacked> unpacked =
        unpack(request_for(UnpackKind::tar_gz, content, "graph"), archive.substr(0, size));
    if (unpacked) {
      EXPECT_EQ(data(), content);
      EXPECT_GT(size, 5'000U);
    } else {
      EXPECT_EQ(unpacked.error().code, ErrorCode::corrupt_data) << unpacked.error().to_string();
      EXPECT_FALSE(has_data());
    }
  }
}

TEST_F(UnpackTest, AFlippedBitNeverGivesOtherBytes) {
  const std::string content = "some weights " + noise(300);
  const std::vector<std::pair<UnpackRequest, std::string>> cases = {
      {request_for(UnpackKind::bz2, content), bz2_of(content)},
      {request_for(UnpackKind::tar_gz, content, "a"), tar_gz_of({{"a", content}})}};
  for (const auto& [request, archive] : cases) {
    for (std::size_t i = 0; i < archive.size(); ++i) {
      SCOPED_TRACE(i);
      std::string broken = archive;
      broken[i] = static_cast<char>(broken[i] ^ (1 << (i % 8)));
      const Result<Unpacked> unpacked = unpack(request, broken);
      if (unpacked) {
        EXPECT_EQ(data(), content);
      } else {
        EXPECT_THAT(unpacked.error().code,
                    ::testing::AnyOf(ErrorCode::corrupt_data, ErrorCode::checksum_mismatch));
        EXPECT_FALSE(has_data());
      }
    }
  }
}

TEST_F(UnpackTest, WhatIsNoArchiveOfThatKindIsNamed) {
  const std::string page = "<!DOCTYPE html><html><body>log in</body></html>";
  const std::string tar_gz = tar_gz_of({{"graph", "x"}});
  for (const std::string& archive : {std::string(), page, tar_gz, std::string(5'000, '\0')}) {
    const std::string message =
        refusal(request_for(UnpackKind::bz2, "x"), archive, ErrorCode::corrupt_data);
    EXPECT_THAT(message, HasSubstr("not a bzip2 file"));
  }
  for (const std::string& archive : {std::string(), page, bz2_of(noise(5'000))}) {
    const std::string message =
        refusal(request_for(UnpackKind::tar_gz, "x", "graph"), archive, ErrorCode::corrupt_data);
    EXPECT_THAT(message, HasSubstr("not a gzip file"));
  }
  refusal(request_for(UnpackKind::tar_gz, "x", "graph"), test::gz_of(page),
          ErrorCode::corrupt_data);
}

TEST_F(UnpackTest, WhatIsPackedTwiceIsUnpackedOnce) {
  const std::string inner = bz2_of("x");
  ASSERT_TRUE(unpack(request_for(UnpackKind::bz2, inner), bz2_of(inner)));
  EXPECT_EQ(data(), inner);
  refusal(request_for(UnpackKind::tar_gz, "x", "graph"), test::gz_of(tar_gz_of({{"graph", "x"}})),
          ErrorCode::corrupt_data);
}

TEST_F(UnpackTest, WithoutLibarchiveTheErrorSaysWhatToInstall) {
  // One that is not there, and one that is another library.
  for (const char* name : {"libarchive-of-modelhub-tests.so.1", "libc.so.6"}) {
    const Result<Libarchive> library = Libarchive::open(name);
    ASSERT_FALSE(library) << name;
    EXPECT_EQ(library.error().code, ErrorCode::unsupported) << name;
    EXPECT_THAT(library.error().message, HasSubstr("without libarchive")) << name;
    EXPECT_EQ(exit_code_of(library.error()), 1) << name;
    EXPECT_THAT(library.error().hint, HasSubstr("libarchive13")) << name;
  }
}

TEST_F(UnpackTest, ABombEndsAtTheCataloguedSize) {
  const std::string content(1'000'000, '\0');
  const std::string message =
      refusal(request_for(UnpackKind::bz2, content), bz2_of(std::string(20'000'000, '\0')),
              ErrorCode::checksum_mismatch);
  EXPECT_THAT(message, HasSubstr("more than 1000000 bytes"));
}

TEST_F(UnpackTest, AMemberOfAnotherSizeIsRefusedBeforeAnythingIsWritten) {
  files_ = &faulty_;
  faulty_.set_rule(test::FaultyFileSystem::refuse("create", EIO));
  const std::string archive = tar_gz_of({{"graph", noise(1'000)}});
  for (const std::size_t size : {0U, 999U, 1'001U}) {
    const std::string message =
        refusal(request_for(UnpackKind::tar_gz, std::string(size, 'x'), "graph"), archive,
                ErrorCode::checksum_mismatch);
    EXPECT_THAT(message, AllOf(HasSubstr("'graph'"), HasSubstr("1000 bytes"),
                               HasSubstr("catalog says " + std::to_string(size))));
  }
}

TEST_F(UnpackTest, ABz2OfAnotherSizeIsRefused) {
  const std::string content = noise(300'000);
  for (const std::size_t size : {0U, 1U, 299'999U, 300'001U, 1'000'000U}) {
    UnpackRequest request = request_for(UnpackKind::bz2, content);
    request.bytes = ByteCount(size);
    refusal(request, bz2_of(content), ErrorCode::checksum_mismatch);
  }
  UnpackRequest request = request_for(UnpackKind::bz2, content);
  request.bytes = ByteCount(UINT64_MAX);
  refusal(request, bz2_of(content), ErrorCode::checksum_mismatch);
}

TEST_F(UnpackTest, AnotherDigestIsAMismatchThatNamesBoth) {
  UnpackRequest request = request_for(UnpackKind::bz2, "weights");
  request.digest = base::sha256_of("others!");
  const std::string message = refusal(request, bz2_of("weights"), ErrorCode::checksum_mismatch);
  EXPECT_THAT(message, AllOf(HasSubstr(base::sha256_of("weights").hex()),
                             HasSubstr(base::sha256_of("others!").hex())));
}

TEST_F(UnpackTest, AGzipHeaderWithoutEndTakesNoMemory) {
  const std::string archive =
      std::string("\x1F\x8B\x08\x08\0\0\0\0\0\x03", 10) + std::string(20'000'000, 'a');
  const std::string message =
      refusal(request_for(UnpackKind::tar_gz, "x", "graph"), archive, ErrorCode::corrupt_data);
  EXPECT_THAT(message, HasSubstr("header has no end"));
}

// A tar header of a GNU sparse file whose map goes on in block after block.
TEST_F(UnpackTest, ATarHeaderWithoutEndTakesNoMemory) {
  std::string head(512, '\0');
  head.replace(0, 5, "graph");
  head.replace(100, 7, "0000644");
  head.replace(124, 11, "00000001000");
  head[156] = 'S';
  head.replace(257, 7, "ustar  ");
  head.replace(386, 22, "00000000000 00000000001", 22);
  head[482] = 1;  // isextended
  unsigned sum = 0;
  head.replace(148, 8, "        ");
  for (const char c : head) sum += static_cast<unsigned char>(c);
  char digits[8];
  std::snprintf(digits, sizeof digits, "%06o", sum);
  head.replace(148, 7, std::string(digits, 7));
  std::string block;
  for (int i = 0; i < 21; ++i) block += "0000000000100000000001 ";
  block.resize(512, '\0');
  block[504] = 1;
  std::string tar = head;
  for (int i = 0; i < 50'000; ++i) tar += block;
  const std::string message = refusal(request_for(UnpackKind::tar_gz, "x", "graph"),
                                      test::gz_of(tar), ErrorCode::corrupt_data);
  EXPECT_THAT(message, HasSubstr("header in it has no end"));
}

TEST_F(UnpackTest, SlowArrivalGivesTheSameBytes) {
  const std::string content = noise(40'000) + std::string(5'000'000, 'w');
  const std::vector<std::pair<UnpackRequest, std::string>> cases = {
      {request_for(UnpackKind::bz2, content), bz2_of(content)},
      {request_for(UnpackKind::tar_gz, content, "b"),
       tar_gz_of({{"a", noise(10'000, 2)}, {"b", content}})}};
  for (const auto& [request, archive] : cases) {
    const auto unpacker = start(request, archive);
    std::thread network([&, size = archive.size()] {
      for (std::size_t prefix = 0; prefix < size; prefix += 37) unpacker->advance(prefix);
      unpacker->advance(size);
    });
    const Result<Unpacked> unpacked = unpacker->finish();
    network.join();
    ASSERT_TRUE(unpacked) << unpacked.error().to_string();
    EXPECT_EQ(data(), content);
    EXPECT_EQ(unpacked->chunks.size(), 2U);
  }
}

TEST_F(UnpackTest, AByteThatIsNotAnnouncedIsNotRead) {
  const std::string content = noise(50'000);
  const std::string archive = bz2_of(content);
  const std::size_t half = archive.size() / 2;
  const auto unpacker = start(request_for(UnpackKind::bz2, content),
                              archive.substr(0, half) + std::string(archive.size() - half, '!'));
  unpacker->advance(half);
  unpacker->advance(half / 2);  // never goes back
  EXPECT_FALSE(unpacker->is_done());
  std::fstream(archive_path_, std::ios::in | std::ios::out | std::ios::binary)
      .seekp(static_cast<std::streamoff>(half))
      .write(archive.data() + half, static_cast<std::streamsize>(archive.size() - half));
  unpacker->advance(archive.size() + 1'000);  // nor beyond the end
  EXPECT_TRUE(unpacker->finish());
  EXPECT_TRUE(unpacker->is_done());
}

TEST_F(UnpackTest, AnArchiveThatCannotBeRightIsDoneBeforeItsEnd) {
  const auto unpacker = start(request_for(UnpackKind::bz2, "weights"), std::string(5'000'000, 'x'));
  unpacker->advance(100'000);
  EXPECT_TRUE(test::eventually([&] { return unpacker->is_done(); }));
  EXPECT_EQ(unpacker->finish().error().code, ErrorCode::corrupt_data);
}

TEST_F(UnpackTest, AbandonedAtAnyMomentLeavesNothing) {
  const std::string content = noise(2'000'000);
  const std::string archive = tar_gz_of({{"graph", content}});
  for (std::size_t prefix = 0; prefix <= archive.size(); prefix += archive.size() / 10) {
    const auto unpacker = start(request_for(UnpackKind::tar_gz, content, "graph"), archive);
    unpacker->advance(prefix);
    if (prefix > 0) {
      ASSERT_TRUE(test::eventually([&] { return has_data() || unpacker->is_done(); }));
    }
    unpacker->abandon();
    const Result<Unpacked> unpacked = unpacker->finish();
    ASSERT_FALSE(unpacked);
    EXPECT_EQ(unpacked.error().code, ErrorCode::cancelled);
    EXPECT_FALSE(has_data());
  }
}

TEST_F(UnpackTest, AbandonedWhenAllIsUnpackedItLeavesNothingEither) {
  const std::string archive = bz2_of("weights");
  auto unpacker = start(request_for(UnpackKind::bz2, "weights"), archive);
  unpacker->advance(archive.size());
  ASSERT_TRUE(test::eventually([&] { return unpacker->is_done(); }));
  EXPECT_TRUE(has_data());
  unpacker->abandon();
  EXPECT_EQ(unpacker->finish().error().code, ErrorCode::cancelled);
  EXPECT_FALSE(has_data());
}

TEST_F(UnpackTest, AnAbandonedPathCanBeUsedAgainAtOnce) {
  const std::string content = noise(1'000'000);
  const std::string archive = tar_gz_of({{"graph", content}});
  const UnpackRequest request = request_for(UnpackKind::tar_gz, content, "graph");
  auto first = start(request, archive);
  first->advance(archive.size() / 2);
  ASSERT_TRUE(test::eventually([&] { return has_data(); }));
  first->abandon();
  EXPECT_FALSE(has_data());
  const auto second =
      Unpacker::start(*files_, request, archive_path_, data_path_, ByteCount(archive.size()))
          .value();
  second->advance(archive.size());
  first.reset();
  ASSERT_TRUE(second->finish());
  EXPECT_EQ(data(), content);
}

TEST_F(UnpackTest, AbandonWakesOneWhoWaits) {
  const auto unpacker = start(request_for(UnpackKind::bz2, "weights"), bz2_of("weights"));
  std::thread other([&] { unpacker->abandon(); });
  EXPECT_EQ(unpacker->finish().error().code, ErrorCode::cancelled);
  other.join();
}

TEST_F(UnpackTest, DestroyedWithoutFinishItLeavesNothing) {
  const std::string archive = bz2_of("weights");
  auto unpacker = start(request_for(UnpackKind::bz2, "weights"), archive);
  unpacker.reset();
  EXPECT_FALSE(has_data());
  unpacker = start(request_for(UnpackKind::bz2, "weights"), archive);
  unpacker->advance(archive.size());
  ASSERT_TRUE(test::eventually([&] { return unpacker->is_done(); }));
  unpacker.reset();
  EXPECT_FALSE(has_data());
}

TEST_F(UnpackTest, AfterFinishTheDataIsTheCallers) {
  const std::string archive = bz2_of("weights");
  auto unpacker = start(request_for(UnpackKind::bz2, "weights"), archive);
  unpacker->advance(archive.size());
  ASSERT_TRUE(unpacker->finish());
  unpacker->abandon();
  unpacker.reset();
  EXPECT_EQ(data(), "weights");
}

TEST_F(UnpackTest, ReplacesWhatAnEarlierAttemptLeft) {
  scratch_.write("data", std::string(5'000'000, 'o'));
  ASSERT_TRUE(unpack(request_for(UnpackKind::bz2, "weights"), bz2_of("weights")));
  EXPECT_EQ(data(), "weights");
  scratch_.write("data", "old");
  refusal(request_for(UnpackKind::bz2, "weights"), "no archive", ErrorCode::corrupt_data);
}

TEST_F(UnpackTest, AFullDiskIsNoSpaceAndLeavesNothing) {
  files_ = &faulty_;
  faulty_.set_rule(test::FaultyFileSystem::refuse("write_at", ENOSPC));
  const Result<Unpacked> unpacked =
      unpack(request_for(UnpackKind::bz2, "weights"), bz2_of("weights"));
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(unpacked.error().code, ErrorCode::no_space);
  EXPECT_EQ(unpacked.error().subject, Subject::store);
  EXPECT_FALSE(has_data());
}

TEST_F(UnpackTest, AnUnreadableArchiveIsTheStoresError) {
  files_ = &faulty_;
  faulty_.set_rule(test::FaultyFileSystem::refuse("read_at", EIO));
  EXPECT_EQ(unpack(request_for(UnpackKind::bz2, "weights"), bz2_of("weights")).error().code,
            ErrorCode::io_error);
  faulty_.set_rule(nullptr);
  const auto missing = Unpacker::start(*files_, request_for(UnpackKind::bz2, "weights"),
                                       scratch_.path("nowhere"), data_path_, ByteCount(100))
                           .value();
  missing->advance(100);
  EXPECT_EQ(missing->finish().error().code, ErrorCode::not_found);
  const auto shrunk = Unpacker::start(*files_, request_for(UnpackKind::bz2, "weights"),
                                      scratch_.write("archive", "BZ"), data_path_, ByteCount(100))
                          .value();
  shrunk->advance(100);
  const Error error = shrunk->finish().error();
  EXPECT_EQ(error.code, ErrorCode::io_error);
  EXPECT_THAT(error.message, HasSubstr("became shorter"));
}

}  // namespace
}  // namespace modelhub::transfer
