// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "transfer/range_server.h"
#include "transfer/transfer.h"
#include "transfer/transfer_fixture.h"

namespace modelhub::transfer {
namespace {

using test::file_reply;
using test::redirect_reply;
using ::testing::AllOf;
using ::testing::HasSubstr;

class RedirectTest : public TransferFixture {
 protected:
  const std::string body_ = model_bytes(10'000);
};

TEST_F(RedirectTest, IsFollowedWhateverItsKind) {
  for (const int status : {301, 302, 303, 307, 308}) {
    server_.on("/m.onnx", redirect_reply(status, "other place/m.onnx"));
    server_.on("/other%20place/m.onnx", file_reply(body_));
    const Result<Fetched> fetched = fetch(body_, {server_.url("/m.onnx")});
    ASSERT_TRUE(fetched) << status << fetched.error().to_string();
    EXPECT_EQ(fetched->url, server_.url("/m.onnx"));
    EXPECT_EQ(fetched->attempts, 1);
  }
}

TEST_F(RedirectTest, EndsAfterTen) {
  server_.on("/m.onnx", redirect_reply(302, "/m.onnx"));
  const Error error = fetch(body_, {server_.url("/m.onnx")}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.message, HasSubstr("redirects more than 10 times"));
  EXPECT_EQ(server_.request_count(), 11U);
}

TEST_F(RedirectTest, NeverLeadsFromTheNetworkToAFile) {
  const std::string secret = scratch_.write("secret", body_);
  server_.on("/m.onnx", redirect_reply(302, "file://" + secret));
  const Error error = fetch(body_, {server_.url("/m.onnx")}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.message, AllOf(HasSubstr("redirects wrongly"), HasSubstr("refused")));
}

TEST_F(RedirectTest, NeverLeadsFromHttpsToHttp) {
  test::HttpServer tls(test::HttpServer::Tls::yes);
  options_.ca_file = scratch_.write("ca.pem", tls.certificate_pem());
  tls.on("/m.onnx", redirect_reply(301, server_.url("/m.onnx")));
  server_.on("/m.onnx", file_reply(body_));
  const Error error = fetch(body_, {tls.url("/m.onnx")}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.message, HasSubstr("from https to http"));
  EXPECT_EQ(server_.request_count(), 0U);
}

TEST_F(RedirectTest, ToASchemeThatNobodyKnowsIsRefusedByName) {
  server_.on("/m.onnx", redirect_reply(302, "gopher://127.0.0.1/m"));
  const Error error = fetch(body_, {server_.url("/m.onnx")}).error();
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_THAT(error.message, HasSubstr("gopher"));
}

TEST_F(RedirectTest, CredentialsStayWithTheirHost) {
  test::HttpServer other;
  server_.on("/m.onnx", redirect_reply(302, "/near"));
  server_.on("/near", redirect_reply(302, other.url("/far")));
  other.on("/far", file_reply(body_));
  ASSERT_TRUE(fetch(body_, {"http://user:token@" + server_.host_and_port() + "/m.onnx"}));
  EXPECT_EQ(server_.requests().at(0).headers.count("authorization"), 1U);
  EXPECT_EQ(server_.requests().at(1).headers.count("authorization"), 1U);  // the same host
  EXPECT_EQ(other.requests().at(0).headers.count("authorization"), 0U);
}

TEST_F(RedirectTest, ATokenGoesToItsSchemeHostAndPortOnly) {
  test::HttpServer other;
  options_.tokens = {{"http://" + server_.host_and_port(), "secret1"},
                     {"http://127.0.0.1:1", "secret2"}};
  server_.on("/m.onnx", redirect_reply(302, "/near"));
  server_.on("/near", redirect_reply(302, other.url("/far")));
  other.on("/far", redirect_reply(302, server_.url("/back")));
  server_.on("/back", file_reply(body_));
  ASSERT_TRUE(fetch(body_, {server_.url("/m.onnx")}));
  EXPECT_EQ(server_.requests().at(0).headers.at("authorization"), "Bearer secret1");
  EXPECT_EQ(server_.requests().at(1).headers.at("authorization"), "Bearer secret1");
  EXPECT_EQ(other.requests().at(0).headers.count("authorization"), 0U);
  EXPECT_EQ(server_.requests().at(2).headers.at("authorization"), "Bearer secret1");
}

TEST_F(RedirectTest, ThatExpiredInTheMiddleIsResolvedAgain) {
  const std::string body = model_bytes(9'000'000);
  std::atomic<int> resolved = 0;
  server_.on("/m.onnx", [&](const test::HttpRequest&) {
    return redirect_reply(302, "/signed" + std::to_string(++resolved));
  });
  RangeFile first = range_file(body);
  std::atomic<bool> is_expired = false;
  first.twist = [&](const test::HttpRequest&, test::HttpReply reply) {
    if (is_expired.exchange(true)) return test::status_reply(403);
    return std::move(reply).ending_with(test::HttpReply::Ending::close, 5'000'000);
  };
  server_.on("/signed1", range_handler(first));
  server_.on("/signed2", range_handler(range_file(body)));
  const Result<Fetched> fetched = fetch(body, {server_.url("/m.onnx")});
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  expect_received(fetched->received, body.size());
  EXPECT_EQ(resolved, 2);
}

TEST_F(RedirectTest, IsResolvedAgainForEveryAttempt) {
  server_.on("/m.onnx", {redirect_reply(302, "/expired"), redirect_reply(302, "/fresh")});
  server_.on("/expired", file_reply(body_).ending_with(test::HttpReply::Ending::reset, 500));
  server_.on("/fresh", file_reply(body_));
  const Result<Fetched> fetched = fetch(body_, {server_.url("/m.onnx")});
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(fetched->attempts, 2);
}

TEST_F(RedirectTest, TheErrorNamesBothPlaces) {
  server_.on("/m.onnx", redirect_reply(302, "/gone"));
  const Error error = fetch(body_, {server_.url("/m.onnx")}).error();
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_THAT(error.message,
              AllOf(HasSubstr(server_.url("/m.onnx")), HasSubstr(server_.url("/gone"))));
}

}  // namespace
}  // namespace modelhub::transfer
