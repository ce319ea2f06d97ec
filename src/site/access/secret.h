#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rearview {

/// That many bytes of OpenSSL's random generator, as base64url without padding. Throws
/// std::runtime_error where there is no randomness.
std::string random_secret(std::size_t bytes);

/// Takes as long for every pair of texts of one length.
bool equal_in_constant_time(std::string_view a, std::string_view b);

/// scrypt (RFC 7914) with N = 2^15, r = 8, p = 1 and a salt of 16 random bytes, which takes 32 MiB
/// and about 0.1 s: "scrypt$15$8$1$SALT$HASH", both base64url. Throws std::runtime_error.
std::string hash_password(std::string_view password);

/// Whether hash_password() made hash of this password. False for what is no such hash.
bool password_matches(std::string_view password, std::string_view hash);

}  // namespace rearview
