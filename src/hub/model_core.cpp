// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/model_core.h"

#include <utility>

#include "hub/hub_core.h"
#include "vision/align.h"

namespace modelhub::hub {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

// The time since the last call of lap(), or since the beginning.
class StopWatch {
 public:
  Milliseconds lap() {
    const auto now = std::chrono::steady_clock::now();
    return now - std::exchange(last_, now);
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// A recipe may leave the name of an only input open: then it is the model's own.
std::vector<engine::Session::Input> inputs_of(const vision::Prepared& prepared,
                                              const engine::Session& session) {
  std::vector<engine::Session::Input> inputs;
  for (const NamedTensor& input : prepared.inputs) {
    const bool is_open = input.name.empty() && !session.inputs().empty();
    inputs.push_back({is_open ? session.inputs().front().name : input.name, &input.tensor});
  }
  return inputs;
}

// The engine's words in the words of vision.
std::vector<vision::ReadWord> words_of(const runtime::RunOutput& output) {
  std::vector<vision::ReadWord> words;
  words.reserve(output.words.size());
  for (const engine::Word& word : output.words) {
    words.push_back({word.text,
                     {word.x1, word.y1, word.x2, word.y2},
                     word.confidence,
                     word.begins_line,
                     word.begins_paragraph,
                     word.begins_block});
  }
  return words;
}

}  // namespace

Result<std::shared_ptr<HubCore>> ModelCore::hub() const {
  std::shared_ptr<HubCore> hub = hub_.lock();
  if (!hub) return Error(ErrorCode::cancelled, Subject::other, "the hub of this model has gone");
  return hub;
}

std::shared_ptr<const runtime::LoadSpec> ModelCore::current_load() {
  std::lock_guard lock(mutex_);
  return load_;
}

Result<runtime::Lease> ModelCore::acquire() {
  Result<std::shared_ptr<HubCore>> owner = hub();
  if (!owner) return std::move(owner).error();
  std::shared_ptr<const runtime::LoadSpec> load = current_load();
  // Without a job when it is loaded already: this is the way of every call.
  if (std::optional<runtime::Lease> lease = (*owner)->runtime().try_lease(load->key))
    return *std::move(lease);
  if (parts_.plan_again) {
    Result<runtime::LoadSpec> planned = parts_.plan_again();
    if (!planned) return std::move(planned).error();
    load = std::make_shared<const runtime::LoadSpec>(*std::move(planned));
    std::lock_guard lock(mutex_);
    load_ = load;
  }
  return (*owner)->runtime().acquire(*load).get();
}

Result<ModelLease> ModelCore::lease() {
  Result<runtime::Lease> lease = acquire();
  if (!lease) return std::move(lease).error();
  std::optional<ModelLease> detector;
  if (parts_.detector) {
    Result<ModelLease> held = parts_.detector->lease();
    if (!held) return std::move(held).error();
    detector = *std::move(held);
  }
  const runtime::LoadedInfo& loaded = lease->info();
  LoadReport report;
  // What this handle asked for, also when somebody who asked for something else loaded it; unless
  // the engine put it elsewhere, which only the load knows.
  const std::shared_ptr<const runtime::LoadSpec> load = current_load();
  report.plan = load->plan.chosen == loaded.plan.chosen ? load->plan : loaded.plan;
  report.engine = loaded.engine + " " + loaded.engine_version;
  report.device = lease->session().device();
  report.duration = loaded.load_time;
  report.memory = loaded.resident;
  return ModelLease(
      std::make_shared<const LeaseCore>(*std::move(lease), std::move(report), std::move(detector)));
}

Result<void> ModelCore::warmup() {
  constexpr int k_side = 64;
  Result<Image> grey = Image::create(k_side, k_side, PixelFormat::rgb8);
  if (!grey) return std::move(grey).error();
  Result<Answer> answer = run(*grey, {});
  if (!answer) return std::move(answer).error();
  if (!parts_.detector) return {};
  // There is no face in it, so that the model itself has not run yet.
  const int side = vision::side_of(parts_.recipe.decode.align);
  Result<Image> face = Image::create(side, side, PixelFormat::rgb8);
  if (!face) return std::move(face).error();
  Result<runtime::Lease> lease = acquire();
  if (!lease) return std::move(lease).error();
  Result<Inferred> inferred = infer_picture(*face, *lease);
  if (!inferred) return std::move(inferred).error();
  return {};
}

Result<ByteCount> ModelCore::unload() {
  Result<std::shared_ptr<HubCore>> owner = hub();
  if (!owner) return std::move(owner).error();
  Result<runtime::Unloaded> unloaded = (*owner)->unload(current_load()->key);
  if (!unloaded) return std::move(unloaded).error();
  if (!parts_.detector) return unloaded->returned;
  Result<ByteCount> detector = parts_.detector->unload();
  // Somebody else may be using it.
  if (!detector && detector.error().code == ErrorCode::busy) return unloaded->returned;
  if (!detector) return detector;
  return unloaded->returned + *detector;
}

Result<void> ModelCore::check(const runtime::Lease& lease) const {
  if (auto reads = vision::check_reader(parts_.recipe, lease.session().gives_words()); !reads)
    return reads;
  std::vector<vision::OutputShape> shapes;
  for (const engine::TensorSpec& output : lease.session().outputs())
    shapes.push_back({output.name, output.shape});
  return vision::check_outputs(parts_.recipe, parts_.labels, shapes);
}

Result<vision::AnswerOptions> ModelCore::answer_options(const RunOptions& options) const {
  vision::AnswerOptions answer;
  answer.conf = options.conf();
  answer.iou = options.iou();
  answer.max_det = options.max_det();
  answer.top_k = options.max_det();
  Result<std::vector<int>> classes =
      vision::resolve_classes(options.classes(), parts_.labels, parts_.recipe.decode.first_class);
  if (!classes) return std::move(classes).error();
  answer.classes = *std::move(classes);
  return answer;
}

Result<ModelCore::Inferred> ModelCore::infer_picture(const ImageView& image,
                                                     const runtime::Lease& lease) {
  Inferred inferred;
  StopWatch watch;
  const vision::Help help{parts_.parallel.get(), current_load()->request.threads};
  Result<vision::Prepared> prepared = vision::prepare(image, parts_.recipe, take_prepared(), help);
  if (!prepared) return std::move(prepared).error();
  inferred.times.pre = watch.lap();
  Result<runtime::RunOutput> output = lease.run(inputs_of(*prepared, lease.session()));
  if (!output) return std::move(output).error();
  inferred.times.infer = output->time;
  inferred.output = *std::move(output);
  inferred.placement = prepared->placement;
  give_prepared(*std::move(prepared));
  return inferred;
}

Result<Answer> ModelCore::run(const ImageView& image, const RunOptions& options) {
  if (parts_.detector) return run_on_faces(image, options);
  Result<vision::AnswerOptions> answer_options = this->answer_options(options);
  if (!answer_options) return std::move(answer_options).error();
  Result<runtime::Lease> lease = acquire();
  if (!lease) return std::move(lease).error();

  Result<Inferred> inferred = infer_picture(image, *lease);
  if (!inferred) return std::move(inferred).error();
  StopWatch watch;
  Result<Answer> answer = decode(inferred->output, inferred->placement, *answer_options);
  if (!answer) return answer;
  inferred->times.post = watch.lap();
  times_of(*answer) = inferred->times;
  return answer;
}

Result<std::vector<float>> ModelCore::describe(const ImageView& aligned_face,
                                               const runtime::Lease& lease, StepTimes& times) {
  Result<Inferred> inferred = infer_picture(aligned_face, lease);
  if (!inferred) return std::move(inferred).error();
  times.pre += inferred->times.pre;
  times.infer += inferred->times.infer;
  StopWatch watch;
  Result<std::vector<float>> embedding =
      vision::decode_embedding(parts_.recipe, inferred->output.outputs);
  times.post += watch.lap();
  return embedding;
}

Result<Answer> ModelCore::run_on_faces(const ImageView& image, const RunOptions& options) {
  Result<Answer> answer = parts_.detector->run(image, options);
  if (!answer) return std::move(answer).error().with_context("find faces for " + parts_.load.model);
  Faces* const faces = std::get_if<Faces>(&*answer);
  if (faces == nullptr)
    return Error(ErrorCode::internal, Subject::model, "the detector of faces finds something else");
  Result<runtime::Lease> lease = acquire();
  if (!lease) return std::move(lease).error();
  for (Face& face : faces->items) {
    StopWatch watch;
    Result<Image> aligned = vision::align_face(image, face.landmarks, parts_.recipe.decode.align);
    if (!aligned) return std::move(aligned).error().with_context("turn a face upright");
    faces->times.pre += watch.lap();
    Result<std::vector<float>> embedding = describe(*aligned, *lease, faces->times);
    if (!embedding) return std::move(embedding).error();
    face.embedding = *std::move(embedding);
  }
  return answer;
}

Result<Signature> ModelCore::signature() {
  Result<runtime::Lease> lease = acquire();
  if (!lease) return std::move(lease).error();
  const auto told = [](const std::vector<engine::TensorSpec>& specs) {
    std::vector<TensorInfo> infos;
    infos.reserve(specs.size());
    for (const engine::TensorSpec& spec : specs)
      infos.push_back({spec.name, spec.dtype, spec.shape});
    return infos;
  };
  return Signature{told(lease->session().inputs()), told(lease->session().outputs())};
}

Result<std::vector<NamedTensor>> ModelCore::infer(std::span<const NamedTensor> inputs) {
  Result<runtime::Lease> lease = acquire();
  if (!lease) return std::move(lease).error();
  std::vector<engine::Session::Input> views;
  for (const NamedTensor& input : inputs) views.push_back({input.name, &input.tensor});
  Result<runtime::RunOutput> output = lease->run(views);
  if (!output) return std::move(output).error();
  return std::move(output->outputs);
}

Result<Answer> ModelCore::decode(const runtime::RunOutput& output,
                                 const vision::Placement& placement,
                                 const vision::AnswerOptions& options) const {
  const std::vector<NamedTensor>& outputs = output.outputs;
  const auto to_answer = [](auto items) { return Answer(std::move(items)); };
  switch (vision::answer_kind_of(parts_.recipe.decode.kind)) {
    case vision::AnswerKind::detections:
      return vision::decode_detections(parts_.recipe, parts_.labels, outputs, placement, options)
          .transform(to_answer);
    case vision::AnswerKind::classes:
      return vision::decode_classes(parts_.recipe, parts_.labels, outputs, options)
          .transform(to_answer);
    case vision::AnswerKind::faces:
      return vision::decode_faces(parts_.recipe, outputs, placement, options).transform(to_answer);
    case vision::AnswerKind::text:
      return vision::decode_text(parts_.recipe, words_of(output), placement, options)
          .transform(to_answer);
    case vision::AnswerKind::embedding: break;  // see run_on_faces()
  }
  return Error(ErrorCode::internal, Subject::model, "an answer of no kind");
}

vision::Prepared ModelCore::take_prepared() {
  std::lock_guard lock(mutex_);
  if (idle_.empty()) return {};
  vision::Prepared prepared = std::move(idle_.back());
  idle_.pop_back();
  return prepared;
}

void ModelCore::give_prepared(vision::Prepared prepared) {
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(prepared));
}

}  // namespace modelhub::hub
