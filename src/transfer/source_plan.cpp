// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/source_plan.h"

#include <algorithm>

namespace modelhub::transfer {
namespace {

void add_source(SourcePlan& plan, SourceKind kind, Result<Url> url, Network network) {
  if (!url) {
    const Error& error = url.error();  // names the source already
    plan.failed.push_back(
        {kind, error.message, {error.code, error.subject, error.message, error.hint}});
    return;
  }
  const auto is_same = [&](const Source& other) {
    return other.url.text == url->text && other.url.user == url->user &&
           other.url.password == url->password;
  };
  if (std::any_of(plan.sources.begin(), plan.sources.end(), is_same)) return;
  if (!url->is_file() && network == Network::off) {
    const std::string reason = "was not asked: the network is switched off";
    plan.failed.push_back(
        {kind,
         url->shown + " " + reason,
         {ErrorCode::offline, Subject::network, reason,
          "run again without --offline, or name a folder that holds the file with --mirror"}});
    return;
  }
  plan.sources.push_back({kind, *std::move(url)});
}

// How much a failure says about why there is no file. Wrong bytes are what the user must hear of
// first; that a mirror lacks a file is ordinary.
int weight_of(const FailedSource& failed) {
  switch (failed.failure.code) {
    case ErrorCode::checksum_mismatch: return 9;
    case ErrorCode::corrupt_data: return 8;
    case ErrorCode::unauthorized: return 7;
    case ErrorCode::offline: return 6;
    case ErrorCode::not_found: return failed.kind == SourceKind::mirror ? 1 : 5;
    case ErrorCode::timed_out: return 4;
    case ErrorCode::unavailable: return 3;
    default: return 2;
  }
}

}  // namespace

void add_token(Url& url, const std::vector<HostToken>& tokens) {
  // Credentials in the URL itself are what the user wants for it.
  if (url.is_file() || !url.user.empty() || !url.password.empty()) return;
  for (const HostToken& token : tokens) {
    const Result<std::string> origin = origin_of(token.origin);
    if (origin && *origin == url.origin) url.token = token.token;
  }
}

SourcePlan plan_sources(const TransferOptions& options, const FetchRequest& request) {
  SourcePlan plan;
  if (request.digest) {
    for (const std::string& mirror : options.mirrors) {
      add_source(plan, SourceKind::mirror, mirror_url(mirror, *request.digest), options.network);
    }
  }
  for (const std::string& url : request.urls) {
    add_source(plan, SourceKind::own, parse_url(url), options.network);
  }
  // A file of this machine costs nothing; and of a user's own model no mirror need hear.
  std::stable_partition(plan.sources.begin(), plan.sources.end(),
                        [](const Source& source) { return source.url.is_file(); });
  for (Source& source : plan.sources) add_token(source.url, options.tokens);
  return plan;
}

Error error_of_all(const FetchRequest& request, const std::vector<FailedSource>& failed) {
  if (failed.empty()) {
    const std::string name = request.digest ? request.digest->hex() : "<its SHA-256>";
    return Error(ErrorCode::not_found, Subject::network, "no source is known for " + request.what,
                 "name one with --mirror or MODELHUB_MIRRORS; it is looked for as sha256/" + name)
        .with_context("fetch " + request.what);
  }
  const FailedSource& telling = *std::max_element(
      failed.begin(), failed.end(),
      [](const FailedSource& a, const FailedSource& b) { return weight_of(a) < weight_of(b); });
  std::string message;
  if (failed.size() == 1) {
    message = telling.told;
  } else {
    message = "none of " + std::to_string(failed.size()) + " sources gave " + request.what + ": ";
    for (const FailedSource& one : failed)
      message += (&one == &failed.front() ? "" : "; ") + one.told;
  }
  Error error(telling.failure.code, telling.failure.subject, std::move(message),
              telling.failure.hint);
  error.retryable = std::any_of(failed.begin(), failed.end(), [](const FailedSource& one) {
    return one.failure.remedy == Remedy::retry;
  });
  return std::move(error).with_context("fetch " + request.what);
}

}  // namespace modelhub::transfer
