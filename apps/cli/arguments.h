// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "console.h"
#include <modelhub/options.h>
#include <modelhub/own_model.h>
#include <modelhub/result.h>
#include <modelhub/tune.h>

namespace modelhub::cli {

struct ListCommand {
  bool installed_only = false;
};
struct SearchCommand {
  std::string text;
  std::string task;
  std::string license;
};
struct ShowCommand {
  std::string model;
};
struct PullCommand {
  std::vector<std::string> models;
  bool dry_run = false;
};
struct VerifyCommand {
  std::vector<std::string> models;  // empty: all that are installed
  bool full = false;
};
struct VersionsCommand {
  std::string model;
  // at most one of the two; neither: only look
  std::string new_default;
  bool clear_default = false;
};
struct RepairCommand {
  std::vector<std::string> models;  // empty: all that are installed
};
struct PinCommand {
  std::vector<std::string> models;
  bool pin = true;  // or take the pin away
};
struct PruneCommand {
  bool dry_run = false;
  std::optional<ByteCount> to;  // remove models, least recently used first, down to this
};
struct CacheCommand {
  std::optional<ByteCount> new_budget;
};
struct RemoveCommand {
  std::vector<std::string> models;
  bool dry_run = false;
  bool forget = false;  // what was registered, too
};
struct RegisterCommand {
  std::string source;  // a file or a URL
  RegisterOptions options;
};
struct RunCommand {
  std::string model;
  std::vector<std::string> pictures;
  // file or folder for annotated pictures; empty: beside nothing, in the working directory
  std::string out;
  bool no_picture = false;
  std::string crops;  // folder for what was found, cut out; empty: none
  bool explain = false;
  int every = 1;  // of the frames of a video
  LoadOptions load;
  RunOptions options;
};
struct TuneCommand {
  std::string model;
  TuneOptions options;
};
struct CompareCommand {
  std::string first;
  std::string second;
  std::string model = "face_recognition";
  LoadOptions load;
  RunOptions options;
};

struct SelfTestCommand {
  std::vector<std::string> models;  // empty: all that are installed
};
struct DevicesCommand {};
struct DoctorCommand {};

// What the command line asks for.
struct Invocation {
  HubOptions hub;
  Format format = Format::text;
  Talk talk = Talk::normal;
  std::variant<ListCommand, SearchCommand, ShowCommand, VersionsCommand, PullCommand, VerifyCommand,
               RepairCommand, RemoveCommand, RegisterCommand, PinCommand, PruneCommand,
               CacheCommand, RunCommand, CompareCommand, SelfTestCommand, TuneCommand,
               DevicesCommand, DoctorCommand>
      command;
};

// Or the text that --help or --version asks for.
struct HelpText {
  std::string text;
};

// Errors: invalid_argument with subject usage.
Result<std::variant<Invocation, HelpText>> parse_arguments(int argc, const char* const* argv);

}  // namespace modelhub::cli
