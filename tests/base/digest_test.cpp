// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/digest.h"

#include <array>
#include <string>
#include <unordered_set>

#include <gtest/gtest.h>

#include "base/hasher.h"

namespace modelhub {
namespace {

// FIPS 180-2, appendix B.1: the digest of "abc".
constexpr std::string_view k_abc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(DigestTest, ReadsBothFormsAndWritesOne) {
  const Digest plain = Digest::parse(k_abc).value();
  EXPECT_EQ(plain.hex(), k_abc);
  EXPECT_EQ(plain.short_hex(), "ba7816bf8f01");
  EXPECT_EQ(Digest::parse("sha256:" + std::string(k_abc)).value(), plain);
  std::string upper(k_abc);
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(Digest::parse(upper).value().hex(), k_abc);
  EXPECT_EQ(Digest::from_bytes(plain.bytes()), plain);
}

TEST(DigestTest, RefusesEverythingElse) {
  const std::string good(k_abc);
  const std::array<std::string, 12> bad = {
      "",
      "sha256:",
      good.substr(1),
      good + "0",
      "g" + good.substr(1),
      good.substr(0, 63) + " ",
      good.substr(0, 63) + std::string(1, '\0'),
      "sha512:" + good,
      "SHA256:" + good,
      "../../../../../../../../../../../../../../../../../../etc/passwd",
      " " + good,
      "0x" + good.substr(2),
  };
  for (const std::string& text : bad) {
    const Result<Digest> digest = Digest::parse(text);
    ASSERT_FALSE(digest) << text;
    EXPECT_EQ(digest.error().code, ErrorCode::invalid_argument) << text;
  }
  EXPECT_NE(Digest::parse(good.substr(1)).error().message.find("63 characters, expected 64"),
            std::string::npos);
}

TEST(DigestTest, OrdersAndHashesByItsBytes) {
  const Digest abc = Digest::parse(k_abc).value();
  EXPECT_LT(abc, Digest::of_empty());
  EXPECT_EQ(Digest::of_empty().hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::unordered_set<Digest> set = {abc, Digest::of_empty(), abc};
  EXPECT_EQ(set.size(), 2U);
}

TEST(HasherTest, HashesPiecesAsTheWholeAndStartsAgain) {
  base::Hasher hasher;
  hasher.update("a");
  hasher.update("");
  hasher.update("bc");
  EXPECT_EQ(hasher.finish().hex(), k_abc);
  EXPECT_EQ(hasher.finish(), Digest::of_empty());
  hasher.update("abc");
  base::Hasher moved = std::move(hasher);
  EXPECT_EQ(moved.finish(), base::sha256_of("abc"));
}

}  // namespace
}  // namespace modelhub
