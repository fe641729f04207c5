// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "support/stream.h"

#include <sys/socket.h>

#include <cerrno>
#include <functional>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace modelhub::test {
namespace {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(int descriptor) : descriptor_(descriptor) {}

  std::size_t read(char* data, std::size_t size) override {
    ssize_t count = 0;
    do {
      count = ::recv(descriptor_, data, size, 0);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }

  bool write(std::string_view data) override {
    while (!data.empty()) {
      const ssize_t count = ::send(descriptor_, data.data(), data.size(), MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      data.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

 private:
  const int descriptor_;
};

class TlsStream final : public Stream {
 public:
  explicit TlsStream(SSL* ssl) : ssl_(ssl) {}
  ~TlsStream() override { SSL_free(ssl_); }
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  std::size_t read(char* data, std::size_t size) override {
    std::size_t count = 0;
    return SSL_read_ex(ssl_, data, size, &count) == 1 ? count : 0;
  }

  bool write(std::string_view data) override {
    std::size_t count = 0;
    return data.empty() || SSL_write_ex(ssl_, data.data(), data.size(), &count) == 1;
  }

 private:
  SSL* const ssl_;
};

void require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("test server: ") + what);
}

void add_extension(X509* certificate, int id, const char* value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value);
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, "no extension");
  X509_EXTENSION_free(extension);
}

X509* self_signed_certificate(EVP_PKEY* key) {
  constexpr long k_lifetime_s = 3600;
  X509* const certificate = X509_new();
  require(certificate != nullptr, "no certificate");
  X509_set_version(certificate, 2);  // which means 3
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -k_lifetime_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), k_lifetime_s);
  X509_set_pubkey(certificate, key);
  X509_NAME* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("modelhub test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate, NID_subject_alt_name, "IP:127.0.0.1");
  require(X509_sign(certificate, key, EVP_sha256()) > 0, "cannot sign");
  return certificate;
}

// What `write` writes into memory.
std::string to_pem(const std::function<int(BIO*)>& write) {
  BIO* const memory = BIO_new(BIO_s_mem());
  require(write(memory) == 1, "cannot write PEM");
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  std::string pem(text, static_cast<std::size_t>(size));
  BIO_free(memory);
  return pem;
}

}  // namespace

struct TlsIdentity::Context {
  SSL_CTX* ssl = SSL_CTX_new(TLS_server_method());
  Context() = default;
  ~Context() { SSL_CTX_free(ssl); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

TlsIdentity::TlsIdentity() : context_(std::make_unique<Context>()) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  require(context_->ssl != nullptr && key != nullptr, "no key");
  X509* const certificate = self_signed_certificate(key);
  certificate_pem_ = to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
  private_key_pem_ = to_pem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  require(SSL_CTX_use_certificate(context_->ssl, certificate) == 1 &&
              SSL_CTX_use_PrivateKey(context_->ssl, key) == 1,
          "cannot use the certificate");
  X509_free(certificate);
  EVP_PKEY_free(key);
}

TlsIdentity::~TlsIdentity() = default;

std::unique_ptr<Stream> TlsIdentity::accept(int descriptor) const {
  SSL* const ssl = SSL_new(context_->ssl);
  auto stream = std::make_unique<TlsStream>(ssl);
  SSL_set_fd(ssl, descriptor);
  if (SSL_accept(ssl) != 1) return nullptr;
  return stream;
}

std::unique_ptr<Stream> plain_stream(int descriptor) {
  return std::make_unique<PlainStream>(descriptor);
}

}  // namespace modelhub::test
