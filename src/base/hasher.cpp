// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/hasher.h"

#include <new>

#include <openssl/evp.h>

namespace modelhub::base {
namespace {

// Looked up once: that takes OpenSSL longer than to hash a short text.
const EVP_MD* sha256_method() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched != nullptr ? fetched : EVP_sha256();
}

}  // namespace

struct Hasher::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  Context() {
    if (evp == nullptr || EVP_DigestInit_ex(evp, sha256_method(), nullptr) != 1)
      throw std::bad_alloc();
  }
  ~Context() { EVP_MD_CTX_free(evp); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

Hasher::Hasher() : context_(std::make_unique<Context>()) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::span<const std::byte> bytes) {
  EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size());
}

void Hasher::update(std::string_view text) {
  update(std::as_bytes(std::span(text.data(), text.size())));
}

Digest Hasher::finish() {
  std::array<std::uint8_t, Digest::k_bytes> bytes{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context_->evp, bytes.data(), &size);
  EVP_DigestInit_ex(context_->evp, sha256_method(), nullptr);
  return Digest::from_bytes(bytes);
}

Digest sha256_of(std::string_view text) {
  std::array<std::uint8_t, Digest::k_bytes> bytes{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, sha256_method(), nullptr) != 1)
    throw std::bad_alloc();
  return Digest::from_bytes(bytes);
}

}  // namespace modelhub::base
