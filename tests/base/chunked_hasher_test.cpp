// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/chunked_hasher.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "base/hasher.h"

namespace modelhub::base {
namespace {

std::span<const std::byte> raw_bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

class ChunkedHasherTest : public ::testing::TestWithParam<ChunkedHasher::Kind> {
 protected:
  void SetUp() override {
    if (!ChunkedHasher::has(GetParam())) GTEST_SKIP() << "not on this processor";
  }
  std::string random_text(std::size_t size) {
    std::string text(size, ' ');
    for (char& c : text) c = static_cast<char>(random_());
    return text;
  }
  std::mt19937 random_{5};
};

TEST_P(ChunkedHasherTest, KnowsTheExamplesOfTheStandard) {
  ChunkedHasher hasher(GetParam());
  EXPECT_EQ(hasher.finish(), Digest::of_empty());
  const std::string abc = "abc";
  hasher.update(raw_bytes(abc));
  EXPECT_EQ(hasher.chunk().hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hasher.finish(), sha256_of(abc));
}

TEST_P(ChunkedHasherTest, AgreesWithTheSimpleHasherForEveryLengthAndSplit) {
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string text = random_text(size);
    const std::size_t cut = size == 0 ? 0 : random_() % size;
    ChunkedHasher hasher(GetParam());
    hasher.update(raw_bytes(text).first(cut));
    hasher.update(raw_bytes(text).subspan(cut));
    ASSERT_EQ(hasher.chunk(), sha256_of(text)) << size;
    ASSERT_EQ(hasher.finish(), sha256_of(text)) << size;
  }
}

TEST_P(ChunkedHasherTest, HashesChunksAndTheWholeAtOnce) {
  const std::string text = random_text(4096 * 3 + 77);
  ChunkedHasher hasher(GetParam());
  for (std::size_t at = 0; at < text.size(); at += 4096) {
    const std::string chunk = text.substr(at, 4096);
    hasher.update(raw_bytes(chunk).first(10));
    hasher.update(raw_bytes(chunk).subspan(10));
    ASSERT_EQ(hasher.chunk(), sha256_of(chunk));
    hasher.accept_chunk();
  }
  EXPECT_EQ(hasher.finish(), sha256_of(text));
  hasher.update(raw_bytes(text));
  EXPECT_EQ(hasher.chunk(), sha256_of(text));
}

TEST_P(ChunkedHasherTest, AChunkThatIsUndoneWasNeverThere) {
  const std::string one = random_text(640);
  const std::string wrong = random_text(333);
  const std::string two = random_text(100);
  ChunkedHasher hasher(GetParam());
  hasher.update(raw_bytes(wrong));
  hasher.undo_chunk();
  hasher.update(raw_bytes(one));
  hasher.accept_chunk();
  hasher.update(raw_bytes(wrong));
  hasher.undo_chunk();
  hasher.update(raw_bytes(two));
  EXPECT_EQ(hasher.chunk(), sha256_of(two));
  EXPECT_EQ(hasher.finish(), sha256_of(one + two));
}

INSTANTIATE_TEST_SUITE_P(Kinds, ChunkedHasherTest,
                         ::testing::Values(ChunkedHasher::Kind::portable,
                                           ChunkedHasher::Kind::sha_instructions));

}  // namespace
}  // namespace modelhub::base
