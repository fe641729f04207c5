// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "modelhub/engine_module.h"

namespace modelhub::engine_shared {

// What a library has compiled from a model, kept in a file so that a later load need not compile
// again. The file ends with its length and a checksum of it and of its maker: one that was cut
// off, changed or made by another library is not taken for one of ours.
//
// All of it is read each time it is opened (15 ms for 100 MB that lie in memory): after a power cut
// a file may have the right size and time, and zeros in it.
//
// Ownership: maps the file as long as it lives, also after others have removed or replaced it. The
//            memory is that of the page cache, shared by all processes that map the file.
class CompiledFile {
 public:
  // Nothing when the file is not there, or not one that `maker` wrote.
  static std::optional<CompiledFile> open(const std::string& path, const std::string& maker);

  CompiledFile(CompiledFile&& other) noexcept;
  CompiledFile& operator=(CompiledFile&&) = delete;
  ~CompiledFile();

  // What the library wrote. Begins at a page.
  std::string_view content() const;
  // What it wrote apart from that: see CompileCache::keep_parts().
  std::string_view graph() const;

 private:
  explicit CompiledFile(std::string_view mapped);

  std::string_view mapped_;
  std::size_t graph_size_ = 0;
};

// Where a file lies, also after it or its folder got another name: what the host has made of a
// cache it renames when the load is done.
//
// Thread safety: constant after construction.
class FileTrace {
 public:
  // Of a file that is there; else nothing is ever found.
  explicit FileTrace(const std::string& path);
  ~FileTrace();
  FileTrace(const FileTrace&) = delete;
  FileTrace& operator=(const FileTrace&) = delete;

  // Nothing when it was removed.
  std::optional<std::string> path() const;

 private:
  const int descriptor_;
};

// The file in which a load may find what an earlier one has compiled, or leave it for a later one:
// the setting `cache_file` of a load. Whatever is wrong with it fails no load; the log says so.
class CompileCache {
 public:
  using Write = std::function<void(const std::string& path)>;
  using WriteParts = std::function<void(const std::string& content, const std::string& graph)>;

  // `maker` must change with all that makes the library compile something else, and that is not in
  // the request: its build, and the options that the engine sets.
  CompileCache(const engine_module::LoadRequest& request, std::string maker,
               const engine_module::Host& host);

  // What an earlier load left. One that cannot be used is removed.
  std::optional<CompiledFile> find() const;
  const std::string& path() const { return path_; }
  // The library does not take what find() gave.
  void discard(const std::string& reason) const;

  // `write` makes the library write what it compiled to the path that it is given. Then others see
  // it, in one step. Whether it was kept: not when there is no such setting or the file cannot be
  // written, and then `write` was not called; not when the library or the disk refused.
  bool keep(const Write& write) const;

  // The same for a library that writes two files, by the paths that it is given: `content`, large,
  // which may be missing and has the name that it is kept under, and `graph`, which is needed to
  // read it. They are on the disk: `write` must throw when the library did not notice that one was
  // cut off.
  bool keep_parts(const WriteParts& write) const;

 private:
  bool keep_with(const std::function<void()>& write) const;

  const std::string path_;  // empty: the load has no such setting
  const std::string maker_;
  const engine_module::Host host_;
};

}  // namespace modelhub::engine_shared
