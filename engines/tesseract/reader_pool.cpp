// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "reader_pool.h"

#include <algorithm>
#include <utility>

namespace modelhub::tesseract_engine {

ReaderPool::ReaderPool(ReaderOptions options, int most)
    : options_(std::move(options)), most_(std::max(1, most)) {
  idle_.push_back(std::make_unique<PageReader>(options_));
}

std::vector<engine_module::Word> ReaderPool::read(const Page& page) {
  std::unique_ptr<PageReader> reader = take();
  try {
    std::vector<engine_module::Word> words = reader->read(page);
    give(std::move(reader));
    return words;
  } catch (const engine_module::Failure&) {
    give(std::move(reader));
    throw;
  } catch (...) {  // out of memory in the middle of a page: nobody knows what state it is in
    reader.reset();
    lose();
    throw;
  }
}

std::unique_ptr<PageReader> ReaderPool::take() {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return !idle_.empty() || made_ < most_; });
    if (!idle_.empty()) {
      std::unique_ptr<PageReader> reader = std::move(idle_.back());
      idle_.pop_back();
      return reader;
    }
    ++made_;
  }
  try {
    return std::make_unique<PageReader>(options_);
  } catch (...) {
    lose();
    throw;
  }
}

void ReaderPool::give(std::unique_ptr<PageReader> reader) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(std::move(reader));
  }
  changed_.notify_one();
}

void ReaderPool::lose() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    --made_;
  }
  changed_.notify_one();
}

}  // namespace modelhub::tesseract_engine
