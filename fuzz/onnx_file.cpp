// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/onnx_file.h"

#include <algorithm>
#include <cstring>

#include "model_file/ultralytics.h"
#include "model_file/utf8.h"
#include "target.h"

namespace {

using namespace modelhub;

class BytesAsFile final : public base::ReadableFile {
 public:
  explicit BytesAsFile(std::string_view bytes) : bytes_(bytes) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(bytes.size(), bytes_.size() - offset);
    std::memcpy(bytes.data(), bytes_.data() + offset, count);
    return count;
  }
  Result<base::FileStat> stat() const override {
    base::FileStat stat;
    stat.kind = base::FileKind::regular;
    stat.size = ByteCount(bytes_.size());
    return stat;
  }

 private:
  std::string_view bytes_;
};

}  // namespace

// A model's file of a stranger, and the metadata in it.
MODELHUB_FUZZ_TARGET(onnx_file) {
  const Result<model_file::ModelFacts> facts =
      model_file::read_onnx(BytesAsFile(input), "fuzz.onnx");
  if (!facts) {
    MODELHUB_FUZZ_REQUIRE(facts.error().code == ErrorCode::corrupt_data);
    MODELHUB_FUZZ_REQUIRE(facts.error().message.find("fuzz.onnx") != std::string::npos);
    return;
  }
  for (const auto* tensors : {&facts->inputs, &facts->outputs}) {
    for (const model_file::TensorFacts& tensor : *tensors) {
      MODELHUB_FUZZ_REQUIRE(model_file::is_utf8(tensor.to_string()));
      if (!tensor.shape) continue;
      for (const std::int64_t side : *tensor.shape) MODELHUB_FUZZ_REQUIRE(side >= -1);
    }
  }
  for (const RelPath& file : facts->other_files)
    MODELHUB_FUZZ_REQUIRE(RelPath::parse(file.string()).has_value());
  const auto declared = model_file::read_ultralytics(facts->metadata);
  MODELHUB_FUZZ_REQUIRE(declared || declared.error().code == ErrorCode::corrupt_data);
  if (declared && *declared) {
    MODELHUB_FUZZ_REQUIRE((*declared)->width >= 0 && (*declared)->height >= 0);
    MODELHUB_FUZZ_REQUIRE((*declared)->stride >= 0 && (*declared)->batch > 0);
  }
}
