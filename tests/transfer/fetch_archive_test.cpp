// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "support/archives.h"
#include "transfer/range_server.h"
#include "transfer/transfer.h"
#include "transfer/transfer_fixture.h"

namespace modelhub::transfer {
namespace {

using test::file_reply;
using test::HttpReply;
using ::testing::AllOf;
using ::testing::HasSubstr;

class FetchArchiveTest : public TransferFixture {
 protected:
  FetchRequest archive_request(const std::string& archive, UnpackKind kind, std::string member) {
    FetchRequest request = request_for(archive, {server_.url("/archive")});
    request.unpack =
        UnpackRequest{kind, std::move(member), base::sha256_of(graph_), ByteCount(graph_.size())};
    return request;
  }

  const std::string graph_ = model_bytes(9'000'000);
};

TEST_F(FetchArchiveTest, GivesWhatTheArchiveHolds) {
  const std::string tar_gz = test::tar_gz_of({{"readme", "x"}, {"model/graph.pb", graph_}});
  const std::string bz2 = test::bz2_of(graph_);
  for (const auto& [archive, kind] :
       {std::pair(tar_gz, UnpackKind::tar_gz), std::pair(bz2, UnpackKind::bz2)}) {
    std::filesystem::remove_all(folder());
    std::filesystem::create_directory(folder());
    server_.on("/archive", range_handler(range_file(archive)));
    const Result<Fetched> fetched = start(archive_request(archive, kind, "model/graph.pb")).get();
    ASSERT_TRUE(fetched) << fetched.error().to_string();
    EXPECT_EQ(fetched->digest, base::sha256_of(graph_));
    EXPECT_EQ(fetched->bytes, ByteCount(graph_.size()));
    EXPECT_EQ(fetched->chunks.size(), 3U);
    EXPECT_EQ(test::content_of(destination()), graph_);
  }
}

TEST_F(FetchArchiveTest, GoesOnAfterABrokenConnection) {
  const std::string archive = test::tar_gz_of({{"graph", graph_}});
  server_.on("/archive", {file_reply(archive).ending_with(HttpReply::Ending::reset, 2'000'000),
                          file_reply(archive)});
  const Result<Fetched> fetched =
      start(archive_request(archive, UnpackKind::tar_gz, "graph")).get();
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(test::content_of(destination()), graph_);
}

TEST_F(FetchArchiveTest, ThatIsNotTheCataloguedOneLeavesNoData) {
  const std::string archive = test::bz2_of(graph_);
  server_.on("/archive", file_reply(test::flipped(archive, archive.size() / 2)));
  const Result<Fetched> fetched = start(archive_request(archive, UnpackKind::bz2, "")).get();
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, ErrorCode::checksum_mismatch) << fetched.error().to_string();
  EXPECT_TRUE(test::eventually([&] { return !has_destination(); }));
}

TEST_F(FetchArchiveTest, WithoutTheMemberSaysWhatItHas) {
  const std::string archive = test::tar_gz_of({{"model/weights", graph_}});
  server_.on("/archive", range_handler(range_file(archive)));
  const Result<Fetched> fetched =
      start(archive_request(archive, UnpackKind::tar_gz, "graph")).get();
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, ErrorCode::corrupt_data);
  EXPECT_THAT(fetched.error().message,
              AllOf(HasSubstr("no file 'graph'"), HasSubstr("'model/weights'")));
  EXPECT_FALSE(has_destination());
}

}  // namespace
}  // namespace modelhub::transfer
