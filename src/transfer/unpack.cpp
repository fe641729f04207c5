// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/unpack.h"

namespace modelhub::transfer {
namespace {

Error cannot_unpack() {
  return {ErrorCode::unsupported, Subject::model, "this modelhub cannot unpack archives"};
}

}  // namespace

Result<std::unique_ptr<Unpacker>> Unpacker::start(base::FileSystem&, UnpackRequest, std::string,
                                                  std::string, ByteCount) {
  return cannot_unpack();
}

Unpacker::Unpacker() = default;
Unpacker::~Unpacker() = default;
void Unpacker::advance(std::uint64_t) {}
void Unpacker::abandon() {}
bool Unpacker::is_done() const { return true; }
Result<Unpacked> Unpacker::finish() { return cannot_unpack(); }

}  // namespace modelhub::transfer
