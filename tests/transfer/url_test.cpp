// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/url.h"

#include <gmock/gmock.h>

#include "base/hasher.h"

namespace modelhub::transfer {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(UrlTest, KeepsSecretsApart) {
  const Url url = parse_url("https://me%40x:p%3Aw@Example.org/a/b.onnx?token=t#part").value();
  EXPECT_EQ(url.user, "me@x");
  EXPECT_EQ(url.password, "p:w");
  EXPECT_THAT(url.text, Not(HasSubstr("p%3Aw")));
  EXPECT_THAT(url.text, HasSubstr("/a/b.onnx?token=t"));
  EXPECT_THAT(url.shown, HasSubstr("/a/b.onnx?..."));
  EXPECT_EQ(url.origin, "https://example.org:443");
}

TEST(UrlTest, AFileUrlIsDecoded) {
  EXPECT_EQ(parse_url("file:///a%20b/c%25.onnx").value().file_path, "/a b/c%.onnx");
  EXPECT_EQ(parse_url("file://localhost/a").value().file_path, "/a");
  EXPECT_EQ(parse_url("/a b/c%41?.onnx").value().file_path, "/a b/c%41?.onnx");
}

TEST(UrlTest, RefusesWhatItCannotFetch) {
  for (const char* text : {"", "model.onnx", "https://", "file://elsewhere/a", "http://bad host/",
                           "http://a:99999/", "file:///a%00b", "http://user:secret@:1/"}) {
    const Result<Url> url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, ErrorCode::invalid_argument) << text;
    EXPECT_THAT(url.error().message, Not(HasSubstr("secret")));
  }
  EXPECT_EQ(parse_url("ftp://example.org/a").error().code, ErrorCode::unsupported);
  EXPECT_EQ(parse_url("hf://org/model@rev/file").error().code, ErrorCode::unsupported);
}

TEST(UrlTest, AControlCharacterInAHostIsRefusedAndNotShown) {
  for (const char* text : {"https://a%7f/x", "https://a%C2%9B2J/x", "https://a\xC2\x9B/x"}) {
    const Result<Url> url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(url.error().message.find('\x7f'), std::string::npos);
    EXPECT_EQ(url.error().message.find('\x9B'), std::string::npos);
  }
}

TEST(UrlTest, AMirrorHoldsFilesByDigest) {
  const Digest digest = base::sha256_of("x");
  EXPECT_EQ(mirror_url("https://m.example", digest).value().text,
            "https://m.example/sha256/" + digest.hex());
  EXPECT_EQ(mirror_url("https://m.example/a%20b//", digest).value().text,
            "https://m.example/a%20b/sha256/" + digest.hex());
  EXPECT_EQ(mirror_url("https://m.example/a?key=1", digest).value().text,
            "https://m.example/a/sha256/" + digest.hex() + "?key=1");
  EXPECT_EQ(mirror_url("/srv/m 1", digest).value().file_path, "/srv/m 1/sha256/" + digest.hex());
  EXPECT_EQ(mirror_url("mirror", digest).error().code, ErrorCode::invalid_argument);
}

TEST(UrlTest, ARedirectKeepsCredentialsOnlyWithinItsOrigin) {
  const Url from = parse_url("https://user:token@a.example/x/y").value();
  EXPECT_EQ(follow_redirect(from, "z").value().text, "https://a.example/x/z");
  EXPECT_EQ(follow_redirect(from, "z").value().password, "token");
  EXPECT_EQ(follow_redirect(from, "https://a.example:443/q").value().password, "token");
  EXPECT_EQ(follow_redirect(from, "https://a.example:444/q").value().password, "");
  EXPECT_EQ(follow_redirect(from, "https://b.example/q").value().user, "");
  EXPECT_EQ(follow_redirect(from, "//b.example/q").value().text, "https://b.example/q");
  EXPECT_EQ(follow_redirect(from, "https://u:p@b.example/q").value().user, "");
  EXPECT_EQ(follow_redirect(from, "http://a.example/q").error().code, ErrorCode::unavailable);
  EXPECT_EQ(follow_redirect(from, "file:///etc/passwd").error().code, ErrorCode::unavailable);
}

TEST(UrlTest, WhatIsNoUrlIsShownWithoutItsSecrets) {
  EXPECT_EQ(redacted("http://u:p@host:x/a?b#c"), "http://host:x/a");
  EXPECT_EQ(redacted("u:p@host/a"), "host/a");
  EXPECT_EQ(redacted("a\x1b[31m\nb"), "a?[31m?b");
}

}  // namespace
}  // namespace modelhub::transfer
