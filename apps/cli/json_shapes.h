// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include <modelhub/hub.h>

namespace modelhub::cli {

// The JSON documents of the command line. Their shapes are an interface: a field may be added, none
// renamed or removed, without a new schema_version. docs/cli.md shows each.
inline constexpr int k_schema_version = 1;

using Json = nlohmann::ordered_json;

Json new_document();
Json to_json(const ModelSummary& summary);
Json to_json(const InstalledModel& model);
Json to_json(const ModelEntry& entry);
Json to_json(const PullPlan& plan);
Json to_json(const VerifyReport& report);
Json to_json(const RepairReport& report);
Json to_json(const RegisterReport& report);
Json to_json(const VersionSummary& version);
Json to_json(const StoreStatistics& statistics);
Json to_json(const PruneReport& report);
Json to_json(const Device& device);
Json to_json(const DevicePlan& plan);
Json to_json(const EngineReport& report);
Json to_json(const SelfTestResult& result);
Json to_json(const TuneReport& report);
Json to_json(const Face& face);
double score_of(float score);  // rounded as in every document
Json to_json(const Error& error);
// Adds the answer under the name of its task: detections, classes, faces, or text
// and words.
void add_answer(Json& result, const Answer& answer);

}  // namespace modelhub::cli
