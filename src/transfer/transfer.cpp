// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/transfer.h"

#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include "base/executor.h"
#include "base/fork_generation.h"
#include "transfer/loop.h"
#include "transfer/remote_file.h"

namespace modelhub::transfer {
namespace {

std::optional<Error> complaint_about(const FetchRequest& request) {
  const auto bad = [&](const std::string& what) {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 "cannot fetch \"" + request.what + "\": " + what);
  };
  if (request.folder.empty()) return bad("no folder is given");
  // The catalog refuses such entries as well; an empty answer of a server must never pass for a
  // model.
  if (request.bytes.count() == 0) return bad("a file of 0 bytes is no model");
  return std::nullopt;
}

Error error_in_fork() {
  return {ErrorCode::unsupported, Subject::other, "this hub belongs to the process that forked",
          "open a new Hub in the child process"};
}

}  // namespace

std::string FetchRequest::path_of(std::string_view name) const {
  return base::join_path(folder, std::string(prefix).append(name));
}

TransferOptions::TransferOptions() : user_agent("modelhub/" MODELHUB_VERSION) {}

Transfer::Transfer(TransferOptions options, std::shared_ptr<base::Executor> callbacks)
    : options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      fork_generation_(base::fork_generation()) {}

Transfer::~Transfer() {
  // A forked child has none of the threads: nobody to wait for, and the locks may be held for ever.
  if (fork_generation_ != base::fork_generation()) (void)loop_.release();
}

Job<Fetched> Transfer::fetch(FetchRequest request) {
  const Promise<Fetched> promise(callbacks_);
  Job<Fetched> job = promise.job();
  if (fork_generation_ != base::fork_generation()) {
    promise.complete(error_in_fork());
    return job;
  }
  if (std::optional<Error> complaint = complaint_about(request)) {
    promise.complete(*std::move(complaint));
    return job;
  }
  try {
    std::lock_guard lock(mutex_);
    if (!loop_) loop_ = std::make_unique<Loop>(options_);
    loop_->submit(std::move(request), promise);
  } catch (const std::bad_alloc&) {
    promise.complete(
        Error(ErrorCode::out_of_memory, Subject::other, "no memory to start a download"));
  } catch (const std::system_error& error) {
    promise.complete(base::no_thread(error));
  }
  return job;
}

Result<RemoteFile> Transfer::look_at(const std::string& url, const std::stop_token& stop) {
  if (fork_generation_ != base::fork_generation()) return error_in_fork();
  return ask_for_size({url, "asking for the size of", options_, lone_requests_}, stop);
}

Result<std::vector<std::byte>> Transfer::read(const std::string& url, const ReadLimits& limits,
                                              const std::function<void(Progress)>& report,
                                              const std::stop_token& stop) {
  constexpr std::chrono::milliseconds k_turn_tick{20};  // how often the turn is asked for
  if (fork_generation_ != base::fork_generation()) return error_in_fork();
  const LoneRequest request{url, "fetching", options_, lone_requests_, limits.deadline};
  std::unique_lock turn(limited_, std::defer_lock);
  // Whose turn it is not looks at `stop` all the same; the request says that it was cancelled.
  while (options_.limit_rate.count() > 0 && !stop.stop_requested() && !turn.try_lock())
    std::this_thread::sleep_for(k_turn_tick);
  return read_remote_file(request, limits.bytes, report, stop);
}

void Transfer::wait_until_left(const std::string& folder, const std::string& prefix) {
  if (fork_generation_ != base::fork_generation()) return;
  Loop* loop = nullptr;
  {
    std::lock_guard lock(mutex_);
    loop = loop_.get();
  }
  if (loop != nullptr)
    loop->wait_until_left(base::join_path(folder, prefix));  // it lives as long as this
}

std::uint64_t Transfer::network_requests() const {
  if (fork_generation_ != base::fork_generation()) return 0;
  std::lock_guard lock(mutex_);
  return lone_requests_.load() + (loop_ ? loop_->network_requests() : 0);
}

}  // namespace modelhub::transfer
