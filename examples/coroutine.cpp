// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// The same with co_await, without exceptions: two models are made ready at once, and progress is
// shown meanwhile.
//
//     modelhub_example_coroutine DETECTOR CLASSIFIER PICTURE

#include <future>
#include <iostream>

#include <modelhub/coroutine.h>
#include <modelhub/modelhub.h>

namespace {

// The smallest coroutine type a program can bring along: it runs at once and gives its result to a
// future.
struct Task {
  struct promise_type {
    std::promise<int> result;
    Task get_return_object() { return {result.get_future()}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_value(int code) { result.set_value(code); }
    void unhandled_exception() { result.set_exception(std::current_exception()); }
  };
  std::future<int> result;
};

int report(const modelhub::Error& error) {
  std::cerr << error.to_string() << '\n';
  return modelhub::exit_code_of(error);
}

Task look_at(modelhub::Hub& hub, std::string detector_name, std::string classifier_name,
             std::string picture) {
  const auto image = modelhub::Image::load(picture);
  if (!image) co_return report(image.error());

  auto detector_job = hub.detector(detector_name);  // both start now
  auto classifier_job = hub.classifier(classifier_name);
  detector_job.on_progress([](const modelhub::Progress& p) {
    std::cerr << name_of(p.phase) << ' ' << p.subject << '\n';
  });

  const auto detector = co_await detector_job;
  if (!detector) co_return report(detector.error());
  const auto classifier = co_await classifier_job;
  if (!classifier) co_return report(classifier.error());

  const auto boxes = detector->detect(*image);
  if (!boxes) co_return report(boxes.error());
  for (const auto& d : *boxes) std::cout << d.label << ' ' << d.score << ' ' << d.box << '\n';

  const auto classes = classifier->classify(*image, modelhub::ClassifyOptions().max_det(1));
  if (!classes) co_return report(classes.error());
  for (const auto& c : *classes)
    std::cout << "it looks like: " << c.label << ' ' << c.score << '\n';
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: " << argv[0] << " DETECTOR CLASSIFIER PICTURE\n";
    return 2;
  }
  auto hub = modelhub::Hub::open(modelhub::HubOptions::from_environment());
  if (!hub) return report(hub.error());
  // The coroutine goes on, on the hub's callback thread; this thread waits for its end.
  return look_at(*hub, argv[1], argv[2], argv[3]).result.get();
}
