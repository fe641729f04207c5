// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "support/http_server.h"

namespace modelhub::transfer {

// A file on a server that honours ranges (test::RangedFile), for tests that look at requests.
struct RangeFile {
  std::shared_ptr<const std::string> body;
  std::string etag = "\"v1\"";
  // Changes the proper reply, with knowledge of the request. May be empty.
  std::function<test::HttpReply(const test::HttpRequest&, test::HttpReply)> twist = {};
};

test::HttpServer::Handler range_handler(RangeFile file);
RangeFile range_file(std::string body);

// The first and the last byte that a request asks for; nothing for one without a Range.
struct AskedRange {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> last;
};
std::optional<AskedRange> asked_range(const test::HttpRequest& request);

}  // namespace modelhub::transfer
