// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/remote_file.h"

#include <chrono>
#include <new>
#include <optional>
#include <utility>

#include "transfer/answer.h"
#include "transfer/url.h"

namespace modelhub::transfer {
namespace {

// Takes the size that is announced, and hangs up.
class SizeTaker final : public FileTaker {
 public:
  More on_head(const Url& url, const HttpHead& head, std::optional<Failure>& failure) override {
    if (const auto impostor = impostor_of({{}, head.content_type, head.content_encoding})) {
      failure.emplace();
      failure->code = ErrorCode::corrupt_data;
      failure->subject = Subject::model;
      failure->reason = "would send " + std::string(*impostor) + ", not a model's file";
      failure->hint = "open the address in a browser: it may want a login or lead elsewhere";
    } else if (!head.content_length || *head.content_length == 0) {
      failure.emplace();
      failure->code = ErrorCode::unsupported;
      failure->reason = "does not say how large the file is";
      failure->hint = "download it by other means, and name the file that it is then";
    } else {
      file_ = RemoteFile{ByteCount(*head.content_length), url.shown};
    }
    return More::no;
  }
  More on_body(std::span<const std::byte>, std::optional<Failure>&) override { return More::no; }

  RemoteFile take() { return std::move(file_); }

 private:
  RemoteFile file_;
};

// Takes the bytes, as long as they are not too many, however many were announced.
class ByteTaker final : public FileTaker {
 public:
  ByteTaker(ByteCount most, const std::function<void(Progress)>& report)
      : most_(most), report_(report) {}

  More on_head(const Url& url, const HttpHead& head, std::optional<Failure>& failure) override {
    bytes_.clear();
    progress_ = Progress();
    progress_.phase = Phase::downloading;
    progress_.subject = url.shown;
    progress_.bytes_total = head.content_length.value_or(0);
    if (progress_.bytes_total > most_.count()) failure = too_large();
    tell();
    return More::yes;
  }

  More on_body(std::span<const std::byte> bytes, std::optional<Failure>& failure) override {
    if (bytes.size() > most_.count() - bytes_.size()) {
      failure = too_large();
      return More::no;
    }
    try {
      // What is announced may be a lie: room is made for what has come.
      bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    } catch (const std::bad_alloc&) {
      failure.emplace();
      failure->code = ErrorCode::out_of_memory;
      failure->subject = Subject::input;
      failure->reason = "is too large for the memory that is free";
      failure->hint = "use a smaller one";
      return More::no;
    }
    tell();
    return More::yes;
  }

  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  Failure too_large() const {
    Failure failure;
    failure.code = ErrorCode::unsupported;
    failure.subject = Subject::input;
    failure.reason = "is larger than the " + most_.to_string() + " that are taken into memory";
    failure.hint = "download it by other means and name the file, if it is what you want";
    return failure;
  }

  void tell() {
    constexpr std::chrono::milliseconds k_interval{100};
    const auto now = std::chrono::steady_clock::now();
    if (now - told_ < k_interval) return;
    told_ = now;
    progress_.bytes_done = bytes_.size();
    report_(progress_);
  }

  const ByteCount most_;
  const std::function<void(Progress)>& report_;
  std::vector<std::byte> bytes_;
  Progress progress_;
  std::chrono::steady_clock::time_point told_{};
};

}  // namespace

Result<RemoteFile> ask_for_size(const LoneRequest& request, const std::stop_token& stop) {
  SizeTaker taker;
  if (Result<void> asked = ask(request, taker, stop); !asked) return std::move(asked).error();
  return taker.take();
}

Result<std::vector<std::byte>> read_remote_file(const LoneRequest& request, ByteCount most,
                                                const std::function<void(Progress)>& report,
                                                const std::stop_token& stop) {
  ByteTaker taker(most, report);
  if (Result<void> asked = ask(request, taker, stop); !asked) return std::move(asked).error();
  return taker.take();
}

}  // namespace modelhub::transfer
