#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace rearview {

/// SHA-256 (FIPS 180-4) of bytes that come in pieces, by OpenSSL.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view bytes);
  /// 64 lower-case hexadecimal digits; ends it.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Of a text, in hexadecimal.
std::string sha256_hex(std::string_view text);
/// Of a file's content, in hexadecimal. Throws std::runtime_error if it can't be read.
std::string sha256_of(const std::filesystem::path& file);

/// HMAC-SHA-256 (RFC 2104).
std::array<unsigned char, 32> hmac_sha256(std::string_view key, std::string_view text);
/// The same in hexadecimal.
std::string hmac_hex(std::string_view key, std::string_view text);

}  // namespace rearview
