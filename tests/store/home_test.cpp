// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/home.h"

#include <sys/stat.h>

#include <cerrno>

#include "store/store_fixture.h"
#include "support/faulty_file_system.h"

namespace modelhub::store {
namespace {

using test::FaultyFileSystem;

using HomeTest = StoreTest;

Error open_error(const std::string& home, base::FileSystem& files = base::FileSystem::real()) {
  StoreOptions options;
  options.home = home;
  options.files = &files;
  const auto store = Store::open(std::move(options));
  EXPECT_FALSE(store);
  return store ? Error() : store.error();
}

TEST_F(HomeTest, ReadingMakesNothing) {
  EXPECT_TRUE(store_->list().value().models.empty());
  EXPECT_FALSE(store_->find(id_).value());
  EXPECT_EQ(store_->verify(id_, VerifyMode::full).error().code, ErrorCode::not_found);
  EXPECT_EQ(store_->remove(id_).error().code, ErrorCode::not_found);
  EXPECT_EQ(store_->sweep().value().removed, 0u);
  EXPECT_FALSE(std::filesystem::exists(home_));
}

TEST_F(HomeTest, TheFirstWriteMakesTheHomeWithItsMissingParents) {
  const std::string deep = folder_ / "a/b/c";
  const auto store = open_store(deep);
  ASSERT_TRUE(store->stage(digest_of("x"), ByteCount(1)));
  EXPECT_EQ(read_file(deep + "/format"), "modelhub-store 1\n");
  for (const char* folder : {"blobs", "staging", "views", "derived"}) {
    EXPECT_TRUE(read_file(deep + "/" + folder + "/CACHEDIR.TAG")
                    .starts_with("Signature: 8a477f597d28d172789f06886806bc55"))
        << folder;
  }
  EXPECT_FALSE(std::filesystem::exists(deep + "/CACHEDIR.TAG"));
}

TEST_F(HomeTest, LookingWhetherItCanBeWrittenLeavesNoTraceAndMakesNoHome) {
  EXPECT_TRUE(store_->check_writable());
  EXPECT_FALSE(std::filesystem::exists(home_));
  ASSERT_TRUE(publish(id_, {{"a", "content"}}));
  const auto count = [&] {
    return std::distance(std::filesystem::directory_iterator(home_),
                         std::filesystem::directory_iterator());
  };
  const auto before = count();
  EXPECT_TRUE(store_->check_writable());
  EXPECT_EQ(count(), before);
}

TEST_F(HomeTest, LookingWhetherItCanBeWrittenRefusesANewerLayout) {
  ASSERT_TRUE(publish(id_, {{"a", "content"}}));
  overwrite_file(home_ + "/format", "modelhub-store 2\n");
  const Result<void> writable = store_->check_writable();
  ASSERT_FALSE(writable);
  EXPECT_EQ(writable.error().code, ErrorCode::unsupported);
  EXPECT_EQ(writable.error().subject, Subject::store);
}

TEST_F(HomeTest, LookingWhetherItCanBeWrittenTellsOfAFullDisk) {
  ASSERT_TRUE(publish(id_, {{"a", "content"}}));
  FaultyFileSystem faulty(files_);
  const auto store = open_store(home_, faulty);
  const auto before = names_in(home_);
  // A disk without room for names, and one that still has some but none for bytes.
  for (const char* call : {"create", "write_at"}) {
    faulty.set_rule(FaultyFileSystem::refuse(call, ENOSPC));
    const Result<void> writable = store->check_writable();
    ASSERT_FALSE(writable) << call;
    EXPECT_EQ(writable.error().code, ErrorCode::no_space);
    EXPECT_EQ(exit_code_of(writable.error()), 6);
    EXPECT_FALSE(writable.error().hint.empty());
    EXPECT_EQ(names_in(home_), before);
  }
}

TEST_F(HomeTest, LookingWhetherItCanBeWrittenTellsOfAFolderThatRefuses) {
  // /proc refuses new files to everybody, root as well.
  const auto store = open_store("/proc/modelhub-home");
  const Result<void> writable = store->check_writable();
  ASSERT_FALSE(writable);
  EXPECT_EQ(writable.error().code, ErrorCode::io_error);
  EXPECT_EQ(exit_code_of(writable.error()), 6);
}

TEST_F(HomeTest, ANewerLayoutIsRefusedWithBothVersions) {
  ASSERT_TRUE(publish(id_, {{"a", "content"}}));
  overwrite_file(home_ + "/format", "modelhub-store 2\nmore that only version 2 knows\n");
  const Error error = open_error(home_);
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_EQ(error.subject, Subject::store);
  EXPECT_NE(error.message.find(home_), std::string::npos);
  EXPECT_NE(error.message.find("version 2"), std::string::npos);
  EXPECT_NE(error.message.find("up to 1"), std::string::npos);
  EXPECT_NE(error.hint.find("upgrade"), std::string::npos);
}

TEST_F(HomeTest, TheLayoutIsLookedAtBeforeEachWrite) {
  const InstalledModel model = publish(id_, {{"a", "content"}}).value();
  auto staged = store_->stage(digest_of("b"), ByteCount(1)).value();
  ASSERT_TRUE(fetch(files_, staged, "b"));
  overwrite_file(home_ + "/format", "modelhub-store 7\n");
  std::vector<StagedFile> all;
  all.push_back(std::move(staged));
  EXPECT_EQ(store_->publish(record_of(other_id_, {{"b", "b"}}), std::move(all)).error().code,
            ErrorCode::unsupported);
  EXPECT_EQ(store_->stage(digest_of("c"), ByteCount(1)).error().code, ErrorCode::unsupported);
  EXPECT_EQ(store_->remove(id_).error().code, ErrorCode::unsupported);
  EXPECT_EQ(store_->view(model).error().code, ErrorCode::unsupported);
  EXPECT_EQ(store_->sweep().error().code, ErrorCode::unsupported);
  EXPECT_EQ(read_file(blob("content")), "content");
}

TEST_F(HomeTest, AFormatFileThatIsNoneIsNamed) {
  std::filesystem::create_directories(home_);
  for (const char* text :
       {"", "modelhub-store\n", "modelhub-store 0\n", "modelhub-store one\n", "modelhub-store 1x",
        "{\"version\": 1}", "modelhub-store 99999999999\n"}) {
    overwrite_file(home_ + "/format", text);
    const Error error = open_error(home_);
    EXPECT_EQ(error.code, ErrorCode::corrupt_data) << text;
    EXPECT_NE(error.message.find(home_ + "/format"), std::string::npos);
    EXPECT_FALSE(error.hint.empty());
  }
}

TEST_F(HomeTest, AnUnreadableHomeIsNamed) {
  std::filesystem::create_directories(home_);
  FaultyFileSystem faulty(files_);
  faulty.set_rule(FaultyFileSystem::refuse("list", EACCES));
  const Error error = open_error(home_, faulty);
  EXPECT_EQ(error.code, ErrorCode::io_error);
  EXPECT_EQ(error.subject, Subject::store);
  EXPECT_NE(error.message.find(home_), std::string::npos);
  EXPECT_FALSE(error.hint.empty());
}

TEST_F(HomeTest, AHomeThatIsAFileOrBelowOneIsNamed) {
  overwrite_file(folder_ / "file", "x");
  for (const std::string& home : {folder_ / "file", folder_ / "file/home"}) {
    const Error error = open_error(home);
    EXPECT_EQ(error.code, ErrorCode::io_error);
    EXPECT_NE(error.message.find(home), std::string::npos);
    EXPECT_FALSE(error.hint.empty());
  }
}

TEST_F(HomeTest, AnEmptyHomeIsRefused) {
  EXPECT_EQ(open_error("").code, ErrorCode::invalid_argument);
}

TEST_F(HomeTest, ARelativeHomeStaysWhereItWasWhenTheWorkingDirectoryChanges) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder_ / "");
  const auto store = open_store("relative");
  std::filesystem::current_path(before);
  EXPECT_EQ(std::filesystem::path(store->layout().home()),
            std::filesystem::canonical(folder_ / "") / "relative");
}

// Everything that reads works; everything that writes says what to do.
void expect_reads_only(Store& store, const InstalledModel& model, const ModelId& id,
                       base::FileSystem& files) {
  EXPECT_EQ(store.list().value().models.size(), 1u);
  EXPECT_TRUE(store.find(id).value());
  EXPECT_TRUE(store.verify(id, VerifyMode::stamps).value().is_whole());
  EXPECT_TRUE(store.verify(id, VerifyMode::full).value().is_whole());
  EXPECT_TRUE(store.has_blob(digest_of("content"), ByteCount(7)).value());
  store.touch_use(model.key);
  const std::vector<Error> errors{store.stage(digest_of("x"), ByteCount(1)).error(),
                                  store.remove(id).error(), store.view(model).error(),
                                  publish(store, files, id, {{"b", "b"}}).error()};
  for (const Error& error : errors) {
    EXPECT_EQ(error.code, ErrorCode::io_error) << error.message;
    EXPECT_EQ(error.subject, Subject::store);
    EXPECT_EQ(exit_code_of(error), 6);
    EXPECT_NE(error.hint.find("MODELHUB_HOME"), std::string::npos) << error.message;
  }
  EXPECT_EQ(store.find(id).value()->files.size(), 1u);
}

TEST_F(HomeTest, AHomeThatCannotBeWrittenStillListsFindsAndVerifies) {
  const InstalledModel model = publish(id_, {{"a", "content"}}).value();
  FaultyFileSystem faulty(files_);
  faulty.set_rule(FaultyFileSystem::refuse_writing(EROFS));
  const auto store = open_store(home_, faulty);
  expect_reads_only(*store, model, id_, faulty);
}

TEST_F(HomeTest, AStoreOpenedForReadingOnlyTriesNoWrite) {
  const InstalledModel model = publish(id_, {{"a", "content"}}).value();
  FaultyFileSystem counting(files_);
  StoreOptions options;
  options.home = home_;
  options.files = &counting;
  options.access = Access::read_only;
  const auto store = Store::open(std::move(options)).value();
  expect_reads_only(*store, model, id_, files_);
  EXPECT_EQ(counting.mutations(), 0u);
}

TEST_F(HomeTest, ModesFollowTheUmask) {
  const auto mode_of = [this](const std::string& path) { return files_.stat(path).value().mode; };
  for (const auto& [mask, blob_mode, manifest_mode, folder_mode] :
       {std::tuple(0022u, 0444u, 0644u, 0755u), std::tuple(0002u, 0444u, 0664u, 0775u),
        std::tuple(0077u, 0400u, 0600u, 0700u)}) {
    const std::string home = folder_ / std::to_string(mask);
    const mode_t before = ::umask(mask);
    const auto store = open_store(home);
    const auto model = store::publish(*store, files_, id_, {{"a", "content"}});
    ::umask(before);
    ASSERT_TRUE(model);
    EXPECT_EQ(mode_of(store->layout().blob(digest_of("content"))), blob_mode);
    EXPECT_EQ(mode_of(store->layout().manifest(id_)), manifest_mode);
    EXPECT_EQ(mode_of(store->layout().use(model->key)), manifest_mode);
    EXPECT_EQ(mode_of(home), folder_mode);
    EXPECT_EQ(mode_of(store->layout().blobs()), folder_mode);
  }
}

}  // namespace
}  // namespace modelhub::store
