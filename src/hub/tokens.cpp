// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/tokens.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "transfer/url.h"

namespace modelhub::hub {
namespace {

constexpr ByteCount k_max_token_file(1'000'000);
constexpr std::uint32_t k_group_and_others = 077;

Error bad_token(const std::string& place, const std::string& what) {
  return {ErrorCode::invalid_argument, Subject::usage, place + " " + what,
          "write the server and its token: https://huggingface.co hf_..."};
}

bool is_this_machine(std::string_view origin) {
  return origin.starts_with("http://127.0.0.1:") || origin.starts_with("http://[::1]:") ||
         origin.starts_with("http://localhost:");
}

Result<HostToken> normalised(const HostToken& given, const std::string& place) {
  Result<transfer::Url> url = transfer::parse_url(given.origin);
  if (!url || url->is_file()) return bad_token(place, "names no server that a token could be for");
  if (given.token.empty()) return bad_token(place, "has no token for " + url->origin);
  const auto is_visible = [](char c) { return c > ' ' && c < '\x7f'; };
  if (!std::all_of(given.token.begin(), given.token.end(), is_visible))
    return bad_token(place, "has a token with characters that no token has, for " + url->origin);
  if (url->scheme != "https" && !is_this_machine(url->origin)) {
    return bad_token(place, "would send a token in the clear to " + url->origin +
                                "; only https keeps it secret");
  }
  return HostToken{url->origin, given.token};
}

Result<std::string> read_secret_file(base::FileSystem& files, const std::string& path) {
  Result<base::FileStat> stat = files.stat(path);
  if (!stat) return std::move(stat).error().with_context("read the tokens in " + path);
  if ((stat->mode & k_group_and_others) != 0) {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 "the tokens in " + path + " can be read by other users",
                 "chmod 600 " + path + ", and replace the tokens if others use this machine");
  }
  return base::read_whole_file(files, path, k_max_token_file);
}

// "https://host TOKEN"; lines that are empty or begin with # are nothing.
Result<std::vector<HostToken>> parse_token_file(std::string_view text, const std::string& path) {
  constexpr std::string_view k_blank = " \t\r";
  std::vector<HostToken> tokens;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(k_blank), line.size()));
    line = line.substr(0, line.find_last_not_of(k_blank) + 1);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t gap = line.find_first_of(k_blank);
    HostToken token{std::string(line.substr(0, gap)), ""};
    if (gap != std::string_view::npos)
      token.token = line.substr(line.find_first_not_of(k_blank, gap));
    Result<HostToken> one = normalised(token, path + ":" + std::to_string(number));
    if (!one) return std::move(one).error();
    tokens.push_back(*std::move(one));
  }
  return tokens;
}

}  // namespace

Result<std::vector<HostToken>> collect_tokens(base::FileSystem& files, const HubOptions& options) {
  std::vector<HostToken> tokens;
  for (const HostToken& given : options.tokens) {
    Result<HostToken> one = normalised(given, "the option for tokens (MODELHUB_TOKENS)");
    if (!one) return std::move(one).error();
    tokens.push_back(*std::move(one));
  }
  if (options.token_file.empty()) return tokens;
  Result<std::string> text = read_secret_file(files, options.token_file);
  if (!text) return std::move(text).error();
  Result<std::vector<HostToken>> more = parse_token_file(*text, options.token_file);
  if (!more) return std::move(more).error();
  for (HostToken& token : *more) {
    const bool is_given = std::any_of(tokens.begin(), tokens.end(), [&](const HostToken& known) {
      return known.origin == token.origin;
    });
    if (!is_given) tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace modelhub::hub
