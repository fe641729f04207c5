// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/claim.h"

#include <utility>

#include "base/fork_generation.h"
#include "store/home.h"

namespace modelhub::store {
namespace {

constexpr ByteCount k_max_claim(1024);

}  // namespace

StagingName StagingName::parse(std::string_view name) {
  StagingName parsed;
  std::string_view owned = name;
  if (owned.starts_with(Layout::k_left_prefix)) owned.remove_prefix(Layout::k_left_prefix.size());
  Result<base::Owner> owner = base::Owner::parse_unique_suffix(owned);
  if (!owner && owned.size() == name.size()) owner = base::Owner::parse(owned);
  if (!owner) return parsed;
  parsed.kind = owned.size() == name.size() ? Kind::announced : Kind::left;
  parsed.owner = *std::move(owner);
  return parsed;
}

bool StagingName::is_abandoned() const {
  return kind == Kind::left ||
         (kind == Kind::announced && owner->liveness() == base::Owner::Liveness::dead);
}

Result<std::optional<std::string>> Claims::read(const std::string& claim) const {
  Result<std::string> text = base::read_whole_file(files_, claim, k_max_claim);
  if (text) return std::optional<std::string>(*std::move(text));
  if (text.error().code == ErrorCode::not_found) return std::optional<std::string>();
  return std::move(text).error();
}

std::optional<base::Owner> Claims::holder_of(std::string_view text) {
  if (!text.ends_with('\n')) return std::nullopt;
  text.remove_suffix(1);
  Result<base::Owner> owner = base::Owner::parse_unique_suffix(text);
  if (!owner) return std::nullopt;
  return *std::move(owner);
}

Result<bool> Claims::take(const std::string& claim, const Ticket& ticket, ClaimText& text) const {
  Result<void> done = text.link_as(claim);
  if (!done && done.error().code != ErrorCode::busy) done = write_claim(claim, ticket);
  if (done) return true;
  if (done.error().code == ErrorCode::busy) return false;
  return std::move(done).error();
}

Result<void> Claims::write_claim(const std::string& claim, const Ticket& ticket) const {
  const std::string temporary = claim + ".tmp" + base::Owner::current().unique_suffix();
  Result<void> done = write_new_file(files_, temporary, text_of(ticket));
  if (done) done = files_.rename_without_replacing(temporary, claim);
  if (!done) (void)files_.remove_file(temporary);
  return done;
}

Result<bool> Claims::remove(const std::string& claim, const std::string& text) const {
  const std::string aside = claim + ".tmp" + base::Owner::current().unique_suffix();
  if (Result<void> done = files_.rename(claim, aside); !done) {
    if (done.error().code == ErrorCode::not_found) return false;
    return std::move(done).error();
  }
  const Result<std::string> found = base::read_whole_file(files_, aside, k_max_claim);
  const bool is_same = found && *found == text;
  if (!is_same && files_.rename_without_replacing(aside, claim)) return false;
  (void)files_.remove_file(aside);
  return is_same;
}

void Claims::release(const std::string& claim, const Ticket& ticket) const {
  const Result<std::optional<std::string>> text = read(claim);
  if (text && *text == text_of(ticket)) (void)files_.remove_file(claim);
}

SharedFolder::SharedFolder(base::FileSystem& files, std::string path)
    : files_(files), path_(std::move(path)), fork_generation_(base::fork_generation()) {}

SharedFolder::~SharedFolder() {
  if (!is_made_ || fork_generation_ != base::fork_generation()) return;
  if (!files_.remove_empty_directory(path_)) (void)base::remove_tree(files_, path_);
}

Result<void> SharedFolder::make() {
  std::lock_guard lock(mutex_);
  if (is_made_) return {};
  Result<void> made = files_.make_directory(path_);
  // A person may remove the folder above.
  if (!made && made.error().code == ErrorCode::not_found) made = files_.make_directories(path_);
  is_made_ = made.has_value();
  return made;
}

void SharedFolder::is_gone() {
  std::lock_guard lock(mutex_);
  is_made_ = false;
}

ClaimText::ClaimText(base::FileSystem& files, std::string path, std::string text)
    : files_(files),
      path_(std::move(path)),
      text_(std::move(text)),
      fork_generation_(base::fork_generation()) {}

ClaimText::~ClaimText() {
  if (is_written_ && fork_generation_ == base::fork_generation()) (void)files_.remove_file(path_);
}

Result<void> ClaimText::link_as(const std::string& claim) {
  std::lock_guard lock(mutex_);
  if (!is_written_) {
    // Whole before it has a name that is a claim. A torn one would be taken for nobody's.
    if (Result<void> done = write_new_file(files_, path_, text_); !done) {
      (void)files_.remove_file(path_);
      return Error(ErrorCode::io_error, Subject::store, std::move(done).error().message);
    }
    is_written_ = true;
  }
  return files_.link(path_, claim);
}

Pulse::Pulse(base::FileSystem& files, const base::Clock& clock, std::string path)
    : files_(files),
      clock_(clock),
      path_(std::move(path)),
      fork_generation_(base::fork_generation()),
      last_(clock.steady_now()) {}

Pulse::~Pulse() {
  if (beats_ != 0 && fork_generation_ == base::fork_generation()) (void)files_.remove_file(path_);
}

void Pulse::beat() {
  std::lock_guard lock(mutex_);
  const auto now = clock_.steady_now();
  if (now - last_ < k_report_interval) return;
  last_ = now;
  (void)write_rebuildable_file(files_, path_, std::to_string(++beats_) + "\n");
}

}  // namespace modelhub::store
