// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "commands.h"
#include "in_order.h"
#include "json_shapes.h"
#include "pictures.h"
#include "waiting.h"
#include <modelhub/draw.h>

namespace modelhub::cli {
namespace {

namespace fs = std::filesystem;

// Where the annotated picture of this input goes; nothing when none is wanted.
Result<std::optional<std::string>> annotated_path(const RunCommand& command,
                                                  const std::vector<Picture>& pictures,
                                                  const Picture& picture, bool is_json) {
  const std::string default_name = picture.stem + ".modelhub.png";
  const bool is_frame = picture.kind == Picture::Kind::video;
  if (command.no_picture) return std::optional<std::string>();
  if (command.out.empty()) {
    return is_json || is_frame ? std::optional<std::string>()
                               : std::optional<std::string>(default_name);
  }
  std::error_code ignored;
  const bool is_folder = command.out.back() == '/' || fs::is_directory(command.out, ignored);
  if (is_folder) {
    fs::create_directories(command.out, ignored);  // saving tells what is wrong, with the name
    return std::optional<std::string>((fs::path(command.out) / default_name).string());
  }
  if (pictures.size() > 1 || is_frame) {
    const std::string count =
        is_frame ? "the frames of a video" : std::to_string(pictures.size()) + " pictures";
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 "--out " + command.out + " is one file, for " + count,
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

// The answer as a person reads it, line by line.
struct AnswerPrinter {
  std::vector<std::string>& lines;

  void operator()(const Detections& detections) const {
    std::size_t widest = 0;
    for (const Detection& d : detections) widest = std::max(widest, columns_of(d.label));
    for (const Detection& d : detections) {
      lines.push_back("  " + d.label + std::string(widest - columns_of(d.label) + 2, ' ') +
                      fixed(d.score, 2) + "   " + box_text(d.box));
    }
    if (detections.empty()) lines.push_back(near_miss_text(detections.near_miss, "object"));
  }
  void operator()(const Classifications& classes) const {
    for (const Classification& c : classes)
      lines.push_back("  " + fixed(c.score, 2) + "  " + c.label);
  }
  void operator()(const Faces& faces) const {
    for (const Face& face : faces)
      lines.push_back("  face  " + fixed(face.score, 2) + "   " + box_text(face.box));
    if (faces.empty()) lines.push_back(near_miss_text(faces.near_miss, "face"));
  }
  // Nothing but the text, so that it can go into a file.
  void operator()(const Text& text) const {
    const std::string& whole = text.string();
    if (!whole.empty()) lines.push_back(whole.substr(0, whole.size() - 1));
  }
};

// A part of a picture that is worth a picture of its own.
struct Cutting {
  std::string label;
  Box box;
};

struct CuttingsOf {
  std::vector<Cutting> operator()(const Detections& detections) const {
    std::vector<Cutting> cuttings;
    for (const Detection& d : detections) cuttings.push_back({d.label, d.box});
    return cuttings;
  }
  std::vector<Cutting> operator()(const Faces& faces) const {
    std::vector<Cutting> cuttings;
    for (const Face& face : faces) cuttings.push_back({"face", face.box});
    return cuttings;
  }
  std::vector<Cutting> operator()(const Classifications&) const { return {}; }
  std::vector<Cutting> operator()(const Text&) const { return {}; }
};

// A label may hold anything.
std::string file_name_of(std::string label) {
  for (char& c : label) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    if (!is_plain && (static_cast<unsigned char>(c) & 0x80U) == 0) c = '_';
  }
  return label;
}

// What came of one picture.
struct Outcome {
  Result<void> status;
  Json result;
  std::vector<std::string> remarks;  // for standard error, before the lines
  std::vector<std::string> lines;    // for standard output
  std::vector<std::string> files;    // that were written
};

// One run of the command: the loaded model and what all its pictures share.
class Runner {
 public:
  Runner(const RunCommand& command, const std::vector<Picture>& pictures, const Session& session,
         Model model)
      : command_(command),
        pictures_(pictures),
        session_(session),
        console_(session.console),
        model_(std::move(model)) {}

  // `first`: the first picture, where it is here already.
  int run_all(const LoadReport& load, std::optional<TimedImage> first) {
    if (std::any_of(pictures_.begin(), pictures_.end(),
                    [](const Picture& p) { return p.kind == Picture::Kind::video; })) {
      return run_as_it_goes(header(load));
    }
    Json document = header(load);
    Json results = Json::array();
    int exit_code = 0;
    // One picture is decoded, or drawn, while another one is in the engine, which uses all cores.
    const std::size_t threads =
        std::clamp<std::size_t>(std::thread::hardware_concurrency() / 2, 2, 8);
    in_order(
        pictures_.size(), threads,
        [&](std::size_t i) {
          return run_one(pictures_[i], i == 0 ? std::exchange(first, std::nullopt) : std::nullopt);
        },
        [&](Outcome outcome) {
          if (is_interrupted()) {
            exit_code = console_.fail(Error(ErrorCode::cancelled, Subject::other, "interrupted"));
            return false;
          }
          const int code = show(outcome);
          if (exit_code == 0) exit_code = code;
          results.push_back(std::move(outcome.result));
          return true;
        });
    if (console_.is_json() && !is_interrupted()) {
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

  // On any thread.
  Outcome run_one(const Picture& picture, std::optional<TimedImage> here) const {
    Outcome outcome;
    outcome.result["input"] = picture.name;
    outcome.status = run_one(picture, std::move(here), outcome);
    return outcome;
  }

  Result<void> run_one(const Picture& picture, std::optional<TimedImage> here,
                       Outcome& outcome) const {
    Result<TimedImage> decoded = here ? Result<TimedImage>(*std::move(here))
                                      : load_picture(picture, session_, ShowProgress::no);
    if (!decoded) return std::move(decoded).error();
    Image& image = decoded->image;
    outcome.result["width"] = image.width();
    outcome.result["height"] = image.height();
    if (decoded->fetch) outcome.result["fetch_ms"] = decoded->fetch->count();
    Result<Answer> answer = run_alone(image);
    if (!answer) return std::move(answer).error().with_context(picture.name);
    times_of(*answer).decode = decoded->decode;
    if (console_.is_json()) {
      add_answer(outcome.result, *answer);
    } else {
      add_text(picture, *answer, outcome);
    }
    if (Result<void> saved = save_crops(picture, image, *answer, outcome); !saved) return saved;
    return annotate(picture, image, *answer, outcome);
  }

  // A video may be long and a camera has no end: each answer is told when it is there, as a JSON
  // document on a line of its own.
  int run_as_it_goes(const Json& header) const {
    int exit_code = 0;
    for (const Picture& picture : pictures_) {
      Result<int> code = picture.kind == Picture::Kind::video
                             ? run_video(picture, header)
                             : tell(run_one(picture, std::nullopt), header);
      if (code && is_interrupted()) code = interrupted_after(picture.name);
      if (!code) return console_.fail(code.error());
      if (exit_code == 0) exit_code = *code;
    }
    return exit_code;
  }

  static Error interrupted_after(const std::string& what) {
    return {ErrorCode::cancelled, Subject::other, "interrupted after " + what};
  }

  // The exit code. Errors: io_error when nobody reads the answers any more.
  Result<int> tell(Outcome outcome, const Json& header) const {
    const int code = show(outcome);
    if (console_.is_json()) {
      Json document = header;
      document["results"] = Json::array({std::move(outcome.result)});
      console_.print_json_line(document);
    }
    if (console_.flush()) return code;
    return Error(ErrorCode::io_error, Subject::other, "nobody reads what is printed");
  }

  struct TimedFrame {
    std::optional<VideoFrame> frame;  // nothing at the end
    Milliseconds decode{0};
  };
  static Result<TimedFrame> next_frame(Video& video) {
    const auto begin = std::chrono::steady_clock::now();
    Result<std::optional<VideoFrame>> frame = video.next();
    if (!frame) return std::move(frame).error();
    return TimedFrame{*std::move(frame), std::chrono::steady_clock::now() - begin};
  }

  // The exit code; that of the first frame that failed. Errors: as tell(); cancelled.
  Result<int> run_video(const Picture& picture, const Json& header) const {
    VideoOptions options;
    options.every = command_.every;
    Result<Video> video = session_.hub.open_video(picture.path, options);
    if (!video) return tell(failed(picture, std::move(video).error()), header);
    int exit_code = 0;
    const auto read = [&video] { return next_frame(*video); };
    // The next frame is decoded while this one is in the engine.
    std::future<Result<TimedFrame>> next = std::async(std::launch::async, read);
    while (true) {
      Result<TimedFrame> timed = next.get();
      if (!timed) {
        const Result<int> code = tell(failed(picture, std::move(timed).error()), header);
        return code && exit_code != 0 ? Result<int>(exit_code) : code;
      }
      if (!timed->frame) return exit_code;
      next = std::async(std::launch::async, read);
      const std::string number = std::to_string(timed->frame->number);
      const Picture frame{picture.name + "#" + number, picture.path, picture.kind,
                          picture.stem + "-" + number};
      Outcome outcome =
          run_one(frame, TimedImage{std::move(timed->frame->image), timed->decode, std::nullopt});
      outcome.result["frame"] = timed->frame->number;
      Result<int> code = tell(std::move(outcome), header);
      if (!code) return code;
      if (exit_code == 0) exit_code = *code;
      if (is_interrupted()) return interrupted_after(frame.name);
    }
  }

  static Outcome failed(const Picture& picture, Error error) {
    Outcome outcome;
    outcome.result["input"] = picture.name;
    outcome.status = std::move(error);
    return outcome;
  }

  // An engine uses all cores: two pictures at once are no sooner done, and the times that are shown
  // would be those of a crowd.
  Result<Answer> run_alone(const Image& image) const {
    const std::lock_guard lock(engine_mutex_);
    return model_.run(image, command_.options);
  }

  static void add_text(const Picture& picture, const Answer& answer, Outcome& outcome) {
    const auto* text = std::get_if<Text>(&answer);
    std::vector<std::string>& headings = text == nullptr ? outcome.lines : outcome.remarks;
    headings.push_back(picture.name + "   infer " + fixed(times_of(answer).infer.count(), 0) +
                       " ms");
    if (text != nullptr && text->empty()) outcome.remarks.emplace_back("  no text");
    std::visit(AnswerPrinter{outcome.lines}, answer);
  }

  Result<void> annotate(const Picture& picture, Image& image, const Answer& answer,
                        Outcome& outcome) const {
    Result<std::optional<std::string>> path =
        annotated_path(command_, pictures_, picture, console_.is_json());
    if (!path) return std::move(path).error();
    if (!*path) return {};
    // A class alone, or a text, is worth a picture only when one was asked for.
    const bool is_told_in_words =
        std::holds_alternative<Classifications>(answer) || std::holds_alternative<Text>(answer);
    if (is_told_in_words && command_.out.empty()) return {};
    Result<void> drawn = std::visit([&](const auto& items) { return draw(image, items); }, answer);
    if (!drawn) return drawn;
    if (Result<void> saved = image.save(**path); !saved) return saved;
    outcome.result["annotated"] = **path;
    outcome.files.push_back("annotated picture: " + **path);
    return {};
  }

  // What was found, each as a picture of its own, before anything is drawn over it.
  Result<void> save_crops(const Picture& picture, const Image& image, const Answer& answer,
                          Outcome& outcome) const {
    if (command_.crops.empty()) return {};
    std::error_code ignored;
    fs::create_directories(command_.crops, ignored);  // saving tells what is wrong, with the name
    outcome.result["crops"] = Json::array();
    const std::vector<Cutting> cuttings = std::visit(CuttingsOf{}, answer);
    for (std::size_t i = 0; i < cuttings.size(); ++i) {
      const Box& box = cuttings[i].box;
      const ImageView view = crop(image, box.x1, box.y1, box.x2, box.y2);
      if (view.is_empty()) continue;
      Result<Image> cut = Image::copy_of(view);
      if (!cut) return std::move(cut).error();
      const std::string name = picture.stem + "." + std::to_string(i + 1) + "." +
                               file_name_of(cuttings[i].label) + ".png";
      const std::string path = (fs::path(command_.crops) / name).string();
      if (Result<void> saved = cut->save(path); !saved) return saved;
      outcome.result["crops"].push_back(path);
    }
    if (const std::size_t count = outcome.result["crops"].size(); count > 0)
      outcome.files.push_back("cut out: " + std::to_string(count) + " in " + command_.crops);
    return {};
  }

  // The exit code.
  int show(Outcome& outcome) const {
    for (const std::string& remark : outcome.remarks) console_.say(remark);
    for (const std::string& line : outcome.lines) console_.print(line);
    if (!console_.is_json()) {
      for (const std::string& file : outcome.files) console_.say(file);
    }
    if (outcome.status) return 0;
    const Error& error = outcome.status.error();
    if (!console_.is_json()) return console_.fail(error);
    outcome.result["error"] = to_json(error)["error"];
    return exit_code_of(error);
  }

  const RunCommand& command_;
  const std::vector<Picture>& pictures_;
  const Session& session_;
  const Console& console_;
  const Model model_;
  mutable std::mutex engine_mutex_;
};

void explain(const LoadReport& load, const std::vector<VariantCandidate>& candidates,
             const Console& console) {
  console.say("variants, best first:");
  for (const VariantCandidate& candidate : candidates) {
    console.say(
        "  " + candidate.variant->id + (candidate.is_usable ? ": can run here" : "") +
        (candidate.reason.empty() ? "" : (candidate.is_usable ? "; " : ": ") + candidate.reason));
  }
  console.say("device: asked for " + load.plan.requested + ", runs on " + load.device + " with " +
              load.engine);
  if (!load.plan.tuned.empty()) console.say("tuned " + load.plan.tuned);
  for (const DeviceCandidate& candidate : load.plan.candidates) {
    console.say("  " + candidate.device + " with " + candidate.engine + ": " +
                std::string(name_of(candidate.verdict)) +
                (candidate.reason.empty() ? "" : ", " + candidate.reason));
  }
}

}  // namespace

int execute(const RunCommand& command, const Session& session) {
  const Console& console = session.console;
  const Result<std::vector<Picture>> pictures = find_pictures(command.pictures);
  if (!pictures) return console.fail(pictures.error());
  if (Result<std::optional<std::string>> path =
          annotated_path(command, *pictures, pictures->front(), console.is_json());
      !path) {
    return console.fail(path.error());
  }
  // A single picture that cannot be read is told before megabytes are fetched for it.
  std::optional<TimedImage> first;
  if (pictures->size() == 1 && pictures->front().kind == Picture::Kind::video) {
    if (Result<Video> video = session.hub.open_video(pictures->front().path); !video)
      return console.fail(video.error());
  } else if (pictures->size() == 1) {
    Result<TimedImage> picture = load_picture(pictures->front(), session, ShowProgress::yes);
    if (!picture) return console.fail(picture.error());
    first = *std::move(picture);
  }
  Result<PullPlan> plan = session.hub.plan_pull(command.model, PullPurpose::run, command.load);
  if (!plan) return console.fail(plan.error());
  announce_pull(*plan, session);
  if (!plan->assumptions.empty()) console.say(command.model + ", used where it lies:");
  tell_assumptions(plan->assumptions, console);
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
  return Runner(command, *pictures, session, *model).run_all(load, std::move(first));
}

}  // namespace modelhub::cli
