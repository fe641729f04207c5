// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "modelhub/digest.h"

namespace modelhub::base {

// SHA-256 over bytes as they come (OpenSSL, so it uses the processor's SHA instructions where there
// are any).
//
// Thread safety: one thread at a time.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);
  // The digest of everything so far; the hasher starts again from nothing.
  Digest finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Digest sha256_of(std::string_view text);

}  // namespace modelhub::base
