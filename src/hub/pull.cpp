// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/pull.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace modelhub::hub {
namespace {

// Adds the progress of the files of one model up.
class ProgressSum {
 public:
  ProgressSum(std::string subject, std::function<void(Progress)> report)
      : subject_(std::move(subject)), report_(std::move(report)) {}

  void add_file(ByteCount bytes) {
    std::lock_guard lock(mutex_);
    files_.emplace_back();
    total_ += bytes;
  }

  void update(std::size_t file, const Progress& progress) {
    Progress sum;
    {
      std::lock_guard lock(mutex_);
      files_[file] = progress;
      sum = add_up();
    }
    report_(std::move(sum));
  }

 private:
  // REQUIRES: mutex_ is held.
  Progress add_up() const {
    Progress sum;
    sum.phase = Phase::downloading;
    sum.subject = subject_;
    sum.bytes_total = total_.count();
    for (const Progress& file : files_) {
      sum.bytes_done += file.bytes_done;
      sum.bytes_per_second += file.bytes_done < file.bytes_total ? file.bytes_per_second : 0;
    }
    if (sum.bytes_per_second > 1 && sum.bytes_done <= sum.bytes_total) {
      const double seconds =
          static_cast<double>(sum.bytes_total - sum.bytes_done) / sum.bytes_per_second;
      sum.eta = std::chrono::seconds(std::llround(seconds));
    }
    return sum;
  }

  const std::string subject_;
  const std::function<void(Progress)> report_;
  std::mutex mutex_;
  std::vector<Progress> files_;  // guarded by mutex_
  ByteCount total_;              // guarded by mutex_
};

// One file on its way.
struct Arrival {
  const ModelFile* file;
  store::StagedFile* staged;
  Job<transfer::Fetched> job;
};

void report_phase(const std::function<void(Progress)>& report, const Resolved& resolved,
                  Phase phase) {
  Progress progress;
  progress.phase = phase;
  progress.subject = resolved.to_string();
  report(std::move(progress));
}

// Announces each distinct content once: two files of a model may be the same bytes.
Result<std::vector<store::StagedFile>> stage_all(const Resolved& resolved, store::Store& store) {
  std::vector<store::StagedFile> staged;
  std::vector<Digest> seen;
  for (const ModelFile& file : resolved.variant->files) {
    if (std::find(seen.begin(), seen.end(), file.sha256) != seen.end()) continue;
    seen.push_back(file.sha256);
    Result<store::StagedFile> one = store.stage(file.sha256, file.bytes);
    if (!one) return std::move(one).error();
    staged.push_back(*std::move(one));
  }
  return staged;
}

std::vector<Arrival> start_fetches(const Resolved& resolved, std::vector<store::StagedFile>& staged,
                                   transfer::Transfer& transfer,
                                   const std::shared_ptr<ProgressSum>& progress) {
  std::vector<Arrival> arrivals;
  for (store::StagedFile& target : staged) {
    if (target.is_present()) continue;
    const auto& files = resolved.variant->files;
    const auto file = std::find_if(files.begin(), files.end(),
                                   [&](const ModelFile& f) { return f.sha256 == target.digest(); });
    transfer::FetchRequest request{file->path.string(), file->sha256, file->bytes, file->urls,
                                   target.folder()};
    progress->add_file(file->bytes);
    Job<transfer::Fetched> job = transfer.fetch(std::move(request));
    job.on_progress(
        [progress, index = arrivals.size()](const Progress& p) { progress->update(index, p); });
    arrivals.push_back({&*file, &target, std::move(job)});
  }
  return arrivals;
}

void cancel_all(const std::vector<Arrival>& arrivals) {
  for (const Arrival& arrival : arrivals) arrival.job.cancel();
}

// The error that stopped the others, not the `cancelled` that it caused.
Result<std::vector<std::string>> await_all(const std::vector<Arrival>& arrivals) {
  std::vector<std::string> sources;
  std::optional<Error> failure;
  for (const Arrival& arrival : arrivals) {
    Result<transfer::Fetched> fetched = arrival.job.get();
    std::optional<Error> error;
    if (!fetched) {
      error = std::move(fetched).error();
    } else if (Result<void> done = arrival.staged->complete(fetched->digest, fetched->bytes,
                                                            std::move(fetched->chunks));
               !done) {
      error = std::move(done).error();
    } else {
      sources.push_back(fetched->url);
    }
    if (!error) continue;
    if (!failure || failure->code == ErrorCode::cancelled) failure = std::move(error);
    cancel_all(arrivals);
  }
  if (failure) return *std::move(failure);
  return sources;
}

}  // namespace

Result<store::ModelRecord> record_of(const Resolved& resolved) {
  store::ModelRecord record;
  record.id = {resolved.entry->name, resolved.version->version, resolved.variant->id};
  record.task = resolved.entry->task;
  record.license = resolved.license();
  record.format = resolved.variant->format;
  for (const ModelFile& file : resolved.variant->files) {
    if (file.unpack) {
      return Error(ErrorCode::unsupported, Subject::model,
                   resolved.to_string() + " comes in an archive (" + file.unpack->kind +
                       "), which this modelhub cannot unpack",
                   "modelhub show " + resolved.entry->name + " lists the other variants");
    }
    record.files.push_back({file.path, file.role, file.bytes, file.sha256});
  }
  return record;
}

Result<InstalledModel> pull_model(const Resolved& resolved, store::Store& store,
                                  transfer::Transfer& transfer, const std::stop_token& stop,
                                  const std::function<void(Progress)>& report) {
  const std::string context = "pull " + resolved.to_string();
  const auto explain = [&](Error error) { return std::move(error).with_context(context); };
  Result<store::ModelRecord> record = record_of(resolved);
  if (!record) return explain(std::move(record).error());

  report_phase(report, resolved, Phase::downloading);
  Result<std::vector<store::StagedFile>> staged = stage_all(resolved, store);
  if (!staged) return explain(std::move(staged).error());
  const auto progress = std::make_shared<ProgressSum>(resolved.to_string(), report);
  const std::vector<Arrival> arrivals = start_fetches(resolved, *staged, transfer, progress);
  Result<std::vector<std::string>> sources = [&] {
    const std::stop_callback on_stop(stop, [&] { cancel_all(arrivals); });
    return await_all(arrivals);
  }();
  // A cancelled fetch still writes its journal: the folders go only when nobody is in them.
  for (const Arrival& arrival : arrivals) transfer.wait_until_left(arrival.staged->folder());
  if (!sources) return explain(std::move(sources).error());

  report_phase(report, resolved, Phase::publishing);
  record->sources = *std::move(sources);
  return store.publish(*std::move(record), *std::move(staged)).transform_error(explain);
}

}  // namespace modelhub::hub
