#include "publish/webhook_signature.h"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <optional>

#include "base/error.h"
#include "base/sha256.h"

namespace rearview {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kLeastKey = 24;
constexpr std::size_t kMostKey = 64;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() > 128 || text.size() % 4 != 0) return std::nullopt;
  std::array<unsigned char, 96> bytes{};
  const int size = EVP_DecodeBlock(bytes.data(), bytes_of(text), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const std::size_t padding = text.size() - text.find_last_not_of('=') - 1;
  return std::string(bytes.begin(), bytes.begin() + size - static_cast<int>(padding));
}

}  // namespace

WebhookSignature::WebhookSignature(const std::filesystem::path& secret_file) {
  std::ifstream in(secret_file);
  std::string line;
  if (!in || !std::getline(in, line))
    throw UsageError(fmt::format("{}: the secret can't be read", secret_file.string()));
  if (const auto key =
          line.starts_with(kPrefix) ? from_base64(line.substr(kPrefix.size())) : std::nullopt)
    key_ = *key;
  if (key_.size() < kLeastKey || key_.size() > kMostKey)
    throw UsageError(
        fmt::format("{}: not a secret; it is one line, \"whsec_\" and {} to {} bytes in base64",
                    secret_file.string(), kLeastKey, kMostKey));
}

std::string WebhookSignature::sign(std::string_view id, std::int64_t timestamp,
                                   std::string_view body) const {
  const std::string text = fmt::format("{}.{}.{}", id, timestamp, body);
  const auto digest = hmac_sha256(key_, text);
  std::array<unsigned char, 2 * digest.size()> base64{};
  const int written = EVP_EncodeBlock(base64.data(), digest.data(), digest.size());
  return "v1," + std::string(base64.begin(), base64.begin() + written);
}

}  // namespace rearview
