#include "base/sha256.h"

#include <fmt/core.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <fstream>
#include <span>
#include <stdexcept>

namespace rearview {
namespace {

using Digest = std::array<unsigned char, 32>;

void must(bool done) {
  if (!done) throw std::runtime_error("OpenSSL has no SHA-256");
}

std::string hex(std::span<const unsigned char> bytes) {
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  must(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  must(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() {
  Digest digest{};
  must(EVP_DigestFinal_ex(state_->context.get(), digest.data(), nullptr) == 1);
  return hex(digest);
}

std::string sha256_hex(std::string_view text) {
  Sha256 sha256;
  sha256.add(text);
  return sha256.finish();
}

std::string sha256_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  Sha256 sha256;
  std::array<char, 65536> piece;
  while (in.read(piece.data(), piece.size()) || in.gcount() > 0)
    sha256.add({piece.data(), static_cast<std::size_t>(in.gcount())});
  if (!in.eof()) throw std::runtime_error(fmt::format("{}: can't be read", file.string()));
  return sha256.finish();
}

Digest hmac_sha256(std::string_view key, std::string_view text) {
  Digest digest{};
  must(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
            reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
            nullptr) != nullptr);
  return digest;
}

std::string hmac_hex(std::string_view key, std::string_view text) {
  return hex(hmac_sha256(key, text));
}

}  // namespace rearview
