// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Faces with dlib's real weights: `run`, and `compare` of two pictures.
#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>

#include "cli_fixture.h"

namespace modelhub::test {
namespace {

using ::testing::HasSubstr;

class DlibFacesTest : public CliTest {
 protected:
  // The weights are unpacked once for all tests of a build.
  DlibFacesTest() { options_.environment["MODELHUB_HOME"] = MODELHUB_FACES_HOME; }

  std::string picture(const std::string& name) const { return shared("images/" + name); }
  ProcessResult compare(const std::string& a, const std::string& b,
                        const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"compare", a, b};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  static Json reference() {
    return json_of(read(shared("reference/faces_face_recognition.json")))["images"];
  }
};

double distance(const Json& a, const Json& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += std::pow(a[i].get<double>() - b[i].get<double>(), 2);
  return std::sqrt(sum);
}

TEST_F(DlibFacesTest, RunGivesTheNumbersOfFaceRecognition) {
  const ProcessResult result = run({"run", "face_recognition", picture("one_face.jpg"), "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json document = json_of(result.out);
  EXPECT_THAT(document["engine"].get<std::string>(), HasSubstr("dlib "));
  EXPECT_EQ(document["variant"], "hog");
  const Json faces = document["results"][0]["faces"];
  ASSERT_EQ(faces.size(), 1U);
  const Json wanted = reference()["one_face.jpg"]["faces"][0];
  ASSERT_EQ(faces[0]["embedding"].size(), 128U);
  EXPECT_LE(distance(faces[0]["embedding"], wanted["descriptor"]), 0.05);
  EXPECT_EQ(faces[0]["landmarks"].size(), 5U);
  EXPECT_GT(faces[0]["score"], 0.5);
  EXPECT_LT(faces[0]["score"], 1);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_NEAR(faces[0]["box"][i].get<double>(), wanted["box"][i].get<double>(), 3);
}

TEST_F(DlibFacesTest, APictureWithoutFacesIsNoFailureOfRun) {
  const ProcessResult result = run({"run", "face_recognition", picture("cat.jpg"), "--no-picture"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("no face"));
}

TEST_F(DlibFacesTest, OneFaceIsComparedWithItself) {
  const ProcessResult result = compare(picture("one_face.jpg"), picture("one_face.jpg"));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("face 1 at (76, 290) 386 x 386: the same person as face 1"));
  EXPECT_THAT(result.out, HasSubstr("distance 0.000"));
  EXPECT_THAT(result.out,
              HasSubstr("verdict: the same person (threshold: euclidean distance 0.600)"));
}

TEST_F(DlibFacesTest, DistancesAreThoseOfTheReference) {
  const ProcessResult result =
      compare(picture("one_face.jpg"), picture("bald_guys.jpg"), {"--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json document = json_of(result.out);
  for (const char* field :
       {"schema_version", "model", "version", "variant", "engine", "device", "metric", "threshold",
        "first", "second", "distances", "matches", "verdict", "same_person"}) {
    EXPECT_TRUE(document.contains(field)) << field;
  }
  EXPECT_EQ(document["metric"], "euclidean");
  EXPECT_EQ(document["threshold"], 0.6);
  EXPECT_EQ(document["first"]["faces"].size(), 1U);
  const Json faces = document["second"]["faces"];
  ASSERT_EQ(faces.size(), 24U);
  const Json images = reference();
  const Json one = images["one_face.jpg"]["faces"][0]["descriptor"];
  // Each of the two may be 0.05 off.
  for (const Json& face : images["bald_guys.jpg"]["faces"]) {
    std::size_t same = 0;
    while (same < faces.size() &&
           std::abs(faces[same]["box"][0].get<double>() - face["box"][0].get<double>()) +
                   std::abs(faces[same]["box"][1].get<double>() - face["box"][1].get<double>()) >
               4) {
      ++same;
    }
    ASSERT_LT(same, faces.size()) << face["box"];
    EXPECT_NEAR(document["distances"][0][same].get<double>(), distance(one, face["descriptor"]),
                0.1);
  }
  EXPECT_EQ(document["matches"].size(), 1U);
  EXPECT_GT(document["matches"][0]["margin"], 0);
}

TEST_F(DlibFacesTest, ManyFacesAreEachMatchedOnce) {
  const std::string guys = picture("bald_guys.jpg");
  const ProcessResult result = compare(guys, guys, {"--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json document = json_of(result.out);
  ASSERT_EQ(document["matches"].size(), 24U);
  for (std::size_t i = 0; i < 24; ++i) {
    EXPECT_EQ(document["matches"][i]["second"], i);
    EXPECT_EQ(document["matches"][i]["distance"], 0);
  }
  EXPECT_EQ(document["verdict"], "24 people are in both pictures");
  EXPECT_EQ(document["same_person"], true);
}

TEST_F(DlibFacesTest, SeveralFacesAreExplained) {
  const ProcessResult result = compare(picture("one_face.jpg"), picture("bald_guys.jpg"));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("one_face.jpg: 1 face "));
  EXPECT_THAT(result.out, HasSubstr("bald_guys.jpg: 24 faces"));
  EXPECT_THAT(result.out, HasSubstr("farther)"));
  EXPECT_THAT(result.err, HasSubstr("every face was compared with every other"));
}

TEST_F(DlibFacesTest, APictureWithoutAFaceIsNamed) {
  const ProcessResult second = compare(picture("one_face.jpg"), picture("cat.jpg"));
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_TRUE(second.out.empty());
  EXPECT_THAT(second.err, HasSubstr("no face was found in " + picture("cat.jpg")));
  EXPECT_THAT(second.err, ::testing::Not(HasSubstr("nor in")));
  const ProcessResult first = compare(picture("dog.jpg"), picture("one_face.jpg"));
  EXPECT_EQ(first.exit_code, 1);
  EXPECT_THAT(first.err, HasSubstr("no face was found in " + picture("dog.jpg")));
  EXPECT_THAT(first.err, HasSubstr("hint: "));
  const ProcessResult both = compare(picture("cat.jpg"), picture("dog.jpg"), {"--json"});
  EXPECT_EQ(both.exit_code, 1);
  const Json error = json_of(both.err)["error"];
  EXPECT_EQ(error["code"], "not_found");
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr("nor in " + picture("dog.jpg")));
}

TEST_F(DlibFacesTest, WhatCannotBeComparedIsToldBeforeAnythingIsFetched) {
  options_.environment["MODELHUB_HOME"] = home_;
  EXPECT_EQ(compare("absent.jpg", picture("cat.jpg")).exit_code, 1);
  EXPECT_EQ(compare(picture("cat.jpg"), "absent.jpg").exit_code, 1);
  EXPECT_EQ(compare("-", "-").exit_code, 2);
  EXPECT_EQ(compare(picture("cat.jpg"), picture("dog.jpg"), {"--model", "face_recog"}).exit_code,
            3);
  EXPECT_EQ(run({"compare", picture("cat.jpg")}).exit_code, 2);
  EXPECT_EQ(compare(picture("cat.jpg"), picture("dog.jpg"), {"--offline"}).exit_code, 8);
  EXPECT_TRUE(files_below(home_).empty());
}

TEST_F(DlibFacesTest, ADeviceThatDlibDoesNotHaveEndsWith7) {
  const std::string face = picture("one_face.jpg");
  const ProcessResult result = compare(face, face, {"--device", "cuda:0"});
  EXPECT_EQ(result.exit_code, 7) << result.err;
}

TEST_F(DlibFacesTest, APictureMayComeFromStandardInput) {
  options_.input = read(picture("one_face.jpg"));
  const ProcessResult result = compare("-", picture("one_face.jpg"));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("-: 1 face"));
}

}  // namespace
}  // namespace modelhub::test
