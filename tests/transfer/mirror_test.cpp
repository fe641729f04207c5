// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "transfer/transfer.h"
#include "transfer/transfer_fixture.h"

namespace modelhub::transfer {
namespace {

using test::file_reply;
using ::testing::AllOf;
using ::testing::HasSubstr;

class MirrorTest : public TransferFixture {
 protected:
  std::string by_digest() const { return "/sha256/" + base::sha256_of(body_).hex(); }
  const std::string body_ = model_bytes(20'000);
};

TEST_F(MirrorTest, IsAskedByDigestBeforeTheFilesOwnUrls) {
  server_.on("/base" + by_digest(), file_reply(body_));
  options_.mirrors = {server_.url("/base/")};
  const Result<Fetched> fetched = fetch(body_, {server_.url("/own")});
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(fetched->url, server_.url("/base" + by_digest()));
  EXPECT_EQ(server_.request_count(), 1U);
}

TEST_F(MirrorTest, ThatLacksTheFileLeavesItToTheNextSource) {
  server_.on("/own", file_reply(body_));
  options_.mirrors = {server_.url("/a"), server_.url("/b")};
  const Result<Fetched> fetched = fetch(body_, {server_.url("/own")});
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(fetched->url, server_.url("/own"));
  EXPECT_EQ(fetched->attempts, 3);
}

TEST_F(MirrorTest, WithWrongBytesIsLeftForTheNextSource) {
  server_.on(by_digest(), file_reply(test::flipped(body_, 7)));
  server_.on("/own", file_reply(body_));
  options_.mirrors = {server_.url("")};
  const Result<Fetched> fetched = fetch(body_, {server_.url("/own")});
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(test::content_of(destination()), body_);
  ASSERT_EQ(log().size(), 1U);
  EXPECT_THAT(log().at(0), AllOf(HasSubstr("SHA-256"), HasSubstr("trying the next source")));
}

TEST_F(MirrorTest, UrlsOfAFileAreTriedInTheirOrder) {
  server_.on("/second", file_reply(body_));
  ASSERT_TRUE(fetch(body_, {server_.url("/first"), server_.url("/second"), server_.url("/third")}));
  ASSERT_EQ(server_.request_count(), 2U);
  EXPECT_EQ(server_.requests().at(0).target, "/first");
  EXPECT_EQ(server_.requests().at(1).target, "/second");
}

TEST_F(MirrorTest, TheErrorGoesThroughAllSourcesAndLeadsWithTheMostTelling) {
  options_.attempts_per_source = 1;
  server_.on("/flipped", file_reply(test::flipped(body_, 7)));
  options_.mirrors = {server_.url("/mirror")};
  const Error error = fetch(body_, {dead_url("/dead"), server_.url("/flipped"),
                                    server_.url("/missing"), "ftp://example.org/m"})
                          .error();
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_EQ(exit_code_of(error), 5);
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("none of 5 sources"), HasSubstr("/mirror/sha256/"),
                    HasSubstr("/dead could not be reached"), HasSubstr("/flipped has the SHA-256"),
                    HasSubstr("/missing answered 404"), HasSubstr("\"ftp\"")));
}

TEST_F(MirrorTest, MayBeAFolder) {
  scratch_.write("my mirror 100%" + by_digest(), body_);
  for (const std::string& base :
       {scratch_.path("my mirror 100%"), "file://" + scratch_.path("my%20mirror%20100%25")}) {
    transfer_.reset();
    options_.mirrors = {base};
    const Result<Fetched> fetched = fetch(body_, {});
    ASSERT_TRUE(fetched) << fetched.error().to_string();
    EXPECT_EQ(test::content_of(destination()), body_);
  }
}

TEST_F(MirrorTest, AFileThatIsNotThereLeavesItToTheNextSource) {
  server_.on("/own", file_reply(body_));
  ASSERT_TRUE(fetch(body_, {"file://" + scratch_.path("missing"), server_.url("/own")}));
  const Error error = fetch(body_, {"file://" + scratch_.path("missing")}).error();
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_EQ(error.subject, Subject::network);
  EXPECT_THAT(error.message, HasSubstr("missing does not exist"));
}

TEST_F(MirrorTest, AFolderOrADeviceIsNoFile) {
  const Error folder = fetch(body_, {"file://" + scratch_.path()}).error();
  EXPECT_EQ(folder.code, ErrorCode::not_found);
  EXPECT_THAT(folder.message, HasSubstr("is a folder"));
  ASSERT_EQ(::mkfifo(scratch_.path("pipe").c_str(), 0600), 0);
  const Error pipe = fetch(body_, {"file://" + scratch_.path("pipe")}).error();
  EXPECT_EQ(pipe.code, ErrorCode::not_found);
  EXPECT_THAT(pipe.message, HasSubstr("not a regular file"));
}

TEST_F(MirrorTest, ALocalFileOfAnotherSizeOrContentIsRefused) {
  const Error size = fetch(body_, {"file://" + scratch_.write("short", body_.substr(1))}).error();
  EXPECT_EQ(size.code, ErrorCode::checksum_mismatch);
  EXPECT_THAT(size.message, HasSubstr("has 19999 bytes where the catalog says 20000"));
  const Error content =
      fetch(body_, {"file://" + scratch_.write("flipped", test::flipped(body_, 3))}).error();
  EXPECT_EQ(content.code, ErrorCode::checksum_mismatch);
  const Error pointer =
      fetch(body_,
            {"file://" + scratch_.write("lfs", "version https://git-lfs.github.com/spec/v1\n")})
          .error();
  EXPECT_EQ(pointer.code, ErrorCode::corrupt_data);
  EXPECT_FALSE(has_destination());
}

// The files that come with the project's test data: real models.
class RealMirrorTest : public TransferFixture {
 protected:
  void SetUp() override {
    const char* const shared = ::getenv("MODELHUB_TEST_SHARED");
    mirror_ = std::string(shared != nullptr ? shared : "") + "/mirror";
    if (!std::filesystem::exists(mirror_)) GTEST_SKIP() << "no mirror at " << mirror_;
    mirror_ = std::filesystem::canonical(mirror_).string();
  }
  std::string mirror_;
  const Digest yunet_ =
      Digest::parse("8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4").value();
  // Another revision of the file that the ONNX model zoo lists with the same size.
  const Digest revised_ =
      Digest::parse("8b9b1068d8f3138f3a559a74ed31aa781312ac93968db1a097be20eba22f8ee1").value();
};

TEST_F(RealMirrorTest, GivesAModelByItsDigest) {
  options_.mirrors = {"file://" + mirror_};
  const Result<Fetched> fetched =
      start({"yunet.onnx", yunet_, ByteCount(232'589), {}, folder()}).get();
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(base::sha256_of(test::content_of(destination())), yunet_);
}

TEST_F(RealMirrorTest, GivesAModelOverHttp) {
  server_.serve_mirror(mirror_);
  options_.mirrors = {server_.url("")};
  const Result<Fetched> fetched =
      start({"yunet.onnx", yunet_, ByteCount(232'589), {}, folder()}).get();
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(std::filesystem::file_size(destination()), 232'589U);
}

TEST_F(RealMirrorTest, AnEarlierRevisionOfTheSameSizeIsRefusedWithBothDigests) {
  const std::string file = mirror_ + "/sha256/" + revised_.hex();
  const Error error =
      start({"super-resolution-10.onnx", yunet_, ByteCount(240'078), {"file://" + file}, folder()})
          .get()
          .error();
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_THAT(error.message, AllOf(HasSubstr(yunet_.hex()), HasSubstr(revised_.hex())));
  EXPECT_FALSE(has_destination());
}

}  // namespace
}  // namespace modelhub::transfer
