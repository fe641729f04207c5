// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/frontier.h"

#include <algorithm>

namespace modelhub::transfer {
namespace {

// Still in the processor's cache when it is hashed: with 512 KiB a pull of 256 MiB took 0.1 s more
// of the kernel's time (bench/pull, scenario (c), times() of single pulls).
constexpr std::size_t k_read_bytes = 64 * 1024;
// After so much the thread is lent to the next file.
constexpr std::uint64_t k_turn_bytes = 4 * k_chunk_bytes;

}  // namespace

Frontier::Frontier(base::FileSystem& files, std::string path, std::uint64_t bytes,
                   std::function<void()> on_news)
    : files_(files), path_(std::move(path)), bytes_(bytes), on_news_(std::move(on_news)) {}

void Frontier::claim(std::map<std::size_t, Digest> chunks) {
  std::lock_guard lock(mutex_);
  claims_ = std::move(chunks);
}

void Frontier::allow(std::uint64_t until) {
  std::lock_guard lock(mutex_);
  if (!refuted_) allowed_ = std::max(allowed_, until);
}

void Frontier::take(std::span<const std::byte> bytes) {
  std::uint64_t from = reached();
  while (!bytes.empty() && from < bytes_) {
    if (!next_piece_is(from)) return;
    const std::uint64_t room =
        chunk_range(static_cast<std::size_t>(from / k_chunk_bytes), bytes_).to - from;
    const auto piece = bytes.first(std::min<std::uint64_t>(bytes.size(), room));
    hasher_.update(piece);
    took({from, from + piece.size()});
    bytes = bytes.subspan(piece.size());
    from += piece.size();
  }
}

// Whether the hasher is ready for the byte at `from`.
bool Frontier::next_piece_is(std::uint64_t from) {
  std::lock_guard lock(mutex_);
  begin_again();
  return !refuted_ && reached_ == from;
}

// REQUIRES: mutex_ is held, by whoever runs.
void Frontier::begin_again() {
  if (!is_restarting_) return;
  hasher_ = base::ChunkedHasher();
  is_restarting_ = false;
}

void Frontier::restart() {
  std::lock_guard lock(mutex_);
  claims_.clear();
  chunks_.clear();
  allowed_ = reached_ = 0;
  refuted_.reset();
  whole_.reset();
  error_.reset();
  is_restarting_ = true;
}

bool Frontier::try_begin() {
  std::lock_guard lock(mutex_);
  if (is_running_ || refuted_ || error_ || whole_ || reached_ >= allowed_) return false;
  is_running_ = true;
  return true;
}

bool Frontier::run() {
  const std::uint64_t from = reached();
  const auto began = std::chrono::steady_clock::now();
  const bool has_more = hash_for_a_turn();
  {
    // The next turn may have begun already: what it has done meanwhile does not matter here.
    std::lock_guard lock(mutex_);
    hashed_ += reached_ - std::min(from, reached_);
    worked_ += std::chrono::steady_clock::now() - began;
  }
  on_news_();
  return has_more;
}

bool Frontier::hash_for_a_turn() {
  const std::uint64_t began = reached();
  while (const std::optional<ByteRange> piece = next_piece()) {
    if (!file_) {
      Result<std::unique_ptr<base::ReadableFile>> file = files_.open(path_);
      if (!file) {
        std::lock_guard lock(mutex_);
        error_ = std::move(file).error();
        continue;
      }
      file_ = *std::move(file);
    }
    buffer_.resize(k_read_bytes);
    const std::span<std::byte> room = std::span(buffer_).first(piece->size());
    const Result<std::size_t> count = file_->read_at(piece->from, room);
    if (!count || *count != room.size()) {
      std::lock_guard lock(mutex_);
      if (is_restarting_) continue;  // it was cut off under our hands
      error_ = count ? Error(ErrorCode::io_error, Subject::store,
                             path_ + " is shorter than what was written to it")
                     : count.error();
      continue;
    }
    hasher_.update(room);
    took(*piece);
    if (piece->to - began >= k_turn_bytes && piece->to > began) return true;
  }
  return false;
}

std::optional<ByteRange> Frontier::next_piece() {
  std::lock_guard lock(mutex_);
  begin_again();
  const bool has_work = reached_ < allowed_ && !refuted_ && !error_;
  if (!has_work || is_stopping_.load(std::memory_order_relaxed)) {
    is_running_ = false;
    return std::nullopt;
  }
  const ByteRange chunk = chunk_range(static_cast<std::size_t>(reached_ / k_chunk_bytes), bytes_);
  return ByteRange{reached_, std::min({allowed_, chunk.to, reached_ + k_read_bytes})};
}

void Frontier::took(ByteRange piece) {
  bool is_chunk_end = false;
  {
    std::lock_guard lock(mutex_);
    if (is_restarting_) return;
    reached_ = piece.to;
    allowed_ = std::max(allowed_, piece.to);
    is_chunk_end = piece.to % k_chunk_bytes == 0 || piece.to == bytes_;
    if (is_chunk_end) end_chunk(static_cast<std::size_t>((piece.to - 1) / k_chunk_bytes));
  }
  if (is_chunk_end && bytes_ > k_chunk_bytes) on_news_();
}

// REQUIRES: mutex_ is held.
void Frontier::end_chunk(std::size_t index) {
  const Digest digest = hasher_.chunk();
  const auto claim = claims_.find(index);
  if (claim != claims_.end() && claim->second != digest) {
    hasher_.undo_chunk();
    claims_.erase(claim);
    refuted_ = index;
    reached_ = allowed_ = chunk_range(index, bytes_).from;
    return;
  }
  hasher_.accept_chunk();
  chunks_.push_back(digest);
  if (reached_ == bytes_) whole_ = hasher_.finish();
}

Frontier::News Frontier::take_news() {
  std::lock_guard lock(mutex_);
  News news{reached_, is_running_, refuted_, whole_, error_};
  refuted_.reset();
  return news;
}

std::uint64_t Frontier::reached() const {
  std::lock_guard lock(mutex_);
  return reached_;
}

double Frontier::rate() const {
  std::lock_guard lock(mutex_);
  return hashed_ == 0 ? 0 : static_cast<double>(hashed_) / worked_.count();
}

std::vector<Digest> Frontier::chunks() const {
  std::lock_guard lock(mutex_);
  return chunks_;
}

}  // namespace modelhub::transfer
