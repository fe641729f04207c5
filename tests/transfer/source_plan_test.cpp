// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/source_plan.h"

#include <gmock/gmock.h>

#include "base/hasher.h"

namespace modelhub::transfer {
namespace {

using ::testing::HasSubstr;

FetchRequest request_with(std::vector<std::string> urls) {
  return {"m.onnx", base::sha256_of("x"), ByteCount(1), std::move(urls), "/nowhere"};
}

FailedSource failed(SourceKind kind, ErrorCode code) {
  FailedSource source{kind, std::string(name_of(code)), {}};
  source.failure.code = code;
  return source;
}

TEST(SourcePlanTest, MirrorsComeFirstAndEachSourceOnce) {
  TransferOptions options;
  options.mirrors = {"https://m.example"};
  const SourcePlan plan = plan_sources(
      options, request_with({"https://a.example/1", "https://b.example/2", "https://a.example/1"}));
  ASSERT_EQ(plan.sources.size(), 3U);
  EXPECT_EQ(plan.sources[0].kind, SourceKind::mirror);
  EXPECT_EQ(plan.sources[1].url.shown, "https://a.example/1");
  EXPECT_EQ(plan.sources[2].url.shown, "https://b.example/2");
  EXPECT_TRUE(plan.failed.empty());
}

TEST(SourcePlanTest, WhatLiesOnThisMachineComesBeforeTheNetwork) {
  TransferOptions options;
  options.mirrors = {"https://m.example", "/srv/mirror"};
  const SourcePlan plan =
      plan_sources(options, request_with({"https://a.example/1", "file:///home/me/best.onnx"}));
  ASSERT_EQ(plan.sources.size(), 4U);
  EXPECT_TRUE(plan.sources[0].url.is_file());
  EXPECT_EQ(plan.sources[0].kind, SourceKind::mirror);
  EXPECT_EQ(plan.sources[1].url.file_path, "/home/me/best.onnx");
  EXPECT_EQ(plan.sources[2].kind, SourceKind::mirror);
  EXPECT_EQ(plan.sources[3].url.shown, "https://a.example/1");
}

TEST(SourcePlanTest, OfAFileWithoutADigestNoMirrorCouldHaveACopy) {
  TransferOptions options;
  options.mirrors = {"https://m.example"};
  FetchRequest request = request_with({"https://a.example/1"});
  request.digest.reset();
  const SourcePlan plan = plan_sources(options, request);
  ASSERT_EQ(plan.sources.size(), 1U);
  EXPECT_EQ(plan.sources[0].kind, SourceKind::own);
  EXPECT_THAT(error_of_all(request, {}).hint, HasSubstr("<its SHA-256>"));
}

TEST(SourcePlanTest, WithoutTheNetworkOnlyFilesAreLeft) {
  TransferOptions options;
  options.network = Network::off;
  const SourcePlan plan = plan_sources(options, request_with({"https://a.example/1", "file:///a"}));
  ASSERT_EQ(plan.sources.size(), 1U);
  EXPECT_TRUE(plan.sources[0].url.is_file());
  ASSERT_EQ(plan.failed.size(), 1U);
  EXPECT_EQ(plan.failed[0].failure.code, ErrorCode::offline);
}

TEST(SourcePlanTest, ABadUrlSpoilsOnlyItself) {
  const SourcePlan plan =
      plan_sources(TransferOptions(), request_with({"nonsense", "https://a.example/1"}));
  EXPECT_EQ(plan.sources.size(), 1U);
  ASSERT_EQ(plan.failed.size(), 1U);
  EXPECT_THAT(plan.failed[0].told, HasSubstr("\"nonsense\" is not a URL"));
}

TEST(SourcePlanTest, TheMostTellingFailureLeads) {
  const auto code_of_all = [](std::vector<FailedSource> sources) {
    return error_of_all(request_with({}), sources).code;
  };
  using enum ErrorCode;
  constexpr SourceKind own = SourceKind::own;
  EXPECT_EQ(code_of_all(
                {failed(own, not_found), failed(own, checksum_mismatch), failed(own, unavailable)}),
            checksum_mismatch);
  EXPECT_EQ(
      code_of_all({failed(own, unavailable), failed(own, unauthorized), failed(own, not_found)}),
      unauthorized);
  EXPECT_EQ(code_of_all({failed(own, unavailable), failed(own, not_found)}), not_found);
  EXPECT_EQ(code_of_all({failed(SourceKind::mirror, not_found), failed(own, unavailable)}),
            unavailable);
  EXPECT_EQ(code_of_all({failed(SourceKind::mirror, not_found), failed(own, offline)}), offline);
}

}  // namespace
}  // namespace modelhub::transfer
