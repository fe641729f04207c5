// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Tesseract by itself: reads a page as its own program does with --oem 1, without the start of the
// program, the loading of its data and of the picture. See talk.h.
//
//   read_bench TESSDATA PICTURE        TESSDATA: the folder with eng.traineddata
//
// How many threads it takes is for OpenMP to say (four for the program; OMP_THREAD_LIMIT).
#include <string>

#include <leptonica/allheaders.h>
#include <tesseract/capi.h>

#include "talk.h"

namespace {

using namespace modelhub;

std::string read(TessBaseAPI* api, Pix* page) {
  TessBaseAPISetImage2(api, page);
  if (TessBaseAPIRecognize(api, nullptr) != 0) {
    std::cerr << "read_bench: Tesseract cannot read the picture\n";
    std::exit(1);
  }
  char* const text = TessBaseAPIGetUTF8Text(api);
  std::string copy = text;
  TessDeleteText(text);
  TessBaseAPIClear(api);
  TessBaseAPIClearAdaptiveClassifier(api);
  return copy;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: read_bench TESSDATA PICTURE\n";
    return 2;
  }
  TessBaseAPI* const api = TessBaseAPICreate();
  Pix* const page = pixRead(argv[2]);
  if (page == nullptr || TessBaseAPIInit2(api, argv[1], "eng", tesseract::OEM_LSTM_ONLY) != 0) {
    std::cerr << "read_bench: " << (page == nullptr ? argv[2] : argv[1]) << " cannot be read\n";
    return 1;
  }
  TessBaseAPISetPageSegMode(api, tesseract::PSM_AUTO);
  return bench::talk({{"about", {{"engine", std::string("tesseract ") + TessVersion()}}},
                      {"answer", read(api, page)}},
                     {{"read", [&] { return bench::time_of([&] { (void)read(api, page); }); }}});
}
