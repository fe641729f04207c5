// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/owner.h"
#include "modelhub/digest.h"
#include "store/model_id.h"
#include "store/ticket.h"

namespace modelhub::store {

// Where everything in a home lies: the only code that knows the names. Touches no disk.
//
// Thread safety: immutable.
// Format:        docs/formats/store.md, version 1.
class Layout {
 public:
  // The layout version that this code writes, and the highest that it understands.
  static constexpr unsigned k_version = 1;

  explicit Layout(std::string home) : home_(std::move(home)) {}

  const std::string& home() const { return home_; }
  std::string format_file() const { return at("format"); }

  std::string blobs() const { return at("blobs/sha256"); }
  std::string blob(const Digest& digest) const { return at("blobs/sha256/" + digest.hex()); }
  // A blob on its way out stays within reach under this prefix until nobody can need it any more.
  std::string removal_prefix(const Digest& digest) const { return digest.hex() + ".removing"; }

  std::string chunks() const { return at("chunks"); }
  std::string chunk_record(const Digest& digest) const {
    return at("chunks/" + digest.hex() + ".json");
  }

  std::string models() const { return at("models"); }
  std::string manifest(const ModelId& id) const { return at("models/" + id.manifest_name()); }

  std::string views() const { return at("views"); }
  std::string view(const Digest& key) const { return at("views/" + key.hex()); }

  std::string uses() const { return at("use"); }
  std::string use(const Digest& key) const { return at("use/" + key.hex()); }

  std::string staging() const { return at("staging"); }
  std::string staging(const Digest& digest) const { return at("staging/" + digest.hex()); }
  std::string staging(const Digest& digest, const Ticket& ticket) const {
    return base::join_path(staging(digest), ticket.name());
  }
  // A partial that its owner has left behind, for anybody to go on with.
  std::string left_partial(const Digest& digest, const Ticket& ticket) const {
    return base::join_path(staging(digest), std::string(k_left_prefix) + ticket.name());
  }
  static constexpr std::string_view k_left_prefix = "left.";
  // Who fetches the blob; its text is the name of the folder beside it.
  std::string claim(const Digest& digest) const {
    return base::join_path(staging(digest), k_claim);
  }
  static constexpr std::string_view k_claim = "claim";
  // Small files of one pull come in side by side, in one folder. `<hex>` in it announces a blob;
  // the rest is named `<hex>.` and what it would be called in a folder of its own.
  std::string shared_folder(std::string_view ticket_name) const {
    return base::join_path(staging(),
                           std::string(ticket_name) + std::string(k_shared_folder_suffix));
  }
  // The name of the ticket whose folder in staging/ has this name; nothing when it is none.
  static std::optional<std::string_view> ticket_of_shared_folder(std::string_view name) {
    if (!name.ends_with(k_shared_folder_suffix)) return std::nullopt;
    return name.substr(0, name.size() - k_shared_folder_suffix.size());
  }
  static constexpr std::string_view k_shared_folder_suffix = ".files";
  std::string shared_claim(const Digest& digest) const {
    return base::join_path(staging(), digest.hex() + std::string(k_claim_suffix));
  }
  static constexpr std::string_view k_claim_suffix = ".claim";
  // The sign of life of one pull, for those who wait for what it fetches.
  std::string pulse(std::string_view ticket_name) const {
    return base::join_path(staging(), std::string(ticket_name) + std::string(k_pulse_suffix));
  }
  static constexpr std::string_view k_pulse_suffix = ".pulse";
  // The text of all claims of one pull; each claim is another name of it.
  std::string claim_text(std::string_view ticket_name) const {
    return base::join_path(staging(), std::string(ticket_name) + std::string(k_claim_suffix));
  }

  // Space that pulls have reserved: one empty file each, named by Reservation.
  std::string reservations() const { return at("reserve"); }

  std::string leases() const { return at("leases"); }
  // A folder with one empty file for each holder.
  std::string leases(const Digest& key) const { return at("leases/" + key.hex()); }

  std::string pins() const { return at("pins"); }
  std::string pin(const Digest& key) const { return at("pins/" + key.hex()); }

  std::string budget_file() const { return at("budget"); }
  // Which version of a model the user prefers. REQUIRES: a checked name.
  std::string defaults() const { return at("defaults"); }
  std::string default_of(std::string_view name) const { return base::join_path(defaults(), name); }

  // A manifest on its way out is `<manifest>` + this + the suffix of who takes it.
  static constexpr std::string_view k_evicting = ".evicting";

  std::string derived() const { return at("derived"); }
  // REQUIRES: a checked name.
  std::string derived(std::string_view name) const { return base::join_path(derived(), name); }
  // Where it is made.
  std::string derived(std::string_view name, const Ticket& ticket) const {
    return derived(name) + ".tmp" + ticket.suffix();
  }
  // The user's own catalog documents, a layer over the built-in ones.
  std::string catalog() const { return at("catalog.d"); }
  // The only copy of something: never removed unless asked for by name.
  std::string local() const { return at("local"); }
  std::string quarantine() const { return at("quarantine"); }
  // Named by when it came there, since the time of a moved file is that of its content.
  std::string quarantine(const Digest& digest, std::chrono::system_clock::time_point now) const {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    return base::join_path(quarantine(), digest.hex() + "." + std::to_string(seconds) +
                                             base::Owner::current().unique_suffix());
  }

  // The folders that a home has from the first write on.
  std::vector<std::string> folders() const {
    return {blobs(),   chunks(),       models(), views(), uses(),    staging(),
            derived(), reservations(), leases(), pins(),  defaults()};
  }
  // Those that can be fetched or built again and carry a CACHEDIR.TAG, so that backups pass them
  // over. Not the home itself: backups must see what is nowhere else.
  std::vector<std::string> rebuildable_folders() const {
    return {at("blobs"), staging(), views(), derived()};
  }
  static constexpr std::string_view k_cache_tag = "CACHEDIR.TAG";

 private:
  std::string at(std::string_view name) const { return base::join_path(home_, name); }

  std::string home_;
};

}  // namespace modelhub::store
