// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.h"
#include "console.h"
#include <modelhub/hub.h>

namespace modelhub::cli {

// What every command works with.
struct Session {
  const Hub& hub;
  const Console& console;
  const Network network;
};

// Each returns the exit code.
int execute(const ListCommand& command, const Session& session);
int execute(const SearchCommand& command, const Session& session);
int execute(const ShowCommand& command, const Session& session);
int execute(const PullCommand& command, const Session& session);
int execute(const VerifyCommand& command, const Session& session);
int execute(const VersionsCommand& command, const Session& session);
int execute(const RepairCommand& command, const Session& session);
int execute(const RemoveCommand& command, const Session& session);
int execute(const RegisterCommand& command, const Session& session);
int execute(const PinCommand& command, const Session& session);
int execute(const PruneCommand& command, const Session& session);
int execute(const CacheCommand& command, const Session& session);
int execute(const RunCommand& command, const Session& session);
int execute(const SelfTestCommand& command, const Session& session);
int execute(const TuneCommand& command, const Session& session);
int execute(const CompareCommand& command, const Session& session);
int execute(const DevicesCommand& command, const Session& session);
int execute(const DoctorCommand& command, const Session& session);

// "a, b"; "-" when there is none.
std::string joined(const std::vector<std::string>& texts);

// Tells what was read from a file of the user's own, and what was taken for granted.
void tell_assumptions(const std::vector<std::string>& assumptions, const Console& console);

// Tells the licence of what is about to be pulled; nothing when it is installed.
void announce_pull(const PullPlan& plan, const Session& session);

}  // namespace modelhub::cli
