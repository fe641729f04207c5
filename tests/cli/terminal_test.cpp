// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "cli_fixture.h"
#include "support/http_server.h"

namespace modelhub::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* k_faces_model =
    "34cd7e60aeff28744c657de7a3dc64e872d506741de66987f3426f2b79f88017";

// What a terminal was sent, cut at each redraw, without the sequence that clears the line.
std::vector<std::string> frames_of(const std::string& sent) {
  std::vector<std::string> frames(1);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    if (sent[i] == '\r' || sent[i] == '\n') {
      frames.emplace_back();
    } else if (sent.compare(i, 3, "\x1b[K") == 0) {
      i += 2;
    } else {
      frames.back() += sent[i];
    }
  }
  return frames;
}

// A pull that takes long enough to be looked at.
class TerminalTest : public CliTest, public ::testing::WithParamInterface<int> {
 protected:
  TerminalTest() {
    server_.on(std::string("/sha256/") + k_faces_model,
               file_reply(read(shared(std::string("mirror/sha256/") + k_faces_model)))
                   .dripping(60'000, std::chrono::milliseconds(30)));
    options_.environment["MODELHUB_MIRRORS"] = server_.url("");
  }

  HttpServer server_;
};

TEST_P(TerminalTest, TheProgressBarNeverWraps) {
  const ProcessResult result = run_terminal(GetParam(), {"pull", "ultraface"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::size_t drawn = 0;
  for (const std::string& frame : frames_of(result.err)) {
    if (frame.find('%') == std::string::npos) continue;
    ++drawn;
    EXPECT_LT(frame.size(), static_cast<std::size_t>(GetParam())) << frame;
  }
  EXPECT_GE(drawn, 2U) << result.err;
}

INSTANTIATE_TEST_SUITE_P(Columns, TerminalTest, ::testing::Values(20, 40, 80, 200));

TEST_F(TerminalTest, WithoutATerminalThereIsNoBar) {
  const ProcessResult result = run({"pull", "ultraface"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, Not(HasSubstr("\r")));
  EXPECT_THAT(result.err, Not(HasSubstr("\x1b")));
}

TEST_F(TerminalTest, QuietDrawsAndSaysNothing) {
  const ProcessResult result = run_terminal(80, {"--quiet", "pull", "ultraface"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(result.err.empty()) << result.err;
}

TEST_F(TerminalTest, ErrorsAreColouredUnlessNoColorIsSet) {
  EXPECT_THAT(run_terminal(80, {"pull", "no_such_model"}).err, HasSubstr("\x1b[31;1m"));
  options_.environment["NO_COLOR"] = "1";
  EXPECT_THAT(run_terminal(80, {"pull", "no_such_model"}).err, Not(HasSubstr("\x1b[")));
}

}  // namespace
}  // namespace modelhub::test
