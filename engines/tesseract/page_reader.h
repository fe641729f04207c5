// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "modelhub/engine_module.h"
#include "tesseract_library.h"

namespace modelhub::tesseract_engine {

// How a model is read with. Constant once loaded.
struct ReaderOptions {
  std::shared_ptr<const TesseractLibrary> library;
  std::shared_ptr<const std::string> data;  // the traineddata file, checked
  std::string name;                         // of the file, for messages
  // Under this name Tesseract shares dictionaries with every reader of the process. So it belongs
  // to one file's content, or another file's dictionary would be used for it.
  std::string language;
  TessPageSegMode page_mode = tesseract::PSM_AUTO;
};

// 8-bit pixels, one or three channels (red, green, blue), rows without padding. Borrowed.
struct Page {
  const std::uint8_t* pixels = nullptr;
  int width = 0;
  int height = 0;
  int channels = 1;
  int dpi = 0;  // 0: not known; Tesseract estimates it then
};

// One instance of Tesseract with a model in memory. What it read before has no influence on what it
// reads next.
//
// Thread safety: one thread at a time; several instances side by side. Takes no thread but the
//                caller's.
class PageReader {
 public:
  // Throws Failure.
  explicit PageReader(ReaderOptions options);
  ~PageReader();
  PageReader(const PageReader&) = delete;
  PageReader& operator=(const PageReader&) = delete;

  // Throws Failure.
  std::vector<engine_module::Word> read(const Page& page);

 private:
  std::vector<engine_module::Word> words() const;

  const ReaderOptions options_;
  const TesseractLibrary& library_;
  TessBaseAPI* tesseract_ = nullptr;
};

}  // namespace modelhub::tesseract_engine
