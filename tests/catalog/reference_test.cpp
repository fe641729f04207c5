// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "modelhub/catalog.h"

namespace modelhub {
namespace {

TEST(ReferenceTest, TakesNameVersionAndVariantApart) {
  const Reference full = Reference::parse("yolov8n@8.4.0:onnx-fp32").value();
  EXPECT_EQ(full.name, "yolov8n");
  EXPECT_EQ(full.version, "8.4.0");
  EXPECT_EQ(full.variant, "onnx-fp32");
  const Reference name = Reference::parse("yolov8n").value();
  EXPECT_FALSE(name.version.has_value());
  EXPECT_FALSE(name.variant.has_value());
  EXPECT_EQ(Reference::parse("yolov8n:pt").value().variant, "pt");
}

TEST(ReferenceTest, TextSurvivesTheRoundTrip) {
  for (const char* text : {"a", "a@1", "a:x", "a@1:x"})
    EXPECT_EQ(Reference::parse(text).value().to_string(), text);
}

TEST(ReferenceTest, RefusesWhatIsNoReferenceAndSaysHowToWriteOne) {
  for (const char* text : {"", "@1", ":x", "a@", "a:", "a@1:", "a/b", "../a", "a b", "a@1/2",
                           "a:../x", "a@1@2", "a:b:c"}) {
    const Result<Reference> reference = Reference::parse(text);
    ASSERT_FALSE(reference) << text;
    EXPECT_EQ(reference.error().code, ErrorCode::invalid_argument) << text;
    EXPECT_EQ(reference.error().subject, Subject::usage) << text;
    EXPECT_NE(reference.error().hint.find("name[@version][:variant]"), std::string::npos) << text;
  }
  EXPECT_FALSE(Reference::parse(std::string(100, 'a')));
}

TEST(LicensePolicyTest, AllowsWhatIsListedWhateverTheCase) {
  const LicensePolicy policy = LicensePolicy::parse("apache-2.0, MIT").value();
  EXPECT_TRUE(policy.allows("Apache-2.0"));
  EXPECT_TRUE(policy.allows("MIT"));
  EXPECT_FALSE(policy.allows("AGPL-3.0"));
  EXPECT_TRUE(LicensePolicy().allows("AGPL-3.0"));
}

TEST(LicensePolicyTest, RefusesAnEmptyPlaceInTheList) {
  for (const char* text : {"", "MIT,", ",MIT", "MIT,,BSD-3-Clause", " "}) {
    const Result<LicensePolicy> policy = LicensePolicy::parse(text);
    ASSERT_FALSE(policy) << text;
    EXPECT_EQ(policy.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(policy.error().subject, Subject::usage);
  }
}

}  // namespace
}  // namespace modelhub
