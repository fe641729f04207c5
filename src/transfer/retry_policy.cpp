// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/retry_policy.h"

#include <algorithm>
#include <charconv>
#include <string>

#include <curl/curl.h>

namespace modelhub::transfer {

using std::chrono::milliseconds;

std::optional<milliseconds> wait_before_retry(const RetryPolicy& policy, const Failure& failure,
                                              int attempts, MoreSources more_sources,
                                              double random) {
  if (failure.remedy != Remedy::retry || attempts >= policy.attempts_per_source)
    return std::nullopt;
  if (failure.is_host_unreachable && more_sources == MoreSources::yes) return std::nullopt;
  const auto part_of = [&](milliseconds whole) {
    return milliseconds(
        static_cast<milliseconds::rep>(static_cast<double>(whole.count()) * random));
  };
  if (failure.retry_after) {
    if (*failure.retry_after > policy.longest_retry_after) return std::nullopt;
    return *failure.retry_after + part_of(policy.initial_back_off);
  }
  milliseconds wait = policy.initial_back_off;
  for (int i = 1; i < attempts && wait < policy.maximal_back_off; ++i) wait *= 2;
  wait = std::min(wait, policy.maximal_back_off);
  return wait - part_of(wait / 2);
}

std::optional<milliseconds> parse_retry_after(std::string_view value,
                                              std::chrono::system_clock::time_point now) {
  constexpr std::chrono::seconds k_day = std::chrono::hours(24);
  const bool is_number = !value.empty() && std::all_of(value.begin(), value.end(),
                                                       [](char c) { return c >= '0' && c <= '9'; });
  if (is_number) {
    long long seconds = 0;
    const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (failed != std::errc()) return k_day;  // more digits than a number can hold
    return std::min(std::chrono::seconds(seconds), k_day);
  }
  const std::time_t date = curl_getdate(std::string(value).c_str(), nullptr);
  if (date == -1) return std::nullopt;
  // In seconds first: a date of the year 10000 is beyond what the clock's nanoseconds can count.
  const auto now_s = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  const auto wait_s = std::clamp<std::chrono::seconds>(
      std::chrono::seconds(date) - now_s, std::chrono::seconds(0), k_day + std::chrono::seconds(1));
  const auto wait =
      std::chrono::duration_cast<milliseconds>(wait_s - (now.time_since_epoch() - now_s));
  return std::clamp<milliseconds>(wait, milliseconds(0), k_day);
}

}  // namespace modelhub::transfer
