#include "tests/http/throwaway_identity.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

namespace rearview::test {
namespace {

void must(bool done) {
  if (!done) throw std::runtime_error("OpenSSL can't make a certificate");
}

template <typename Write>
void write_file(const std::filesystem::path& path, Write write) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "w"), std::fclose);
  must(file && write(file.get()) == 1);
}

}  // namespace

ThrowawayIdentity::ThrowawayIdentity(std::chrono::seconds life, Key kind) {
  static std::atomic<int> number = 0;
  certificate_ = folder_ / "certificate.pem";
  key_ = folder_ / "key.pem";
  locked_key_ = folder_ / "locked_key.pem";

  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> pair(
      kind == Key::p256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(1024U), EVP_PKEY_free);
  const std::unique_ptr<X509, void (*)(X509*)> made(X509_new(), X509_free);
  must(pair && made);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++number);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), static_cast<long>(life.count()));
  X509_set_pubkey(made.get(), pair.get());
  X509_NAME* name = X509_get_subject_name(made.get());
  const std::string host = "localhost";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), name);
  const std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> names(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1"),
      X509_EXTENSION_free);
  must(names && X509_add_ext(made.get(), names.get(), -1) == 1);
  must(X509_sign(made.get(), pair.get(), EVP_sha256()) > 0);

  write_file(certificate_, [&](FILE* file) { return PEM_write_X509(file, made.get()); });
  write_file(key_, [&](FILE* file) {
    return PEM_write_PrivateKey(file, pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  std::string secret = "secret";
  write_file(locked_key_, [&](FILE* file) {
    return PEM_write_PrivateKey(file, pair.get(), EVP_aes_128_cbc(),
                                reinterpret_cast<unsigned char*>(secret.data()),
                                static_cast<int>(secret.size()), nullptr, nullptr);
  });
}

}  // namespace rearview::test
