// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace modelhub::test {

// One accepted connection, plain or TLS. Does not own the descriptor.
//
// Thread safety: one thread at a time.
class Stream {
 public:
  virtual ~Stream() = default;
  // 0 at the end and on any error.
  virtual std::size_t read(char* data, std::size_t size) = 0;
  // False when the other side has gone.
  virtual bool write(std::string_view data) = 0;
};

std::unique_ptr<Stream> plain_stream(int descriptor);

// What a TLS server needs, made anew for each: a key, and a certificate for 127.0.0.1 that no
// authority knows.
class TlsIdentity {
 public:
  TlsIdentity();
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  // For clients that shall trust it.
  const std::string& certificate_pem() const { return certificate_pem_; }
  // For a server that is another program.
  const std::string& private_key_pem() const { return private_key_pem_; }
  // Nothing when the handshake fails: the client may have refused the certificate.
  std::unique_ptr<Stream> accept(int descriptor) const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  std::string certificate_pem_;
  std::string private_key_pem_;
};

}  // namespace modelhub::test
