// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/space_holders.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace modelhub::store {
namespace {

using Model = EvictionSnapshot::Model;

// "a, b, c and 4 more".
std::string few_of(const std::vector<std::string>& names) {
  constexpr std::size_t k_shown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), k_shown); ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > k_shown) text += " and " + std::to_string(names.size() - k_shown) + " more";
  return text;
}

std::string processes_of(const std::vector<std::optional<base::Owner>>& owners) {
  std::set<std::string> names;
  for (const std::optional<base::Owner>& owner : owners) names.insert(describe_holder(owner));
  return few_of({names.begin(), names.end()});
}

std::vector<std::string> names_of(const Situation& situation, bool Model::*is_it) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < situation.models.size(); ++i) {
    if (!(situation.snapshot.models[i].*is_it)) continue;
    std::string name = situation.models[i]->id->to_string();
    if (is_it == &Model::is_leased) {
      const auto holders = situation.leases.find(*situation.models[i]->key);
      if (holders != situation.leases.end()) name += " by " + processes_of(holders->second);
    }
    names.push_back(std::move(name));
  }
  return names;
}

void add(std::string& text, ByteCount bytes, const std::string& what, const std::string& who) {
  if (bytes.count() == 0) return;
  if (!text.empty()) text += ", ";
  text += bytes.to_string() + " " + what;
  if (!who.empty()) text += " (" + who + ")";
}

// The next budget in whole GB in which it would fit.
std::string enough_budget(const Situation& situation, const SpaceRequest& request) {
  constexpr std::uint64_t k_giga = 1'000'000'000;
  const HeldBytes held = held_bytes(situation.snapshot);
  const std::uint64_t needed =
      std::max((held.either + situation.usage.local + request.bytes).count() +
                   situation.usage.reserved().count(),
               request.budget.count() + 1);
  return std::to_string((needed + k_giga - 1) / k_giga) + "GB";
}

std::string budget_hint(const Situation& situation, const SpaceRequest& request) {
  std::string hint = "'modelhub cache budget " + enough_budget(situation, request) + "'";
  const std::vector<std::string> pinned = names_of(situation, &Model::is_pinned);
  if (!pinned.empty()) hint += ", or 'modelhub unpin " + pinned.front() + "'";
  if (request.evictable.count() != 0) hint += ", or 'modelhub prune --to 0'";
  return hint;
}

Error disk_error(const Layout& layout, const Situation& situation, const SpaceRequest& request) {
  std::string message = "the disk of " + layout.home() + " has " + request.free.to_string() +
                        " free, " + request.unwritten.to_string() + " are needed";
  if (request.unwritten > request.free + request.evictable) {
    if (request.evictable.count() != 0)
      message += ", and only " + request.evictable.to_string() + " could be evicted";
  } else {
    message += ": " + who_holds_space(situation, request.ticket);
  }
  return {ErrorCode::no_space, Subject::store, std::move(message),
          "free some space on that file system, or choose another home with --home or "
          "MODELHUB_HOME"};
}

}  // namespace

std::string who_holds_space(const Situation& situation, std::string_view ticket) {
  const HeldBytes held = held_bytes(situation.snapshot);
  std::string text;
  add(text, held.pinned, "pinned", few_of(names_of(situation, &Model::is_pinned)));
  add(text, held.leased, "in use", few_of(names_of(situation, &Model::is_leased)));
  ByteCount reserved;
  std::vector<std::optional<base::Owner>> pulling;
  std::set<std::string_view> tickets;
  for (const ReservationEntry& entry : situation.usage.reservations) {
    tickets.insert(entry.ticket);
    if (entry.ticket == ticket) continue;
    reserved += entry.bytes;
    pulling.emplace_back(entry.owner);
  }
  add(text, reserved, "reserved by running pulls", processes_of(pulling));
  ByteCount interrupted;
  std::vector<std::optional<base::Owner>> interrupting;
  for (const PartialFolder& partial : situation.usage.partials) {
    if (partial.is_dead || partial.bytes.count() == 0 || partial.ticket == ticket) continue;
    if (tickets.count(partial.ticket) != 0) continue;
    interrupted += partial.bytes;
    interrupting.push_back(partial.owner);
  }
  add(text, interrupted, "in partial downloads", processes_of(interrupting));
  add(text, situation.usage.local, "in files that exist nowhere else", "");
  return text.empty() ? "other processes are making room" : text;
}

Error no_room_error(const Layout& layout, const Situation& situation, const SpaceRequest& request) {
  if (request.is_for_disk) return disk_error(layout, situation, request);
  Error error(ErrorCode::no_space, Subject::store,
              "the budget of " + request.budget.to_string() + " of " + layout.home() +
                  " has no room for " + request.bytes.to_string() + ": " +
                  (request.bytes > request.budget ? std::string("that is more than all of it")
                                                  : who_holds_space(situation, request.ticket)),
              budget_hint(situation, request));
  // With what others do now it does not fit; they may end.
  error.retryable = request.bytes <= request.budget;
  return error;
}

std::string fingerprint_of(const Situation& situation, std::string_view ticket) {
  std::vector<std::string> parts;
  for (const ReservationEntry& entry : situation.usage.reservations) {
    if (entry.ticket != ticket) parts.push_back(entry.file_name);
  }
  std::sort(parts.begin(), parts.end());
  std::uint64_t partials = 0;
  for (const PartialFolder& partial : situation.usage.partials) partials += partial.bytes.count();
  const HeldBytes held = held_bytes(situation.snapshot);
  std::string text = std::to_string(partials) + " " + std::to_string(held.either.count()) + " " +
                     std::to_string(situation.leases.size());
  for (const std::string& part : parts) text += " " + part;
  return text;
}

}  // namespace modelhub::store
