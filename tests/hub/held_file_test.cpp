// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/held_file.h"

#include <gmock/gmock.h>

#include "hub/hub_fixture.h"
#include "support/archives.h"

namespace modelhub {
namespace {

using ::testing::HasSubstr;

// The toy, as one member of an archive that is installed as it is.
class HeldFileTest : public HubTest {
 protected:
  HeldFileTest() {
    serve_archive(test::tar_gz_of({{"toy/README", "read me"}, {member_, k_model}}));
  }

  void serve_archive(const std::string& archive, std::size_t bytes = k_model.size()) {
    serve(archive);
    std::string text = document(archive, "scripted", {});
    replace(text, R"("path": "toy.txt", "role": "graph")",
            R"("path": "toy.tar.gz", "role": "archive")");
    replace(text, R"("urls": [] })",
            R"("urls": [], "holds": { "kind": "tar.gz", "member": ")" + member_ +
                R"(", "bytes": )" + std::to_string(bytes) + " } }");
    options_.catalogs = {scratch_.write("layer.json", text)};
  }

  static void replace(std::string& text, const std::string& what, const std::string& by) {
    const std::size_t at = text.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    text.replace(at, what.size(), by);
  }

  // What it takes a picture for, loaded by a hub that has nothing in memory.
  std::string answer() {
    const Hub hub = open();
    const Result<Classifier> classifier = hub.classifier("toy").get();
    if (!classifier) return classifier.error().to_string();
    const Result<Classifications> classes = classifier->classify(picture());
    return classes ? (*classes)[0].label : classes.error().to_string();
  }

  Error refusal() {
    const Result<Model> model = open().ensure_ready("toy").get();
    return model ? Error(ErrorCode::internal, Subject::other, "it was loaded") : model.error();
  }

  // The one file of this name below `derived`.
  std::string derived(const std::string& name) const {
    std::string found;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(scratch_.path("home/derived"))) {
      if (entry.path().filename() != name) continue;
      EXPECT_EQ(found, "");
      found = entry.path().string();
    }
    return found;
  }

  const std::string member_ = "toy/graph.txt";
};

TEST_F(HeldFileTest, TheEngineGetsWhatTheArchiveHolds) {
  EXPECT_EQ(answer(), "bee");
  EXPECT_EQ(test::content_of(derived("content")), k_model);
  EXPECT_EQ(server_.request_count(), 1U);
}

TEST_F(HeldFileTest, ALaterLoadTakesWhatAnEarlierOneTookOut) {
  ASSERT_EQ(answer(), "bee");
  const auto when = std::filesystem::last_write_time(derived("content"));
  EXPECT_EQ(answer(), "bee");
  EXPECT_EQ(std::filesystem::last_write_time(derived("content")), when);
}

TEST_F(HeldFileTest, WhatWasDamagedIsTakenOutAnew) {
  ASSERT_EQ(answer(), "bee");
  std::string damaged = k_model;
  replace(damaged, "0.1 0.7", "0.7 0.1");
  std::ofstream(derived("content"), std::ios::binary) << damaged;
  EXPECT_EQ(answer(), "bee");
  std::filesystem::remove(derived("sha256"));
  EXPECT_EQ(answer(), "bee");
  std::filesystem::remove(derived("content"));
  EXPECT_EQ(answer(), "bee");
  EXPECT_EQ(test::content_of(derived("content")), k_model);
}

TEST_F(HeldFileTest, AnArchiveWithoutTheMemberIsTold) {
  serve_archive(test::tar_gz_of({{"toy/other.txt", k_model}}));
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_THAT(error.message,
              HasSubstr("toy.tar.gz: it has no file 'toy/graph.txt'; it has 'toy/other.txt'"));
  EXPECT_THAT(error.to_string(), HasSubstr("take graph.txt out of toy.tar.gz"));
  EXPECT_EQ(derived("content"), "") << "nothing is left of it";
}

TEST_F(HeldFileTest, AMemberOfAnotherSizeIsTold) {
  for (const std::size_t bytes : {k_model.size() - 1, k_model.size() + 1}) {
    serve_archive(test::tar_gz_of({{member_, k_model}}), bytes);
    const Error error = refusal();
    EXPECT_EQ(error.code, ErrorCode::corrupt_data);
    EXPECT_EQ(error.subject, Subject::model);
    EXPECT_THAT(error.message, HasSubstr("'toy/graph.txt' in toy.tar.gz is not of the "));
    EXPECT_EQ(derived("content"), "");
  }
}

TEST_F(HeldFileTest, WithoutRoomNothingIsTakenOut) {
  ASSERT_TRUE(open().pull("toy").get());
  ASSERT_TRUE(open().set_budget(ByteCount(16 * 1024)));
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::no_space);
  EXPECT_EQ(error.subject, Subject::store);
  EXPECT_EQ(derived("content"), "");
}

}  // namespace
}  // namespace modelhub
