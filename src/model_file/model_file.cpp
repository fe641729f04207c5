// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/model_file.h"

#include "model_file/formats.h"
#include "model_file/ir_file.h"
#include "model_file/onnx_file.h"

namespace modelhub::model_file {
namespace {

// The largest graph of OpenVINO's own zoo has 12 MB of XML.
constexpr ByteCount k_longest_ir(std::uint64_t{64} << 20);

Error about_model(Error error, const std::string& name) {
  if (error.code == ErrorCode::not_found) {
    return {ErrorCode::not_found, Subject::model, "there is no file " + name,
            "check the path; a model of the catalog is named without '/' and ending"};
  }
  error.subject = Subject::model;
  error.hint.clear();  // those of the store do not help with a user's own file
  return error;
}

}  // namespace

std::string TensorFacts::to_string() const {
  return name + " " + (shape ? modelhub::to_string(*shape) : std::string("[?]")) + " " +
         element_type;
}

Result<ModelFacts> read_model_file(base::FileSystem& files, const std::string& path,
                                   const std::string& name) {
  const Result<base::FileStat> stat = files.stat(path);
  if (!stat) return about_model(stat.error(), name);
  if (std::optional<Error> refused = refusal_of(name)) return *std::move(refused);
  if (stat->kind != base::FileKind::regular) {
    return Error(
        ErrorCode::io_error, Subject::model,
        name + (stat->kind == base::FileKind::directory ? " is a folder, not a model's file"
                                                        : " is not a regular file"),
        "name the file itself: model.onnx, or the .xml of an OpenVINO IR");
  }
  if (is_ir_name(name)) {
    const Result<std::string> text = base::read_whole_file(files, path, k_longest_ir);
    if (!text) return about_model(text.error(), name);
    return read_ir(*text, name);
  }
  const Result<std::unique_ptr<base::ReadableFile>> file = files.open(path);
  if (!file) return about_model(file.error(), name);
  return read_onnx(**file, name).transform_error([&](Error error) {
    return error.code == ErrorCode::corrupt_data ? error : about_model(std::move(error), name);
  });
}

}  // namespace modelhub::model_file
