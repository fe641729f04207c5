// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "base/hasher.h"
#include "transfer/ranged_fixture.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using test::RangedFile;
using test::redirect_reply;
using ::testing::HasSubstr;

class ExpiringRedirectTest : public RangedFixture {};

TEST_F(ExpiringRedirectTest, IsResolvedAgainInTheMiddleOfAFile) {
  options_.attempts_per_source = 3;
  const RangedFile file(40 * k_mib);
  file.twist(test::resetting_every(5 * k_mib));
  test::serve_by_expiring_redirect(server_, "/m.onnx", file, 2);
  ASSERT_TRUE(arrived(fetch(file, {server_.url("/m.onnx")}), file.content()));
  EXPECT_LE(server_.body_bytes_sent(), file.size() + 12 * k_mib);
}

TEST_F(ExpiringRedirectTest, IsResolvedAgainWhenEachAddressServesOneRequest) {
  const RangedFile file(24 * k_mib);
  file.twist(test::paced(128 * 1024, milliseconds(4)));
  test::serve_by_expiring_redirect(server_, "/m.onnx", file, 1);
  ASSERT_TRUE(arrived(fetch(file, {server_.url("/m.onnx")}), file.content()));
}

TEST_F(ExpiringRedirectTest, IsResolvedAgainAfterItsTime) {
  const RangedFile file(24 * k_mib);
  file.twist(test::resetting_every(4 * k_mib));
  file.twist(test::paced(64 * 1024, milliseconds(2)));
  test::serve_by_expiring_redirect(server_, "/m.onnx", file, UINT64_MAX, milliseconds(100));
  ASSERT_TRUE(arrived(fetch(file, {server_.url("/m.onnx")}), file.content()));
}

TEST_F(ExpiringRedirectTest, IsResolvedAgainWhenAPartialGoesOn) {
  const RangedFile file(12 * k_mib);
  test::serve_by_expiring_redirect(server_, "/m.onnx", file, 1);
  const auto budget = std::make_shared<std::atomic<std::uint64_t>>(5 * k_mib);
  file.twist(test::stalling_when_spent(budget));
  const Job<Fetched> job = start(request_for(file.content(), {server_.url("/m.onnx")}));
  ASSERT_TRUE(server_.wait_for_body_bytes(5 * k_mib));
  ASSERT_TRUE(test::eventually([&] { return job.progress().bytes_done >= 5 * k_mib; }));
  job.cancel();
  transfer_.reset();
  *budget = UINT64_MAX;
  // No address with a signature in it may outlive the process.
  EXPECT_EQ(test::content_of(journal()).find("signature=0"), std::string::npos);
  ASSERT_TRUE(arrived(fetch(file, {server_.url("/m.onnx")}), file.content()));
  EXPECT_LE(server_.body_bytes_sent(), file.size() + k_sent_ahead);
}

TEST_F(ExpiringRedirectTest, ThatNeverWorksIsAnErrorSoon) {
  const RangedFile file(12 * k_mib);
  test::serve_by_expiring_redirect(server_, "/m.onnx", file, 0);
  const Error error = fetch(file, {server_.url("/m.onnx")}).error();
  EXPECT_EQ(error.code, ErrorCode::unauthorized);
  EXPECT_LE(server_.request_count(), 20U);
}

TEST_F(ExpiringRedirectTest, ThatBeginsToLoopInTheMiddleIsAnError) {
  const RangedFile file(12 * k_mib);
  file.twist(test::between(0, 1, [](const test::AskedPart&, test::HttpReply honest) {
    return std::move(honest).ending_with(test::HttpReply::Ending::reset, 5 * k_mib);
  }));
  file.twist(test::between(1, 1000, test::answering(redirect_reply(302, "/b"))));
  server_.on("/b", redirect_reply(307, "/m.onnx"));
  const Error error = fetch(file, {serve(file)}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.message, HasSubstr("redirects more than 10 times"));
  EXPECT_LE(server_.request_count(), 80U);
}

TEST_F(ExpiringRedirectTest, ThatLeadsFromHttpsToHttpInTheMiddleIsRefused) {
  test::HttpServer tls(test::HttpServer::Tls::yes);
  options_.ca_file = scratch_.write("ca.pem", tls.certificate_pem());
  const RangedFile file(12 * k_mib);
  file.twist(test::between(0, 1, [](const test::AskedPart&, test::HttpReply honest) {
    return std::move(honest).ending_with(test::HttpReply::Ending::reset, 5 * k_mib);
  }));
  file.twist(
      test::between(1, 1000, test::answering(redirect_reply(302, serve(RangedFile(12 * k_mib))))));
  tls.on("/m.onnx", file.handler());
  const Error error = fetch(file, {tls.url("/m.onnx")}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.message, HasSubstr("from https to http"));
  EXPECT_EQ(server_.request_count(), 0U);
}

// ---- tokens ----

class TokenTest : public RangedFixture {
 protected:
  static std::string token_in(const test::HttpRequest& request) {
    const auto found = request.headers.find("authorization");
    return found == request.headers.end() ? "" : found->second;
  }
  std::string origin() const { return "http://" + server_.host_and_port(); }
  const RangedFile file_{12 * k_mib};
  test::HttpServer other_;
};

TEST_F(TokenTest, IsSentToItsOriginWithEveryPart) {
  options_.tokens = {{origin(), "secret-token"}};
  file_.twist(test::resetting_every(5 * k_mib));
  ASSERT_TRUE(arrived(fetch(file_, {serve(file_)}), file_.content()));
  ASSERT_GE(server_.request_count(), 2U);
  for (const test::HttpRequest& request : server_.requests())
    EXPECT_EQ(token_in(request), "Bearer secret-token");
}

TEST_F(TokenTest, NeverFollowsARedirectToAnotherPort) {
  options_.tokens = {{origin(), "secret-token"}};
  file_.twist(test::resetting_every(5 * k_mib));
  other_.on("/far", file_.handler());
  server_.on("/m.onnx", redirect_reply(302, other_.url("/far")));
  ASSERT_TRUE(arrived(fetch(file_, {server_.url("/m.onnx")}), file_.content()));
  EXPECT_EQ(token_in(server_.requests().at(0)), "Bearer secret-token");
  ASSERT_GE(other_.request_count(), 2U);
  for (const test::HttpRequest& request : other_.requests()) EXPECT_EQ(token_in(request), "");
}

TEST_F(TokenTest, IsNotSentToAnotherSchemeHostOrPort) {
  const std::string port = server_.host_and_port().substr(server_.host_and_port().find(':'));
  options_.tokens = {{"https://" + server_.host_and_port(), "a"},
                     {"http://localhost" + port, "b"},
                     {"http://127.0.0.1", "c"},
                     {"http://127.0.0.1:1", "d"},
                     {"http://127.0.0.1" + port + "0", "e"},
                     {"http://127.0.0.1.example.org" + port, "f"}};
  ASSERT_TRUE(arrived(fetch(file_, {serve(file_)}), file_.content()));
  for (const test::HttpRequest& request : server_.requests()) EXPECT_EQ(token_in(request), "");
}

TEST_F(TokenTest, OfTheHostThatIsRedirectedToIsSentThere) {
  options_.tokens = {{"http://" + other_.host_and_port(), "of-the-other"}};
  other_.on("/far", file_.handler());
  server_.on("/m.onnx", redirect_reply(302, other_.url("/far")));
  ASSERT_TRUE(arrived(fetch(file_, {server_.url("/m.onnx")}), file_.content()));
  EXPECT_EQ(token_in(server_.requests().at(0)), "");
  EXPECT_EQ(token_in(other_.requests().at(0)), "Bearer of-the-other");
}

TEST_F(TokenTest, IsInNoMessageNoLogAndNoJournal) {
  options_.attempts_per_source = 2;
  options_.stall_limit = milliseconds(200);
  options_.tokens = {{origin(), "secret-token"}};
  const auto budget = std::make_shared<std::atomic<std::uint64_t>>(5 * k_mib);
  file_.twist(test::stalling_when_spent(budget));
  const Error error = fetch(file_, {serve(file_)}).error();
  transfer_.reset();
  std::string everything = error.to_string() + test::content_of(journal());
  for (const std::string& line : log()) everything += line;
  EXPECT_EQ(everything.find("secret"), std::string::npos);
  EXPECT_NE(test::content_of(journal()), "");
}

}  // namespace
}  // namespace modelhub::transfer
