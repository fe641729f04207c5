// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/own_recipe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

#include "catalog/catalog.h"
#include "hub/recipe.h"
#include "hub/recipe_kinds.h"
#include "model_file/ultralytics.h"
#include "model_file/utf8.h"
#include "vision/decode.h"
#include "vision/labels.h"

namespace modelhub::hub {
namespace {

using model_file::ModelFacts;
using model_file::TensorFacts;
using model_file::UltralyticsFacts;

constexpr ByteCount k_longest_labels(std::uint64_t{4} << 20);

std::string size_text(int width, int height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

std::string number_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

std::string list_of(const std::vector<TensorFacts>& tensors) {
  std::string list;
  for (const TensorFacts& tensor : tensors)
    list += (list.empty() ? "" : ", ") + model_file::printable(tensor.to_string(), 120);
  return list.empty() ? "none" : list;
}

Error usage(std::string message, std::string hint) {
  return {ErrorCode::invalid_argument, Subject::usage, std::move(message), std::move(hint)};
}

Error refused(std::string message, std::string hint) {
  return {ErrorCode::unsupported, Subject::model, std::move(message), std::move(hint)};
}

Error misfit(std::string message, std::string hint) {
  return {ErrorCode::corrupt_data, Subject::model, std::move(message), std::move(hint)};
}

// The layers of Ultralytics whose output decode yolo8 reads, or yolo_end2end where it says so.
bool is_detect_head(std::string_view head) {
  constexpr std::array<std::string_view, 5> k_heads = {"", "Detect", "v10Detect", "WorldDetect",
                                                       "YOLOEDetect"};
  return std::find(k_heads.begin(), k_heads.end(), head) != k_heads.end();
}

// The kind that the metadata declares.
Result<std::string> declared_kind(const UltralyticsFacts& declared, const std::string& name) {
  const auto needs = [&](const std::string& what, const std::string& decode) {
    return refused(name + " is declared as " + what + ", which needs decode '" + decode +
                       "' (a newer modelhub)",
                   "update modelhub, or use a model for the task detect or classify");
  };
  const std::string& task = declared.task;
  if (task == "classify") return std::string("yolov8-cls");
  if (task == "segment" || task == "pose" || task == "obb")
    return needs("a model for the task '" + task + "'", task);
  if (task != "detect") {
    return refused(name + " declares the task '" + model_file::printable(task, 40) +
                       "', which this modelhub does not know",
                   "--recipe KIND says how it is fed and read: " + names_of_recipe_kinds());
  }
  if (declared.head == "RTDETRDecoder") return needs("an RT-DETR model", "rtdetr");
  if (!is_detect_head(declared.head)) {
    return refused(name + " declares the head '" + model_file::printable(declared.head, 40) +
                       "', which this modelhub does not know",
                   "--recipe yolov8 or --recipe end2end says how its output is read");
  }
  return std::string(declared.end2end || declared.nms ? "end2end" : "yolov8");
}

// A name of one word as SPDX ids are.
std::string spdx_id(std::string_view text) {
  const std::string_view word = text.substr(0, text.find(' '));
  const bool is_id =
      !word.empty() && word.size() <= 40 && std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '+';
      });
  return is_id ? std::string(word) : std::string();
}

class Filling {
 public:
  Filling(const ModelFacts& facts, const ModelFileOptions& options, const std::string& name,
          base::FileSystem& files)
      : facts_(facts), options_(options), name_(name), files_(files) {}

  Result<OwnRecipe> fill() {
    for (const auto step :
         {&Filling::read_declaration, &Filling::choose_kind, &Filling::fill_input,
          &Filling::fill_pixels, &Filling::fill_outputs, &Filling::fill_labels, &Filling::check}) {
      if (Result<void> done = (this->*step)(); !done) return std::move(done).error();
    }
    tell_all();
    return std::move(own_);
  }

 private:
  void assume(std::string sentence) { own_.assumptions.push_back(std::move(sentence)); }
  RecipeInput& input() { return own_.recipe.inputs.front(); }
  const TensorFacts& picture() const { return facts_.inputs.front(); }

  Result<void> read_declaration() {
    Result<std::optional<UltralyticsFacts>> declared =
        model_file::read_ultralytics(facts_.metadata);
    if (declared) {
      declared_ = *std::move(declared);
    } else if (options_.recipe.empty()) {
      return std::move(declared)
          .error()
          .with_context("read " + name_)
          .with_hint("export the model anew, or say with --recipe and --labels what it is");
    } else {
      assume("not used: " + declared.error().message);
    }
    if (declared_) {
      own_.title = model_file::printable(declared_->description, 120);
      own_.license = spdx_id(declared_->license);
    }
    return {};
  }

  Result<void> choose_kind() {
    std::string kind = options_.recipe;
    if (kind.empty() && !declared_) {
      return usage(name_ + " does not say how it is fed and read; it takes " +
                       list_of(facts_.inputs) + " and gives " + list_of(facts_.outputs),
                   "--recipe KIND tells it: " + names_of_recipe_kinds() +
                       ", or a model of the catalog that it is like");
    }
    if (kind.empty()) {
      Result<std::string> declared = declared_kind(*declared_, name_);
      if (!declared) return std::move(declared).error();
      kind = *std::move(declared);
    }
    Result<RecipeKind> found = find_recipe_kind(kind);
    if (!found) return std::move(found).error();
    kind_ = *std::move(found);
    own_.recipe = kind_.recipe;
    own_.task = kind_.task;
    if (own_.recipe.inputs.size() != 1) {
      return refused("models like " + kind_.name + " have " +
                         std::to_string(own_.recipe.inputs.size()) + " inputs",
                     "the kinds of one picture are " + names_of_recipe_kinds());
    }
    return {};
  }

  // ---- the input ----

  Result<void> fill_input() {
    if (facts_.inputs.size() != 1) {
      return refused(name_ + " takes " + std::to_string(facts_.inputs.size()) + " inputs: " +
                         list_of(facts_.inputs) + "; one picture is what can be given",
                     "export it with the picture as its only input");
    }
    // Of an IR a tensor may have several names; the only one needs none.
    input().name = facts_.format == "onnx" ? picture().name : "";
    const std::string& type = picture().element_type;
    if (type != "float32" && type != "uint8") {
      return refused(name_ + ": input " + list_of(facts_.inputs) +
                         ": pictures are given as float32 or uint8, not as " + type,
                     "export it with a float32 input (half=False)");
    }
    input().dtype = type;
    if (!picture().shape) return fill_size(0, 0);
    const Shape& shape = *picture().shape;
    if (shape.size() != 4) {
      return refused(name_ + ": input " + list_of(facts_.inputs) + " is no picture: it has " +
                         std::to_string(shape.size()) + " sides, not 4",
                     "only models that take one picture can be run");
    }
    if (shape[0] > 1 || shape[0] == 0) {
      return refused(name_ + " takes " + std::to_string(shape[0]) + " pictures at once (" +
                         list_of(facts_.inputs) + ")",
                     "export it with batch=1");
    }
    if (Result<void> done = fill_layout(shape); !done) return done;
    const bool is_nchw = input().layout == "nchw";
    return fill_size(shape[is_nchw ? 3 : 2], shape[is_nchw ? 2 : 1]);
  }

  // Where the channels stand is where a 3 (or a 1) stands; the recipe's own way in case of doubt.
  Result<void> fill_layout(const Shape& shape) {
    const auto is_channels = [](std::int64_t side) { return side == 1 || side == 3; };
    if (is_channels(shape[1]) != is_channels(shape[3]))
      input().layout = is_channels(shape[1]) ? "nchw" : "nhwc";
    const std::int64_t channels = shape[input().layout == "nchw" ? 1 : 3];
    if (channels >= 0 && !is_channels(channels)) {
      return refused(name_ + ": input " + list_of(facts_.inputs) + " has " +
                         std::to_string(channels) + " channels; pictures have 1 or 3",
                     "only models that take one picture can be run");
    }
    if (channels == 1) input().color = "gray";
    channels_ = channels == 1 ? 1 : 3;
    return {};
  }

  // `width` and `height` are the file's, below 1 where they are open.
  Result<void> fill_size(std::int64_t width, std::int64_t height) {
    const bool is_open = width < 1 && height < 1;
    const auto settle = [](std::int64_t of_file, int told, int declared, int& side) {
      if (of_file > 0) {
        side = static_cast<int>(std::min<std::int64_t>(of_file, 1 << 20));
      } else {
        side = told > 0 ? told : declared;
      }
      return side > 0;
    };
    const int declared_width = declared_ ? declared_->width : 0;
    const int declared_height = declared_ ? declared_->height : 0;
    int new_width = 0;
    int new_height = 0;
    const bool has_width = settle(width, options_.width, declared_width, new_width);
    const bool has_height = settle(height, options_.height, declared_height, new_height);
    const bool is_known = has_width && has_height;
    const bool takes_all = is_open && input().is_dynamic && input().resize == "none";
    if (!is_known && !takes_all) {
      return usage(name_ + " takes pictures of any size: " + list_of(facts_.inputs),
                   "--size WIDTHxHEIGHT says to which size they are brought");
    }
    if (Result<void> done = check_size(new_width, new_height, is_open); !done) return done;
    const int old_height = input().height;
    input().width = takes_all && !is_known ? 0 : new_width;
    input().height = takes_all && !is_known ? 0 : new_height;
    input().is_dynamic = is_open && (input().resize == "letterbox" || takes_all);
    input().multiple_of = 0;
    if (input().is_dynamic && input().resize == "letterbox")
      input().multiple_of = declared_ && declared_->stride > 0 ? declared_->stride : 32;
    if (input().resize == "shorter_side_crop" && old_height > 0) {
      // The margin that is cut off stays the same share: 256 of 224, 299 of 262.
      input().shorter_side = static_cast<int>(
          std::lround(static_cast<double>(input().shorter_side) * new_height / old_height));
    }
    return {};
  }

  Result<void> check_size(int width, int height, bool is_open) const {
    const bool is_told = options_.width > 0;
    if (is_told && (options_.width != width || options_.height != height)) {
      return usage("--size " + std::to_string(options_.width) + "x" +
                       std::to_string(options_.height) + " does not fit " + name_ +
                       ", which takes " + list_of(facts_.inputs),
                   "leave it out");
    }
    const bool is_declared = declared_ && declared_->width > 0 && !is_open;
    if (is_declared && (declared_->width != width || declared_->height != height)) {
      return misfit(name_ + " declares imgsz " + size_text(declared_->width, declared_->height) +
                        ", but takes " + list_of(facts_.inputs),
                    "export the model anew");
    }
    return {};
  }

  // ---- colours and scaling ----

  Result<void> fill_pixels() {
    const bool tells_scaling = options_.scale || !options_.mean.empty() || !options_.std.empty();
    if (kind_.leaves_pixels_open && (options_.color.empty() || !tells_scaling)) {
      return usage(
          "models read by " + kind_.name + " differ in their colours and scaling, and " + name_ +
              " does not say which it wants",
          "--color rgb or bgr, and --scale (1: levels as they are; --mean 127.5 --std 127.5: "
          "from -1 to 1)");
    }
    if (!options_.color.empty()) {
      const bool fits = options_.color == "gray" ? channels_ == 1
                                                 : channels_ == 3 && (options_.color == "rgb" ||
                                                                      options_.color == "bgr");
      if (!fits) {
        return usage("--color " + options_.color.substr(0, 40) + " does not fit " + name_ +
                         ", which takes " + list_of(facts_.inputs),
                     "write rgb or bgr for three channels, gray for one");
      }
      input().color = options_.color;
    }
    if (options_.scale) input().scale = *options_.scale;
    if (!options_.mean.empty()) input().mean = options_.mean;
    if (!options_.std.empty()) input().std = options_.std;
    for (const auto& [option, numbers] :
         {std::pair("--mean", &input().mean), std::pair("--std", &input().std)}) {
      if (numbers->size() > 1 && numbers->size() != channels_) {
        return usage(std::string(option) + " has " + std::to_string(numbers->size()) +
                         " numbers for the " + std::to_string(channels_) + " channels of " + name_,
                     "give one number, or one for each channel");
      }
    }
    return fill_levels(tells_scaling);
  }

  Result<void> fill_levels(bool tells_scaling) {
    if (input().dtype != "uint8") return {};
    if (tells_scaling && !(input().scale == 1 && options_.mean.empty() && options_.std.empty())) {
      return usage(
          name_ + " takes levels from 0 to 255 as they are (" + list_of(facts_.inputs) + ")",
          "leave --scale, --mean and --std out");
    }
    input().scale = 1;
    input().mean.clear();
    input().std.clear();
    return {};
  }

  // ---- the outputs ----

  Result<void> fill_outputs() {
    std::vector<RecipeOutput>& outputs = own_.recipe.outputs;
    if (outputs.size() <= 1) {
      if (facts_.outputs.size() != 1) {
        return misfit(name_ + " gives " + std::to_string(facts_.outputs.size()) + " outputs (" +
                          list_of(facts_.outputs) + "), models read by " + kind_.name + " one",
                      "--recipe KIND says how they are read: " + names_of_recipe_kinds());
      }
      const std::string role = outputs.empty() ? "predictions" : outputs.front().role;
      outputs = {{facts_.format == "onnx" ? facts_.outputs.front().name : "", role}};
    } else {
      for (RecipeOutput& output : outputs) {
        const TensorFacts* const found = find_output(output.name);
        if (found == nullptr) {
          return misfit(name_ + " has no output '" + output.name + "', which models read by " +
                            kind_.name + " have; it gives " + list_of(facts_.outputs),
                        "--recipe KIND says how they are read: " + names_of_recipe_kinds());
        }
        output.name = found->name;
      }
    }
    // A softmax at the end makes probabilities of what this kind mostly leaves to whoever reads it.
    if (own_.recipe.decode == "logits" && facts_.outputs.front().made_by == "Softmax") {
      own_.recipe.decode = "probabilities";
      own_.recipe.post.values.erase("softmax");
    }
    return {};
  }

  // TensorFlow's exporters put ":0" behind names.
  const TensorFacts* find_output(std::string_view wanted) const {
    const auto found =
        std::find_if(facts_.outputs.begin(), facts_.outputs.end(), [&](const TensorFacts& output) {
          const std::string_view name = output.name;
          return name == wanted || name.substr(0, name.rfind(':')) == wanted;
        });
    return found == facts_.outputs.end() ? nullptr : &*found;
  }

  // ---- labels ----

  Result<void> fill_labels() {
    Recipe& recipe = own_.recipe;
    if (!options_.labels.empty()) {
      recipe.labels.clear();
      recipe.label_names.clear();
      return read_labels();
    }
    if (kind_.has_labels) return {};
    recipe.labels.clear();
    recipe.label_names.clear();
    if (declared_) recipe.label_names = declared_->names;
    for (std::size_t i = 0; i < recipe.label_names.size(); ++i) {
      const std::string& label = recipe.label_names[i];
      // As it would be shown; what is longer or has control characters is no name for people.
      if (label.empty() || model_file::printable(label, 200) != label) {
        return misfit(name_ + ": the name of class " + std::to_string(i) + ", '" +
                          model_file::printable(label, 40) + "', cannot be a label",
                      "--labels FILE gives one label a line");
      }
    }
    return {};
  }

  Result<void> read_labels() {
    const std::string& where = options_.labels;
    if (where.find('/') == std::string::npos && catalog::Catalog::labels(where)) {
      own_.recipe.labels = where;
      return {};
    }
    Result<std::string> text = base::read_whole_file(files_, where, k_longest_labels);
    if (!text) {
      Error error = std::move(text).error();
      error.subject = Subject::input;
      error.hint = "--labels wants a file with one label a line, or coco80, coco90 or imagenet1k";
      return error;
    }
    Result<std::vector<std::string>> labels = vision::parse_labels(*text, where);
    if (!labels) return std::move(labels).error();
    for (const std::string& label : *labels) {
      if (model_file::printable(label, 1000) != label) {
        return Error(ErrorCode::corrupt_data, Subject::input,
                     "labels " + where + ": '" + model_file::printable(label, 40) +
                         "' has a control character, or is not UTF-8",
                     "a labels file is text with one label a line");
      }
    }
    own_.recipe.label_names = *std::move(labels);
    return {};
  }

  // ---- whether it fits ----

  Result<void> check() {
    Result<vision::Recipe> executable = to_executable(own_.recipe);
    if (!executable) return std::move(executable).error().with_context("read " + name_);
    Result<std::vector<std::string>> labels = catalog::Catalog::labels_of(own_.recipe);
    if (!labels) return std::move(labels).error();
    labels_ = *std::move(labels);
    std::vector<vision::OutputShape> shapes;
    for (const TensorFacts& output : facts_.outputs) {
      // Told by the engine only, after the load; it is checked then.
      if (!output.shape) return {};
      shapes.push_back({output.name, *output.shape});
    }
    Result<void> fits = vision::check_outputs(*executable, labels_, shapes);
    if (fits) return {};
    Error error = std::move(fits).error();
    error.message = name_ + ": " + error.message;
    // That of a class count names --labels already.
    if (error.hint.find("--labels") == std::string::npos)
      error.hint = "--recipe KIND says how it is read: " + names_of_recipe_kinds();
    return error;
  }

  // ---- what people are told ----

  void tell_all() {
    if (declared_) {
      std::string sentence = "it declares the task '" + declared_->task + "'";
      if (!declared_->version.empty())
        sentence += " (Ultralytics " + model_file::printable(declared_->version, 20) + ")";
      if (!declared_->names.empty())
        sentence += ", " + std::to_string(declared_->names.size()) + " names";
      if (declared_->width > 0)
        sentence += ", imgsz " + size_text(declared_->width, declared_->height);
      assume(sentence);
    }
    if (!options_.recipe.empty() && declared_)
      assume("it is fed and read as " + kind_.name + " all the same, as was told");
    tell_input();
    assume(list_of(facts_.outputs) + " is read by decode '" + own_.recipe.decode + "'" +
           thresholds());
    tell_labels();
  }

  void tell_input() {
    const RecipeInput& in = input();
    std::string sentence = list_of(facts_.inputs) + " is given pictures in " + in.color;
    if (in.resize == "letterbox") {
      sentence += ", letterboxed to " + size_text(in.width, in.height);
      if (in.is_dynamic)
        sentence += " at most, sides multiples of " + std::to_string(in.multiple_of);
    } else if (in.resize == "stretch") {
      sentence += ", stretched to " + size_text(in.width, in.height);
    } else if (in.resize == "shorter_side_crop") {
      sentence += ", the shorter side brought to " + std::to_string(in.shorter_side) +
                  ", the middle " + size_text(in.width, in.height) + " cut out";
    } else {
      sentence += ", as large as they are";
    }
    sentence += ", " + scaling(in);
    assume(std::move(sentence));
  }

  static std::string scaling(const RecipeInput& in) {
    const auto list = [](const std::vector<double>& numbers) {
      std::string text;
      for (const double number : numbers) text += (text.empty() ? "" : " ") + number_text(number);
      return text;
    };
    std::string text = in.scale == 1 ? "levels 0 to 255" : "levels x " + number_text(in.scale);
    if (in.scale == 1.0 / 255 || std::abs(in.scale * 255 - 1) < 1e-9) text = "levels 0 to 1";
    if (!in.mean.empty()) text += ", minus " + list(in.mean);
    if (!in.std.empty()) text += ", divided by " + list(in.std);
    return text;
  }

  std::string thresholds() const {
    std::string text;
    for (const char* name : {"conf", "iou"}) {
      if (const std::optional<double> value = own_.recipe.post.find_number(name))
        text += std::string(text.empty() ? " with " : ", ") + name + " " + number_text(*value);
    }
    return text;
  }

  void tell_labels() {
    if (labels_.empty()) {
      return assume(
          "it has no names for its classes: they are shown by number; --labels FILE names "
          "them");
    }
    std::string names = labels_[0];
    for (std::size_t i = 1; i < std::min<std::size_t>(labels_.size(), 3); ++i)
      names += ", " + labels_[i];
    assume(std::to_string(labels_.size()) + " labels: " + names +
           (labels_.size() > 3 ? ", ..." : ""));
  }

  const ModelFacts& facts_;
  const ModelFileOptions& options_;
  const std::string& name_;
  base::FileSystem& files_;
  std::optional<UltralyticsFacts> declared_;
  RecipeKind kind_;
  std::size_t channels_ = 3;
  std::vector<std::string> labels_;
  OwnRecipe own_;
};

}  // namespace

Result<OwnRecipe> fill_recipe(const ModelFacts& facts, const ModelFileOptions& options,
                              const std::string& name, base::FileSystem& files) {
  return Filling(facts, options, name, files).fill();
}

}  // namespace modelhub::hub
