// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// A picture answered by modelhub, as a program does that uses the library. See talk.h.
//
//   answer_bench HOME CATALOG MIRROR MODEL ENGINE PICTURE THREADS
//
// memory: a call on the loaded model with the picture in memory; file: with the decoding of it.
#include <string>
#include <variant>

#include "modelhub/hub.h"
#include "talk.h"

namespace {

using namespace modelhub;
using bench::require;
using nlohmann::json;

struct AnswerAsJson {
  json operator()(const Detections& detections) const {
    json list = json::array();
    for (const Detection& d : detections)
      list.push_back({{"id", d.class_id}, {"score", d.score}, {"box", d.box.xyxy()}});
    return list;
  }
  json operator()(const Classifications& classes) const {
    json list = json::array();
    for (const Classification& c : classes)
      list.push_back({{"id", c.class_id}, {"score", c.score}});
    return list;
  }
  json operator()(const Faces& faces) const {
    json list = json::array();
    for (const Face& face : faces)
      list.push_back({{"id", 0}, {"score", face.score}, {"box", face.box.xyxy()}});
    return list;
  }
  json operator()(const Text& text) const { return text.string(); }
};

bench::Times steps_of(const Answer& answer) {
  const StepTimes& times = times_of(answer);
  return {{"pre", times.pre.count()}, {"infer", times.infer.count()}, {"post", times.post.count()}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    std::cerr << "usage: answer_bench HOME CATALOG MIRROR MODEL ENGINE PICTURE THREADS\n";
    return 2;
  }
  const std::string path = argv[6];
  HubOptions options;
  options.home = argv[1];
  options.catalogs = {argv[2]};
  options.mirrors = {argv[3]};
  options.threads = std::atoi(argv[7]);
  const Hub hub = require(Hub::open(options));
  LoadOptions load;
  load.engine = argv[5];
  const Model model = require(hub.ensure_ready(argv[4], load).get());
  const ModelLease lease = require(model.lease());
  const Image image = require(Image::load(path));

  const auto from_memory = [&] {
    bench::StopWatch watch;
    const Answer answer = require(model.run(image));
    const double total = watch.lap();
    bench::Times times = steps_of(answer);
    times["total"] = total;
    return times;
  };
  const auto from_file = [&] {
    bench::StopWatch watch;
    const Image decoded = require(Image::load(path));
    const double decode = watch.lap();
    const Answer answer = require(model.run(decoded));
    const double rest = watch.lap();
    bench::Times times = steps_of(answer);
    times["decode"] = decode;
    times["total"] = decode + rest;
    return times;
  };
  const Answer answer = require(model.run(image));
  return bench::talk({{"about", {{"engine", lease.report().engine}}},
                      {"answer", std::visit(AnswerAsJson(), answer)}},
                     {{"memory", from_memory}, {"file", from_file}});
}
