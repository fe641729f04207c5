// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/lone_request.h"

#include <algorithm>
#include <new>
#include <random>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include <curl/curl.h>

#include "base/executor.h"
#include "transfer/answer.h"
#include "transfer/fetch.h"
#include "transfer/retry_policy.h"
#include "transfer/source_plan.h"
#include "transfer/url.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using TimePoint = std::chrono::steady_clock::time_point;

constexpr int k_most_redirects = 10;
constexpr milliseconds k_stop_tick{50};  // how often `stop` is looked at

Failure refusal(ErrorCode code, std::string reason) {
  Failure failure;
  failure.code = code;
  failure.reason = std::move(reason);
  return failure;
}

// What a mirror could help is found by digest; here there is none.
std::string hint_of(const Failure& failure) {
  if (!failure.hint.empty() && failure.hint.find("--mirror") == std::string::npos)
    return failure.hint;
  const std::string by_other_means = "download it by other means and name the file";
  if (failure.is_host_unreachable) return "check the address, the network and the proxy settings";
  if (failure.code == ErrorCode::unauthorized)
    return "check the credentials (MODELHUB_TOKENS, user and password), or " + by_other_means;
  if (failure.remedy == Remedy::retry) return "try again later, or " + by_other_means;
  return "check the address, or " + by_other_means;
}

// What one exchange brings. Hangs up as soon as nothing more is wanted of it.
class Attempt final : public HttpExchange::Receiver {
 public:
  Attempt(const Url& url, FileTaker& taker) : url_(url), taker_(taker) {}

  bool on_head(const HttpHead& head) override {
    head_ = head;
    // A redirect, or a refusal: its own words are of no use.
    if (!is_whole_file(head)) return go_on_if(FileTaker::More::no);
    return go_on_if(taker_.on_head(url_, head, failure_));
  }
  Take on_body(std::span<const std::byte> bytes) override {
    return go_on_if(taker_.on_body(bytes, failure_)) ? Take::go_on : Take::stop;
  }

  const std::optional<HttpHead>& head() const { return head_; }
  bool has_hung_up() const { return has_hung_up_; }
  std::optional<Failure>& failure() { return failure_; }

 private:
  bool go_on_if(FileTaker::More more) {
    has_hung_up_ = failure_ || more == FileTaker::More::no;
    return !has_hung_up_;
  }

  const Url& url_;
  FileTaker& taker_;
  std::optional<HttpHead> head_;
  std::optional<Failure> failure_;
  bool has_hung_up_ = false;
};

class Questioner {
 public:
  Questioner(const LoneRequest& request, FileTaker& taker, std::stop_token stop)
      : request_(request),
        options_(request.options),
        taker_(taker),
        stop_(std::move(stop)),
        started_(options_.clock->steady_now()),
        random_(std::random_device{}()) {}

  Result<void> ask() {
    Result<Url> source = parse_url(request_.url);
    if (!source) return std::move(source).error();
    if (source->is_file()) {
      return Error(ErrorCode::invalid_argument, Subject::usage,
                   source->shown + " is a file of this machine, not of the network",
                   "name it by its path: " + source->file_path);
    }
    add_token(*source, options_.tokens);
    const RetryPolicy policy{options_.attempts_per_source, options_.initial_back_off,
                             options_.maximal_back_off, options_.longest_retry_after};
    for (int attempts = 1;; ++attempts) {
      std::optional<Failure> failure = follow(*source);
      if (!failure) return {};
      // An answer may come just when it is too late: whether before or after must not matter.
      if (failure->remedy == Remedy::retry && is_late()) {
        told_ = failure->reason;
        return error_of(*source, too_late());
      }
      const double random = std::uniform_real_distribution<double>(0, 1)(random_);
      const auto wait = stop_.stop_requested() ? std::nullopt
                                               : wait_before_retry(policy, *failure, attempts,
                                                                   MoreSources::no, random);
      if (!wait) return error_of(*source, *failure);
      if (options_.log) {
        options_.log(LogLevel::info, source->shown + " " + failure->reason + "; trying again in " +
                                         std::to_string(wait->count()) + " ms");
      }
      told_ = failure->reason;
      pass(*wait);
      if (is_late()) return error_of(*source, too_late());
    }
  }

 private:
  // What came of a request: where it led, or how it ended.
  using Outcome = std::variant<HttpHead, std::optional<Failure>>;

  // From the source through its redirects to the file. Nothing when all went well.
  std::optional<Failure> follow(const Url& source) {
    Url url = source;
    for (int redirects = 0; redirects <= k_most_redirects; ++redirects) {
      Outcome outcome = request(url);
      if (auto* ended = std::get_if<std::optional<Failure>>(&outcome)) return std::move(*ended);
      const HttpHead& head = std::get<HttpHead>(outcome);
      if (!is_redirect(head)) return failure_of_status(head, options_.clock->system_now());
      Result<Url> to = follow_redirect(url, head.location);
      if (!to) return refusal(to.error().code, "redirects wrongly: " + to.error().message);
      url = *std::move(to);
      add_token(url, options_.tokens);
    }
    return refusal(ErrorCode::unavailable,
                   "redirects more than " + std::to_string(k_most_redirects) + " times");
  }

  Outcome request(const Url& url) {
    Attempt attempt(url, taker_);
    HttpRequestPlan plan{url};
    plan.most_per_second = options_.limit_rate.count();
    HttpExchange exchange(multi_.get(), plan, options_, attempt);
    request_.requests.fetch_add(1, std::memory_order_relaxed);
    std::optional<CURLcode> ended;
    while (!attempt.has_hung_up() && !ended) {
      if (stop_.stop_requested()) return refusal(ErrorCode::cancelled, "was not waited for");
      if (is_late()) return too_late();
      if (std::optional<Failure> silence = silence_of(exchange, attempt)) return silence;
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg == CURLMSG_DONE) ended = message->data.result;
      }
      if (!attempt.has_hung_up() && !ended)
        curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(k_stop_tick.count()), nullptr);
    }
    if (attempt.failure()) return std::move(attempt.failure());
    if (attempt.has_hung_up())
      return is_whole_file(*attempt.head()) ? Outcome(std::optional<Failure>())
                                            : Outcome(*attempt.head());
    if (ended == CURLE_OK && attempt.head()) return std::optional<Failure>();
    if (exchange.has_endless_head())
      return refusal(ErrorCode::unavailable, "sent headers without end");
    return failure_of_curl(*ended, exchange.explain(*ended), options_.ca_file);
  }

  // As a fetch has it: no byte for too long, or a head that drips.
  std::optional<Failure> silence_of(const HttpExchange& exchange, const Attempt& attempt) const {
    const auto connected = exchange.connected_at();
    if (!connected) return std::nullopt;
    const TimePoint now = options_.clock->steady_now();
    const bool is_silent = now - exchange.last_activity() > options_.stall_limit;
    if (!is_silent && (attempt.head() || now - *connected <= 2 * options_.stall_limit))
      return std::nullopt;
    Failure failure =
        refusal(ErrorCode::timed_out,
                attempt.head() ? "sent nothing more for " + in_seconds(options_.stall_limit)
                               : "does not answer");
    failure.remedy = Remedy::retry;
    failure.hint = "check the address, or try again later";
    return failure;
  }

  bool is_late() const {
    return request_.deadline.count() > 0 &&
           options_.clock->steady_now() - started_ > request_.deadline;
  }
  Failure too_late() const {
    Failure failure =
        refusal(ErrorCode::timed_out, "was not here within " + in_seconds(request_.deadline) +
                                          (told_.empty() ? "" : "; it " + told_));
    failure.remedy = Remedy::give_up;
    failure.hint = "try again later, or give it more time: --deadline";
    return failure;
  }

  Error error_of(const Url& source, const Failure& failure) const {
    if (failure.code == ErrorCode::cancelled) {
      return {ErrorCode::cancelled, Subject::other,
              request_.purpose + " " + source.shown + " was cancelled"};
    }
    Error error(failure.code, failure.subject, source.shown + " " + failure.reason,
                hint_of(failure));
    error.retryable = failure.remedy == Remedy::retry || failure.code == ErrorCode::timed_out;
    return error;
  }

  void pass(milliseconds time) const {
    const auto until = std::chrono::steady_clock::now() + time;
    while (!stop_.stop_requested() && !is_late()) {
      const auto left = until - std::chrono::steady_clock::now();
      if (left.count() <= 0) return;
      std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(left, k_stop_tick));
    }
  }

  const LoneRequest& request_;
  const TransferOptions& options_;
  FileTaker& taker_;
  const std::stop_token stop_;
  const TimePoint started_;
  std::string told_;  // of the attempt before
  std::mt19937 random_;
  const MultiHandle multi_ = make_multi();
};

}  // namespace

Result<void> ask(const LoneRequest& request, FileTaker& taker, const std::stop_token& stop) {
  if (request.options.network == Network::off) {
    return Error(ErrorCode::offline, Subject::network,
                 redacted(request.url) + " was not asked: the network is switched off",
                 "run again without --offline and MODELHUB_OFFLINE");
  }
  std::optional<Result<void>> answer;
  try {
    // OpenSSL writes to closed sockets: that signal must not reach the caller's thread.
    std::thread thread([&] {
      block_signals();
      answer.emplace(Questioner(request, taker, stop).ask());
    });
    thread.join();
  } catch (const std::system_error& error) {
    return base::no_thread(error);
  }
  return *std::move(answer);
}

}  // namespace modelhub::transfer
