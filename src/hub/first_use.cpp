// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/first_use.h"

#include <chrono>
#include <thread>
#include <utility>

#include "base/hasher.h"

namespace modelhub::hub {
namespace {

constexpr std::chrono::milliseconds k_first_use_interval{100};

// What stands in for the digest while it is not known: folders of the staging area are named by
// one. Of the URL, so that two who want it find each other. No file has it: nobody can make one.
Digest stand_in(const std::string& url) {
  return base::sha256_of("modelhub: the file that nobody knows yet at " + url);
}

Error fetch_cancelled(const std::string& name) {
  return {ErrorCode::cancelled, Subject::other, "fetching " + name + " was cancelled"};
}

Result<transfer::Fetched> wait_for_fetch(const Job<transfer::Fetched>& job,
                                         const store::StagedFile& staged, const std::string& name,
                                         const IntakeTools& tools, const std::stop_token& stop,
                                         const std::function<void(Progress)>& report) {
  while (!job.wait_for(k_first_use_interval)) {
    const Progress progress = job.progress();
    staged.report(ByteCount(progress.bytes_done));
    report(progress);
    if (!stop.stop_requested()) continue;
    job.cancel();
    tools.transfer.wait_until_left(staged.folder());
    return fetch_cancelled(name);
  }
  return job.get();
}

// The bytes are here and hashed: they only change their folder.
Result<store::StagedFile> stage_anew(const store::StagedFile& arrived, const store::Ticket& ticket,
                                     transfer::Fetched fetched, const IntakeTools& tools,
                                     base::FileSystem& files, const std::stop_token& stop) {
  Result<store::StagedFile> staged = tools.store.stage(ticket, fetched.digest, fetched.bytes, stop);
  if (!staged) return staged;
  // Somebody may be pulling the same content under a name of its own.
  while (!staged->is_present() && !staged->is_mine()) {
    if (stop.stop_requested()) return fetch_cancelled("a model");
    std::this_thread::sleep_for(k_first_use_interval);
    if (Result<void> looked = staged->look_again(stop); !looked) return std::move(looked).error();
  }
  if (staged->is_present()) return staged;
  if (Result<void> moved = files.rename(arrived.data_path(), staged->data_path()); !moved)
    return std::move(moved).error();
  Result<void> done = staged->complete(fetched.digest, fetched.bytes, std::move(fetched.chunks));
  if (!done) return std::move(done).error();
  return staged;
}

}  // namespace

Result<FirstUse> fetch_first(const std::string& url, const std::string& name,
                             const IntakeTools& tools, const std::stop_token& stop,
                             const std::function<void(Progress)>& report) {
  const Result<transfer::RemoteFile> remote = tools.transfer.look_at(url, stop);
  if (!remote) return remote.error();
  const store::Ticket ticket = store::Store::new_ticket();
  Result<store::StagedFile> arriving =
      tools.store.stage(ticket, stand_in(url), remote->bytes, stop);
  if (!arriving) return std::move(arriving).error();
  if (!arriving->is_mine()) {
    return Error(ErrorCode::busy, Subject::model,
                 remote->shown + " is being fetched by another process that registers it",
                 "wait for that one, then try again")
        .as_retryable();
  }
  const auto on_wait = [&](const std::string& why) {
    if (tools.log) tools.log(LogLevel::warning, name + " waits for space: " + why);
  };
  Result<store::Reservation> space =
      tools.store.reserve(ticket, store::round_to_blocks(remote->bytes), stop, on_wait);
  if (!space) return std::move(space).error();

  const Job<transfer::Fetched> job =
      tools.transfer.fetch({name, std::nullopt, remote->bytes, {url}, arriving->folder()});
  Result<transfer::Fetched> fetched = wait_for_fetch(job, *arriving, name, tools, stop, report);
  if (!fetched) return std::move(fetched).error();
  FirstUse first{{}, fetched->digest, fetched->bytes};
  first.intake.received = fetched->received;
  if (!fetched->url.empty()) first.intake.sources.push_back(fetched->url);
  Result<store::StagedFile> staged =
      stage_anew(*arriving, ticket, *std::move(fetched), tools, base::FileSystem::real(), stop);
  if (!staged) return std::move(staged).error();
  first.intake.staged.push_back(*std::move(staged));
  first.intake.reservations.push_back(*std::move(space));
  return first;
}

}  // namespace modelhub::hub
