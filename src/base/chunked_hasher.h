// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "modelhub/digest.h"

namespace modelhub::base {

// SHA-256 of a stream and of each of its chunks, in one pass. Where the processor has SHA
// instructions both together cost little more than one of them.
//
// Thread safety: one thread at a time.
class ChunkedHasher {
 public:
  ChunkedHasher();
  ~ChunkedHasher();
  ChunkedHasher(ChunkedHasher&&) noexcept;
  ChunkedHasher& operator=(ChunkedHasher&&) noexcept;

  void update(std::span<const std::byte> bytes);
  // The digest of what came since the last chunk was accepted.
  Digest chunk() const;
  // The next chunk begins. REQUIRES: the chunk is a multiple of 64 bytes, or nothing comes after
  // it.
  void accept_chunk();
  // Forgets what came since the last chunk was accepted, as if it had never come.
  void undo_chunk();
  // The digest of everything; the hasher starts again from nothing.
  Digest finish();

  // Implementations; the constructor takes the fastest. For tests.
  enum class Kind { portable, sha_instructions };
  static bool has(Kind kind);
  explicit ChunkedHasher(Kind kind);

 private:
  class Engine;
  class Portable;
  class Instructions;
  std::unique_ptr<Engine> engine_;
};

}  // namespace modelhub::base
