// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// A user's own model at the shell. Running one needs a real engine: real_models_test.cpp.
#include <filesystem>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "cli_fixture.h"
#include "model_file/onnx_writer.h"
#include "support/http_server.h"

namespace modelhub::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class RegisterTest : public CliTest {
 protected:
  std::string detector(const std::string& name = "parcels.onnx",
                       const std::vector<std::string>& classes = {"box", "bag"}) const {
    return write(name, ultralytics_detector(classes).encode());
  }
  // The same without metadata.
  std::string silent(const std::string& name = "silent.onnx") const {
    OnnxWriter model;
    model.outputs = {{"output0", {1, 6, 8400}}};
    return write(name, model.encode());
  }
};

TEST_F(RegisterTest, SaysWhatItReadAndTookForGranted) {
  const ProcessResult result = run({"register", detector()});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("parcels@1:onnx-fp32 registered: "));
  EXPECT_THAT(result.out,
              HasSubstr("sha256:" + base::sha256_of(read(in_work("parcels.onnx"))).hex()));
  EXPECT_THAT(result.err, HasSubstr("it declares the task 'detect' (Ultralytics 8.3.0), 2 names, "
                                    "imgsz 640 x 640"));
  EXPECT_THAT(result.err, HasSubstr("images [1,3,640,640] float32 is given pictures in rgb, "
                                    "letterboxed to 640 x 640, levels 0 to 1"));
  EXPECT_THAT(result.err,
              HasSubstr("output0 [1,6,8400] float32 is read by decode 'yolo8' with conf 0.25"));
  EXPECT_THAT(result.err, HasSubstr("2 labels: box, bag"));
  EXPECT_THAT(result.err, HasSubstr("rm --forget parcels"));
  const ProcessResult quiet = run({"--quiet", "register", detector("b.onnx", {"a", "b"})});
  EXPECT_TRUE(quiet.err.empty()) << quiet.err;
}

TEST_F(RegisterTest, JsonHasTheDocumentedShape) {
  const ProcessResult result = run({"register", detector(), "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json document = json_of(result.out);
  EXPECT_EQ(document["schema_version"], 1);
  const Json model = document["model"];
  EXPECT_EQ(model["reference"], "parcels@1:onnx-fp32");
  EXPECT_EQ(model["was_registered"], false);
  EXPECT_EQ(model["is_trusted_on_first_use"], false);
  EXPECT_EQ(model["license"], "AGPL-3.0");
  EXPECT_FALSE(model["assumptions"].empty());
  EXPECT_TRUE(fs::exists(model["document"].get<std::string>()));
  EXPECT_TRUE(fs::exists(model["files"][0]["location"].get<std::string>()));
  EXPECT_EQ(json_of(run({"register", detector(), "--json"}).out)["model"]["was_registered"], true);
}

TEST_F(RegisterTest, IsAModelLikeAnyOtherFromThenOn) {
  ASSERT_EQ(run({"register", detector(), "--license", "MIT"}).exit_code, 0);
  ASSERT_EQ(run({"register", detector("two.onnx", {"box", "bin"}), "--name", "parcels", "--version",
                 "2.0-rc1"})
                .exit_code,
            0);
  const Json models = json_of(run({"list", "--installed", "--json"}).out)["models"];
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0]["name"], "parcels");
  EXPECT_EQ(models[0]["installed"].size(), 2U);
  EXPECT_THAT(run({"show", "parcels"}).out, HasSubstr("parcels@2.0-rc1"));
  EXPECT_THAT(run({"search", "--task", "detect", "parcels"}).out, HasSubstr("parcels"));
  EXPECT_THAT(run({"versions", "parcels"}).out, HasSubstr("2.0-rc1"));
  EXPECT_EQ(run({"versions", "parcels", "--default", "1"}).exit_code, 0);
  EXPECT_THAT(run({"verify", "--full"}).out, HasSubstr("parcels@1:onnx-fp32: ok"));
  EXPECT_EQ(run({"pin", "parcels@1"}).exit_code, 0);
  EXPECT_EQ(run({"repair"}).exit_code, 0);
  EXPECT_EQ(run({"pull", "parcels"}).exit_code, 0);
  EXPECT_THAT(run({"doctor"}).out, HasSubstr("catalog"));
}

TEST_F(RegisterTest, AnotherFileUnderTheSameNameIsRefused) {
  ASSERT_EQ(run({"register", detector()}).exit_code, 0);
  EXPECT_THAT(run({"register", detector()}).out,
              HasSubstr("parcels@1:onnx-fp32 is registered already"));
  const ProcessResult other =
      run({"register", detector("two.onnx", {"x", "y"}), "--name", "parcels"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err,
              HasSubstr("parcels@1 is registered already, with other files: registered from " +
                        in_work("parcels.onnx")));
  EXPECT_THAT(other.err, HasSubstr("hint: --version adds another version"));
  const ProcessResult taken = run({"register", detector("yolov8n.onnx")});
  EXPECT_EQ(taken.exit_code, 2);
  EXPECT_THAT(taken.err, HasSubstr("'yolov8n' is a model of the catalog"));
  EXPECT_THAT(taken.err, HasSubstr("--name my_yolov8n"));
}

TEST_F(RegisterTest, RemovingAndForgettingAreTwoThings) {
  ASSERT_EQ(run({"register", detector()}).exit_code, 0);
  EXPECT_EQ(run({"rm", "parcels"}).exit_code, 0);
  EXPECT_EQ(run({"show", "parcels"}).exit_code, 0) << "known, and can be pulled again";
  EXPECT_EQ(run({"pull", "parcels"}).exit_code, 0);
  fs::remove(in_work("parcels.onnx"));
  const ProcessResult only = run({"rm", "parcels"});
  EXPECT_EQ(only.exit_code, 1);
  EXPECT_THAT(only.err, HasSubstr("the only copy of parcels@1"));
  EXPECT_THAT(only.err, HasSubstr("hint: modelhub rm --forget parcels@1"));
  EXPECT_THAT(run({"rm", "--forget", "parcels", "--dry-run"}).out,
              HasSubstr("would forget parcels@1"));
  const ProcessResult forgotten = run({"rm", "--forget", "parcels", "--json"});
  EXPECT_EQ(forgotten.exit_code, 0) << forgotten.err;
  EXPECT_EQ(json_of(forgotten.out)["forgotten"][0], "parcels@1");
  EXPECT_EQ(run({"show", "parcels"}).exit_code, 3);
  EXPECT_EQ(run({"rm", "--forget", "yolox_s"}).exit_code, 2);
}

TEST_F(RegisterTest, EveryRefusalHasItsCodeAndNamesTheNextStep) {
  struct Refusal {
    std::vector<std::string> arguments;
    int exit_code;
    std::string words;
    std::string hint;
  };
  OnnxWriter pose = ultralytics_detector({"person"});
  for (auto& [key, value] : pose.metadata) {
    if (key == "task") value = "pose";
  }
  for (const Refusal& refusal : std::vector<Refusal>{
           {{write("best.pt", "PK")},
            7,
            "can execute code",
            "yolo export model=" + in_work("best.pt") + " format=onnx"},
           {{write("w.safetensors", "x")}, 7, "weights without a graph", "torch.onnx.export"},
           {{write("g.pb", "x")}, 7, "TensorFlow graph", "tf2onnx"},
           {{write("m.tflite", "x")}, 7, "TensorFlow Lite", "tf2onnx"},
           {{write("m.engine", "x")}, 7, "TensorRT", "ONNX file"},
           {{in_work("none.onnx")}, 3, "there is no file", "check the path"},
           {{in_work("none.pt")}, 3, "there is no file", "check the path"},
           {{work_}, 1, "is a folder", "model.onnx"},
           {{write("text.onnx", "hello")}, 5, "it is no ONNX model", "export"},
           {{write("empty.onnx", "")}, 5, "it is empty", "export"},
           {{write("page.onnx", "<html>")}, 5, "web page", "browser"},
           {{write("pose.onnx", pose.encode())},
            7,
            "needs decode 'pose' (a newer modelhub)",
            "update modelhub"},
           {{silent()}, 2, "does not say how it is fed and read", "--recipe KIND tells it: yolov8"},
           {{silent(), "--recipe", "yolo8"}, 2, "'yolo8' is no recipe", "or 'yolov8'?"},
           {{silent(), "--recipe", "yolov8", "--size", "320"},
            2,
            "--size 320x320 does not fit",
            "leave it out"},
           {{silent(), "--recipe", "yolov8", "--labels", "none.txt"},
            1,
            "none.txt",
            "one label a line"},
           {{silent(), "--recipe", "yolov8", "--labels", "coco80"},
            5,
            "2 classes, the labels 80",
            "--labels FILE"},
           {{silent(), "--recipe", "yolov8", "--color", "pink"}, 2, "--color pink", "rgb or bgr"},
           {{silent(), "--recipe", "ssd7"}, 2, "colours and scaling", "--color"},
           {{silent(), "--recipe", "yolov8", "--size", "big"}, 2, "--size big", "640x480"},
           {{silent(), "--recipe", "yolov8", "--std", "0"}, 2, "--std 0", "leave it out"},
           {{silent(), "--sha256", "abc"}, 2, "--sha256", "sha256sum"},
           {{detector(), "--sha256", std::string(64, 'a')},
            5,
            std::string(64, 'a'),
            "another file"},
           {{detector(), "--name", "No Name"}, 2, "cannot name a model", "--name no_name"},
           {{detector(), "--version", "a/b"}, 2, "cannot be a version", "--version 2"},
           {{"ftp://host/m.onnx"}, 4, "ftp", "https://"},
           {{"http://127.0.0.1:9/m.pt"}, 7, "can execute code", "yolo export"},
       }) {
    std::vector<std::string> arguments = {"register"};
    arguments.insert(arguments.end(), refusal.arguments.begin(), refusal.arguments.end());
    const ProcessResult result = run(arguments);
    EXPECT_EQ(result.exit_code, refusal.exit_code) << refusal.words << ": " << result.err;
    EXPECT_THAT(result.err, HasSubstr(refusal.words));
    EXPECT_THAT(result.err, HasSubstr("hint: "));
    EXPECT_THAT(result.err, HasSubstr(refusal.hint)) << refusal.words;
    EXPECT_TRUE(result.out.empty()) << result.out;
  }
  EXPECT_EQ(json_of(run({"list", "--installed", "--json"}).out)["models"].size(), 0U);
  EXPECT_FALSE(fs::exists(home_ + "/catalog.d"));
}

TEST_F(RegisterTest, AUrlIsTrustedOnFirstUseAndSaysSo) {
  HttpServer server;
  const std::string bytes = ultralytics_detector({"box", "bag"}).encode();
  server.on("/best.onnx", file_reply(bytes));
  const ProcessResult result = run({"register", server.url("/best.onnx")});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err,
              HasSubstr("nobody has vouched for it: sha256 " + base::sha256_of(bytes).hex()));
  EXPECT_THAT(result.err, HasSubstr("demanded from now on"));
  EXPECT_THAT(run({"show", "best"}).out, HasSubstr(server.url("/best.onnx")));
  const ProcessResult proved = run({"register", server.url("/best.onnx"), "--name", "proved",
                                    "--sha256", base::sha256_of(bytes).hex()});
  ASSERT_EQ(proved.exit_code, 0) << proved.err;
  EXPECT_THAT(proved.err, Not(HasSubstr("vouched")));
  const ProcessResult offline =
      run({"--offline", "register", server.url("/best.onnx"), "--name", "x"});
  EXPECT_EQ(offline.exit_code, 8);
  const ProcessResult missing = run({"register", server.url("/none.onnx")});
  EXPECT_EQ(missing.exit_code, 4);
  EXPECT_THAT(missing.err, HasSubstr("404"));
}

TEST_F(RegisterTest, FilesAndModelsAreToldApartEverywhere) {
  const std::string file = detector();
  const ProcessResult pull = run({"pull", file});
  EXPECT_EQ(pull.exit_code, 2);
  EXPECT_THAT(pull.err, HasSubstr("hint: modelhub register " + file));
  const ProcessResult run_model =
      run({"run", "yolox_s", shared("images/bus.jpg"), "--labels", "coco80"});
  EXPECT_EQ(run_model.exit_code, 2);
  EXPECT_THAT(run_model.err, HasSubstr("file of your own"));
  const ProcessResult run_missing = run({"run", "./none.onnx", shared("images/bus.jpg")});
  EXPECT_EQ(run_missing.exit_code, 3);
  EXPECT_THAT(run_missing.err, HasSubstr("there is no file ./none.onnx"));
  const ProcessResult run_checkpoint =
      run({"run", write("best.pt", "PK"), shared("images/bus.jpg")});
  EXPECT_EQ(run_checkpoint.exit_code, 7);
  EXPECT_THAT(run_checkpoint.err, HasSubstr("yolo export"));
}

}  // namespace
}  // namespace modelhub::test
