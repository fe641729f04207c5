// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Leases and pins against removal and eviction, one moment after the other.
#include <cerrno>
#include <optional>

#include "store/budget_fixture.h"
#include "store/leases.h"
#include "support/faulty_file_system.h"

namespace modelhub::store {
namespace {

using test::FaultyFileSystem;
using Call = FaultyFileSystem::Call;

class LeaseTest : public BudgetTest {
 protected:
  // A store in whose first matching call somebody else comes in between.
  std::unique_ptr<Store> store_interrupted_at(std::function<bool(const Call&)> matches,
                                              std::function<void()> other) {
    interrupted_.set_rule(
        [this, matches = std::move(matches), other = std::move(other)](const Call& call) {
          if (!was_interrupted_ && matches(call)) {
            was_interrupted_ = true;
            other();
          }
          return 0;
        });
    return open_here(interrupted_);
  }
  std::string manifest(const std::string& name) const {
    return store_->layout().manifest(id_of(name));
  }

  FaultyFileSystem interrupted_{files_};
  bool was_interrupted_ = false;
};

TEST_F(LeaseTest, ALeaseIsAFileThatGoesWithIt) {
  const InstalledModel model = install("model", 1);
  {
    const auto lease = store_->lease(model);
    ASSERT_TRUE(lease);
    EXPECT_FALSE(lease->is_empty());
    EXPECT_EQ(names_in(store_->layout().leases(model.key)).size(), 1u);
    const auto second = store_->lease(model);
    EXPECT_EQ(names_in(store_->layout().leases(model.key)).size(), 2u);
  }
  EXPECT_TRUE(names_in(store_->layout().leases()).empty());
}

TEST_F(LeaseTest, AForkedChildLeavesItsParentsLease) {
  const InstalledModel model = install("model", 1);
  auto lease = store_->lease(model);
  const pid_t child = ::fork();
  if (child == 0) {
    lease->release();
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(names_in(store_->layout().leases(model.key)).size(), 1u);
}

TEST_F(LeaseTest, WhatIsNotInstalledAnyMoreCannotBeLeased) {
  const InstalledModel model = install("model", 1);
  ASSERT_TRUE(store_->remove(id_of("model")));
  const Error error = store_->lease(model).error();
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_TRUE(names_in(store_->layout().leases()).empty());
}

TEST_F(LeaseTest, AModelThatHasOtherFilesNowCannotBeLeasedAsItWas) {
  const InstalledModel model = install("model", 1);
  install("model", Contents{{"data.bin", "other bytes"}});
  EXPECT_EQ(store_->lease(model).error().code, ErrorCode::not_found);
}

TEST_F(LeaseTest, RemovalOfAModelInUseIsRefusedWithTheProcessId) {
  const InstalledModel model = install("model", 1);
  std::optional<StoreLease> lease = store_->lease(model).value();
  const Error error = store_->remove(id_of("model")).error();
  EXPECT_EQ(error.code, ErrorCode::busy);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_EQ(error.message,
            "model@1:v is in use by process " + std::to_string(::getpid()) + " (this one)");
  EXPECT_TRUE(is_installed("model"));
  lease.reset();
  EXPECT_TRUE(store_->remove(id_of("model")));
}

TEST_F(LeaseTest, ADeadHolderDoesNotCountAndAnUnknownOneDoes) {
  const InstalledModel model = install("model", 1);
  lease_as(dead_owner(), model);
  const std::string folder = lease_as(unknown_owner(), model);
  const Error error = store_->remove(id_of("model")).error();
  EXPECT_EQ(error.code, ErrorCode::busy);
  EXPECT_NE(error.message.find("on another machine"), std::string::npos) << error.message;
  std::filesystem::remove(folder + "/" + unknown_owner().to_string() + ".7");
  overwrite_file(folder + "/strange", "");
  EXPECT_EQ(store_->remove(id_of("model")).error().message,
            "model@1:v is in use by an unknown process");
  std::filesystem::remove(folder + "/strange");
  EXPECT_TRUE(store_->remove(id_of("model")));
  EXPECT_EQ(store_->sweep().value().removed, 1u) << "the dead holder's lease";
  EXPECT_TRUE(names_in(store_->layout().leases()).empty());
}

TEST_F(LeaseTest, AHomeThatCannotBeWrittenGivesAnEmptyLease) {
  const InstalledModel model = install("model", 1);
  const auto lease = open_here(files_, Access::read_only)->lease(model);
  ASSERT_TRUE(lease);
  EXPECT_TRUE(lease->is_empty());
  FaultyFileSystem refusing(files_);
  refusing.set_rule(FaultyFileSystem::refuse_writing(EROFS));
  const auto other = open_here(refusing)->lease(model);
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->is_empty());
  InstalledModel gone = model;
  gone.name = "gone";
  EXPECT_EQ(open_here(refusing)->lease(gone).error().code, ErrorCode::not_found);
}

TEST_F(LeaseTest, OnAFullDiskAModelCanBeUsedAndTheLogSaysThatNothingHoldsIt) {
  const InstalledModel model = install("model", 1);
  FaultyFileSystem full(files_);
  full.set_rule(FaultyFileSystem::refuse_writing(ENOSPC));
  const auto lease = open_here(full)->lease(model);
  ASSERT_TRUE(lease);
  EXPECT_TRUE(lease->is_empty());
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_NE(log_.front().find("without a lease"), std::string::npos);
}

TEST_F(LeaseTest, ALeaseThatIsMadeAfterTheLookKeepsTheModelFromEviction) {
  const InstalledModel model = install("model", 8);
  std::optional<StoreLease> lease;
  const auto evicting = store_interrupted_at(
      [&](const Call& call) { return call.name == "rename" && call.path == manifest("model"); },
      [&] { lease = store_->lease(model).value(); });
  EXPECT_EQ(evicting->reserve(Ticket(), blocks(4)).error().code, ErrorCode::no_space);
  EXPECT_TRUE(was_interrupted_);
  EXPECT_TRUE(is_installed("model"));
  EXPECT_TRUE(store_->verify(id_of("model"), VerifyMode::full).value().is_whole());
}

TEST_F(LeaseTest, ALeaseThatIsMadeWhileTheManifestIsAsidePutsItBack) {
  const InstalledModel model = install("model", 8);
  std::optional<StoreLease> lease;
  bool is_aside = false;
  const auto evicting = store_interrupted_at(
      [&](const Call& call) {
        is_aside = is_aside || (call.name == "rename" && call.path == manifest("model"));
        return is_aside && call.name == "list" && call.path == store_->layout().leases(model.key);
      },
      [&] { lease = store_->lease(model).value(); });
  EXPECT_FALSE(evicting->reserve(Ticket(), blocks(4)));
  EXPECT_TRUE(was_interrupted_);
  EXPECT_TRUE(is_installed("model"));
  EXPECT_TRUE(store_->verify(id_of("model"), VerifyMode::full).value().is_whole());
}

TEST_F(LeaseTest, ALeaseThatIsMadeAfterTheSecondLookSavesTheModelUntilTheLastStep) {
  const InstalledModel model = install("model", 8);
  std::optional<StoreLease> lease;
  const auto evicting = store_interrupted_at(
      [&](const Call& call) {
        return call.name == "remove_file" && call.path.find(".evicting.") != std::string::npos;
      },
      [&] { lease = store_->lease(model).value(); });
  EXPECT_FALSE(evicting->reserve(Ticket(), blocks(4)));
  EXPECT_TRUE(is_installed("model"));
  EXPECT_TRUE(store_->verify(id_of("model"), VerifyMode::full).value().is_whole());
}

TEST_F(LeaseTest, AfterTheLastStepALeaseIsRefused) {
  const InstalledModel model = install("model", 8);
  const auto evicting = store_interrupted_at(
      [&](const Call& call) {
        return call.name == "sync_directory" && call.path == store_->layout().models();
      },
      [&] { EXPECT_EQ(store_->lease(model).error().code, ErrorCode::not_found); });
  EXPECT_TRUE(evicting->reserve(Ticket(), blocks(4)));
  EXPECT_TRUE(was_interrupted_);
  EXPECT_TRUE(names_in(store_->layout().blobs()).empty());
}

TEST_F(LeaseTest, RemovalLooksAgainAfterTheManifestIsAside) {
  const InstalledModel model = install("model", 1);
  std::optional<StoreLease> lease;
  const auto removing = store_interrupted_at(
      [&](const Call& call) { return call.name == "rename" && call.path == manifest("model"); },
      [&] { lease = store_->lease(model).value(); });
  EXPECT_EQ(removing->remove(id_of("model")).error().code, ErrorCode::busy);
  EXPECT_TRUE(is_installed("model"));
  EXPECT_EQ(names_in(store_->layout().models()).size(), 1u);
}

TEST_F(LeaseTest, AModelThatIsPublishedAgainWhileItIsEvictedStays) {
  install("model", 8);
  bool is_aside = false;
  const auto evicting = store_interrupted_at(
      [&](const Call& call) {
        is_aside = is_aside || (call.name == "rename" && call.path == manifest("model"));
        return is_aside && call.name == "remove_file";
      },
      [&] { install("model", 8); });
  (void)evicting->reserve(Ticket(), blocks(4));
  EXPECT_TRUE(was_interrupted_);
  for (const auto& model : store_->list().value().models)
    EXPECT_TRUE(store_->verify(id_of(model.name), VerifyMode::full).value().is_whole());
}

TEST_F(LeaseTest, AModelIsWholeOrAbsentWhereverARemovalDies) {
  for (std::uint64_t n = 1;; ++n) {
    install("model", 2);
    install("other", Contents{{"a", content_of("model", 2)}, {"b", "b"}});
    FaultyFileSystem dying(files_);
    dying.set_rule(FaultyFileSystem::dead_from(n));
    const bool is_done = open_here(dying)->remove(id_of("model")).has_value();
    if (is_installed("model")) {
      EXPECT_TRUE(store_->verify(id_of("model"), VerifyMode::full).value().is_whole()) << n;
    }
    const auto other = store_->lease(*store_->find(id_of("other")).value());
    EXPECT_TRUE(other) << n;
    if (is_done) break;
    ASSERT_LT(n, 100u);
  }
}

TEST_F(LeaseTest, APinnedModelIsNeverEvictedUntilItIsUnpinned) {
  install("model", 8);
  ASSERT_TRUE(store_->pin(id_of("model")));
  EXPECT_TRUE(store_->is_pinned(id_of("model")).value());
  EXPECT_EQ(reserve(4).error().code, ErrorCode::no_space);
  EXPECT_TRUE(is_installed("model"));
  ASSERT_TRUE(store_->unpin(id_of("model")));
  EXPECT_FALSE(store_->is_pinned(id_of("model")).value());
  EXPECT_TRUE(reserve(4));
}

TEST_F(LeaseTest, AModelThatIsPinnedWhileItIsEvictedStays) {
  install("model", 8);
  const auto evicting = store_interrupted_at(
      [&](const Call& call) { return call.name == "rename" && call.path == manifest("model"); },
      [&] { EXPECT_TRUE(store_->pin(id_of("model"))); });
  EXPECT_EQ(evicting->reserve(Ticket(), blocks(4)).error().code, ErrorCode::no_space);
  EXPECT_TRUE(was_interrupted_);
  EXPECT_TRUE(is_installed("model"));
}

TEST_F(LeaseTest, AModelThatIsPublishedPinnedIsPinnedBeforeItCanBeSeen) {
  const Contents contents{{"data.bin", "of the user"}};
  install("model", contents);
  ASSERT_TRUE(store_->remove(id_of("model")));
  install("other", contents);  // keeps the bytes in the store
  bool was_pinned = false;
  const auto publishing = store_interrupted_at(
      [&](const Call& call) {
        return call.name == "rename" && call.path.starts_with(manifest("model") + ".tmp");
      },
      [&] { was_pinned = !names_in(store_->layout().pins()).empty(); });
  ASSERT_TRUE(publishing->publish(record_of(id_of("model"), contents), {}, Pinned::yes));
  EXPECT_TRUE(was_interrupted_);
  EXPECT_TRUE(was_pinned);
  EXPECT_TRUE(store_->is_pinned(id_of("model")).value());
  EXPECT_FALSE(store_->is_pinned(id_of("other")).value());
}

TEST_F(LeaseTest, APinOfAModelThatCouldNotBePublishedIsTakenAway) {
  const Contents contents{{"data.bin", "of the user"}};
  install("other", contents);  // keeps the bytes in the store
  interrupted_.set_rule([this](const Call& call) {
    return call.name == "rename" && call.path.starts_with(manifest("model") + ".tmp") ? ENOSPC : 0;
  });
  const auto failing = open_here(interrupted_);
  const Result<InstalledModel> published =
      failing->publish(record_of(id_of("model"), contents), {}, Pinned::yes);
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().code, ErrorCode::no_space);
  EXPECT_TRUE(names_in(store_->layout().pins()).empty());
}

TEST_F(LeaseTest, APinOfAModelThatIsGoneIsRefusedAndLeavesNothing) {
  EXPECT_EQ(store_->pin(id_of("model")).error().code, ErrorCode::not_found);
  EXPECT_EQ(store_->unpin(id_of("model")).error().code, ErrorCode::not_found);
  EXPECT_EQ(store_->is_pinned(id_of("model")).error().code, ErrorCode::not_found);
  EXPECT_TRUE(names_in(store_->layout().pins()).empty());
}

TEST_F(LeaseTest, ThePinGoesWithTheModelWhenThatIsRemovedByName) {
  install("model", 1);
  ASSERT_TRUE(store_->pin(id_of("model")));
  ASSERT_TRUE(store_->remove(id_of("model")));
  EXPECT_TRUE(names_in(store_->layout().pins()).empty());
}

TEST_F(LeaseTest, AModelThatIsPublishedWithOtherFilesKeepsItsPin) {
  install("model", 1);
  ASSERT_TRUE(store_->pin(id_of("model")));
  install("model", Contents{{"data.bin", "other bytes"}});
  EXPECT_TRUE(store_->is_pinned(id_of("model")).value());
  EXPECT_EQ(names_in(store_->layout().pins()).size(), 1u);
}

}  // namespace
}  // namespace modelhub::store
