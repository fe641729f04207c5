// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "modelhub/byte_count.h"
#include "modelhub/digest.h"
#include "modelhub/result.h"

namespace modelhub::transfer {

enum class UnpackKind { bz2, tar_gz };

// What an archive shall give. Digest and size are of the result.
struct UnpackRequest {
  UnpackKind kind;
  std::string member;  // only tar_gz
  Digest digest;
  ByteCount bytes;
};

struct Unpacked {
  Digest digest;
  ByteCount bytes;
  std::vector<Digest> chunks;  // SHA-256 of each 4 MiB; empty when it is at most one chunk
};

// Unpacks one archive member while the archive still arrives, on a thread of its own.
class Unpacker {
 public:
  static Result<std::unique_ptr<Unpacker>> start(base::FileSystem& files, UnpackRequest request,
                                                 std::string archive_path, std::string data_path,
                                                 ByteCount archive_bytes);
  ~Unpacker();
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  void advance(std::uint64_t prefix);
  void abandon();
  bool is_done() const;
  Result<Unpacked> finish();

 private:
  Unpacker();
};

}  // namespace modelhub::transfer
