// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "shared/compiled_file.h"

#include <stdexcept>

#include <gmock/gmock.h>

#include "engine/engine_fixture.h"

namespace modelhub::engine_shared {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CompileCacheFileTest : public engine::EngineTest {
 protected:
  CompileCacheFileTest() {
    host_.size = sizeof host_;
    host_.log = [](void* log, mh_log_level, const char* line) {
      static_cast<std::vector<std::string>*>(log)->emplace_back(line);
    };
    host_.log_context = &log_;
  }

  CompileCache cache(const std::string& name = "compiled",
                     const std::string& maker = "a library 1.0") const {
    engine_module::LoadRequest request;
    request.settings = {{"precision", "exact"}, {"cache_file", name.empty() ? "" : path(name)}};
    return {request, maker, engine_module::Host(&host_)};
  }
  static auto writer_of(const std::string& content) {
    return [content](const std::string& path) { std::ofstream(path, std::ios::binary) << content; };
  }
  static CompileCache::WriteParts writer_of(const std::string& content, const std::string& graph) {
    return [content, graph](const std::string& to, const std::string& graph_to) {
      EXPECT_EQ(std::filesystem::path(to).parent_path(),
                std::filesystem::path(graph_to).parent_path());
      EXPECT_EQ(std::filesystem::path(to).filename(), "compiled");
      if (!content.empty()) std::ofstream(to, std::ios::binary) << content;
      if (!graph.empty()) std::ofstream(graph_to, std::ios::binary) << graph;
    };
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      names.push_back(entry.path().filename().string());
    return names;
  }

  std::vector<std::string> log_;
  mh_host host_{};
};

TEST_F(CompileCacheFileTest, GivesBackWhatWasKept) {
  // The sum takes 32 bytes at a time.
  for (const std::size_t size : {1U, 7U, 8U, 31U, 32U, 33U, 64U, 5000U}) {
    std::string content(size, 'a');
    content.back() = 'b';
    EXPECT_TRUE(cache().keep(writer_of(content))) << size;
    const auto file = cache().find();
    ASSERT_TRUE(file) << size;
    EXPECT_EQ(file->content(), content);
  }
  EXPECT_THAT(files(), ElementsAre("compiled"));
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(CompileCacheFileTest, WithoutTheSettingNothingIsDone) {
  const CompileCache none = cache("");
  EXPECT_FALSE(none.find());
  EXPECT_FALSE(none.keep([](const std::string&) { FAIL() << "it was asked to write"; }));
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(CompileCacheFileTest, AByteThatChangedAnywhereIsNoticedAndTheFileRemoved) {
  std::string content;
  for (int i = 0; i < 100; ++i) content += static_cast<char>(i * 7);
  ASSERT_TRUE(cache().keep(writer_of(content)));
  const std::string good = read("compiled");
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    write("compiled", bad);
    log_.clear();
    EXPECT_FALSE(cache().find()) << at;
    EXPECT_THAT(files(), IsEmpty()) << at;
    EXPECT_THAT(log_, ElementsAre(HasSubstr("compiling anew: ")));
  }
}

TEST_F(CompileCacheFileTest, AFileOfAnotherLengthOrOfAnotherKindIsNoticed) {
  ASSERT_TRUE(cache().keep(writer_of(std::string(100, 'x'))));
  const std::string good = read("compiled");
  for (const std::string& bad :
       {std::string(), good.substr(0, good.size() - 1), good.substr(1), good + "x",
        good.substr(0, 8), good.substr(100), std::string(good.size(), '\0'),
        std::string("<!DOCTYPE html><html><body>404 not found</body></html>")}) {
    write("compiled", bad);
    EXPECT_FALSE(cache().find()) << bad.size();
    EXPECT_THAT(files(), IsEmpty());
  }
  std::filesystem::create_directory(path("compiled"));
  EXPECT_FALSE(cache().find()) << "a folder";
}

TEST_F(CompileCacheFileTest, WhatAnotherLibraryMadeIsMadeAnew) {
  ASSERT_TRUE(cache("compiled", "a library 1.0").keep(writer_of("old")));
  EXPECT_FALSE(cache("compiled", "a library 1.1").find());
  EXPECT_THAT(log_, ElementsAre(HasSubstr("made by another library")));
}

TEST_F(CompileCacheFileTest, AMappedFileStaysAsItWasWhenItIsReplacedOrRemoved) {
  ASSERT_TRUE(cache().keep(writer_of("first")));
  const auto first = cache().find();
  ASSERT_TRUE(cache().keep(writer_of("second")));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->content(), "first");
  const auto second = cache().find();
  cache().discard("a test wants it");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->content(), "second");
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(CompileCacheFileTest, GivesBackTwoPartsAsOneFile) {
  for (const std::size_t size : {0U, 1U, 33U, 262'144U, 700'001U}) {
    const std::string content(size, 'c');
    ASSERT_TRUE(cache().keep_parts(writer_of(content, "the graph"))) << size;
    const auto file = cache().find();
    ASSERT_TRUE(file) << size;
    EXPECT_TRUE(file->content() == content) << size;
    EXPECT_EQ(file->graph(), "the graph");
    // What is compiled finds its content under the name of the file, at its beginning.
    EXPECT_TRUE(read("compiled").substr(0, size) == content);
  }
  EXPECT_THAT(files(), ElementsAre("compiled"));
  ASSERT_TRUE(cache().keep(writer_of("one part")));
  EXPECT_EQ(cache().find()->graph(), "");
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(CompileCacheFileTest, AByteThatChangedInEitherPartIsNoticed) {
  ASSERT_TRUE(cache().keep_parts(writer_of(std::string(100, 'c'), std::string(50, 'g'))));
  const std::string good = read("compiled");
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    write("compiled", bad);
    EXPECT_FALSE(cache().find()) << at;
  }
}

TEST_F(CompileCacheFileTest, PartsThatCannotBeKeptLeaveNothing) {
  EXPECT_FALSE(cache().keep_parts(writer_of("content", "")));
  EXPECT_FALSE(cache().keep_parts([](const std::string& content, const std::string& graph) {
    std::ofstream(content) << "half of it";
    std::ofstream(graph) << "a graph";
    throw std::runtime_error("the disk did not take all of it");
  }));
  EXPECT_FALSE(cache("not/there").keep_parts([](const std::string&, const std::string&) {
    FAIL() << "compiled for a file that cannot be written";
  }));
  EXPECT_FALSE(cache("").keep_parts(
      [](const std::string&, const std::string&) { FAIL() << "compiled for no file at all"; }));
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_THAT(log_, ElementsAre("what was compiled is not kept: the library wrote nothing",
                                "what was compiled is not kept: the disk did not take all of it",
                                HasSubstr("what was compiled is not kept: cannot write ")));
  std::filesystem::create_directories(path("compiled/inside"));
  EXPECT_FALSE(cache().keep_parts(writer_of("x", "y"))) << "a name that is taken by a folder";
  EXPECT_THAT(files(), ElementsAre("compiled"));
}

TEST_F(CompileCacheFileTest, WhatFailsLeavesNothingAndStopsNobody) {
  EXPECT_FALSE(cache().keep([](const std::string&) { throw std::runtime_error("no such luck"); }));
  EXPECT_FALSE(cache().keep([](const std::string&) {}));
  EXPECT_FALSE(cache("not/there").keep([](const std::string&) {
    FAIL() << "compiled for a file that cannot be written";
  }));
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_THAT(log_, ElementsAre("what was compiled is not kept: no such luck",
                                "what was compiled is not kept: the library wrote nothing",
                                HasSubstr("what was compiled is not kept: cannot write ")));
  std::filesystem::create_directories(path("folder/inside"));
  EXPECT_FALSE(cache("folder").keep(writer_of("x"))) << "a name that is taken by a folder";
  EXPECT_THAT(files(), ElementsAre("folder"));
}

}  // namespace
}  // namespace modelhub::engine_shared
