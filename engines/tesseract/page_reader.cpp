// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "page_reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace modelhub::tesseract_engine {
namespace {

using engine_module::Failure;
using engine_module::Word;

constexpr int k_longest_side = 32767;  // Tesseract counts pixels in 16 bits

// Tesseract asks OpenMP for four threads, which cost more than they bring: on two cores a page
// takes eight times as long with them. While this lives, the calling thread gets none.
class NoOpenMpThreads {
 public:
  explicit NoOpenMpThreads(const TesseractLibrary& library) : library_(library) {
    if (!is_possible()) return;
    before_ = library_.max_active_levels();
    library_.set_max_active_levels(0);
  }
  ~NoOpenMpThreads() {
    if (is_possible()) library_.set_max_active_levels(before_);
  }
  NoOpenMpThreads(const NoOpenMpThreads&) = delete;
  NoOpenMpThreads& operator=(const NoOpenMpThreads&) = delete;

 private:
  bool is_possible() const {
    return library_.max_active_levels != nullptr && library_.set_max_active_levels != nullptr;
  }

  const TesseractLibrary& library_;
  int before_ = 0;
};

// Leptonica keeps pixels in words of 32 bits, the first in the highest bits.
std::uint32_t word_of(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return std::uint32_t{a} << 24 | std::uint32_t{b} << 16 | std::uint32_t{c} << 8 | d;
}

void copy_grey(const Page& page, int step, std::uint32_t* to, int words_per_line) {
  for (int y = 0; y < page.height; ++y, to += words_per_line) {
    const std::uint8_t* from = page.pixels + static_cast<std::size_t>(y) * page.width * step;
    for (int x = 0; x < page.width; x += 4) {
      std::uint8_t bytes[4] = {};
      for (int i = 0; i < std::min(4, page.width - x); ++i) bytes[i] = from[(x + i) * step];
      to[x / 4] = word_of(bytes[0], bytes[1], bytes[2], bytes[3]);
    }
  }
}

void copy_color(const Page& page, std::uint32_t* to, int words_per_line) {
  const std::uint8_t* from = page.pixels;
  for (int y = 0; y < page.height; ++y, to += words_per_line) {
    for (int x = 0; x < page.width; ++x, from += 3) to[x] = word_of(from[0], from[1], from[2], 0);
  }
}

// A grey picture reads the same with one channel as with three that are equal, and faster.
bool is_grey(const Page& page) {
  if (page.channels == 1) return true;
  const std::size_t count = static_cast<std::size_t>(page.width) * page.height;
  const std::uint8_t* pixel = page.pixels;
  for (std::size_t i = 0; i < count; ++i, pixel += 3) {
    if (pixel[0] != pixel[1] || pixel[0] != pixel[2]) return false;
  }
  return true;
}

class OwnedPix {
 public:
  OwnedPix(const TesseractLibrary& library, const Page& page) : library_(library) {
    const bool has_grey = is_grey(page);
    pix_ = library_.pix_create(page.width, page.height, has_grey ? 8 : 32);
    if (pix_ == nullptr)
      throw Failure(MH_OUT_OF_MEMORY, MH_ABOUT_ENGINE, "no memory left for the picture");
    const int words = library_.pix_words_per_line(pix_);
    if (has_grey) {
      copy_grey(page, page.channels, library_.pix_data(pix_), words);
    } else {
      copy_color(page, library_.pix_data(pix_), words);
    }
    if (page.dpi > 0) library_.pix_set_resolution(pix_, page.dpi, page.dpi);
  }
  ~OwnedPix() { library_.pix_destroy(&pix_); }
  OwnedPix(const OwnedPix&) = delete;
  OwnedPix& operator=(const OwnedPix&) = delete;
  Pix* get() const { return pix_; }

 private:
  const TesseractLibrary& library_;
  Pix* pix_ = nullptr;
};

// Pictures and lines on the page are blocks too, and have no text.
bool has_text(TessPolyBlockType type) {
  using namespace tesseract;
  return type != PT_FLOWING_IMAGE && type != PT_HEADING_IMAGE && type != PT_PULLOUT_IMAGE &&
         type != PT_HORZ_LINE && type != PT_VERT_LINE && type != PT_NOISE;
}

}  // namespace

PageReader::PageReader(ReaderOptions options)
    : options_(std::move(options)), library_(*options_.library) {
  // A traineddata file may set parameters; these would let it print, or write files.
  static const char* const k_keys[] = {"debug_file", "tessedit_write_params_to_file",
                                       "tessedit_write_images", "tessedit_dump_pageseg_images"};
  static const char* const k_values[] = {"/dev/null", "", "0", "0"};
  const NoOpenMpThreads alone(library_);
  tesseract_ = library_.create();
  const int failed =
      library_.init(tesseract_, options_.data->data(), static_cast<int>(options_.data->size()),
                    options_.language.c_str(), tesseract::OEM_LSTM_ONLY, nullptr, 0,
                    const_cast<char**>(k_keys), const_cast<char**>(k_values), std::size(k_keys), 0);
  if (failed != 0) {
    library_.destroy(tesseract_);
    throw Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL,
                  "Tesseract " + library_.version() + " cannot load " + options_.name,
                  "verify the model's files, or pull it again");
  }
  library_.set_page_mode(tesseract_, options_.page_mode);
}

PageReader::~PageReader() {
  library_.destroy(tesseract_);
  // The dictionaries of the process that nobody uses any more.
  library_.clear_persistent_cache(nullptr);
}

std::vector<Word> PageReader::read(const Page& page) {
  if (page.width > k_longest_side || page.height > k_longest_side) {
    throw Failure(MH_INVALID_ARGUMENT, MH_ABOUT_INPUT,
                  "a picture of " + std::to_string(page.width) + " x " +
                      std::to_string(page.height) + " pixels is too large: Tesseract reads up to " +
                      std::to_string(k_longest_side) + " a side",
                  "make the picture smaller or cut it into pieces");
  }
  const NoOpenMpThreads alone(library_);
  const OwnedPix pix(library_, page);
  library_.set_image(tesseract_, pix.get());
  const bool is_read = library_.recognise(tesseract_, nullptr) == 0;
  std::vector<Word> found;
  if (is_read) found = words();
  library_.clear(tesseract_);
  // It learns from each page, and the next one would be read in another way.
  library_.clear_adaptive_classifier(tesseract_);
  if (!is_read) {
    throw Failure(MH_INTERNAL, MH_ABOUT_ENGINE,
                  "Tesseract " + library_.version() + " could not read the picture");
  }
  return found;
}

std::vector<Word> PageReader::words() const {
  using namespace tesseract;
  std::vector<Word> found;
  TessResultIterator* const raw = library_.iterator(tesseract_);
  if (raw == nullptr) return found;  // an empty page
  const auto destroy = [this](TessResultIterator* it) { library_.delete_iterator(it); };
  const std::unique_ptr<TessResultIterator, decltype(destroy)> it(raw, destroy);
  TessPageIterator* const place = library_.page_iterator(raw);
  mh_word_begins begins = 0;  // also of words that are left out
  do {
    if (library_.is_at_beginning_of(place, RIL_TEXTLINE) != 0) begins |= MH_BEGINS_LINE;
    if (library_.is_at_beginning_of(place, RIL_PARA) != 0)
      begins |= MH_BEGINS_LINE | MH_BEGINS_PARAGRAPH;
    if (library_.is_at_beginning_of(place, RIL_BLOCK) != 0)
      begins |= MH_BEGINS_LINE | MH_BEGINS_PARAGRAPH | MH_BEGINS_BLOCK;
    const auto free_text = [this](char* text) { library_.delete_text(text); };
    const std::unique_ptr<char, decltype(free_text)> text(library_.word_text(raw, RIL_WORD),
                                                          free_text);
    int left = 0;
    int top = 0;
    int right = 0;
    int bottom = 0;
    if (text == nullptr || *text == '\0' || !has_text(library_.block_type(place)) ||
        library_.bounding_box(place, RIL_WORD, &left, &top, &right, &bottom) == 0) {
      continue;
    }
    const float percent = library_.confidence(raw, RIL_WORD);
    Word word;
    word.text = text.get();
    word.x1 = static_cast<float>(left);
    word.y1 = static_cast<float>(top);
    word.x2 = static_cast<float>(right);
    word.y2 = static_cast<float>(bottom);
    word.confidence = std::isfinite(percent) ? std::clamp(percent / 100, 0.0F, 1.0F) : 0.0F;
    word.begins = begins;
    begins = 0;
    found.push_back(std::move(word));
  } while (library_.next(raw, RIL_WORD) != 0);
  if (!found.empty()) {
    found.front().begins = MH_BEGINS_LINE | MH_BEGINS_PARAGRAPH | MH_BEGINS_BLOCK;
  }
  return found;
}

}  // namespace modelhub::tesseract_engine
