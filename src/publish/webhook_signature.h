#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace rearview {

/// Signs webhooks as standardwebhooks.com describes it, so that its libraries can verify them.
class WebhookSignature {
 public:
  /// Reads the secret, `whsec_` and 24 to 64 bytes in base64, from a file. Throws UsageError.
  explicit WebhookSignature(const std::filesystem::path& secret_file);

  /// The header webhook-signature: `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64.
  /// timestamp: seconds since 1970.
  std::string sign(std::string_view id, std::int64_t timestamp, std::string_view body) const;

 private:
  std::string key_;
};

}  // namespace rearview
