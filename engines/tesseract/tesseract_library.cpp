// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "tesseract_library.h"

#include <dlfcn.h>

#include "modelhub/engine_module.h"

namespace modelhub::tesseract_engine {
namespace {

using engine_module::Failure;

constexpr const char* k_name = "libtesseract.so.5";
constexpr const char* k_next_step = "install Tesseract 5 (Debian: apt install libtesseract5)";

Failure refused(const std::string& reason) {
  return Failure(MH_UNSUPPORTED, MH_ABOUT_ENGINE, reason, k_next_step);
}

// dlsym() on the handle looks into the libraries that Tesseract needs too.
template <class Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
}

template <class Function>
void find_needed(void* library, const char* name, const std::string& what, Function& function) {
  find(library, name, function);
  if (function == nullptr) throw refused(what + " has no function " + name);
}

}  // namespace

TesseractLibrary::TesseractLibrary(const std::optional<std::string>& library_dir) {
  const std::string path = library_dir ? *library_dir + "/" + k_name : k_name;
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const reason = dlerror();
    throw refused("the library of Tesseract 5 cannot be opened: " +
                  std::string(reason != nullptr ? reason : path));
  }
  decltype(&TessVersion) get_version = nullptr;
  find_needed(library, "TessVersion", path, get_version);
  version_ = get_version();
  find_functions(library, "Tesseract " + version_);
  // It prints why it refuses a picture, which is told by an error too. For the whole process: a
  // program that uses Leptonica itself must set the severity again.
  set_leptonica_severity(L_SEVERITY_NONE);
}

void TesseractLibrary::find_functions(void* library, const std::string& what) {
  find_needed(library, "TessBaseAPICreate", what, create);
  find_needed(library, "TessBaseAPIDelete", what, destroy);
  find_needed(library, "TessBaseAPIInit5", what, init);
  find_needed(library, "TessBaseAPISetPageSegMode", what, set_page_mode);
  find_needed(library, "TessBaseAPISetImage2", what, set_image);
  find_needed(library, "TessBaseAPIRecognize", what, recognise);
  find_needed(library, "TessBaseAPIGetIterator", what, iterator);
  find_needed(library, "TessBaseAPIClear", what, clear);
  find_needed(library, "TessBaseAPIClearAdaptiveClassifier", what, clear_adaptive_classifier);
  find_needed(library, "TessBaseAPIClearPersistentCache", what, clear_persistent_cache);
  find_needed(library, "TessResultIteratorDelete", what, delete_iterator);
  find_needed(library, "TessResultIteratorNext", what, next);
  find_needed(library, "TessResultIteratorGetPageIterator", what, page_iterator);
  find_needed(library, "TessResultIteratorGetUTF8Text", what, word_text);
  find_needed(library, "TessResultIteratorConfidence", what, confidence);
  find_needed(library, "TessPageIteratorIsAtBeginningOf", what, is_at_beginning_of);
  find_needed(library, "TessPageIteratorBoundingBox", what, bounding_box);
  find_needed(library, "TessPageIteratorBlockType", what, block_type);
  find_needed(library, "TessDeleteText", what, delete_text);
  find_needed(library, "pixCreate", what, pix_create);
  find_needed(library, "pixDestroy", what, pix_destroy);
  find_needed(library, "pixGetData", what, pix_data);
  find_needed(library, "pixGetWpl", what, pix_words_per_line);
  find_needed(library, "pixSetResolution", what, pix_set_resolution);
  find_needed(library, "setMsgSeverity", what, set_leptonica_severity);
  find(library, "omp_get_max_active_levels", max_active_levels);
  find(library, "omp_set_max_active_levels", set_max_active_levels);
}

}  // namespace modelhub::tesseract_engine
