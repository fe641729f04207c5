// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <sstream>

#include "commands.h"
#include "json_shapes.h"
#include "pictures.h"
#include "waiting.h"

namespace modelhub::cli {
namespace {

struct Portrait {
  std::string name;  // as it was typed
  int width = 0;
  int height = 0;
  Faces faces;
};

// What the other picture has for one face of the first.
struct Likeness {
  std::size_t nearest = 0;             // face of the second picture
  float distance = 0;                  // to it
  std::optional<float> margin;         // by which the next one is farther away
  std::optional<std::size_t> matched;  // the face that is the same person
};

// All faces of two pictures against each other.
struct Comparison {
  std::vector<std::vector<float>> distances;  // [face of the first][face of the second]
  std::vector<Likeness> likenesses;           // for each face of the first

  std::size_t matches() const {
    return static_cast<std::size_t>(std::count_if(likenesses.begin(), likenesses.end(),
                                                  [](const Likeness& l) { return l.matched; }));
  }
};

Likeness nearest_of(const std::vector<float>& distances) {
  Likeness likeness;
  const auto least = std::min_element(distances.begin(), distances.end());
  likeness.nearest = static_cast<std::size_t>(least - distances.begin());
  likeness.distance = *least;
  for (std::size_t i = 0; i < distances.size(); ++i) {
    if (i == likeness.nearest) continue;
    const float farther = distances[i] - likeness.distance;
    if (!likeness.margin || farther < *likeness.margin) likeness.margin = farther;
  }
  return likeness;
}

// Nobody is in a picture twice: the nearest two first, and each face once.
void match(Comparison& comparison, const FaceMeasure& measure) {
  struct Pair {
    std::size_t first;
    std::size_t second;
    float distance;
  };
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < comparison.distances.size(); ++i) {
    for (std::size_t j = 0; j < comparison.distances[i].size(); ++j)
      pairs.push_back({i, j, comparison.distances[i][j]});
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.distance < b.distance; });
  std::vector<bool> is_taken(comparison.distances.front().size(), false);
  for (const Pair& pair : pairs) {
    Likeness& likeness = comparison.likenesses[pair.first];
    if (!measure.is_same_person(pair.distance) || likeness.matched || is_taken[pair.second])
      continue;
    likeness.matched = pair.second;
    is_taken[pair.second] = true;
  }
}

Result<Comparison> compare(const Faces& first, const Faces& second, const FaceMeasure& measure) {
  Comparison comparison;
  for (const Face& a : first) {
    std::vector<float>& row = comparison.distances.emplace_back();
    for (const Face& b : second) {
      Result<float> distance = measure.distance(a.embedding, b.embedding);
      if (!distance) return std::move(distance).error();
      row.push_back(*distance);
    }
    comparison.likenesses.push_back(nearest_of(row));
  }
  match(comparison, measure);
  return comparison;
}

std::string count_of_faces(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " face" : " faces");
}

// Faces are counted from 1 for people, from 0 in JSON.
std::string face_text(const Faces& faces, std::size_t i) {
  std::ostringstream text;
  text << "face " << i + 1 << " at " << faces[i].box;
  return text.str();
}

std::string hint_for_no_face(const Portrait& portrait) {
  if (const std::optional<NearMiss>& best = portrait.faces.near_miss) {
    const double reachable = std::max(0.01, static_cast<int>(best->score * 100) / 100.0);
    return "the best candidate has " + fixed(best->score, 2) + ": try --conf " +
           fixed(reachable, 2);
  }
  return "faces must look to the camera and be about 40 pixels wide; another --model may find more";
}

Error no_face(const Portrait& portrait) {
  return Error(ErrorCode::not_found, Subject::input,
               "no face was found in " + portrait.name + " (" + std::to_string(portrait.width) +
                   "x" + std::to_string(portrait.height) + " pixels)",
               hint_for_no_face(portrait));
}

// One run of the command with the loaded model.
class Comparer {
 public:
  Comparer(const CompareCommand& command, const Console& console, FaceRecognizer recognizer,
           FaceMeasure measure)
      : command_(command),
        console_(console),
        recognizer_(std::move(recognizer)),
        measure_(measure) {}

  // REQUIRES: two pictures, and their pixels.
  int run(const std::vector<Picture>& pictures, const std::vector<TimedImage>& images,
          const LoadReport& load) const {
    Result<Portrait> a = look_at(pictures[0].name, images[0].image);
    if (!a) return console_.fail(a.error());
    Result<Portrait> b = look_at(pictures[1].name, images[1].image);
    if (!b) return console_.fail(b.error());
    if (a->faces.empty() && b->faces.empty()) {
      Error error = no_face(*a);
      error.message += ", nor in " + b->name;
      return console_.fail(error);
    }
    for (const Portrait* portrait : {&*a, &*b}) {
      if (portrait->faces.empty()) return console_.fail(no_face(*portrait));
    }
    Result<Comparison> comparison = compare(a->faces, b->faces, measure_);
    if (!comparison) return console_.fail(comparison.error());
    if (console_.is_json()) {
      print_json(*a, *b, *comparison, load);
    } else {
      print_text(*a, *b, *comparison);
    }
    return 0;
  }

 private:
  Result<Portrait> look_at(const std::string& name, const Image& image) const {
    Result<Faces> faces = recognizer_.recognize(image, command_.options);
    if (!faces) return std::move(faces).error().with_context(name);
    return Portrait{name, image.width(), image.height(), *std::move(faces)};
  }

  std::string verdict_of(const Portrait& a, const Portrait& b, const Comparison& all) const {
    const std::size_t matches = all.matches();
    if (a.faces.size() == 1 && b.faces.size() == 1)
      return matches == 1 ? "the same person" : "different people";
    if (matches == 0) return "nobody is in both pictures";
    return std::to_string(matches) +
           (matches == 1 ? " person is in both pictures" : " people are in both pictures");
  }

  std::string likeness_text(const Portrait& b, const Likeness& likeness) const {
    std::string text = ": ";
    const std::size_t shown = likeness.matched.value_or(likeness.nearest);
    if (likeness.matched) {
      text += "the same person as " + face_text(b.faces, shown);
    } else {
      text += "nobody; nearest is " + face_text(b.faces, shown);
    }
    return text;
  }

  void print_text(const Portrait& a, const Portrait& b, const Comparison& all) const {
    console_.print(a.name + ": " + count_of_faces(a.faces.size()) + "   " + b.name + ": " +
                   count_of_faces(b.faces.size()));
    for (std::size_t i = 0; i < all.likenesses.size(); ++i) {
      const Likeness& likeness = all.likenesses[i];
      const std::size_t shown = likeness.matched.value_or(likeness.nearest);
      std::string line = "  " + face_text(a.faces, i) + likeness_text(b, likeness) + ", distance " +
                         fixed(all.distances[i][shown], 3);
      if (!likeness.matched && measure_.is_same_person(likeness.distance))
        line += ", but another face is nearer to that one";
      if (likeness.margin && shown == likeness.nearest)
        line += " (the next is " + fixed(*likeness.margin, 3) + " farther)";
      console_.print(line);
    }
    console_.print("verdict: " + verdict_of(a, b, all) +
                   " (threshold: " + std::string(name_of(measure_.metric())) + " distance " +
                   fixed(measure_.threshold(), 3) + ")");
    if (a.faces.size() + b.faces.size() > 2) {
      console_.say(
          "every face was compared with every other; nobody is in a picture twice, so each "
          "face is matched once at most, the nearest two first");
    }
  }

  static Json to_json_of(const Portrait& portrait) {
    Json json;
    json["input"] = portrait.name;
    json["width"] = portrait.width;
    json["height"] = portrait.height;
    json["faces"] = Json::array();
    for (const Face& face : portrait.faces) json["faces"].push_back(to_json(face));
    return json;
  }

  void print_json(const Portrait& a, const Portrait& b, const Comparison& all,
                  const LoadReport& load) const {
    const Model& model = recognizer_.model();
    Json document = new_document();
    document["model"] = model.name();
    document["version"] = model.version();
    document["variant"] = model.variant();
    document["engine"] = load.engine;
    document["device"] = load.device;
    document["metric"] = name_of(measure_.metric());
    document["threshold"] = score_of(measure_.threshold());
    document["first"] = to_json_of(a);
    document["second"] = to_json_of(b);
    document["distances"] = Json::array();
    for (const std::vector<float>& row : all.distances) {
      Json line = Json::array();
      for (const float distance : row) line.push_back(score_of(distance));
      document["distances"].push_back(std::move(line));
    }
    document["matches"] = Json::array();
    for (std::size_t i = 0; i < all.likenesses.size(); ++i) {
      const Likeness& likeness = all.likenesses[i];
      Json match;
      match["first"] = i;
      match["second"] = likeness.matched ? Json(*likeness.matched) : Json();
      match["nearest"] = likeness.nearest;
      match["distance"] = score_of(likeness.distance);
      match["margin"] = likeness.margin ? Json(score_of(*likeness.margin)) : Json();
      document["matches"].push_back(std::move(match));
    }
    document["verdict"] = verdict_of(a, b, all);
    document["same_person"] = all.matches() > 0;
    console_.print_json(document);
  }

  const CompareCommand& command_;
  const Console& console_;
  const FaceRecognizer recognizer_;
  const FaceMeasure measure_;
};

}  // namespace

int execute(const CompareCommand& command, const Session& session) {
  const Console& console = session.console;
  // A picture that cannot be read is told before megabytes are fetched for it.
  std::vector<TimedImage> images;
  const std::vector<Picture> pictures = {picture_named(command.first),
                                         picture_named(command.second)};
  for (const Picture& picture : pictures) {
    Result<TimedImage> image = load_picture(picture, session, ShowProgress::yes);
    if (!image) return console.fail(image.error());
    images.push_back(*std::move(image));
  }
  Result<PullPlan> plan = session.hub.plan_pull(command.model, PullPurpose::run);
  if (!plan) return console.fail(plan.error());
  announce_pull(*plan, session);
  Result<FaceRecognizer> recognizer =
      wait_for(session.hub.face_recognizer(command.model, command.load), console);
  if (!recognizer) return console.fail(recognizer.error());
  Result<FaceMeasure> measure = recognizer->measure();
  if (!measure) return console.fail(measure.error());
  Result<ModelLease> lease = recognizer->model().lease();
  if (!lease) return console.fail(lease.error());
  const LoadReport& load = lease->report();
  for (const std::string& warning : load.plan.warnings) console.warn(warning);
  if (!console.is_json())
    console.say(reference_of(recognizer->model().installed()) + " on " + load.device + " with " +
                load.engine);
  return Comparer(command, console, *recognizer, *measure).run(pictures, images, load);
}

}  // namespace modelhub::cli
