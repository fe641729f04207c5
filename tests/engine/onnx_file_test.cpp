// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// What engines read of an ONNX file themselves, and which weights in other files they let in.

#include "shared/onnx_file.h"

#include <sys/stat.h>

#include <gmock/gmock.h>

#include "engine/engine_fixture.h"
#include "engine/tiny_onnx.h"
#include "shared/external_data.h"
#include "shared/onnx_outline.h"

namespace modelhub::engine {
namespace {

using engine_module::Failure;
using engine_shared::OnnxFile;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace tiny_onnx;

// What `call` throws; a Failure of no status when it throws nothing.
template <class Call>
Failure failure_of(const Call& call) {
  try {
    call();
  } catch (const Failure& failure) {
    return failure;
  }
  return {MH_OK, MH_ABOUT_ENGINE, "nothing was wrong"};
}

class OnnxFileTest : public EngineTest {
 protected:
  OnnxFile read_model(const std::string& content) const {
    return engine_shared::read_onnx_file({"graph", "m.onnx", write("m.onnx", content)});
  }
};

TEST_F(OnnxFileTest, TellsWhatAModelSaysOfItself) {
  Graph graph;
  graph.nodes = {node("Clip", {"x", "low", "high"}, {"a"}), node("Clip", {"a"}, {"b"}),
                 node("Gelu", {"b"}, {"c"}, {}, "com.microsoft"),
                 node("Odd", {"c"}, {"y"}, {attribute("axis", -2), attribute("pads", {0, 1})})};
  graph.weights = {float_weight("low", {}, {0.5F}), int64_weight("high", {6, -1}),
                   float_weight("large", {10, 10}, std::vector<float>(100))};
  graph.inputs = {value("x", {-1, 3, 8, 8}), value("low", {})};
  graph.outputs = {value("y", {-1, 3, 8, 8}, k_float16)};
  const OnnxFile file = read_model(encode_model(graph.encode(), 17, 9));
  EXPECT_EQ(file.ir_version, 9);
  EXPECT_EQ(file.opset(), 17);
  ASSERT_EQ(file.nodes.size(), 4U);
  EXPECT_EQ(file.nodes[0].op, "Clip");
  EXPECT_THAT(file.nodes[0].inputs, ElementsAre("x", "low", "high"));
  EXPECT_THAT(file.nodes[0].outputs, ElementsAre("a"));
  EXPECT_EQ(file.nodes[2].domain, "com.microsoft");
  EXPECT_EQ(file.nodes[3].number("axis", 7), -2);
  EXPECT_EQ(file.nodes[3].number("group", 7), 7);
  EXPECT_THAT(file.nodes[3].numbers("pads"), ElementsAre(0, 1));
  ASSERT_EQ(file.inputs.size(), 1U) << "'low' is a weight";
  EXPECT_EQ(file.inputs[0].name, "x");
  EXPECT_EQ(file.inputs[0].type, engine_shared::onnx_type::k_float32);
  EXPECT_THAT(file.inputs[0].shape, ElementsAre(-1, 3, 8, 8));
  ASSERT_EQ(file.outputs.size(), 1U);
  EXPECT_EQ(file.outputs[0].type, engine_shared::onnx_type::k_float16);
  EXPECT_EQ(file.weights.at("low").type, engine_shared::onnx_type::k_float32);
  EXPECT_THAT(file.weights.at("low").values, ElementsAre(0.5));
  EXPECT_THAT(file.weights.at("high").values, ElementsAre(6, -1));
  EXPECT_THAT(file.weights.at("large").shape, ElementsAre(10, 10));
  EXPECT_EQ(file.weights.at("large").elements, 100U);
  EXPECT_THAT(file.weights.at("large").values, IsEmpty());
  EXPECT_THAT(file.external_files, IsEmpty());
}

TEST_F(OnnxFileTest, RefusesGraphsThatAreNestedWithoutEnd) {
  std::string graph = Graph{{node("Identity", {"x"}, {"y"})}, {}, {}, {}}.encode();
  for (int i = 0; i < 200; ++i)
    graph = bytes(1, node("If", {"c"}, {"y"}, {graph_attribute("then_branch", graph)}));
  const Failure failure = failure_of([&] { read_model(encode_model(graph)); });
  EXPECT_EQ(failure.status(), static_cast<mh_status>(MH_CORRUPT_DATA));
  EXPECT_THAT(failure.message(), HasSubstr("nested too deep"));
}

TEST_F(OnnxFileTest, SurvivesADamagedByteAnywhere) {
  Graph graph;
  graph.nodes = {node("Add", {"x", "w"}, {"y"}, {attribute("axis", 1), attribute("pads", {1, 2})})};
  graph.weights = {
      external_weight("w", {3}, {{"location", "w.bin"}, {"offset", "4"}, {"length", "12"}})};
  graph.inputs = {value("x", {-1, 3})};
  graph.outputs = {value("y", {-1, 3})};
  const std::string good = encode_model(graph.encode());
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const unsigned char flip : {0x01, 0x80, 0xFF}) {
      std::string bad = good;
      bad[i] = static_cast<char>(static_cast<unsigned char>(bad[i]) ^ flip);
      const Failure failure = failure_of([&] { read_model(bad); });
      EXPECT_TRUE(failure.status() == MH_OK || failure.status() == MH_CORRUPT_DATA) << i;
    }
  }
}

// The model without its large weights.
class OnnxOutlineTest : public OnnxFileTest {
 protected:
  std::string outline_of(const std::string& content, const std::string& location = "m.onnx") const {
    return engine_shared::onnx_outline_of({"graph", "m.onnx", write("m.onnx", content)}, location);
  }
};

TEST_F(OnnxOutlineTest, SaysOfEachLargeWeightWhereItLiesInTheModelItself) {
  std::vector<float> numbers(2000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
  Graph graph;
  graph.nodes = {node("Add", {"x", "large"}, {"a"}), node("Add", {"a", "small"}, {"y"})};
  // PyTorch writes that the data is here (0), and behind it.
  graph.weights = {float_weight("small", {3}, {1, 2, 3}),
                   float_weight("large", {40, 50}, numbers) + number(14, 0)};
  graph.inputs = {value("x", {40, 50})};
  graph.outputs = {value("y", {40, 50})};
  const std::string model = encode_model(graph.encode(), 17, 9);
  const std::string outline = outline_of(model, "elsewhere.bin");
  EXPECT_LT(outline.size(), 500U);

  const OnnxFile file = read_model(outline);
  EXPECT_EQ(file.opset(), 17);
  EXPECT_EQ(file.ir_version, 9);
  EXPECT_EQ(file.nodes.size(), 2U);
  EXPECT_THAT(file.weights.at("small").values, ElementsAre(1, 2, 3));
  EXPECT_THAT(file.weights.at("large").shape, ElementsAre(40, 50));
  EXPECT_EQ(file.weights.at("large").elements, 0U);
  ASSERT_EQ(file.external_files.size(), 1U);
  EXPECT_EQ(file.external_files[0].location, "elsewhere.bin");
  const std::string bytes = raw(numbers);
  const std::size_t offset = file.external_files[0].end - bytes.size();
  EXPECT_EQ(model.substr(offset, bytes.size()), bytes);
}

TEST_F(OnnxOutlineTest, LeavesAModelOfSmallWeightsAsItIs) {
  Graph graph;
  graph.nodes = {node("Add", {"x", "w"}, {"y"})};
  graph.weights = {float_weight("w", {1000}, std::vector<float>(1000))};
  const std::string model = encode_model(graph.encode());
  EXPECT_EQ(outline_of(model), model);
}

TEST_F(OnnxOutlineTest, RefusesWhatIsCutOffOrNoModel) {
  Graph graph;
  graph.weights = {float_weight("w", {2000}, std::vector<float>(2000))};
  const std::string good = encode_model(graph.encode());
  for (const std::size_t size : {good.size() / 2, good.size() - 1}) {
    const Failure failure = failure_of([&] { outline_of(good.substr(0, size)); });
    EXPECT_EQ(failure.status(), static_cast<mh_status>(MH_CORRUPT_DATA)) << size;
    EXPECT_THAT(failure.message(), HasSubstr("cannot load m.onnx: ")) << size;
  }
  const Failure missing = failure_of([&] {
    engine_shared::onnx_outline_of({"graph", "gone.onnx", path("gone.onnx")}, "gone.onnx");
  });
  EXPECT_EQ(missing.status(), static_cast<mh_status>(MH_IO_ERROR));
}

class ExternalDataTest : public OnnxFileTest {
 protected:
  using Entries = std::vector<std::pair<std::string, std::string>>;

  static std::string model_with(const std::string& weight) {
    Graph graph;
    graph.nodes = {node("Add", {"x", "w"}, {"y"})};
    graph.weights = {weight};
    return encode_model(graph.encode());
  }

  // Lets the model see one file of weights, `name` in the model and `path` on disk.
  Failure check(const std::string& content, const std::string& name,
                const std::string& path) const {
    const engine_module::File graph{"graph", "m.onnx", write("m.onnx", content)};
    std::vector<engine_module::File> files = {graph};
    if (!name.empty()) files.push_back({"weights", name, path});
    return failure_of(
        [&] { check_external_files(engine_shared::read_onnx_file(graph), graph, files); });
  }
  Failure check(const Entries& entries, const std::string& name = "w.bin") const {
    return check(model_with(external_weight("w", {3}, entries)), name, path(name));
  }
};

TEST_F(ExternalDataTest, LetsTheModelsOwnFilesIn) {
  write("w.bin", std::string(16, 'w'));
  EXPECT_EQ(check({{"location", "w.bin"}}).status(), static_cast<mh_status>(MH_OK));
  EXPECT_EQ(check({{"location", "w.bin"}, {"offset", "4"}, {"length", "12"}}).status(),
            static_cast<mh_status>(MH_OK));
  std::filesystem::create_directory(path("data"));
  write("data/w.bin", std::string(12, 'w'));
  EXPECT_EQ(check({{"location", "data/w.bin"}}, "data/w.bin").status(),
            static_cast<mh_status>(MH_OK));
}

TEST_F(ExternalDataTest, KnowsNamesInTheFolderOfTheGraph) {
  std::filesystem::create_directory(path("onnx"));
  const engine_module::File graph{
      "graph", "onnx/m.onnx",
      write("onnx/m.onnx", model_with(external_weight("w", {3}, {{"location", "w.bin"}})))};
  const engine_module::File weights{"weights", "onnx/w.bin",
                                    write("onnx/w.bin", std::string(12, 'w'))};
  const OnnxFile file = engine_shared::read_onnx_file(graph);
  EXPECT_NO_THROW(check_external_files(file, graph, {graph, weights}));
  // The same file, called as if it lay somewhere else in the model.
  const Failure failure = failure_of([&] {
    check_external_files(file, graph, {graph, {"weights", "w.bin", weights.path}});
  });
  EXPECT_EQ(failure.status(), static_cast<mh_status>(MH_UNSUPPORTED));
}

TEST_F(ExternalDataTest, RefusesPlacesThatAreNotInsideTheFolder) {
  write("w.bin", std::string(16, 'w'));
  for (const std::string& location :
       {std::string("../w.bin"), std::string("/etc/passwd"), path("w.bin"),
        std::string("a/../w.bin"), std::string("./w.bin"), std::string("a//w.bin"),
        std::string("w.bin/"), std::string(".."), std::string(""), std::string("a\\..\\w.bin"),
        std::string("w.bin\0.png", 10), std::string("*/_ORT_MEM_ADDR_/*")}) {
    // Also when the list of the model's files agrees with the graph.
    const Failure failure = check(model_with(external_weight("w", {3}, {{"location", location}})),
                                  location, path("w.bin"));
    EXPECT_EQ(failure.status(), static_cast<mh_status>(MH_UNSUPPORTED)) << location;
    EXPECT_EQ(failure.subject(), static_cast<mh_subject>(MH_ABOUT_MODEL));
    EXPECT_THAT(failure.message(), HasSubstr("m.onnx keeps weights in '" + location +
                                             "', which is no place inside of the model's folder"));
    EXPECT_THAT(failure.hint(), HasSubstr("onnx.save"));
  }
}

TEST_F(ExternalDataTest, RefusesAFileThatIsNotTheModels) {
  write("w.bin", std::string(16, 'w'));
  const Failure failure =
      check(model_with(external_weight("w", {3}, {{"location", "w.bin"}})), "", "");
  EXPECT_EQ(failure.status(), static_cast<mh_status>(MH_UNSUPPORTED));
  EXPECT_THAT(failure.message(), HasSubstr("'w.bin', which is not among the files of the model"));
}

TEST_F(ExternalDataTest, RefusesLinksThatLeadOut) {
  const EngineTest::OtherFolder outside;
  outside.write("w.bin", std::string(16, 'w'));
  std::filesystem::create_symlink(outside.path("w.bin"), path("w.bin"));
  const Failure file = check({{"location", "w.bin"}});
  EXPECT_EQ(file.status(), static_cast<mh_status>(MH_UNSUPPORTED));
  EXPECT_THAT(file.message(), HasSubstr("'w.bin', which leads out of the model's folder"));
  std::filesystem::create_directory_symlink(outside.folder(), path("data"));
  const Failure folder = check({{"location", "data/w.bin"}}, "data/w.bin");
  EXPECT_EQ(folder.status(), static_cast<mh_status>(MH_UNSUPPORTED));
  EXPECT_THAT(folder.message(), HasSubstr("'data/w.bin', which leads out of the model's folder"));
}

TEST_F(ExternalDataTest, RefusesAnotherFileOfTheSameName) {
  write("w.bin", std::string(16, 'w'));
  const EngineTest::OtherFolder outside;
  outside.write("w.bin", std::string(16, 'v'));
  const Failure failure = check(model_with(external_weight("w", {3}, {{"location", "w.bin"}})),
                                "w.bin", outside.path("w.bin"));
  EXPECT_EQ(failure.status(), static_cast<mh_status>(MH_UNSUPPORTED));
  EXPECT_THAT(failure.message(), HasSubstr("leads to another file than the model's own"));
}

TEST_F(ExternalDataTest, RefusesWhatIsNoFile) {
  std::filesystem::create_directory(path("w.bin"));
  const Failure folder = check({{"location", "w.bin"}});
  EXPECT_EQ(folder.status(), static_cast<mh_status>(MH_UNSUPPORTED));
  EXPECT_THAT(folder.message(), HasSubstr("is no regular file"));
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(check({{"location", "pipe"}}, "pipe").message(), HasSubstr("is no regular file"));
}

TEST_F(ExternalDataTest, SaysThatAFileIsMissing) {
  const Failure failure = check({{"location", "w.bin"}});
  EXPECT_EQ(failure.status(), static_cast<mh_status>(MH_IO_ERROR));
  EXPECT_THAT(failure.message(), HasSubstr("cannot read the weights 'w.bin' of m.onnx"));
}

TEST_F(ExternalDataTest, RefusesAFileThatIsTooShort) {
  write("w.bin", std::string(15, 'w'));
  const Failure failure = check({{"location", "w.bin"}, {"offset", "4"}, {"length", "12"}});
  EXPECT_EQ(failure.status(), static_cast<mh_status>(MH_CORRUPT_DATA));
  EXPECT_EQ(
      failure.message(),
      "cannot load m.onnx: its file of weights 'w.bin' ends at byte 15, weights lie up to 16");
}

TEST_F(ExternalDataTest, RefusesNumbersThatAreNone) {
  write("w.bin", std::string(16, 'w'));
  for (const char* const number : {"-4", "4x", "", "99999999999999999999", "9223372036854775807"}) {
    const Failure failure = check({{"location", "w.bin"}, {"offset", number}, {"length", "12"}});
    EXPECT_EQ(failure.status(), static_cast<mh_status>(MH_CORRUPT_DATA)) << number;
    EXPECT_THAT(failure.message(), HasSubstr("weights in another file"));
  }
}

// Wherever a tensor may stand in a model, it may lie outside.
TEST_F(ExternalDataTest, LooksIntoEveryTensor) {
  const std::string evil = external_weight("w", {3}, {{"location", "../evil"}});
  const std::string sparse = bytes(1, evil) + bytes(2, int64_weight("i", {0})) + number(3, 3);
  Graph inner;
  inner.weights = {evil};
  const std::string by_attribute = node("Constant", {}, {"w"}, {tensor_attribute("value", evil)});
  const std::string by_list = node("Custom", {}, {"w"}, {bytes(1, "v") + bytes(10, evil)});
  const std::string by_sparse = node("Constant", {}, {"w"}, {bytes(1, "v") + bytes(22, sparse)});
  const std::string by_graph =
      node("If", {"c"}, {"w"}, {graph_attribute("then_branch", inner.encode())});
  const std::pair<const char*, std::string> models[] = {
      {"an initializer", encode_model(inner.encode())},
      {"a sparse initializer", encode_model(bytes(15, sparse))},
      {"an attribute", encode_model(bytes(1, by_attribute))},
      {"a list of tensors", encode_model(bytes(1, by_list))},
      {"a sparse attribute", encode_model(bytes(1, by_sparse))},
      {"a graph inside", encode_model(bytes(1, by_graph))},
      {"a list of graphs",
       encode_model(bytes(1, node("X", {}, {"w"}, {bytes(1, "g") + bytes(11, inner.encode())})))},
      {"a function",
       encode_model(Graph().encode()) + bytes(25, bytes(1, "f") + bytes(7, by_attribute))},
      {"the training", encode_model(Graph().encode()) + bytes(20, bytes(1, inner.encode()))}};
  for (const auto& [where, content] : models) {
    const Failure failure = check(content, "", "");
    EXPECT_EQ(failure.status(), static_cast<mh_status>(MH_UNSUPPORTED)) << where;
    EXPECT_THAT(failure.message(), HasSubstr("'../evil'")) << where;
  }
}

}  // namespace
}  // namespace modelhub::engine
