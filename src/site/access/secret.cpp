#include "site/access/secret.h"

#include <fmt/core.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

namespace rearview {
namespace {

/// What OWASP's password storage cheat sheet names beside p = 3; one core of a small board does it
/// in half a second.
constexpr std::uint64_t kLogN = 15;
constexpr std::uint64_t kBlock = 8;
constexpr std::uint64_t kParallel = 1;
constexpr std::uint64_t kMostMemory_bytes = std::uint64_t{64} << 20;
constexpr std::size_t kSalt_bytes = 16;
constexpr std::size_t kHash_bytes = 32;
constexpr std::string_view kPrefix = "scrypt$15$8$1$";

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string base64url(const unsigned char* bytes, std::size_t size) {
  std::vector<unsigned char> text(4 * ((size + 2) / 3) + 1);
  const int length = EVP_EncodeBlock(text.data(), bytes, static_cast<int>(size));
  std::string url(text.begin(), text.begin() + length);
  std::replace(url.begin(), url.end(), '+', '-');
  std::replace(url.begin(), url.end(), '/', '_');
  url.erase(std::find(url.begin(), url.end(), '='), url.end());
  return url;
}

std::string scrypt(std::string_view password, std::string_view salt) {
  std::array<unsigned char, kHash_bytes> hash{};
  if (EVP_PBE_scrypt(password.data(), password.size(), bytes_of(salt), salt.size(),
                     std::uint64_t{1} << kLogN, kBlock, kParallel, kMostMemory_bytes, hash.data(),
                     hash.size()) != 1)
    throw std::runtime_error("the password can't be hashed: scrypt needs 32 MiB of memory");
  return base64url(hash.data(), hash.size());
}

}  // namespace

std::string random_secret(std::size_t bytes) {
  std::vector<unsigned char> random(bytes);
  if (RAND_bytes(random.data(), static_cast<int>(bytes)) != 1)
    throw std::runtime_error("the system gives no random numbers");
  return base64url(random.data(), random.size());
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string hash_password(std::string_view password) {
  const std::string salt = random_secret(kSalt_bytes);
  return fmt::format("{}{}${}", kPrefix, salt, scrypt(password, salt));
}

bool password_matches(std::string_view password, std::string_view hash) {
  if (!hash.starts_with(kPrefix)) return false;
  hash.remove_prefix(kPrefix.size());
  const std::size_t end = hash.find('$');
  if (end == std::string_view::npos) return false;
  return equal_in_constant_time(scrypt(password, hash.substr(0, end)), hash.substr(end + 1));
}

}  // namespace rearview
