// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "face_session.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/image_processing/shape_predictor.h>
#include <dlib/image_transforms/image_pyramid.h>
#include <dlib/image_transforms/interpolation.h>
#include <dlib/serialize.h>

#include "blas_threads.h"
#include "model_file.h"
#include "networks.h"

namespace modelhub::dlib_engine {
namespace {

using engine_module::Description;
using engine_module::Failure;
using engine_module::File;
using engine_module::Inputs;
using engine_module::LoadRequest;
using engine_module::Output;

// Making it takes half a second, copying it a millisecond. Never destroyed: a model may be run
// while the process exits.
const dlib::frontal_face_detector& hog_prototype() {
  static const auto* const detector =
      new dlib::frontal_face_detector(dlib::get_frontal_face_detector());
  return *detector;
}

// ---- landmarks ----

[[noreturn]] void fail_landmarks(const char* why) { throw dlib::serialization_error(why); }

// The parts of a file of landmarks, in the order in which dlib writes them.
struct LandmarkParts {
  dlib::matrix<float, 0, 1> shape;  // x and y of each point
  std::vector<std::vector<dlib::impl::regression_tree>> forests;
  std::vector<std::vector<unsigned long>> anchors;
  std::vector<std::vector<dlib::vector<float, 2>>> deltas;

  explicit LandmarkParts(std::istream& in) {
    int version = 0;
    dlib::deserialize(version, in);
    if (version != 1) fail_landmarks("another version");
    dlib::deserialize(shape, in);
    dlib::deserialize(forests, in);
    dlib::deserialize(anchors, in);
    dlib::deserialize(deltas, in);
  }
};

void check_tree(const dlib::impl::regression_tree& tree, std::size_t pixels, long numbers) {
  const std::size_t leaves = tree.leaf_values.size();
  if (leaves == 0 || (leaves & (leaves - 1)) != 0 || tree.splits.size() + 1 != leaves) {
    fail_landmarks("a tree is not full");
  }
  for (const auto& split : tree.splits) {
    if (split.idx1 >= pixels || split.idx2 >= pixels) fail_landmarks("a pixel is missing");
  }
  for (const auto& leaf : tree.leaf_values) {
    if (leaf.size() != numbers) fail_landmarks("a leaf has another number of points");
  }
}

// dlib follows the indices in such a file without a look, in every picture: they are looked at
// once, here.
void check_landmarks(const LandmarkParts& parts) {
  const long numbers = parts.shape.size();
  if (numbers == 0 || numbers % 2 != 0) fail_landmarks("half a point");
  if (parts.anchors.size() != parts.forests.size() || parts.deltas.size() != parts.forests.size()) {
    fail_landmarks("a level is missing");
  }
  for (std::size_t level = 0; level < parts.forests.size(); ++level) {
    const std::size_t pixels = parts.deltas[level].size();
    if (parts.anchors[level].size() != pixels) fail_landmarks("a pixel without its anchor");
    for (const unsigned long anchor : parts.anchors[level]) {
      if (anchor >= static_cast<unsigned long>(numbers) / 2) fail_landmarks("an anchor is missing");
    }
    for (const auto& tree : parts.forests[level]) check_tree(tree, pixels, numbers);
  }
}

dlib::shape_predictor read_landmarks(const File& file) {
  dlib::shape_predictor landmarks;
  read_model_file(file, "a file of face landmarks of dlib", [&](std::istream& in) {
    check_landmarks(LandmarkParts(in));
    in.seekg(0);
    deserialize(landmarks, in);
  });
  const unsigned long points = landmarks.num_parts();
  if (points != 5 && points != 68) {
    throw Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                  file.name + " gives " + std::to_string(points) +
                      " landmarks; a face can be cut out by 5 or by 68",
                  "use shape_predictor_5_face_landmarks.dat");
  }
  return landmarks;
}

// ---- pictures ----

Picture picture_of(const mh_tensor& tensor) {
  Picture picture(static_cast<long>(tensor.shape[1]), static_cast<long>(tensor.shape[2]));
  static_assert(sizeof(dlib::rgb_pixel) == 3, "rows are copied as they are");
  if (picture.size() > 0) std::memcpy(&picture(0, 0), tensor.data, tensor.byte_count);
  return picture;
}

// Bytes that a search takes at its peak for each pixel of the doubled picture, measured: HOG keeps
// the features of all levels of its pyramid; the network unfolds each level 25 times.
constexpr double k_hog_bytes_per_pixel = 13;
constexpr double k_cnn_bytes_per_pixel = 1020;

double bytes_of_search(double width, double height, const FaceSettings& settings) {
  const double pixels = width * height * std::pow(4, settings.upsample);
  return pixels *
         (settings.detector == DetectorKind::hog ? k_hog_bytes_per_pixel : k_cnn_bytes_per_pixel);
}

std::string in_gigabytes(double bytes) {
  const auto tenths = static_cast<long>(std::ceil(bytes / 1e8));
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " GB";
}

void check_memory(const mh_tensor& image, const FaceSettings& settings, double limit) {
  const auto height = static_cast<double>(image.shape[1]);
  const auto width = static_cast<double>(image.shape[2]);
  const double bytes = bytes_of_search(width, height, settings);
  if (bytes <= limit) return;
  const double ratio = std::sqrt(limit / bytes);
  const auto side = [ratio](double length) {
    return std::to_string(static_cast<long>(std::max(1.0, std::floor(length * ratio))));
  };
  throw Failure(MH_INVALID_ARGUMENT, MH_ABOUT_INPUT,
                "to look for faces in a picture of " + std::to_string(image.shape[2]) + "x" +
                    std::to_string(image.shape[1]) + " would take " + in_gigabytes(bytes) +
                    " of memory, the dlib engine may take " + in_gigabytes(limit),
                "make the picture smaller, " + side(width) + "x" + side(height) +
                    " at most (a program may raise the engine setting dlib.memory_mib)");
}

// ---- answers ----

// What is said of the faces, one after the other.
struct Answer {
  std::vector<float> boxes;
  std::vector<float> scores;
  std::vector<float> points;

  void add(const FoundFace& face, const dlib::full_object_detection& shape) {
    // The last column and row of a rectangle of dlib are inside of it.
    for (const long side :
         {face.box.left(), face.box.top(), face.box.right() + 1, face.box.bottom() + 1}) {
      boxes.push_back(static_cast<float>(side));
    }
    scores.push_back(static_cast<float>(face.margin));
    for (unsigned long i = 0; i < shape.num_parts(); ++i) {
      points.push_back(static_cast<float>(shape.part(i).x()));
      points.push_back(static_cast<float>(shape.part(i).y()));
    }
  }

  std::vector<Output> outputs(std::vector<float> embeddings, unsigned long point_count,
                              int length) && {
    const auto count = static_cast<std::int64_t>(scores.size());
    return {
        floats("boxes", {count, 4}, std::move(boxes)), floats("scores", {count}, std::move(scores)),
        floats("landmarks", {count, static_cast<std::int64_t>(point_count), 2}, std::move(points)),
        floats("embeddings", {count, length}, std::move(embeddings))};
  }

 private:
  static Output floats(const char* name, std::vector<std::int64_t> shape,
                       std::vector<float> values) {
    return Output::of(name, MH_FLOAT32, std::move(shape), std::move(values));
  }
};

// A chip of no size cannot be cut out: a face whose points all lie in one place is none.
bool can_be_cut_out(const dlib::chip_details& chip) {
  return std::isfinite(chip.rect.width()) && chip.rect.width() > 0 && chip.rect.height() > 0;
}

}  // namespace

struct FaceSession::Parts {
  std::optional<dlib::frontal_face_detector> hog;
  std::unique_ptr<CnnDetector> cnn;
  dlib::shape_predictor landmarks;
  Descriptor descriptor;  // the largest file last: what is wrong with the others shows sooner

  Parts(const LoadRequest& request, DetectorKind detector)
      : hog(detector == DetectorKind::hog ? std::optional(hog_prototype()) : std::nullopt),
        cnn(detector == DetectorKind::cnn ? std::make_unique<CnnDetector>(request.file("detector"))
                                          : nullptr),
        landmarks(read_landmarks(request.file("landmarks"))),
        descriptor(request.file("descriptor")) {}

  // Best first, in pixels of the picture.
  std::vector<FoundFace> search(const Picture& picture, int upsample) {
    const long shorter = std::min(picture.nr(), picture.nc()) << upsample;
    if (shorter < CnnDetector::k_least_side) return {};
    if (upsample == 0) return find(picture);
    Picture doubled;
    dlib::pyramid_up(picture, doubled, dlib::pyramid_down<2>());
    for (int i = 1; i < upsample; ++i) dlib::pyramid_up(doubled);
    std::vector<FoundFace> faces = find(doubled);
    for (FoundFace& face : faces) {
      face.box = dlib::pyramid_down<2>().rect_down(face.box, static_cast<unsigned int>(upsample));
    }
    return faces;
  }

 private:
  std::vector<FoundFace> find(const Picture& picture) {
    if (cnn != nullptr) return cnn->find(picture);
    std::vector<dlib::rect_detection> found;
    (*hog)(picture, found);
    std::vector<FoundFace> faces;
    faces.reserve(found.size());
    for (const dlib::rect_detection& face : found) {
      faces.push_back({face.rect, face.detection_confidence});
    }
    return faces;
  }
};

FaceSession::FaceSession(std::unique_ptr<Parts> parts, FaceSettings settings, int threads,
                         std::uint64_t memory_bytes)
    : parts_(std::move(parts)),
      settings_(settings),
      threads_(threads),
      memory_bytes_(memory_bytes) {}

FaceSession::~FaceSession() = default;

std::unique_ptr<FaceSession> FaceSession::load(const LoadRequest& request,
                                               std::uint64_t memory_bytes) {
  const FaceSettings settings = read_settings(request);
  auto parts = std::make_unique<Parts>(request, settings.detector);
  return std::unique_ptr<FaceSession>(
      new FaceSession(std::move(parts), settings, request.threads, memory_bytes));
}

Description FaceSession::describe() const {
  const auto points = static_cast<std::int64_t>(parts_->landmarks.num_parts());
  return {{{"image", MH_UINT8, {1, -1, -1, 3}}},
          {{"boxes", MH_FLOAT32, {-1, 4}},
           {"scores", MH_FLOAT32, {-1}},
           {"landmarks", MH_FLOAT32, {-1, points, 2}},
           {"embeddings", MH_FLOAT32, {-1, parts_->descriptor.length()}}},
          "cpu:0"};
}

std::vector<Output> FaceSession::run(const Inputs& inputs) {
  const mh_tensor& image = inputs["image"];
  check_memory(image, settings_, static_cast<double>(memory_bytes_));
  const BlasThreads bound(threads_);
  const Picture picture = picture_of(image);
  Answer answer;
  std::vector<dlib::chip_details> details;
  for (const FoundFace& face : parts_->search(picture, settings_.upsample)) {
    const dlib::full_object_detection shape = parts_->landmarks(picture, face.box);
    const dlib::chip_details chip = dlib::get_face_chip_details(
        shape, static_cast<unsigned long>(k_chip_size), settings_.chip_padding);
    if (!can_be_cut_out(chip)) continue;
    details.push_back(chip);
    answer.add(face, shape);
  }
  Chips chips;
  dlib::extract_image_chips(picture, details, chips);
  return std::move(answer).outputs(parts_->descriptor.describe(chips),
                                   parts_->landmarks.num_parts(), parts_->descriptor.length());
}

}  // namespace modelhub::dlib_engine
