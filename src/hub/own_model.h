// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "hub/own_recipe.h"
#include "model_file/model_file.h"
#include "modelhub/catalog.h"
#include "modelhub/own_model.h"
#include "modelhub/result.h"

namespace modelhub::catalog {
class Catalog;
}

namespace modelhub::hub {

// One file of a user's own model, where it lies.
struct OwnFile {
  RelPath path;          // inside the model
  std::string role;      // "graph", "weights"
  std::string location;  // absolute
  base::FileStat stat;   // as it was when it was hashed
  Digest sha256;
};

// The digests of files that were hashed in this process, believed while inode, size and time are
// the same.
//
// Thread safety: all methods from any thread.
class FileDigests {
 public:
  struct Hashed {
    base::FileStat stat;
    Digest sha256;
  };
  // Errors: cancelled; busy (subject model) when somebody writes to the file meanwhile; those of
  // the file system.
  Result<Hashed> hash(base::FileSystem& files, const std::string& path,
                      const std::stop_token& stop);

 private:
  std::mutex mutex_;
  std::map<std::string, Hashed> known_;  // by path; guarded by mutex_
};

// Whether it still is the file that was hashed.
bool is_same_file(const base::FileStat& one, const base::FileStat& other);

// A user's own model: what its files say, what of it was assumed, and where they lie.
struct OwnModel {
  model_file::ModelFacts facts;
  OwnRecipe recipe;
  std::vector<OwnFile> files;  // the graph first

  ByteCount bytes() const;
};

// Whether a person means a file by it, and no model of the catalog: it has a '/', or ends as files
// of models do and no model is called so.
bool means_file(const std::string& text, const catalog::Catalog& catalog);

struct OwnModelRequest {
  std::string path;
  std::string name;  // what people call it; its ending decides the format
  ModelFileOptions options;
};

// Reads the headers of a file: facts and recipe, without files.
Result<OwnModel> read_headers(const OwnModelRequest& request, base::FileSystem& files);

// The name of the graph inside the model: that of the file, where it can be.
RelPath graph_path(const std::string& name, const std::string& format);

// The same, and hashes the file and what belongs to it. Blocks.
// Errors: those of read_model_file(), fill_recipe() and FileDigests::hash(); not_found (subject
//         model) for weights that are missing beside the graph.
Result<OwnModel> look_at(const OwnModelRequest& request, base::FileSystem& files,
                         FileDigests& digests, const std::stop_token& stop);

// "Best Model (1).onnx" -> "best_model_1"; empty when nothing is left.
std::string name_from_file(std::string_view file);

// The model as an entry of the catalog: one version, one variant, named by format and precision.
struct OwnEntryNames {
  std::string name;
  std::string version;
  std::string license;  // empty: the file's own, else NOASSERTION
  std::string file;     // for the title, when the file has none
};
ModelEntry entry_of(const OwnModel& model, const OwnEntryNames& names);

}  // namespace modelhub::hub
