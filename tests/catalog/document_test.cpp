// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "catalog/document.h"

#include "catalog/documents.h"

namespace modelhub::catalog {
namespace {

using Json = nlohmann::ordered_json;

// The line of the first appearance of `needle` in the text, from 1.
int line_of(const std::string& text, const std::string& needle) {
  const std::size_t at = text.find(needle);
  EXPECT_NE(at, std::string::npos) << needle;
  return 1 + static_cast<int>(
                 std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

struct BadCase {
  const char* name;
  std::function<void(Json&)> spoil;  // changes a right document
  std::string path;
  std::string what;    // part of the message
  std::string needle;  // where the line is; empty: not looked at
  ErrorCode code = ErrorCode::corrupt_data;
};

Json& first_model(Json& d) { return d["models"][0]; }
Json& first_version(Json& d) { return first_model(d)["versions"][0]; }
Json& first_variant(Json& d) { return first_version(d)["variants"][0]; }
Json& first_file(Json& d) { return first_variant(d)["files"][0]; }
Json& first_input(Json& d) { return first_variant(d)["recipe"]["inputs"][0]; }

const std::string k_model = "models[0]";
const std::string k_version = "models[0].versions[0]";
const std::string k_variant = "models[0].versions[0].variants[0]";
const std::string k_file = "models[0].versions[0].variants[0].files[0]";
const std::string k_input = "models[0].versions[0].variants[0].recipe.inputs[0]";

void expect_refused(const BadCase& bad) {
  SCOPED_TRACE(bad.name);
  Json document = document_json();
  bad.spoil(document);
  const std::string text = text_of(document);
  const Result<std::vector<ModelPatch>> models = read_document(text, "file.json");
  ASSERT_FALSE(models);
  const Error& error = models.error();
  EXPECT_EQ(error.code, bad.code);
  EXPECT_EQ(error.subject, Subject::catalog);
  EXPECT_NE(error.message.find(": " + bad.path + (bad.path.empty() ? "" : ": ")), std::string::npos)
      << error.message;
  EXPECT_NE(error.message.find(bad.what), std::string::npos) << error.message;
  EXPECT_FALSE(error.hint.empty());
  if (!bad.needle.empty()) {
    const std::string place = "file.json:" + std::to_string(line_of(text, bad.needle)) + ": ";
    EXPECT_EQ(error.message.rfind(place, 0), 0U) << error.message << " wanted " << place;
  }
}

TEST(DocumentTest, WhatIsRightIsRead) {
  const std::vector<ModelPatch> models =
      read_document(text_of(document_json()), "file.json").value();
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0].versions[0].origin, "file.json");
}

TEST(DocumentTest, BadFilesAreNamedWithLinePathAndReason) {
  const std::string k_empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const std::vector<BadCase> k_cases = {
      {"digest of 63 characters", [](Json& d) { first_file(d)["sha256"] = std::string(63, 'a'); },
       k_file + ".sha256", "63 characters, expected 64", "\"sha256\""},
      {"digest with another letter",
       [](Json& d) { first_file(d)["sha256"] = std::string(64, 'g'); }, k_file + ".sha256",
       "not a hexadecimal digit", "\"sha256\""},
      {"digest of the empty file", [&](Json& d) { first_file(d)["sha256"] = k_empty; },
       k_file + ".sha256", "of an empty file", "\"sha256\""},
      {"size 0", [](Json& d) { first_file(d)["bytes"] = 0; }, k_file + ".bytes", "0 bytes",
       "\"bytes\""},
      {"negative size", [](Json& d) { first_file(d)["bytes"] = -5; }, k_file + ".bytes",
       "whole number", "\"bytes\""},
      {"half a byte", [](Json& d) { first_file(d)["bytes"] = 1.5; }, k_file + ".bytes",
       "whole number", "\"bytes\""},
      {"a size that no file has", [](Json& d) { first_file(d)["bytes"] = 1ULL << 60; },
       k_file + ".bytes", "more than", "\"bytes\""},
      {"size as text", [](Json& d) { first_file(d)["bytes"] = "10"; }, k_file + ".bytes",
       "expected a number, found a string", "\"bytes\""},
      {"no digest", [](Json& d) { first_file(d).erase("sha256"); }, k_file,
       "mandatory field \"sha256\" is missing", ""},
      {"no size", [](Json& d) { first_file(d).erase("bytes"); }, k_file,
       "mandatory field \"bytes\" is missing", ""},
      {"no path", [](Json& d) { first_file(d).erase("path"); }, k_file,
       "mandatory field \"path\" is missing", ""},
      {"path that climbs", [](Json& d) { first_file(d)["path"] = "a/../../etc"; }, k_file + ".path",
       "the part '..'", "\"path\""},
      {"absolute path", [](Json& d) { first_file(d)["path"] = "/etc/passwd"; }, k_file + ".path",
       "absolute", "\"path\""},
      {"path twice", [](Json& d) { first_variant(d)["files"].push_back(first_file(d)); },
       k_variant + ".files[1]", "stands here twice", ""},
      {"file and folder",
       [](Json& d) { first_variant(d)["files"].push_back(file_json("onnx-fp32.onnx/x")); },
       k_variant + ".files[1]", "a file and a folder", ""},
      {"no files", [](Json& d) { first_variant(d)["files"] = Json::array(); }, k_variant + ".files",
       "at least one file", "\"files\""},
      {"files is no list", [](Json& d) { first_variant(d)["files"] = 3; }, k_variant + ".files",
       "expected an array, found a number", "\"files\""},
      {"URL of another kind", [](Json& d) { first_file(d)["urls"][0] = "ftp://a/b"; },
       k_file + ".urls[0]", "not a URL that begins with", "ftp://a/b"},
      {"URL with a blank", [](Json& d) { first_file(d)["urls"][0] = "https://a/b c"; },
       k_file + ".urls[0]", "blank", "https://a/b c"},
      {"tar.gz without member",
       [](Json& d) {
         first_file(d)["unpack"] = {{"kind", "tar.gz"}, {"bytes", 5}, {"sha256", k_digest}};
       },
       k_file + ".unpack", "needs \"member\"", "\"unpack\""},
      {"unpack without digest",
       [](Json& d) {
         first_file(d)["unpack"] = {{"kind", "bz2"}, {"bytes", 5}};
       },
       k_file + ".unpack", "\"sha256\" is missing", "\"unpack\""},
      {"holds without member",
       [](Json& d) {
         first_file(d)["holds"] = {{"kind", "tar.gz"}, {"bytes", 5}};
       },
       k_file + ".holds", "needs \"member\"", "\"holds\""},
      {"holds without size",
       [](Json& d) {
         first_file(d)["holds"] = {{"kind", "bz2"}};
       },
       k_file + ".holds", "\"bytes\" is missing", "\"holds\""},
      {"holds in an archive of an unknown kind",
       [](Json& d) {
         first_file(d)["holds"] = {{"kind", "zip"}, {"bytes", 5}};
       },
       k_file + ".holds", "of the kind 'zip' cannot be read", "\"holds\""},
      {"holds in what is unpacked",
       [](Json& d) {
         first_file(d)["unpack"] = {{"kind", "bz2"}, {"bytes", 5}, {"sha256", k_digest}};
         first_file(d)["holds"] = {{"kind", "bz2"}, {"bytes", 5}};
       },
       k_file + ".holds", "is no archive any more", "\"holds\""},
  };
  for (const BadCase& bad : k_cases) expect_refused(bad);
}

TEST(DocumentTest, BadModelsAreNamedWithLinePathAndReason) {
  const std::vector<BadCase> k_cases = {
      {"version twice", [](Json& d) { first_model(d)["versions"].push_back(version_json("1")); },
       k_model + ".versions[1]", "the version '1' of m stands here twice", ""},
      {"model twice", [](Json& d) { d["models"].push_back(model_json()); }, "models[1]",
       "the model 'm' stands here twice", ""},
      {"variant twice", [](Json& d) { first_version(d)["variants"].push_back(variant_json()); },
       k_version + ".variants[1]", "the variant 'onnx-fp32' stands here twice", ""},
      {"alias twice",
       [](Json& d) {
         first_model(d)["aliases"] = {"big-model", "BigModel"};
       },
       k_model + ".aliases[1]", "the alias 'BigModel' stands here twice", "BigModel"},
      {"alias of another model",
       [](Json& d) {
         first_model(d)["aliases"] = {"other"};
         d["models"].push_back(model_json("other"));
       },
       "models[1]", "'other' belongs to 'm' already", ""},
      {"alias that is only a spelling", [](Json& d) { first_model(d)["aliases"] = {"M"}; },
       k_model + ".aliases[0]", "only another spelling", "\"M\""},
      {"name in upper case", [](Json& d) { first_model(d)["name"] = "YOLO"; }, k_model + ".name",
       "lower case", "\"name\""},
      {"name as a path", [](Json& d) { first_model(d)["name"] = "../m"; }, k_model + ".name",
       "lower case", "\"name\""},
      {"empty name", [](Json& d) { first_model(d)["name"] = ""; }, k_model + ".name", "is empty",
       "\"name\""},
      {"no name", [](Json& d) { first_model(d).erase("name"); }, k_model, "\"name\" is missing",
       ""},
      {"name too long", [](Json& d) { first_model(d)["name"] = std::string(81, 'a'); },
       k_model + ".name", "longer than 80", "\"name\""},
      {"version as a path", [](Json& d) { first_version(d)["version"] = "1/2"; },
       k_version + ".version", "digits and any of", "\"version\""},
      {"version as a number", [](Json& d) { first_version(d)["version"] = 1; },
       k_version + ".version", "expected a string, found a number", "\"version\""},
      {"no variants", [](Json& d) { first_version(d)["variants"] = Json::array(); },
       k_version + ".variants", "at least one variant", "\"variants\""},
      {"default variant that is not there",
       [](Json& d) { first_version(d)["default_variant"] = "x"; }, k_version + ".default_variant",
       "there is no variant 'x'", "\"default_variant\""},
      {"no format", [](Json& d) { first_variant(d).erase("format"); }, k_variant,
       "\"format\" is missing", ""},
      {"engine without version", [](Json& d) { first_variant(d)["engines"][0] = "onnxruntime>="; },
       k_variant + ".engines[0]", "write it like", "onnxruntime>="},
      {"empty licence", [](Json& d) { first_model(d)["license"] = ""; }, k_model + ".license",
       "is empty", "\"license\""},
      {"control character", [](Json& d) { first_model(d)["title"] = "a\x1b[2J"; },
       k_model + ".title", "control character", "\"title\""},
      {"a model that is text", [](Json& d) { d["models"][0] = "m"; }, k_model,
       "expected an object, found a string", ""},
  };
  for (const BadCase& bad : k_cases) expect_refused(bad);
}

TEST(DocumentTest, BadRecipesAreNamedWithLinePathAndReason) {
  const std::vector<BadCase> k_cases = {
      {"size of three",
       [](Json& d) {
         first_input(d)["size"] = {1, 2, 3};
       },
       k_input + ".size", "[width, height]", "\"size\""},
      {"size 0",
       [](Json& d) {
         first_input(d)["size"] = {0, 2};
       },
       k_input + ".size[0]", "at least 1", ""},
      {"division by 0",
       [](Json& d) {
         first_input(d)["std"] = {1, 0, 1};
       },
       k_input + ".std", "cannot be 0", "\"std\""},
      {"mean of two",
       [](Json& d) {
         first_input(d)["mean"] = {1, 2};
       },
       k_input + ".mean", "2 numbers for 3 channels", "\"mean\""},
      {"no decode", [](Json& d) { first_variant(d)["recipe"].erase("decode"); },
       k_variant + ".recipe", "\"decode\" is missing", "\"recipe\""},
      {"no inputs", [](Json& d) { first_variant(d)["recipe"]["inputs"] = Json::array(); },
       k_variant + ".recipe.inputs", "at least one input", "\"inputs\""},
      {"object as a parameter",
       [](Json& d) {
         first_variant(d)["recipe"]["post"] = {{"conf", Json::object()}};
       },
       k_variant + ".recipe.post.conf", "expected a flag, a number", "\"conf\""},
      {"golden without picture",
       [](Json& d) {
         first_variant(d)["golden"] = {{"text", "x"}};
       },
       k_variant + ".golden", "\"image\" is missing", "\"golden\""},
      {"golden without expectation",
       [](Json& d) {
         first_variant(d)["golden"] = {{"image", file_json()}};
       },
       k_variant + ".golden", "expects nothing", "\"golden\""},
      {"count upside down",
       [](Json& d) {
         first_variant(d)["golden"] = {{"image", file_json()}, {"count", {5, 3}}};
       },
       k_variant + ".golden.count", "[least, most]", "\"count\""},
      {"box of three",
       [](Json& d) {
         first_variant(d)["golden"] = {{"image", file_json()}, {"expect", {{{"box", {1, 2, 3}}}}}};
       },
       k_variant + ".golden.expect[0].box", "four numbers", "\"box\""},
      {"stage that refers to nothing",
       [](Json& d) {
         first_variant(d)["stages"] = {{{"role", "a"}, {"ref", "@1"}}};
       },
       k_variant + ".stages[0].ref", "it has no name", "\"ref\""},
  };
  for (const BadCase& bad : k_cases) expect_refused(bad);
}

TEST(DocumentTest, ASchemaOfTheFutureIsUnsupportedAndAsksForANewerModelhub) {
  const std::vector<BadCase> k_cases = {
      {"newer", [](Json& d) { d["schema"] = 2; }, "schema",
       "has schema 2, this modelhub reads up to 1", "\"schema\"", ErrorCode::unsupported},
      {"newer, and the rest is strange",
       [](Json& d) {
         d = {{"schema", 7}, {"models", 3}};
       },
       "schema", "has schema 7", "", ErrorCode::unsupported},
      {"none", [](Json& d) { d.erase("schema"); }, "", "\"schema\" is missing", ""},
      {"zero", [](Json& d) { d["schema"] = 0; }, "schema", "at least 1", "\"schema\""},
      {"text", [](Json& d) { d["schema"] = "1"; }, "schema", "expected a number", "\"schema\""},
      {"no models", [](Json& d) { d.erase("models"); }, "", "\"models\" is missing", ""},
      {"models is an object", [](Json& d) { d["models"] = Json::object(); }, "models",
       "expected an array", ""},
  };
  for (const BadCase& bad : k_cases) expect_refused(bad);
  const Result<std::vector<ModelPatch>> newer = read_document(R"({"schema": 2})", "file.json");
  EXPECT_EQ(newer.error().hint, "a newer modelhub is needed for this document");
}

TEST(DocumentTest, ARootThatIsNoObjectIsRefused) {
  for (const char* text : {"[]", "3", "\"x\"", "null"}) {
    const Result<std::vector<ModelPatch>> models = read_document(text, "file.json");
    ASSERT_FALSE(models) << text;
    EXPECT_EQ(models.error().code, ErrorCode::corrupt_data);
    EXPECT_NE(models.error().message.find("file.json:1: expected an object"), std::string::npos)
        << models.error().message;
  }
}

TEST(DocumentTest, CredentialsInAUrlAreRefusedAndNotShown) {
  Json document = document_json();
  first_file(document)["urls"][0] = "https://user:secret@example.org/a";
  const Result<std::vector<ModelPatch>> models = read_document(text_of(document), "file.json");
  ASSERT_FALSE(models);
  EXPECT_NE(models.error().message.find("user name or password"), std::string::npos);
  EXPECT_EQ(models.error().to_string().find("secret"), std::string::npos);
}

TEST(DocumentTest, FieldsAndKindsOfTheFutureAreRead) {
  Json document = document_json();
  document["generator"] = "tomorrow";
  first_model(document)["stars"] = 5;
  first_file(document)["chunks"] = Json::array();
  first_file(document)["role"] = "hologram";
  first_variant(document)["format"] = "crystal";
  first_variant(document)["recipe"]["decode"] = {{"kind", "yolo99"}, {"depth", 3}};
  const std::vector<ModelPatch> models = read_document(text_of(document), "file.json").value();
  const Variant& variant = models[0].versions[0].variants[0];
  EXPECT_EQ(variant.format, "crystal");
  EXPECT_EQ(variant.files[0].role, "hologram");
  EXPECT_EQ(variant.recipe->decode, "yolo99");
  EXPECT_EQ(variant.recipe->decode_params.find_number("depth"), 3);
}

TEST(DocumentTest, AFileWithoutUrlsIsKnownByItsDigestOnly) {
  Json document = document_json();
  first_file(document).erase("urls");
  EXPECT_TRUE(read_document(text_of(document), "file.json")
                  .value()[0]
                  .versions[0]
                  .variants[0]
                  .files[0]
                  .urls.empty());
}

}  // namespace
}  // namespace modelhub::catalog
