// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "modelhub/byte_count.h"
#include "modelhub/digest.h"
#include "modelhub/export.h"
#include "modelhub/rel_path.h"
#include "modelhub/result.h"

namespace modelhub MODELHUB_API {

// What exists: models, their versions, variants and files, and how each is fed and read. All of it
// is data, read from JSON documents; docs/formats/catalog.md has every field. Kinds (of tasks,
// formats, decoders, roles) are strings here, so that a document of tomorrow can be listed and
// pulled today.
//
// Thread safety: values.

// What a person types for a model: name[@version][:variant].
struct Reference {
  std::string name;
  std::optional<std::string> version;
  std::optional<std::string> variant;

  // Errors: invalid_argument (subject usage).
  static Result<Reference> parse(std::string_view text);
  std::string to_string() const;

  friend bool operator==(const Reference&, const Reference&) = default;
};

// Orders versions as people mean them: "12" < "100", "8.3" < "8.4.0", "8.4" = "8.4.0", "v2" = "2",
// "1.0rc1" < "1.0", "2023mar" < "2023nov" < "2026may".
std::weak_ordering compare_versions(std::string_view a, std::string_view b);

// A value of a recipe's `decode` or `post`: a flag, a number, a text, or a list of one of these.
using RecipeParam =
    std::variant<bool, double, std::string, std::vector<double>, std::vector<std::string>>;

// The parameters of a step of a recipe, by name. A parameter of another type than asked for counts
// as absent.
struct RecipeParams {
  std::map<std::string, RecipeParam, std::less<>> values;

  bool has(std::string_view name) const { return values.find(name) != values.end(); }
  std::optional<double> find_number(std::string_view name) const;
  std::optional<bool> find_flag(std::string_view name) const;
  std::optional<std::string> find_text(std::string_view name) const;
  std::vector<double> numbers_of(std::string_view name) const;  // a single number is a list of one
  std::vector<std::string> texts_of(std::string_view name) const;  // a single text is a list of one
};

// One tensor that the model wants. y = (x * scale - mean) / std for each channel, x from 0 to 255.
struct RecipeInput {
  std::string name;                    // the tensor's; empty: the only one
  std::string from = "image";          // image, aligned_face, image_size, tokens, points
  std::string layout = "nchw";         // nchw, nhwc
  std::string dtype = "float32";       // as name_of(DType)
  int width = 0;                       // pixels; 0: as large as the picture
  int height = 0;                      // pixels
  bool is_dynamic = false;             // the model takes other sizes than width x height too
  int multiple_of = 0;                 // sides of a dynamic input are multiples of this; 0: any
  std::string color = "rgb";           // rgb, bgr, gray
  std::string resize = "stretch";      // letterbox, stretch, shorter_side_crop, none
  std::string anchor = "center";       // of the letterbox: center, top_left
  std::string rounding = "half_even";  // of resized sides: half_even, floor
  std::string filter = "cv_linear";    // cv_linear, pil_bilinear, pil_bicubic, area
  int shorter_side = 0;                // pixels, for shorter_side_crop
  double pad_value = 0;                // of a letterbox, before scaling
  double scale = 1;
  std::vector<double> mean;  // empty: 0; one number: for all channels
  std::vector<double> std;   // empty: 1; one number: for all channels
};

// One tensor that the model gives.
struct RecipeOutput {
  std::string name;  // the tensor's; empty: the only one
  std::string role;  // predictions, boxes, scores, labels, embedding, text, ...
};

// How a model is fed and read: everything that differs between models of one task.
struct Recipe {
  std::vector<RecipeInput> inputs;
  std::vector<RecipeOutput> outputs;
  std::string decode;  // the kind: yolo8, yolox, logits, yunet, ...
  RecipeParams decode_params;
  RecipeParams post;   // conf, iou, max_det, class_agnostic, softmax, metric, threshold, ...
  std::string labels;  // name of a built-in list (Hub::labels), or empty
  std::vector<std::string> label_names;  // the labels themselves, when the document gives them
};

// What an archive holds. The digest and the size are of the member, as it will lie on disk.
struct Unpack {
  std::string kind;    // bz2, tar.gz
  std::string member;  // tar.gz: its name inside; only compared, never used as a path
  ByteCount bytes;
  Digest sha256;
};

// A file inside an archive that is installed as it is, because nobody knows the digest of what is
// inside: the archive's answers for it. Taken out when the model is loaded.
struct HeldFile {
  std::string kind;            // tar.gz, bz2
  std::string member;          // tar.gz: its name inside; only compared, never used as a path
  std::string role = "graph";  // of what is inside
  ByteCount bytes;
};

// One file of a model. `bytes` and `sha256` are of what the URLs deliver.
struct ModelFile {
  RelPath path;                  // inside the model's folder
  std::string role = "weights";  // graph, weights, config, labels, dictionary, archive
  ByteCount bytes;
  Digest sha256;
  std::vector<std::string> urls;  // in the order of trying; empty: only mirrors have it, by digest
  std::optional<Unpack> unpack;
  std::string attestation;  // how well the digest is attested: A best, then B, C; "A/B" mixed
  std::string url_origin;   // read (seen at its source), pattern, composed; of the first URL
  std::optional<HeldFile> holds = {};  // never with `unpack`

  // What lies on disk in the end.
  const Digest& installed_digest() const { return unpack ? unpack->sha256 : sha256; }
  ByteCount installed_bytes() const { return unpack ? unpack->bytes : bytes; }
};

// An engine that can run a variant, from which version on.
struct EngineNeed {
  std::string name;
  std::string min_version;  // empty: any

  std::string to_string() const { return min_version.empty() ? name : name + ">=" + min_version; }
};

struct GoldenExpectation {
  std::string label;  // empty: any
  std::optional<int> class_id;
  std::optional<double> score;
  std::vector<double> box;  // x1, y1, x2, y2 in pixels; empty: anywhere
};

// What must be answered to one picture, on any machine.
struct GoldenAnswer {
  std::vector<GoldenExpectation> expect;
  std::optional<int> min_count;  // of detections or faces
  std::optional<int> max_count;
  std::string text;  // of a text reader, exact
  double score_tolerance = 0.02;
  double box_tolerance = 3;  // pixels, for each corner
  bool top1 = false;         // the first expectation must come first
};

struct Golden : GoldenAnswer {
  ModelFile image;  // a catalogued file like any other
};

// A part of a model that is made of several: "detector" is "yunet@2023mar".
struct Stage {
  std::string role;
  Reference reference;
};

struct Variant {
  std::string id;                    // "onnx-fp32"
  std::string format;                // onnx, openvino_ir, traineddata, dlib, pt, pth, ...
  std::string precision;             // float32, float16, int8, ...
  std::vector<EngineNeed> engines;   // in the order of preference; empty: any that reads the format
  std::vector<std::string> devices;  // cpu, gpu; empty: any
  std::vector<ModelFile> files;
  std::optional<Recipe> recipe;  // without one it can be pulled, not run
  std::optional<Golden> golden;
  std::vector<Stage> stages;
  std::string license;         // when it differs from the model's
  std::string export_command;  // for a format that is never loaded: makes one that is
  std::string note;

  // Of all files, as they will lie on disk.
  ByteCount installed_bytes() const;
  // Of all files, as they come over the network.
  ByteCount download_bytes() const;
};

struct ModelVersion {
  std::string version;
  std::string released;         // "2023-03", as exact as is known; may be empty
  std::string license;          // when it differs from the model's
  std::string default_variant;  // when another than the exact one is meant; may be empty
  std::string note;
  std::vector<Variant> variants;  // in the order of the document
  // the document it comes from: "built in: yolox.json", "/etc/modelhub/catalog.d/a.json"
  std::string origin;
};

struct ModelEntry {
  std::string name;
  std::string task;  // detect, classify, read_text, find_faces, recognize_faces, ...
  std::string title;
  std::string license;  // SPDX id
  std::string homepage;
  std::string commercial_use;  // a sentence, when use in business is restricted beyond the licence
  std::string note;
  std::vector<std::string> aliases;
  std::vector<std::string> alternatives;  // names of models that serve the same purpose, best first
  std::string default_version;
  std::vector<ModelVersion> versions;  // newest first
};

// The licence of one variant: its own, else the version's, else the model's.
const std::string& license_of(const ModelEntry& entry, const ModelVersion& version,
                              const Variant& variant);

// Whether it was made to compute with fewer bits than float32: never taken for another unless
// asked.
bool has_reduced_precision(const Variant& variant);

// Which licences the user accepts.
struct LicensePolicy {
  std::vector<std::string> allowed;  // SPDX ids, case does not matter; empty: all

  bool allows(std::string_view license) const;
  // "Apache-2.0,MIT". Errors: invalid_argument (subject usage).
  static Result<LicensePolicy> parse(std::string_view list);
};

// What this machine can do: the engines that were found, with the devices they can really use.
struct Capabilities {
  struct Engine {
    std::string name;
    std::string version;
    std::vector<std::string> formats;
    std::vector<std::string> devices;  // "cpu:0", "cuda:0"; usable ones only
  };

  std::vector<Engine> engines;
};

// A variant with the verdict about it.
struct VariantCandidate {
  std::shared_ptr<const Variant> variant;
  bool is_usable = false;            // can run here and now, and its licence is accepted
  std::vector<std::string> engines;  // those that can run it here, best first
  std::string reason;                // why not, when not usable; else what tuning found, if it did
};

// A reference made exact. Cheap to copy; keeps what it needs of the catalog alive.
struct Resolved {
  std::shared_ptr<const ModelEntry> entry;
  std::shared_ptr<const ModelVersion> version;
  std::shared_ptr<const Variant> variant;
  // of this version, best first; the chosen one is among them
  std::vector<VariantCandidate> candidates;

  // name@version:variant
  Reference reference() const;
  std::string to_string() const { return reference().to_string(); }
  const std::string& license() const { return license_of(*entry, *version, *variant); }
  // The engines that can run the chosen variant here, best first.
  std::vector<std::string> engines() const;
};

}  // namespace MODELHUB_API
