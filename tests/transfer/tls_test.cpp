// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <iomanip>
#include <memory>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "support/loopback.h"
#include "transfer/transfer.h"
#include "transfer/transfer_fixture.h"

namespace modelhub::transfer {
namespace {

using test::file_reply;
using ::testing::AllOf;
using ::testing::HasSubstr;

class TlsTest : public TransferFixture {
 protected:
  const std::string body_ = model_bytes(300'000);
  test::HttpServer tls_{test::HttpServer::Tls::yes};
};

TEST_F(TlsTest, AServerOfAKnownAuthorityIsTrusted) {
  options_.ca_file = scratch_.write("ca.pem", tls_.certificate_pem());
  tls_.on("/m.onnx", file_reply(body_));
  const Result<Fetched> fetched = fetch(body_, {tls_.url("/m.onnx")});
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(test::content_of(destination()), body_);
}

TEST_F(TlsTest, AnUnknownAuthorityIsToldWithTheStoreInUseAndTheWayOut) {
  tls_.on("/m.onnx", file_reply(body_));
  const Error error = fetch(body_, {tls_.url("/m.onnx")}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_EQ(exit_code_of(error), 4);
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.message, AllOf(HasSubstr(tls_.url("/m.onnx")), HasSubstr("TLS")));
  EXPECT_THAT(error.hint, AllOf(HasSubstr("checked against /"), HasSubstr("--cacert FILE")));
  EXPECT_TRUE(log().empty());  // no retry
}

TEST_F(TlsTest, AnotherAuthorityThanTheTrustedOneIsToldByItsFile) {
  const test::HttpServer other(test::HttpServer::Tls::yes);
  options_.ca_file = scratch_.write("other.pem", other.certificate_pem());
  const Error error = fetch(body_, {tls_.url("/m.onnx")}).error();
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.hint, HasSubstr(options_.ca_file));
}

// The name that OpenSSL looks for in a folder.
std::string hashed_name(const std::string& certificate_pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(
      BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), &X509_free);
  std::ostringstream name;
  name << std::hex << std::setw(8) << std::setfill('0') << X509_subject_name_hash(certificate.get())
       << ".0";
  return name.str();
}

TEST_F(TlsTest, AuthoritiesMayLieInAFolder) {
  std::filesystem::create_directory(scratch_.path("authorities"));
  options_.ca_file = scratch_.path("authorities");
  tls_.on("/m.onnx", file_reply(body_));
  EXPECT_EQ(fetch(body_, {tls_.url("/m.onnx")}).error().code, ErrorCode::unavailable);
  scratch_.write("authorities/" + hashed_name(tls_.certificate_pem()), tls_.certificate_pem());
  const Result<Fetched> fetched = fetch(body_, {tls_.url("/m.onnx")});
  EXPECT_TRUE(fetched) << fetched.error().to_string();
}

TEST_F(TlsTest, ACaFileThatIsNotThereIsTold) {
  options_.ca_file = scratch_.path("missing.pem");
  const Error error = fetch(body_, {tls_.url("/m.onnx")}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.to_string(), HasSubstr("missing.pem"));
}

TEST_F(TlsTest, AServerThatNeverShakesHandsTimesOut) {
  options_.connect_timeout = std::chrono::milliseconds(150);
  options_.attempts_per_source = 2;
  // A plain server waits for the end of what it takes for a request.
  const Error error = fetch(body_, {"https://" + server_.host_and_port() + "/m.onnx"}).error();
  EXPECT_EQ(error.code, ErrorCode::timed_out);
  EXPECT_TRUE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("could not be reached in time"));
}

// Takes the client's hello, and breaks the connection.
class HandshakeResetter {
 public:
  HandshakeResetter() {
    sockaddr_in address = test::loopback(0);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(listener_, generic, size), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    EXPECT_EQ(::getsockname(listener_, generic, &size), 0);
    url_ = "https://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/m.onnx";
    thread_ = std::thread([this] {
      for (int client = 0; (client = ::accept(listener_, nullptr, nullptr)) >= 0;) {
        std::array<char, 100> hello{};
        EXPECT_GT(::recv(client, hello.data(), hello.size(), 0), 0);
        const linger at_once{1, 0};
        ::setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ++resets_;  // before the client can know of it
        ::close(client);
      }
    });
  }
  ~HandshakeResetter() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  HandshakeResetter(const HandshakeResetter&) = delete;
  HandshakeResetter& operator=(const HandshakeResetter&) = delete;

  const std::string& url() const { return url_; }
  int resets() const { return resets_; }

 private:
  int listener_ = -1;
  std::string url_;
  std::atomic<int> resets_ = 0;
  std::thread thread_;
};

TEST_F(TlsTest, AHandshakeThatIsResetIsTriedAgainOrTheNextSourceIs) {
  const HandshakeResetter resetter;
  options_.attempts_per_source = 2;
  const Error error = fetch(body_, {resetter.url()}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_TRUE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr(resetter.url()));
  EXPECT_EQ(resetter.resets(), 2);

  transfer_.reset();
  options_.ca_file = scratch_.write("authority.pem", tls_.certificate_pem());
  tls_.on("/m.onnx", file_reply(body_));
  const Result<Fetched> fetched = fetch(body_, {resetter.url(), tls_.url("/m.onnx")});
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(resetter.resets(), 3);
}

}  // namespace
}  // namespace modelhub::transfer
