// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/home.h"

#include <charconv>
#include <chrono>
#include <optional>
#include <vector>

namespace modelhub::store {
namespace {

constexpr std::string_view k_format_name = "modelhub-store ";
constexpr ByteCount k_max_format(4096);
constexpr const char* k_other_home_hint =
    "choose a home that can be written with --home or MODELHUB_HOME";
// https://bford.info/cachedir/
constexpr std::string_view k_cache_tag_text =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# What lies here can be fetched or built again by modelhub.\n";

// "modelhub-store 1\n": the name, the version, and perhaps more lines that later versions may add.
std::optional<unsigned> parse_format(std::string_view text) {
  if (!text.starts_with(k_format_name)) return std::nullopt;
  text.remove_prefix(k_format_name.size());
  unsigned version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || version == 0) return std::nullopt;
  if (end != text.data() + text.size() && *end != '\n') return std::nullopt;
  return version;
}

Result<void> write_and_close(base::FileSystem& files, const std::string& path,
                             std::string_view content, bool is_synced) {
  Result<std::unique_ptr<base::WritableFile>> file =
      files.create(path, base::CreateMode::exclusive, 0666);
  if (!file) return std::move(file).error();
  if (Result<void> done =
          (*file)->write_at(0, std::as_bytes(std::span(content.data(), content.size())));
      !done) {
    return done;
  }
  if (is_synced) {
    if (Result<void> done = (*file)->sync(); !done) return done;
  }
  return (*file)->close();
}

// A file that is changed twice within a tick of the kernel's clock, 10 ms at most, may look as it
// did.
bool is_settled(const base::FileStat& stat) {
  constexpr std::chrono::milliseconds k_tick(20);
  const auto age =
      std::chrono::system_clock::now().time_since_epoch() - std::chrono::nanoseconds(stat.mtime_ns);
  return age > k_tick;
}

// The format file is never replaced: of two programs that make the same home, the second finds the
// version of the first.
Result<void> write_format(base::FileSystem& files, const Layout& layout) {
  const std::string path = layout.format_file();
  const std::string temporary = path + ".tmp" + base::Owner::current().unique_suffix();
  Result<void> done =
      write_and_close(files, temporary,
                      std::string(k_format_name) + std::to_string(Layout::k_version) + "\n", true);
  if (done) done = files.rename_without_replacing(temporary, path);
  if (done) return files.sync_directory(layout.home());
  (void)files.remove_file(temporary);
  if (done.error().code == ErrorCode::busy) return {};
  return done;
}

}  // namespace

Error as_write_error(Error error) {
  if (error.code == ErrorCode::not_found || error.code == ErrorCode::busy)
    error.code = ErrorCode::io_error;
  return std::move(error).with_hint(k_other_home_hint);
}

Result<void> write_new_file(base::FileSystem& files, const std::string& path,
                            std::string_view content) {
  return write_and_close(files, path, content, false);
}

Result<void> write_rebuildable_file(base::FileSystem& files, const std::string& path,
                                    std::string_view content) {
  const std::string temporary = path + ".tmp" + base::Owner::current().unique_suffix();
  Result<void> done = write_and_close(files, temporary, content, false);
  if (done) done = files.rename(temporary, path);
  if (!done) (void)files.remove_file(temporary);
  return done;
}

// True when there is a format file.
Result<bool> Home::check_format() {
  const std::string path = layout_.format_file();
  // A pull of many files comes here for each.
  const Result<base::FileStat> stat = files_.stat(path);
  {
    std::lock_guard lock(mutex_);
    if (stat && checked_ == Stamp::of(*stat)) return true;
  }
  Result<std::string> text = base::read_whole_file(files_, path, k_max_format);
  if (!text) {
    if (text.error().code == ErrorCode::not_found) return false;
    return std::move(text).error();
  }
  const std::optional<unsigned> version = parse_format(*text);
  if (!version) {
    return Error(ErrorCode::corrupt_data, Subject::store,
                 path + " does not say which layout this store has",
                 "if this is a modelhub store, put the line 'modelhub-store 1' there; else use "
                 "another home with --home "
                 "or MODELHUB_HOME");
  }
  if (*version > Layout::k_version) {
    return Error(ErrorCode::unsupported, Subject::store,
                 "the store " + layout_.home() + " has layout version " + std::to_string(*version) +
                     "; this modelhub understands up to " + std::to_string(Layout::k_version),
                 "upgrade modelhub, or use another home with --home or MODELHUB_HOME");
  }
  if (stat && is_settled(*stat)) {
    std::lock_guard lock(mutex_);
    checked_ = Stamp::of(*stat);
  }
  return true;
}

Result<void> Home::check_readable() {
  Result<base::FileStat> stat = files_.stat(layout_.home());
  if (!stat) {
    if (stat.error().code == ErrorCode::not_found) return {};
    return std::move(stat).error().with_hint("use another home with --home or MODELHUB_HOME");
  }
  if (stat->kind != base::FileKind::directory) {
    return Error(ErrorCode::io_error, Subject::store,
                 "the home " + layout_.home() + " is not a folder",
                 "use another home with --home or MODELHUB_HOME");
  }
  Result<std::vector<base::DirectoryEntry>> entries = files_.list(layout_.home());
  if (!entries)
    return std::move(entries).error().with_hint("use another home with --home or MODELHUB_HOME");
  Result<bool> has_format = check_format();
  if (!has_format) return std::move(has_format).error();
  return {};
}

Result<void> Home::prepare_for_writing() {
  if (access_ == Access::read_only) {
    return Error(ErrorCode::io_error, Subject::store,
                 "the store " + layout_.home() + " was opened for reading only", k_other_home_hint);
  }
  Result<bool> has_format = check_format();
  if (!has_format) return std::move(has_format).error();
  // A pull of many files comes here for each: the folders are looked at once.
  if (*has_format && is_durable_) return {};
  if (Result<void> done = make_folders(); !done) return as_write_error(std::move(done).error());
  if (!*has_format) {
    if (Result<void> done = write_format(files_, layout_); !done)
      return as_write_error(std::move(done).error());
    // Another program may have been first, and newer.
    if (Result<bool> checked = check_format(); !checked) return std::move(checked).error();
  }
  return {};
}

Result<void> Home::make_folders() {
  for (const std::string& folder : layout_.folders()) {
    if (files_.stat(folder)) continue;
    is_durable_ = false;
    if (Result<void> done = files_.make_directories(folder); !done) return done;
  }
  if (is_durable_) return {};
  for (const std::string& folder : layout_.rebuildable_folders()) {
    const std::string tag = base::join_path(folder, Layout::k_cache_tag);
    if (files_.stat(tag)) continue;
    if (Result<void> done = write_rebuildable_file(files_, tag, k_cache_tag_text); !done)
      return done;
  }
  return make_durable();
}

Result<void> Home::make_durable() {
  if (Result<void> done = files_.sync_directory(base::parent_path(layout_.blobs())); !done)
    return done;
  if (Result<void> done = files_.sync_directory(layout_.home()); !done) return done;
  // The home may be the last of several new folders. Those above it need not be ours to open, and
  // most are old.
  for (std::string folder = layout_.home();
       base::parent_path(folder) != folder && base::parent_path(folder) != ".";) {
    folder = base::parent_path(folder);
    if (!files_.sync_directory(folder)) break;
  }
  is_durable_ = true;
  return {};
}

}  // namespace modelhub::store
