#include "http/tls_identity.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "base/error.h"

namespace rearview::http {
namespace {

using std::filesystem::path;

/// Chains and keys have a few kilobytes.
constexpr std::size_t kMostBytes = 1024 * 1024;
/// OpenSSL's: at least 112 bits of security, so RSA of 2048 bits and SHA-224.
constexpr int kSecurityLevel = 2;

template <auto function>
struct Frees {
  template <typename T>
  void operator()(T* one) const {
    function(one);
  }
};
using Bio = std::unique_ptr<BIO, Frees<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Frees<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Frees<EVP_PKEY_free>>;

[[noreturn]] void refuse(const path& file, std::string_view why) {
  ERR_clear_error();
  throw UsageError(fmt::format("{}: {}", file.string(), why));
}

std::string content_of(const path& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) refuse(file, "is a folder, not a PEM file");
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(in), {}};
  if (!in) refuse(file, fmt::format("can't be read: {}", std::strerror(errno)));
  if (content.size() > kMostBytes) refuse(file, "too large for a PEM file");
  return content;
}

Bio reader_of(const std::string& content) {
  return Bio(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
}

/// Without it OpenSSL asks for a passphrase on the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

std::string reason() {
  const char* text = ERR_reason_error_string(ERR_peek_last_error());
  return text ? text : "unknown";
}

WallTime time_of(const ASN1_TIME* time, const path& file) {
  std::tm utc{};
  if (ASN1_TIME_to_tm(time, &utc) != 1) refuse(file, "the certificate's dates can't be read");
  return WallClock::from_time_t(timegm(&utc));
}

/// ALPN: HTTP/1.1, also for clients that know of no ALPN.
int select_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr std::array<unsigned char, 9> kOurs{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* match = nullptr;
  if (SSL_select_next_proto(&match, size, kOurs.data(), kOurs.size(), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = match;
  return SSL_TLSEXT_ERR_OK;
}

/// Gives the context the certificate and those behind it; returns the first.
Certificate use_certificates(SSL_CTX* context, const path& file) {
  const std::string content = content_of(file);
  const Bio in = reader_of(content);
  Certificate own(PEM_read_bio_X509_AUX(in.get(), nullptr, no_passphrase, nullptr));
  if (!own) refuse(file, "holds no certificate; it must begin with -----BEGIN CERTIFICATE-----");
  if (SSL_CTX_use_certificate(context, own.get()) != 1)
    refuse(file, fmt::format("the certificate can't be used ({}); one with a P-256 or 2048 bit RSA "
                             "key and SHA-256 can",
                             reason()));
  while (Certificate next{PEM_read_bio_X509(in.get(), nullptr, no_passphrase, nullptr)}) {
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1)
      refuse(file, fmt::format("a certificate behind the first can't be used ({})", reason()));
    static_cast<void>(next.release());  // the context's now
  }
  ERR_clear_error();  // the end of the file
  return own;
}

void use_key(SSL_CTX* context, const path& file, const path& certificate) {
  const std::string content = content_of(file);
  const Key key(PEM_read_bio_PrivateKey(reader_of(content).get(), nullptr, no_passphrase, nullptr));
  if (!key)
    refuse(file, content.find("ENCRYPTED") != std::string::npos
                     ? "the key wants a passphrase; one without is needed (openssl pkey)"
                     : "holds no private key; it must begin with -----BEGIN PRIVATE KEY-----");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    refuse(file, fmt::format("is not the key of the certificate in {}", certificate.string()));
}

}  // namespace

void TlsIdentity::Free::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

TlsIdentity::TlsIdentity(const path& certificate, const path& key)
    : context_(SSL_CTX_new(TLS_server_method())) {
  SSL_CTX* context = context_.get();
  if (!context) throw std::runtime_error("OpenSSL can't serve TLS: " + reason());
  SSL_CTX_set_security_level(context, kSecurityLevel);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // A record that went out in part may be tried again from elsewhere in memory, and idle
  // connections hold no buffers.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  // One record a step: who sends records without content, such as key updates, must not keep the
  // loop from others.
  SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets need no memory of ours
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);

  const Certificate own = use_certificates(context, certificate);
  use_key(context, key, certificate);
  expires_ = time_of(X509_get0_notAfter(own.get()), certificate);
  if (expires_ < WallClock::now())
    refuse(certificate, fmt::format("the certificate expired on {:%Y-%m-%d}; docs/http-api.md says "
                                    "how to make one",
                                    fmt::gmtime(WallClock::to_time_t(expires_))));
}

TlsIdentity::~TlsIdentity() = default;

}  // namespace rearview::http
