// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/local_copy.h"

#include <utility>

namespace modelhub::transfer {

void LocalCopy::read(ByteRange slice) {
  is_busy_.store(true, std::memory_order_release);
  workers_.hashers.post([self = shared_from_this(), slice] {
    self->run(slice);
    self->is_busy_.store(false, std::memory_order_release);
    self->workers_.wake();
  });
}

void LocalCopy::run(ByteRange slice) {
  slice_ = Slice{slice, {}, std::nullopt, stat_};
  if (!file_) {
    // Looked at before it is opened: opening a pipe would wait for whoever writes into it.
    Result<base::FileStat> stat = files_.stat(path_);
    if (!stat) {
      slice_->error = std::move(stat).error();
      return;
    }
    slice_->stat = stat_ = *stat;
    if (stat_.kind != base::FileKind::regular) return;
    Result<std::unique_ptr<base::ReadableFile>> file = files_.open(path_);
    if (!file) {
      slice_->error = std::move(file).error();
      return;
    }
    file_ = *std::move(file);
  }
  buffer_.resize(slice.size());
  const Result<std::size_t> count = file_->read_at(slice.from, buffer_);
  if (!count) slice_->error = count.error();
  if (count) slice_->bytes = std::span<const std::byte>(buffer_).first(*count);
}

std::optional<LocalCopy::Slice> LocalCopy::take() { return std::exchange(slice_, std::nullopt); }

}  // namespace modelhub::transfer
