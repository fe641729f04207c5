// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "base/hasher.h"
#include "support/tunnel_proxy.h"
#include "transfer/fetch_process.h"
#include "transfer/ranged_fixture.h"

namespace modelhub::transfer {
namespace {

using test::file_reply;
using test::RangedFile;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// libcurl reads the proxies from the environment, so each fetch gets a process with its own.
class ProxyTest : public RangedFixture {
 protected:
  using Environment = std::map<std::string, std::string>;

  test::ProcessResult run(const std::vector<std::string>& urls, const Environment& environment) {
    return run_fetch(fetch_command(folder(), file_.content(), urls, ca_file_), environment);
  }
  const RangedFile file_{6 * k_mib};
  std::string ca_file_;
};

TEST_F(ProxyTest, HttpGoesThroughTheProxyOfTheEnvironment) {
  test::HttpServer proxy;
  // To a host that is nowhere: only the proxy knows it.
  const std::string url = "http://models.invalid/m.onnx";
  proxy.on(url, file_.handler());
  const test::ProcessResult result =
      run({url}, {{"http_proxy", "http://" + proxy.host_and_port()}});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_TRUE(test::content_of(data()) == *file_.content());
  EXPECT_EQ(proxy.requests().at(0).target, url);
}

TEST_F(ProxyTest, AllProxyIsForEveryScheme) {
  test::HttpServer proxy;
  const std::string url = "http://models.invalid/m.onnx";
  proxy.on(url, file_.handler());
  const test::ProcessResult result = run({url}, {{"ALL_PROXY", "http://" + proxy.host_and_port()}});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
}

TEST_F(ProxyTest, HostsOfNoProxyAreAskedDirectly) {
  test::HttpServer proxy;
  for (const char* name : {"no_proxy", "NO_PROXY"}) {
    const test::ProcessResult result =
        run({serve(file_)},
            {{"http_proxy", "http://" + proxy.host_and_port()}, {name, "example.org,127.0.0.1"}});
    ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
    std::filesystem::remove(data());
  }
  EXPECT_EQ(proxy.connection_count(), 0U);
}

TEST_F(ProxyTest, HttpsGoesThroughATunnel) {
  test::HttpServer tls(test::HttpServer::Tls::yes);
  const test::TunnelProxy proxy;
  ca_file_ = scratch_.write("ca.pem", tls.certificate_pem());
  tls.on("/m.onnx", file_.handler());
  const test::ProcessResult result = run({tls.url("/m.onnx")}, {{"https_proxy", proxy.url()}});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_TRUE(test::content_of(data()) == *file_.content());
  ASSERT_FALSE(proxy.asked().empty());
  EXPECT_THAT(proxy.asked().at(0), StartsWith("CONNECT " + tls.host_and_port() + " "));
}

TEST_F(ProxyTest, CredentialsOfTheProxyReachTheProxyOnly) {
  test::HttpServer tls(test::HttpServer::Tls::yes);
  const test::TunnelProxy proxy;
  ca_file_ = scratch_.write("ca.pem", tls.certificate_pem());
  tls.on("/m.onnx", file_.handler());
  const std::string with_credentials = "http://user:secret@" + proxy.url().substr(7);
  const test::ProcessResult result = run({tls.url("/m.onnx")}, {{"https_proxy", with_credentials}});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(proxy.asked().at(0), HasSubstr("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ="));
  EXPECT_EQ(tls.requests().at(0).headers.count("proxy-authorization"), 0U);
  EXPECT_EQ(tls.requests().at(0).headers.count("authorization"), 0U);
}

TEST_F(ProxyTest, AProxyThatRefusesIsTold) {
  test::HttpServer tls(test::HttpServer::Tls::yes);
  const test::TunnelProxy proxy(403);
  ca_file_ = scratch_.write("ca.pem", tls.certificate_pem());
  const test::ProcessResult result =
      run({tls.url("/m.onnx")}, {{"https_proxy", "http://user:secret@" + proxy.url().substr(7)}});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.out, AllOf(HasSubstr("403"), Not(HasSubstr("secret"))));
  EXPECT_EQ(tls.request_count(), 0U);
}

TEST_F(ProxyTest, AProxyThatWantsCredentialsIsTold) {
  test::HttpServer proxy;
  const std::string url = "http://models.invalid/m.onnx";
  proxy.on(url, test::status_reply(407));
  const test::ProcessResult result =
      run({url}, {{"http_proxy", "http://" + proxy.host_and_port()}});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.out, HasSubstr("407"));
  EXPECT_EQ(proxy.request_count(), 1U);
}

TEST_F(ProxyTest, AProxyThatIsNotThereIsTold) {
  std::string gone;
  {
    const test::TunnelProxy proxy;
    gone = proxy.url();
  }
  const test::ProcessResult result = run({"http://models.invalid/m.onnx"}, {{"http_proxy", gone}});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.out, AllOf(HasSubstr("could not be reached"), HasSubstr("proxy")));
}

// HTTP_PROXY could be set by a request's Proxy header where a program runs as a CGI.
TEST_F(ProxyTest, HttpProxyInUpperCaseIsPassedOver) {
  test::HttpServer proxy;
  const test::ProcessResult result =
      run({serve(file_)}, {{"HTTP_PROXY", "http://" + proxy.host_and_port()}});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(proxy.connection_count(), 0U);
}

}  // namespace
}  // namespace modelhub::transfer
