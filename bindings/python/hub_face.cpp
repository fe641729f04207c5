// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub_face.h"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pybind11/stl.h>

#include "errors.h"
#include "jobs.h"
#include "logs.h"
#include "model_face.h"
#include "pictures.h"
#include "reports.h"
#include <modelhub/hub.h>

namespace modelhub::python {
namespace {

using Texts = std::vector<std::string>;

// Takes options out of a dictionary by their names: what is None, or not there, stays as it was.
class Options {
 public:
  explicit Options(const py::dict& dict) : dict_(dict) {}

  template <class T>
  std::optional<T> find(const char* name) const {
    if (!dict_.contains(name) || dict_[name].is_none()) return std::nullopt;
    return py::cast<T>(dict_[name]);
  }
  template <class T>
  void take(const char* name, T& value) const {
    if (std::optional<T> found = find<T>(name)) value = *std::move(found);
  }

 private:
  const py::dict& dict_;
};

HubOptions hub_options(const py::dict& dict) {
  const Options given(dict);
  HubOptions options = HubOptions::from_environment();
  given.take("home", options.home);
  given.take("catalogs", options.catalogs);
  given.take("mirrors", options.mirrors);
  given.take("licenses", options.licenses);
  given.take("ca_file", options.ca_file);
  given.take("token_file", options.token_file);
  given.take("engine_path", options.engine_path);
  given.take("connections", options.connections);
  given.take("threads", options.threads);
  if (const auto offline = given.find<bool>("offline"))
    options.network = *offline ? Network::offline : Network::allowed;
  if (const auto rate = given.find<std::uint64_t>("limit_rate"))
    options.limit_rate = ByteCount(*rate);
  if (const auto seconds = given.find<double>("download_deadline")) {
    options.download_deadline = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::duration<double>(*seconds));
  }
  if (const auto tokens = given.find<std::map<std::string, std::string>>("tokens")) {
    for (const auto& [origin, token] : *tokens) options.tokens.push_back({origin, token});
  }
  // What the environment says of an engine wins over what was found beside this package.
  if (const auto settings = given.find<std::map<std::string, std::string>>("engine_settings"))
    options.engine_settings.insert(settings->begin(), settings->end());
  options.log = log_sink();
  return options;
}

ModelFileOptions file_options(const py::dict& dict) {
  const Options given(dict);
  ModelFileOptions options;
  given.take("recipe", options.recipe);
  given.take("width", options.width);
  given.take("height", options.height);
  given.take("labels", options.labels);
  given.take("color", options.color);
  given.take("mean", options.mean);
  given.take("std", options.std);
  options.scale = given.find<double>("scale");
  return options;
}

LoadOptions load_options(const py::dict& dict) {
  const Options given(dict);
  LoadOptions options;
  given.take("device", options.device);
  given.take("engine", options.engine);
  given.take("threads", options.threads);
  if (const auto fallback = given.find<std::string>("fallback"))
    options.fallback = unwrap(parse_device_fallback(*fallback));
  if (const auto precision = given.find<std::string>("precision"))
    options.precision = unwrap(parse_precision(*precision));
  options.file = file_options(dict);
  return options;
}

RegisterOptions register_options(const py::dict& dict) {
  const Options given(dict);
  RegisterOptions options;
  given.take("name", options.name);
  given.take("version", options.version);
  given.take("license", options.license);
  if (const auto digest = given.find<std::string>("sha256"))
    options.sha256 = unwrap(Digest::parse(*digest));
  options.file = file_options(dict);
  return options;
}

// A hub that can be closed while others use it: who is in a call keeps it until the call ends.
//
// Thread safety: all methods from any thread that holds the GIL.
class HubFace {
 public:
  explicit HubFace(const py::dict& dict)
      : hub_(unwrap(blocking([options = hub_options(dict)] {
          return Hub::open(options).transform(
              [](Hub hub) { return std::make_shared<const Hub>(std::move(hub)); });
        }))) {}

  // The last hold on a hub must be dropped without the GIL: its threads may be waiting for that.
  ~HubFace() { close(); }
  HubFace(const HubFace&) = delete;
  HubFace& operator=(const HubFace&) = delete;

  void close() {
    std::shared_ptr<const Hub> last = std::move(hub_);
    if (last == nullptr || PyGILState_Check() == 0) return;
    const WithoutGil released;
    last.reset();
  }

  // f(const Hub&) without the GIL; Ctrl-C ends the waiting.
  template <class F>
  auto ask(F f) const {
    return unwrap(blocking([hub = hub(), f = std::move(f)] { return f(*hub); }));
  }
  // f(const Hub&) that starts a job, or takes no time.
  template <class F>
  auto start(F f) const {
    return briefly([hub = hub(), f = std::move(f)] { return f(*hub); });
  }

 private:
  std::shared_ptr<const Hub> hub() const {
    if (hub_ != nullptr) return hub_;
    raise(Error(ErrorCode::cancelled, Subject::other, "this hub is closed",
                "get_model_hub() gives an open one"));
  }

  std::shared_ptr<const Hub> hub_;  // guarded by the GIL
};

py::object bytes_of(const std::vector<std::byte>& bytes) {
  return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}
py::object model_of(const Model& model) { return to_python(model); }
py::object installed_of(const InstalledModel& model) { return to_python(model); }
py::object registered_of(const RegisterReport& report) { return to_python(report); }
py::object repaired_of(const std::vector<RepairReport>& reports) { return list_of(reports); }
py::object tested_of(const std::vector<SelfTestResult>& results) { return list_of(results); }
py::object tuned_of(const TuneReport& report) { return to_python(report); }

py::object next_frame(Video& video) {
  // Cannot be left to itself when Ctrl-C comes: the caller owns the video. A frame takes no longer
  // than its decoding, or than a camera's pause.
  std::optional<VideoFrame> frame = unwrap(briefly([&video] { return video.next(); }));
  if (!frame) return py::none();
  return py::make_tuple(frame->number, to_array(std::move(frame->image)));
}

py::dict listing_of(const ModelList& list) {
  py::dict dict;
  dict["models"] = list_of(list.models);
  py::list broken;
  for (const Error& error : list.broken) broken.append(text_of(error.to_string()));
  dict["broken"] = broken;
  return dict;
}

void bind_reading(py::class_<HubFace>& bound) {
  bound
      .def_property_readonly(
          "home",
          [](const HubFace& face) {
            return path_of(face.start([](const Hub& hub) { return hub.home(); }));
          })
      .def("list",
           [](const HubFace& face) {
             return listing_of(face.ask([](const Hub& hub) { return hub.list(); }));
           })
      .def("search",
           [](const HubFace& face, const std::string& text, const std::string& task,
              const std::string& license) {
             return list_of(
                 face.ask([=](const Hub& hub) { return hub.search(text, task, license); }));
           })
      .def("show",
           [](const HubFace& face, const std::string& name) {
             return to_python(face.ask([=](const Hub& hub) { return hub.show(name); }));
           })
      .def("installed",
           [](const HubFace& face) {
             return list_of(face.ask([](const Hub& hub) { return hub.installed(); }));
           })
      .def("versions",
           [](const HubFace& face, const std::string& name) {
             return list_of(face.ask([=](const Hub& hub) { return hub.versions(name); }));
           })
      .def("cache",
           [](const HubFace& face) {
             return to_python(face.ask([](const Hub& hub) { return hub.cache(); }));
           })
      .def("devices",
           [](const HubFace& face) {
             return list_of(face.ask(
                 [](const Hub& hub) { return Result<std::vector<Device>>(hub.devices()); }));
           })
      .def("engines",
           [](const HubFace& face) {
             return list_of(face.ask(
                 [](const Hub& hub) { return Result<std::vector<EngineReport>>(hub.engines()); }));
           })
      .def("plan", [](const HubFace& face, const std::string& reference, const py::dict& load) {
        return to_python(face.ask([=, options = load_options(load)](const Hub& hub) {
          return hub.plan_pull(reference, PullPurpose::run, options);
        }));
      });
}

void bind_changing(py::class_<HubFace>& bound) {
  bound
      .def("verify",
           [](const HubFace& face, const std::string& reference, bool full) {
             return list_of(face.ask([=](const Hub& hub) {
               return hub.verify(reference, full ? VerifyMode::full : VerifyMode::stamps);
             }));
           })
      .def("set_default",
           [](const HubFace& face, const std::string& reference) {
             face.ask([=](const Hub& hub) { return hub.set_default(reference); });
           })
      .def("clear_default",
           [](const HubFace& face, const std::string& name) {
             face.ask([=](const Hub& hub) { return hub.clear_default(name); });
           })
      .def("pin",
           [](const HubFace& face, const std::string& reference) {
             return texts(face.ask([=](const Hub& hub) { return hub.pin(reference); }));
           })
      .def("unpin",
           [](const HubFace& face, const std::string& reference) {
             return texts(face.ask([=](const Hub& hub) { return hub.unpin(reference); }));
           })
      .def("set_budget",
           [](const HubFace& face, std::uint64_t bytes) {
             face.ask([=](const Hub& hub) { return hub.set_budget(ByteCount(bytes)); });
           })
      .def("prune",
           [](const HubFace& face, bool dry_run, std::optional<std::uint64_t> to) {
             return to_python(face.ask([=](const Hub& hub) {
               const std::optional<ByteCount> most =
                   to ? std::optional(ByteCount(*to)) : std::nullopt;
               return hub.prune(dry_run ? DryRun::yes : DryRun::no, most);
             }));
           })
      .def("remove",
           [](const HubFace& face, const std::string& reference, bool dry_run) {
             return to_python(face.ask([=](const Hub& hub) {
               return hub.remove(reference, dry_run ? DryRun::yes : DryRun::no);
             }));
           })
      .def("forget",
           [](const HubFace& face, const std::string& reference, bool dry_run) {
             return to_python(face.ask([=](const Hub& hub) {
               return hub.forget(reference, dry_run ? DryRun::yes : DryRun::no);
             }));
           })
      .def("unload", [](const HubFace& face, const std::string& reference) {
        return to_python(face.ask([=](const Hub& hub) { return hub.unload(reference); }));
      });
}

void bind_starting(py::class_<HubFace>& bound) {
  bound
      .def("pull",
           [](const HubFace& face, const std::string& reference) {
             return job_of(face.start([=](const Hub& hub) { return hub.pull(reference); }),
                           &installed_of);
           })
      .def("ensure_ready",
           [](const HubFace& face, const std::string& reference, const py::dict& load) {
             return job_of(face.start([=, options = load_options(load)](const Hub& hub) {
               return hub.ensure_ready(reference, options);
             }),
                           &model_of);
           })
      .def("register_model",
           [](const HubFace& face, const std::string& source, const py::dict& given) {
             return job_of(face.start([=, options = register_options(given)](const Hub& hub) {
               return hub.register_model(source, options);
             }),
                           &registered_of);
           })
      .def("repair",
           [](const HubFace& face, const std::string& reference) {
             return job_of(face.start([=](const Hub& hub) { return hub.repair(reference); }),
                           &repaired_of);
           })
      .def("self_test",
           [](const HubFace& face, const Texts& references) {
             return job_of(face.start([=](const Hub& hub) { return hub.self_test(references); }),
                           &tested_of);
           })
      .def("tune",
           [](const HubFace& face, const std::string& reference, const std::string& precision,
              const std::string& picture, const std::string& variants) {
             TuneOptions options;
             options.precision = unwrap(parse_precision(precision));
             options.picture = picture;
             options.variants = unwrap(parse_tune_variants(variants));
             return job_of(face.start([=](const Hub& hub) { return hub.tune(reference, options); }),
                           &tuned_of);
           })
      .def("fetch",
           [](const HubFace& face, const std::string& url) {
             return job_of(face.start([=](const Hub& hub) { return hub.fetch(url); }), &bytes_of);
           })
      .def("open_video", [](const HubFace& face, const std::string& source, int every) {
        return std::make_unique<Video>(face.ask([=](const Hub& hub) {
          VideoOptions options;
          options.every = every;
          return hub.open_video(source, options);
        }));
      });
}

}  // namespace

void bind_hub(py::module_& module) {
  py::class_<Video>(module, "Video").def("next", &next_frame);
  py::class_<HubFace> face(module, "Hub");
  face.def(py::init<const py::dict&>()).def("close", &HubFace::close);
  bind_reading(face);
  bind_changing(face);
  bind_starting(face);
}

}  // namespace modelhub::python
