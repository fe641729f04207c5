// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "base/hasher.h"
#include "modelhub/hub.h"
#include "support/http_server.h"
#include "support/scratch.h"

namespace modelhub {

// A classifier of three classes that says the same of every picture. Its input is 3 x 4 x 4.
inline const std::string k_model =
    "scripted 1\n"
    "input x float32 1 3 4 4\n"
    "output y float32 1 3 = constant 0.1 0.7 0.2\n";

// `golden` is the member of that name with its comma, or empty.
inline std::string document(const std::string& content, const std::string& engine_needed,
                            const std::string& golden) {
  return R"({ "schema": 1, "models": [ { "name": "toy", "task": "classify", "title": "A toy", "license": "MIT",
      "default_version": "1", "versions": [ { "version": "1", "variants": [ { "id": "plain", "format": "scripted",
      "precision": "float32", "engines": [")" +
         engine_needed + R"("], "files": [ { "path": "toy.txt", "role": "graph", "bytes": )" +
         std::to_string(content.size()) + R"(, "sha256": ")" + base::sha256_of(content).hex() +
         R"(", "urls": [] } ],
      "recipe": { "inputs": [ { "name": "x", "size": [4, 4] } ], "outputs": [ { "name": "y", "role": "scores" } ],
                  "decode": { "kind": "probabilities" }, "labels": ["ant", "bee", "cow"] } )" +
         golden + R"( } ] } ] } ] })";
}

class HubTest : public ::testing::Test {
 protected:
  HubTest() { serve(k_model); }

  void serve(const std::string& model, const std::string& engine = "scripted",
             const std::string& golden = {}) {
    model_ = model;
    server_.on(path(), test::file_reply(model));
    options_.home = scratch_.path("home");
    options_.system_catalog.clear();
    options_.catalogs = {scratch_.write("layer.json", document(model, engine, golden))};
    options_.mirrors = {server_.url("")};
    options_.engine_path = {MODELHUB_SCRIPTED_ENGINE_DIR};
  }
  std::string path() const { return "/sha256/" + base::sha256_of(model_).hex(); }
  Hub open() { return Hub::open(options_).value(); }
  static Image picture() { return Image::create(8, 6, PixelFormat::rgb8).value(); }

  test::ScratchFolder scratch_;
  test::HttpServer server_;
  std::string model_;
  HubOptions options_;
};

// A model with a golden picture.
class GoldenHubTest : public HubTest {
 protected:
  // The golden picture on the server, and the model whose answer to it is `expected`.
  void serve_golden(const std::string& expected, const std::string& model = k_model,
                    const std::string& engine = "scripted") {
    EXPECT_TRUE(picture().save(scratch_.path("golden.png")));
    picture_bytes_ = test::content_of(scratch_.path("golden.png"));
    server_.on(picture_path(), test::file_reply(picture_bytes_));
    serve(model, engine,
          R"(, "golden": { "image": { "path": "grey.png", "role": "picture", "bytes": )" +
              std::to_string(picture_bytes_.size()) + R"(, "sha256": ")" +
              base::sha256_of(picture_bytes_).hex() + R"(", "urls": [] }, )" + expected + " }");
  }
  std::string picture_path() const { return "/sha256/" + base::sha256_of(picture_bytes_).hex(); }

  std::string picture_bytes_;
};

inline const std::string k_right =
    R"("expect": [ { "label": "bee", "score": 0.7 } ], "tolerance": { "top1": true })";
inline const std::string k_wrong =
    R"("expect": [ { "label": "cow", "score": 0.7 } ], "tolerance": { "top1": true })";

}  // namespace modelhub
