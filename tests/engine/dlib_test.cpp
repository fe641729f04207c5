// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// The engine for dlib, with the real library and the real weights, which are pulled as a user pulls
// them: unpacked from the mirror into a home that all tests of a build share.

#include <dlfcn.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "engine/conformance.h"
#include "engine/engine_fixture.h"
#include "engine/module.h"
#include "modelhub/hub.h"
#include "modelhub/image.h"

namespace modelhub::engine {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

const std::string k_module = MODELHUB_DLIB_MODULE;
const std::string k_shared = MODELHUB_TEST_SHARED;
const std::string k_blobs = MODELHUB_FACES_HOME "/blobs/sha256/";

// As dlib publishes them, unpacked.
const EngineFile k_descriptor = {
    "descriptor", "dlib_face_recognition_resnet_model_v1.dat",
    k_blobs + "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"};
const EngineFile k_landmarks = {
    "landmarks", "shape_predictor_5_face_landmarks.dat",
    k_blobs + "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888"};
const EngineFile k_detector = {
    "detector", "mmod_human_face_detector.dat",
    k_blobs + "be467b1a76f482693de3b0f6a1ff91d092319be71523d4d4b0628f6a53fcb87a"};

bool has_mirror() { return std::filesystem::exists(k_shared + "/mirror/sha256"); }

// Before the first test of a process that needs them; done at once when they are installed.
class Weights : public testing::Environment {
 public:
  void SetUp() override {
    if (!has_mirror()) return;
    HubOptions options;
    options.home = MODELHUB_FACES_HOME;
    options.system_catalog.clear();
    options.mirrors = {"file://" + std::filesystem::canonical(k_shared).string() + "/mirror"};
    const Result<InstalledModel> pulled =
        Hub::open(options).value().pull("face_recognition:cnn").get();
    ASSERT_TRUE(pulled) << pulled.error().to_string();
  }
};
const testing::Environment* const k_weights = testing::AddGlobalTestEnvironment(new Weights);

using Settings = std::vector<std::pair<std::string, std::string>>;

LoadRequest hog(Settings settings = {}) {
  LoadRequest request;
  request.format = "dlib";
  request.files = {k_descriptor, k_landmarks};
  request.threads = 1;
  request.settings = std::move(settings);
  return request;
}

LoadRequest cnn(Settings settings = {}) {
  LoadRequest request = hog(std::move(settings));
  request.files.push_back(k_detector);
  return request;
}

// A picture as the recipe prepares it.
Tensor tensor_of(const ImageView& picture) {
  Tensor tensor = Tensor::allocate(DType::uint8, {1, picture.height, picture.width, 3}).value();
  const std::size_t row = static_cast<std::size_t>(picture.width) * 3;
  for (int y = 0; y < picture.height; ++y) {
    std::memcpy(tensor.as<std::uint8_t>().data() + y * row, picture.row(y), row);
  }
  return tensor;
}

Tensor picture(const std::string& name) {
  return tensor_of(Image::load(k_shared + "/images/" + name).value());
}

Tensor noughts(std::int64_t width, std::int64_t height) {
  Tensor tensor = Tensor::allocate(DType::uint8, {1, height, width, 3}).value();
  std::fill(tensor.as<std::uint8_t>().begin(), tensor.as<std::uint8_t>().end(), 0);
  return tensor;
}

struct FoundFace {
  std::vector<float> box;
  float score = 0;
  std::vector<float> landmarks;
  std::vector<float> embedding;
};

std::vector<FoundFace> faces_of(const std::vector<NamedTensor>& outputs) {
  std::vector<FoundFace> faces(static_cast<std::size_t>(outputs[1].tensor.shape()[0]));
  const auto part = [&](std::size_t output, std::size_t face) {
    const std::span<const float> all = outputs[output].tensor.as<float>();
    const std::size_t length = all.size() / faces.size();
    const std::span<const float> own = all.subspan(face * length, length);
    return std::vector<float>(own.begin(), own.end());
  };
  for (std::size_t i = 0; i < faces.size(); ++i)
    faces[i] = {part(0, i), part(1, i)[0], part(2, i), part(3, i)};
  return faces;
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(a[i] - b[i], 2);
  return std::sqrt(sum);
}

// ---- files in dlib's own encoding, as small as can be ----

std::string number(std::int64_t value) {
  std::uint64_t left = static_cast<std::uint64_t>(value < 0 ? -value : value);
  std::string bytes;
  do {
    bytes += static_cast<char>(left & 0xFF);
    left >>= 8;
  } while (left != 0);
  const auto length = static_cast<char>(bytes.size() | (value < 0 ? 0x80U : 0U));
  return std::string(1, length) + bytes;
}

// value = mantissa times a power of two
std::string real(std::int64_t mantissa, std::int64_t exponent = 0) {
  return number(mantissa) + number(exponent);
}

std::string column(std::size_t length) {
  std::string bytes = number(-static_cast<std::int64_t>(length)) + number(-1);
  for (std::size_t i = 0; i < length; ++i) bytes += real(static_cast<std::int64_t>(i), -3);
  return bytes;
}

// Landmarks that say the same of every face; members are changed to make it wrong.
struct TinyLandmarks {
  int version = 1;
  std::size_t numbers = 10;  // two for each point
  std::size_t pixels = 2;
  std::size_t levels = 1;
  std::int64_t first_pixel = 0;
  std::int64_t second_pixel = 1;
  std::int64_t anchor = 4;
  std::size_t leaves = 2;
  std::size_t leaf_numbers = 10;

  std::string encode() const {
    std::string tree = number(1) + number(first_pixel) + number(second_pixel) + real(0);
    tree += number(static_cast<std::int64_t>(leaves));
    for (std::size_t i = 0; i < leaves; ++i) tree += column(leaf_numbers);
    std::string bytes = number(version) + column(numbers) + number(1) + number(1) + tree;
    bytes += number(static_cast<std::int64_t>(levels));
    for (std::size_t level = 0; level < levels; ++level) {
      bytes += number(static_cast<std::int64_t>(pixels));
      for (std::size_t i = 0; i < pixels; ++i) bytes += number(anchor);
    }
    bytes += number(1) + number(2) + real(0) + real(0) + real(0) + real(0);
    return bytes;
  }
};

class DlibTest : public EngineTest {
 protected:
  void SetUp() override {
    if (!has_mirror()) GTEST_SKIP() << "no mirror beside the project";
  }

  std::shared_ptr<Engine> engine(const std::string& memory_mib = {}) {
    ModuleOptions options;
    options.log = log_.sink();
    if (!memory_mib.empty()) options.settings = {{"dlib", "memory_mib", memory_mib}};
    return open_module(k_module, options).value();
  }

  static std::vector<FoundFace> find(Session& session, const Tensor& image) {
    const auto outputs = session.run(std::vector<Session::Input>{{"image", &image}});
    EXPECT_TRUE(outputs) << outputs.error().to_string();
    return outputs ? faces_of(outputs->outputs) : std::vector<FoundFace>();
  }

  Error refusal(const LoadRequest& request) {
    auto session = engine()->load(request);
    if (session) return Error(ErrorCode::internal, Subject::other, "it was loaded");
    return std::move(session).error();
  }

  // The error of loading these bytes as the file of a role.
  Error refusal_of(const std::string& role, const std::string& content) {
    LoadRequest request = cnn();
    for (EngineFile& file : request.files) {
      if (file.role == role) file.path = write("blob", content);
    }
    return refusal(request);
  }

  static std::string content_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  LogLines log_;
};

TEST_F(DlibTest, TellsWhatItIs) {
  const EngineInfo info = engine()->info();
  EXPECT_THAT(info.version, MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  EXPECT_THAT(info.formats, ElementsAre("dlib"));
  EXPECT_EQ(info.concurrency, Concurrency::one_at_a_time);
  ASSERT_EQ(info.devices.size(), 1U);
  EXPECT_EQ(info.devices[0].device, "cpu:0");
}

TEST_F(DlibTest, TakesPicturesOfAnySizeAndGivesWhatTheFilesSay) {
  const auto session = engine()->load(hog()).value();
  ASSERT_EQ(session->inputs().size(), 1U);
  EXPECT_EQ(session->inputs()[0].name, "image");
  EXPECT_EQ(session->inputs()[0].dtype, DType::uint8);
  EXPECT_THAT(session->inputs()[0].shape, ElementsAre(1, -1, -1, 3));
  ASSERT_EQ(session->outputs().size(), 4U);
  EXPECT_EQ(session->outputs()[0].name, "boxes");
  EXPECT_THAT(session->outputs()[2].shape, ElementsAre(-1, 5, 2));
  EXPECT_THAT(session->outputs()[3].shape, ElementsAre(-1, 128));
}

// The Python package face_recognition on the same pictures.
class DlibReferenceTest : public DlibTest, public testing::WithParamInterface<const char*> {};

TEST_P(DlibReferenceTest, FacesAreThoseOfFaceRecognition) {
  const auto session = engine()->load(hog()).value();
  const std::vector<FoundFace> found = find(*session, picture(GetParam()));
  const nlohmann::json reference =
      nlohmann::json::parse(content_of(k_shared + "/reference/faces_face_recognition.json"));
  const nlohmann::json& wanted = reference["images"][GetParam()]["faces"];
  ASSERT_FALSE(wanted.empty());
  EXPECT_EQ(found.size(), wanted.size());
  std::vector<bool> is_taken(found.size(), false);
  for (const nlohmann::json& face : wanted) {
    const auto box = face["box"].get<std::vector<float>>();
    const auto descriptor = face["descriptor"].get<std::vector<float>>();
    bool is_found = false;
    for (std::size_t i = 0; i < found.size() && !is_found; ++i) {
      if (is_taken[i] || distance(found[i].embedding, descriptor) > 0.05) continue;
      // Its boxes end with the last pixel, ours behind it.
      double farthest = 0;
      for (std::size_t c = 0; c < 4; ++c)
        farthest = std::max<double>(farthest, std::abs(found[i].box[c] - box[c] - (c < 2 ? 0 : 1)));
      EXPECT_LE(farthest, 2);
      is_found = is_taken[i] = true;
    }
    EXPECT_TRUE(is_found) << face["box"];
  }
}

INSTANTIATE_TEST_SUITE_P(Pictures, DlibReferenceTest,
                         testing::Values("one_face.jpg", "bald_guys.jpg"));

TEST_F(DlibTest, LandmarksLieInTheFaceFromEyeToNose) {
  const auto session = engine()->load(hog()).value();
  const std::vector<FoundFace> faces = find(*session, picture("one_face.jpg"));
  ASSERT_EQ(faces.size(), 1U);
  EXPECT_GT(faces[0].score, 0);
  for (std::size_t i = 0; i < faces[0].landmarks.size(); i += 2) {
    EXPECT_GT(faces[0].landmarks[i], faces[0].box[0]);
    EXPECT_LT(faces[0].landmarks[i], faces[0].box[2]);
    EXPECT_GT(faces[0].landmarks[i + 1], faces[0].box[1]);
    EXPECT_LT(faces[0].landmarks[i + 1], faces[0].box[3]);
  }
}

TEST_F(DlibTest, TheNetworkFindsTheSamePersonAsHog) {
  const auto with_hog = engine()->load(hog({{"detector", "hog"}, {"upsample", "0"}})).value();
  const auto with_net = engine()->load(cnn({{"detector", "cnn"}, {"upsample", "0"}})).value();
  const Tensor image = picture("one_face.jpg");
  const std::vector<FoundFace> a = find(*with_hog, image);
  const std::vector<FoundFace> b = find(*with_net, image);
  ASSERT_EQ(a.size(), 1U);
  ASSERT_EQ(b.size(), 1U);
  EXPECT_NE(a[0].box, b[0].box);
  EXPECT_GT(b[0].score, 0);
  EXPECT_LT(distance(a[0].embedding, b[0].embedding), 0.3);
}

TEST_F(DlibTest, APictureWithoutFacesIsAnEmptyAnswer) {
  const auto session = engine()->load(hog()).value();
  const Tensor cat = picture("cat.jpg");
  const auto outputs = session->run(std::vector<Session::Input>{{"image", &cat}});
  ASSERT_TRUE(outputs) << outputs.error().to_string();
  EXPECT_THAT((*outputs)[0].tensor.shape(), ElementsAre(0, 4));
  EXPECT_THAT((*outputs)[2].tensor.shape(), ElementsAre(0, 5, 2));
  EXPECT_THAT((*outputs)[3].tensor.shape(), ElementsAre(0, 128));
}

TEST_F(DlibTest, PicturesOfStrangeSizesHaveNoFaces) {
  for (const LoadRequest& request :
       {hog(), cnn(), hog({{"upsample", "0"}}), cnn({{"upsample", "0"}})}) {
    const auto session = engine()->load(request).value();
    for (const auto& [width, height] : std::vector<std::pair<int, int>>{
             {1, 1}, {0, 0}, {30000, 1}, {1, 3000}, {15, 400}, {16, 16}, {31, 31}, {33, 32}}) {
      EXPECT_TRUE(find(*session, noughts(width, height)).empty()) << width << "x" << height;
    }
  }
}

TEST_F(DlibTest, AGreyPictureShowsTheSameFace) {
  const Image colored = Image::load(k_shared + "/images/one_face.jpg").value();
  Image grey = Image::copy_of(colored).value();
  for (int y = 0; y < grey.height(); ++y) {
    for (int x = 0; x < grey.width(); ++x) {
      std::uint8_t* pixel = grey.row(y) + 3 * x;
      pixel[0] = pixel[2] = pixel[1];
    }
  }
  const auto session = engine()->load(hog()).value();
  const std::vector<FoundFace> a = find(*session, tensor_of(colored));
  const std::vector<FoundFace> b = find(*session, tensor_of(grey));
  ASSERT_EQ(b.size(), 1U);
  EXPECT_LT(distance(a[0].embedding, b[0].embedding), 0.6);
}

TEST_F(DlibTest, UpsamplingFindsSmallerFaces) {
  // A face of 386 pixels becomes one of 38.
  constexpr int k_part = 10;
  const Image large = Image::load(k_shared + "/images/one_face.jpg").value();
  Image small =
      Image::create(large.width() / k_part, large.height() / k_part, PixelFormat::rgb8).value();
  for (int y = 0; y < small.height(); ++y) {
    for (int i = 0; i < 3 * small.width(); ++i) {
      int sum = 0;
      for (int k = 0; k < k_part * k_part; ++k)
        sum += large.view().row(k_part * y + k / k_part)[3 * (i / 3 * k_part + k % k_part) + i % 3];
      small.row(y)[i] = static_cast<std::uint8_t>(sum / (k_part * k_part));
    }
  }
  const Tensor image = tensor_of(small);
  const auto once = engine()->load(hog({{"upsample", "1"}})).value();
  const auto never = engine()->load(hog({{"upsample", "0"}})).value();
  EXPECT_EQ(find(*never, image).size(), 0U);
  EXPECT_EQ(find(*once, image).size(), 1U);
}

TEST_F(DlibTest, PaddingIsPartOfTheDescription) {
  const Tensor image = picture("one_face.jpg");
  const auto usual = engine()->load(hog({{"chip_padding", "0.25"}})).value();
  const auto other = engine()->load(hog({{"chip_padding", "0.5"}})).value();
  const std::vector<FoundFace> a = find(*usual, image);
  const std::vector<FoundFace> b = find(*other, image);
  ASSERT_EQ(b.size(), 1U);
  EXPECT_GT(distance(a[0].embedding, b[0].embedding), 0.05);
}

// ---- what is wrong is told ----

TEST_F(DlibTest, SettingsThatItCannotDoAreNamed) {
  struct Wrong {
    const char* key;
    const char* value;
    ErrorCode code;
    const char* words;
  };
  for (const Wrong& wrong : {
           Wrong{"detector", "sift", ErrorCode::unsupported, "detector 'sift'"},
           Wrong{"upsample", "1.5", ErrorCode::invalid_argument, "a whole number"},
           Wrong{"upsample", "-1", ErrorCode::invalid_argument, "from 0 to 4"},
           Wrong{"upsample", "5", ErrorCode::invalid_argument, "from 0 to 4"},
           Wrong{"upsample", "once", ErrorCode::invalid_argument, "'once'"},
           Wrong{"upsample", "1x", ErrorCode::invalid_argument, "'1x'"},
           Wrong{"chip_padding", "nan", ErrorCode::invalid_argument, "chip_padding"},
           Wrong{"chip_padding", "2", ErrorCode::invalid_argument, "from 0 to 1"},
           Wrong{"chip_size", "96", ErrorCode::unsupported, "chips of 150 pixels"},
           Wrong{"jitter", "10", ErrorCode::unsupported, "jitter '10'"},
       }) {
    const Error error = refusal(hog({{wrong.key, wrong.value}}));
    EXPECT_EQ(error.code, wrong.code) << wrong.key << "=" << wrong.value;
    EXPECT_EQ(error.subject, Subject::model);
    EXPECT_THAT(error.message, HasSubstr(wrong.words));
    EXPECT_FALSE(error.hint.empty());
  }
  EXPECT_TRUE(engine()->load(hog({{"chip_size", "150"}, {"jitter", "0"}, {"of_tomorrow", "1"}})));
}

TEST_F(DlibTest, AFileThatIsMissingAmongTheRolesIsNamed) {
  LoadRequest request = hog();
  request.files.pop_back();
  const Error error = refusal(request);
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_THAT(error.message, HasSubstr("'landmarks'"));
  EXPECT_THAT(refusal(hog({{"detector", "cnn"}})).message, HasSubstr("'detector'"));
}

TEST_F(DlibTest, AFileOfAnotherRoleIsRefusedByName) {
  const std::string descriptor = content_of(k_descriptor.path);
  const std::string landmarks = content_of(k_landmarks.path);
  const std::string detector = content_of(k_detector.path);
  for (const auto& [role, content] :
       {std::pair{"descriptor", &landmarks}, std::pair{"descriptor", &detector},
        std::pair{"landmarks", &descriptor}, std::pair{"detector", &descriptor},
        std::pair{"detector", &landmarks}}) {
    const Error error = refusal_of(role, *content);
    EXPECT_EQ(error.code, ErrorCode::corrupt_data) << role << ": " << error.message;
    EXPECT_EQ(error.subject, Subject::model);
    EXPECT_THAT(error.message, HasSubstr(".dat: it is not a f"));
    EXPECT_FALSE(error.hint.empty());
  }
}

TEST_F(DlibTest, FilesThatAreCutOffAreRefusedByName) {
  for (const EngineFile& file : {k_descriptor, k_landmarks, k_detector}) {
    const std::string whole = content_of(file.path);
    for (const std::size_t length : {std::size_t{0}, std::size_t{1}, whole.size() - 1}) {
      const Error error = refusal_of(file.role, whole.substr(0, length));
      EXPECT_EQ(error.code, ErrorCode::corrupt_data) << file.role << " of " << length;
      EXPECT_THAT(error.message, HasSubstr(file.name));
    }
  }
}

TEST_F(DlibTest, AFileThatIsStillPackedIsTold) {
  const Error error = refusal_of("descriptor", "BZh91AY&SY");
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_THAT(error.message, HasSubstr("packed by bzip2"));
  EXPECT_THAT(error.hint, HasSubstr("bunzip2"));
}

TEST_F(DlibTest, AFileThatIsNotThereIsAnIoError) {
  LoadRequest request = hog();
  request.files[0].path = path("absent");
  const Error absent = refusal(request);
  EXPECT_EQ(absent.code, ErrorCode::io_error);
  EXPECT_THAT(absent.message, HasSubstr(k_descriptor.name));
  request.files[0].path = folder_;
  EXPECT_EQ(refusal(request).code, ErrorCode::io_error);
}

TEST_F(DlibTest, LandmarksWithIndicesBeyondTheirEndAreRefused) {
  LoadRequest request = hog();
  request.files[1].path = write("good", TinyLandmarks().encode());
  EXPECT_TRUE(engine()->load(request));
  const auto refused = [&](const TinyLandmarks& landmarks, const char* words) {
    const Error error = refusal_of("landmarks", landmarks.encode());
    EXPECT_EQ(error.code, ErrorCode::corrupt_data) << words;
    EXPECT_THAT(error.message, HasSubstr(words));
  };
  TinyLandmarks wrong;
  wrong.version = 2;
  refused(wrong, "another version");
  wrong = TinyLandmarks();
  wrong.first_pixel = 2;
  refused(wrong, "a pixel is missing");
  wrong = TinyLandmarks();
  wrong.second_pixel = 1 << 30;
  refused(wrong, "a pixel is missing");
  wrong = TinyLandmarks();
  wrong.anchor = 5;
  refused(wrong, "an anchor is missing");
  wrong = TinyLandmarks();
  wrong.leaf_numbers = 8;
  refused(wrong, "another number of points");
  wrong = TinyLandmarks();
  wrong.leaves = 3;
  refused(wrong, "a tree is not full");
  wrong = TinyLandmarks();
  wrong.pixels = 3;
  refused(wrong, "without its anchor");
  wrong = TinyLandmarks();
  wrong.levels = 2;
  refused(wrong, "a level is missing");
  wrong = TinyLandmarks();
  wrong.numbers = wrong.leaf_numbers = 9;
  refused(wrong, "half a point");
}

TEST_F(DlibTest, LandmarksThatNoFaceCanBeCutOutByAreUnsupported) {
  TinyLandmarks six;
  six.numbers = six.leaf_numbers = 12;
  const Error error = refusal_of("landmarks", six.encode());
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_THAT(error.message, HasSubstr("gives 6 landmarks"));
  EXPECT_FALSE(error.hint.empty());
}

TEST_F(DlibTest, SixtyEightLandmarksAreReadFromTheFile) {
  TinyLandmarks all;
  all.numbers = all.leaf_numbers = 136;
  LoadRequest request = hog();
  request.files[1].path = write("all", all.encode());
  const auto session = engine()->load(request).value();
  EXPECT_THAT(session->outputs()[2].shape, ElementsAre(-1, 68, 2));
  const std::vector<FoundFace> faces = find(*session, picture("one_face.jpg"));
  ASSERT_EQ(faces.size(), 1U);
  EXPECT_EQ(faces[0].landmarks.size(), 136U);
}

TEST_F(DlibTest, APictureThatWouldTakeTooMuchMemoryIsRefusedWithTheSizeThatWorks) {
  const auto session = engine("100")->load(hog()).value();
  EXPECT_TRUE(find(*session, noughts(640, 480)).empty());
  const Tensor large = noughts(4000, 3000);
  const auto answer = session->run(std::vector<Session::Input>{{"image", &large}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(answer.error().subject, Subject::input);
  EXPECT_THAT(answer.error().message, HasSubstr("4000x3000"));
  EXPECT_THAT(answer.error().message, HasSubstr("0.7 GB"));
  EXPECT_THAT(answer.error().hint, HasSubstr("dlib.memory_mib"));
  EXPECT_TRUE(find(*session, noughts(64, 64)).empty()) << "and it still works";
}

TEST_F(DlibTest, AMemorySettingThatIsNoNumberIsRefused) {
  for (const char* text : {"0", "-1", "lots", "1.5", "99999999999999999999"}) {
    ModuleOptions options;
    options.settings = {{"dlib", "memory_mib", text}};
    const auto engine = open_module(k_module, options);
    ASSERT_FALSE(engine) << text;
    EXPECT_EQ(engine.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(engine.error().message, HasSubstr("memory_mib"));
  }
}

// ---- threads ----

TEST_F(DlibTest, SessionsRunSideBySide) {
  const std::shared_ptr<Engine> shared = engine();
  const Tensor image = picture("one_face.jpg");
  const std::vector<float> right = find(*shared->load(hog()).value(), image)[0].embedding;
  std::atomic<int> equal = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const auto session = shared->load(hog());
      const auto answer = (*session)->run(std::vector<Session::Input>{{"image", &image}});
      if (answer && faces_of(answer->outputs).size() == 1 &&
          distance(faces_of(answer->outputs)[0].embedding, right) < 1e-3) {
        ++equal;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(equal.load(), 3);
}

TEST_F(DlibTest, OpenBlasTakesNoMoreThreadsThanTheRequestSays) {
  const auto session = engine()->load(hog()).value();
  // Only if dlib is linked with it: nothing is loaded here.
  void* const library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_NOLOAD);
  if (library == nullptr) GTEST_SKIP() << "dlib computes with another library";
  const auto get = reinterpret_cast<int (*)()>(dlsym(library, "openblas_get_num_threads"));
  const auto set = reinterpret_cast<void (*)(int)>(dlsym(library, "openblas_set_num_threads"));
  ASSERT_NE(get, nullptr);
  ASSERT_NE(set, nullptr);
  set(2);
  std::atomic<bool> is_done = false;
  std::atomic<bool> was_one = false;
  std::thread watcher([&] {
    while (!is_done) {
      if (get() == 1) was_one = true;
      std::this_thread::yield();
    }
  });
  EXPECT_EQ(find(*session, picture("one_face.jpg")).size(), 1U);
  is_done = true;
  watcher.join();
  EXPECT_TRUE(was_one);
  EXPECT_EQ(get(), 2) << "what others use is as it was";
}

TEST_F(DlibTest, SaysWhichLibraryItComputesWith) {
  engine()->load(hog()).value();
  EXPECT_THAT(log_.all(), Contains(HasSubstr("dlib computes with /")));
}

std::vector<ConformanceCase> cases() {
  if (!has_mirror()) return {};
  ConformanceCase with_hog;
  with_hog.module = k_module;
  with_hog.format = "dlib";
  with_hog.files = {k_descriptor, k_landmarks};
  with_hog.open_side = 96;
  return {with_hog};
}

INSTANTIATE_TEST_SUITE_P(Dlib, EngineConformance, testing::ValuesIn(cases()), name_of_case);

}  // namespace
}  // namespace modelhub::engine
