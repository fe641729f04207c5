// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <gmock/gmock.h>

#include "cli_fixture.h"

namespace modelhub::test {
namespace {

using ::testing::HasSubstr;

TEST_F(CliTest, ListShowsEveryModelOfTheSketch) {
  const ProcessResult result = run({"list", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json document = json_of(result.out);
  EXPECT_EQ(document["schema_version"], 1);
  std::vector<std::string> names;
  for (const Json& model : document["models"]) {
    names.push_back(model["name"]);
    for (const char* field :
         {"task", "default_version", "versions", "installed", "bytes", "license"}) {
      EXPECT_TRUE(model.contains(field)) << model["name"] << " lacks " << field;
    }
    EXPECT_TRUE(model["installed"].empty());
  }
  for (const char* name :
       {"yolov8n", "yolov8s", "ssd_mobilenet_v2", "resnet50", "mobilenet_v2", "tesseract_eng",
        "face_recognition", "yunet", "ultraface", "yolox_nano", "yolox_tiny", "yolox_s",
        "squeezenet", "efficientnet_lite4", "sface", "person_detection_0200"}) {
    EXPECT_THAT(names, ::testing::Contains(name));
  }
}

TEST_F(CliTest, ListCreatesNothing) {
  ASSERT_EQ(run({"list"}).exit_code, 0);
  EXPECT_EQ(run({"list", "--installed"}).exit_code, 0);
  EXPECT_TRUE(files_below(home_).empty());
  EXPECT_NE(::access(home_.c_str(), F_OK), 0) << "looking must not make the home";
}

TEST_F(CliTest, SearchFindsByTaskAndLicense) {
  const ProcessResult result =
      run({"search", "--task", "detect", "--license", "Apache-2.0", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json models = json_of(result.out)["models"];
  EXPECT_TRUE(std::any_of(models.begin(), models.end(),
                          [](const Json& m) { return m["name"] == "yolox_s"; }));
  for (const Json& model : models) EXPECT_EQ(model["task"], "detect");
}

TEST_F(CliTest, ShowGivesFilesWithDigestsAndLicense) {
  const ProcessResult result = run({"show", "YOLOX-s", "--json"});  // another spelling
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json model = json_of(result.out)["model"];
  EXPECT_EQ(model["name"], "yolox_s");
  EXPECT_EQ(model["license"], "Apache-2.0");
  EXPECT_EQ(model["versions"][0]["variants"][0]["files"][0]["sha256"],
            "c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063");
}

TEST_F(CliTest, AnUnknownModelEndsWith3AndASuggestion) {
  for (const char* command : {"show", "pull", "rm"}) {
    const ProcessResult result = run({command, "yolov8m"});
    EXPECT_EQ(result.exit_code, 3) << command;
    EXPECT_THAT(result.err, HasSubstr("yolov8m")) << command;
  }
  EXPECT_THAT(run({"pull", "yolov8m"}).err, HasSubstr("did you mean 'yolov8n'"));
  EXPECT_EQ(run({"run", "yolov8m", shared("images/bus.jpg")}).exit_code, 3);
}

TEST_F(CliTest, UnknownVersionsAndVariantsEndWith3AndSayWhatThereIs) {
  const ProcessResult version = run({"pull", "yolox_s@99"});
  EXPECT_EQ(version.exit_code, 3);
  EXPECT_THAT(version.err, HasSubstr("0.1.1"));
  EXPECT_EQ(run({"pull", "mobilenet_v2:nothing"}).exit_code, 3);
}

TEST_F(CliTest, AnUnknownCommandEndsWith2AndASuggestion) {
  const ProcessResult result = run({"pul", "yolov8n"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("did you mean 'pull'"));
  EXPECT_TRUE(result.out.empty());
  EXPECT_EQ(run({}).exit_code, 2);
  EXPECT_EQ(run({"list", "--nonsense"}).exit_code, 2);
  EXPECT_EQ(run({"run", "yolov8n", "x.jpg", "--conf", "7"}).exit_code, 2);
}

TEST_F(CliTest, ErrorsAreJsonWhenTheDataIs) {
  const ProcessResult result = run({"pull", "yolov8m", "--json"});
  EXPECT_EQ(result.exit_code, 3);
  const Json error = json_of(result.err)["error"];
  EXPECT_EQ(error["code"], "not_found");
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr("yolov8m"));
  EXPECT_EQ(json_of(run({"pul", "--json"}).err)["error"]["code"], "invalid_argument");
}

TEST_F(CliTest, HelpAndVersionEndWith0) {
  EXPECT_THAT(run({"--version"}).out, HasSubstr("modelhub "));
  EXPECT_THAT(run({"--help"}).out, HasSubstr("doctor"));
  EXPECT_THAT(run({"run", "--help"}).out, HasSubstr("--max-det"));
}

TEST_F(CliTest, DevicesNamesTheProcessor) {
  const ProcessResult result = run({"devices", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(json_of(result.out)["devices"][0]["id"], "cpu:0");
  EXPECT_THAT(run({"devices"}).out, HasSubstr("cpu:0"));
}

TEST_F(CliTest, DevicesAndDoctorShowGpusAndWhyThereAreNotMore) {
  const std::string drivers = MODELHUB_FAKE_DRIVERS;
  options_.environment["LD_LIBRARY_PATH"] = drivers + "/nvml:" + drivers + "/opencl";
  const Json report = json_of(run({"devices", "--json"}).out);
  ASSERT_EQ(report["devices"].size(), 5U) << report;
  EXPECT_EQ(report["devices"][1]["id"], "cuda:0");
  EXPECT_EQ(report["devices"][1]["driver"], "550.54.15");
  EXPECT_EQ(report["devices"][1]["memory_free_bytes"], 70ULL << 30);
  EXPECT_EQ(report["devices"][2]["id"], "cuda:2");
  EXPECT_EQ(report["devices"][3]["id"], "opencl:0");
  EXPECT_EQ(report["devices"][3]["name"], "Fake Graphics");
  EXPECT_EQ(report["devices"][3]["pci"], "0000:00:02.0");
  EXPECT_EQ(report["notes"][0]["reason"], "cuda:1 cannot be used: GPU is lost");
  const std::string devices = run({"devices"}).out;
  EXPECT_THAT(devices, HasSubstr("cuda:0   Fake GPU 0, 85.9 GB (75.2 GB free), driver 550.54.15, "
                                 "PCI 0000:3a:00.0, GPU-0000"));
  EXPECT_THAT(devices, HasSubstr("opencl:1   Fake Arc, 4.29 GB, driver 23.43.027"));
  EXPECT_THAT(devices, HasSubstr("note: cuda:1 cannot be used: GPU is lost"));
  const std::string doctor = run({"doctor"}).out;
  EXPECT_THAT(doctor, HasSubstr("device: cuda:2, Fake GPU 2"));
  EXPECT_THAT(doctor, HasSubstr("note     device: cuda:1 cannot be used: GPU is lost"));
}

TEST_F(CliTest, DoctorLooksAtHomeCatalogEnginesAndDevices) {
  const ProcessResult result = run({"doctor"});
  for (const char* word : {"home", "catalog", "device"}) EXPECT_THAT(result.out, HasSubstr(word));
}

}  // namespace
}  // namespace modelhub::test
