// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <limits>
#include <mutex>

#include "line_recogniser.h"
#include "modelhub/engine_module.h"
#include "reader_pool.h"
#include "tesseract_library.h"
#include "traineddata.h"

namespace modelhub::tesseract_engine {
namespace {

using namespace engine_module;

constexpr const char* k_image = "image";
constexpr const char* k_dpi = "dpi";

int usable_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  return sched_getaffinity(0, sizeof cores, &cores) == 0 ? std::max(1, CPU_COUNT(&cores)) : 1;
}

// A language is part of a name that Tesseract takes apart at some signs.
std::string checked_language(const LoadRequest& request) {
  std::string language = request.setting("language").value_or("eng");
  const auto is_plain = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (!language.empty() && std::all_of(language.begin(), language.end(), is_plain)) return language;
  throw Failure(MH_INVALID_ARGUMENT, MH_ABOUT_MODEL,
                "the recipe's language '" + language + "' is no name of one language",
                "name that of the file, such as eng");
}

void check_engine_mode(const LoadRequest& request) {
  const std::string mode = request.setting("engine_mode").value_or("lstm_only");
  if (mode == "lstm_only") return;
  throw Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                "the recipe's engine_mode '" + mode + "' is not known here, lstm_only is");
}

// Those that find text and need no other file: modes that look for the script and the orientation
// need osd.traineddata.
TessPageSegMode checked_page_mode(const LoadRequest& request) {
  const std::string text = request.setting("page_mode").value_or("3");
  int mode = -1;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, mode);
  const bool is_number = parsed.ec == std::errc() && parsed.ptr == end;
  const bool reads_alone = mode >= tesseract::PSM_AUTO && mode < tesseract::PSM_COUNT &&
                           mode != tesseract::PSM_SPARSE_TEXT_OSD;
  if (is_number && reads_alone) return static_cast<TessPageSegMode>(mode);
  throw Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                "the recipe's page_mode '" + text + "' is not one of 3 to 11 and 13",
                "3 finds columns and paragraphs by itself");
}

// A language's own name for each file that is loaded: see ReaderOptions::language.
std::string unique_name_for(const std::string& language) {
  static std::atomic<unsigned> count{0};
  return language + "_" + std::to_string(++count);
}

// A model that reads text.
//
// Thread safety: answer() from many threads at once.
class TextSession final : public Session {
 public:
  TextSession(ReaderOptions options, int most_readers, std::string device)
      : pool_(std::move(options), most_readers), device_(std::move(device)) {}

  Description describe() const override {
    return {{{k_image, MH_UINT8, {1, -1, -1, -1}}, {k_dpi, MH_INT32, {1}}}, {}, device_, true};
  }

  std::vector<Output> run(const Inputs&) override { return {}; }  // answer() is all there is

  Answer answer(const Inputs& inputs) override {
    const mh_tensor& image = inputs[k_image];
    const std::int64_t channels = image.shape[3];
    if (channels != 1 && channels != 3) {
      throw Failure(MH_INVALID_ARGUMENT, MH_ABOUT_INPUT,
                    "a picture of " + std::to_string(channels) +
                        " channels cannot be read: 1 (grey) or 3 (red, green, blue) are wanted");
    }
    Page page;
    page.pixels = static_cast<const std::uint8_t*>(image.data);
    // Longer sides are refused by the reader.
    constexpr std::int64_t k_most = std::numeric_limits<int>::max();
    page.height = static_cast<int>(std::min(image.shape[1], k_most));
    page.width = static_cast<int>(std::min(image.shape[2], k_most));
    page.channels = static_cast<int>(channels);
    page.dpi = *static_cast<const std::int32_t*>(inputs[k_dpi].data);
    if (page.width < 1 || page.height < 1)
      throw Failure(MH_INVALID_ARGUMENT, MH_ABOUT_INPUT, "the picture has no pixels");
    return {{}, pool_.read(page)};
  }

 private:
  ReaderPool pool_;
  const std::string device_;
};

class TesseractEngine final : public Engine {
 public:
  explicit TesseractEngine(const Host& host) : host_(host) {}

  Probe probe() override {
    Probe probe;
    probe.formats = {"traineddata"};
    probe.concurrency = MH_SHARED;
    try {
      probe.version = library()->version();
      probe.devices = {{"cpu:0", true, ""}};
    } catch (const Failure& failure) {
      const std::string hint = failure.hint().empty() ? "" : "; " + failure.hint();
      probe.devices = {{"cpu:0", false, failure.message() + hint}};
    }
    return probe;
  }

  std::unique_ptr<Session> load(const LoadRequest& request) override {
    if (request.files.size() != 1) {
      throw Failure(MH_INVALID_ARGUMENT, MH_ABOUT_MODEL,
                    "a model of Tesseract is one traineddata file, this one has " +
                        std::to_string(request.files.size()) + " files");
    }
    const File& file = request.files.front();
    std::string language = checked_language(request);
    check_engine_mode(request);
    ReaderOptions options;
    options.page_mode = checked_page_mode(request);
    options.library = library();
    options.name = file.name;
    options.language = unique_name_for(language);
    const auto data = std::make_shared<const std::string>(read_file(file));
    check_line_recogniser(open_traineddata(*data, file.name), file.name);
    options.data = data;
    const int threads = request.threads > 0 ? request.threads : usable_cores();
    return std::make_unique<TextSession>(std::move(options), threads, request.device);
  }

 private:
  std::shared_ptr<const TesseractLibrary> library() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!library_)
      library_ = std::make_shared<const TesseractLibrary>(host_.setting("library_dir"));
    return library_;
  }

  const Host host_;
  std::mutex mutex_;
  std::shared_ptr<const TesseractLibrary> library_;  // guarded by mutex_
};

}  // namespace
}  // namespace modelhub::tesseract_engine

MODELHUB_ENGINE_MODULE("tesseract", modelhub::tesseract_engine::TesseractEngine)
