// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "page_reader.h"

namespace modelhub::tesseract_engine {

// Readers of one model for several threads: one for each call at a time, made when it is needed, up
// to a limit. Who comes when all are taken waits.
//
// Thread safety: from any thread.
class ReaderPool {
 public:
  // Makes the first reader. Throws Failure.
  ReaderPool(ReaderOptions options, int most);

  // Throws Failure.
  std::vector<engine_module::Word> read(const Page& page);

 private:
  std::unique_ptr<PageReader> take();
  void give(std::unique_ptr<PageReader> reader);
  // A reader that was taken is gone for good.
  void lose();

  const ReaderOptions options_;
  const int most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int made_ = 1;                                   // guarded by mutex_; that are alive
  std::vector<std::unique_ptr<PageReader>> idle_;  // guarded by mutex_
};

}  // namespace modelhub::tesseract_engine
