// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_face.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <pybind11/stl.h>

#include "errors.h"
#include "pictures.h"
#include "reports.h"

namespace modelhub::python {
namespace {

using FloatTable = py::array_t<float>;
using DenseFloats = py::array_t<float, py::array::c_style | py::array::forcecast>;

constexpr py::ssize_t k_columns = 6;  // x1, y1, x2, y2, score, class

FloatTable table(std::size_t rows, py::ssize_t columns) {
  return FloatTable(std::vector<py::ssize_t>{static_cast<py::ssize_t>(rows), columns});
}

void write_box(float* row, const Box& box, float score) {
  row[0] = box.x1;
  row[1] = box.y1;
  row[2] = box.x2;
  row[3] = box.y2;
  row[4] = score;
}

py::object to_python(const std::optional<NearMiss>& near_miss) {
  if (!near_miss) return py::none();
  return py::make_tuple(text_of(near_miss->label), near_miss->score);
}

// The answers as arrays. Labels do not cross over: Python has the model's list of them.
struct AnswerWriter {
  py::dict& answer;

  void operator()(const Detections& detections) const {
    FloatTable boxes = table(detections.size(), k_columns);
    float* row = boxes.mutable_data();
    for (const Detection& detection : detections) {
      write_box(row, detection.box, detection.score);
      row[5] = static_cast<float>(detection.class_id);
      row += k_columns;
    }
    answer["boxes"] = std::move(boxes);
    answer["near_miss"] = to_python(detections.near_miss);
  }

  void operator()(const Classifications& classes) const {
    py::array_t<int> ids(static_cast<py::ssize_t>(classes.size()));
    FloatTable scores(static_cast<py::ssize_t>(classes.size()));
    for (std::size_t i = 0; i < classes.size(); ++i) {
      ids.mutable_data()[i] = classes[i].class_id;
      scores.mutable_data()[i] = classes[i].score;
    }
    answer["class_ids"] = std::move(ids);
    answer["scores"] = std::move(scores);
  }

  void operator()(const Faces& faces) const {
    const std::size_t points = faces.empty() ? 0 : faces[0].landmarks.size();
    const std::size_t numbers = faces.empty() ? 0 : faces[0].embedding.size();
    FloatTable boxes = table(faces.size(), k_columns);
    FloatTable landmarks(std::vector<py::ssize_t>{static_cast<py::ssize_t>(faces.size()),
                                                  static_cast<py::ssize_t>(points), 2});
    FloatTable descriptors = table(faces.size(), static_cast<py::ssize_t>(numbers));
    float* row = boxes.mutable_data();
    float* point = landmarks.mutable_data();
    float* number = descriptors.mutable_data();
    for (const Face& face : faces) {
      write_box(row, face.box, face.score);
      row[5] = 0;
      row += k_columns;
      for (std::size_t i = 0; i < points; ++i) {
        *point++ = face.landmarks.at(i).x;
        *point++ = face.landmarks.at(i).y;
      }
      for (std::size_t i = 0; i < numbers; ++i) *number++ = face.embedding.at(i);
    }
    answer["boxes"] = std::move(boxes);
    answer["landmarks"] = std::move(landmarks);
    answer["descriptors"] = std::move(descriptors);
    answer["near_miss"] = to_python(faces.near_miss);
  }

  void operator()(const Text& text) const {
    constexpr py::ssize_t k_places = 3;  // line, paragraph, block
    FloatTable boxes = table(text.size(), k_columns - 1);
    py::array_t<int> places(
        std::vector<py::ssize_t>{static_cast<py::ssize_t>(text.size()), k_places});
    py::list words;
    float* row = boxes.mutable_data();
    int* place = places.mutable_data();
    for (const Word& word : text) {
      write_box(row, word.box, word.score);
      row += k_columns - 1;
      *place++ = word.line;
      *place++ = word.paragraph;
      *place++ = word.block;
      words.append(text_of(word.text));
    }
    answer["text"] = text_of(text.string());
    answer["words"] = std::move(words);
    answer["boxes"] = std::move(boxes);
    answer["places"] = std::move(places);
  }
};

py::dict to_python(const Answer& answer) {
  py::dict dict;
  const StepTimes& times = times_of(answer);
  dict["times"] = py::make_tuple(times.pre.count(), times.infer.count(), times.post.count());
  std::visit(AnswerWriter{dict}, answer);
  return dict;
}

RunOptions run_options(std::optional<float> conf, std::optional<float> iou,
                       std::vector<std::string> classes, std::optional<int> max_det) {
  RunOptions options;
  if (conf) options.conf(*conf);
  if (iou) options.iou(*iou);
  if (max_det) options.max_det(*max_det);
  options.classes(std::move(classes));
  return options;
}

// A model, with what its last run tells of the next.
struct ModelFace {
  Model model;
  // Guarded by the GIL.
  mutable std::chrono::duration<double> last_run{1e9};
  mutable double last_pixels = 1;

  // Most models are so quick that Ctrl-C can wait for the end of a run, which then needs no other
  // thread.
  bool is_quick(double pixels) const {
    return last_run * std::max(1.0, pixels / last_pixels) < k_slice;
  }
};

Result<Answer> timed_run(const ModelFace& face, const Borrowed& picture,
                         const RunOptions& options) {
  const double pixels = static_cast<double>(picture.view.width) * picture.view.height;
  const auto work = [model = face.model, view = picture.view, options] {
    return model.run(view, options);
  };
  const auto begin = std::chrono::steady_clock::now();
  Result<Answer> answer = face.is_quick(pixels) ? briefly(work) : blocking(work, picture.owner);
  face.last_run = std::chrono::steady_clock::now() - begin;
  face.last_pixels = std::max(1.0, pixels);
  return answer;
}

py::dict run(const ModelFace& face, const py::object& picture, const std::string& color,
             std::optional<float> conf, std::optional<float> iou, std::vector<std::string> classes,
             std::optional<int> max_det) {
  const RunOptions options = run_options(conf, iou, std::move(classes), max_det);
  Borrowed borrowed;
  if (py::isinstance<Image>(picture)) {
    borrowed = {picture.cast<const Image&>().view(), picture};
  } else {
    borrowed = borrow(picture.cast<py::array>(), color);
  }
  return to_python(unwrap(timed_run(face, borrowed, options)));
}

py::list to_python(const std::vector<TensorInfo>& infos) {
  py::list list;
  for (const TensorInfo& info : infos) {
    py::dict dict;
    dict["name"] = info.name;
    dict["dtype"] = name_of(info.dtype);
    py::list shape;
    for (const std::int64_t side : info.shape) {
      if (side < 0) {
        shape.append(py::none());
      } else {
        shape.append(side);
      }
    }
    dict["shape"] = py::tuple(shape);
    list.append(dict);
  }
  return list;
}

py::dict infer(const ModelFace& face, const py::dict& arrays) {
  auto inputs = std::make_shared<std::vector<NamedTensor>>();
  py::list owners;
  for (const auto& [name, array] : arrays) {
    LentTensor lent = lend(py::str(name), py::reinterpret_borrow<py::object>(array));
    inputs->push_back(std::move(lent.tensor));
    owners.append(std::move(lent.owner));
  }
  std::vector<NamedTensor> outputs =
      unwrap(blocking([model = face.model, inputs] { return model.infer(*inputs); }, owners));
  py::dict result;
  for (NamedTensor& output : outputs) {
    const py::str name = text_of(output.name);
    result[name] = to_array(std::move(output.tensor));
  }
  return result;
}

FaceMeasure measure_of(const ModelFace& face) {
  return unwrap(FaceRecognizer(face.model).measure());
}

std::span<const float> numbers_of(const DenseFloats& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

py::tuple find_nearest(const ModelFace& face, const DenseFloats& numbers,
                       const std::vector<std::pair<std::string, DenseFloats>>& gallery) {
  std::vector<KnownFace> known;
  known.reserve(gallery.size());
  for (const auto& [name, entry] : gallery) {
    const std::span<const float> values = numbers_of(entry);
    known.push_back({name, {values.begin(), values.end()}});
  }
  const FaceMatch match = unwrap(measure_of(face).find_nearest(numbers_of(numbers), known));
  const py::object margin = match.margin ? py::object(py::float_(*match.margin)) : py::none();
  return py::make_tuple(match.index, match.distance, margin, match.is_same_person);
}

}  // namespace

py::object to_python(const Model& model) { return py::cast(ModelFace{model}); }

void bind_models(py::module_& module) {
  using Face = const ModelFace&;
  py::class_<ModelLease>(module, "Lease");
  py::class_<ModelFace>(module, "Model")
      .def_property_readonly("name", [](Face face) { return face.model.name(); })
      .def_property_readonly("version", [](Face face) { return face.model.version(); })
      .def_property_readonly("variant", [](Face face) { return face.model.variant(); })
      .def_property_readonly("task", [](Face face) { return face.model.task(); })
      .def_property_readonly("labels", [](Face face) { return texts(face.model.labels()); })
      .def_property_readonly("first_class_id",
                             [](Face face) { return face.model.first_class_id(); })
      .def("installed", [](Face face) { return to_python(face.model.installed()); })
      .def("run", &run, py::arg("picture"), py::arg("color"), py::arg("conf"), py::arg("iou"),
           py::arg("classes"), py::arg("max_det"))
      .def("lease",
           [](Face face) {
             return unwrap(blocking([model = face.model] { return model.lease(); }));
           })
      .def("report",
           [](Face face) {
             return to_python(
                 unwrap(blocking([model = face.model] { return model.lease(); })).report());
           })
      .def("warmup",
           [](Face face) { unwrap(blocking([model = face.model] { return model.warmup(); })); })
      .def("unload",
           [](Face face) { unwrap(blocking([model = face.model] { return model.unload(); })); })
      .def("signature",
           [](Face face) {
             const Signature signature =
                 unwrap(blocking([model = face.model] { return model.signature(); }));
             return py::make_tuple(to_python(signature.inputs), to_python(signature.outputs));
           })
      .def("infer", &infer)
      .def("face_measure",
           [](Face face) {
             const FaceMeasure measure = measure_of(face);
             return py::make_tuple(name_of(measure.metric()), measure.threshold());
           })
      .def("face_distance",
           [](Face face, const DenseFloats& a, const DenseFloats& b) {
             return unwrap(measure_of(face).distance(numbers_of(a), numbers_of(b)));
           })
      .def("nearest_face", &find_nearest);
}

}  // namespace modelhub::python
