// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "catalog/document.h"

namespace modelhub::catalog {
namespace {

RelPath read_path(const Cursor& at) {
  const std::string text = at.text();
  Result<RelPath> path = RelPath::parse(text);
  if (path) return *std::move(path);
  at.fail(path.error().message);
  return RelPath::parse("unreadable").value();
}

Digest read_digest(const Cursor& at) {
  const std::string text = at.text();
  const Result<Digest> digest = Digest::parse(text);
  if (!digest) {
    at.fail(digest.error().message);
    return Digest::from_bytes({});
  }
  if (*digest == Digest::of_empty())
    at.fail("is the SHA-256 of an empty file, which is never a model");
  return *digest;
}

std::string read_url(const Cursor& at) {
  std::string url = at.text();
  constexpr std::array<std::string_view, 3> k_schemes = {"https://", "http://", "file://"};
  const auto* scheme = std::find_if(k_schemes.begin(), k_schemes.end(), [&](std::string_view s) {
    return url.substr(0, s.size()) == s && url.size() > s.size();
  });
  if (scheme == k_schemes.end()) {
    at.fail("'" + url.substr(0, 120) +
            "' is not a URL that begins with https://, http:// or file://");
    return url;
  }
  const std::string_view rest = std::string_view(url).substr(scheme->size());
  if (rest.substr(0, rest.find('/')).find('@') != std::string_view::npos) {
    // Not shown: what stands before the '@' is a secret.
    at.fail("has a user name or password in the URL; give credentials for its host instead");
  }
  if (std::any_of(url.begin(), url.end(),
                  [](char c) { return static_cast<unsigned char>(c) <= 0x20; })) {
    at.fail("has a blank or control character in the URL");
  }
  return url;
}

Unpack read_unpack(const Cursor& at) {
  std::string kind = at.required_text("kind");
  std::string member = at.text_or("member");
  ByteCount bytes(1);
  Digest digest = Digest::from_bytes({});
  at.require("bytes", [&](const Cursor& child) { bytes = ByteCount(child.byte_count()); });
  at.require("sha256", [&](const Cursor& child) { digest = read_digest(child); });
  if (kind == "tar.gz" && member.empty())
    at.fail("a tar.gz needs \"member\", the name of the file inside");
  return Unpack{std::move(kind), std::move(member), bytes, digest};
}

HeldFile read_holds(const Cursor& at) {
  HeldFile held;
  held.kind = at.required_text("kind");
  held.member = at.text_or("member");
  held.role = at.text_or("role", "graph");
  at.require("bytes", [&](const Cursor& child) { held.bytes = ByteCount(child.byte_count()); });
  if (held.kind != "tar.gz" && held.kind != "bz2")
    at.fail("an archive of the kind '" + held.kind + "' cannot be read: use tar.gz or bz2");
  if (held.kind == "tar.gz" && held.member.empty())
    at.fail("a tar.gz needs \"member\", the name of the file inside");
  return held;
}

GoldenExpectation read_expectation(const Cursor& at) {
  GoldenExpectation expectation;
  expectation.label = at.text_or("label");
  at.with("class_id", [&](const Cursor& child) { expectation.class_id = child.whole_number(0); });
  at.with("score", [&](const Cursor& child) { expectation.score = child.number(); });
  at.with("box", [&](const Cursor& child) {
    expectation.box = child.numbers();
    if (expectation.box.size() != 4) child.fail("a box has four numbers: x1, y1, x2, y2");
  });
  return expectation;
}

void read_count(const Cursor& at, Golden& golden) {
  std::vector<int> ends;
  at.each([&](const Cursor& item) { ends.push_back(item.whole_number(0)); });
  if (ends.size() != 2 || ends[0] > ends[1]) return at.fail("expected [least, most]");
  golden.min_count = ends[0];
  golden.max_count = ends[1];
}

}  // namespace

ModelFile read_file(const Cursor& at) {
  RelPath path = RelPath::parse("unreadable").value();
  ByteCount bytes(1);
  Digest digest = Digest::from_bytes({});
  at.require("path", [&](const Cursor& child) { path = read_path(child); });
  at.require("bytes", [&](const Cursor& child) { bytes = ByteCount(child.byte_count()); });
  at.require("sha256", [&](const Cursor& child) { digest = read_digest(child); });
  ModelFile file{std::move(path), at.text_or("role", "weights"), bytes, digest, {}, {}, {}, {}};
  at.with("urls", [&](const Cursor& list) {
    list.each([&](const Cursor& item) { file.urls.push_back(read_url(item)); });
  });
  at.with("unpack", [&](const Cursor& child) { file.unpack.emplace(read_unpack(child)); });
  at.with("holds", [&](const Cursor& child) {
    file.holds.emplace(read_holds(child));
    if (file.unpack)
      child.fail("a file with \"unpack\" is no archive any more when it is installed");
  });
  file.attestation = at.text_or("attestation");
  file.url_origin = at.text_or("url_origin");
  return file;
}

Golden read_golden(const Cursor& at) {
  ModelFile image{RelPath::parse("unreadable").value(),
                  {},
                  ByteCount(1),
                  Digest::from_bytes({}),
                  {},
                  {},
                  {},
                  {}};
  at.require("image", [&](const Cursor& child) { image = read_file(child); });
  Golden golden{{}, std::move(image)};
  at.with("expect", [&](const Cursor& list) {
    list.each([&](const Cursor& item) { golden.expect.push_back(read_expectation(item)); });
  });
  at.with("count", [&](const Cursor& child) { read_count(child, golden); });
  golden.text = at.text_or("text");
  at.with("tolerance", [&](const Cursor& child) {
    golden.score_tolerance = child.number_or("score", golden.score_tolerance);
    golden.box_tolerance = child.number_or("box", golden.box_tolerance);
    golden.top1 = child.flag_or("top1", false);
  });
  if (golden.expect.empty() && golden.text.empty() && !golden.min_count) {
    at.fail("expects nothing: give \"expect\", \"count\" or \"text\"");
  }
  return golden;
}

}  // namespace modelhub::catalog
