// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/range_server.h"

#include <algorithm>
#include <utility>

namespace modelhub::transfer {
namespace {

test::HttpReply proper_reply(const RangeFile& file, const test::HttpRequest& request) {
  const std::uint64_t size = file.body->size();
  test::HttpReply whole;
  whole.body = file.body;
  whole.headers = {{"ETag", file.etag}, {"Accept-Ranges", "bytes"}};
  const std::optional<AskedRange> asked = asked_range(request);
  const auto condition = request.headers.find("if-range");
  const bool is_same = condition == request.headers.end() || condition->second == file.etag;
  if (!asked || !is_same) return whole;
  if (asked->first >= size) {
    return test::status_reply(416).with_header("Content-Range", "bytes */" + std::to_string(size));
  }
  const std::uint64_t last = std::min(asked->last.value_or(size - 1), size - 1);
  test::HttpReply part = test::file_reply(file.body->substr(asked->first, last - asked->first + 1));
  part.status = 206;
  part.headers = whole.headers;
  part.headers.emplace_back("Content-Range", "bytes " + std::to_string(asked->first) + "-" +
                                                 std::to_string(last) + "/" + std::to_string(size));
  return part;
}

}  // namespace

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
  return [file = std::move(file)](const test::HttpRequest& request) {
    test::HttpReply reply = proper_reply(file, request);
    return file.twist ? file.twist(request, std::move(reply)) : reply;
  };
}

}  // namespace modelhub::transfer
