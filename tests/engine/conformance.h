// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "engine/module.h"

namespace modelhub::engine {

// What the suite needs to know about an engine: a model that it can load, and perhaps the right
// answer.
//
// To run it on an engine of your own: build/dev/bin/engine_conformance --help. To make it part of a
// test program:
//
//     INSTANTIATE_TEST_SUITE_P(MyEngine, EngineConformance, testing::Values(my_case()),
//     name_of_case);
struct ConformanceCase {
  std::string module;  // path of modelhub_engine_<name>.so
  std::vector<EngineSetting> settings;
  std::string format;
  std::vector<EngineFile> files;
  std::string device = "cpu:0";
  std::int64_t open_side = 1;  // the length given to sides that the model leaves open
  // Inputs whose open sides must differ (a picture's height, width and channels): these shapes.
  std::map<std::string, Shape> shapes;

  // Fills an input; without it, numbers from 0 to 1 in a pattern.
  std::function<void(const std::string& name, Tensor& tensor)> fill;
  // Looks at the answer to such inputs; without it, any answer is right as long as it stays the
  // same.
  std::function<void(const RunResult& result)> check;
};

// The last argument of INSTANTIATE_TEST_SUITE_P: names a case by its engine and model.
std::string name_of_case(const testing::TestParamInfo<ConformanceCase>& parameter);
std::ostream& operator<<(std::ostream& out, const ConformanceCase& conformance_case);

// What every engine must do, on one model.
class EngineConformance : public testing::TestWithParam<ConformanceCase> {
 protected:
  void SetUp() override;

  LoadRequest request() const;
  std::unique_ptr<Session> load() const;
  std::vector<NamedTensor> inputs_of(const Session& session) const;

  std::shared_ptr<Engine> engine_;
};

}  // namespace modelhub::engine
