// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/remote_file.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include <curl/curl.h>

#include "base/executor.h"
#include "transfer/answer.h"
#include "transfer/http_exchange.h"
#include "transfer/retry_policy.h"
#include "transfer/source_plan.h"
#include "transfer/url.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;

constexpr int k_most_redirects = 10;
constexpr milliseconds k_stop_tick{50};  // how often `stop` is looked at

// Takes the head of an answer and hangs up.
class HeadTaker final : public HttpExchange::Receiver {
 public:
  bool on_head(const HttpHead& head) override {
    head_ = head;
    return false;
  }
  Take on_body(std::span<const std::byte>) override { return Take::stop; }
  const std::optional<HttpHead>& head() const { return head_; }

 private:
  std::optional<HttpHead> head_;
};

class SizeQuestion {
 public:
  SizeQuestion(const TransferOptions& options, std::atomic<std::uint64_t>& requests,
               std::stop_token stop)
      : options_(options),
        requests_(requests),
        stop_(std::move(stop)),
        random_(std::random_device{}()) {}

  Result<RemoteFile> ask(const std::string& text) {
    Result<Url> source = parse_url(text);
    if (!source) return std::move(source).error();
    add_token(*source, options_.tokens);
    const RetryPolicy policy{options_.attempts_per_source, options_.initial_back_off,
                             options_.maximal_back_off, options_.longest_retry_after};
    for (int attempts = 1;; ++attempts) {
      std::variant<RemoteFile, Failure> answer = follow(*source);
      if (auto* file = std::get_if<RemoteFile>(&answer)) return std::move(*file);
      Failure& failure = std::get<Failure>(answer);
      const double random = std::uniform_real_distribution<double>(0, 1)(random_);
      const auto wait = stop_.stop_requested()
                            ? std::nullopt
                            : wait_before_retry(policy, failure, attempts, MoreSources::no, random);
      if (!wait) return error_of(*source, std::move(failure));
      if (options_.log) {
        options_.log(LogLevel::info, source->shown + " " + failure.reason + "; trying again in " +
                                         std::to_string(wait->count()) + " ms");
      }
      pass(*wait);
    }
  }

 private:
  // From the source through its redirects to the file.
  std::variant<RemoteFile, Failure> follow(const Url& source) {
    Url url = source;
    for (int redirects = 0; redirects <= k_most_redirects; ++redirects) {
      std::variant<HttpHead, Failure> answer = request(url);
      if (auto* failure = std::get_if<Failure>(&answer)) return std::move(*failure);
      const HttpHead& head = std::get<HttpHead>(answer);
      if (!is_redirect(head)) return judge(url, head);
      Result<Url> to = follow_redirect(url, head.location);
      if (!to) return refusal(to.error().code, "redirects wrongly: " + to.error().message);
      url = *std::move(to);
      add_token(url, options_.tokens);
    }
    return refusal(ErrorCode::unavailable,
                   "redirects more than " + std::to_string(k_most_redirects) + " times");
  }

  std::variant<HttpHead, Failure> request(const Url& url) {
    HeadTaker taker;
    HttpExchange exchange(multi_.get(), HttpRequestPlan{url}, options_, taker);
    requests_.fetch_add(1, std::memory_order_relaxed);
    std::optional<CURLcode> ended;
    while (!taker.head() && !ended) {
      if (stop_.stop_requested()) return refusal(ErrorCode::cancelled, "was not waited for");
      if (is_silent(exchange)) {
        Failure failure = refusal(ErrorCode::timed_out, "does not answer");
        failure.remedy = Remedy::retry;
        return failure;
      }
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg == CURLMSG_DONE) ended = message->data.result;
      }
      if (!taker.head() && !ended)
        curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(k_stop_tick.count()), nullptr);
    }
    if (taker.head()) return *taker.head();
    if (exchange.has_endless_head())
      return refusal(ErrorCode::unavailable, "sent headers without end");
    return failure_of_curl(*ended, exchange.explain(*ended), options_.ca_file);
  }

  // As a fetch has it: silence, or a head that drips.
  bool is_silent(const HttpExchange& exchange) const {
    const auto now = options_.clock->steady_now();
    const auto connected = exchange.connected_at();
    return connected && (now - exchange.last_activity() > options_.stall_limit ||
                         now - *connected > 2 * options_.stall_limit);
  }

  std::variant<RemoteFile, Failure> judge(const Url& url, const HttpHead& head) const {
    if (!is_whole_file(head)) return failure_of_status(head, options_.clock->system_now());
    if (const auto impostor = impostor_of({{}, head.content_type, head.content_encoding})) {
      Failure failure = refusal(ErrorCode::corrupt_data,
                                "would send " + std::string(*impostor) + ", not a model's file");
      failure.subject = Subject::model;
      failure.hint = "open the address in a browser: it may want a login or lead elsewhere";
      return failure;
    }
    if (!head.content_length || *head.content_length == 0) {
      Failure failure = refusal(ErrorCode::unsupported, "does not say how large the file is");
      failure.hint = "download it by other means, and name the file that it is then";
      return failure;
    }
    return RemoteFile{ByteCount(*head.content_length), url.shown};
  }

  static Failure refusal(ErrorCode code, std::string reason) {
    Failure failure;
    failure.code = code;
    failure.reason = std::move(reason);
    return failure;
  }

  static Error error_of(const Url& source, Failure failure) {
    if (failure.code == ErrorCode::cancelled) {
      return {ErrorCode::cancelled, Subject::other,
              "asking for the size of " + source.shown + " was cancelled"};
    }
    Error error(failure.code, failure.subject, source.shown + " " + failure.reason,
                std::move(failure.hint));
    error.retryable = failure.remedy == Remedy::retry;
    return error;
  }

  void pass(milliseconds time) const {
    const auto until = std::chrono::steady_clock::now() + time;
    while (!stop_.stop_requested()) {
      const auto left = until - std::chrono::steady_clock::now();
      if (left <= left.zero()) return;
      std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(left, k_stop_tick));
    }
  }

  const TransferOptions& options_;
  std::atomic<std::uint64_t>& requests_;
  const std::stop_token stop_;
  std::mt19937 random_;
  const MultiHandle multi_ = make_multi();
};

}  // namespace

Result<RemoteFile> ask_for_size(const std::string& url, const TransferOptions& options,
                                std::atomic<std::uint64_t>& requests, const std::stop_token& stop) {
  if (options.network == Network::off) {
    return Error(ErrorCode::offline, Subject::network,
                 redacted(url) + " was not asked: the network is switched off",
                 "run again without --offline");
  }
  std::optional<Result<RemoteFile>> answer;
  try {
    // OpenSSL writes to closed sockets: that signal must not reach the caller's thread.
    std::thread thread([&] {
      block_signals();
      answer.emplace(SizeQuestion(options, requests, stop).ask(url));
    });
    thread.join();
  } catch (const std::system_error& error) {
    return base::no_thread(error);
  }
  return *std::move(answer);
}

}  // namespace modelhub::transfer
