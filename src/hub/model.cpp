// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/model.h"

#include "hub/model_core.h"

namespace modelhub {

const StepTimes& times_of(const Answer& answer) {
  return std::visit([](const auto& items) -> const StepTimes& { return items.times; }, answer);
}
StepTimes& times_of(Answer& answer) {
  return std::visit([](auto& items) -> StepTimes& { return items.times; }, answer);
}

const LoadReport& ModelLease::report() const { return core_->report(); }

const InstalledModel& Model::installed() const { return core_->parts().installed; }
Result<ModelLease> Model::lease() const { return core_->lease(); }
Result<void> Model::warmup() const { return core_->warmup(); }
Result<ByteCount> Model::unload() const { return core_->unload(); }
const std::vector<std::string>& Model::labels() const { return core_->parts().labels; }
int Model::first_class_id() const { return core_->parts().recipe.decode.first_class; }
const std::optional<FaceMeasure>& Model::face_measure() const {
  return core_->parts().recipe.post.measure;
}

Result<Signature> Model::signature() const { return core_->signature(); }
Result<std::vector<NamedTensor>> Model::infer(std::span<const NamedTensor> inputs) const {
  return core_->infer(inputs);
}

Result<Answer> Model::run(const ImageView& image, const RunOptions& options) const {
  return core_->run(image, options);
}

std::vector<Result<Answer>> Model::run(std::span<const ImageView> images,
                                       const RunOptions& options) const {
  std::vector<Result<Answer>> answers;
  answers.reserve(images.size());
  for (const ImageView& image : images) answers.push_back(core_->run(image, options));
  return answers;
}

Result<FaceMeasure> FaceRecognizer::measure() const {
  if (const std::optional<FaceMeasure>& measure = model().face_measure()) return *measure;
  return Error(ErrorCode::unsupported, Subject::model,
               model().name() + " finds faces, but its recipe has no metric to compare them by",
               "write metric and threshold into the recipe's post");
}

Result<float> FaceRecognizer::distance(const Face& a, const Face& b) const {
  Result<FaceMeasure> measure = this->measure();
  if (!measure) return std::move(measure).error();
  return measure->distance(a.embedding, b.embedding);
}

Result<FaceMatch> FaceRecognizer::match(const Face& face,
                                        std::span<const KnownFace> gallery) const {
  Result<FaceMeasure> measure = this->measure();
  if (!measure) return std::move(measure).error();
  return measure->find_nearest(face.embedding, gallery);
}

}  // namespace modelhub
