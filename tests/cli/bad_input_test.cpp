// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "cli_fixture.h"

namespace modelhub::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

// A one-model document; the parts that a test spoils are parameters.
std::string document(const std::string& path, const std::string& bytes, const std::string& digest,
                     const std::string& schema = "1") {
  return "{ \"schema\": " + schema +
         ", \"models\": [ { \"name\": \"mine\", \"task\": \"detect\", \"title\": \"Mine\",\n" +
         "  \"license\": \"MIT\", \"default_version\": \"1\", \"versions\": [ { \"version\": "
         "\"1\", \"variants\": [\n" +
         "    { \"id\": \"onnx\", \"format\": \"onnx\", \"precision\": \"float32\", \"files\": "
         "[\n" +
         "      { \"path\": \"" + path + "\", \"bytes\": " + bytes + ", \"sha256\": \"" + digest +
         "\",\n" + "        \"urls\": [] } ] } ] } ] } ] }\n";
}

const std::string k_digest(64, 'a');

class BadCatalogTest : public CliTest {
 protected:
  ProcessResult list_with(const std::string& text) {
    return run({"--catalog", write("layer.json", text), "list"});
  }
  void expect_refused(const std::string& text, const std::string& what) {
    const ProcessResult result = list_with(text);
    EXPECT_EQ(result.exit_code, 1) << result.out;
    EXPECT_THAT(result.err, HasSubstr("layer.json:")) << "the line is missing";
    EXPECT_THAT(result.err, HasSubstr(what));
  }
};

TEST_F(BadCatalogTest, AGoodDocumentIsRead) {
  const ProcessResult result = list_with(document("a.onnx", "5", k_digest));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("mine"));
}

TEST_F(BadCatalogTest, WrongJsonNamesFileAndLine) {
  expect_refused("{\n  \"schema\": 1,\n  oops\n}", "layer.json:3");
}

TEST_F(BadCatalogTest, ADigestOf63CharactersIsRefused) {
  expect_refused(document("a.onnx", "5", k_digest.substr(1)), "63 characters");
}

TEST_F(BadCatalogTest, APathThatLeavesTheModelIsRefused) {
  expect_refused(document("../a.onnx", "5", k_digest), "'..'");
}

TEST_F(BadCatalogTest, SizeZeroIsRefused) {
  expect_refused(document("a.onnx", "0", k_digest), "0");
}

TEST_F(BadCatalogTest, ANewerSchemaIsRefused) {
  const ProcessResult result = list_with(document("a.onnx", "5", k_digest, "2"));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("newer"));
}

TEST_F(BadCatalogTest, AVersionThatIsThereTwiceIsRefused) {
  std::string text = document("a.onnx", "5", k_digest);
  const std::string version = "{ \"version\": \"1\", \"variants\": [";
  const std::size_t at = text.find(version);
  const std::string one = text.substr(at, text.rfind("] } ] }") - at);
  text.insert(at, one.substr(0, one.rfind('}') + 1) + ", ");
  EXPECT_NE(list_with(text).exit_code, 0);
}

TEST_F(BadCatalogTest, ADocumentThatIsNotThereIsNamed) {
  const ProcessResult result = run({"--catalog", in_work("absent.json"), "list"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("absent.json"));
}

class BadPictureTest : public CliTest {
 protected:
  void expect_refused(const std::string& picture) {
    const ProcessResult result = run({"run", "yolov8n", picture});
    EXPECT_THAT(result.exit_code, AnyOf(1, 2)) << result.err;
    EXPECT_THAT(result.err, HasSubstr(picture));
    EXPECT_TRUE(result.out.empty());
    EXPECT_TRUE(files_below(home_).empty())
        << "nothing is pulled for a picture that cannot be read";
  }
};

TEST_F(BadPictureTest, MissingFile) { expect_refused("no_such.jpg"); }
TEST_F(BadPictureTest, Directory) { expect_refused(work_); }
TEST_F(BadPictureTest, EmptyFile) { expect_refused(write("empty.jpg", "")); }
TEST_F(BadPictureTest, TextNamedPng) {
  expect_refused(write("text.png", "this is not a picture\n"));
}
TEST_F(BadPictureTest, BrokenJpeg) {
  expect_refused(write("broken.jpg", read(shared("images/bus.jpg")).substr(0, 100'000)));
}

TEST_F(BadPictureTest, HeaderBomb) {
  // A PNG that claims 60,000 x 60,000 pixels in 45 bytes; the checksum of its header is right.
  const unsigned char bomb[] = {0x89, 'P',  'N', 'G', '\r', '\n', 0x1a, '\n', 0,    0,    0,
                                13,   'I',  'H', 'D', 'R',  0,    0,    0xea, 0x60, 0,    0,
                                0xea, 0x60, 8,   2,   0,    0,    0,    0,    0,    0,    0,
                                0,    0,    0,   'I', 'D',  'A',  'T',  0x35, 0xaf, 0x06, 0x1e};
  expect_refused(write("bomb.png", std::string(reinterpret_cast<const char*>(bomb), sizeof bomb)));
}

TEST_F(CliTest, AHomeThatCannotBeWrittenEndsWith6) {
  const std::string file = write("a_file", "");
  options_.environment["MODELHUB_HOME"] = file + "/home";
  const ProcessResult result = run({"pull", "ultraface"});
  EXPECT_EQ(result.exit_code, 6) << result.err;
  EXPECT_THAT(result.err, HasSubstr(file));
}

TEST_F(CliTest, AReadOnlyHomeEndsWith6AndStillLists) {
  if (::geteuid() == 0) {
    // Root writes everywhere; a file system that refuses even root is /proc.
    options_.environment["MODELHUB_HOME"] = "/proc/modelhub";
  } else {
    ASSERT_EQ(::mkdir(home_.c_str(), 0555), 0);
  }
  EXPECT_EQ(run({"list"}).exit_code, 0);
  EXPECT_EQ(run({"pull", "ultraface"}).exit_code, 6);
}

TEST_F(CliTest, AStoreOfANewerLayoutIsRefused) {
  ASSERT_EQ(run({"pull", "ultraface"}).exit_code, 0);
  const std::string format = home_ + "/format";
  std::string text = read(format);
  text.replace(text.find('1'), 1, "99");
  write("home/format", text);
  const ProcessResult result = run({"pull", "yunet"});
  EXPECT_EQ(result.exit_code, 6) << result.err;
  EXPECT_THAT(result.err, HasSubstr("99"));
}

TEST_F(CliTest, ALicenseThatIsNotAllowedIsRefusedWithAnAlternative) {
  const ProcessResult result = run({"--licenses", "Apache-2.0,MIT", "pull", "yolov8n"});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("AGPL-3.0"));
  EXPECT_THAT(result.err, HasSubstr("yolox"));
  EXPECT_TRUE(files_below(home_).empty());
}

}  // namespace
}  // namespace modelhub::test
