// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <cstdio>
#include <string_view>

#include "arguments.h"
#include "commands.h"
#include "console.h"
#include "waiting.h"
#include <modelhub/hub.h>

namespace modelhub::cli {
namespace {

// glibc maps large blocks one by one, so that they are given back as soon as they are freed; but
// with each that is freed it raises what counts as large, up to 32 MiB. What a load needs for a
// moment would then stay in the process: the first load of YOLOv8n takes 1.57 times its file at the
// peak so, and 1.35 times with what counts as large pinned to what glibc starts with (bench/runtime
// --scenario memory, mallopt() preloaded away). The price is a page fault for each page of such a
// block. Only a program may decide this for its process, the library may not.
void give_large_blocks_back() {
#ifdef __GLIBC__
  constexpr int k_large = 128 * 1024;
  ::mallopt(M_MMAP_THRESHOLD, k_large);
#endif
}

// An error in the arguments is shown as JSON too when --json is among them.
bool asks_for_json(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--json") return true;
  }
  return false;
}

LogSink sink_for(const Console& console) {
  return [&console](LogLevel level, std::string_view message) {
    if (level == LogLevel::warning) console.warn(message);
  };
}

int run(int argc, const char* const* argv) {
  Result<std::variant<Invocation, HelpText>> parsed = parse_arguments(argc, argv);
  if (!parsed) {
    return Console(asks_for_json(argc, argv) ? Format::json : Format::text, Talk::normal)
        .fail(parsed.error());
  }
  if (const HelpText* help = std::get_if<HelpText>(&*parsed)) {
    std::fputs(help->text.c_str(), stdout);
    return 0;
  }
  Invocation& invocation = std::get<Invocation>(*parsed);
  const Console console(invocation.format, invocation.talk);
  invocation.hub.log = sink_for(console);
  watch_interrupts();
  Result<Hub> hub = Hub::open(invocation.hub);
  if (!hub) return console.fail(hub.error());
  const Session session{*hub, console, invocation.hub.network};
  return std::visit([&](const auto& command) { return execute(command, session); },
                    invocation.command);
}

}  // namespace
}  // namespace modelhub::cli

int main(int argc, char** argv) {
  modelhub::cli::give_large_blocks_back();
  const int code = modelhub::cli::run(argc, argv);
  // Data that did not reach its reader (a full disk behind >) must not look like success.
  if (std::fflush(stdout) != 0 && code == 0) return 1;
  return code;
}
