// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modelhub/faces.h"
#include "modelhub/result.h"
#include "modelhub/tensor.h"

namespace modelhub::vision {

// What differs between one model and the next, as values that can be executed: how a picture
// becomes the model's inputs and how its outputs become answers. The catalog keeps the same as
// text; the parse functions below turn its words into these. A word that is not known here is a
// model for a newer modelhub: it can be listed and pulled, not run.
//
// Thread safety: values.
// Errors:        every parse_x(): unsupported (Subject::model), "needs x 'word' (a newer
// modelhub)".

enum class InputSource {
  image,
  resolution,    // of the picture: one number, dots per inch; 0 where it is not known
  aligned_face,  // one face of the picture, found by another model and turned upright: align.h
};
enum class Layout { nchw, nhwc };
enum class ColorOrder { rgb, bgr, gray };
enum class ResizeKind {
  letterbox,          // keep the shape, fit inside, fill the rest with pad_value
  stretch,            // each side on its own
  shorter_side_crop,  // shorter side to `shorter_side`, then the middle
  none,               // as it is, filled up with pad_value
};
enum class Anchor { center, top_left };
// Letterbox: how a side's length is rounded. shorter_side_crop: how the crop's offset is; the
// longer side is truncated there, as torchvision and TensorFlow both do.
enum class Rounding { half_even, floor };
enum class Filter {
  cv_linear,     // OpenCV's INTER_LINEAR: two taps, also when shrinking
  pil_bilinear,  // Pillow's BILINEAR: a triangle that widens when shrinking
};

struct InputSpec {
  std::string name;
  InputSource from = InputSource::image;
  Layout layout = Layout::nchw;
  DType dtype = DType::float32;  // float32, or uint8 (levels as they are); of a resolution int32
  int width = 0;  // pixels of the model's input; with is_dynamic the most that letterbox uses
  int height = 0;
  bool is_dynamic = false;  // the input takes any size that is a multiple of multiple_of
  int multiple_of = 1;
  ColorOrder color = ColorOrder::rgb;
  ResizeKind resize = ResizeKind::letterbox;
  Anchor anchor = Anchor::center;
  Rounding round = Rounding::half_even;
  Filter filter = Filter::cv_linear;
  std::uint8_t pad_value = 114;
  int shorter_side = 0;  // pixels; shorter_side_crop only
  // y = (x * scale - mean) / std, x from 0 to 255, in the order of `color`; gray uses the first of
  // each.
  double scale = 1;
  std::array<double, 3> mean = {0, 0, 0};
  std::array<double, 3> std = {1, 1, 1};
};

// What an output is for. The last four are YuNet's, one of each for every stride.
enum class OutputRole {
  predictions,
  boxes,
  scores,
  labels,
  count,
  text,
  landmarks,
  embedding,
  cls,
  obj,
  bbox,
  kps
};

struct OutputSpec {
  std::string name;  // may be empty where recipe and model have one output only
  OutputRole role = OutputRole::predictions;
  int stride = 0;  // pixels of the input for one cell; cls, obj, bbox and kps only
};

enum class DecodeKind {
  yolo8,  // predictions [1,4+classes,N]: centre, size, class scores
  yolo5,  // predictions [1,N,5+classes]: centre, size, objectness, class scores
  yolox,  // the same, with centre and size relative to the grid
  // predictions [1,N,6]: corners, score, class; NMS done, or nothing left to suppress
  yolo_end2end,
  ssd7,  // predictions [1,1,N,7]: batch, class, score, corners 0..1; NMS done
  // count [1], boxes [1,N,4] top left bottom right 0..1, scores [1,N], labels [1,N]; NMS done
  tf_od4,
  logits,         // scores [1,classes], any number
  probabilities,  // scores [1,classes], 0..1
  yunet,          // cls, obj, bbox, kps for each stride
  ultraface,      // scores [1,N,2] (background, face), boxes [1,N,4] corners 0..1
  tesseract,      // text: the engine gives words, no tensors
  // boxes [N,4] corners in pixels of the input, scores [N] (how far above the detector's threshold,
  // which is 0), landmarks [N,points,2] in pixels, embedding [N,length]; NMS done
  dlib_faces,
  embedding,  // embedding [1,length] of one aligned face
};

// Where the landmarks of an aligned face lie.
enum class FaceTemplate {
  five_points_112,  // eyes, nose and mouth corners of ArcFace's template, 112 x 112 pixels
};

struct DecodeSpec {
  DecodeKind kind = DecodeKind::yolo8;
  int first_class = 0;  // the class id that the first label has: 1 where 0 is the background
  std::vector<int> strides = {8, 16, 32};  // yolox, yunet
  int landmarks = 0;           // points of a face; dlib_faces; 0: as many as the model gives
  int length = 0;              // numbers of an embedding; 0: as many as the model gives
  bool is_normalized = false;  // embeddings are brought to length 1; embedding only
  FaceTemplate align = FaceTemplate::five_points_112;  // inputs from aligned_face
};

struct PostSpec {
  float conf = 0.25f;                  // an answer's score is above this; classifiers: 0 for all
  float iou = 0.7f;                    // of two boxes that overlap more, the lower score goes
  int max_det = 300;                   // answers at most
  int max_candidates = 30000;          // the best that enter NMS
  bool class_agnostic = false;         // boxes of different classes suppress each other
  bool softmax = false;                // logits only
  int top_k = 5;                       // classifiers: answers at most
  std::optional<FaceMeasure> measure;  // of embeddings; there where the model gives some
};

struct Recipe {
  std::vector<InputSpec> inputs;
  std::vector<OutputSpec> outputs;
  DecodeSpec decode;
  PostSpec post;
};

// What a recipe's answers are.
enum class AnswerKind {
  detections,
  classes,
  faces,
  text,
  embedding,  // of one face: a part of `faces` that another model finds
};
AnswerKind answer_kind_of(DecodeKind kind);
std::string_view name_of(DecodeKind kind);
std::string_view name_of(OutputRole role);

Result<InputSource> parse_input_source(std::string_view word);
Result<Layout> parse_layout(std::string_view word);
Result<ColorOrder> parse_color(std::string_view word);
Result<ResizeKind> parse_resize(std::string_view word);
Result<Anchor> parse_anchor(std::string_view word);
Result<Rounding> parse_rounding(std::string_view word);
Result<Filter> parse_filter(std::string_view word);
// float32, uint8 or int32; the other types are for a newer modelhub.
Result<DType> parse_input_dtype(std::string_view word);
Result<DecodeKind> parse_decode(std::string_view word);
Result<FaceTemplate> parse_align(std::string_view word);
Result<FaceMetric> parse_metric(std::string_view word);
// "l2": true; "none": false.
Result<bool> parse_normalize(std::string_view word);
// The stride is read from the end of the role, else of the name: role "cls_8", or role "cls" of
// output "cls_8".
Result<OutputSpec> parse_output(std::string name, std::string_view role);

// Can these values work together? Once for each model, when its recipe is read.
// Errors: invalid_argument (Subject::catalog) that names the input and the field; unsupported
// (Subject::model).
Result<void> check_recipe(const Recipe& recipe);

}  // namespace modelhub::vision
