// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "support/nginx.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "transfer/fetch_process.h"
#include "transfer/ranged_fixture.h"

namespace modelhub::transfer {
namespace {

using test::Nginx;
using ::testing::AllOf;
using ::testing::HasSubstr;

// Against a server that is not our own.
class NginxTest : public RangedFixture {
 protected:
  void SetUp() override {
    if (!Nginx::find_program()) GTEST_SKIP() << "there is no nginx: scripts/setup test";
  }
  static test::Content put(const Nginx& nginx, const std::string& name, std::uint64_t bytes) {
    const test::Content content = test::generated_content(bytes, bytes);
    std::ofstream(nginx.root() + "/" + name, std::ios::binary) << *content;
    return content;
  }
  static std::uint64_t bytes_served(const Nginx& nginx) {
    std::uint64_t bytes = 0;
    for (const Nginx::Access& access : nginx.accesses()) bytes += access.body_bytes;
    return bytes;
  }
  static std::size_t connections_to(const Nginx& nginx) {
    std::set<std::uint64_t> connections;
    for (const Nginx::Access& access : nginx.accesses()) connections.insert(access.connection);
    return connections.size();
  }
};

TEST_F(NginxTest, GivesAWholeFileThoughItWouldLikeToCompressIt) {
  const Nginx nginx;
  const test::Content content = put(nginx, "m.onnx", 20 * k_mib + 5);
  ASSERT_TRUE(arrived(fetch(request_for(content, {nginx.url("/m.onnx")})), content));
}

TEST_F(NginxTest, GoesOnAfterAKill) {
  const Nginx nginx("6m");
  const test::Content content = put(nginx, "m.onnx", 48 * k_mib);
  const std::vector<std::string> command = fetch_command(folder(), content, {nginx.url("/m.onnx")});
  {
    FetchProcess process(command);
    // The journal is there once something is safe.
    ASSERT_TRUE(test::eventually([&] { return !test::content_of(journal()).empty(); }));
  }
  const test::ProcessResult result = run_fetch(command, {{"no_proxy", "*"}});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_TRUE(test::content_of(data()) == *content);
  EXPECT_GT(number_of(result.out, "reused"), 0U) << result.out;
  const auto is_part = [](const Nginx::Access& access) { return access.status == 206; };
  const std::vector<Nginx::Access> accesses = nginx.accesses();
  EXPECT_TRUE(std::any_of(accesses.begin(), accesses.end(), is_part));
}

TEST_F(NginxTest, IsAskedOverSeveralConnectionsWhereItLimitsTheRateOfEach) {
  const Nginx nginx("8m");
  const test::Content content = put(nginx, "m.onnx", 40 * k_mib);
  ASSERT_TRUE(arrived(fetch(request_for(content, {nginx.url("/m.onnx")})), content));
  transfer_.reset();
  ASSERT_TRUE(test::eventually([&] { return bytes_served(nginx) >= content->size(); }));
  EXPECT_GE(connections_to(nginx), 2U);
  EXPECT_LE(connections_to(nginx), 24U);
}

TEST_F(NginxTest, OfAPrivateAuthorityIsRefusedUntilItIsNamed) {
  const Nginx nginx;
  const test::Content content = put(nginx, "m.onnx", 6 * k_mib);
  const Error error = fetch(request_for(content, {nginx.tls_url("/m.onnx")})).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.message, AllOf(HasSubstr(nginx.tls_url("/m.onnx")), HasSubstr("TLS")));
  EXPECT_THAT(error.hint, HasSubstr("--cacert FILE"));
  transfer_.reset();
  options_.ca_file = scratch_.write("ca.pem", nginx.certificate_pem());
  ASSERT_TRUE(arrived(fetch(request_for(content, {nginx.tls_url("/m.onnx")})), content));
}

TEST_F(NginxTest, GivesThreeHundredSmallFilesOverHttp2) {
  const Nginx nginx;
  options_.ca_file = scratch_.write("ca.pem", nginx.certificate_pem());
  std::vector<test::Content> contents;
  std::vector<Job<Fetched>> jobs;
  for (int i = 0; i < 300; ++i) {
    const std::string name = "m" + std::to_string(i);
    contents.push_back(put(nginx, name, 30'000 + static_cast<std::uint64_t>(i)));
    FetchRequest request = request_for(contents.back(), {nginx.tls_url("/" + name)});
    request.folder = scratch_.path("many/" + name);
    std::filesystem::create_directories(request.folder);
    jobs.push_back(start(std::move(request)));
  }
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const Result<Fetched> fetched = result_of(jobs[i]);
    ASSERT_TRUE(fetched) << fetched.error().to_string();
    ASSERT_TRUE(test::content_of(scratch_.path("many/m" + std::to_string(i) + "/data")) ==
                *contents[i]);
  }
  transfer_.reset();
  ASSERT_TRUE(test::eventually([&] { return nginx.accesses().size() >= 300; }));
  for (const Nginx::Access& access : nginx.accesses()) EXPECT_EQ(access.protocol, "HTTP/2.0");
  EXPECT_LE(connections_to(nginx), static_cast<std::size_t>(options_.connections_per_host));
}

TEST_F(NginxTest, GivesALargeFileOverHttp2) {
  const Nginx nginx("8m");
  options_.ca_file = scratch_.write("ca.pem", nginx.certificate_pem());
  const test::Content content = put(nginx, "m.onnx", 32 * k_mib);
  ASSERT_TRUE(arrived(fetch(request_for(content, {nginx.tls_url("/m.onnx")})), content));
}

}  // namespace
}  // namespace modelhub::transfer
