// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/range_server.h"

#include <utility>

#include "support/ranged_file.h"

namespace modelhub::transfer {

std::optional<AskedRange> asked_range(const test::HttpRequest& request) {
  const auto header = request.headers.find("range");
  if (header == request.headers.end()) return std::nullopt;
  const std::string value = header->second.substr(std::string("bytes=").size());
  const std::size_t dash = value.find('-');
  AskedRange asked{std::stoull(value.substr(0, dash)), std::nullopt};
  if (dash + 1 < value.size()) asked.last = std::stoull(value.substr(dash + 1));
  return asked;
}

RangeFile range_file(std::string body) {
  return {std::make_shared<const std::string>(std::move(body))};
}

test::HttpServer::Handler range_handler(RangeFile file) {
  const test::RangedFile ranged(file.body);
  ranged.set_etag(file.etag);
  return
      [honest = ranged.handler(), twist = std::move(file.twist)](const test::HttpRequest& request) {
        test::HttpReply reply = honest(request);
        return twist ? twist(request, std::move(reply)) : reply;
      };
}

}  // namespace modelhub::transfer
