// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>

#include <gmock/gmock.h>

#include "support/faulty_file_system.h"
#include "transfer/ranged_fixture.h"

namespace modelhub::transfer {
namespace {

using test::RangedFile;

class FailingDiskTest : public RangedFixture {
 protected:
  FailingDiskTest() { options_.files = &disk_; }
  ~FailingDiskTest() override { transfer_.reset(); }  // before the disk

  // Calls of this name on the file fail from the `from`-th on.
  void fail(const std::string& name, const std::string& path, int from, int error_number) {
    const auto count = std::make_shared<std::atomic<int>>(0);
    disk_.set_rule([=](const test::FaultyFileSystem::Call& call) {
      if (call.name != name || !call.path.starts_with(path)) return 0;
      return ++*count >= from ? error_number : 0;
    });
  }
  const RangedFile file_{24 * k_mib};
  test::FaultyFileSystem disk_{base::FileSystem::real()};
};

TEST_F(FailingDiskTest, ADiskThatFillsUpIsToldAndThePartialStays) {
  fail("write_at", data(), 12, ENOSPC);
  const Result<Fetched> failed = fetch(file_, {serve(file_)});
  ASSERT_FALSE(failed);
  const Error error = failed.error();
  EXPECT_EQ(error.code, ErrorCode::no_space);
  EXPECT_EQ(exit_code_of(error), 6);
  EXPECT_FALSE(error.hint.empty());
  transfer_.reset();
  disk_.set_rule(nullptr);
  const Result<Fetched> fetched = fetch(file_, {serve(file_)});
  ASSERT_TRUE(arrived(fetched, file_.content()));
  EXPECT_GT(fetched->reused.count(), 0U);
}

TEST_F(FailingDiskTest, AJournalThatCannotBeWrittenIsToldOrDoneWithout) {
  fail("create", journal(), 1, ENOSPC);
  const Result<Fetched> fetched = fetch(file_, {serve(file_)});
  if (fetched) {
    EXPECT_TRUE(arrived(fetched, file_.content()));
  } else {
    EXPECT_EQ(fetched.error().code, ErrorCode::no_space);
  }
}

TEST_F(FailingDiskTest, DataThatCannotBeSyncedIsTold) {
  fail("sync", data(), 1, EIO);
  const Result<Fetched> fetched = fetch(file_, {serve(file_)});
  ASSERT_FALSE(fetched);  // what a failed sync lost, a later one does not find
  EXPECT_EQ(fetched.error().code, ErrorCode::io_error);
}

TEST_F(FailingDiskTest, DataThatCannotBeReadBackIsTold) {
  leave_partial(file_, 14 * k_mib);
  fail("read_at", data(), 1, EIO);
  const Result<Fetched> fetched = fetch(file_, {serve(file_)});
  if (fetched) {
    EXPECT_TRUE(arrived(fetched, file_.content()));
  } else {
    EXPECT_EQ(fetched.error().code, ErrorCode::io_error);
  }
}

}  // namespace
}  // namespace modelhub::transfer
