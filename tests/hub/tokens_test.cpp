// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/tokens.h"

#include <sys/stat.h>

#include <gmock/gmock.h>

#include "support/scratch.h"

namespace modelhub::hub {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* k_secret = "hf_verysecret";

class TokensTest : public ::testing::Test {
 protected:
  Result<std::vector<HostToken>> collect() const {
    return collect_tokens(base::FileSystem::real(), options_);
  }
  void write_file(const std::string& content, ::mode_t mode = 0600) {
    options_.token_file = scratch_.write("tokens", content);
    ASSERT_EQ(::chmod(options_.token_file.c_str(), mode), 0);
  }
  void expect_refused(ErrorCode code, const std::string& what) const {
    const Result<std::vector<HostToken>> tokens = collect();
    ASSERT_FALSE(tokens);
    EXPECT_EQ(tokens.error().code, code);
    EXPECT_THAT(tokens.error().message, HasSubstr(what));
    EXPECT_THAT(tokens.error().message + tokens.error().hint, Not(HasSubstr(k_secret)));
  }

  test::ScratchFolder scratch_;
  HubOptions options_;
};

TEST_F(TokensTest, OriginsAreBroughtIntoTheFormThatIsCompared) {
  options_.tokens = {{"https://HuggingFace.co", k_secret}, {"http://127.0.0.1:8080/x", "b"}};
  const std::vector<HostToken> tokens = collect().value();
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[0].origin, "https://huggingface.co:443");
  EXPECT_EQ(tokens[0].token, k_secret);
  EXPECT_EQ(tokens[1].origin, "http://127.0.0.1:8080");
}

TEST_F(TokensTest, TheFileAddsToTheOptionsWhichWin) {
  options_.tokens = {{"https://a.example", "first"}};
  write_file("# mine\n\nhttps://a.example second\n  https://b.example:8443\tthird \r\n");
  const std::vector<HostToken> tokens = collect().value();
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[0].token, "first");
  EXPECT_EQ(tokens[1].origin, "https://b.example:8443");
  EXPECT_EQ(tokens[1].token, "third");
}

TEST_F(TokensTest, AFileThatOthersMayReadIsRefusedWithTheCommandThatMendsIt) {
  write_file(std::string("https://a.example ") + k_secret, 0640);
  expect_refused(ErrorCode::invalid_argument, options_.token_file);
  EXPECT_THAT(collect().error().hint, HasSubstr("chmod 600 " + options_.token_file));
}

TEST_F(TokensTest, AFileThatIsNotThereIsNamed) {
  options_.token_file = scratch_.path("nothing");
  expect_refused(ErrorCode::not_found, "nothing");
}

TEST_F(TokensTest, AnErrorNamesTheLineAndNotTheToken) {
  write_file(std::string("https://a.example ok\n") + "not a server " + k_secret + "\n");
  expect_refused(ErrorCode::invalid_argument, options_.token_file + ":2");
  write_file("https://a.example\n");
  expect_refused(ErrorCode::invalid_argument, "no token");
  write_file(std::string("https://a.example two words") + k_secret + "\n");
  expect_refused(ErrorCode::invalid_argument, "characters");
}

TEST_F(TokensTest, NoTokenGoesInTheClearToAnotherMachine) {
  options_.tokens = {{"http://models.example", k_secret}};
  expect_refused(ErrorCode::invalid_argument, "in the clear");
  options_.tokens = {{"file:///srv", k_secret}};
  expect_refused(ErrorCode::invalid_argument, "no server");
}

}  // namespace
}  // namespace modelhub::hub
