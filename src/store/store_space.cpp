// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// What of Store is about room: reservations, leases, pins, the budget, removal.
#include <algorithm>
#include <utility>

#include "store/store.h"

namespace modelhub::store {
namespace {

Error is_not_there(const ModelId& id, const Layout& layout) {
  return {ErrorCode::not_found, Subject::model,
          id.to_string() + " is not installed in " + layout.home(),
          "'modelhub list' shows what is installed"};
}

Error vanished(const ModelId& id) {
  return Error(ErrorCode::not_found, Subject::model,
               id.to_string() + " was removed or replaced in the meantime",
               "pull the model again: 'modelhub pull " + id.to_string() + "'")
      .as_retryable();
}

}  // namespace

Result<std::shared_ptr<const Manifest>> Store::find_manifest(const ModelId& id) const {
  if (Result<void> done = id.check(); !done) return std::move(done).error();
  Result<std::shared_ptr<const Manifest>> manifest = index_.find(id);
  if (!manifest && manifest.error().code == ErrorCode::not_found) return is_not_there(id, layout_);
  return manifest;
}

Result<Removal> Store::remove(const ModelId& id) {
  if (Result<void> done = id.check(); !done) return std::move(done).error();
  const Result<base::FileStat> there = files_.stat(layout_.manifest(id));
  if (!there && there.error().code == ErrorCode::not_found) return is_not_there(id, layout_);
  if (Result<void> done = home_.prepare_for_writing(); !done) return std::move(done).error();
  Result<TakenModel> taken = removal_.take(id, ModelRemoval::PinnedModels::go);
  if (!taken) return std::move(taken).error();
  const std::vector<Digest> keys = taken->keys;
  FinishedRemoval finished = removal_.finish({*std::move(taken)});
  if (finished.removed.empty()) {
    if (!finished.leftovers.empty()) return std::move(finished.leftovers.front());
    return Error(ErrorCode::busy, Subject::model,
                 id.to_string() + " was taken into use while it was being removed",
                 "unload it there, then try again")
        .as_retryable();
  }
  if (!files_.stat(layout_.manifest(id))) {
    for (const Digest& key : keys) (void)pins_.remove(key);
  }
  Removal removal;
  removal.id = id;
  removal.freed = finished.blobs.freed;
  removal.removed_blobs = finished.blobs.removed.size();
  removal.kept_blobs = finished.named_blobs - std::min(finished.named_blobs, removal.removed_blobs);
  removal.leftovers = std::move(finished.leftovers);
  for (Error& failure : finished.blobs.failures) removal.leftovers.push_back(std::move(failure));
  return removal;
}

Result<Reservation> Store::reserve(const Ticket& ticket, ByteCount bytes,
                                   const std::stop_token& stop, const OnWait& on_wait) {
  if (Result<void> done = home_.prepare_for_writing(); !done) return std::move(done).error();
  return reserver_.reserve(ticket, bytes, stop, on_wait);
}

Result<DerivedFolder> Store::derive(std::string_view name, ByteCount bytes) {
  if (Result<void> done = DerivedFolders::check_name(name); !done) return std::move(done).error();
  Result<void> writable = home_.prepare_for_writing();
  if (std::optional<DerivedFolder> kept = derived_.find(name, writable.has_value()))
    return *std::move(kept);
  if (!writable) return std::move(writable).error();
  return derived_.make(name, bytes);
}

Result<StoreLease> Store::lease(const InstalledModel& model) {
  const ModelId id{model.name, model.version, model.variant};
  StoreLease lease;
  Result<void> writable = home_.prepare_for_writing();
  if (writable) {
    Result<StoreLease> made = leases_.create(model.key);
    if (made) {
      lease = *std::move(made);
    } else {
      writable = std::move(made).error();
    }
  }
  if (!writable && (writable.error().code == ErrorCode::unsupported ||
                    writable.error().code == ErrorCode::corrupt_data)) {
    return std::move(writable).error();
  }
  if (!writable && writable.error().code == ErrorCode::no_space) {
    // A model must run on a full disk, too.
    log(LogLevel::warning, id.to_string() + " is used without a lease, so it may be evicted: " +
                               writable.error().message);
  }
  // Somebody who takes the model away looks at the leases after that; it is ours to look at the
  // manifest after ours was made. What they have not decided yet is put back.
  constexpr int k_attempts = 16;
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    Result<Manifest> manifest = read_manifest(files_, layout_, id);
    if (manifest) {
      if (manifest->record.key() != model.key) return vanished(id);
      return lease;
    }
    if (manifest.error().code != ErrorCode::not_found) return std::move(manifest).error();
    if (lease.is_empty() || !removal_.give_back(id)) {
      // Perhaps its remover has put it back just now.
      if (!files_.stat(layout_.manifest(id))) return vanished(id);
    }
  }
  return vanished(id);
}

Result<void> Store::pin(const ModelId& id) {
  Result<std::shared_ptr<const Manifest>> manifest = find_manifest(id);
  if (!manifest) return std::move(manifest).error();
  if (Result<void> done = home_.prepare_for_writing(); !done) return done;
  const Digest key = (*manifest)->record.key();
  if (Result<void> done = pins_.add(key, id.to_string()); !done)
    return as_write_error(std::move(done).error());
  // As for a lease.
  const auto is_there = [&] {
    const Result<Manifest> now = read_manifest(files_, layout_, id);
    return now && now->record.key() == key;
  };
  if (is_there() || (removal_.give_back(id) && is_there()) || is_there()) return {};
  (void)pins_.remove(key);
  return is_not_there(id, layout_);
}

Result<void> Store::unpin(const ModelId& id) {
  Result<std::shared_ptr<const Manifest>> manifest = find_manifest(id);
  if (!manifest) return std::move(manifest).error();
  if (Result<void> done = home_.prepare_for_writing(); !done) return done;
  if (Result<void> done = pins_.remove((*manifest)->record.key()); !done)
    return as_write_error(std::move(done).error());
  return {};
}

Result<bool> Store::is_pinned(const ModelId& id) const {
  Result<std::shared_ptr<const Manifest>> manifest = find_manifest(id);
  if (!manifest) return std::move(manifest).error();
  return pins_.has((*manifest)->record.key());
}

// Of a model that is published with other files than before, the pin goes over to the new ones:
// what the user has pinned is the model. Returns the old key when there was something to carry.
Result<std::optional<Digest>> Store::carry_pin(const ModelRecord& record) {
  const Result<std::shared_ptr<const Manifest>> old = index_.find(record.id);
  if (!old) return std::optional<Digest>();
  const Digest old_key = (*old)->record.key();
  if (old_key == record.key()) return std::optional<Digest>();
  const Result<bool> pinned = pins_.has(old_key);
  if (!pinned || !*pinned) return std::optional<Digest>();
  if (Result<void> done = pins_.add(record.key(), record.id.to_string()); !done)
    return as_write_error(std::move(done).error());
  return std::optional<Digest>(old_key);
}

Result<ByteCount> Store::budget() const { return read_budget(files_, layout_); }

Result<void> Store::set_budget(ByteCount budget) {
  if (Result<void> done = home_.prepare_for_writing(); !done) return done;
  return write_budget(files_, layout_, budget);
}

Result<void> Store::set_default(std::string_view name, std::string_view version) {
  Result<DefaultVersion> chosen = DefaultVersion::parse(version);
  if (!chosen) return std::move(chosen).error();
  return set_default(name, *chosen);
}

Result<void> Store::set_default(std::string_view name, const DefaultVersion& version) {
  if (Result<void> done = home_.prepare_for_writing(); !done) return done;
  return write_default(files_, layout_, name, version);
}

Result<std::optional<DefaultVersion>> Store::default_of(std::string_view name) const {
  return read_default(files_, layout_, name);
}

Result<void> Store::clear_default(std::string_view name) {
  Result<std::optional<DefaultVersion>> there = read_default(files_, layout_, name);
  if (there && !*there) return {};
  if (Result<void> done = home_.prepare_for_writing(); !done) return done;
  return remove_default(files_, layout_, name);
}

}  // namespace modelhub::store
