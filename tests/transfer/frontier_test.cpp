// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/frontier.h"

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "support/scratch.h"

namespace modelhub::transfer {
namespace {

class FrontierTest : public ::testing::Test {
 protected:
  static std::string bytes(std::size_t size) {
    std::string text(size, '\0');
    std::uint32_t state = 1;
    for (char& c : text) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    return text;
  }
  std::span<const std::byte> span(std::size_t from, std::size_t count) const {
    return std::as_bytes(std::span(body_)).subspan(from, count);
  }
  Digest chunk(std::size_t index) const {
    const ByteRange range = chunk_range(index, body_.size());
    return base::sha256_of(std::string_view(body_).substr(range.from, range.size()));
  }
  Frontier::News run() {
    if (frontier_.try_begin()) {
      while (frontier_.run()) {
      }
    }
    return frontier_.take_news();
  }

  test::ScratchFolder scratch_;
  const std::string body_ = bytes(2 * k_chunk_bytes + 100);
  const std::string path_ = scratch_.write("data", body_);
  Frontier frontier_{base::FileSystem::real(), path_, body_.size(), [] {}};
};

TEST_F(FrontierTest, HashesAsFarAsItMay) {
  EXPECT_FALSE(frontier_.try_begin());
  frontier_.allow(k_chunk_bytes + 5);
  EXPECT_EQ(run().reached, k_chunk_bytes + 5);
  EXPECT_EQ(frontier_.chunks(), std::vector{chunk(0)});
  frontier_.allow(body_.size());
  const Frontier::News news = run();
  EXPECT_EQ(news.whole, base::sha256_of(body_));
  EXPECT_EQ(frontier_.chunks(), (std::vector{chunk(0), chunk(1), chunk(2)}));
}

TEST_F(FrontierTest, KnowsItsRateAfterItHasWorked) {
  EXPECT_EQ(frontier_.rate(), 0);
  frontier_.allow(body_.size());
  run();
  EXPECT_GT(frontier_.rate(), 1e5);
  EXPECT_LT(frontier_.rate(), 1e12);
}

TEST_F(FrontierTest, TakesBytesThatAreInMemory) {
  frontier_.take(span(0, 1000));
  frontier_.take(span(1000, k_chunk_bytes));
  EXPECT_EQ(frontier_.reached(), k_chunk_bytes + 1000);
  frontier_.allow(body_.size());
  EXPECT_EQ(run().whole, base::sha256_of(body_));
}

TEST_F(FrontierTest, WaitsBeforeAChunkThatIsNotWhatWasClaimed) {
  frontier_.claim({{0, chunk(0)}, {1, chunk(0)}});
  frontier_.allow(body_.size());
  const Frontier::News news = run();
  EXPECT_EQ(news.refuted, 1U);
  EXPECT_EQ(news.reached, k_chunk_bytes);
  EXPECT_FALSE(news.whole);
  EXPECT_FALSE(frontier_.take_news().refuted);
  // Fetched meanwhile: nothing is claimed of it any more.
  frontier_.allow(body_.size());
  EXPECT_EQ(run().whole, base::sha256_of(body_));
}

TEST_F(FrontierTest, NothingIsAllowedWhileARefutedChunkWasNotTaken) {
  frontier_.claim({{0, chunk(1)}});
  frontier_.allow(body_.size());
  ASSERT_TRUE(frontier_.try_begin());
  EXPECT_FALSE(frontier_.run());
  frontier_.allow(body_.size());
  EXPECT_FALSE(frontier_.try_begin());
}

TEST_F(FrontierTest, BeginsAgainFromTheFirstByte) {
  frontier_.allow(body_.size());
  run();
  frontier_.restart();
  EXPECT_EQ(frontier_.reached(), 0U);
  EXPECT_TRUE(frontier_.chunks().empty());
  frontier_.allow(body_.size());
  EXPECT_EQ(run().whole, base::sha256_of(body_));
}

TEST_F(FrontierTest, AFileThatIsShorterThanWhatWasWrittenIsAnError) {
  scratch_.write("data", body_.substr(0, 1000));
  frontier_.allow(body_.size());
  const Frontier::News news = run();
  ASSERT_TRUE(news.error);
  EXPECT_EQ(news.error->code, ErrorCode::io_error);
}

}  // namespace
}  // namespace modelhub::transfer
