// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "modelhub/answers.h"
#include "modelhub/device.h"
#include "modelhub/export.h"
#include "modelhub/faces.h"
#include "modelhub/image.h"
#include "modelhub/options.h"
#include "modelhub/result.h"
#include "modelhub/store.h"
#include "modelhub/tensor.h"

namespace modelhub MODELHUB_API {

namespace hub {
class ModelCore;
class LeaseCore;
}  // namespace hub

// The answer of a model whose task is known at run time only.
using Answer = std::variant<Detections, Classifications, Faces, Text>;
const StepTimes& times_of(const Answer& answer);
StepTimes& times_of(Answer& answer);

// How a model was loaded.
struct LoadReport {
  DevicePlan plan;     // which device and why
  std::string engine;  // "onnxruntime 1.32.0"
  std::string device;  // the device that really runs it, told by the engine
  // of the load that put it into memory, whoever asked for that
  std::chrono::duration<double, std::milli> duration{0};
  ByteCount memory;  // by how much the process grew; other loads at the same time blur it
};

// A model that is in memory.
struct LoadedModelStatus {
  std::string model;        // "yolov8n@8.4.0:onnx-fp32"
  std::string engine;       // "onnxruntime 1.32.0"
  std::string device;       // "cpu:0"
  ByteCount memory;         // as it counts against the budget
  std::size_t leases = 0;   // calls that run it now, and ModelLeases
  std::uint64_t loads = 0;  // since the hub was opened
  std::chrono::system_clock::time_point loaded_at;
  std::chrono::milliseconds unused_for{0};  // since a lease was last given or returned
};

// What a model calls one of its tensors.
struct TensorInfo {
  std::string name;
  DType dtype = DType::float32;
  Shape shape;  // -1 where the model leaves a side open
};

// The tensors that a model takes and gives, in its own order.
struct Signature {
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
};

// Keeps one loaded model in memory while it lives, whatever else needs room. Copies share the
// lease.
// Thread safety: a value.
class ModelLease {
 public:
  const LoadReport& report() const;

 private:
  friend class hub::ModelCore;
  explicit ModelLease(std::shared_ptr<const hub::LeaseCore> core) : core_(std::move(core)) {}

  std::shared_ptr<const hub::LeaseCore> core_;
};

// A model that is installed and can run. A weak handle: it keeps no memory and no files; each call
// leases what it needs and loads it again when it was unloaded in between.
//
// Thread safety: all methods from any thread.
// Errors:        after the hub has gone: cancelled. Loading: as Hub::ensure_ready. Nothing throws.
class Model {
 public:
  const std::string& name() const { return installed().name; }
  const std::string& version() const { return installed().version; }
  const std::string& variant() const { return installed().variant; }
  const std::string& task() const {
    return installed().task;
  }  // "detect", "classify", "find_faces", "read_text", ...
  const InstalledModel& installed() const;

  // Loads it if it is not loaded, and keeps it so while the lease lives. Blocks for the load.
  Result<ModelLease> lease() const;
  // One run on a grey picture, so that the first real one is not slower than the others.
  Result<void> warmup() const;
  // Frees its memory now, and that of the models it works with; the next call loads it again.
  // Blocks until the memory was given back; by how much the process shrank (other loads at the same
  // time blur it). Errors: busy, while somebody holds a lease or runs it.
  Result<ByteCount> unload() const;

  // Prepares the picture as the model's recipe says, runs the engine, and reads the answer out of
  // its tensors.
  Result<Answer> run(const ImageView& image, const RunOptions& options = {}) const;
  // One result for each picture, in their order; each is that of a run alone. They are run one
  // after the other, also by models that would take several in one tensor: on a CPU one picture
  // keeps all threads busy, and ONNX Runtime is no faster with eight at once (0.98 x the time a
  // picture, `batch_bench mobilenet_v2 8`).
  std::vector<Result<Answer>> run(std::span<const ImageView> images,
                                  const RunOptions& options = {}) const;

  // Beneath all recipes: the tensors as the model itself names them, loaded first if need be.
  Result<Signature> signature() const;
  // Runs the engine alone, without preparing or reading anything. Each input of signature() once,
  // in any order, in memory of its own or borrowed: nothing is copied; all outputs, in its order.
  // Errors: invalid_argument (a tensor that the model does not take: name, type or shape, with
  // both).
  Result<std::vector<NamedTensor>> infer(std::span<const NamedTensor> inputs) const;

  // The labels of its classes, in the order of their ids; empty when it has none.
  const std::vector<std::string>& labels() const;
  // The id of the first of them: 1 where 0 stands for the background.
  int first_class_id() const;
  // How the embeddings of its faces are compared; nothing when it gives none.
  const std::optional<FaceMeasure>& face_measure() const;

 private:
  friend class hub::ModelCore;
  explicit Model(std::shared_ptr<hub::ModelCore> core) : core_(std::move(core)) {}

  std::shared_ptr<hub::ModelCore> core_;
};

// A Model whose task is known when the program is written. Made by Hub, which checks the task.
// Thread safety, errors: as Model.
template <class AnswerType>
class TypedModel {
 public:
  explicit TypedModel(Model model) : model_(std::move(model)) {}

  const Model& model() const { return model_; }
  Result<void> warmup() const { return model_.warmup(); }

 protected:
  Result<AnswerType> answer(const ImageView& image, const RunOptions& options) const {
    return expect(model_.run(image, options));
  }
  std::vector<Result<AnswerType>> answers(std::span<const ImageView> images,
                                          const RunOptions& options) const {
    std::vector<Result<AnswerType>> results;
    for (Result<Answer>& result : model_.run(images, options))
      results.push_back(expect(std::move(result)));
    return results;
  }

 private:
  static Result<AnswerType> expect(Result<Answer> result) {
    if (!result) return std::move(result).error();
    if (AnswerType* typed = std::get_if<AnswerType>(&*result)) return std::move(*typed);
    return Error(ErrorCode::internal, Subject::model, "the model gave the answer of another task");
  }

  Model model_;
};

class Detector : public TypedModel<Detections> {
 public:
  using TypedModel::TypedModel;
  Result<Detections> detect(const ImageView& image, const DetectOptions& options = {}) const {
    return answer(image, options);
  }
  std::vector<Result<Detections>> detect(std::span<const ImageView> images,
                                         const DetectOptions& options = {}) const {
    return answers(images, options);
  }
};

class Classifier : public TypedModel<Classifications> {
 public:
  using TypedModel::TypedModel;
  Result<Classifications> classify(const ImageView& image,
                                   const ClassifyOptions& options = {}) const {
    return answer(image, options);
  }
  std::vector<Result<Classifications>> classify(std::span<const ImageView> images,
                                                const ClassifyOptions& options = {}) const {
    return answers(images, options);
  }
};

class FaceFinder : public TypedModel<Faces> {
 public:
  using TypedModel::TypedModel;
  Result<Faces> find(const ImageView& image, const FaceOptions& options = {}) const {
    return answer(image, options);
  }
  std::vector<Result<Faces>> find(std::span<const ImageView> images,
                                  const FaceOptions& options = {}) const {
    return answers(images, options);
  }
};

// Reads what is printed in a picture. The picture's resolution (ImageView::dpi) is passed on where
// it is known.
class TextReader : public TypedModel<Text> {
 public:
  using TypedModel::TypedModel;
  Result<Text> read(const ImageView& image, const TextOptions& options = {}) const {
    return answer(image, options);
  }
  std::vector<Result<Text>> read(std::span<const ImageView> images,
                                 const TextOptions& options = {}) const {
    return answers(images, options);
  }
};

// Finds faces and describes each, so that one person can be told from another.
//
//     auto recognizer = hub.face_recognizer("face_recognition").get().value();
//     auto a = recognizer.recognize(picture_a).value();
//     auto b = recognizer.recognize(picture_b).value();
//     bool same = recognizer.measure()->is_same_person(recognizer.distance(a[0], b[0]).value());
class FaceRecognizer : public TypedModel<Faces> {
 public:
  using TypedModel::TypedModel;
  // Every face with its embedding; none is no error.
  Result<Faces> recognize(const ImageView& image, const FaceOptions& options = {}) const {
    return answer(image, options);
  }
  std::vector<Result<Faces>> recognize(std::span<const ImageView> images,
                                       const FaceOptions& options = {}) const {
    return answers(images, options);
  }

  // Metric and threshold of the model's recipe. Errors: unsupported: it has none.
  Result<FaceMeasure> measure() const;
  // How far two faces are apart, see FaceMeasure. Errors: as FaceMeasure::distance(), measure().
  Result<float> distance(const Face& a, const Face& b) const;
  // Who of the gallery it is, with the margin to the nearest other. Errors: as
  // FaceMeasure::find_nearest(), measure().
  Result<FaceMatch> match(const Face& face, std::span<const KnownFace> gallery) const;
};

}  // namespace MODELHUB_API
