// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/sink.h"

namespace modelhub::transfer {
namespace {

// Pieces come as small as a TLS record (16 KiB); a write costs a system call. Larger brought
// nothing when measured.
constexpr std::size_t k_buffer_bytes = 256 * 1024;

// The store gives a blob its final permissions when it publishes it.
constexpr std::uint32_t k_permissions = 0644;

}  // namespace

Result<void> Sink::start() {
  buffer_.clear();
  buffer_.reserve(k_buffer_bytes);
  hasher_ = base::Hasher();
  written_ = 0;
  size_ = 0;
  if (file_) return file_->truncate(0);
  Result<std::unique_ptr<base::WritableFile>> file =
      files_.create(path_, base::CreateMode::truncate, k_permissions);
  if (!file) return std::move(file).error();
  file_ = *std::move(file);
  return {};
}

Result<void> Sink::append(std::span<const std::byte> bytes) {
  hasher_.update(bytes);
  size_ += bytes.size();
  if (buffer_.size() + bytes.size() > k_buffer_bytes) {
    if (Result<void> done = flush(); !done) return done;
  }
  if (bytes.size() >= k_buffer_bytes) {
    Result<void> done = file_->write_at(written_, bytes);
    if (done) written_ += bytes.size();
    return done;
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return {};
}

Result<void> Sink::flush() {
  if (buffer_.empty()) return {};
  if (Result<void> done = file_->write_at(written_, buffer_); !done) return done;
  written_ += buffer_.size();
  buffer_.clear();
  return {};
}

Result<Digest> Sink::finish() {
  if (Result<void> done = flush(); !done) return std::move(done).error();
  return hasher_.finish();
}

Result<void> Sink::sync_and_close() {
  if (Result<void> done = file_->sync(); !done) return done;
  return file_->close();
}

void Sink::discard() {
  // Not there, or not removable: the first error is the one to tell, and nobody reads a destination
  // after it.
  (void)files_.remove_file(path_);
}

}  // namespace modelhub::transfer
