// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/chunked_hasher.h"
#include "base/file_system.h"
#include "modelhub/digest.h"
#include "modelhub/result.h"
#include "transfer/chunks.h"

namespace modelhub::transfer {

// Hashes a file from its beginning as far as it is there: the whole and each chunk, in one pass
// that reads what was just written from memory.
//
// Chunks that an earlier process left are claims: one whose digest is another is refuted, and the
// frontier waits in front of it until its bytes were fetched.
//
// Thread safety: run() on one thread at a time, which try_begin() sees to; the rest on the loop's
//                thread, while run() runs or not.
class Frontier {
 public:
  // `on_news` is called by run(), on its thread, after each chunk and when it stops.
  Frontier(base::FileSystem& files, std::string path, std::uint64_t bytes,
           std::function<void()> on_news);

  // What the chunks should be. REQUIRES: nothing was hashed yet.
  void claim(std::map<std::size_t, Digest> chunks);
  // Bytes up to here are in the file. Ignored while a refuted chunk was not taken.
  void allow(std::uint64_t until);
  // The next bytes of the file, while they are in memory anyway: saves reading them.
  // REQUIRES: run() does not run, and begins at reached().
  void take(std::span<const std::byte> bytes);
  // Hash from the first byte again; claims are dropped.
  void restart();
  // run() ends soon, and does not begin again.
  void stop() { is_stopping_.store(true, std::memory_order_relaxed); }

  // True: there is something to hash and nobody does; the caller must have run() called.
  bool try_begin();
  // Hashes what is allowed, but not for long: true when it must be called again.
  bool run();

  struct News {
    std::uint64_t reached = 0;
    bool is_running = false;
    std::optional<std::size_t> refuted;  // told once
    std::optional<Digest> whole;         // when everything was hashed
    std::optional<Error> error;          // the file cannot be read
  };
  News take_news();
  std::uint64_t reached() const;
  // Bytes/s that run() gets through while it works; 0: not known.
  double rate() const;
  // Of all chunks before the frontier.
  std::vector<Digest> chunks() const;

 private:
  bool hash_for_a_turn();
  // What to read next; nothing when run() should return.
  std::optional<ByteRange> next_piece();
  bool next_piece_is(std::uint64_t from);
  void begin_again();
  void took(ByteRange piece);
  void end_chunk(std::size_t index);

  base::FileSystem& files_;
  const std::string path_;
  const std::uint64_t bytes_;
  const std::function<void()> on_news_;
  std::atomic<bool> is_stopping_{false};

  // Used by whoever runs.
  base::ChunkedHasher hasher_;
  std::unique_ptr<base::ReadableFile> file_;
  std::vector<std::byte> buffer_;

  mutable std::mutex mutex_;
  std::map<std::size_t, Digest> claims_;  // guarded by mutex_, as all below
  std::vector<Digest> chunks_;
  std::uint64_t hashed_ = 0;  // by run(), in the time that follows
  std::chrono::duration<double> worked_{0};
  std::uint64_t allowed_ = 0;
  std::uint64_t reached_ = 0;
  bool is_running_ = false;
  bool is_restarting_ = false;
  std::optional<std::size_t> refuted_;
  std::optional<Digest> whole_;
  std::optional<Error> error_;
};

}  // namespace modelhub::transfer
