// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/file_system.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace modelhub::base {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

class FileSystemTest : public ::testing::Test {
 protected:
  FileSystemTest() {
    std::string pattern = ::testing::TempDir() + "modelhub_files_XXXXXX";
    root_ = ::mkdtemp(pattern.data());
  }
  ~FileSystemTest() override { (void)remove_tree(files_, root_); }

  std::string at(std::string_view name) const { return join_path(root_, name); }
  void write(const std::string& path, std::string_view text) {
    auto file = files_.create(path, CreateMode::truncate, 0644).value();
    ASSERT_TRUE(file->write_at(0, bytes_of(text)));
    ASSERT_TRUE(file->close());
  }
  std::string read(const std::string& path) {
    return read_whole_file(files_, path, ByteCount(1 << 20)).value();
  }

  FileSystem& files_ = FileSystem::real();
  std::string root_;
};

TEST_F(FileSystemTest, WritesAtOffsetsAndReadsBack) {
  auto file = files_.create(at("a"), CreateMode::exclusive, 0640).value();
  ASSERT_TRUE(file->write_at(4, bytes_of("tail")));
  ASSERT_TRUE(file->write_at(0, bytes_of("head")));
  ASSERT_TRUE(file->truncate(6));
  ASSERT_TRUE(file->sync());
  ASSERT_TRUE(file->close());
  EXPECT_EQ(file->close().error().code, ErrorCode::io_error);
  EXPECT_EQ(file->write_at(0, bytes_of("x")).error().code, ErrorCode::io_error);
  EXPECT_EQ(read(at("a")), "headta");
  auto opened = files_.open(at("a")).value();
  std::vector<std::byte> buffer(100);
  EXPECT_EQ(opened->read_at(4, buffer).value(), 2U);
  EXPECT_EQ(opened->read_at(400, buffer).value(), 0U);
  const FileStat stat = opened->stat().value();
  EXPECT_EQ(stat.kind, FileKind::regular);
  EXPECT_EQ(stat.size, ByteCount(6));
  EXPECT_EQ(stat.links, 1U);
  EXPECT_EQ(stat.mode & 0077U & ~0040U, 0U);
}

TEST_F(FileSystemTest, CreateModesDoWhatTheySay) {
  write(at("a"), "old");
  EXPECT_EQ(files_.create(at("a"), CreateMode::exclusive, 0644).error().code, ErrorCode::busy);
  ASSERT_TRUE(files_.create(at("a"), CreateMode::append, 0644));
  EXPECT_EQ(read(at("a")), "old");
  ASSERT_TRUE(files_.create(at("a"), CreateMode::truncate, 0644));
  EXPECT_EQ(read(at("a")), "");
}

TEST_F(FileSystemTest, ErrorsNameThePathAndTheCode) {
  const Error missing = files_.open(at("none")).error();
  EXPECT_EQ(missing.code, ErrorCode::not_found);
  EXPECT_EQ(missing.subject, Subject::store);
  EXPECT_NE(missing.message.find(at("none")), std::string::npos);
  EXPECT_EQ(files_.stat(at("none")).error().code, ErrorCode::not_found);
  EXPECT_EQ(files_.list(at("none")).error().code, ErrorCode::not_found);
  EXPECT_EQ(files_.remove_file(at("none")).error().code, ErrorCode::not_found);
  EXPECT_EQ(files_.rename(at("none"), at("b")).error().code, ErrorCode::not_found);
  EXPECT_EQ(files_.sync_directory(at("none")).error().code, ErrorCode::not_found);
  EXPECT_EQ(files_.create(at("no/folder"), CreateMode::truncate, 0644).error().code,
            ErrorCode::not_found);
  EXPECT_EQ(files_.free_space(at("none")).error().code, ErrorCode::not_found);
  EXPECT_EQ(read_whole_file(files_, root_, ByteCount(10)).error().code, ErrorCode::io_error);
  const Error full = error_from_errno(ENOSPC, "write", "/x");
  EXPECT_EQ(full.code, ErrorCode::no_space);
  EXPECT_FALSE(full.hint.empty());
  EXPECT_EQ(error_from_errno(EDQUOT, "write", "/x").code, ErrorCode::no_space);
  EXPECT_FALSE(error_from_errno(EACCES, "write", "/x").hint.empty());
}

TEST_F(FileSystemTest, MakesFoldersWithTheirParents) {
  ASSERT_TRUE(files_.make_directories(at("a/b/c")));
  ASSERT_TRUE(files_.make_directories(at("a/b/c")));
  ASSERT_TRUE(files_.make_directories(at("a/d/")));
  EXPECT_EQ(files_.stat(at("a/b/c"))->kind, FileKind::directory);
  write(at("file"), "");
  EXPECT_EQ(files_.make_directories(at("file")).error().code, ErrorCode::io_error);
  EXPECT_EQ(files_.make_directories(at("file/sub")).error().code, ErrorCode::io_error);
}

TEST_F(FileSystemTest, MakesOneFolderThatWasNotThere) {
  ASSERT_TRUE(files_.make_directory(at("a")));
  EXPECT_EQ(files_.stat(at("a"))->kind, FileKind::directory);
  EXPECT_EQ(files_.make_directory(at("a")).error().code, ErrorCode::busy);
  EXPECT_EQ(files_.make_directory(at("b/c")).error().code, ErrorCode::not_found);
  write(at("file"), "");
  EXPECT_EQ(files_.make_directory(at("file")).error().code, ErrorCode::busy);
}

TEST_F(FileSystemTest, ListsKindsWithoutFollowingLinks) {
  write(at("file"), "x");
  ASSERT_TRUE(files_.make_directories(at("folder")));
  ASSERT_EQ(::symlink(at("folder").c_str(), at("link").c_str()), 0);
  std::map<std::string, FileKind> kinds;
  for (const DirectoryEntry& entry : files_.list(root_).value()) kinds[entry.name] = entry.kind;
  const std::map<std::string, FileKind> expected = {
      {"file", FileKind::regular}, {"folder", FileKind::directory}, {"link", FileKind::symlink}};
  EXPECT_EQ(kinds, expected);
}

TEST_F(FileSystemTest, RenameReplacesAndItsSiblingDoesNot) {
  write(at("a"), "a");
  write(at("b"), "b");
  EXPECT_EQ(files_.rename_without_replacing(at("a"), at("b")).error().code, ErrorCode::busy);
  EXPECT_EQ(read(at("b")), "b");
  EXPECT_EQ(read(at("a")), "a");
  ASSERT_TRUE(files_.rename(at("a"), at("b")));
  EXPECT_EQ(read(at("b")), "a");
  ASSERT_TRUE(files_.rename_without_replacing(at("b"), at("c")));
  EXPECT_EQ(read(at("c")), "a");
  EXPECT_EQ(files_.stat(at("b")).error().code, ErrorCode::not_found);
  EXPECT_EQ(files_.rename_without_replacing(at("b"), at("d")).error().code, ErrorCode::not_found);
  ASSERT_TRUE(files_.make_directories(at("folder")));
  ASSERT_TRUE(files_.rename_without_replacing(at("folder"), at("moved")));
}

TEST_F(FileSystemTest, TellsWhetherAnybodyHasAFileOpenForWriting) {
  write(at("a"), "a");
  EXPECT_FALSE(files_.is_open_for_writing(at("a")).value());
  auto writer = files_.create(at("a"), CreateMode::append, 0644).value();
  EXPECT_TRUE(files_.is_open_for_writing(at("a")).value());
  ASSERT_TRUE(writer->close());
  const auto reader = files_.open(at("a")).value();
  EXPECT_FALSE(files_.is_open_for_writing(at("a")).value());
  EXPECT_EQ(files_.is_open_for_writing(at("none")).error().code, ErrorCode::not_found);
}

TEST_F(FileSystemTest, SyncsAWholeFileSystem) {
  write(at("a"), "a");
  EXPECT_TRUE(files_.sync_file_system(root_));
  EXPECT_TRUE(files_.sync_file_system(at("a")));
  EXPECT_EQ(files_.sync_file_system(at("none")).error().code, ErrorCode::not_found);
}

TEST_F(FileSystemTest, LinksPermissionsAndTimes) {
  write(at("a"), "a");
  ASSERT_TRUE(files_.link(at("a"), at("b")));
  EXPECT_EQ(files_.link(at("a"), at("b")).error().code, ErrorCode::busy);
  const FileStat a = files_.stat(at("a")).value();
  EXPECT_EQ(a.links, 2U);
  EXPECT_EQ(a.inode, files_.stat(at("b"))->inode);
  ASSERT_TRUE(files_.set_permissions(at("a"), 0444));
  EXPECT_EQ(files_.stat(at("b"))->mode, 0444U);
  const std::chrono::system_clock::time_point time{
      std::chrono::nanoseconds(1'600'000'000'123'456'789)};
  ASSERT_TRUE(files_.set_modification_time(at("a"), time));
  EXPECT_EQ(files_.stat(at("a"))->mtime_ns, 1'600'000'000'123'456'789);
  EXPECT_GT(files_.free_space(root_).value(), ByteCount(0));
  ASSERT_TRUE(files_.sync_directory(root_));
}

TEST_F(FileSystemTest, TheRunOfTheMachineHasAName) {
  const std::string id = files_.boot();
  EXPECT_EQ(id.size(), 36U) << id;  // a UUID
  EXPECT_EQ(files_.boot(), id);
}

TEST_F(FileSystemTest, WholeFilesHaveALimit) {
  write(at("a"), "12345");
  EXPECT_EQ(read_whole_file(files_, at("a"), ByteCount(5)).value(), "12345");
  const Error error = read_whole_file(files_, at("a"), ByteCount(4)).error();
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_NE(error.message.find(at("a")), std::string::npos);
}

TEST_F(FileSystemTest, RemovesATreeButNotWhatItsLinksLeadTo) {
  ASSERT_TRUE(files_.make_directories(at("outside")));
  write(at("outside/kept"), "x");
  ASSERT_TRUE(files_.make_directories(at("tree/a/b")));
  write(at("tree/a/b/file"), "x");
  ASSERT_EQ(::symlink(at("outside").c_str(), at("tree/a/link").c_str()), 0);
  ASSERT_EQ(::symlink("nowhere", at("tree/dangling").c_str()), 0);
  ASSERT_TRUE(remove_tree(files_, at("tree")));
  EXPECT_EQ(files_.stat(at("tree")).error().code, ErrorCode::not_found);
  EXPECT_EQ(read(at("outside/kept")), "x");
  ASSERT_TRUE(remove_tree(files_, at("tree"))) << "nothing there is no error";
  ASSERT_TRUE(remove_tree(files_, at("no/such/parent")));
}

TEST_F(FileSystemTest, ATreeThatIsItselfALinkIsOnlyUnlinked) {
  ASSERT_TRUE(files_.make_directories(at("outside")));
  write(at("outside/kept"), "x");
  for (const std::string& name : {at("link"), at("link/")}) {
    ASSERT_EQ(::symlink(at("outside").c_str(), at("link").c_str()), 0);
    ASSERT_TRUE(remove_tree(files_, name));
    EXPECT_EQ(read(at("outside/kept")), "x");
    struct stat raw {};
    EXPECT_NE(::lstat(at("link").c_str(), &raw), 0);
  }
}

TEST(PathTest, JoinsAndSplits) {
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("", "b"), "b");
  EXPECT_EQ(join_path("/", "b"), "/b");
  EXPECT_EQ(parent_path("a/b"), "a");
  EXPECT_EQ(parent_path("a"), ".");
  EXPECT_EQ(parent_path("/a"), "/");
  EXPECT_EQ(parent_path("/"), "/");
  EXPECT_EQ(parent_path("a/b/"), "a");
}

// A real file system whose power fails after a number of steps: what was written and not synced is
// lost, renames are not (the worst order that a file system may choose), and every later step
// fails.
class PowerCut final : public FileSystem {
 public:
  PowerCut(FileSystem& under, int steps) : under_(under), steps_(steps) {}
  bool is_out() const { return steps_ < 0; }

  Result<std::unique_ptr<WritableFile>> create(const std::string& path, CreateMode mode,
                                               std::uint32_t permissions) override {
    if (!step()) return gone();
    Result<std::unique_ptr<WritableFile>> file = under_.create(path, mode, permissions);
    if (!file) return file;
    return std::unique_ptr<WritableFile>(std::make_unique<Buffered>(*this, *std::move(file)));
  }
  Result<std::unique_ptr<ReadableFile>> open(const std::string& path) override {
    return under_.open(path);
  }
  Result<FileStat> stat(const std::string& path) override { return under_.stat(path); }
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override {
    return under_.list(path);
  }
  Result<void> make_directories(const std::string& path) override {
    return when_on(under_.make_directories(path));
  }
  Result<void> make_directory(const std::string& path) override {
    return when_on(under_.make_directory(path));
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    if (!step()) return gone();
    return under_.rename(from, to);
  }
  Result<void> rename_without_replacing(const std::string& from, const std::string& to) override {
    return rename(from, to);
  }
  Result<void> link(const std::string&, const std::string&) override { return gone(); }
  Result<void> remove_file(const std::string& path) override {
    if (!step()) return gone();
    return under_.remove_file(path);
  }
  Result<void> remove_empty_directory(const std::string&) override { return gone(); }
  Result<void> sync_directory(const std::string& path) override {
    if (!step()) return gone();
    return under_.sync_directory(path);
  }
  Result<void> sync_file_system(const std::string&) override { return gone(); }
  Result<bool> is_open_for_writing(const std::string&) override { return false; }
  Result<void> set_permissions(const std::string&, std::uint32_t) override { return gone(); }
  Result<void> set_modification_time(const std::string&,
                                     std::chrono::system_clock::time_point) override {
    return gone();
  }
  Result<ByteCount> free_space(const std::string& path) override { return under_.free_space(path); }
  std::string boot() override { return under_.boot(); }

 private:
  class Buffered final : public WritableFile {
   public:
    Buffered(PowerCut& power, std::unique_ptr<WritableFile> under)
        : power_(power), under_(std::move(under)) {}
    Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
      if (!power_.step()) return gone();
      pending_.emplace_back(offset, std::vector<std::byte>(bytes.begin(), bytes.end()));
      return {};
    }
    Result<void> truncate(std::uint64_t size) override { return under_->truncate(size); }
    Result<void> sync() override {
      if (!power_.step()) return gone();
      for (const auto& [offset, bytes] : pending_) {
        if (Result<void> done = under_->write_at(offset, bytes); !done) return done;
      }
      pending_.clear();
      return {};
    }
    Result<void> close() override {
      if (!power_.step()) return gone();
      return under_->close();
    }

   private:
    PowerCut& power_;
    std::unique_ptr<WritableFile> under_;
    std::vector<std::pair<std::uint64_t, std::vector<std::byte>>> pending_;
  };

  static Error gone() { return {ErrorCode::io_error, Subject::store, "the power is out"}; }
  bool step() { return --steps_ >= 0; }
  Result<void> when_on(Result<void> result) {
    return is_out() ? Result<void>(gone()) : std::move(result);
  }

  FileSystem& under_;
  int steps_;
};

TEST_F(FileSystemTest, AnAtomicWriteIsOldOrNewWhereverThePowerFails) {
  const std::string path = at("document");
  bool completed = false;
  int steps = 0;
  for (; !completed; ++steps) {
    ASSERT_LT(steps, 20);
    write(path, "the old content");
    PowerCut files(files_, steps);
    const Result<void> written = write_file_atomically(files, path, "the new content", 0644);
    completed = written.has_value();
    const std::string content = read(path);
    EXPECT_TRUE(content == "the old content" || content == "the new content")
        << "step " << steps << ": " << content;
    if (completed) {
      EXPECT_EQ(content, "the new content");
    }
  }
  EXPECT_EQ(steps, 7) << "create, write, sync, close, rename, sync of the folder; and once through";
}

TEST_F(FileSystemTest, ANewFileThatIsWrittenAtomicallyReplacesNothing) {
  ASSERT_TRUE(write_new_file_atomically(files_, at("new"), "one", 0600));
  EXPECT_EQ(write_new_file_atomically(files_, at("new"), "two", 0600).error().code,
            ErrorCode::busy);
  EXPECT_EQ(read(at("new")), "one");
  for (const DirectoryEntry& entry : files_.list(root_).value())
    EXPECT_EQ(entry.name.find(".tmp"), std::string::npos) << entry.name;
}

TEST_F(FileSystemTest, AFailedAtomicWriteLeavesNoLitter) {
  write(at("folder"), "");
  const std::string path = at("missing/document");
  EXPECT_EQ(write_file_atomically(files_, path, "x", 0644).error().code, ErrorCode::not_found);
  ASSERT_TRUE(files_.make_directories(at("taken")));
  EXPECT_EQ(write_file_atomically(files_, at("taken"), "x", 0644).error().code,
            ErrorCode::io_error);
  for (const DirectoryEntry& entry : files_.list(root_).value()) {
    EXPECT_EQ(entry.name.find(".tmp"), std::string::npos) << entry.name;
  }
  ASSERT_TRUE(write_file_atomically(files_, at("new"), "content", 0600));
  EXPECT_EQ(read(at("new")), "content");
  EXPECT_EQ(files_.stat(at("new"))->mode, 0600U);
}

}  // namespace
}  // namespace modelhub::base
