// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include <leptonica/allheaders.h>
#include <tesseract/capi.h>

namespace modelhub::tesseract_engine {

// Tesseract 5, opened when it is needed and never closed, and of it only the C interface: that one
// stays the same from 5.1 on, while the C++ one and the number of Leptonica's library change from
// one distribution to the next. Leptonica and OpenMP are those that this Tesseract brings along.
//
// Thread safety: constant after construction.
class TesseractLibrary {
 public:
  // Looks in `library_dir` alone if there is one, else where the system looks. Throws Failure with
  // the sentence that tells what is missing: it fits behind "cannot be used: ".
  explicit TesseractLibrary(const std::optional<std::string>& library_dir);

  const std::string& version() const { return version_; }  // "5.3.0"

  decltype(&TessBaseAPICreate) create = nullptr;
  decltype(&TessBaseAPIDelete) destroy = nullptr;
  decltype(&TessBaseAPIInit5) init = nullptr;
  decltype(&TessBaseAPISetPageSegMode) set_page_mode = nullptr;
  decltype(&TessBaseAPISetImage2) set_image = nullptr;
  decltype(&TessBaseAPIRecognize) recognise = nullptr;
  decltype(&TessBaseAPIGetIterator) iterator = nullptr;
  decltype(&TessBaseAPIClear) clear = nullptr;
  decltype(&TessBaseAPIClearAdaptiveClassifier) clear_adaptive_classifier = nullptr;
  decltype(&TessBaseAPIClearPersistentCache) clear_persistent_cache = nullptr;
  decltype(&TessResultIteratorDelete) delete_iterator = nullptr;
  decltype(&TessResultIteratorNext) next = nullptr;
  decltype(&TessResultIteratorGetPageIterator) page_iterator = nullptr;
  decltype(&TessResultIteratorGetUTF8Text) word_text = nullptr;
  decltype(&TessResultIteratorConfidence) confidence = nullptr;
  decltype(&TessPageIteratorIsAtBeginningOf) is_at_beginning_of = nullptr;
  decltype(&TessPageIteratorBoundingBox) bounding_box = nullptr;
  decltype(&TessPageIteratorBlockType) block_type = nullptr;
  decltype(&TessDeleteText) delete_text = nullptr;
  decltype(&pixCreate) pix_create = nullptr;
  decltype(&pixDestroy) pix_destroy = nullptr;
  decltype(&pixGetData) pix_data = nullptr;
  decltype(&pixGetWpl) pix_words_per_line = nullptr;
  decltype(&pixSetResolution) pix_set_resolution = nullptr;
  decltype(&setMsgSeverity) set_leptonica_severity = nullptr;
  // Of OpenMP; null in a Tesseract that was built without it.
  int (*max_active_levels)() = nullptr;
  void (*set_max_active_levels)(int) = nullptr;

 private:
  void find_functions(void* library, const std::string& what);

  std::string version_;
};

}  // namespace modelhub::tesseract_engine
