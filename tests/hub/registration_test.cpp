// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Models of the user, through the whole hub with a scripted engine that reads "onnx".
#include "hub/registration.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "hub/registered_documents.h"
#include "model_file/onnx_writer.h"
#include "modelhub/hub.h"
#include "support/faulty_file_system.h"
#include "support/http_server.h"
#include "support/memory_file_system.h"
#include "support/scratch.h"

namespace modelhub {
namespace {

namespace fs = std::filesystem;
using test::HttpReply;
using test::HttpServer;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A detector of Ultralytics for 64 x 64 pixels and two classes. The scripted engine finds its
// script at the end: three candidates, of which the second is a "bag" of 20 x 10 at (32, 32).
std::string detector(const std::string& description = "first") {
  test::OnnxWriter model = test::ultralytics_detector({"box", "bag"});
  model.inputs[0].shape = {1, 3, 64, 64};
  model.outputs[0].shape = {1, 6, 3};
  for (auto& [key, value] : model.metadata) {
    if (key == "imgsz") value = "[64, 64]";
    if (key == "description") value = description;
  }
  model.metadata.emplace_back("script",
                              "\nscripted 1\n"
                              "input images float32 1 3 64 64\n"
                              "output output0 float32 1 6 3 = constant 0 32 0 0 32 0 0 20 0 0 10 0 "
                              "0.1 0.1 0.1 0.1 0.9 0.1\n");
  return model.encode();
}

class RegistrationTest : public ::testing::Test {
 protected:
  RegistrationTest() {
    options_.home = scratch_.path("home");
    options_.system_catalog.clear();
    options_.engine_path = {MODELHUB_SCRIPTED_ENGINE_DIR};
    options_.engine_settings["scripted.format"] = "onnx";
    file_ = scratch_.write("Parcels v1.onnx", detector());
  }

  Hub open() { return Hub::open(options_).value(); }
  static RegisterOptions named(const std::string& name, const std::string& version = "") {
    RegisterOptions options;
    options.name = name;
    options.version = version;
    return options;
  }
  static Error refused(const Hub& hub, const std::string& source,
                       const RegisterOptions& options = {}) {
    const Result<RegisterReport> report = hub.register_model(source, options).get();
    EXPECT_FALSE(report) << source;
    return report ? Error() : report.error();
  }
  static Detections run(const Hub& hub, const std::string& model) {
    const Result<Detector> detector = hub.detector(model).get();
    EXPECT_TRUE(detector) << detector.error().to_string();
    if (!detector) return {};
    const Image picture = Image::create(64, 64, PixelFormat::rgb8).value();
    return detector->detect(picture).value();
  }
  std::vector<std::string> documents() const {
    std::vector<std::string> names;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(scratch_.path("home/catalog.d"), none))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  std::vector<std::string> leftovers() const {
    std::vector<std::string> left;
    std::error_code error;
    fs::recursive_directory_iterator at(scratch_.path("home/staging"), error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
      if (at->path().filename() != "CACHEDIR.TAG") left.push_back(at->path().string());
    }
    // It is being removed: what could not be seen any more was there a moment ago.
    return left;
  }

  test::ScratchFolder scratch_;
  HttpServer server_;
  HubOptions options_;
  std::string file_;
};

// ---- a file ----

TEST_F(RegistrationTest, FromAFileToAModelLikeAnyOther) {
  Hub hub = open();
  const Result<RegisterReport> report = hub.register_model(file_).get();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->reference, "parcels_v1@1:onnx-fp32");
  EXPECT_FALSE(report->was_registered);
  EXPECT_FALSE(report->is_trusted_on_first_use);
  EXPECT_THAT(report->assumptions, Contains(HasSubstr("declares the task 'detect'")));
  EXPECT_EQ(report->model.license, "AGPL-3.0");
  EXPECT_EQ(report->model.files.at(0).sha256, base::sha256_of(detector()));
  EXPECT_THAT(documents(), ElementsAre("registered.parcels_v1@1.json"));
  EXPECT_THAT(leftovers(), IsEmpty());

  const Detections found = run(hub, "Parcels-v1");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].label, "bag");
  EXPECT_FLOAT_EQ(found[0].score, 0.9F);

  Hub other = open();  // as another process finds it
  EXPECT_THAT(run(other, "parcels_v1"), SizeIs(1));
  const ModelEntry entry = other.show("parcels_v1").value();
  EXPECT_EQ(entry.task, "detect");
  EXPECT_THAT(entry.versions.at(0).note, HasSubstr(file_));
  const std::vector<ModelSummary> models = other.list().value().models;
  EXPECT_TRUE(std::any_of(models.begin(), models.end(), [](const ModelSummary& model) {
    return model.name == "parcels_v1" && model.installed.size() == 1;
  }));
  EXPECT_TRUE(other.verify("parcels_v1", VerifyMode::full).value().at(0).is_whole());
}

TEST_F(RegistrationTest, TheStoreHasItsOwnCopy) {
  Hub hub = open();
  ASSERT_TRUE(hub.register_model(file_).get());
  std::fstream(file_, std::ios::in | std::ios::out | std::ios::binary).write("garbage", 7);
  EXPECT_TRUE(hub.verify("parcels_v1", VerifyMode::full).value().at(0).is_whole());
  fs::remove(file_);
  EXPECT_THAT(run(hub, "parcels_v1"), SizeIs(1));
}

TEST_F(RegistrationTest, TheSameBytesAgainChangeNothing) {
  Hub hub = open();
  ASSERT_TRUE(hub.register_model(file_).get());
  const std::string document =
      test::content_of(scratch_.path("home/catalog.d/registered.parcels_v1@1.json"));
  const Result<RegisterReport> again = hub.register_model(file_).get();
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_TRUE(again->was_registered);
  // The same bytes from another place, under the same name.
  const std::string copy = scratch_.write("copy.onnx", detector());
  const Result<RegisterReport> spelled =
      open().register_model(copy, named("parcels_v1", "1.0")).get();
  ASSERT_TRUE(spelled) << spelled.error().to_string();
  EXPECT_TRUE(spelled->was_registered);
  EXPECT_THAT(documents(), SizeIs(1));
  EXPECT_EQ(test::content_of(scratch_.path("home/catalog.d/registered.parcels_v1@1.json")),
            document);
}

TEST_F(RegistrationTest, OtherBytesUnderOneNameAreRefusedWithTheWayOut) {
  Hub hub = open();
  ASSERT_TRUE(hub.register_model(file_).get());
  const std::string other = scratch_.write("other.onnx", detector("second"));
  const Error error = refused(hub, other, named("parcels_v1"));
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_EQ(exit_code_of(error), 2);
  EXPECT_THAT(error.message, HasSubstr("parcels_v1@1 is registered already"));
  EXPECT_THAT(error.message, HasSubstr(file_));
  EXPECT_THAT(error.hint, HasSubstr("--version"));
  EXPECT_THAT(error.hint, HasSubstr("rm --forget parcels_v1@1"));
  EXPECT_EQ(hub.installed().value().size(), 1U);
  EXPECT_THAT(leftovers(), IsEmpty());

  const Result<RegisterReport> second = hub.register_model(other, named("parcels_v1", "2")).get();
  ASSERT_TRUE(second) << second.error().to_string();
  const std::vector<VersionSummary> versions = hub.versions("parcels_v1").value();
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[0].version, "2");
  EXPECT_TRUE(versions[0].is_default) << "the newest";
  EXPECT_TRUE(hub.set_default("parcels_v1@1"));
}

TEST_F(RegistrationTest, TheSameBytesReadInAnotherWayAreAnotherModel) {
  Hub hub = open();
  ASSERT_TRUE(hub.register_model(file_).get());
  RegisterOptions options;
  options.file.labels = scratch_.write("labels.txt", "kiste\ntasche\n");
  const Error error = refused(hub, file_, options);
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_THAT(error.message, HasSubstr("the same bytes"));
  options.version = "2";
  ASSERT_TRUE(hub.register_model(file_, options).get());
  EXPECT_EQ(run(hub, "parcels_v1@2")[0].label, "tasche");
  EXPECT_EQ(run(hub, "parcels_v1@1")[0].label, "bag");
}

TEST_F(RegistrationTest, NamesThatAreTakenOrCannotBeAreRefused) {
  Hub hub = open();
  for (const char* name :
       {"yolov8n", "mobilenetv2", "YOLO_v8n", "Upper", "a b", "_a", "a/b", "..", "a@b"}) {
    const Error error = refused(hub, file_, named(name));
    EXPECT_EQ(error.code, ErrorCode::invalid_argument) << name;
    EXPECT_THAT(error.to_string(), HasSubstr("--name")) << name;
  }
  EXPECT_THAT(refused(hub, file_, named("yolov8n")).message, HasSubstr("a model of the catalog"));
  EXPECT_THAT(refused(hub, file_, named("Upper")).hint, HasSubstr("--name upper"));
  for (const char* version : {"a b", "../1", "1~2", "-1", "1/2"})
    EXPECT_EQ(refused(hub, file_, named("mine", version)).code, ErrorCode::invalid_argument)
        << version;
  EXPECT_EQ(refused(hub, file_, named(std::string(49, 'a'))).code, ErrorCode::invalid_argument);
  EXPECT_THAT(refused(hub, scratch_.write("---.onnx", detector())).hint,
              HasSubstr("--name my_model"));
  ASSERT_TRUE(hub.register_model(file_, named("par_cels")).get());
  const Error spelled = refused(hub, file_, named("parcels"));
  EXPECT_THAT(spelled.message, HasSubstr("another name or spelling of the model 'par_cels'"));
  EXPECT_THAT(documents(), SizeIs(1));
}

TEST_F(RegistrationTest, AVersionForAnotherTaskIsAnotherModel) {
  Hub hub = open();
  ASSERT_TRUE(hub.register_model(file_, named("mine")).get());
  test::OnnxWriter model;
  model.inputs = {{"x", {1, 3, 224, 224}}};
  model.outputs = {{"y", {1, 2}}};
  RegisterOptions options = named("mine", "2");
  options.file.recipe = "classify-torchvision";
  const Error error = refused(hub, scratch_.write("c.onnx", model.encode()), options);
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_THAT(error.message, HasSubstr("task 'detect', this one is for 'classify'"));
}

TEST_F(RegistrationTest, AFileThatIsNoModelLeavesNothingBehind) {
  Hub hub = open();
  EXPECT_EQ(refused(hub, scratch_.path("none.onnx")).code, ErrorCode::not_found);
  EXPECT_EQ(refused(hub, scratch_.write("text.onnx", "no model")).code, ErrorCode::corrupt_data);
  const Error checkpoint = refused(hub, scratch_.write("best.pt", "PK"));
  EXPECT_EQ(checkpoint.code, ErrorCode::unsupported);
  EXPECT_THAT(checkpoint.hint, HasSubstr("yolo export model="));
  EXPECT_FALSE(fs::exists(options_.home));
}

TEST_F(RegistrationTest, ADigestThatIsToldIsCheckedForFilesToo) {
  Hub hub = open();
  RegisterOptions options;
  options.sha256 = base::sha256_of("another file");
  const Error error = refused(hub, file_, options);
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_THAT(error.message, HasSubstr(base::sha256_of(detector()).hex()));
  EXPECT_THAT(error.message, HasSubstr(options.sha256->hex()));
  options.sha256 = base::sha256_of(detector());
  EXPECT_TRUE(hub.register_model(file_, options).get());
}

TEST_F(RegistrationTest, WhatCannotBeFetchedAgainIsPinnedFromTheBeginning) {
  Hub hub = open();
  ASSERT_TRUE(hub.register_model(file_).get());
  EXPECT_GT(hub.cache().value().pinned, ByteCount());
  const PruneReport pruned = hub.prune(DryRun::no, ByteCount(0)).value();
  EXPECT_EQ(hub.installed().value().size(), 1U) << "room is not made of it";
  EXPECT_TRUE(hub.unpin("parcels_v1"));
  (void)hub.prune(DryRun::no, ByteCount(0));
  EXPECT_TRUE(hub.installed().value().empty());
  EXPECT_THAT(run(hub, "parcels_v1"), SizeIs(1)) << "its file is still there to be pulled again";
}

TEST_F(RegistrationTest, NoMirrorHearsOfAFileOfTheUser) {
  options_.mirrors = {server_.url("")};
  ASSERT_TRUE(open().register_model(file_).get());
  EXPECT_EQ(server_.request_count(), 0U);
}

TEST_F(RegistrationTest, AFileCanBeRegisteredOffline) {
  options_.network = Network::offline;
  EXPECT_TRUE(open().register_model(file_).get());
  const Error error = refused(open(), server_.url("/best.onnx"));
  EXPECT_EQ(error.code, ErrorCode::offline);
  EXPECT_EQ(exit_code_of(error), 8);
}

TEST_F(RegistrationTest, WeightsBesideTheGraphComeAlong) {
  test::OnnxWriter model = test::ultralytics_detector({"box", "bag"});
  model.weights = {{"w", 1, "weights.bin"}};
  const std::string graph = scratch_.write("split/split.onnx", model.encode());
  scratch_.write("split/weights.bin", std::string(5000, 'w'));
  const Result<RegisterReport> report = open().register_model(graph).get();
  ASSERT_TRUE(report) << report.error().to_string();
  ASSERT_EQ(report->model.files.size(), 2U);
  EXPECT_EQ(report->model.files[1].path.string(), "weights.bin");
  EXPECT_EQ(report->model.files[1].role, "weights");
}

TEST_F(RegistrationTest, AnIrIsRegisteredWithItsWeights) {
  const std::string graph = scratch_.write("ir/person.xml", R"(<net><layers>
    <layer id="0" name="image" type="Parameter"><data shape="1,3,64,64" element_type="f32"/>
      <output><port id="0" precision="FP32" names="image"/></output></layer>
    <layer id="1" name="out" type="Result"/></layers>
    <edges><edge from-layer="0" from-port="0" to-layer="1" to-port="0"/></edges></net>)");
  RegisterOptions options;
  options.file.recipe = "ssd7";
  options.file.color = "bgr";
  options.file.scale = 1;
  EXPECT_EQ(refused(open(), graph, options).code, ErrorCode::corrupt_data) << "[] is no ssd7";
  const std::string good = scratch_.write("ir/person.xml", R"(<net><layers>
    <layer id="0" name="image" type="Parameter"><data shape="1,3,64,64" element_type="f32"/>
      <output><port id="0" precision="FP32" names="image"/></output></layer>
    <layer id="2" name="det" type="DetectionOutput"><output><port id="3" precision="FP32"><dim>1</dim>
      <dim>1</dim><dim>200</dim><dim>7</dim></port></output></layer>
    <layer id="1" name="out" type="Result"/></layers>
    <edges><edge from-layer="2" from-port="3" to-layer="1" to-port="0"/></edges></net>)");
  const Error missing = refused(open(), good, options);
  EXPECT_EQ(missing.code, ErrorCode::not_found);
  EXPECT_THAT(missing.message, HasSubstr("person.bin"));
  scratch_.write("ir/person.bin", "weights");
  const Result<RegisterReport> report = open().register_model(good, options).get();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->reference, "person@1:ir-fp32");
  EXPECT_EQ(report->model.format, "openvino_ir");
  EXPECT_EQ(report->model.license, "NOASSERTION");
  EXPECT_THAT(report->assumptions, Contains(HasSubstr("--license")));
}

// ---- removing and forgetting ----

TEST_F(RegistrationTest, RemovingLeavesWhatCanBePulledAgain) {
  Hub hub = open();
  ASSERT_TRUE(hub.register_model(file_).get());
  ASSERT_TRUE(hub.remove("parcels_v1"));
  EXPECT_TRUE(hub.installed().value().empty());
  EXPECT_THAT(documents(), SizeIs(1));
  ASSERT_TRUE(hub.pull("parcels_v1").get());
  EXPECT_EQ(hub.installed().value().size(), 1U);
}

TEST_F(RegistrationTest, TheOnlyCopyIsNotRemovedByMistake) {
  Hub hub = open();
  ASSERT_TRUE(hub.register_model(file_).get());
  fs::remove(file_);
  const Result<RemoveReport> removed = hub.remove("parcels_v1");
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(removed.error().message, HasSubstr("the only copy"));
  EXPECT_THAT(removed.error().hint, HasSubstr("modelhub rm --forget parcels_v1@1"));
  EXPECT_EQ(hub.installed().value().size(), 1U);
}

TEST_F(RegistrationTest, ForgettingRemovesItForGood) {
  Hub hub = open();
  ASSERT_TRUE(hub.register_model(file_).get());
  ASSERT_TRUE(
      hub.register_model(scratch_.write("b.onnx", detector("second")), named("parcels_v1", "2"))
          .get());
  ASSERT_TRUE(hub.set_default("parcels_v1@2"));
  const RemoveReport dry = hub.forget("parcels_v1@2", DryRun::yes).value();
  EXPECT_THAT(dry.forgotten, ElementsAre("parcels_v1@2"));
  EXPECT_THAT(documents(), SizeIs(2));
  const RemoveReport report = hub.forget("parcels_v1@2").value();
  EXPECT_THAT(report.references, ElementsAre("parcels_v1@2:onnx-fp32"));
  EXPECT_THAT(report.forgotten, ElementsAre("parcels_v1@2"));
  EXPECT_THAT(documents(), ElementsAre("registered.parcels_v1@1.json"));
  EXPECT_EQ(hub.versions("parcels_v1").value().size(), 1U);
  EXPECT_THAT(run(hub, "parcels_v1"), SizeIs(1)) << "the chosen default went along";

  ASSERT_TRUE(hub.remove("parcels_v1"));
  EXPECT_TRUE(hub.forget("parcels_v1")) << "also what is not installed";
  EXPECT_EQ(hub.show("parcels_v1").error().code, ErrorCode::not_found);
  EXPECT_EQ(hub.forget("parcels_v1").error().code, ErrorCode::not_found);
  EXPECT_THAT(documents(), IsEmpty());
  EXPECT_TRUE(hub.register_model(file_).get()) << "the name is free";
}

TEST_F(RegistrationTest, ModelsOfTheCatalogCannotBeForgotten) {
  const Result<RemoveReport> report = open().forget("yolov8n");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(report.error().message, HasSubstr("was not registered"));
}

TEST_F(RegistrationTest, WhatIsInUseIsNotForgotten) {
  Hub hub = open();
  ASSERT_TRUE(hub.register_model(file_).get());
  const Model model = hub.ensure_ready("parcels_v1").get().value();
  {
    const ModelLease lease = model.lease().value();
    EXPECT_EQ(hub.forget("parcels_v1").error().code, ErrorCode::busy);
    EXPECT_THAT(documents(), SizeIs(1));
  }
  EXPECT_TRUE(hub.forget("parcels_v1"));
}

// ---- a URL ----

TEST_F(RegistrationTest, AUrlIsTrustedOnceAndThenNoMore) {
  server_.on("/models/Best.onnx", test::file_reply(detector()));
  Hub hub = open();
  const Result<RegisterReport> report =
      hub.register_model(server_.url("/models/Best.onnx?download=true")).get();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->reference, "best@1:onnx-fp32");
  EXPECT_TRUE(report->is_trusted_on_first_use);
  EXPECT_THAT(report->assumptions, Contains(HasSubstr(base::sha256_of(detector()).hex())));
  EXPECT_THAT(report->assumptions, Contains(HasSubstr("plain http")));
  EXPECT_THAT(leftovers(), IsEmpty());
  EXPECT_THAT(run(hub, "best"), SizeIs(1));
  EXPECT_EQ(hub.cache().value().pinned, ByteCount()) << "it can be fetched again";

  // From now on nothing else is taken.
  ASSERT_TRUE(hub.remove("best"));
  server_.on("/models/Best.onnx", test::file_reply(test::flipped(detector(), 30)));
  const Result<InstalledModel> pulled = hub.pull("best").get();
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, ErrorCode::checksum_mismatch);
  EXPECT_EQ(exit_code_of(pulled.error()), 5);
}

TEST_F(RegistrationTest, AUrlWithItsDigestIsProved) {
  server_.on("/best.onnx", test::file_reply(detector()));
  Hub hub = open();
  RegisterOptions options;
  options.sha256 = base::sha256_of("something else");
  const Error error = refused(hub, server_.url("/best.onnx"), options);
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_THAT(documents(), IsEmpty());
  EXPECT_TRUE(hub.installed().value().empty());
  options.sha256 = base::sha256_of(detector());
  const Result<RegisterReport> report =
      hub.register_model(server_.url("/best.onnx"), options).get();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_FALSE(report->is_trusted_on_first_use);
  EXPECT_THAT(report->model.sources, ElementsAre(server_.url("/best.onnx")));
}

TEST_F(RegistrationTest, TheSameUrlAgainFetchesNothing) {
  server_.on("/best.onnx", test::file_reply(detector()));
  Hub hub = open();
  ASSERT_TRUE(hub.register_model(server_.url("/best.onnx")).get());
  const std::size_t requests = server_.request_count();
  const Result<RegisterReport> again = hub.register_model(server_.url("/best.onnx")).get();
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_TRUE(again->was_registered);
  EXPECT_EQ(server_.request_count(), requests);
  server_.on("/other/best.onnx", test::file_reply(detector("second")));
  const Error error = refused(hub, server_.url("/other/best.onnx"));
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_THAT(error.message, HasSubstr("from elsewhere"));
  EXPECT_EQ(server_.request_count(), requests) << "told before anything is fetched";
}

TEST_F(RegistrationTest, UrlsThatAreNoModelAreTold) {
  Hub hub = open();
  const auto code_of = [&](const std::string& path) {
    return refused(hub, server_.url(path)).code;
  };
  server_.on("/page.onnx", test::file_reply("<html>").with_header("Content-Type", "text/html"));
  server_.on("/text.onnx", test::file_reply("no model at all"));
  server_.on("/chunked.onnx",
             test::file_reply(detector()).with_framing(HttpReply::Framing::chunked));
  server_.on("/secret.onnx", test::status_reply(401));
  EXPECT_EQ(code_of("/missing.onnx"), ErrorCode::not_found);
  EXPECT_EQ(code_of("/page.onnx"), ErrorCode::corrupt_data);
  EXPECT_EQ(code_of("/text.onnx"), ErrorCode::corrupt_data);
  EXPECT_EQ(code_of("/chunked.onnx"), ErrorCode::unsupported);
  EXPECT_EQ(code_of("/secret.onnx"), ErrorCode::unauthorized);
  const std::size_t requests = server_.request_count();
  EXPECT_EQ(code_of("/best.pt"), ErrorCode::unsupported);
  EXPECT_EQ(code_of("/graph.xml"), ErrorCode::invalid_argument);
  EXPECT_EQ(server_.request_count(), requests) << "refused by its name";
  EXPECT_EQ(refused(hub, "ftp://host/best.onnx").code, ErrorCode::unsupported);
  EXPECT_THAT(refused(hub, server_.url("/missing.onnx")).hint, HasSubstr("check the address"));
  EXPECT_THAT(documents(), IsEmpty());
  EXPECT_TRUE(hub.installed().value().empty());
  EXPECT_THAT(leftovers(), IsEmpty());
}

TEST_F(RegistrationTest, CredentialsOfAUrlAreUsedAndNeverWrittenDown) {
  server_.on("/best.onnx", test::file_reply(detector()));
  std::string url = server_.url("/best.onnx");
  url.insert(7, "me:geheim@");
  ASSERT_TRUE(open().register_model(url).get());
  EXPECT_EQ(server_.requests().at(0).headers.count("authorization"), 1U);
  for (const auto& entry : fs::recursive_directory_iterator(options_.home)) {
    if (!entry.is_regular_file()) continue;
    EXPECT_THAT(test::content_of(entry.path()), ::testing::Not(HasSubstr("geheim")))
        << entry.path();
  }
}

TEST_F(RegistrationTest, ADownloadThatHangsIsCancelled) {
  server_.on("/best.onnx", test::file_reply(detector()).ending_with(HttpReply::Ending::stall, 100));
  Hub hub = open();
  const Job<RegisterReport> job = hub.register_model(server_.url("/best.onnx"));
  ASSERT_TRUE(server_.wait_for_requests(2)) << "one for the size, one for the file";
  job.cancel();
  EXPECT_EQ(job.get().error().code, ErrorCode::cancelled);
  EXPECT_TRUE(test::eventually([&] { return leftovers().empty(); }));
}

// ---- several at once ----

TEST_F(RegistrationTest, ManyWhoRegisterOneFileAtOnceAllSucceed) {
  std::vector<std::thread> threads;
  std::atomic<int> made = 0;
  std::atomic<int> succeeded = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      Hub hub = open();
      const Result<RegisterReport> report = hub.register_model(file_).get();
      ASSERT_TRUE(report) << report.error().to_string();
      ++succeeded;
      if (!report->was_registered) ++made;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(succeeded, 8);
  EXPECT_EQ(made, 1);
  EXPECT_THAT(documents(), SizeIs(1));
  EXPECT_TRUE(open().verify("", VerifyMode::full).value().at(0).is_whole());
}

TEST_F(RegistrationTest, OfManyDifferentFilesUnderOneNameOneWins) {
  std::vector<std::thread> threads;
  std::atomic<int> succeeded = 0;
  for (int i = 0; i < 8; ++i) {
    const std::string path =
        scratch_.write("f" + std::to_string(i) + ".onnx", detector("number " + std::to_string(i)));
    threads.emplace_back([&, path] {
      const Result<RegisterReport> report = open().register_model(path, named("mine")).get();
      if (report) {
        ++succeeded;
      } else {
        EXPECT_EQ(report.error().code, ErrorCode::invalid_argument) << report.error().to_string();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(succeeded, 1);
  Hub hub = open();
  ASSERT_EQ(hub.installed().value().size(), 1U);
  EXPECT_THAT(run(hub, "mine"), SizeIs(1)) << "what is installed is what the document says";
}

// ---- a file that is only run ----

TEST_F(RegistrationTest, AFileIsRunWhereItLies) {
  Hub hub = open();
  EXPECT_THAT(run(hub, file_), SizeIs(1));
  EXPECT_FALSE(fs::exists(options_.home)) << "nothing is kept of it";
  const Model model = hub.ensure_ready(file_).get().value();
  EXPECT_EQ(model.name(), "parcels_v1");
  EXPECT_EQ(model.version(), base::sha256_of(detector()).short_hex());
  EXPECT_EQ(model.installed().files.at(0).location, file_);
  const PullPlan plan = hub.plan_pull(file_, PullPurpose::run).value();
  EXPECT_TRUE(plan.is_installed);
  EXPECT_THAT(plan.assumptions, Contains("2 labels: box, bag"));
}

TEST_F(RegistrationTest, TheOptionsOfAFileAreForFilesOnly) {
  Hub hub = open();
  LoadOptions load;
  load.file.labels = scratch_.write("labels.txt", "kiste\ntasche\n");
  const Detector detector = hub.detector(file_, load).get().value();
  EXPECT_THAT(detector.model().labels(), ElementsAre("kiste", "tasche"));
  ASSERT_TRUE(hub.register_model(file_).get());
  const Result<Model> refused = hub.ensure_ready("parcels_v1", load).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(refused.error().hint, HasSubstr("--labels"));
}

TEST_F(RegistrationTest, AFileThatChangesIsNotMistakenForWhatItWas) {
  Hub hub = open();
  const Model model = hub.ensure_ready(file_).get().value();
  ASSERT_TRUE(model.unload());
  scratch_.write("Parcels v1.onnx", detector("another"));
  const Image picture = Image::create(64, 64, PixelFormat::rgb8).value();
  const Result<Answer> answer = model.run(picture);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::checksum_mismatch);
  EXPECT_THAT(answer.error().hint, HasSubstr("anew"));
  const Model fresh = hub.ensure_ready(file_).get().value();
  EXPECT_TRUE(fresh.run(picture));
  EXPECT_NE(fresh.version(), model.version());
}

TEST_F(RegistrationTest, AFileIsNotPulled) {
  const Result<InstalledModel> pulled = open().pull(file_).get();
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(pulled.error().hint, HasSubstr("modelhub register " + file_));
}

TEST_F(RegistrationTest, AFileThatIsNotThereIsAModelThatIsNotThere) {
  const Result<Model> model = open().ensure_ready("./none.onnx").get();
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::not_found);
  EXPECT_EQ(exit_code_of(model.error()), 3);
}

// ---- documents, whatever happens in the middle of writing them ----

class DocumentCrashTest : public ::testing::Test {
 protected:
  static constexpr const char* k_folder = "/home/catalog.d";
  static hub::RegisteredDocuments documents_in(base::FileSystem& files) {
    return {files, k_folder};
  }
  static std::vector<std::string> contents(base::FileSystem& files) {
    std::vector<std::string> contents;
    for (const base::DirectoryEntry& entry :
         files.list(k_folder).value_or(std::vector<base::DirectoryEntry>())) {
      if (!entry.name.ends_with(".json")) continue;
      contents.push_back(
          base::read_whole_file(files, base::join_path(k_folder, entry.name), ByteCount(1000))
              .value());
    }
    return contents;
  }
};

TEST_F(DocumentCrashTest, APowerCutAtAnyStepLeavesAWholeDocumentOrNone) {
  for (const test::Loss loss :
       {test::Loss::all, test::Loss::bytes, test::Loss::random, test::Loss::nothing}) {
    for (std::uint64_t step = 1; step <= 12; ++step) {
      test::MemoryFileSystem disk;
      ASSERT_TRUE(disk.make_directories("/home"));
      ASSERT_TRUE(disk.sync_directory("/"));
      test::FaultyFileSystem files(disk);
      files.set_rule(test::FaultyFileSystem::dead_from(step));
      const bool is_told = documents_in(files).add("mine", "1", "the document").has_value();
      disk.power_cut(loss, static_cast<std::uint32_t>(step));
      const std::vector<std::string> left = contents(disk);
      ASSERT_LE(left.size(), 1U);
      for (const std::string& document : left) EXPECT_EQ(document, "the document") << step;
      EXPECT_TRUE(!is_told || left.size() == 1) << "what was told to be there is there " << step;
      // And it can be registered, or is.
      const Result<void> again = documents_in(disk).add("mine", "1", "the document");
      EXPECT_TRUE(again || again.error().code == ErrorCode::busy) << step;
    }
  }
}

TEST_F(DocumentCrashTest, AFailureAtAnyStepIsToldAndLeavesNoDocument) {
  for (std::uint64_t step = 1; step <= 5; ++step) {
    test::MemoryFileSystem disk;
    ASSERT_TRUE(disk.make_directories(k_folder));
    test::FaultyFileSystem files(disk);
    files.set_rule(test::FaultyFileSystem::fail_once_at(step, ENOSPC));
    const Result<void> added = documents_in(files).add("mine", "1", "the document");
    if (added) continue;
    EXPECT_EQ(added.error().code, ErrorCode::no_space) << step;
  }
}

TEST_F(DocumentCrashTest, ADocumentIsNeverReplaced) {
  test::MemoryFileSystem disk;
  const hub::RegisteredDocuments documents = documents_in(disk);
  ASSERT_TRUE(documents.add("mine", "1", "one"));
  EXPECT_EQ(documents.add("mine", "1", "two").error().code, ErrorCode::busy);
  EXPECT_THAT(contents(disk), ElementsAre("one"));
  ASSERT_TRUE(documents.remove("mine", "1"));
  EXPECT_TRUE(documents.remove("mine", "1")) << "nothing to do";
  EXPECT_TRUE(documents.has_written(documents.path_of("mine", "1")));
  EXPECT_FALSE(documents.has_written("/home/catalog.d/by_hand.json"));
  EXPECT_FALSE(documents.has_written("built in: yolox.json"));
}

}  // namespace
}  // namespace modelhub
