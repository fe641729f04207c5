// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/options.h"

#include <cstdlib>
#include <type_traits>

#include <gtest/gtest.h>

#include "support/scratch.h"

namespace modelhub {
namespace {

// g++ 12 frees an aggregate twice that is a defaulted parameter inside a co_await expression.
static_assert(!std::is_aggregate_v<HubOptions>);
static_assert(!std::is_aggregate_v<LoadOptions>);
static_assert(!std::is_aggregate_v<RunOptions>);

class OptionsTest : public ::testing::Test {
 protected:
  OptionsTest() {
    for (const char* name :
         {"MODELHUB_HOME", "MODELHUB_CATALOG", "MODELHUB_MIRRORS", "MODELHUB_LICENSES",
          "MODELHUB_OFFLINE", "MODELHUB_TOKENS", "HF_TOKEN", "MODELHUB_TOKEN_FILE",
          "XDG_CONFIG_HOME", "ONNXRUNTIME_ROOT", "OPENVINO_ROOT", "MODELHUB_CA_FILE",
          "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"}) {
      ::unsetenv(name);
    }
    ::setenv("HOME", "/home/somebody", 1);
  }
};

TEST_F(OptionsTest, DefaultsToTheHomeOfTheUser) {
  EXPECT_EQ(HubOptions::from_environment().home, "/home/somebody/.omni_dev/models");
  EXPECT_EQ(HubOptions::from_environment().network, Network::allowed);
}

TEST_F(OptionsTest, ReadsListsAndIgnoresEmptyParts) {
  ::setenv("MODELHUB_HOME", "/models", 1);
  ::setenv("MODELHUB_CATALOG", "/a.json::/b", 1);
  ::setenv("MODELHUB_MIRRORS", "https://one.example/x, file:///two", 1);
  ::setenv("MODELHUB_LICENSES", "Apache-2.0,MIT", 1);
  const HubOptions options = HubOptions::from_environment();
  EXPECT_EQ(options.home, "/models");
  EXPECT_EQ(options.catalogs, (std::vector<std::string>{"/a.json", "/b"}));
  EXPECT_EQ(options.mirrors, (std::vector<std::string>{"https://one.example/x", "file:///two"}));
  EXPECT_EQ(options.licenses, (std::vector<std::string>{"Apache-2.0", "MIT"}));
}

TEST_F(OptionsTest, TellsEnginesWhereTheirLibrariesAre) {
  EXPECT_TRUE(HubOptions::from_environment().engine_settings.empty());
  ::setenv("ONNXRUNTIME_ROOT", "/opt/ort", 1);
  ::setenv("OPENVINO_ROOT", "/opt/intel/openvino", 1);
  const HubOptions options = HubOptions::from_environment();
  EXPECT_EQ(options.engine_settings.at("onnxruntime.library_dir"), "/opt/ort");
  EXPECT_EQ(options.engine_settings.at("openvino.library_dir"), "/opt/intel/openvino");
}

TEST_F(OptionsTest, ReadsAPrecision) {
  EXPECT_FALSE(LoadOptions().precision);
  EXPECT_EQ(LoadOptions().threads, 0);
  EXPECT_EQ(parse_precision("exact").value(), Precision::exact);
  EXPECT_EQ(parse_precision("golden").value(), Precision::golden);
  const Result<Precision> bad = parse_precision("silver");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(bad.error().message, "'silver' is no precision");
}

TEST_F(OptionsTest, TokensComeFromTheEnvironment) {
  ::setenv("MODELHUB_TOKENS", "https://a.example=one, https://b.example=t=wo", 1);
  ::setenv("HF_TOKEN", "hf_x", 1);
  ::setenv("MODELHUB_TOKEN_FILE", "/secrets/tokens", 1);
  const HubOptions options = HubOptions::from_environment();
  ASSERT_EQ(options.tokens.size(), 3U);
  EXPECT_EQ(options.tokens[0].origin, "https://a.example");
  EXPECT_EQ(options.tokens[1].token, "t=wo");
  EXPECT_EQ(options.tokens[2].origin, "https://huggingface.co");
  EXPECT_EQ(options.token_file, "/secrets/tokens");
}

TEST_F(OptionsTest, TheUsualTokenFileCountsOnlyWhenItIsThere) {
  EXPECT_EQ(HubOptions::from_environment().token_file, "");
  const test::ScratchFolder scratch;
  const std::string path = scratch.write("modelhub/tokens", "");
  ::setenv("XDG_CONFIG_HOME", scratch.path().c_str(), 1);
  EXPECT_EQ(HubOptions::from_environment().token_file, path);
}

TEST_F(OptionsTest, AuthoritiesAreThoseOfTheFirstVariableThatIsSet) {
  EXPECT_EQ(HubOptions::from_environment().ca_file, "");
  for (const char* name : {"SSL_CERT_DIR", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "MODELHUB_CA_FILE"}) {
    ::setenv(name, name, 1);
    EXPECT_EQ(HubOptions::from_environment().ca_file, name);
  }
}

TEST_F(OptionsTest, OfflineIsOnUnlessItSaysOff) {
  for (const char* value : {"1", "true", "yes"}) {
    ::setenv("MODELHUB_OFFLINE", value, 1);
    EXPECT_EQ(HubOptions::from_environment().network, Network::offline) << value;
  }
  for (const char* value : {"", "0", "false", "no", "off"}) {
    ::setenv("MODELHUB_OFFLINE", value, 1);
    EXPECT_EQ(HubOptions::from_environment().network, Network::allowed) << value;
  }
}

}  // namespace
}  // namespace modelhub
