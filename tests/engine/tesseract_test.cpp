// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// The engine for Tesseract, with the real library and data.

#include <clocale>
#include <cstring>
#include <functional>
#include <locale>
#include <random>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>

#include "engine/conformance.h"
#include "engine/engine_fixture.h"
#include "engine/module.h"
#include "modelhub/image.h"

namespace modelhub::engine {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::string k_module = MODELHUB_TESSERACT_MODULE;
const std::string k_shared = MODELHUB_TEST_SHARED;
const std::string k_data =
    k_shared + "/mirror/sha256/7d4322bd2a7749724879683fc3912cb542f19906c83bcc1a52132556427170b2";

bool has_data() { return std::filesystem::exists(k_data); }

std::string content_of_file(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

// A picture as the engine's two inputs.
struct Page {
  Tensor image;
  Tensor dpi = Tensor::allocate(DType::int32, {1}).value();

  Page(int width, int height, int channels, int resolution = 0)
      : image(Tensor::allocate(DType::uint8, {1, height, width, channels}).value()) {
    std::memset(image.data(), 255, image.bytes());
    dpi.as<std::int32_t>()[0] = resolution;
  }

  std::vector<Session::Input> inputs() const { return {{"image", &image}, {"dpi", &dpi}}; }
};

Page phototest(int channels = 3) {
  const Image image = Image::load(k_shared + "/images/phototest.tif").value();
  Page page(image.width(), image.height(), channels, image.dpi());
  auto* to = page.image.as<std::uint8_t>().data();
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      for (int c = 0; c < channels; ++c) *to++ = image.view().row(y)[3 * x + c];
    }
  }
  return page;
}

// As mh_word says that the words are the whole text.
std::string text_of(const RunResult& result) {
  std::string text;
  for (const Word& word : result.words) {
    if (!text.empty()) text += word.begins_paragraph ? "\n\n" : word.begins_line ? "\n" : " ";
    text += word.text;
  }
  return text.empty() ? text : text + "\n";
}

class TesseractTest : public EngineTest {
 protected:
  TesseractTest() : gold_(content_of_file(k_shared + "/images/phototest.gold.txt")) {}
  void SetUp() override {
    if (!has_data()) GTEST_SKIP() << "no data in " << k_shared;
  }

  static std::shared_ptr<Engine> engine(std::vector<EngineSetting> settings = {}) {
    ModuleOptions options;
    options.settings = std::move(settings);
    return open_module(k_module, options).value();
  }
  static LoadRequest request(const std::string& path = k_data) {
    LoadRequest request;
    request.format = "traineddata";
    request.files = {{"weights", "eng.traineddata", path}};
    request.threads = 2;
    return request;
  }
  static std::unique_ptr<Session> load() { return engine()->load(request()).value(); }
  static std::string read_page(Session& session, const Page& page) {
    const auto result = session.run(page.inputs());
    EXPECT_TRUE(result) << result.error().to_string();
    return result ? text_of(*result) : "";
  }
  static Error error_of(const LoadRequest& request) {
    const auto session = engine()->load(request);
    EXPECT_FALSE(session);
    return session ? Error() : session.error();
  }
  // The error of a file with this content.
  Error error_of_data(const std::string& content) const {
    return error_of(request(write("eng.traineddata", content)));
  }
  static Error error_with(const std::string& key, const std::string& value) {
    LoadRequest with = request();
    with.settings = {{key, value}};
    return error_of(with);
  }

  const std::string gold_;
};

// The traineddata file as its table of parts and their bytes, to be taken apart and damaged.
struct Parts {
  std::vector<std::string> parts;

  explicit Parts(const std::string& bytes) {
    std::int32_t count = 0;
    std::memcpy(&count, bytes.data(), sizeof count);
    std::vector<std::int64_t> offsets(static_cast<std::size_t>(count));
    std::memcpy(offsets.data(), bytes.data() + sizeof count, offsets.size() * 8);
    parts.resize(offsets.size());
    auto end = static_cast<std::int64_t>(bytes.size());
    for (std::size_t i = offsets.size(); i-- > 0;) {
      if (offsets[i] < 0) continue;
      parts[i] = bytes.substr(static_cast<std::size_t>(offsets[i]),
                              static_cast<std::size_t>(end - offsets[i]));
      end = offsets[i];
    }
  }

  std::string bytes() const {
    const auto count = static_cast<std::int32_t>(parts.size());
    std::string head(sizeof count + parts.size() * 8, '\0');
    std::memcpy(head.data(), &count, sizeof count);
    auto offset = static_cast<std::int64_t>(head.size());
    std::string body;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::int64_t place = parts[i].empty() ? -1 : offset;
      std::memcpy(head.data() + sizeof count + i * 8, &place, 8);
      offset += static_cast<std::int64_t>(parts[i].size());
      body += parts[i];
    }
    return head + body;
  }
};
constexpr std::size_t k_network = 17;
constexpr std::size_t k_words = 19;
constexpr std::size_t k_characters = 21;
constexpr std::size_t k_recoder = 22;

TEST_F(TesseractTest, SaysWhatItIs) {
  const EngineInfo info = engine()->info();
  EXPECT_THAT(info.version, testing::StartsWith("5."));
  EXPECT_THAT(info.formats, testing::ElementsAre("traineddata"));
}

TEST_F(TesseractTest, ReadsThePageWithItsLinesAndParagraphs) {
  const auto session = load();
  EXPECT_TRUE(session->gives_words());
  const auto result = session->run(phototest().inputs());
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(text_of(*result), gold_);
  for (const Word& word : result->words) {
    EXPECT_GT(word.confidence, 0.7F) << word.text;
    EXPECT_GT(word.x2 - word.x1, 5) << word.text;
    EXPECT_LE(word.x2, 640);
    EXPECT_LE(word.y2, 480);
  }
}

TEST_F(TesseractTest, ReadsGreyAsColourWithEqualChannels) {
  const auto session = load();
  EXPECT_EQ(read_page(*session, phototest(1)), gold_);
}

TEST_F(TesseractTest, AnEmptyPageHasNoWords) {
  const auto session = load();
  for (const auto& [width, height] :
       {std::pair{640, 480}, std::pair{1, 1}, std::pair{30'000, 1}, std::pair{1, 30'000}}) {
    const auto result = session->run(Page(width, height, 3).inputs());
    ASSERT_TRUE(result) << width << "x" << height << ": " << result.error().to_string();
    EXPECT_THAT(result->words, IsEmpty());
  }
  EXPECT_EQ(read_page(*session, phototest()), gold_) << "afterwards it still reads";
}

TEST_F(TesseractTest, RefusesPicturesThatItCannotTake) {
  const auto session = load();
  const auto expect_refused = [&](const Page& page, const std::string& words) {
    const auto result = session->run(page.inputs());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(result.error().subject, Subject::input);
    EXPECT_THAT(result.error().message, HasSubstr(words));
  };
  expect_refused(Page(32'768, 2, 1), "32768 x 2 pixels");
  expect_refused(Page(20, 20, 4), "4 channels");
  expect_refused(Page(0, 20, 3), "no pixels");
  EXPECT_EQ(read_page(*session, phototest()), gold_);
}

// tesserocr#106: what an instance had read before changed what it read next.
TEST_F(TesseractTest, WhatWasReadBeforeChangesNothing) {
  const auto session = load();
  const Page page = phototest();
  const auto first = session->run(page.inputs());
  ASSERT_TRUE(first);
  Page upside_down = phototest();
  std::reverse(upside_down.image.as<std::uint8_t>().begin(),
               upside_down.image.as<std::uint8_t>().end());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(session->run(upside_down.inputs()));
    const auto again = session->run(page.inputs());
    ASSERT_TRUE(again);
    EXPECT_EQ(text_of(*again), text_of(*first));
    for (std::size_t w = 0; w < first->words.size(); ++w)
      EXPECT_EQ(again->words[w].confidence, first->words[w].confidence);
  }
}

int threads_of_process() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("Threads:", 0) == 0) return std::stoi(line.substr(8));
  }
  return -1;
}

TEST_F(TesseractTest, TakesNoThreadsOfItsOwn) {
  const auto session = load();
  const int before = threads_of_process();
  EXPECT_EQ(read_page(*session, phototest()), gold_);
  EXPECT_EQ(threads_of_process(), before);
}

TEST_F(TesseractTest, ManyThreadsReadAtOnce) {
  const auto session = load();
  std::vector<std::string> texts(6);
  std::vector<std::thread> threads;
  for (std::string& text : texts)
    threads.emplace_back([&] { text = read_page(*session, phototest()); });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& text : texts) EXPECT_EQ(text, gold_);
}

TEST_F(TesseractTest, PrintsNothing) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  const auto session = load();
  (void)session->run(Page(1, 1, 3).inputs());
  (void)session->run(Page(400, 30, 3, 9).inputs());
  Page noise(300, 200, 3);
  for (std::size_t i = 0; i < noise.image.bytes(); ++i)
    noise.image.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(i * 2654435761U >> 13);
  (void)session->run(noise.inputs());
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// Numbers with a comma: Tesseract 4 refused to run, or read its parameters wrongly.
TEST_F(TesseractTest, ReadsInEveryLocale) {
  struct Comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    std::string do_grouping() const override { return "\3"; }
    char do_thousands_sep() const override { return '.'; }
  };
  const std::locale before = std::locale::global(std::locale(std::locale(), new Comma));
  const std::string c_before = std::setlocale(LC_ALL, nullptr);
  for (const char* const name : {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"}) {
    if (std::setlocale(LC_ALL, name) != nullptr) break;
  }
  const auto session = load();
  EXPECT_EQ(read_page(*session, phototest()), gold_);
  std::setlocale(LC_ALL, c_before.c_str());
  std::locale::global(before);
}

TEST_F(TesseractTest, ModesOfTheRecipeReachIt) {
  LoadRequest with = request();
  with.settings = {{"language", "eng"}, {"engine_mode", "lstm_only"}, {"page_mode", "7"}};
  const auto session = engine()->load(with);
  ASSERT_TRUE(session) << session.error().to_string();
  // Mode 7: the whole picture is one line.
  const auto result = (*session)->run(phototest().inputs());
  ASSERT_TRUE(result);
  for (std::size_t i = 1; i < result->words.size(); ++i)
    EXPECT_FALSE(result->words[i].begins_line) << result->words[i].text;
  for (const char* const mode : {"0", "1", "2", "12", "14", "-1", "three", "3.5", ""}) {
    const Error error = error_with("page_mode", mode);
    EXPECT_EQ(error.code, ErrorCode::unsupported) << mode;
    EXPECT_THAT(error.message, HasSubstr(std::string("page_mode '") + mode + "'"));
  }
  EXPECT_EQ(error_with("engine_mode", "combined").code, ErrorCode::unsupported);
  for (const char* const language : {"", "eng+deu", "../eng", "~eng"})
    EXPECT_EQ(error_with("language", language).code, ErrorCode::invalid_argument) << language;
}

// Two files of one language, loaded at the same time: Tesseract keeps dictionaries by name.
TEST_F(TesseractTest, FilesOfOneLanguageKeepTheirOwnDictionaries) {
  Parts parts(content_of_file(k_data));
  parts.parts[k_words].clear();
  const std::string without = write("eng.traineddata", parts.bytes());
  const auto bare = engine()->load(request(without));
  ASSERT_TRUE(bare) << bare.error().to_string();
  const auto confidences = [](Session& session) {
    std::vector<float> all;
    const auto result = session.run(phototest().inputs());
    EXPECT_TRUE(result);
    for (const Word& word : result.value().words) all.push_back(word.confidence);
    return all;
  };
  const std::vector<float> alone = confidences(**bare);
  const auto session = load();
  EXPECT_NE(confidences(*session), alone);
  const auto again = engine()->load(request(without)).value();
  EXPECT_EQ(confidences(*again), alone);
}

TEST_F(TesseractTest, SaysWhyALibraryCannotBeUsed) {
  const std::string nowhere = path("nothing-here");
  const auto missing = engine({{"tesseract", "library_dir", nowhere}});
  ASSERT_EQ(missing->info().devices.size(), 1U);
  EXPECT_FALSE(missing->info().devices[0].is_usable);
  EXPECT_THAT(missing->info().devices[0].reason, HasSubstr(nowhere));
  EXPECT_THAT(missing->info().devices[0].reason, HasSubstr("install"));
  EXPECT_EQ(missing->info().version, "");
  const auto refused = missing->load(request());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
  const auto old = engine({{"tesseract", "library_dir", MODELHUB_FAKE_TESSERACT}});
  EXPECT_THAT(old->info().devices[0].reason,
              HasSubstr("Tesseract 5.0.0-old has no function TessBaseAPICreate"));
}

TEST_F(TesseractTest, SaysWhatIsWrongWithAFile) {
  EXPECT_EQ(error_of(request(path("missing"))).code, ErrorCode::io_error);
  const Error empty = error_of_data("");
  EXPECT_EQ(empty.code, ErrorCode::corrupt_data);
  EXPECT_THAT(empty.message, HasSubstr("is empty"));
  const Error page = error_of_data("<!DOCTYPE html><html>not found</html>");
  EXPECT_EQ(page.code, ErrorCode::corrupt_data);
  EXPECT_THAT(page.message, HasSubstr("eng.traineddata is no traineddata file"));
  const std::string good = content_of_file(k_data);
  const Error cut = error_of_data(good.substr(0, good.size() / 2));
  EXPECT_EQ(cut.code, ErrorCode::corrupt_data);
  EXPECT_THAT(cut.message, HasSubstr("cut short"));
  LoadRequest two = request();
  two.files.push_back({"config", "a.config", k_data});
  EXPECT_EQ(error_of(two).code, ErrorCode::invalid_argument);
}

TEST_F(TesseractTest, SaysThatTheOlderRecogniserIsNotEnough) {
  Parts parts(content_of_file(k_data));
  parts.parts[1] = "112\n";
  parts.parts[3] = "shapes";
  parts.parts[k_network].clear();
  const Error legacy = error_of_data(parts.bytes());
  EXPECT_EQ(legacy.code, ErrorCode::unsupported);
  EXPECT_EQ(legacy.subject, Subject::model);
  EXPECT_THAT(legacy.message, HasSubstr("older recogniser only"));
  EXPECT_THAT(legacy.hint, HasSubstr("tessdata_fast"));
}

// Each of these ends the process when Tesseract itself is given it.
struct Damage {
  const char* name;
  std::function<void(Parts&)> damage;
  ErrorCode code;
  const char* words;
};

void put(std::string& part, std::size_t at, const std::string& bytes) {
  part.replace(at, bytes.size(), bytes);
}

const Damage k_damages[] = {
    {"NoRecogniser", [](Parts& p) { p.parts[k_network].clear(); }, ErrorCode::corrupt_data,
     "no recogniser of lines"},
    {"NoCharacters", [](Parts& p) { p.parts[k_characters].clear(); }, ErrorCode::unsupported,
     "before 4.0.0"},
    {"UnknownLayer", [](Parts& p) { put(p.parts[k_network], 5, "Seriex"); },
     ErrorCode::corrupt_data, "does not begin with the picture"},
    {"HugeName", [](Parts& p) { put(p.parts[k_network], 1, "\xff\xff\xff\x7f"); },
     ErrorCode::corrupt_data, "cannot be read"},
    {"Checkpoint", [](Parts& p) { put(p.parts[k_network], 11, "\x01"); }, ErrorCode::unsupported,
     "checkpoint"},
    {"HalfANetwork", [](Parts& p) { p.parts[k_network].resize(p.parts[k_network].size() / 2); },
     ErrorCode::corrupt_data, "cut short"},
    {"OtherCharacters", [](Parts& p) { put(p.parts[k_characters], 0, "999"); },
     ErrorCode::corrupt_data, "list of characters"},
    {"NoCount", [](Parts& p) { put(p.parts[k_characters], 0, "abc"); }, ErrorCode::corrupt_data,
     "does not begin with their number"},
    {"ACharacterTwice",
     [](Parts& p) {
       std::string& text = p.parts[k_characters];
       text.replace(text.find("\nH 5") + 1, 1, "C");
     },
     ErrorCode::corrupt_data, "is wrong in line"},
    {"NoText", [](Parts& p) { p.parts[k_characters][100] = '\0'; }, ErrorCode::corrupt_data,
     "is no text"},
    {"FewerCodes", [](Parts& p) { p.parts[k_recoder].resize(100); }, ErrorCode::corrupt_data,
     "table of codes"},
    {"ACodeThatIsNotThere",
     [](Parts& p) { put(p.parts[k_recoder], 9, std::string("\x7f\0\0\0", 4)); },
     ErrorCode::corrupt_data, "names an output that is not there"},
    {"NoBlank", [](Parts& p) { put(p.parts[k_recoder], 9, std::string("\1\0\0\0", 4)); },
     ErrorCode::corrupt_data, "has no blank"},
    {"EmptyDictionary", [](Parts& p) { put(p.parts[k_words], 6, std::string(4, '\0')); },
     ErrorCode::corrupt_data, "one of its dictionaries"},
    {"EdgeToNowhere", [](Parts& p) { put(p.parts[k_words], 10, std::string(8, '\x77')); },
     ErrorCode::corrupt_data, "one of its dictionaries"},
};
void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.name; }

class TesseractDamageTest : public TesseractTest, public testing::WithParamInterface<Damage> {};

TEST_P(TesseractDamageTest, IsAnErrorThatSaysWhatIsWrong) {
  Parts parts(content_of_file(k_data));
  ASSERT_EQ(Parts(parts.bytes()).bytes(), content_of_file(k_data));
  GetParam().damage(parts);
  const Error error = error_of_data(parts.bytes());
  EXPECT_EQ(error.code, GetParam().code);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_THAT(error.message, HasSubstr("eng.traineddata"));
  EXPECT_THAT(error.message, HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(All, TesseractDamageTest, testing::ValuesIn(k_damages),
                         [](const auto& parameter) { return parameter.param.name; });

// Bits that tip over anywhere in what Tesseract asserts about: an error or a session, never the end
// of the process.
TEST_F(TesseractTest, SurvivesDamageAnywhere) {
  const Parts good(content_of_file(k_data));
  std::mt19937 random(7);
  for (int i = 0; i < 24; ++i) {
    Parts bad = good;
    const std::size_t part =
        std::vector<std::size_t>{k_network, k_words, k_characters, k_recoder}[random() % 4];
    std::string& bytes = bad.parts[part];
    // The heads of parts decide more than their middles.
    const std::size_t range = i % 2 == 0 ? bytes.size() : std::min<std::size_t>(bytes.size(), 600);
    bytes[random() % range] ^= static_cast<char>(1U << random() % 8);
    const auto session = engine()->load(request(write("eng.traineddata", bad.bytes())));
    if (!session) {
      EXPECT_FALSE(session.error().message.empty());
      continue;
    }
    (void)(*session)->run(phototest(1).inputs());
  }
}

std::vector<ConformanceCase> cases() {
  ConformanceCase c;
  c.module = k_module;
  c.format = "traineddata";
  c.files = {{"weights", "eng.traineddata", k_data}};
  c.shapes = {{"image", {1, 480, 640, 3}}};
  c.fill = [](const std::string& name, Tensor& tensor) {
    const Page page = phototest();
    const Tensor& from = name == "image" ? page.image : page.dpi;
    std::memcpy(tensor.data(), from.data(), tensor.bytes());
  };
  c.check = [](const RunResult& result) {
    EXPECT_EQ(text_of(result), content_of_file(k_shared + "/images/phototest.gold.txt"));
  };
  if (!has_data()) return {};
  return {c};
}

INSTANTIATE_TEST_SUITE_P(Tesseract, EngineConformance, testing::ValuesIn(cases()), name_of_case);

}  // namespace
}  // namespace modelhub::engine
