#pragma once

#include <chrono>
#include <filesystem>

#include "base/temporary_folder.h"

namespace rearview::test {

/// A certificate for localhost that vouches for itself, and its key, in files of their own.
class ThrowawayIdentity {
 public:
  enum class Key { p256, rsa_1024 };
  /// Good from an hour before until `life` after now; negative: expired.
  explicit ThrowawayIdentity(std::chrono::seconds life = std::chrono::hours(24),
                             Key key = Key::p256);

  const std::filesystem::path& certificate() const { return certificate_; }
  const std::filesystem::path& key() const { return key_; }
  /// The key again, behind a passphrase.
  const std::filesystem::path& locked_key() const { return locked_key_; }

 private:
  TemporaryFolder folder_;
  std::filesystem::path certificate_;
  std::filesystem::path key_;
  std::filesystem::path locked_key_;
};

}  // namespace rearview::test
