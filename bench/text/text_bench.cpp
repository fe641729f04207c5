// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// Reading one page: a call on a loaded model against Tesseract's own program. bench/README.md.
//
//     text_bench SHARED [ROUNDS]      SHARED has mirror/ and images/

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "modelhub/modelhub.h"

namespace {

namespace fs = std::filesystem;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr const char* k_data = "7d4322bd2a7749724879683fc3912cb542f19906c83bcc1a52132556427170b2";

struct Contender {
  const char* name;
  std::function<void()> run;
  std::vector<double> times;

  double median() {
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
  }
};

void time_one(Contender& contender) {
  const auto begin = std::chrono::steady_clock::now();
  contender.run();
  contender.times.push_back(Milliseconds(std::chrono::steady_clock::now() - begin).count());
}

void run_program(const std::string& command) {
  if (std::system(command.c_str()) != 0) {
    std::fprintf(stderr, "failed: %s\n", command.c_str());
    std::exit(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: text_bench SHARED [ROUNDS]\n");
    return 2;
  }
  const fs::path shared = fs::canonical(argv[1]);
  const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 15;
  std::string folder = (fs::temp_directory_path() / "text-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  fs::create_symlink(shared / "mirror/sha256" / k_data, folder + "/eng.traineddata");

  const std::string page = (shared / "images/phototest.tif").string();
  modelhub::HubOptions options;
  options.home = folder + "/home";
  options.mirrors = {"file://" + (shared / "mirror").string()};
  modelhub::Hub hub = modelhub::Hub::open(options).value();
  const modelhub::TextReader reader = hub.text_reader("tesseract_eng").get().value();
  const modelhub::Image image = modelhub::Image::load(page).value();
  const std::string command =
      "tesseract " + page + " - --tessdata-dir " + folder + " --oem 1 >/dev/null 2>&1";

  std::vector<Contender> contenders = {
      {"modelhub, a call on the loaded model", [&] { (void)reader.read(image).value(); }, {}},
      {"tesseract, the whole program", [&] { run_program(command); }, {}},
      {"tesseract with OMP_THREAD_LIMIT=1",
       [&] { run_program("OMP_THREAD_LIMIT=1 " + command); },
       {}}};
  for (Contender& contender : contenders) contender.run();  // warm-up
  for (int i = 0; i < rounds; ++i) {
    for (Contender& contender : contenders) time_one(contender);
  }
  const double ours = contenders.front().median();
  std::printf("phototest.tif, %d rounds, median (least - most) in ms\n", rounds);
  for (Contender& contender : contenders) {
    const double median = contender.median();
    std::printf("  %-40s %8.1f (%.1f - %.1f)   modelhub takes %.2f of it\n", contender.name, median,
                contender.times.front(), contender.times.back(), ours / median);
  }
  fs::remove_all(folder);
  return 0;
}
