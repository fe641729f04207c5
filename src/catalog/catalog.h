// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "modelhub/catalog.h"

namespace modelhub::catalog {

// Where a layer of the catalog comes from.
struct Layer {
  enum class Kind {
    built_in,   // compiled in from catalog/*.json
    text,       // `text` is the document, `origin` its name
    path,       // a document, or a folder of them (*.json in the order of names); it must be there
    directory,  // as path, but no error when it is not there
  };

  Kind kind = Kind::built_in;
  std::string origin;  // a path, or the name of a text
  std::string text;

  static Layer built_in() { return {Kind::built_in, "built in", {}}; }
  static Layer of_text(std::string origin, std::string text) {
    return {Kind::text, std::move(origin), std::move(text)};
  }
  static Layer of_path(std::string path) { return {Kind::path, std::move(path), {}}; }
  static Layer of_directory(std::string path) { return {Kind::directory, std::move(path), {}}; }
};

// What a reference is resolved for.
enum class Purpose {
  pull,  // any variant will do that is not refused; runnable ones are preferred
  run,   // must be usable here and now
};

struct ResolveOptions {
  Purpose purpose = Purpose::run;
  Capabilities capabilities;
  // The engine that was asked for by name: only what it can run is usable. Empty: any will do.
  std::string engine;
  LicensePolicy licenses;

  ResolveOptions() {}  // user-provided: see coroutine.h
};

struct SearchOptions {
  std::string text;     // words that all must occur in name, title, aliases, task or licence
  std::string task;     // exact
  std::string license;  // SPDX id of the model or of one of its variants, case does not matter

  SearchOptions() {}  // user-provided: see coroutine.h
};

// All models that are known, from layers of documents: later ones win for each model and version.
//
// Invariants:    names and aliases are unique under every spelling; each model has a version, each
//                version a variant, and the default version exists.
// Thread safety: constant after load(); all methods from any thread. Copies share their content.
// Errors:        corrupt_data, unsupported, not_found, io_error with Subject::catalog for
//                documents: the message begins with file:line. Never throws.
// Format:        docs/formats/catalog.md, version 1.
class Catalog {
 public:
  static Result<Catalog> load(base::FileSystem& files, const std::vector<Layer>& layers);

  // Sorted by name.
  const std::vector<std::shared_ptr<const ModelEntry>>& models() const { return models_; }

  // By name or alias; case, '-', '_', '.' and blanks do not matter.
  // Errors: not_found (subject model), with "did you mean".
  Result<std::shared_ptr<const ModelEntry>> find(std::string_view name) const;

  // Which version and variant is meant, and why not the others.
  //
  // Without a version: the default one. Without a variant: of those whose licence is accepted the
  // best that can run here: the version's default_variant, then exact precision before reduced,
  // then the order of the document. Formats that can execute code (.pt, .pth, pickle) come last and
  // are never usable. Errors: not_found (subject model); invalid_argument (subject model) for a
  // licence that is not accepted; for
  //         Purpose::run unsupported (subject model or engine) with what can be done instead.
  Result<Resolved> resolve(const Reference& reference, const ResolveOptions& options) const;

  // Sorted by name.
  std::vector<std::shared_ptr<const ModelEntry>> search(const SearchOptions& options) const;

  // Another model for the same purpose that these options allow (for Purpose::run: that is usable
  // here): the first of the entry's own alternatives, else the smallest download of the same task.
  // Null when there is none.
  std::shared_ptr<const ModelEntry> find_alternative(const ModelEntry& to,
                                                     const ResolveOptions& options) const;

  // The labels of a recipe, in the order of class ids: the document's own, or a built-in list.
  // Empty when it has none. Errors: not_found (subject catalog) for a list that this build does not
  // have.
  static Result<std::vector<std::string>> labels_of(const Recipe& recipe);
  // A built-in list: coco80, coco90, imagenet1k.
  static Result<std::vector<std::string>> labels(std::string_view list);

 private:
  Catalog() = default;

  std::vector<std::shared_ptr<const ModelEntry>> models_;
  // folded name or alias → index in models_
  std::map<std::string, std::size_t, std::less<>> by_spelling_;
};

// True for formats whose reading can execute code that the file carries. They are pulled, never
// loaded.
bool is_executable_format(std::string_view format);

}  // namespace modelhub::catalog
