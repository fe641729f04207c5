// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "commands.h"
#include "json_shapes.h"
#include "waiting.h"
#include <modelhub/draw.h>

namespace modelhub::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* k_standard_input = "/dev/stdin";

std::string file_of(const std::string& picture) {
  return picture == "-" ? k_standard_input : picture;
}
std::string stem_of(const std::string& picture) {
  return picture == "-" ? "stdin" : fs::path(picture).stem().string();
}

struct TimedImage {
  Image image;
  std::chrono::duration<double, std::milli> duration{0};
};

Result<TimedImage> load_picture(const std::string& picture) {
  const auto begin = std::chrono::steady_clock::now();
  Result<Image> image = Image::load(file_of(picture));
  if (!image) return std::move(image).error();
  return TimedImage{*std::move(image), std::chrono::steady_clock::now() - begin};
}

// Where the annotated picture of this input goes; nothing when none is wanted.
Result<std::optional<std::string>> annotated_path(const RunCommand& command,
                                                  const std::string& picture, bool is_json) {
  const std::string default_name = stem_of(picture) + ".modelhub.png";
  if (command.no_picture) return std::optional<std::string>();
  if (command.out.empty())
    return is_json ? std::optional<std::string>() : std::optional<std::string>(default_name);
  std::error_code ignored;
  const bool is_folder = command.out.back() == '/' || fs::is_directory(command.out, ignored);
  if (is_folder) {
    fs::create_directories(command.out, ignored);  // saving tells what is wrong, with the name
    return std::optional<std::string>((fs::path(command.out) / default_name).string());
  }
  if (command.pictures.size() > 1) {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 "--out " + command.out + " is one file, for " +
                     std::to_string(command.pictures.size()) + " pictures",
                 "give a folder: --out " + command.out + "/");
  }
  return std::optional<std::string>(command.out);
}

std::string box_text(const Box& box) {
  char text[96];
  std::snprintf(text, sizeof text, "(%4.0f,%5.0f)  %.0f x %.0f", box.x1, box.y1, box.width(),
                box.height());
  return text;
}

std::string near_miss_text(const std::optional<NearMiss>& near_miss, const char* what) {
  if (!near_miss) return std::string("  no ") + what;
  // Two digits down, so that the suggested threshold lets it through.
  const double reachable = std::max(0.01, static_cast<int>(near_miss->score * 100) / 100.0);
  return std::string("  no ") + what + " above the threshold; best " + near_miss->label + " " +
         fixed(near_miss->score, 2) + ": try --conf " + fixed(reachable, 2);
}

struct AnswerPrinter {
  const Console& console;

  void operator()(const Detections& detections) const {
    std::size_t widest = 0;
    for (const Detection& d : detections) widest = std::max(widest, columns_of(d.label));
    for (const Detection& d : detections) {
      console.print("  " + d.label + std::string(widest - columns_of(d.label) + 2, ' ') +
                    fixed(d.score, 2) + "   " + box_text(d.box));
    }
    if (detections.empty()) console.print(near_miss_text(detections.near_miss, "object"));
  }
  void operator()(const Classifications& classes) const {
    for (const Classification& c : classes)
      console.print("  " + fixed(c.score, 2) + "  " + c.label);
  }
  void operator()(const Faces& faces) const {
    for (const Face& face : faces)
      console.print("  face  " + fixed(face.score, 2) + "   " + box_text(face.box));
    if (faces.empty()) console.print(near_miss_text(faces.near_miss, "face"));
  }
  // Nothing but the text, so that it can go into a file.
  void operator()(const Text& text) const {
    const std::string& whole = text.string();
    if (!whole.empty()) console.print(std::string_view(whole).substr(0, whole.size() - 1));
    if (text.empty()) console.say("  no text");
  }
};

// One run of the command: the loaded model and what all its pictures share.
class Runner {
 public:
  Runner(const RunCommand& command, const Session& session, Model model)
      : command_(command), console_(session.console), model_(std::move(model)) {}

  int run_all(const LoadReport& load) {
    Json document = header(load);
    Json results = Json::array();
    int exit_code = 0;
    for (const std::string& picture : command_.pictures) {
      if (is_interrupted())
        return console_.fail(Error(ErrorCode::cancelled, Subject::other, "interrupted"));
      Json result;
      result["input"] = picture;
      if (Result<void> done = run_one(picture, result); !done) {
        const int code = exit_code_of(done.error());
        if (exit_code == 0) exit_code = code;
        if (console_.is_json()) {
          result["error"] = to_json(done.error())["error"];
        } else {
          console_.fail(done.error());
        }
      }
      results.push_back(std::move(result));
    }
    if (console_.is_json()) {
      document["results"] = std::move(results);
      console_.print_json(document);
    }
    return exit_code;
  }

 private:
  Json header(const LoadReport& load) const {
    Json document = new_document();
    document["model"] = model_.name();
    document["version"] = model_.version();
    document["variant"] = model_.variant();
    document["engine"] = load.engine;
    document["device"] = load.device;
    document["load_ms"] = load.duration.count();
    if (command_.explain) document["plan"] = to_json(load.plan);
    return document;
  }

  Result<void> run_one(const std::string& picture, Json& result) {
    Result<TimedImage> decoded = load_picture(picture);
    if (!decoded) return std::move(decoded).error();
    Image& image = decoded->image;
    result["width"] = image.width();
    result["height"] = image.height();
    Result<Answer> answer = model_.run(image, command_.options);
    if (!answer) return std::move(answer).error().with_context(picture);
    times_of(*answer).decode = decoded->duration;
    if (console_.is_json()) {
      add_answer(result, *answer);
    } else {
      print_text(picture, *answer);
    }
    return annotate(picture, image, *answer, result);
  }

  void print_text(const std::string& picture, const Answer& answer) const {
    const std::string heading =
        picture + "   infer " + fixed(times_of(answer).infer.count(), 0) + " ms";
    if (std::holds_alternative<Text>(answer)) {
      console_.say(heading);
    } else {
      console_.print(heading);
    }
    std::visit(AnswerPrinter{console_}, answer);
  }

  Result<void> annotate(const std::string& picture, Image& image, const Answer& answer,
                        Json& result) const {
    Result<std::optional<std::string>> path = annotated_path(command_, picture, console_.is_json());
    if (!path) return std::move(path).error();
    if (!*path) return {};
    // A class alone, or a text, is worth a picture only when one was asked for.
    const bool is_told_in_words =
        std::holds_alternative<Classifications>(answer) || std::holds_alternative<Text>(answer);
    if (is_told_in_words && command_.out.empty()) return {};
    Result<void> drawn = std::visit([&](const auto& items) { return draw(image, items); }, answer);
    if (!drawn) return drawn;
    if (Result<void> saved = image.save(**path); !saved) return saved;
    if (console_.is_json()) {
      result["annotated"] = **path;
    } else {
      console_.say("annotated picture: " + **path);
    }
    return {};
  }

  const RunCommand& command_;
  const Console& console_;
  const Model model_;
};

void explain(const LoadReport& load, const std::vector<VariantCandidate>& candidates,
             const Console& console) {
  console.say("variants, best first:");
  for (const VariantCandidate& candidate : candidates) {
    console.say("  " + candidate.variant->id +
                (candidate.is_usable ? ": can run here" : ": " + candidate.reason));
  }
  console.say("device: asked for " + load.plan.requested + ", runs on " + load.device + " with " +
              load.engine);
  for (const DeviceCandidate& candidate : load.plan.candidates) {
    console.say("  " + candidate.device + " with " + candidate.engine + ": " +
                std::string(name_of(candidate.verdict)) +
                (candidate.reason.empty() ? "" : ", " + candidate.reason));
  }
}

}  // namespace

int execute(const RunCommand& command, const Session& session) {
  const Console& console = session.console;
  if (Result<std::optional<std::string>> path =
          annotated_path(command, command.pictures.front(), console.is_json());
      !path) {
    return console.fail(path.error());
  }
  // A single picture that cannot be read is told before megabytes are fetched for it.
  if (command.pictures.size() == 1 && command.pictures.front() != "-") {
    if (Result<TimedImage> picture = load_picture(command.pictures.front()); !picture) {
      return console.fail(picture.error());
    }
  }
  Result<PullPlan> plan = session.hub.plan_pull(command.model, PullPurpose::run);
  if (!plan) return console.fail(plan.error());
  announce_pull(*plan, console);
  Result<Model> model = wait_for(session.hub.ensure_ready(command.model, command.load), console);
  if (!model) return console.fail(model.error());
  Result<ModelLease> lease = model->lease();
  if (!lease) return console.fail(lease.error());
  const LoadReport& load = lease->report();
  for (const std::string& warning : load.plan.warnings) console.warn(warning);
  if (command.explain && !console.is_json()) explain(load, plan->candidates, console);
  if (!console.is_json()) {
    console.say(model->name() + " " + model->version() + " (" + model->variant() + ") on " +
                load.device + " with " + load.engine + "   load " +
                fixed(load.duration.count(), 0) + " ms");
  }
  return Runner(command, session, *model).run_all(load);
}

}  // namespace modelhub::cli
