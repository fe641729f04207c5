// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/error.h"

#include <gtest/gtest.h>

namespace modelhub {
namespace {

TEST(ErrorTest, ExitCodeDependsOnCodeAndSubject) {
  EXPECT_EQ(exit_code_of({ErrorCode::not_found, Subject::model, "m"}), 3);
  EXPECT_EQ(exit_code_of({ErrorCode::not_found, Subject::input, "m"}), 1);
  EXPECT_EQ(exit_code_of({ErrorCode::not_found, Subject::remote_input, "m"}), 3);
  EXPECT_EQ(exit_code_of({ErrorCode::invalid_argument, Subject::usage, "m"}), 2);
  EXPECT_EQ(exit_code_of({ErrorCode::unavailable, Subject::network, "m"}), 4);
  EXPECT_EQ(exit_code_of({ErrorCode::checksum_mismatch, Subject::model, "m"}), 5);
  EXPECT_EQ(exit_code_of({ErrorCode::no_space, Subject::store, "m"}), 6);
  EXPECT_EQ(exit_code_of({ErrorCode::io_error, Subject::store, "m"}), 6);
  EXPECT_EQ(exit_code_of({ErrorCode::unsupported, Subject::engine, "m"}), 7);
  EXPECT_EQ(exit_code_of({ErrorCode::offline, Subject::model, "m"}), 8);
  EXPECT_EQ(exit_code_of({ErrorCode::cancelled, Subject::other, "m"}), 130);
}

TEST(ErrorTest, EveryCodeHasANameOfItsOwnAndAFace) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code) {
    const Error error(static_cast<ErrorCode>(code), Subject::other, "m");
    EXPECT_FALSE(name_of(error.code).empty());
    EXPECT_EQ(name_of(error.code) == "internal", error.code == ErrorCode::internal);
    EXPECT_GE(http_status_of(error), 400);
    EXPECT_FALSE(python_exception_of(error).empty());
  }
}

TEST(ErrorTest, ContextIsOutermostFirst) {
  const Error error =
      Error(ErrorCode::io_error, Subject::store, "cannot write x", "free some space")
          .with_context("fetch a.onnx")
          .with_context("pull yolov8n");
  EXPECT_EQ(error.to_string(),
            "cannot write x (pull yolov8n > fetch a.onnx)\nhint: free some space");
}

}  // namespace
}  // namespace modelhub
