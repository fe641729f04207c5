// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/views.h"

#include <cerrno>

#include "store/store_fixture.h"
#include "support/faulty_file_system.h"

namespace modelhub::store {
namespace {

using test::FaultyFileSystem;

class ViewsTest : public StoreTest {
 protected:
  void SetUp() override {
    model_ =
        publish(id_,
                {{"model.xml", "graph"}, {"sub/model.bin", "weights"}, {"sub/copy.bin", "weights"}})
            .value();
  }
  void expect_view(const std::string& folder) {
    EXPECT_EQ(folder, home_ + "/views/" + model_->key.hex());
    EXPECT_EQ(read_file(folder + "/model.xml"), "graph");
    EXPECT_EQ(read_file(folder + "/sub/model.bin"), "weights");
    EXPECT_EQ(read_file(folder + "/sub/copy.bin"), "weights");
    EXPECT_EQ(names_in(home_ + "/views").size(), 2u);  // and CACHEDIR.TAG: nothing is left over
  }
  std::uint64_t inode(const std::string& path) { return files_.stat(path).value().inode; }

  std::optional<InstalledModel> model_;
};

TEST_F(ViewsTest, AViewHasTheFilesUnderTheirOwnNamesWithoutTakingSpace) {
  const std::string folder = store_->view(*model_).value();
  expect_view(folder);
  EXPECT_EQ(inode(folder + "/sub/model.bin"), inode(blob("weights")));
}

TEST_F(ViewsTest, TheSecondCallBuildsNothing) {
  const std::string folder = store_->view(*model_).value();
  FaultyFileSystem counting(files_);
  EXPECT_EQ(open_store(home_, counting)->view(*model_).value(), folder);
  EXPECT_EQ(counting.mutations(), 0u);
}

TEST_F(ViewsTest, WithoutHardLinksTheFilesAreCopied) {
  for (const int error_number : {EPERM, EMLINK, ENOTSUP}) {
    ASSERT_TRUE(base::remove_tree(files_, home_ + "/views/" + model_->key.hex()));
    FaultyFileSystem faulty(files_);
    faulty.set_rule(FaultyFileSystem::refuse("link", error_number));
    const auto store = open_store(home_, faulty);
    const std::string folder = store->view(*model_).value();
    expect_view(folder);
    EXPECT_NE(inode(folder + "/model.xml"), inode(blob("graph")));
    EXPECT_EQ(files_.stat(folder + "/model.xml").value().mode & 0222u, 0u);
    const auto before = faulty.mutations();
    EXPECT_TRUE(store->view(*model_));
    EXPECT_EQ(faulty.mutations(), before);
  }
}

TEST_F(ViewsTest, ACopyOfADamagedBlobIsRefused) {
  overwrite_file(blob("graph"), "grapH");
  FaultyFileSystem faulty(files_);
  faulty.set_rule(FaultyFileSystem::refuse("link", EPERM));
  const Error error = open_store(home_, faulty)->view(*model_).error();
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_NE(error.message.find(digest_of("grapH").hex()), std::string::npos);
  EXPECT_EQ(names_in(home_ + "/views").size(), 1u);
}

TEST_F(ViewsTest, AMissingBlobIsNamed) {
  std::filesystem::remove(blob("graph"));
  const Error error = store_->view(*model_).error();
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_NE(error.message.find("model.xml"), std::string::npos);
  EXPECT_EQ(names_in(home_ + "/views").size(), 1u);
}

TEST_F(ViewsTest, AFullDiskIsNoSpace) {
  FaultyFileSystem faulty(files_);
  const auto store = open_store(home_, faulty);
  faulty.set_rule([](const FaultyFileSystem::Call& call) {
    if (call.name == "link") return EPERM;
    return call.name == "write_at" ? ENOSPC : 0;
  });
  EXPECT_EQ(store->view(*model_).error().code, ErrorCode::no_space);
  EXPECT_EQ(names_in(home_ + "/views").size(), 1u);
}

TEST_F(ViewsTest, AViewWithAMissingOrForeignFileIsBuiltAgain) {
  const std::string folder = store_->view(*model_).value();
  std::filesystem::remove(folder + "/sub/model.bin");
  expect_view(store_->view(*model_).value());
  overwrite_file(folder + "/model.xml", "GRAPH");
  expect_view(store_->view(*model_).value());
  std::filesystem::remove_all(folder);
  overwrite_file(folder, "a file in its place");
  expect_view(store_->view(*model_).value());
}

TEST_F(ViewsTest, AViewFollowsABlobThatWasReplaced) {
  const std::string folder = store_->view(*model_).value();
  overwrite_file(blob("graph"), "graph");
  expect_view(store_->view(*model_).value());
  EXPECT_EQ(inode(folder + "/model.xml"), inode(blob("graph")));
}

}  // namespace
}  // namespace modelhub::store
