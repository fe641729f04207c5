// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/chunked_hasher.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include <openssl/evp.h>

#include "base/sha256_pair.h"

namespace modelhub::base {

class ChunkedHasher::Engine {
 public:
  virtual ~Engine() = default;
  virtual void update(std::span<const std::byte> bytes) = 0;
  virtual Digest chunk() const = 0;
  virtual void accept_chunk() = 0;
  virtual void undo_chunk() = 0;
  virtual Digest finish() = 0;
};

// Two passes of OpenSSL's over the same bytes.
class ChunkedHasher::Portable final : public Engine {
 public:
  Portable() {
    for (const Context* context : {&whole_, &before_chunk_, &chunk_}) begin(*context);
  }
  void update(std::span<const std::byte> bytes) override {
    // In pieces that stay in the cache for the second pass.
    constexpr std::size_t k_piece_bytes = 16 * 1024;
    while (!bytes.empty()) {
      const auto piece = bytes.first(std::min(bytes.size(), k_piece_bytes));
      EVP_DigestUpdate(whole_.get(), piece.data(), piece.size());
      EVP_DigestUpdate(chunk_.get(), piece.data(), piece.size());
      bytes = bytes.subspan(piece.size());
    }
  }
  Digest chunk() const override {
    const Context copy = make();
    EVP_MD_CTX_copy_ex(copy.get(), chunk_.get());
    return finish(copy);
  }
  void accept_chunk() override {
    EVP_MD_CTX_copy_ex(before_chunk_.get(), whole_.get());
    begin(chunk_);
  }
  void undo_chunk() override {
    EVP_MD_CTX_copy_ex(whole_.get(), before_chunk_.get());
    begin(chunk_);
  }
  Digest finish() override {
    begin(before_chunk_);
    begin(chunk_);
    return finish(whole_);
  }

 private:
  using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

  static Context make() {
    Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    if (!context) throw std::bad_alloc();
    return context;
  }
  static void begin(const Context& context) {
    if (EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
  }
  static Digest finish(const Context& context) {
    std::array<std::uint8_t, Digest::k_bytes> bytes{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context.get(), bytes.data(), &size);
    begin(context);
    return Digest::from_bytes(bytes);
  }

  const Context whole_ = make();
  const Context before_chunk_ = make();
  const Context chunk_ = make();
};

// One message schedule for both states.
class ChunkedHasher::Instructions final : public Engine {
 public:
  void update(std::span<const std::byte> bytes) override {
    if (pending_ > 0) {
      const std::size_t count = std::min(bytes.size(), k_block - pending_);
      std::memcpy(block_.data() + pending_, bytes.data(), count);
      pending_ += count;
      bytes = bytes.subspan(count);
      if (pending_ < k_block) return;
      take_blocks(block_.data(), 1);
      pending_ = 0;
    }
    const std::size_t blocks = bytes.size() / k_block;
    if (blocks > 0) take_blocks(bytes.data(), blocks);
    bytes = bytes.subspan(blocks * k_block);
    if (!bytes.empty()) std::memcpy(block_.data(), bytes.data(), bytes.size());
    pending_ = bytes.size();
  }

  Digest chunk() const override { return digest_of(chunk_, chunk_bytes_ + pending_); }

  void accept_chunk() override {
    before_chunk_ = whole_;
    bytes_before_chunk_ = whole_bytes_;
    chunk_ = k_sha256_start;
    chunk_bytes_ = 0;
  }

  void undo_chunk() override {
    whole_ = before_chunk_;
    whole_bytes_ = bytes_before_chunk_;
    chunk_ = k_sha256_start;
    chunk_bytes_ = 0;
    pending_ = 0;
  }

  Digest finish() override {
    const Digest digest = digest_of(whole_, whole_bytes_ + pending_);
    whole_ = before_chunk_ = chunk_ = k_sha256_start;
    whole_bytes_ = bytes_before_chunk_ = chunk_bytes_ = 0;
    pending_ = 0;
    return digest;
  }

 private:
  static constexpr std::size_t k_block = 64;

  void take_blocks(const std::byte* data, std::size_t blocks) {
    sha256_pair(whole_, chunk_, data, blocks);
    whole_bytes_ += blocks * k_block;
    chunk_bytes_ += blocks * k_block;
  }

  // Pads as SHA-256 does: a one bit, zeros, the length in bits.
  Digest digest_of(Sha256State state, std::uint64_t bytes) const {
    std::array<std::byte, 2 * k_block> last{};
    std::memcpy(last.data(), block_.data(), pending_);
    last[pending_] = std::byte{0x80};
    const std::size_t blocks = pending_ + 9 > k_block ? 2 : 1;
    for (std::size_t i = 0; i < 8; ++i) {
      last[blocks * k_block - 1 - i] = static_cast<std::byte>(bytes * 8 >> (8 * i));
    }
    Sha256State unused = k_sha256_start;
    sha256_pair(state, unused, last.data(), blocks);
    std::array<std::uint8_t, Digest::k_bytes> out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
    }
    return Digest::from_bytes(out);
  }

  Sha256State whole_ = k_sha256_start;
  Sha256State before_chunk_ = k_sha256_start;
  Sha256State chunk_ = k_sha256_start;
  std::uint64_t whole_bytes_ = 0;  // in the states, not in block_
  std::uint64_t bytes_before_chunk_ = 0;
  std::uint64_t chunk_bytes_ = 0;
  std::array<std::byte, k_block> block_{};
  std::size_t pending_ = 0;
};

ChunkedHasher::ChunkedHasher()
    : ChunkedHasher(has(Kind::sha_instructions) ? Kind::sha_instructions : Kind::portable) {}
ChunkedHasher::ChunkedHasher(Kind kind) {
  if (kind == Kind::sha_instructions) {
    engine_ = std::make_unique<Instructions>();
  } else {
    engine_ = std::make_unique<Portable>();
  }
}
ChunkedHasher::~ChunkedHasher() = default;
ChunkedHasher::ChunkedHasher(ChunkedHasher&&) noexcept = default;
ChunkedHasher& ChunkedHasher::operator=(ChunkedHasher&&) noexcept = default;

bool ChunkedHasher::has(Kind kind) { return kind == Kind::portable || has_sha256_instructions(); }
void ChunkedHasher::update(std::span<const std::byte> bytes) { engine_->update(bytes); }
Digest ChunkedHasher::chunk() const { return engine_->chunk(); }
void ChunkedHasher::accept_chunk() { engine_->accept_chunk(); }
void ChunkedHasher::undo_chunk() { engine_->undo_chunk(); }
Digest ChunkedHasher::finish() { return engine_->finish(); }

}  // namespace modelhub::base
