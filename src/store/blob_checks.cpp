// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/hasher.h"
#include "store/blobs.h"

namespace modelhub::store {
namespace {

// Small enough for the processor's cache, a divisor of a chunk.
constexpr std::size_t k_read_bytes = 256 * 1024;

// One pass over some blobs. A blob whose chunks are known is hashed chunk by chunk on all threads;
// one of which they are not, and one that failed that way, from its beginning to its end on one.
class CheckRun {
 public:
  CheckRun(const Blobs& blobs, base::FileSystem& files, const Layout& layout,
           const CheckOptions& options, const HashProgress& progress, const std::stop_token& stop)
      : blobs_(blobs),
        files_(files),
        layout_(layout),
        options_(options),
        progress_(progress),
        stop_(stop) {}

  Result<std::vector<BlobCheck>> run(const std::vector<BlobQuery>& queries) {
    std::vector<Item> items(queries.size());
    std::vector<Task> tasks;
    for (std::size_t i = 0; i < items.size(); ++i) {
      items[i].query = &queries[i];
      look_at(items[i]);
      add_tasks(items[i], tasks);
    }
    perform(tasks);
    tasks.clear();
    for (Item& item : items) {
      if (item.way == Way::by_chunk) judge_chunks(item, tasks);
    }
    is_second_look_ = true;  // its bytes were counted before
    perform(tasks);
    if (is_cancelled_)
      return Error(ErrorCode::cancelled, Subject::store, "verification was cancelled");
    std::vector<BlobCheck> checks;
    for (Item& item : items) {
      judge(item);
      checks.push_back(std::move(item.check));
    }
    return checks;
  }

 private:
  enum class Way { none, by_chunk, whole };
  struct Item {
    const BlobQuery* query = nullptr;
    BlobCheck check;
    Way way = Way::none;
    std::optional<ChunkRecord> record;
    bool is_stamped = false;
    std::vector<std::optional<Digest>> chunks;  // as found; each written by one task
    std::optional<Digest> digest;               // as found
    ByteCount hashed;                           // guarded by mutex_ while tasks run
    std::string failure;                        // guarded by mutex_ while tasks run
  };
  struct Task {
    Item* item;
    std::optional<std::size_t> chunk;  // none: the whole blob
  };

  static std::size_t chunk_count(ByteCount bytes) {
    return (bytes.count() + k_chunk_bytes - 1) / k_chunk_bytes;
  }

  // Whatever can be said without reading the content.
  void look_at(Item& item) {
    const Digest& digest = item.query->digest;
    BlobCheck& check = item.check;
    const auto unreadable = [&check](std::string detail) {
      check.verdict = FileVerdict::unreadable;
      check.detail = std::move(detail);
    };
    auto file = files_.open(layout_.blob(digest));
    if (!file && file.error().code == ErrorCode::not_found && options_.restores &&
        blobs_.restore(digest)) {
      file = files_.open(layout_.blob(digest));
    }
    if (!file) {
      if (file.error().code != ErrorCode::not_found) return unreadable(file.error().message);
      check.verdict = FileVerdict::missing;
      return;
    }
    const Result<base::FileStat> stat = (*file)->stat();
    if (!stat) return unreadable(stat.error().message);
    check.stamp = Stamp::of(*stat);
    if (stat->kind != base::FileKind::regular)
      return unreadable(layout_.blob(digest) + " is not a file");
    check.found_bytes = stat->size;
    item.record = load_chunk_record(files_, layout_, digest, item.query->bytes);
    item.is_stamped = item.record && item.record->stamp == check.stamp;
    const bool has_chunks = item.record && !item.record->chunks.empty();
    const bool is_full = options_.mode == VerifyMode::full;
    if (stat->size != item.query->bytes) {
      check.verdict = FileVerdict::wrong_size;
      if (!is_full || !has_chunks) return;
    } else if (item.is_stamped && !is_full) {
      return;
    }
    item.way = has_chunks ? Way::by_chunk : Way::whole;
  }

  static void add_tasks(Item& item, std::vector<Task>& tasks) {
    if (item.way == Way::whole) tasks.insert(tasks.begin(), {&item, std::nullopt});
    if (item.way != Way::by_chunk) return;
    item.chunks.resize(item.record->chunks.size());
    for (std::size_t chunk = 0; chunk < item.chunks.size(); ++chunk) {
      if (end_of(item, chunk) <= item.check.found_bytes->count()) tasks.push_back({&item, chunk});
    }
  }

  static std::uint64_t end_of(const Item& item, std::size_t chunk) {
    return std::min<std::uint64_t>((chunk + 1) * k_chunk_bytes, item.query->bytes.count());
  }

  // On as many threads as there may be, the calling one among them.
  void perform(const std::vector<Task>& tasks) {
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
      for (std::size_t i = next++; i < tasks.size() && !is_cancelled_; i = next++)
        perform(tasks[i]);
    };
    const std::size_t threads = std::min<std::size_t>(options_.threads, tasks.size());
    std::vector<std::jthread> others;
    try {
      while (others.size() + 1 < threads) others.emplace_back(work);
    } catch (const std::system_error&) {  // no more threads to be had: it takes longer
    }
    work();
  }

  void perform(const Task& task) {
    Item& item = *task.item;
    std::vector<std::byte> buffer(k_read_bytes);
    if (task.chunk) {
      base::Hasher hasher;
      const bool is_done =
          read(item, buffer, *task.chunk * k_chunk_bytes, end_of(item, *task.chunk),
               [&hasher](std::span<const std::byte> bytes) { hasher.update(bytes); });
      if (is_done) item.chunks[*task.chunk] = hasher.finish();
      return;
    }
    base::Hasher whole;
    base::Hasher chunk;
    std::vector<std::optional<Digest>> chunks;
    std::uint64_t at = 0;
    const std::uint64_t end = item.query->bytes.count();
    const bool is_done = read(item, buffer, 0, end, [&](std::span<const std::byte> bytes) {
      whole.update(bytes);
      chunk.update(bytes);
      at += bytes.size();
      if (at % k_chunk_bytes == 0 || at == end) chunks.emplace_back(chunk.finish());
    });
    if (!is_done) return;
    item.digest = whole.finish();
    if (item.chunks.empty()) item.chunks = std::move(chunks);
  }

  // False when it was cancelled or the file could not be read. Each task opens the file for itself:
  // a model may have more files than a process may have open.
  template <class Use>
  bool read(Item& item, std::vector<std::byte>& buffer, std::uint64_t at, std::uint64_t end,
            const Use& use) {
    const std::string path = layout_.blob(item.query->digest);
    const auto file = files_.open(path);
    if (!file) return fail(item, file.error().message);
    const Result<base::FileStat> stat = (*file)->stat();
    if (!stat) return fail(item, stat.error().message);
    if (Stamp::of(*stat) != item.check.stamp)
      return fail(item, path + " changed while it was read");
    while (at < end) {
      if (stop_.stop_requested()) {
        is_cancelled_ = true;
        return false;
      }
      const auto wanted = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), end - at));
      const Result<std::size_t> count = (*file)->read_at(at, wanted);
      if (!count) return fail(item, count.error().message);
      if (*count != wanted.size()) return fail(item, path + " became shorter while it was read");
      use(wanted);
      at += *count;
      std::lock_guard lock(mutex_);
      item.hashed += ByteCount(*count);
      if (progress_ && !is_second_look_) progress_(ByteCount(*count));
    }
    return true;
  }

  bool fail(Item& item, std::string why) {
    std::lock_guard lock(mutex_);
    item.failure = std::move(why);
    return false;
  }

  // A blob whose chunks are all right is right: the record of them is sealed with its digest.
  void judge_chunks(Item& item, std::vector<Task>& second_look) {
    const std::vector<Digest>& expected = item.record->chunks;
    for (std::size_t chunk = 0; chunk < expected.size(); ++chunk) {
      if (item.chunks[chunk] != expected[chunk])
        item.check.bad_chunks.push_back(static_cast<std::uint32_t>(chunk));
    }
    if (item.check.verdict == FileVerdict::wrong_size) return;
    if (item.check.bad_chunks.empty()) {
      item.digest = item.query->digest;
    } else if (item.failure.empty()) {
      second_look.push_back({&item, std::nullopt});
    }
  }

  void judge(Item& item) {
    if (item.way == Way::none) return;
    BlobCheck& check = item.check;
    check.hashed = item.hashed;
    if (check.verdict == FileVerdict::wrong_size) return;
    if (!item.failure.empty()) {
      check.verdict = FileVerdict::unreadable;
      check.detail = item.failure;
      return;
    }
    check.found = item.digest;
    if (item.digest == item.query->digest) {
      const bool knew_chunks = check.bad_chunks.empty() && item.way == Way::by_chunk;
      check.bad_chunks.clear();
      // Saving it may fail, in a home that cannot be written: then it is hashed again next time.
      if (!item.is_stamped || !knew_chunks) save(item, chunks_of(item), check.stamp);
      return;
    }
    check.verdict = FileVerdict::digest_differs;
    // The stamp must not vouch for it any more; the digests of the chunks stay, they tell what to
    // mend.
    if (item.is_stamped) save(item, std::move(item.record->chunks), std::nullopt);
  }

  static std::vector<Digest> chunks_of(const Item& item) {
    std::vector<Digest> chunks;
    for (const std::optional<Digest>& chunk : item.chunks) chunks.push_back(*chunk);
    return chunks;
  }

  void save(const Item& item, std::vector<Digest> chunks, std::optional<Stamp> stamp) {
    if (options_.stamps == Blobs::WriteStamps::no) return;
    (void)save_chunk_record(files_, layout_, item.query->digest, item.query->bytes,
                            {std::move(chunks), stamp});
  }

  const Blobs& blobs_;
  base::FileSystem& files_;
  const Layout& layout_;
  const CheckOptions& options_;
  const HashProgress& progress_;
  const std::stop_token& stop_;
  bool is_second_look_ = false;  // changes while no thread runs
  std::atomic<bool> is_cancelled_ = false;
  std::mutex mutex_;
};

}  // namespace

Result<std::vector<BlobCheck>> Blobs::check_all(const std::vector<BlobQuery>& queries,
                                                const CheckOptions& options,
                                                const HashProgress& progress,
                                                const std::stop_token& stop) const {
  return CheckRun(*this, files_, layout_, options, progress, stop).run(queries);
}

}  // namespace modelhub::store
