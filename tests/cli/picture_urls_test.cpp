// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Pictures behind URLs, and what can be wrong with them. That they are answered right needs a real
// engine: pictures_test.cpp.
#include <filesystem>

#include <gmock/gmock.h>

#include "cli_fixture.h"
#include "support/http_server.h"

namespace modelhub::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Ending = HttpReply::Ending;
using Framing = HttpReply::Framing;

// A single picture is brought before anything is pulled: what is wrong with it shows without a
// model.
class PictureUrlTest : public CliTest {
 protected:
  ProcessResult run_on(const std::string& url, std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"run", "yolov8n", url});
    const ProcessResult result = run(more);
    EXPECT_TRUE(result.out.empty()) << result.out;
    EXPECT_FALSE(std::filesystem::exists(home_)) << "nothing is kept, nothing is pulled";
    return result;
  }
  void expect_refused(const std::string& path, int exit_code, const std::string& words,
                      const std::string& hint, std::vector<std::string> more = {}) const {
    const ProcessResult result = run_on(server_.url(path), std::move(more));
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(server_.url(path)));
    EXPECT_THAT(result.err, HasSubstr(words));
    EXPECT_THAT(result.err, HasSubstr("hint: "));
    EXPECT_THAT(result.err, HasSubstr(hint)) << words;
  }

  HttpServer server_;
};

TEST_F(PictureUrlTest, WhatTheServerHasNotIsNotFound) {
  expect_refused("/none.jpg", 3, "answered 404 (not found)", "check the address");
  EXPECT_EQ(server_.request_count(), 1U);
  server_.on("/secret.jpg", status_reply(403));
  expect_refused("/secret.jpg", 4, "answered 403", "MODELHUB_TOKENS");
  server_.on("/odd.jpg", status_reply(418));
  expect_refused("/odd.jpg", 4, "answered 418", "check the address");
}

TEST_F(PictureUrlTest, WhatIsNoPictureIsNamed) {
  server_.on("/page",
             file_reply("<!doctype html><html>log in").with_header("Content-Type", "text/html"));
  expect_refused("/page", 1, "is an HTML page", "give the picture itself");
  server_.on("/text.jpg", file_reply("hello").with_framing(Framing::chunked));
  expect_refused("/text.jpg", 1, "is not a picture: it begins with text",
                 "JPEG, PNG, WebP and TIFF");
  server_.on("/empty.jpg", file_reply(""));
  expect_refused("/empty.jpg", 1, "is empty", "");
  const std::string bus = read(shared("images/bus.jpg"));
  server_.on("/cut.jpg",
             file_reply(bus.substr(0, bus.size() / 2)).with_framing(Framing::until_close));
  expect_refused("/cut.jpg", 1, "is a damaged JPEG file", "get the file again");
}

TEST_F(PictureUrlTest, WhatIsTooLargeIsRefused) {
  server_.on("/large.jpg", file_reply("x").with_claimed_length(257ULL << 20U));
  expect_refused("/large.jpg", 1, "is larger than the 268 MB that are taken into memory",
                 "download it by other means");
}

TEST_F(PictureUrlTest, AServerThatFallsSilentIsGivenUpAtTheDeadline) {
  server_.on("/bus.jpg", file_reply("0123456789").ending_with(Ending::stall, 5));
  expect_refused("/bus.jpg", 4, "was not here within 1", "--deadline", {"--deadline", "1"});
}

TEST_F(PictureUrlTest, OfflineNobodyIsAsked) {
  server_.on("/bus.jpg", file_reply(read(shared("images/bus.jpg"))));
  expect_refused("/bus.jpg", 8, "the network is switched off", "without --offline", {"--offline"});
  EXPECT_EQ(server_.request_count(), 0U);
}

TEST_F(PictureUrlTest, AnAuthorityThatIsNotKnownIsToldWithTheWayOut) {
  HttpServer tls(HttpServer::Tls::yes);
  tls.on("/none.jpg", status_reply(404));
  const ProcessResult result = run_on(tls.url("/none.jpg"));
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.err, HasSubstr("--cacert FILE"));
  const std::string authority = write("ca.pem", tls.certificate_pem());
  EXPECT_EQ(run_on(tls.url("/none.jpg"), {"--cacert", authority}).exit_code, 3);
}

TEST_F(PictureUrlTest, SecretsOfTheAddressAreUsedAndNotShown) {
  server_.on("/bus.jpg", status_reply(404));
  const ProcessResult result =
      run_on("http://me:geheim@" + server_.host_and_port() + "/bus.jpg?signature=geheim");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr(server_.url("/bus.jpg?...")));
  EXPECT_THAT(result.err, Not(HasSubstr("geheim")));
  EXPECT_EQ(server_.requests().at(0).target, "/bus.jpg?signature=geheim");
  EXPECT_EQ(server_.requests().at(0).headers.count("authorization"), 1U);
}

TEST_F(PictureUrlTest, OtherKindsOfAddressesAreToldSo) {
  EXPECT_EQ(run_on("ftp://host/bus.jpg").exit_code, 4);
  const ProcessResult file = run_on("file:///a/bus.jpg");
  EXPECT_EQ(file.exit_code, 2);
  EXPECT_THAT(file.err, HasSubstr("hint: name it by its path: /a/bus.jpg"));
}

TEST_F(PictureUrlTest, ErrorsAreJsonToo) {
  const ProcessResult result = run_on(server_.url("/none.jpg"), {"--json"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(json_of(result.err)["error"]["code"], "not_found");
}

TEST_F(PictureUrlTest, AnInterruptHangsUp) {
  server_.on("/bus.jpg", file_reply("0123456789").ending_with(Ending::stall, 5));
  options_.interrupt_after = "downloading";
  const ProcessResult result = run_terminal(80, {"run", "yolov8n", server_.url("/bus.jpg")});
  EXPECT_EQ(result.exit_code, 130) << result.err;
}

TEST_F(PictureUrlTest, FacesAreComparedInThemToo) {
  const ProcessResult result = run({"compare", shared("images/cat.jpg"), server_.url("/none.jpg")});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_THAT(result.err, HasSubstr(server_.url("/none.jpg")));
}

}  // namespace
}  // namespace modelhub::test
