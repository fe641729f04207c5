// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/options.h"

#include <cstdlib>
#include <type_traits>

#include <gtest/gtest.h>

namespace modelhub {
namespace {

// g++ 12 frees an aggregate twice that is a defaulted parameter inside a co_await expression.
static_assert(!std::is_aggregate_v<HubOptions>);
static_assert(!std::is_aggregate_v<LoadOptions>);
static_assert(!std::is_aggregate_v<RunOptions>);

class OptionsTest : public ::testing::Test {
 protected:
  OptionsTest() {
    for (const char* name : {"MODELHUB_HOME", "MODELHUB_CATALOG", "MODELHUB_MIRRORS",
                             "MODELHUB_LICENSES", "MODELHUB_OFFLINE"}) {
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
