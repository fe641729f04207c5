// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/registry.h"

#include <link.h>

#include <thread>

#include <gmock/gmock.h>

#include "engine/engine_fixture.h"

namespace modelhub::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string k_engines = MODELHUB_TEST_ENGINES;

class RegistryTest : public EngineTest {
 protected:
  static RegistryOptions looking_in(std::vector<std::string> directories) {
    RegistryOptions options;
    options.directories = std::move(directories);
    return options;
  }

  // A folder below this test's, with copies of modules.
  std::string folder_with(const std::string& name, const std::vector<std::string>& modules) const {
    std::filesystem::create_directory(path(name));
    for (const std::string& module : modules) std::filesystem::copy(module, path(name));
    return path(name);
  }
};

// Of the libraries that the process has loaded, how many have `part` in their path?
int loaded_libraries_with(const std::string& part) {
  std::pair<std::string, int> search(part, 0);
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        auto& [text, count] = *static_cast<std::pair<std::string, int>*>(data);
        if (std::string(info->dlpi_name).find(text) != std::string::npos) ++count;
        return 0;
      },
      &search);
  return search.second;
}

TEST_F(RegistryTest, ListsWithoutOpeningAnything) {
  const std::string folder = folder_with("engines", {k_engines + "/modelhub_engine_doubler.so"});
  Registry registry(looking_in({folder}));
  EXPECT_THAT(registry.names(), ElementsAre("doubler"));
  EXPECT_EQ(loaded_libraries_with(folder), 0);
  EXPECT_TRUE(registry.find("doubler"));
  EXPECT_EQ(loaded_libraries_with(folder), 1);
}

TEST_F(RegistryTest, AsksForFoundSettingsOnlyWhenAModuleIsOpened) {
  RegistryOptions options = looking_in(
      {folder_with("engines", {MODELHUB_SCRIPTED_ENGINE_DIR "/modelhub_engine_scripted.so"})});
  int asked = 0;
  options.found_settings = [&]() -> std::vector<EngineSetting> {
    ++asked;
    return {{"scripted", "format", "found"}};
  };
  Registry registry(options);
  registry.names();
  EXPECT_EQ(asked, 0);
  EXPECT_THAT(registry.find("scripted").value()->info().formats, ElementsAre("found"));
  EXPECT_EQ(asked, 1);
  // What somebody has set goes before it.
  options.module.settings = {{"scripted", "format", "set"}};
  EXPECT_THAT(Registry(options).find("scripted").value()->info().formats, ElementsAre("set"));
}

TEST_F(RegistryTest, OpensOnlyWhatIsAskedFor) {
  const std::string wanted = folder_with("wanted", {k_engines + "/modelhub_engine_doubler.so"});
  const std::string other = folder_with("other", {k_engines + "/modelhub_engine_unruly.so"});
  Registry registry(looking_in({wanted, other}));
  EXPECT_EQ(registry.engines({"doubler", "abacus"}).size(), 1U);
  EXPECT_EQ(registry.infos({"doubler"}).at(0).name, "doubler");
  EXPECT_EQ(loaded_libraries_with(other), 0);
  EXPECT_EQ(registry.engines().size(), 2U);
  EXPECT_EQ(loaded_libraries_with(other), 1);
}

// OpenVINO's libraries first, whatever is asked for, where they could be shared.
TEST_F(RegistryTest, OpensOpenVinoBeforeAnEngineThatMayShareItsLibraries) {
  RegistryOptions options = looking_in({folder_with("engines", {})});
  for (const std::string name : {"openvino", "opencv", "tesseract"})
    write("engines/modelhub_engine_" + name + ".so", "no library at all");
  int opened = 0;
  options.found_settings = [&opened] {
    ++opened;
    return std::vector<EngineSetting>();
  };
  Registry registry(options);
  EXPECT_FALSE(registry.find("tesseract"));
  EXPECT_EQ(opened, 1);
  EXPECT_FALSE(registry.find("opencv"));
  EXPECT_EQ(opened, 3);
}

TEST_F(RegistryTest, FindsNothingInFoldersThatAreNotThere) {
  Registry registry(looking_in({path("not"), path("there")}));
  EXPECT_THAT(registry.names(), IsEmpty());
  EXPECT_THAT(registry.engines(), IsEmpty());
  EXPECT_THAT(registry.broken(), IsEmpty());
}

TEST_F(RegistryTest, OpensAnEngineOnce) {
  Registry registry(looking_in({k_engines}));
  const auto first = registry.find("doubler");
  const auto second = registry.find("doubler");
  ASSERT_TRUE(first);
  EXPECT_EQ(*first, *second);
}

TEST_F(RegistryTest, GivesManyThreadsTheSameEngine) {
  Registry registry(looking_in({k_engines}));
  std::vector<std::shared_ptr<Engine>> found(8);
  std::vector<std::thread> threads;
  for (auto& engine : found)
    threads.emplace_back([&] { engine = registry.find("doubler").value(); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& engine : found) EXPECT_EQ(engine, found[0]);
}

TEST_F(RegistryTest, SaysWhichEnginesThereAreWhenOneIsNot) {
  Registry registry(looking_in({k_engines}));
  const auto engine = registry.find("abacus");
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, ErrorCode::unsupported);
  EXPECT_EQ(engine.error().subject, Subject::engine);
  EXPECT_EQ(engine.error().message, "there is no engine 'abacus' here; found: doubler, unruly");
  EXPECT_THAT(engine.error().hint, HasSubstr("modelhub_engine_abacus.so"));
}

TEST_F(RegistryTest, ReportsABrokenModuleAndGoesOn) {
  const std::string folder = folder_with("engines", {k_engines + "/modelhub_engine_doubler.so"});
  write("engines/modelhub_engine_text.so", "this is no library");
  std::filesystem::create_directory(path("engines/modelhub_engine_folder.so"));
  Registry registry(looking_in({folder}));
  ASSERT_EQ(registry.engines().size(), 1U);
  EXPECT_EQ(registry.infos()[0].name, "doubler");
  const auto broken = registry.broken();
  ASSERT_EQ(broken.size(), 2U);
  EXPECT_EQ(broken[0].path, path("engines/modelhub_engine_folder.so"));
  EXPECT_EQ(broken[1].path, path("engines/modelhub_engine_text.so"));
  EXPECT_THAT(broken[1].reason, HasSubstr("file too short"));
  const auto text = registry.find("text");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::unsupported);
  EXPECT_THAT(text.error().message, HasSubstr("file too short"));
}

TEST_F(RegistryTest, TakesTheFirstOfANameAndReportsTheOthers) {
  const std::string module = k_engines + "/modelhub_engine_doubler.so";
  const std::string first = folder_with("first", {module});
  const std::string second = folder_with("second", {module});
  Registry registry(looking_in({first, second}));
  EXPECT_EQ(registry.find("doubler").value()->info().module_path,
            first + "/modelhub_engine_doubler.so");
  const auto broken = registry.broken();
  ASSERT_EQ(broken.size(), 1U);
  EXPECT_EQ(broken[0].path, second + "/modelhub_engine_doubler.so");
  EXPECT_EQ(broken[0].reason, "hidden by " + first + "/modelhub_engine_doubler.so");
}

TEST_F(RegistryTest, LetsABrokenModuleHideNothing) {
  const std::string first = folder_with("first", {});
  write("first/modelhub_engine_doubler.so", "broken");
  Registry registry(looking_in({first, k_engines}));
  EXPECT_EQ(registry.find("doubler").value()->info().module_path,
            k_engines + "/modelhub_engine_doubler.so");
  ASSERT_EQ(registry.broken().size(), 1U);
  EXPECT_EQ(registry.broken()[0].path, first + "/modelhub_engine_doubler.so");
}

TEST_F(RegistryTest, CountsAFolderOnceWhenItHasTwoNames) {
  const std::string folder = folder_with("engines", {k_engines + "/modelhub_engine_doubler.so"});
  std::filesystem::create_directory_symlink(folder, path("link"));
  Registry registry(looking_in({folder, path("link"), folder}));
  EXPECT_THAT(registry.names(), ElementsAre("doubler"));
  EXPECT_THAT(registry.broken(), IsEmpty());
}

TEST_F(RegistryTest, LooksBesideTheProgramByDefault) {
  const auto directories = default_engine_directories();
  ASSERT_FALSE(directories.empty());
  const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  EXPECT_EQ(directories[0], (here / "modelhub/engines").string());
  for (const std::string& directory : directories) {
    EXPECT_TRUE(std::filesystem::path(directory).is_absolute()) << directory;
  }
}

}  // namespace
}  // namespace modelhub::engine
